import { endOfPostings, type LanguageTable, readByteAlphabet, slotOf, viewLanguageTable } from "./language-table.ts";

export interface Detection {
  /** ISO 639-1; empty when no n-gram is known. */
  language: string;
  /** 0 to 1, as eld scales it: 0.5 when the mean score of an n-gram is 25. */
  score: number;
  /** Ahead of the next language by. */
  margin: number;
  /** Distinct n-grams looked up. */
  ngrams: number;
}

const maxBytes = 350;
/** Added to each score in the table, which is stored above this floor. */
const scoreFloor = 53;
const maxWordBytes = 70;
const seenSlots = 1024;
const letterOf = /\p{L}/u;

/**
 * Scores text as eld does: words as UTF-8 bytes, n-grams of four bytes every three, each distinct one once.
 * The result is the same as eld's; the object given back is reused by the next call.
 */
export function makeLanguageDetector(table: LanguageTable) {
  const { slots, mask, postings, languages } = viewLanguageTable(table);
  const alphabet = readByteAlphabet();
  const scores = new Int32Array(languages.length);
  const word = new Uint8Array(maxBytes + 64);
  const seenLow = new Uint32Array(seenSlots);
  const seenHigh = new Uint32Array(seenSlots);
  const seenRound = new Uint32Array(seenSlots);
  const isLetter = new Uint8Array(0x10000);
  const detection: Detection = { language: "", score: 0, margin: 0, ngrams: 0 };
  let round = 0;

  /** 1 letter, 2 no letter, 3 apostrophe. */
  const kindOf = (code: number): number => {
    const known = isLetter[code] ?? 0;
    if (known !== 0) return known;
    const kind = code === 0x27 || code === 0x60 || code === 0x2019 ? 3 : letterOf.test(String.fromCharCode(code)) ? 1 : 2;
    isLetter[code] = kind;
    return kind;
  };

  const count = (low: number, high: number): void => {
    const home = slotOf(low, high, seenSlots - 1);
    let seen = home;
    while (seenRound[seen] === round) {
      if (seenLow[seen] === low && seenHigh[seen] === high) return;
      seen = (seen + 1) & (seenSlots - 1);
    }
    seenRound[seen] = round;
    seenLow[seen] = low;
    seenHigh[seen] = high;
    detection.ngrams++;
    let slot = slotOf(low, high, mask);
    for (;;) {
      const at = slot * 3;
      const begin = slots[at + 2] ?? 0;
      if (begin === 0) return;
      if (slots[at] === low && slots[at + 1] === high) {
        for (let i = begin - 1; ; i++) {
          const posting = postings[i] ?? endOfPostings;
          if (posting === endOfPostings) return;
          const language = posting >> 8;
          scores[language] = (scores[language] ?? 0) + (posting & 0xff) + scoreFloor;
        }
      }
      slot = (slot + 1) & mask;
    }
  };

  /** n-gram of word[from, to), with a space before and after where told. */
  const gram = (from: number, to: number, before: boolean, after: boolean): void => {
    let low = before ? 32 : 0;
    let high = 0;
    for (let i = from; i < to; i++) {
      high = ((high << 8) | (low >>> 24)) & 0xffff;
      low = ((low << 8) | (word[i] ?? 0)) >>> 0;
    }
    if (after) {
      high = ((high << 8) | (low >>> 24)) & 0xffff;
      low = ((low << 8) | 32) >>> 0;
    }
    count(low, high);
  };

  const endWord = (size: number): void => {
    if (size === 0) return;
    const length = Math.min(size, maxWordBytes);
    let at = 0;
    for (; at + 4 < length; at += 3) gram(at, at + 4, at === 0, false);
    gram(length < 4 ? 0 : length - 4, size, at === 0, true);
  };

  const finish = (): Detection => {
    let first = 0;
    let second = 0;
    let best = -1;
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i] ?? 0;
      if (score > first) {
        second = first;
        first = score;
        best = i;
      } else if (score > second) second = score;
    }
    const scale = detection.ngrams * 25;
    detection.language = best < 0 ? "" : (languages[best] ?? "");
    detection.score = first / (first + scale || 1);
    detection.margin = detection.score - second / (second + scale || 1);
    return detection;
  };

  return {
    languages,
    /** The languages that scored best in the text looked at last, the best first. */
    best(count: number): readonly { readonly language: string; readonly score: number }[] {
      const scale = detection.ngrams * 25;
      return languages
        .map((language, i) => ({ language, score: (scores[i] ?? 0) / ((scores[i] ?? 0) + scale || 1) }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score)
        .slice(0, count);
    },
    /** @param text any; some 350 bytes of it are looked at */
    detect(text: string): Detection {
      round++;
      scores.fill(0);
      detection.ngrams = 0;
      const lower = text.length > 1_000 ? text.slice(0, 1_000).toLowerCase() : text.toLowerCase();
      let size = 0;
      let bytes = 0;
      for (let i = 0; i < lower.length; i++) {
        const code = lower.charCodeAt(i);
        const kind = kindOf(code);
        // Apostrophes stay in a word only when a letter follows the last of their run (don’t, 'tis).
        const stays = kind === 1 || (kind === 3 && kindOf(lower.charCodeAt(i + 1) || 32) !== 2);
        if (!stays) {
          endWord(size);
          size = 0;
          bytes++;
          if (bytes > maxBytes) return finish();
          continue;
        }
        if (size > maxWordBytes + 8) continue;
        if (code < 0x80) word[size++] = code;
        else if (code < 0x800) {
          word[size++] = alphabet[0xc0 | (code >> 6)] ?? 32;
          word[size++] = alphabet[0x80 | (code & 0x3f)] ?? 32;
        } else {
          word[size++] = alphabet[0xe0 | (code >> 12)] ?? 32;
          word[size++] = alphabet[0x80 | ((code >> 6) & 0x3f)] ?? 32;
          word[size++] = alphabet[0x80 | (code & 0x3f)] ?? 32;
        }
        bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
        if (bytes > maxBytes + 30) break;
      }
      endWord(size);
      return finish();
    },
  };
}
