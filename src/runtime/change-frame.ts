import { type Change, type Contribution, type Counts, noCounts, type Post, type Sensitivity, type Sentiment } from "../core/event.ts";
import { EarshotError } from "../core/errors.ts";

/**
 * Payload of a frame in `posts`: a Change as a JSON list, its fields by place; absent at the end, null between. A list costs half of what
 * an object with names does, to write and to read. Frames of older versions are objects, and are read as they are.
 */
const formatVersion = 2;
const kinds = ["post", "counts", "terms", "delete", "erase"] as const satisfies readonly Change["kind"][];
const sensitivities = ["public", "personal", "special", "private"] as const satisfies readonly Sensitivity[];
const labels = ["negative", "neutral", "positive"] as const satisfies readonly Sentiment["label"][];

export function encodeChange(change: Change): string {
  const { kind, id, at, partition, from, generation, ledger, was, is, post, erased } = change;
  const fields: unknown[] = [formatVersion, kinds.indexOf(kind), id, at, partition, from.offset, from.index, generation, ledger];
  if (post !== undefined || was !== undefined || is !== undefined || erased !== undefined) {
    fields.push(post && packPost(post, id), was && packContribution(was), is && packContribution(is), erased);
    trim(fields);
  }
  return JSON.stringify(fields);
}

function trim(fields: unknown[]): void {
  while (fields.length > 0 && fields[fields.length - 1] === undefined) fields.pop();
}

function packCounts(counts: Counts): readonly number[] | 0 {
  const { likes, shares, replies, views } = counts;
  return likes === 0 && shares === 0 && replies === 0 && views === 0 ? 0 : [likes, shares, replies, views];
}

function packContribution(contribution: Contribution): readonly unknown[] {
  const { createdAt, author, platform, source, language, sentiment, terms, sensitivity, region, counts, towards } = contribution;
  const fields: unknown[] = [
    createdAt,
    author,
    platform,
    source,
    language,
    sentiment === undefined ? -1 : labels.indexOf(sentiment),
    terms.length === 0 ? 0 : terms,
    sensitivities.indexOf(sensitivity),
    region,
    packCounts(counts),
  ];
  if (towards !== undefined) fields.push(towards);
  return fields;
}

function packPost(post: Post, id: string): readonly unknown[] {
  const { sentiment } = post;
  const fields: unknown[] = [
    post.id === id ? 0 : post.id,
    post.author,
    post.platform,
    post.source,
    post.createdAt,
    post.receivedAt,
    post.revision,
    post.text,
    post.language,
    post.terms.length === 0 ? 0 : post.terms,
    post.hashtags.length === 0 ? 0 : post.hashtags,
    post.mentions.length === 0 ? 0 : post.mentions,
    post.links.length === 0 ? 0 : post.links,
    packCounts(post.counts),
    sensitivities.indexOf(post.sensitivity),
    post.region,
    sentiment === undefined ? undefined : labels.indexOf(sentiment.label),
    sentiment?.score,
    post.replyTo,
    post.root,
    post.reshareOf,
    post.quoteOf,
    post.media,
    post.extra,
    post.editedAt,
    post.pii,
    post.notes,
  ];
  trim(fields);
  return fields;
}

type Packed<T> = T | null | undefined;
type PackedCounts = readonly [number, number, number, number] | 0;
type PackedContribution = readonly [
  number,
  Contribution["author"],
  string,
  string,
  string,
  number,
  Contribution["terms"] | 0,
  number,
  string,
  PackedCounts,
  Packed<Contribution["towards"]>?,
];
type PackedPost = readonly [
  Post["id"] | 0,
  Post["author"],
  string,
  string,
  number,
  number,
  number,
  string,
  string,
  Post["terms"] | 0,
  Post["hashtags"] | 0,
  Post["mentions"] | 0,
  Post["links"] | 0,
  PackedCounts,
  number,
  string,
  Packed<number>?,
  Packed<number>?,
  Packed<Post["id"]>?,
  Packed<Post["id"]>?,
  Packed<Post["id"]>?,
  Packed<Post["id"]>?,
  Packed<Post["media"]>?,
  Packed<Post["extra"]>?,
  Packed<number>?,
  Packed<Post["pii"]>?,
  Packed<Post["notes"]>?,
];
type PackedChange = readonly [
  number,
  number,
  Post["id"],
  number,
  number,
  number,
  number,
  number,
  Packed<string>,
  Packed<PackedPost>?,
  Packed<PackedContribution>?,
  Packed<PackedContribution>?,
  Packed<NonNullable<Change["erased"]>>?,
];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
const none: readonly never[] = [];

/** Written by this program and guarded by the log's checksum: read without another check. Throws FORMAT_UNKNOWN where a newer version wrote it. */
export function parseChange(json: string): Change {
  const parsed: Change | PackedChange = JSON.parse(json);
  return isPacked(parsed) ? unpack(parsed) : parsed;
}

function isPacked(parsed: Change | PackedChange): parsed is PackedChange {
  return Array.isArray(parsed);
}

function unpack([version, kind, id, at, partition, offset, index, generation, ledger, post, was, is, erased]: PackedChange): Change {
  const name = kinds[kind];
  if (version !== formatVersion || name === undefined) throw new EarshotError("FORMAT_UNKNOWN", `posts frame: expected version ${formatVersion} or older, came version ${version}`);
  const change: Mutable<Change> = { kind: name, id, at, partition, from: { offset, index }, generation };
  if (was) change.was = unpackContribution(was);
  if (is) change.is = unpackContribution(is);
  if (post) change.post = unpackPost(post, id);
  if (erased) change.erased = erased;
  if (ledger) change.ledger = ledger;
  return change;
}

function unpackCounts(counts: PackedCounts): Counts {
  return counts === 0 ? noCounts : { likes: counts[0], shares: counts[1], replies: counts[2], views: counts[3] };
}

function unpackContribution([createdAt, author, platform, source, language, label, terms, sensitivity, region, counts, towards]: PackedContribution): Contribution {
  const contribution: Mutable<Contribution> = {
    createdAt,
    author,
    platform,
    source,
    language,
    terms: terms || none,
    sensitivity: sensitivities[sensitivity] ?? "private",
    region,
    counts: unpackCounts(counts),
  };
  const sentiment = labels[label];
  if (sentiment !== undefined) contribution.sentiment = sentiment;
  if (towards) contribution.towards = towards;
  return contribution;
}

function unpackPost(packed: PackedPost, id: Post["id"]): Post {
  const post: Mutable<Post> = {
    id: packed[0] || id,
    author: packed[1],
    platform: packed[2],
    source: packed[3],
    createdAt: packed[4],
    receivedAt: packed[5],
    revision: packed[6],
    text: packed[7],
    language: packed[8],
    terms: packed[9] || none,
    hashtags: packed[10] || none,
    mentions: packed[11] || none,
    links: packed[12] || none,
    counts: unpackCounts(packed[13]),
    sensitivity: sensitivities[packed[14]] ?? "private",
    region: packed[15],
  };
  const label = labels[packed[16] ?? -1];
  if (label !== undefined) post.sentiment = { label, score: packed[17] ?? 0 };
  if (packed[18]) post.replyTo = packed[18];
  if (packed[19]) post.root = packed[19];
  if (packed[20]) post.reshareOf = packed[20];
  if (packed[21]) post.quoteOf = packed[21];
  if (packed[22]) post.media = packed[22];
  if (packed[23]) post.extra = packed[23];
  if (typeof packed[24] === "number") post.editedAt = packed[24];
  if (packed[25]) post.pii = packed[25];
  if (packed[26]) post.notes = packed[26];
  return post;
}
