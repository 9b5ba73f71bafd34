import { contributionOf, type Change, type Contribution, type Counts } from "../core/event.ts";
import type { AuthorId } from "../core/ids.ts";
import { labelTowards } from "../core/towards.ts";
import { figures, grainMs } from "./rollups-schema.ts";

/** Of one kind of post: what a bucket is keyed by beside its start. */
export interface RollupKey {
  readonly platform: string;
  readonly source: string;
  readonly language: string;
  readonly sensitivity: string;
  readonly region: string;
  /** '' counts every post once, whatever its terms. */
  readonly term: string;
}

/** Keys met so far, numbered for this process. */
export interface KeyTable {
  readonly keys: readonly RollupKey[];
  baseOf(contribution: Contribution): BaseKey;
  termOf(base: BaseKey, term: string): number;
}

interface BaseKey {
  readonly all: number;
  readonly terms: Map<string, number>;
}

export function makeKeyTable(): KeyTable {
  const keys: RollupKey[] = [];
  const bases = new Map<string, BaseKey>();
  return {
    keys,
    baseOf(contribution) {
      const { platform, source, language, sensitivity, region } = contribution;
      const name = `${platform}\n${source}\n${language}\n${sensitivity}\n${region}`;
      const known = bases.get(name);
      if (known !== undefined) return known;
      const fields = { platform: storable(platform), source: storable(source), language: storable(language), sensitivity, region: storable(region) };
      const base = { all: keys.push({ ...fields, term: "" }) - 1, terms: new Map<string, number>() };
      bases.set(name, base);
      return base;
    },
    termOf(base, term) {
      const known = base.terms.get(term);
      if (known !== undefined) return known;
      const all = keys[base.all];
      if (all === undefined) throw new TypeError("base: expected one of this table");
      const index = keys.push({ ...all, term: storable(term) }) - 1;
      base.terms.set(term, index);
      return index;
    },
  };
}

/** Postgres' text holds no NUL. */
function storable(text: string): string {
  return text.replaceAll("\0", "");
}

export const width = figures.length;
/** A cell's number is minute × room + key: exact in a double. */
export const keyRoom = 2 ** 22;

/** Sums of a batch by minute and key, and the authors that came and went by hour and key. */
export interface RollupBatch {
  readonly changes: number;
  readonly cells: ReadonlyMap<number, number>;
  /** `width` sums a cell. */
  readonly sums: Float64Array;
  readonly authors: AuthorDeltas;
  /** When the newest change came in, milliseconds UTC. */
  readonly freshAt: number | undefined;
  add(change: Change): void;
}

export interface AuthorDeltas {
  count: number;
  hours: Int32Array;
  keys: Int32Array;
  hashes: BigUint64Array;
  signs: Int8Array;
}

const mostCount = 1e15;
function whole(count: number): number {
  return Number.isFinite(count) ? Math.min(Math.max(Math.trunc(count), 0), mostCount) : 0;
}
const labels = { negative: 1, neutral: 2, positive: 3 } as const;
/** Of the shifts, behind the counts. */
const shiftOf = { negative: 8, neutral: 9, positive: 10 } as const;

