import { setImmediate } from "node:timers/promises";
import { isAllowed, type ReadFilter } from "../core/filter.ts";
import { type PostId, postIdFrom } from "../core/ids.ts";
import type { Query } from "../core/query.ts";
import { type FoundPost, type MonthReading } from "./search-reading.ts";
import { bytesIn, flags, monthOf, numberIn, rowsPerMs } from "./search-schema.ts";

/** How a post is tied to what spreads; where several hold, the first of them. */
export const spreadTies = ["reshare", "quote", "copy", "link"] as const;
export type SpreadTie = (typeof spreadTies)[number];

export interface SpreadRequest {
  /** What spreads, and what is to be followed beside it: never counted themselves, unless tied to another of them. */
  readonly root: PostId;
  readonly beside: readonly PostId[];
  /** Canonical links. */
  readonly links: readonly string[];
  /** Near-duplicates, with their createdAt; `isAll`: there are no others. */
  readonly copies: readonly { readonly id: PostId; readonly at: number }[];
  readonly copiesAreAll: boolean;
  /** Posts that are given whole. */
  readonly limit: number;
  /** Posts that are counted at most. */
  readonly most?: number;
}

export interface SpreadCell {
  /** Start of the bucket, milliseconds UTC. */
  readonly at: number;
  readonly platform: string;
  readonly tie: SpreadTie;
  posts: number;
}

export interface SpreadFound {
  readonly posts: number;
  /** False: there are more than were counted. */
  readonly exact: boolean;
  readonly everyMs: number;
  /** Those with posts, the oldest first. */
  readonly cells: readonly SpreadCell[];
  /** The oldest first; where there are more than the limit, an even choice of each tie, its first and its last with it. */
  readonly shown: readonly { readonly tie: SpreadTie; readonly found: FoundPost }[];
}

interface Member {
  readonly reading: MonthReading;
  readonly row: number;
  readonly at: number;
  readonly platform: string;
  tie: number;
}

const mostMembers = 50_000;
/** Posts whose own reshares and quotes are looked for. */
const mostFollowed = 5_000;
/** Posts that one query asks for. */
const mostAsked = 400;
const deepest = 6;
const mostCells = 3_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

const refersTo = (field: "reshare" | "quote", ids: readonly PostId[]): readonly Query[] =>
  Array.from({ length: Math.ceil(ids.length / mostAsked) }, (_, i): Query => ({
    kind: "or",
    parts: ids.slice(i * mostAsked, (i + 1) * mostAsked).map((value) => ({ kind: "field", field, value })),
  }));

/**
 * All posts that share a post again, quote it, say the same or link the same page, and what shares or quotes those in turn: by the words of the index.
 * @param readings newest first
 */
