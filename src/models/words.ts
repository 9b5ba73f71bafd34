/**
 * Social text as the models read it: words in lower case, names of accounts and addresses as one mark each, runs of letters and of
 * punctuation cut to at most three, emoji and faces whole.
 */
const pattern =
  /https?:\/\/\S+|www\.\S+|@[\w.]+|#[\p{L}\p{N}\p{M}_]+|[<>]?[:;=8xX][-o^']?[)\](dDpP3/\\|@*]+|<3+|<\/3|[\p{L}\p{M}]+(?:['’][\p{L}]+)*|\d+(?:[.,:]\d+)*|\p{Extended_Pictographic}(?:\u200d\p{Extended_Pictographic}|[\u{1f3fb}-\u{1f3ff}\ufe0f])*|\p{Regional_Indicator}{2}|[!?]+|\.{2,}|[^\s\p{L}\p{N}]/gu;

const longRun = /(.)\1{2,}/gu;

export interface WordsOfText {
  /** As the models know them. */
  readonly words: readonly string[];
  /** Where each begins and ends in the text, UTF-16 units. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Words of two capitals and more. */
  readonly shouted: number;
  /** Words with a letter thrice and more. */
  readonly elongated: number;
  /** Words that are words: with a letter. */
  readonly spelled: number;
}

export function wordsOf(text: string): WordsOfText {
  const words: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let [shouted, elongated, spelled] = [0, 0, 0];
  for (const match of text.matchAll(pattern)) {
    const [raw] = match;
    const first = raw.charCodeAt(0);
    let word: string;
    if (first === 0x40 && raw.length > 1) word = "@user";
    else if (/^(?:https?:|www\.)/.test(raw)) word = "http";
    else if (/^\d/.test(raw)) word = raw.length > 4 ? "<number>" : raw;
    else {
      word = raw.toLowerCase().replaceAll("’", "'");
      if (/\p{L}/u.test(raw)) {
        spelled++;
        if (raw.length > 1 && raw === raw.toUpperCase() && raw !== word) shouted++;
        const cut = word.replace(longRun, "$1$1$1");
        if (cut !== word || /([a-z])\1\1/.test(word)) elongated++;
        word = cut;
      } else if (word.length > 3) word = word.replace(longRun, "$1$1$1");
    }
    words.push(word);
    starts.push(match.index);
    ends.push(match.index + raw.length);
  }
  return { words, starts, ends, shouted, elongated, spelled };
}
