import { type Contribution, contributionOf, type Counts, type Post, towardsAmong } from "../core/event.ts";
import { type GoneRow, mapTallies, noTallies, type PostRow, type Row, type Tallies, type Tally, totalsOf } from "./row.ts";

/**
 * Why an event changes nothing. duplicate: known already. stale: something newer is known. deleted, erased: a tombstone or an
 * erasure forbids it. unknown: its post (or mark) is not here, and the caller holds nothing for later. limit: too much is held already.
 */
export type LedgerDrop = "duplicate" | "stale" | "deleted" | "erased" | "unknown" | "limit";

/** What an event makes of a row; the drop reason where it changes nothing. quiet: only the time of its counts is newer, which no reader sees. */
export type Verdict<R extends Row = Row> = { readonly row: R; readonly was: PostRow | undefined; readonly quiet?: boolean } | LedgerDrop;

/** Where a form of a post stands against the row. again: the content is known, only its counts may be news. */
export type Standing = "new" | "again" | "stale" | "deleted" | "erased";

export interface Told {
  readonly revision: number;
  readonly generation: number;
  readonly source: string;
  readonly hash: string;
  /** When this form was made, milliseconds UTC. */
  readonly madeAt: number;
}

/**
 * The higher (revision, generation) wins. Other content under the same pair is an edit when it comes from the same source
 * (its platform edits without saying so), and another rendering of the same post when it comes from another: the first stays.
 * A deletion ends when a later revision that was made after it comes; where the post was never here, and after an erasure, never.
 */
export function standingOf(row: Row | undefined, told: Told): Standing {
  if (row === undefined || row.status === "pending") return "new";
  if (row.status !== "post") {
    const later = row.revision !== undefined && told.revision > row.revision && told.madeAt > row.at;
    return row.status === "deleted" && later ? "new" : row.status;
  }
  if (told.revision !== row.revision) return told.revision > row.revision ? "new" : "stale";
  if (told.generation !== row.generation) return told.generation > row.generation ? "new" : "stale";
  return told.hash === row.hash || told.source !== row.contribution.source ? "again" : "new";
}

/** The row of a post that is "new" against what was. @param counts what the platform told with it; they hold at `receivedAt` */
export function takePost(row: Row | undefined, post: Post, hash: string, generation: number, counts: Partial<Counts>): Verdict {
  const known = row?.status === "post" || row?.status === "pending" ? row.tallies : noTallies;
  const tallies = tell(known, post.receivedAt, counts);
  const totals = totalsOf(tallies);
  const own = contributionOf(post);
  const contribution = sameCounts(totals, own.counts) ? own : { ...own, counts: totals };
  return {
    row: { status: "post", revision: post.revision, generation, hash, tallies, contribution },
    was: row?.status === "post" ? row : undefined,
  };
}

/**
 * Numbers that are known already, told again later, move their time only: polling again costs no change.
 * @param hold keep it for a post that is not here yet
 */
export function judgeEngagement(row: Row | undefined, at: number, counts: Partial<Counts>, hold: boolean): Verdict {
  if (row && isGone(row)) return row.status;
  if (row === undefined && !hold) return "unknown";
  const known = row?.tallies ?? noTallies;
  const tallies = tell(known, at, counts);
  if (tallies === known) return isStale(known, at, counts) ? "stale" : "duplicate";
  if (row?.status === "post") return { row: withTallies(row, tallies), was: row, quiet: isQuiet(known, tallies) };
  return { row: { status: "pending", at: Math.max(at, row?.at ?? 0), tallies }, was: undefined };
}

/** One more, or one fewer, unless an absolute number of the same time or later holds it already. */
export function judgeReaction(row: Row | undefined, at: number, count: keyof Counts, by: 1 | -1, hold: boolean): Verdict {
  if (row && isGone(row)) return row.status;
  if (row === undefined && !hold) return "unknown";
  const tallies = mapTallies(row?.tallies ?? noTallies, (tally, name) =>
    name === count && (tally.at === undefined || at > tally.at) ? { ...tally, since: tally.since + by } : tally,
  );
  if (row?.status === "post") return { row: withTallies(row, tallies), was: row };
  return { row: { status: "pending", at: Math.max(at, row?.at ?? 0), tallies }, was: undefined };
}

export function judgeDelete(row: Row | undefined, at: number, hold: boolean): Verdict {
  if (row && isGone(row)) return "duplicate";
  if (row?.status === "post") return { row: { status: "deleted", at, revision: row.revision }, was: row };
  if (row === undefined && !hold) return "unknown";
  return { row: { status: "deleted", at }, was: undefined };
}

export function judgeTerms(row: Row | undefined, add: readonly string[], remove: readonly string[]): Verdict<PostRow> {
  if (row?.status !== "post") return row === undefined || row.status === "pending" ? "unknown" : row.status;
  const known = row.contribution.terms;
  const terms = known.filter((term) => !remove.includes(term));
  for (const term of add) if (!terms.includes(term)) terms.push(term);
  if (known.length === terms.length && known.every((term, i) => term === terms[i])) return "duplicate";
  const { towards, ...contribution } = row.contribution;
  const left = towardsAmong(towards, terms);
  return { row: { ...row, contribution: { ...contribution, terms, ...(left && { towards: left }) } }, was: row };
}

/** What today's stages make of a stored form: the same revision of the same post, or nothing. Its counts are the row's. */
export function judgeAgain(row: Row | undefined, post: Post): Verdict<PostRow> {
  if (row?.status !== "post") return row === undefined || row.status === "pending" ? "unknown" : row.status;
  const { contribution } = row;
  const next = { ...contributionOf(post), counts: contribution.counts };
  if (row.revision !== post.revision || fixed.some((name) => contribution[name] !== next[name])) return "stale";
  return { row: { ...row, contribution: next }, was: row };
}

/** What no stage that reads a stored post can change. */
const fixed = ["createdAt", "author", "platform", "source", "language", "sensitivity", "region"] as const satisfies readonly (keyof Contribution)[];

function sameCounts(a: Counts, b: Counts): boolean {
  return a === b || (a.likes === b.likes && a.shares === b.shares && a.replies === b.replies && a.views === b.views);
}

function isGone(row: Row): row is GoneRow {
  return row.status === "deleted" || row.status === "erased";
}

function withTallies(row: PostRow, tallies: Tallies): PostRow {
  return { ...row, tallies, contribution: { ...row.contribution, counts: totalsOf(tallies) } };
}

/** The same object where nothing changes. A later number replaces the reactions since; the same time told again keeps them. */
function tell(tallies: Tallies, at: number, counts: Partial<Counts>): Tallies {
  let changed = false;
  const next = mapTallies(tallies, (tally, name) => {
    const told = counts[name];
    if (told === undefined) return tally;
    const since = tally.at === at ? tally.since : 0;
    if ((tally.at !== undefined && at < tally.at) || (tally.at === at && tally.told === told)) return tally;
    changed = true;
    return { told, at, since } satisfies Tally;
  });
  return changed ? next : tallies;
}

function isStale(tallies: Tallies, at: number, counts: Partial<Counts>): boolean {
  let stale = false;
  mapTallies(tallies, (tally, name) => {
    if (counts[name] !== undefined && tally.at !== undefined && at < tally.at) stale = true;
    return tally;
  });
  return stale;
}

function isQuiet(before: Tallies, after: Tallies): boolean {
  return before.every((tally, i) => tally.told === after[i]?.told && tally.since === after[i]?.since);
}
