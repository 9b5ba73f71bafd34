import type { Platform } from "./authors.ts";
import type { Delivery } from "./delivery.ts";
import type { Audience } from "./audience.ts";
import type { LivePost } from "./post.ts";
import { makeRollups, type Rollups, type RollupRow } from "./rollups.ts";
import { type Truth, truthOf } from "./truth.ts";

/** Totals of what is true; README.md says how each is counted. */
export interface Summary {
  readonly posts: number;
  readonly livePosts: number;
  readonly deletedPosts: number;
  readonly erasedPosts: number;
  readonly editedPosts: number;
  readonly reshares: number;
  readonly replyPosts: number;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  /** Posts that were deleted or erased before they came, and have not come yet. */
  readonly tombstonesWithoutPost: number;
  readonly erasedAuthors: number;
  readonly endedMastodonAccounts: number;
  readonly byPlatform: Readonly<
    Record<Platform, { readonly posts: number; readonly livePosts: number; readonly likes: number; readonly shares: number; readonly replies: number }>
  >;
  readonly byLanguage: Readonly<Record<string, number>>;
  readonly byBrand: Readonly<Record<string, number>>;
  readonly bySentiment: Readonly<Record<string, number>>;
  readonly sent: SentCounts;
}

export interface SentCounts {
  messages: number;
  posts: number;
  edits: number;
  deletes: number;
  reactions: number;
  unreactions: number;
  counts: number;
  erasures: number;
  accounts: number;
  identities: number;
  redelivered: number;
  late: number;
  drifted: number;
  /** No post can be made of them: must be rejected. */
  rejected: number;
  /** Wrong creation time: may be rejected or repaired; see `ambiguousIds`. */
  ambiguous: number;
}

export interface Oracle extends Audience {
  summary(): Summary;
  rollups(): RollupRow[];
  /** The posts that are still remembered, oldest first; those that were not sent yet and are not gone are left out. */
  posts(): IterableIterator<Truth>;
  /** undefined: never sent, or no longer remembered. */
  post(id: string): Truth | undefined;
  readonly ambiguousIds: readonly string[];
  /** Accounts that keep a time of their own, and what drives them. */
  readonly drivenAuthors: readonly { readonly author: string; readonly platform: Platform; readonly drive: string; readonly program: boolean }[];
  readonly erasedAuthors: readonly { readonly author: string; readonly platform: Platform; readonly at: string; readonly how: string }[];
}

export interface OracleOptions {
  /** Settled posts that are remembered one by one; the totals are exact without them. */
  readonly settledPostsAtMost: number;
  /** Rollup rows of older minutes are forgotten; absent: none. */
  readonly rollupsKeptMs?: number;
  readonly onSettled?: (truth: Truth) => void;
}

const sentName: Record<Delivery["kind"], keyof SentCounts> = {
  post: "posts",
  edit: "edits",
  delete: "deletes",
  reaction: "reactions",
  unreaction: "unreactions",
  counts: "counts",
  erase: "erasures",
  account: "accounts",
  identity: "identities",
  malformed: "rejected",
  ambiguous: "ambiguous",
};

interface Totals {
  readonly summary: {
    posts: number;
    livePosts: number;
    deletedPosts: number;
    erasedPosts: number;
    editedPosts: number;
    reshares: number;
    replyPosts: number;
    likes: number;
    shares: number;
    replies: number;
    tombstonesWithoutPost: number;
  };
  readonly byPlatform: Record<Platform, { posts: number; livePosts: number; likes: number; shares: number; replies: number }>;
  readonly byLanguage: Record<string, number>;
  readonly byBrand: Record<string, number>;
  readonly bySentiment: Record<string, number>;
}

function makeTotals(): Totals {
  const platform = () => ({ posts: 0, livePosts: 0, likes: 0, shares: 0, replies: 0 });
  return {
    summary: { posts: 0, livePosts: 0, deletedPosts: 0, erasedPosts: 0, editedPosts: 0, reshares: 0, replyPosts: 0, likes: 0, shares: 0, replies: 0, tombstonesWithoutPost: 0 },
    byPlatform: { bluesky: platform(), mastodon: platform() },
    byLanguage: {},
    byBrand: {},
    bySentiment: {},
  };
}