export async function spreadOf(readings: readonly MonthReading[], filter: ReadFilter, request: SpreadRequest): Promise<SpreadFound> {
  const { root, beside, links, copies, limit, most = mostMembers } = request;
  const members = new Map<string, Member>();
  const known = new Set<PostId>([root, ...beside]);
  let exact = request.copiesAreAll;

  const take = (reading: MonthReading, id: PostId, member: Omit<Member, "reading">): boolean => {
    if (id === root) return false;
    const key = `${reading.month.name} ${member.row}`;
    const before = members.get(key);
    if (before !== undefined) {
      before.tie = Math.min(before.tie, member.tie);
      return false;
    }
    if (members.size >= most) {
      exact = false;
      return false;
    }
    members.set(key, { reading, ...member });
    return true;
  };

  /** Posts that were not met before and are no reshares: what may be shared and quoted in turn. */
  const collect = async (query: Query, tie: SpreadTie): Promise<PostId[]> => {
    const fresh: PostId[] = [];
    for (const reading of readings) {
      const plan = reading.plan(query, filter);
      const bounds = plan && reading.bounds();
      if (!plan || !bounds) continue;
      const profiles = reading.profiles();
      const rows = reading.select(plan, "d.row, d.id, d.profile, d.shift, d.flags", Math.max(bounds.lo, plan.from), Math.min(bounds.hi, plan.to - 1 + bounds.maxShift), {
        limit: most + 1,
        asArrays: true,
      });
      if (rows.length > most) exact = false;
      for (const values of rows) {
        const row = numberIn(values, "0");
        const platform = profiles.get(numberIn(values, "2"))?.platform;
        const bytes = bytesIn(values, "1");
        if (platform === undefined || bytes === undefined) continue;
        const id = postIdFrom(bytes);
        const at = reading.month.startMs + Math.floor((row + numberIn(values, "3") - 1) / rowsPerMs);
        if (take(reading, id, { row, at, platform, tie: spreadTies.indexOf(tie) }) && (numberIn(values, "4") & flags.reshare) === 0) fresh.push(id);
      }
      await setImmediate();
    }
    return fresh;
  };

  const copied = (): PostId[] => {
    const fresh: PostId[] = [];
    for (const { id, at } of copies) {
      const month = monthOf(at);
      const reading = readings.find((one) => one.month.name === month.name);
      const row = reading?.findId(id, at);
      const [found] = reading && row ? reading.found([row]) : [];
      if (reading === undefined || found === undefined || !isAllowed(filter, found.contribution)) continue;
      const { createdAt, platform } = found.contribution;
      if (take(reading, id, { row: found.row, at: createdAt, platform, tie: spreadTies.indexOf("copy") })) fresh.push(id);
    }
    return fresh;
  };

  let level: PostId[] = [...known];
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const fresh: PostId[] = [];
    for (const field of ["reshare", "quote"] as const) for (const query of refersTo(field, level)) fresh.push(...(await collect(query, field)));
    if (depth === 0) {
      fresh.push(...copied());
      if (links.length > 0) fresh.push(...(await collect({ kind: "or", parts: links.map((value) => ({ kind: "field", field: "link", value })) }, "link")));
    }
    level = [];
    for (const id of fresh) {
      if (known.has(id)) continue;
      if (known.size >= mostFollowed) exact = false;
      else {
        known.add(id);
        level.push(id);
      }
    }
  }
  // What the last level quotes and shares was not asked for.
  if (level.length > 0) exact &&= !(await hasMore(readings, filter, level));

  const all = [...members.values()].sort((a, b) => a.at - b.at || a.row - b.row);
  return { posts: all.length, exact, ...cellsOf(all), shown: wholeOf(chosenOf(all, limit)) };
}

async function hasMore(readings: readonly MonthReading[], filter: ReadFilter, ids: readonly PostId[]): Promise<boolean> {
  for (const query of [...refersTo("reshare", ids), ...refersTo("quote", ids)]) {
    for (const reading of readings) {
      const plan = reading.plan(query, filter);
      const bounds = plan && reading.bounds();
      if (plan && bounds && reading.select(plan, "d.row", bounds.lo, bounds.hi, { limit: 1 }).length > 0) return true;
    }
    await setImmediate();
  }
  return false;
}

function cellsOf(members: readonly Member[]): Pick<SpreadFound, "everyMs" | "cells"> {
  for (const everyMs of [hourMs, dayMs, 30 * dayMs]) {
    const cells = new Map<string, SpreadCell>();
    for (const { at, platform, tie } of members) {
      const start = Math.floor(at / everyMs) * everyMs;
      const key = `${start} ${tie} ${platform}`;
      const cell = cells.get(key);
      if (cell) cell.posts++;
      else cells.set(key, { at: start, platform, tie: spreadTies[tie] ?? "link", posts: 1 });
    }
    if (cells.size <= mostCells || everyMs === 30 * dayMs) return { everyMs, cells: [...cells.values()] };
  }
  return { everyMs: hourMs, cells: [] };
}

/** Each tie has a share of the places; what one does not need is the others'. */
function chosenOf(members: readonly Member[], limit: number): readonly Member[] {
  if (members.length <= limit) return members;
  const byTie = [...Map.groupBy(members, ({ tie }) => tie).values()].sort((a, b) => a.length - b.length);
  let left = limit;
  const chosen = byTie.flatMap((group, place) => {
    const share = Math.min(group.length, Math.floor(left / (byTie.length - place)));
    left -= share;
    return Array.from({ length: share }, (_, i) => group[share === 1 ? 0 : Math.round((i * (group.length - 1)) / (share - 1))]).filter((member) => member !== undefined);
  });
  return chosen.sort((a, b) => a.at - b.at || a.row - b.row);
}

function wholeOf(members: readonly Member[]): SpreadFound["shown"] {
  const found = new Map<Member, FoundPost>();
  for (const [reading, some] of Map.groupBy(members, (member) => member.reading)) {
    const byRow = new Map(reading.found(reading.rowsAt(some.map(({ row }) => row))).map((one) => [one.row, one]));
    for (const member of some) {
      const one = byRow.get(member.row);
      if (one !== undefined) found.set(member, one);
    }
  }
  return members.flatMap((member) => {
    const one = found.get(member);
    return one === undefined ? [] : [{ tie: spreadTies[member.tie] ?? "link", found: one }];
  });
}
