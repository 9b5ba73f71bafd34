import { applyEdits, composeEdits, type Edit, type EditedText } from "./edits.ts";
import type { NormalKind } from "./normal-kinds.ts";
import { latinLookalikes, plainCharacters } from "./normal-characters.ts";
import { emojiName } from "./normal-emoji.ts";
import { slangOf } from "./normal-slang.ts";
import { plainSpelling, type Spelling, spacedWord, unstretched } from "./normal-words.ts";
import { splitTag, type Vocabulary } from "./segment.ts";

export type NormalForm = EditedText<NormalKind>;

export interface Normaliser {
  /** @param language BCP 47 primary tag of the text: whose short forms are meant; the others' are left alone */
  normalise(text: string, language?: string): NormalForm;
}

/** UTF-16 units that are looked at; what follows stays as it is. */
const mostUnits = 10_000;

const address = String.raw`https?:\/\/\S+|www\.\S+|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+\.[\p{L}\p{N}.-]+`;
const account = String.raw`@[\p{L}\p{N}_][\p{L}\p{N}_.-]*`;
const tag = String.raw`#[\p{L}\p{M}\p{N}_]+`;
const region = String.raw`\p{Regional_Indicator}{2}`;
const picture = String.raw`[0-9#*]\ufe0f?\u20e3|[\p{Extended_Pictographic}♡❀★☆♪♫♬✓❥☞❝❞♀♂](?:[\ufe0e\ufe0f]|\p{Emoji_Modifier}|[\u{e0020}-\u{e007f}])*(?:\u200d[\p{Extended_Pictographic}♀♂](?:[\ufe0e\ufe0f]|\p{Emoji_Modifier})*)*`;
const gap = String.raw`(?<![\p{L}\p{M}\p{N}])\p{L}(?<between>[ ._*|·~-])\p{L}(?![\p{L}\p{M}\p{N}])(?:\k<between>\p{L}(?![\p{L}\p{M}\p{N}])){1,20}`;
const word = String.raw`[\p{L}\p{M}\p{N}$@!|*€£+&/'’]*[\p{L}\p{M}\p{N}$*]`;
const piece = new RegExp(`(?<address>${address})|(?<tag>${tag})|(?<account>${account})|(?<picture>${region}|${picture})|(?<gap>${gap})|(?<word>${word})`, "gu");

/**
 * Brings social text to plain words: short forms said in full, sooo made so, hashtags parted, emoji named, hidden spellings
 * (h4te, f*ck, s p a c e d, letters of other scripts, characters that show nothing) undone. The original is kept, and each place
 * of one form can be found in the other (`toEdited`, `toOriginal`, `restoreOriginal`).
 */
export function makeNormaliser(vocabulary: Vocabulary): Normaliser {
  return {
    normalise(text, language = "en") {
      const looked = text.length > mostUnits ? text.slice(0, cutBefore(text, mostUnits)) : text;
      const edits = [plainCharacters, latinLookalikes].reduce<readonly Edit<NormalKind>[]>((so, step) => {
        const now = applyEdits(looked, so);
        return composeEdits(now, step(now.text));
      }, []);
      const plain = applyEdits(looked, edits);
      return applyEdits(text, composeEdits(plain, plainWords(plain.text, language, vocabulary)));
    },
  };
}

/** Not between the halves of one character. */
function cutBefore(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

function plainWords(text: string, language: string, vocabulary: Vocabulary): readonly Edit<NormalKind>[] {
  const edits: Edit<NormalKind>[] = [];
  const change = (start: number, end: number, instead: string, kinds: readonly NormalKind[]): void => {
    if (text.slice(start, end) !== instead) edits.push({ start, end, text: instead, kinds });
  };
  for (const found of text.matchAll(piece)) {
    const { tag: tagged, picture: drawn, gap: gapped, word: written } = found.groups ?? {};
    const start = found.index;
    const end = start + found[0].length;
    if (tagged !== undefined) change(start, end, parted(text, start, end, splitTag(tagged.slice(1), vocabulary).join(" ")), ["hashtag"]);
    else if (drawn !== undefined) {
      const before = edits.at(-1);
      const name = emojiName(drawn);
      // The same picture over and over says no more than once.
      if (name !== undefined && before?.end === start && before.text.trim() === name) edits[edits.length - 1] = { ...before, end, kinds: ["emoji", "elongation"] };
      else if (name !== undefined) change(start, end, parted(text, start, end, name), ["emoji"]);
    } else if (gapped !== undefined) {
      for (const spaced of spacedWord(gapped, vocabulary)) change(start + spaced.start, start + spaced.end, spaced.text, ["spelling"]);
    } else if (written !== undefined) {
      const { text: instead, kinds } = plainWord(written, language, vocabulary);
      change(start, end, instead, kinds);
    }
  }
  return edits;
}

/** A blank on each side where a letter or a figure would touch it. */
function parted(text: string, start: number, end: number, instead: string): string {
  const isTouched = (at: number): boolean => /[^\s\p{P}]/u.test(text.charAt(at));
  return `${start > 0 && isTouched(start - 1) ? " " : ""}${instead}${isTouched(end) ? " " : ""}`;
}

const stretchable = /(\p{L})\1\1|^(?:\p{L}{1,3})\p{L}*$/iu;

function plainWord(written: string, language: string, vocabulary: Vocabulary): Spelling {
  const short = (form: string): string | undefined => slangOf(language).get(form.toLowerCase().replaceAll("’", "'"));
  const kinds: NormalKind[] = [];
  let now = written;
  const known = short(now);
  if (known !== undefined) return { text: known, kinds: ["slang"] };
  const spelled = plainSpelling(now, vocabulary);
  if (spelled !== undefined) {
    now = spelled;
    kinds.push("spelling");
  }
  if (stretchable.test(now)) {
    const steady = unstretched(now, language, vocabulary, (form) => short(form) !== undefined);
    if (steady !== undefined) {
      now = steady;
      kinds.push("elongation");
    }
  }
  const said = kinds.length > 0 ? short(now) : undefined;
  return said === undefined ? { text: now, kinds } : { text: said, kinds: [...kinds, "slang"] };
}
