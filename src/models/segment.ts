/** Words by how common they are. */
export interface Vocabulary {
  /** 0: the most common word; undefined: not known. */
  rankOf(word: string): number | undefined;
}

/** Short words that may stand in a tag; a list of word vectors knows every other pair of letters too. */
const shortWords = new Set(
  "a i am an as at be by do go he hi if in is it me my no of oh ok on or so to up us we uk eu tv dr mr vs pm la de el le und the and for are you not but all can her was one our out day get has him his how man new now old see two way who boy did its let put say she too use big top win gop nyc usa fan fun run bad red hot sad god art car cat dog dad mom son war why yes yet law job fit few far eat end ask ago act age air any bag bar bed bit box bus buy cup cut die dry due ear egg eye fat fix fly gas gun guy hit ice ill joy key kid kit lay leg lie lip lot low mad map met mix mix nba nfl nhl mlb jr st go rt vp mp pr tv ok hr uk usa eid vet von van mac hey wow lol omg tbh tea pub  ufc wwe bbc cnn nbc abc fox".split(
    " ",
  ),
);
const bareRank = 2_000;
/** Of `a` and `i`, which the list of word vectors lacks. */
const loneRank = 30;
const longestWord = 20;
const longestTag = 60;
/** Natural logarithms: the sum of 1/rank over the vocabulary; what each further word costs; what an unknown one costs, and each of its letters. */
const rankSum = 2.4;
const anotherWord = 1;
const unknownWord = 9;
const unknownLetter = 2.7;
/** A word of three letters that is none of the short words: often a name's initials. */
const unusual = 2;
/** Letters of an unknown word among known ones: a name that the vocabulary lacks. */
const leastUnknown = 4;
/** Written without their apostrophes, as no vocabulary has them. */
const bareForms = new Set(
  "dont cant wont isnt arent wasnt didnt doesnt couldnt shouldnt wouldnt havent hasnt aint thats whats lets youre theyre shes hes ive cmon yall gonna wanna gotta haters bday selfie hashtag".split(
    " ",
  ),
);

export interface Segmented {
  readonly words: readonly string[];
  /** All of them are known. */
  readonly known: boolean;
  /** All but one that is long enough for a name. */
  readonly readable: boolean;
}

/** Parts what is written without spaces into its likeliest words, by Zipf's law over the ranks (Viterbi). @param text lower case, at most 60 units are looked at */
export function segmentWords(text: string, vocabulary: Vocabulary): Segmented {
  if (text.length > longestTag) return { words: [text], known: false, readable: false };
  const costs = [0];
  const begins = [0];
  for (let end = 1; end <= text.length; end++) {
    let best = Number.POSITIVE_INFINITY;
    let from = 0;
    for (let start = Math.max(0, end - longestWord); start < end; start++) {
      const cost = (costs[start] ?? 0) + wordCost(text.slice(start, end), vocabulary).cost;
      if (cost < best) [best, from] = [cost, start];
    }
    costs.push(best);
    begins.push(from);
  }
  const words: string[] = [];
  let known = true;
  let readable = true;
  let hasUnknown = false;
  for (let end = text.length; end > 0; end = begins[end] ?? 0) {
    const word = text.slice(begins[end], end);
    if (!wordCost(word, vocabulary).known) {
      known = false;
      if (readable) readable = word.length >= leastUnknown && word.length < text.length && !hasUnknown;
      hasUnknown = true;
    }
    words.push(word);
  }
  return { words: words.toReversed(), known, readable };
}

function wordCost(word: string, vocabulary: Vocabulary): { readonly cost: number; readonly known: boolean } {
  if (word.length > 3 || shortWords.has(word)) {
    const rank = vocabulary.rankOf(word) ?? (word.length === 1 ? loneRank : undefined);
    if (rank !== undefined) return { cost: Math.log(rank + 2) + rankSum + anotherWord, known: true };
    if (bareForms.has(word)) return { cost: Math.log(bareRank) + rankSum + anotherWord, known: true };
  } else if (word.length === 3) {
    const rank = vocabulary.rankOf(word);
    if (rank !== undefined) return { cost: Math.log(rank + 2) + rankSum + anotherWord + unusual, known: true };
  }
  return { cost: unknownWord + unknownLetter * word.length, known: false };
}

const humps = /\p{Lu}{2,}s?(?![\p{Ll}])|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}|\p{N}+/gu;

/**
 * The words of a tag, lower case: parted where low lines, capitals and figures part them, and what is still run together
 * by the vocabulary. A part that is no run of known words stays whole.
 */
export function splitTag(tag: string, vocabulary: Vocabulary): readonly string[] {
  const parts = tag.split("_").flatMap((piece) => (/\p{Ll}/u.test(piece) && /\p{Lu}/u.test(piece) ? (piece.match(humps) ?? [piece]) : (piece.match(/[^\p{N}]+|\p{N}+/gu) ?? [])));
  return parts.flatMap((part) => {
    const lower = part.toLowerCase();
    if (lower.length < 5 || !/^[a-z]+$/.test(lower)) return [lower];
    const { words, readable } = segmentWords(lower, vocabulary);
    return readable ? words : [lower];
  });
}