function count(totals: Totals, truth: Truth): void {
  const { summary } = totals;
  if (!truth.delivered) {
    if (truth.deleted !== null) summary.tombstonesWithoutPost += 1;
    return;
  }
  const platform = totals.byPlatform[truth.platform];
  summary.posts += 1;
  platform.posts += 1;
  if (truth.deleted === "delete") summary.deletedPosts += 1;
  if (truth.deleted === "erase") summary.erasedPosts += 1;
  if (truth.deleted !== null) return;
  summary.livePosts += 1;
  platform.livePosts += 1;
  if (truth.revision > 0) summary.editedPosts += 1;
  if (truth.reshareOf !== null) summary.reshares += 1;
  if (truth.replyTo !== null) summary.replyPosts += 1;
  for (const name of ["likes", "shares", "replies"] as const) {
    summary[name] += truth[name];
    platform[name] += truth[name];
  }
  const bump = (record: Record<string, number>, key: string): void => {
    record[key] = (record[key] ?? 0) + 1;
  };
  bump(totals.byLanguage, truth.language);
  bump(totals.bySentiment, truth.sentiment);
  for (const brand of truth.brands) bump(totals.byBrand, brand);
}

const listedAtMost = 100_000;

export function makeOracle(options: OracleOptions): Oracle {
  const sent: SentCounts = {
    messages: 0,
    posts: 0,
    edits: 0,
    deletes: 0,
    reactions: 0,
    unreactions: 0,
    counts: 0,
    erasures: 0,
    accounts: 0,
    identities: 0,
    redelivered: 0,
    late: 0,
    drifted: 0,
    rejected: 0,
    ambiguous: 0,
  };
  const open = new Map<string, LivePost>();
  const settled = new Map<string, Truth>();
  const settledTotals = makeTotals();
  const settledRollups: Rollups = makeRollups(options.rollupsKeptMs);
  const ambiguousIds: string[] = [];
  const erasedAuthors: { author: string; platform: Platform; at: string; how: string }[] = [];
  const drivenAuthors: Oracle["drivenAuthors"][number][] = [];
  let erasedCount = 0;
  let endedMastodon = 0;
  const known = (post: LivePost): boolean => post.delivered || post.gone !== undefined;

  return {
    deliver(delivery) {
      sent.messages += 1;
      if (delivery.redelivered) {
        sent.redelivered += 1;
        return;
      }
      sent[sentName[delivery.kind]] += 1;
      if (delivery.late) sent.late += 1;
      if (delivery.drifted) sent.drifted += 1;
    },
    born(post) {
      const { author } = post;
      if (author.drive !== undefined && author.posts === 1) drivenAuthors.push({ author: author.nativeId, platform: author.platform, drive: author.drive, program: author.bot });
      open.set(post.id, post);
    },
    settled(post) {
      open.delete(post.id);
      const truth = truthOf(post);
      count(settledTotals, truth);
      settledRollups.add(truth);
      options.onSettled?.(truth);
      if (options.settledPostsAtMost === 0) return;
      settled.set(post.id, truth);
      if (settled.size > options.settledPostsAtMost) {
        const oldest = settled.keys().next();
        if (!oldest.done) settled.delete(oldest.value);
      }
    },
    ended(author, atMs) {
      if (author.platform === "bluesky") erasedCount += 1;
      else endedMastodon += 1;
      if (erasedAuthors.length < listedAtMost)
        erasedAuthors.push({ author: author.nativeId, platform: author.platform, at: new Date(atMs).toISOString(), how: author.ending?.how ?? "deleted" });
    },
    ambiguous(_platform, id) {
      if (ambiguousIds.length < listedAtMost) ambiguousIds.push(id);
    },
    summary() {
      const totals = structuredClone(settledTotals);
      for (const post of open.values()) if (known(post)) count(totals, truthOf(post));
      return {
        ...totals.summary,
        erasedAuthors: erasedCount,
        endedMastodonAccounts: endedMastodon,
        byPlatform: totals.byPlatform,
        byLanguage: totals.byLanguage,
        byBrand: totals.byBrand,
        bySentiment: totals.bySentiment,
        sent: { ...sent },
      };
    },
    rollups() {
      const rollups = settledRollups.copy();
      for (const post of open.values()) rollups.add(truthOf(post));
      return rollups.rows();
    },
    *posts() {
      yield* settled.values();
      for (const post of open.values()) if (known(post)) yield truthOf(post);
    },
    post(id) {
      const live = open.get(id);
      return live !== undefined && known(live) ? truthOf(live) : settled.get(id);
    },
    ambiguousIds,
    drivenAuthors,
    erasedAuthors,
  };
}
