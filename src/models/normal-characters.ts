import type { Edit } from "./edits.ts";
import type { NormalKind } from "./normal-kinds.ts";

/** Characters that show nothing, or turn the direction: they part a word for a machine, not for a reader. */
const invisible = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\uffa0\u{e0000}-\u{e007f}]/u;
const nothing = new Set([0x200c, 0x200d, 0xfe0e, 0xfe0f]);
const drawn = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\u20e3\ufe0f]/u;
const keycapBase = /[0-9#*]/;
/** Scripts in which a joiner or a non-joiner spells: Arabic, the Indic ones and their kin. */
const joining =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Mongolian}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const mark = /\p{M}/u;
/** Signs that are made of letters and are no letters. */
const signs = new Set("ªº™℠℡№");
const smallCapitals = "ᴀaʙbᴄcᴅdᴇeғfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz";
/** Cyrillic, Greek and Armenian letters that are taken for Latin ones. */
const alike = "аaеeоoрpсcхxуyіiјjѕsԁdһhԛqԝwкkмmтtвBнHпnгrбbззɡgАAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅSαaβbεeιiκkνvοoρpτtυuχxγyηnωwΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXօoսuհhոnցgӏl";
const table = new Map<string, string>();
function learn(pairs: string): void {
  const letters = Array.from(pairs);
  for (let i = 0; i + 1 < letters.length; i += 2) if (letters[i] !== letters[i + 1]) table.set(letters[i] ?? "", letters[i + 1] ?? "");
}
learn(smallCapitals);
const styled = new Map(table);
table.clear();
learn(alike);

const latin = /\p{Script=Latin}/u;
const letterRun = /[\p{L}\p{M}]+/gu;
const maybeHidden = /[^\u0000-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205f\u3000-\u9fff\uac00-\ud7ff]/u;
const overlays = /[\u0334-\u0338\u20d2-\u20e5]/;

/** The plain letter of one that is only drawn otherwise: bold, circled, of full width. */
function plainOf(char: string): string | undefined {
  const known = styled.get(char);
  if (known !== undefined) return known;
  const point = char.codePointAt(0) ?? 0;
  if (point >= 0x1f150 && point <= 0x1f169) return String.fromCodePoint(point - 0x1f150 + 65);
  if (signs.has(char) || point < 0x1d00) return undefined;
  const plain = char.normalize("NFKC");
  if (plain === char) return undefined;
  if (/^[A-Za-z]{1,3}$/.test(plain)) return plain;
  const isStyledDigit = (point >= 0xff10 && point <= 0xff19) || (point >= 0x1d7ce && point <= 0x1d7ff);
  return isStyledDigit && /^[0-9]$/.test(plain) ? plain : undefined;
}

/** Takes away what is invisible and brings letters that are drawn otherwise, or only look like them, to the plain ones. */
export function plainCharacters(text: string): readonly Edit<NormalKind>[] {
  if (!maybeHidden.test(text) && !text.includes("\u00ad")) return [];
  const chars = Array.from(text);
  const edits: Edit<NormalKind>[] = [];
  let at = 0;
  /** The last character that shows something, and how many marks stand over it. */
  let last = "";
  let marks = 0;
  for (const [i, char] of chars.entries()) {
    const start = at;
    at += char.length;
    if (invisible.test(char)) {
      if (isSpelling(char, last, chars, i)) continue;
      edits.push({ start, end: at, text: "", kinds: ["invisible"] });
      continue;
    }
    if (mark.test(char)) {
      marks++;
      // Strokes through letters, and heaps of marks, of which no Latin spelling has more than two.
      if (latin.test(last) && (overlays.test(char) || marks > 2)) edits.push({ start, end: at, text: "", kinds: ["spelling"] });
      continue;
    }
    marks = 0;
    last = char;
    const plain = plainOf(char);
    if (plain !== undefined) edits.push({ start, end: at, text: plain, kinds: ["spelling"] });
  }
  return edits;
}

/** The joiner or the selector belongs to an emoji, or to a script that spells with it. */
function isSpelling(char: string, last: string, chars: readonly string[], i: number): boolean {
  const point = char.codePointAt(0) ?? 0;
  if (point >= 0xe0020) return isFlagTag(chars, i);
  if (!nothing.has(point)) return false;
  const next = chars[i + 1] ?? "";
  if (point === 0xfe0e || point === 0xfe0f) return drawn.test(last) || (keycapBase.test(last) && next === "\u20e3");
  return (point === 0x200d && drawn.test(last) && drawn.test(next)) || joining.test(last);
}

function isFlagTag(chars: readonly string[], i: number): boolean {
  for (let before = i - 1; before >= 0; before--) {
    const point = chars[before]?.codePointAt(0) ?? 0;
    if (point < 0xe0020 || point > 0xe007f) return chars[before] === "🏴";
  }
  return false;
}

/** In words that mix Latin letters with ones that look like them, the latter become Latin. */
export function latinLookalikes(text: string): readonly Edit<NormalKind>[] {
  if (!/[\u0370-\u058f\u0261]/.test(text)) return [];
  const edits: Edit<NormalKind>[] = [];
  for (const run of text.matchAll(letterRun)) {
    const word = run[0];
    const letters = Array.from(word);
    if (!letters.some((letter) => latin.test(letter) && letter !== "ɡ")) continue;
    const foreign = letters.filter((letter) => !latin.test(letter) && !mark.test(letter));
    if (foreign.length === 0 || !foreign.every((letter) => table.has(letter))) continue;
    let at = run.index;
    for (const letter of letters) {
      const plain = table.get(letter);
      if (plain !== undefined) edits.push({ start: at, end: at + letter.length, text: plain, kinds: ["spelling"] });
      at += letter.length;
    }
  }
  return edits;
}