export function makeRollupBatch(table: KeyTable, authorHash: (author: AuthorId) => bigint): RollupBatch {
  const cells = new Map<number, number>();
  let sums = new Float64Array(width * 1024);
  const authors: AuthorDeltas = { count: 0, hours: new Int32Array(1024), keys: new Int32Array(1024), hashes: new BigUint64Array(1024), signs: new Int8Array(1024) };
  let changes = 0;
  let freshAt: number | undefined;

  function cellAt(minute: number, key: number): number {
    const name = minute * keyRoom + key;
    const known = cells.get(name);
    if (known !== undefined) return known;
    const at = cells.size * width;
    if (at === sums.length) {
      const wider = new Float64Array(sums.length * 2);
      wider.set(sums);
      sums = wider;
    }
    cells.set(name, at);
    return at;
  }

  function bump(at: number, figure: number, by: number): void {
    sums[at + figure] = (sums[at + figure] ?? 0) + by;
  }

  function sum(minute: number, key: number, contribution: Contribution, sign: number): void {
    const at = cellAt(minute, key);
    const { counts, sentiment } = contribution;
    bump(at, 0, sign);
    if (sentiment !== undefined) bump(at, labels[sentiment], sign);
    addCounts(at, counts, sign);
  }

  function addCounts(at: number, counts: Counts, sign: number): void {
    if (counts.likes !== 0) bump(at, 4, sign * whole(counts.likes));
    if (counts.shares !== 0) bump(at, 5, sign * whole(counts.shares));
    if (counts.replies !== 0) bump(at, 6, sign * whole(counts.replies));
    if (counts.views !== 0) bump(at, 7, sign * whole(counts.views));
  }

  /** Where a post says something else of a term than it says as a whole. */
  function shift(at: number, term: string, contribution: Contribution, sign: number): void {
    const { sentiment } = contribution;
    const label = labelTowards(term, contribution);
    if (label === (sentiment ?? "none")) return;
    if (sentiment !== undefined) bump(at, shiftOf[sentiment], -sign);
    if (label !== "none") bump(at, shiftOf[label], sign);
  }

  function mark(hour: number, key: number, hash: bigint, sign: number): void {
    const { count } = authors;
    if (count === authors.hours.length) widen(authors);
    authors.hours[count] = hour;
    authors.keys[count] = key;
    authors.hashes[count] = hash;
    authors.signs[count] = sign;
    authors.count++;
  }

  function each(contribution: Contribution, sign: number): void {
    const base = table.baseOf(contribution);
    const minute = Math.floor(contribution.createdAt / grainMs.minute);
    const hour = Math.floor(minute / 60);
    const hash = authorHash(contribution.author);
    sum(minute, base.all, contribution, sign);
    mark(hour, base.all, hash, sign);
    for (const term of distinct(contribution.terms)) {
      const key = table.termOf(base, term);
      sum(minute, key, contribution, sign);
      if (contribution.towards !== undefined) shift(cellAt(minute, key), term, contribution, sign);
      mark(hour, key, hash, sign);
    }
  }

  /** Where only figures change, one look at each bucket; authors stay as they are. */
  function replaceFigures(was: Contribution, is: Contribution): void {
    const base = table.baseOf(is);
    const minute = Math.floor(is.createdAt / grainMs.minute);
    replaceIn(cellAt(minute, base.all), was, is);
    for (const term of distinct(is.terms)) {
      const at = cellAt(minute, table.termOf(base, term));
      replaceIn(at, was, is);
      if (was.towards !== undefined) shift(at, term, was, -1);
      if (is.towards !== undefined) shift(at, term, is, 1);
    }
  }

  function replaceIn(at: number, was: Contribution, is: Contribution): void {
    if (was.sentiment !== is.sentiment) {
      if (was.sentiment !== undefined) bump(at, labels[was.sentiment], -1);
      if (is.sentiment !== undefined) bump(at, labels[is.sentiment], 1);
    }
    addCounts(at, was.counts, -1);
    addCounts(at, is.counts, 1);
  }

  return {
    cells,
    authors,
    get changes() {
      return changes;
    },
    get sums() {
      return sums;
    },
    get freshAt() {
      return freshAt;
    },
    add(change) {
      changes++;
      const cameAt = change.post?.receivedAt ?? change.at;
      if (freshAt === undefined || cameAt > freshAt) freshAt = cameAt;
      const { was } = change;
      const is = change.is ?? (change.post && contributionOf(change.post));
      if (was && is && staysInPlace(was, is)) return replaceFigures(was, is);
      if (was) each(was, -1);
      if (is) each(is, 1);
    },
  };
}

function staysInPlace(was: Contribution, is: Contribution): boolean {
  return (
    was.author === is.author &&
    was.language === is.language &&
    was.platform === is.platform &&
    was.source === is.source &&
    was.sensitivity === is.sensitivity &&
    was.region === is.region &&
    Math.floor(was.createdAt / grainMs.minute) === Math.floor(is.createdAt / grainMs.minute) &&
    was.terms.length === is.terms.length &&
    was.terms.every((term, i) => is.terms[i] === term)
  );
}

function distinct(terms: readonly string[]): Iterable<string> {
  return terms.length < 2 ? terms : new Set(terms);
}

function widen(authors: AuthorDeltas): void {
  const length = authors.hours.length * 2;
  const { hours, keys, hashes, signs } = authors;
  authors.hours = new Int32Array(length);
  authors.hours.set(hours);
  authors.keys = new Int32Array(length);
  authors.keys.set(keys);
  authors.hashes = new BigUint64Array(length);
  authors.hashes.set(hashes);
  authors.signs = new Int8Array(length);
  authors.signs.set(signs);
}
