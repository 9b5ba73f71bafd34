import { type Change, type Contribution, type Counts, contributionOf, type Post } from "../core/event.ts";
import { type Judgement, packJudgements } from "../core/judgement.ts";
import { type AuthorId, authorIdFrom, type MentionId, type PostId, postIdFrom } from "../core/ids.ts";
import type { StorePosition, StorePositions } from "../core/store.ts";
import { packTowards, type TargetSentiment } from "../core/towards.ts";

/** 2026-10-20T00:00:00Z: a history of thirty days from here crosses the end of a month. */
export const historyStartMs = Date.UTC(2026, 9, 20);
const dayMs = 86_400_000;

export type Random = () => number;

/** Seeded, 0 ≤ x < 1 (mulberry32). */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Sixteen bytes that look random, the same for the same number. */
function bytesOf(kind: number, number: number): Buffer {
  const random = makeRandom(kind * 1_000_003 + number);
  const bytes = Buffer.alloc(16);
  for (let i = 0; i < 16; i += 4) bytes.writeUInt32LE(Math.floor(random() * 4_294_967_296), i);
  return bytes;
}

export function makePostId(number: number): PostId {
  return postIdFrom(bytesOf(1, number));
}

export function makeAuthorId(number: number): AuthorId {
  return authorIdFrom(1, bytesOf(2, number));
}

export function makeMentionId(number: number): MentionId {
  return `m_${bytesOf(3, number).toString("base64url")}`;
}

export function makePost(number: number, fields: Partial<Post> = {}): Post {
  const createdAt = fields.createdAt ?? historyStartMs + number * 1_000;
  return {
    id: makePostId(number),
    author: makeAuthorId(number % 10),
    platform: "bluesky",
    source: "world",
    createdAt,
    receivedAt: createdAt + 400,
    revision: 0,
    text: `The number ${number} is a post of the fixture`,
    language: "en",
    terms: [],
    hashtags: [],
    mentions: [],
    links: [],
    counts: { likes: 0, shares: 0, replies: 0, views: 0 },
    sensitivity: "public",
    region: "zz",
    ...fields,
  };
}

const words = "river winter engine garden signal copper market window harvest lantern planet bridge summer velvet thunder orchard".split(" ");
const platforms = ["bluesky", "mastodon", "reddit"];
const sources = ["world", "north", "south"];
const languages = ["en", "de", "ja", "und"];
const labels = ["negative", "neutral", "positive"] as const;

function pick<T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new TypeError("from: expected at least one, came none");
  return chosen;
}

/** A post whose text holds one word of its own (`unique7`), so that its bytes can be sought in files. */
export function makeRandomPost(random: Random, number: number, days = 30): Post {
  const text = Array.from({ length: 4 + Math.floor(random() * 8) }, () => pick(random, words)).join(" ");
  const label = random() < 0.7 ? pick(random, labels) : undefined;
  const terms = random() < 0.4 ? [pick(random, ["acme", "globex", "initech"])] : [];
  const judged = random() < 0.3 ? packJudgements([judgementFor(random, "emotion", ["anger", "joy"]), judgementFor(random, "hate", ["no", "yes"])]) : undefined;
  const towards =
    terms.length > 0 && random() < 0.7
      ? packTowards(
          "towards@0a1b2c3d",
          terms.map((id) => towardsFor(random, id)),
        )
      : undefined;
  return makePost(number, {
    createdAt: historyStartMs + Math.floor(random() * days * dayMs),
    author: makeAuthorId(Math.floor(random() * 12)),
    platform: pick(random, platforms),
    source: pick(random, sources),
    language: pick(random, languages),
    text: `${text} ${uniqueWord(number)}`,
    ...(label && { sentiment: { label, score: labels.indexOf(label) - 1 } }),
    terms,
    hashtags: random() < 0.3 ? [pick(random, ["news", "Ernte", "天気"])] : [],
    links: random() < 0.2 ? [`https://${pick(random, ["example.org", "news.example.com"])}/a/${number}`] : [],
    region: random() < 0.5 ? "de" : "zz",
    sensitivity: random() < 0.1 ? "special" : "public",
    counts: { likes: Math.floor(random() * 5), shares: 0, replies: 0, views: 0 },
    ...((judged || towards) && { notes: { ...judged, ...(towards && { towards }) } }),
  });
}

