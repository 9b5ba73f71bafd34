/** Text made plain: composed (NFC), without invisible characters, with single spaces. */

/** Anything that `tidy` may have to change; a text without it is returned as it is. */
const suspect = /[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u0300-\uffff]| {2}|\n{3}| \n|\n |^\s|\s$/;
const invisible =
  // Control characters, soft hyphen, zero-width and direction marks, noncharacters. Joiners matter to emoji and some scripts.
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff]+|(?<=[\u0021-\u02ff])[\u200c\u200d]+(?=[\u0020-\u02ff]|$)/g;
const blanks = /[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+/g;
const lineBreaks = /\r\n?|[\u000b\u000c\u0085\u2028\u2029]/g;
const aroundBreaks = / ?\n ?/g;
const manyBreaks = /\n{3,}/g;
const mark = /\p{M}/u;

const fine = 1;
const doubtful = 2;
/** Of UTF-16 units; 0: not met yet. */
const units = new Uint8Array(0x10000);

/** Whether a unit may stand anywhere, alone: what it is when tidied, and no part of a composition. */
function learnUnit(code: number): number {
  const char = String.fromCharCode(code);
  // Jamo compose without being marks; selectors of variants (of emoji) are marks that do not. Joiners depend on what stands around them.
  const isJamo = (code >= 0x1100 && code <= 0x11ff) || (code >= 0xa960 && code <= 0xa97f) || (code >= 0xd7b0 && code <= 0xd7ff);
  // High surrogates of emoji, and all low ones after them: nothing of those planes' beginnings composes.
  const isPlain =
    code < 0xd800 || code > 0xdfff
      ? !isJamo && (!mark.test(char) || (code >= 0xfe00 && code <= 0xfe0f)) && tidySegment(`a${char}a`) === `a${char}a`
      : code >= 0xd83c && code <= 0xd83e;
  return (units[code] = isPlain ? fine : doubtful);
}

function isTidy(text: string): boolean {
  const { length } = text;
  let before = 32;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === 32) {
      if (before === 32 || before === 10) return false;
    } else if (code === 10) {
      if (before === 32 || (before === 10 && text.charCodeAt(i - 2) === 10)) return false;
    } else if ((units[code] || learnUnit(code)) === doubtful) return !suspect.test(text);
    else if (code >= 0xd83c && code <= 0xd83e) {
      const low = text.charCodeAt(i + 1);
      if (!(low >= 0xdc00 && low <= 0xdfff)) return false;
      i++;
    }
    before = code;
  }
  return before !== 32 && before !== 10;
}

function tidySegment(text: string): string {
  return text.replace(lineBreaks, "\n").replace(invisible, "").replace(blanks, " ").replace(aroundBreaks, "\n").replace(manyBreaks, "\n\n").normalize("NFC");
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Tidied<S extends Span> {
  readonly text: string;
  readonly spans: readonly S[];
}

/** Tidies a text and moves its spans with it; they are ascending and do not overlap. A span that becomes empty goes. */
export function tidy<S extends Span>(raw: string, spans: readonly S[]): Tidied<S> {
  if (isTidy(raw)) return { text: raw, spans };
  const wellFormed = raw.toWellFormed();
  if (spans.length === 0) return { text: tidySegment(wellFormed).trim(), spans };
  const parts: string[] = [];
  const moved: S[] = [];
  let length = 0;
  let from = 0;
  const push = (segment: string): void => {
    const clean = length === 0 ? tidySegment(segment).trimStart() : tidySegment(segment);
    parts.push(clean);
    length += clean.length;
  };
  for (const span of spans) {
    push(wellFormed.slice(from, span.start));
    const start = length;
    push(wellFormed.slice(span.start, span.end));
    if (length > start) moved.push({ ...span, start, end: length });
    from = span.end;
  }
  push(wellFormed.slice(from));
  const text = parts.join("").trimEnd();
  return { text, spans: moved.flatMap((span) => (span.start >= text.length ? [] : [span.end <= text.length ? span : { ...span, end: text.length }])) };
}
