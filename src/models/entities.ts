import { readConll, type TaggedWords } from "./conll.ts";
import { hashOf } from "./features.ts";
import { clusterWords } from "./clusters.ts";
import { type ClustersOf, featuresOf, tagBuckets } from "./tagger-features.ts";
import { makeDecoder, makeWordTagger, readTagger, type TaggerModel, writeTagger } from "./tagger.ts";
import { type TaggedSentence, trainTagger, trainTaggers } from "./tagger-train.ts";
import { readSections, writeSections } from "./sections.ts";
import type { WordVectors } from "./word-vectors.ts";
import { join } from "node:path";

/** Tags of the first tagger: persons, organisations, places. */
const coarseTags = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"];
/** Types of WNUT17 as the first tagger knows them; the others it does not. */
const coarseOf: Readonly<Record<string, string>> = { person: "PER", location: "LOC", corporation: "ORG", group: "ORG" };
const fineTypes = ["corporation", "creative-work", "group", "location", "person", "product"];
const fineTags = ["O", ...fineTypes.flatMap((type) => [`B-${type}`, `I-${type}`])];

export interface EntityTagger {
  /** coarse: PER, ORG, LOC. fine: person, location, corporation, group, product, creative-work. */
  readonly coarse: (words: readonly string[]) => readonly string[];
  readonly fine: (words: readonly string[]) => readonly string[];
}

/** The most common words that have clusters. */
const clusteredWords = 30_000;
const clusterSizes = [64, 256, 1_024] as const;
const clusterRounds = 6;

export function makeClusters(vectors: WordVectors): readonly Uint16Array[] {
  return clusterSizes.map((size) => clusterWords(vectors, clusteredWords, size, clusterRounds, 1));
}

const lookUp =
  (vectors: WordVectors, clusters: readonly Uint16Array[]): ClustersOf =>
  (word) => {
    const row = vectors.rowOf(word);
    return row === undefined || row >= clusteredWords ? undefined : clusters.map((list) => list[row] ?? 0);
  };

/** What the first tagger says of a word and its neighbours, as features of the second. */
function withCoarse(features: readonly (readonly number[])[], said: readonly number[], words: readonly string[]): readonly (readonly number[])[] {
  return features.map((list, i) => {
    const more = [`Z${said[i] ?? 0}`, `Y${said[i] ?? 0}|${(words[i] ?? "").toLowerCase()}`, `X${said[i - 1] ?? 0}`, `V${said[i + 1] ?? 0}`];
    return [...list, ...more.map((text) => hashOf(text, 12) & (tagBuckets - 1))];
  });
}

const magic = "EEN1";
const rowsKept = 60_000;
/** Taggers that are learned and made one. */
const seeds = 5;

/** Names of the first corpus that the second tagger learns too: its types are those of WNUT17 but for organisations, which are corporations or groups there. */
const fineOf: Readonly<Record<string, string>> = { PER: "person", LOC: "location" };
/** More of them than this, and the second tagger speaks like the first. */
const mostLent = 1_500;

/**
 * @param folder of the data: `ner/btc.train.conll` and so on
 * @param heldOut trains without the dev texts, so that figures on them are fair
 */
export function trainEntities(folder: string, vectors: WordVectors, heldOut: boolean, report: (line: string) => void): Uint8Array {
  const clusters = makeClusters(vectors);
  report(`clusters of ${clusteredWords} words: ${clusterSizes.join(", ")}`);
  const clustersOf = lookUp(vectors, clusters);
  const read = (name: string) => (heldOut ? ["train"] : ["train", "dev"]).flatMap((part) => readConll(join(folder, "ner", `${name}.${part}.conll`)));
  const [broad, novel] = [read("btc"), read("wnut17")];
  const asSentence =
    (tags: readonly string[], of: (tag: string) => string) =>
    (sentence: TaggedWords): TaggedSentence => ({
      features: featuresOf(sentence.words, clustersOf),
      right: sentence.tags.map((tag) => Math.max(0, tags.indexOf(of(tag)))),
    });
  const renamed =
    (names: Readonly<Record<string, string>>) =>
    (tag: string): string =>
      names[tag.slice(2)] === undefined ? "O" : `${tag.slice(0, 2)}${names[tag.slice(2)] ?? ""}`;
  const broadSentences = broad.map(asSentence(coarseTags, (tag) => tag));
  const coarse = trainTaggers(
    [...broadSentences, ...broadSentences, ...novel.map(asSentence(coarseTags, renamed(coarseOf)))],
    coarseTags,
    { epochs: 5, dropout: 0.3, bolder: 2, seed: 1 },
    seeds,
  );
  report("persons, organisations, places: trained");
  // The second tagger learns from what a first one says of sentences that it has not seen: of the other corpus, or of the other half of its own.
  const decoderOf = (sentences: readonly TaggedSentence[]) => makeDecoder(trainTagger(sentences, coarseTags, { epochs: 5, dropout: 0.3, bolder: 2, seed: 1 }));
  const whole = decoderOf(broadSentences);
  const halves = [0, 1].map((half) => decoderOf(broadSentences.filter((_, i) => i % 2 !== half)));
  const asFine =
    (of: (tag: string) => string) =>
    ({ words, tags }: TaggedWords, decode: typeof whole): TaggedSentence => {
      const features = featuresOf(words, clustersOf);
      return { features: withCoarse(features, decode(features), words), right: tags.map((tag) => Math.max(0, fineTags.indexOf(of(tag)))) };
    };
  const lent = broad.flatMap((sentence, i) => {
    const named = sentence.tags.filter((tag) => tag !== "O");
    return named.length > 0 && named.every((tag) => fineOf[tag.slice(2)] !== undefined) ? [asFine(renamed(fineOf))(sentence, halves[i % 2] ?? whole)] : [];
  });
  const fine = trainTaggers(
    [...novel.map((sentence) => asFine((tag) => tag)(sentence, whole)), ...lent.slice(0, mostLent)],
    fineTags,
    { epochs: 8, dropout: 0.5, bolder: 9, seed: 1 },
    seeds,
  );
  report("six types: trained");
  const files = [writeTagger(coarse, rowsKept), writeTagger(fine, rowsKept)].map((file) => new Int8Array(file.buffer, file.byteOffset, file.byteLength));
  return writeSections(magic, {}, [...clusters, ...files]);
}

export function readEntities(bytes: Uint8Array, vectors: WordVectors): EntityTagger {
  const { halves, bytes: parts } = readSections(magic, bytes);
  const clustersOf = lookUp(
    vectors,
    clusterSizes.map((_, i) => halves(i)),
  );
  const taggerAt = (section: number): TaggerModel => {
    const part = parts(section);
    return readTagger(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  };
  const [coarse, fine] = [taggerAt(clusterSizes.length), taggerAt(clusterSizes.length + 1)];
  const tagCoarse = makeWordTagger(coarse, clustersOf);
  const decodeFine = makeDecoder(fine);
  return {
    coarse: (words) => tagCoarse(words).map((tag) => coarse.tags[tag] ?? "O"),
    fine(words) {
      const features = featuresOf(words, clustersOf);
      return decodeFine(withCoarse(features, tagCoarse(words), words)).map((tag) => fine.tags[tag] ?? "O");
    },
  };
}