function towardsFor(random: Random, id: string): TargetSentiment {
  const label = random() < 0.8 ? pick(random, labels) : undefined;
  return { kind: "term", id, ...(label && { label }), score: 0, places: [{ start: 0, end: 4 }] };
}

function judgementFor(random: Random, task: string, classes: readonly string[]): Judgement {
  return { task, model: "social@0a1b2c3d", label: pick(random, classes), probabilities: Object.fromEntries(classes.map((name) => [name, 0.5])) };
}

export function uniqueWord(number: number): string {
  return `unique${number}x`;
}

/** A change and its place in its partition of `posts`. */
export interface Entry {
  readonly change: Change;
  readonly offset: number;
}

/** What a ledger does, in small: it writes changes with their `was` and `is`, and knows what must be left. */
export interface History {
  readonly entries: readonly Entry[];
  /** New, or a new revision of a post that is there. */
  post(post: Post): void;
  counts(id: PostId, counts: Partial<Counts>): void;
  terms(id: PostId, terms: readonly string[]): void;
  remove(id: PostId): void;
  erase(author: AuthorId): void;
  /** What a store holds after all entries. */
  readonly left: ReadonlyMap<PostId, Post>;
}

export function makeHistory(partitions = 2): History {
  const entries: Entry[] = [];
  const left = new Map<PostId, Post>();
  const nextOffset = new Map<number, number>();
  let at = historyStartMs;

  function partitionOf(id: PostId): number {
    return id.charCodeAt(10) % partitions;
  }

  function write(kind: Change["kind"], id: PostId, was: Post | undefined, is: Post | undefined): void {
    const partition = partitionOf(id);
    const offset = nextOffset.get(partition) ?? 0;
    nextOffset.set(partition, offset + 1);
    at += 1;
    entries.push({
      offset,
      change: {
        kind,
        id,
        at,
        partition,
        from: { offset: offset * 2, index: offset % 3 },
        generation: 0,
        ...(was && { was: contributionOf(was) }),
        ...(is && kind !== "post" && { is: contributionOf(is) }),
        ...(is && kind === "post" && { post: is }),
      },
    });
    if (is === undefined) left.delete(id);
    else left.set(id, is);
  }

  function change(kind: "counts" | "terms", id: PostId, alter: (post: Post) => Post): void {
    const was = left.get(id);
    if (was !== undefined) write(kind, id, was, alter(was));
  }

  return {
    entries,
    left,
    post: (post) => write("post", post.id, left.get(post.id), post),
    counts: (id, counts) => change("counts", id, (post) => ({ ...post, counts: { ...post.counts, ...counts } })),
    terms: (id, terms) => change("terms", id, (post) => ({ ...post, terms })),
    remove: (id) => write("delete", id, left.get(id), undefined),
    erase(author) {
      for (const post of [...left.values()]) if (post.author === author) write("erase", post.id, post, undefined);
    },
  };
}

/** Posts, edits (some to another month), counts, terms, deletes (some of posts never seen) and erasures, in a seeded order. */
export function makeRandomHistory(seed: number, steps: number, partitions = 2): History {
  const random = makeRandom(seed);
  const history = makeHistory(partitions);
  let made = 0;
  for (let step = 0; step < steps; step++) {
    const ids = [...history.left.keys()];
    const id = ids.length > 0 && random() < 0.97 ? pick(random, ids) : makePostId(1_000_000 + step);
    const roll = random();
    if (roll < 0.55 || ids.length < 3) history.post(makeRandomPost(random, made++));
    else if (roll < 0.68) history.counts(id, { likes: Math.floor(random() * 900), views: Math.floor(random() * 9_000) });
    else if (roll < 0.78) edit(history, random, id);
    else if (roll < 0.86) history.terms(id, random() < 0.5 ? ["acme", "umbrella"] : []);
    else if (roll < 0.985) history.remove(id);
    else history.erase(makeAuthorId(Math.floor(random() * 12)));
  }
  return history;
}

