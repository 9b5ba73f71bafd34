/** Scripts that by themselves tell the language, or nearly so. */

/** Scripts of one living language on social media: range of UTF-16 units, ISO 639-1. */
const ownScripts: readonly (readonly [number, number, string])[] = [
  [0x0370, 0x03ff, "el"],
  [0x0530, 0x058f, "hy"],
  [0x0590, 0x05ff, "he"],
  [0x0980, 0x09ff, "bn"],
  [0x0a00, 0x0a7f, "pa"],
  [0x0a80, 0x0aff, "gu"],
  [0x0b00, 0x0b7f, "or"],
  [0x0b80, 0x0bff, "ta"],
  [0x0c00, 0x0c7f, "te"],
  [0x0c80, 0x0cff, "kn"],
  [0x0d00, 0x0d7f, "ml"],
  [0x0d80, 0x0dff, "si"],
  [0x0e00, 0x0e7f, "th"],
  [0x0e80, 0x0eff, "lo"],
  [0x0f00, 0x0fff, "bo"],
  [0x1000, 0x109f, "my"],
  [0x10a0, 0x10ff, "ka"],
  [0x1200, 0x137f, "am"],
  [0x1780, 0x17ff, "km"],
  [0x1f00, 0x1fff, "el"],
];
const ownLanguages = [...new Set(ownScripts.map(([, , language]) => language))];

const latin = 1;
const cyrillic = 2;
const arabic = 3;
const devanagari = 4;
const han = 5;
const kana = 6;
const hangul = 7;
const firstOwn = 8;

const classes = new Uint8Array(0x10000);
const letter = /\p{L}/u;

function fill(from: number, to: number, kind: number): void {
  for (let code = from; code <= to; code++) if (letter.test(String.fromCharCode(code))) classes[code] = kind;
}
fill(0x41, 0x24f, latin);
fill(0x1e00, 0x1eff, latin);
fill(0x400, 0x52f, cyrillic);
fill(0x600, 0x77f, arabic);
fill(0xfb50, 0xfdff, arabic);
fill(0xfe70, 0xfefc, arabic);
fill(0x900, 0x97f, devanagari);
classes.fill(han, 0x3400, 0x4dc0);
classes.fill(han, 0x4e00, 0xa000);
fill(0x3041, 0x30ff, kana);
fill(0xff66, 0xff9d, kana);
fill(0x1100, 0x11ff, hangul);
classes.fill(hangul, 0xac00, 0xd7a4);
for (const [from, to, language] of ownScripts) fill(from, to, firstOwn + ownLanguages.indexOf(language));

interface ScriptCount {
  letters: number;
  /** Letters of scripts that several languages share: the detector must say. */
  shared: number;
  /** The language that the script tells, and its letters. */
  language: string;
  ofLanguage: number;
}

const counts = new Uint32Array(firstOwn + ownLanguages.length);
const result: ScriptCount = { letters: 0, shared: 0, language: "", ofLanguage: 0 };

/** Counts a text's letters by script; the object given back is reused by the next call. */
export function countScripts(text: string): ScriptCount {
  counts.fill(0);
  for (let i = 0; i < text.length; i++) {
    const kind = classes[text.charCodeAt(i)] ?? 0;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  const at = (kind: number): number => counts[kind] ?? 0;
  result.shared = at(latin) + at(cyrillic) + at(arabic) + at(devanagari);
  let language = "";
  let most = 0;
  let letters = result.shared;
  for (let kind = firstOwn; kind < counts.length; kind++) {
    letters += at(kind);
    if (at(kind) > most) {
      most = at(kind);
      language = ownLanguages[kind - firstOwn] ?? "";
    }
  }
  const eastern = at(han) + at(kana);
  letters += eastern + at(hangul);
  if (at(hangul) > most) {
    most = at(hangul);
    language = "ko";
  }
  // A few kana stand in Chinese posts as ornament (の); Japanese is hardly written without many.
  if (eastern > most) {
    most = eastern;
    language = at(kana) * 12 > eastern ? "ja" : "zh";
  }
  result.letters = letters;
  result.language = language;
  result.ofLanguage = most;
  return result;
}
