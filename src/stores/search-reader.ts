import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { toEarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import { isAllowed } from "../core/filter.ts";
import type { PostId } from "../core/ids.ts";
import type { Query } from "../core/query.ts";
import { fingerprintOf, formatCursor, formatRankedCursor, parseCursor, parseRankedCursor, type SearchOrder, type SearchPlace } from "./search-cursor.ts";
import { facetsOf, type SearchFacetOptions, type SearchFacets } from "./search-facets.ts";
import { groupsOf, type SearchGrouping, type SearchGroups } from "./search-groups.ts";
import { type FoundPost, foundColumns, type MonthReading, openMonthReading, windowFrom, windowTo } from "./search-reading.ts";
import { rankedOf } from "./search-ranked.ts";
import { type MonthName, monthOf, monthOfFile } from "./search-schema.ts";
import { type SpreadFound, spreadOf, type SpreadRequest, type SpreadTie } from "./search-spread.ts";

export interface WantedBody {
  readonly id: PostId;
  readonly createdAt: number;
  readonly platform: string;
  readonly source: string;
}

/** Bodies that `recent` has let go, from a store that keeps all; those it does not have are left out. */
export type FetchBodies = (wanted: readonly WantedBody[]) => Promise<ReadonlyMap<PostId, Post>>;

export interface SearchReaderOptions {
  /** The store's folder; it may be missing yet. */
  readonly folder: string;
  readonly fetchBodies?: FetchBodies;
  readonly maxOpenMonths?: number;
}

export interface SearchPageOptions {
  /** 1 to 1,000; more is cut. */
  readonly limit: number;
  readonly cursor?: string;
  /** Absent: the newest first. */
  readonly order?: SearchOrder;
}

export interface SearchHits {
  /** In the order asked for. A post whose body no store has any more comes with an empty text. */
  readonly items: readonly Post[];
  /** Absent: there is nothing more. */
  readonly next?: string;
  /** Of the most engaged and the most relevant: how many matches were compared, the newest; `all`: there are no others. */
  readonly ranked?: { readonly compared: number; readonly all: boolean };
}

export interface SearchSpread extends Omit<SpreadFound, "shown"> {
  readonly shown: readonly { readonly tie: SpreadTie; readonly post: Post }[];
}

export interface SearchCount {
  readonly posts: number;
  /** False: scaled up from a sample; 95% of the time the number lies from `low` to `high`. */
  readonly exact: boolean;
  readonly low?: number;
  readonly high?: number;
}

/** Reads a store's folder while the store writes; usable in any thread. Throws QUERY_INVALID, STORE_CORRUPT. */
export interface SearchReader extends Disposable {
  search(query: Query, filter: ReadFilter, options: SearchPageOptions): Promise<SearchHits>;
  /** @param options.work posts that may be looked at: as of facets; words alone are counted without a look, many more of them for the same work */
  count(query: Query, filter: ReadFilter, options?: { readonly work?: number }): Promise<SearchCount>;
  facets(query: Query, filter: ReadFilter, options: SearchFacetOptions): Promise<SearchFacets>;
  groups(query: Query, filter: ReadFilter, grouping: SearchGrouping): Promise<SearchGroups>;
  spread(request: SpreadRequest, filter: ReadFilter): Promise<SearchSpread>;
  /** createdAt, where known, makes it one look-up; else the months are scanned. */
  get(id: PostId, filter: ReadFilter, createdAt?: number): Promise<Post | undefined>;
  /** Where it stands: the month's file, its row, and whether its body lies beside. */
  place(id: PostId, createdAt: number): { readonly month: string; readonly row: number; readonly body: "index" | "lake" } | undefined;
  /** All hits, newest first, a page at a time. @param options.onlyWhole leaves out those whose body no store has any more */
  export(query: Query, filter: ReadFilter, signal: AbortSignal, options?: { readonly onlyWhole?: boolean }): AsyncIterable<readonly Post[]>;
}

const firstWindowRows = 1_000;
const mostWindowRows = 256_000;
const exportPage = 500;

export function openSearchReader(options: SearchReaderOptions): SearchReader {
  const { folder, maxOpenMonths = 24 } = options;
  const open = new Map<string, { readonly reading: MonthReading; readonly inode: number }>();

  /** Newest first. */
  const months = (): MonthName[] => {
    let files: string[];
    try {
      files = readdirSync(folder);
    } catch {
      return [];
    }
    return files
      .map(monthOfFile)
      .filter((month) => month !== undefined)
      .sort((a, b) => b.startMs - a.startMs);
  };

  /** undefined: the file is gone, or only being made. A file that was removed and made again is another one. */
  const readingOf = (month: MonthName): MonthReading | undefined => {
    const file = path.join(folder, `${month.name}.sqlite`);
    const inode = statSync(file, { throwIfNoEntry: false })?.ino;
    const known = open.get(month.name);
    if (known && known.inode === inode) {
      open.delete(month.name);
      open.set(month.name, known);
      return known.reading;
    }
    if (known) {
      open.delete(month.name);
      known.reading.close();
    }
    if (inode === undefined) return undefined;
    const reading = openMonthReading(file, month);
    if (reading === undefined) return undefined;
    const oldest = open.entries().next();
    if (open.size >= maxOpenMonths && !oldest.done) {
      open.delete(oldest.value[0]);
      oldest.value[1].reading.close();
    }
    open.set(month.name, { reading, inode });
    return reading;
  };

  const withBodies = async (found: readonly FoundPost[], onlyWhole = false): Promise<Post[]> => {
    const missing = found.filter(({ post }) => post === undefined).map(({ id, contribution: { createdAt, platform, source } }) => ({ id, createdAt, platform, source }));
    const fetched = missing.length > 0 && options.fetchBodies ? await options.fetchBodies(missing) : new Map<PostId, Post>();
    const kept = onlyWhole ? found.filter(({ id, post }) => post !== undefined || fetched.has(id)) : found;
    return kept.map(({ id, contribution, post }): Post => {
      if (post) return post;
      const { author, platform, source, createdAt, language, terms, sensitivity, region, counts } = contribution;
      const body = fetched.get(id) ?? { id, text: "", receivedAt: createdAt, revision: 0, hashtags: [], mentions: [], links: [] };
      // The index is the newer of the two: counts and terms change without the body.
      return { ...body, author, platform, source, createdAt, language, terms, sensitivity, region, counts };
    });
  };

  const guarded = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (thrown) {
      throw toEarshotError(thrown, "STORE_UNAVAILABLE", "search");
    }
  };

  /** Up to `limit` rows of a month, from `beside` on: down, or up. */
  const pageOf = async (reading: MonthReading, query: Query, filter: ReadFilter, beside: number | undefined, limit: number, ascending: boolean): Promise<FoundPost[]> => {
    const plan = reading.plan(query, filter);
    const bounds = plan && reading.bounds();
    if (!plan || !bounds) return [];
    let lo = Math.max(bounds.lo, plan.from, ...(ascending && beside !== undefined ? [beside + 1] : []));
    let hi = Math.min(bounds.hi, plan.to - 1 + bounds.maxShift, ...(!ascending && beside !== undefined ? [beside - 1] : []));
    const found: FoundPost[] = [];
    // Words alone stop by themselves once the page is full; conditions beside them are tried window by window, but for a prefix, which each window reads whole.
    let rows = plan.match !== undefined && (plan.where.length === 0 || plan.hasPrefix) ? Number.MAX_SAFE_INTEGER : firstWindowRows;
    while (hi >= lo && found.length < limit) {
      const isWhole = rows === Number.MAX_SAFE_INTEGER;
      const from = ascending || isWhole ? lo : windowFrom(bounds, lo, hi, rows);
      const to = ascending && !isWhole ? windowTo(bounds, lo, hi, rows) : hi;
      found.push(...reading.found(reading.select(plan, foundColumns, from, to, { limit: limit - found.length, ascending })));
      if (ascending) lo = to + 1;
      else hi = from - 1;
      rows = Math.min(rows * 4, mostWindowRows);
      if (hi >= lo && found.length < limit) await setImmediate();
    }
    return found;
  };

  const page = async (
    query: Query,
    filter: ReadFilter,
    limit: number,
    place: SearchPlace | undefined,
    { ascending = false, onlyWhole = false }: { readonly ascending?: boolean; readonly onlyWhole?: boolean } = {},
  ): Promise<{ posts: Post[]; next: SearchPlace | undefined }> => {
    const found: FoundPost[] = [];
    let next: SearchPlace | undefined;
    for (const month of ascending ? months().toReversed() : months()) {
      if (place && (ascending ? month.startMs < place.monthMs : month.startMs > place.monthMs)) continue;
      const reading = readingOf(month);
      if (reading === undefined) continue;
      const beside = place && month.startMs === place.monthMs ? place.row : undefined;
      const more = await pageOf(reading, query, filter, beside, limit - found.length, ascending);
      found.push(...more);
      const last = more.at(-1);
      if (found.length >= limit && last) {
        next = { monthMs: month.startMs, row: last.row };
        break;
      }
    }
    // Where a millisecond is crowded, rows are near their time, not at it.
    const posts = (await withBodies(found, onlyWhole)).sort((a, b) => (ascending ? a.createdAt - b.createdAt : b.createdAt - a.createdAt));
    return { posts, next };
  };

  const best = async (query: Query, filter: ReadFilter, by: "engaged" | "relevance", limit: number, cursor: string | undefined): Promise<SearchHits> => {
    const of = fingerprintOf(query, filter, by);
    const after = cursor === undefined ? undefined : parseRankedCursor(cursor, of);
    const ranked = await rankedOf(
      months().flatMap((month) => readingOf(month) ?? []),
      query,
      filter,
      { by, limit, after },
    );
    const known = new Map<string, FoundPost>();
    for (const [reading, rows] of Map.groupBy(ranked.rows, (row) => row.reading))
      for (const found of reading.found(reading.rowsAt(rows.map(({ row }) => row)))) known.set(`${reading.month.startMs} ${found.row}`, found);
    const found = ranked.rows.flatMap(({ reading, row }) => known.get(`${reading.month.startMs} ${row}`) ?? []);
    const { compared, all, next } = ranked;
    return { items: await withBodies(found), ...(next && { next: formatRankedCursor(next, of) }), ranked: { compared, all } };
  };

  return {
    search: (query, filter, { limit, cursor, order = "newest" }) =>
      guarded(async () => {
        const most = Math.min(1_000, Math.max(1, Math.floor(limit)));
        if (order === "engaged" || order === "relevance") return best(query, filter, order, most, cursor);
        const of = fingerprintOf(query, filter, order);
        const place = cursor === undefined ? undefined : parseCursor(cursor, of);
        const { posts, next } = await page(query, filter, most, place, { ascending: order === "oldest" });
        return { items: posts, ...(next && { next: formatCursor(next, of) }) };
      }),
    count: (query, filter, { work } = {}) =>
      guarded(async () => {
        const readings = months().flatMap((month) => readingOf(month) ?? []);
        const { facets: _none, ...count } = await facetsOf(readings, query, filter, { by: [], top: 0, ...(work !== undefined && { maxRows: work }) });
        return count;
      }),
    facets: (query, filter, facetOptions) =>
      guarded(() =>
        facetsOf(
          months().flatMap((month) => readingOf(month) ?? []),
          query,
          filter,
          facetOptions,
        ),
      ),
    groups: (query, filter, grouping) =>
      guarded(() =>
        groupsOf(
          months().flatMap((month) => readingOf(month) ?? []),
          query,
          filter,
          grouping,
        ),
      ),
    spread: (request, filter) =>
      guarded(async () => {
        const { shown, ...counted } = await spreadOf(
          months().flatMap((month) => readingOf(month) ?? []),
          filter,
          request,
        );
        const posts = await withBodies(shown.map(({ found }) => found));
        return { ...counted, shown: posts.flatMap((post, i) => (shown[i] === undefined ? [] : [{ tie: shown[i].tie, post }])) };
      }),
    get: (id, filter, createdAt) =>
      guarded(async () => {
        for (const month of createdAt === undefined ? months() : [monthOf(createdAt)]) {
          const reading = readingOf(month);
          const row = reading?.findId(id, createdAt);
          if (!reading || !row) continue;
          const [found] = reading.found([row]);
          if (found && isAllowed(filter, found.contribution)) return (await withBodies([found]))[0];
          return undefined;
        }
        return undefined;
      }),
    place(id, createdAt) {
      const month = monthOf(createdAt);
      const reading = readingOf(month);
      const row = reading?.findId(id, createdAt);
      const [found] = reading && row ? reading.found([row]) : [];
      return found && { month: month.name, row: found.row, body: found.post === undefined ? "lake" : "index" };
    },
    async *export(query, filter, signal, { onlyWhole = false } = {}) {
      let place: SearchPlace | undefined;
      do {
        signal.throwIfAborted();
        const before: SearchPlace | undefined = place;
        const { posts, next } = await guarded(() => page(query, filter, exportPage, before, { onlyWhole }));
        if (posts.length > 0) yield posts;
        place = next;
      } while (place);
    },
    [Symbol.dispose]() {
      for (const { reading } of open.values()) reading.close();
      open.clear();
    },
  };
}