function edit(history: History, random: Random, id: PostId): void {
  const was = history.left.get(id);
  if (was === undefined) return;
  const moved = random() < 0.2 ? { createdAt: was.createdAt + 9 * dayMs } : {};
  history.post({ ...was, ...moved, revision: was.revision + 1, text: `${was.text} edited`, language: pick(random, languages) });
}

/** What the runtime hands to a store: changes of one partition, and where the store then stands. */
export interface Handover {
  readonly changes: readonly Change[];
  readonly upTo: StorePositions;
}

/** Entries in order, in batches of at most `size`; those that `positions` cover are left out, as the runtime does. */
export function handoversOf(entries: readonly Entry[], size: number, positions: StorePositions = new Map()): readonly Handover[] {
  const fresh = entries.filter(({ change, offset }) => offset >= (positions.get(change.partition)?.offset ?? 0));
  const handovers: Handover[] = [];
  for (let start = 0; start < fresh.length; start += size) {
    const byPartition = Map.groupBy(fresh.slice(start, start + size), ({ change }) => change.partition);
    for (const [partition, group] of byPartition) {
      const last = group.at(-1);
      if (last !== undefined) handovers.push({ changes: group.map(({ change }) => change), upTo: new Map([[partition, positionAfter(last)]]) });
    }
  }
  return handovers;
}

export function positionAfter({ change, offset }: Entry): StorePosition {
  return { offset: offset + 1, from: change.from, generation: change.generation };
}

/** Sums over what a store holds; every store can tell them. */
export interface Totals {
  readonly posts: number;
  readonly likes: number;
  readonly views: number;
  readonly byPlatform: Readonly<Record<string, number>>;
  readonly bySource: Readonly<Record<string, number>>;
  readonly byLanguage: Readonly<Record<string, number>>;
  /** Label, or "none" where not scored. */
  readonly bySentiment: Readonly<Record<string, number>>;
  readonly byTerm: Readonly<Record<string, number>>;
}

/** Keys sorted and zeros left out, so that deepEqual compares. */
export function totalsOf(posts: Iterable<Pick<Contribution, "platform" | "source" | "language" | "terms" | "counts"> & { readonly sentiment?: string | undefined }>): Totals {
  const sums = { posts: 0, likes: 0, views: 0 };
  const by = {
    platform: new Map<string, number>(),
    source: new Map<string, number>(),
    language: new Map<string, number>(),
    sentiment: new Map<string, number>(),
    term: new Map<string, number>(),
  };
  const add = (to: Map<string, number>, key: string) => to.set(key, (to.get(key) ?? 0) + 1);
  for (const post of posts) {
    sums.posts++;
    sums.likes += post.counts.likes;
    sums.views += post.counts.views;
    add(by.platform, post.platform);
    add(by.source, post.source);
    add(by.language, post.language);
    add(by.sentiment, post.sentiment ?? "none");
    for (const term of post.terms) add(by.term, term);
  }
  return { ...sums, byPlatform: sorted(by.platform), bySource: sorted(by.source), byLanguage: sorted(by.language), bySentiment: sorted(by.sentiment), byTerm: sorted(by.term) };
}

function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].filter(([, count]) => count !== 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Totals of what must be left after the history. */
export function expectedTotals(history: Pick<History, "left">): Totals {
  return totalsOf([...history.left.values()].map(contributionOf));
}
