import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import { postShown, type ReadFilter } from "../../core/filter.ts";
import type { PostId } from "../../core/ids.ts";
import type { Query } from "../../core/query.ts";
import { parseQuery } from "../../core/query-parser.ts";
import type { Sql } from "../../core/sql.ts";
import { queryRollups } from "../../stores/rollups-query.ts";
import type { Threads } from "../boot.ts";
import { makeLikeness } from "./likeness.ts";
import type { Engine, FacetRequest, RollupRequest, SearchRequest } from "../engine.ts";

/** The one read path: every question goes through `narrow`, whatever asks it. */
export function makeReading(options: { readonly threads: Threads; readonly sql: Sql; readonly narrow: (filter: ReadFilter) => ReadFilter }) {
  const { threads, sql, narrow } = options;
  const { caller } = threads.read;
  const queryOf = (q: string): Query => (q.trim() === "" ? { kind: "all" } : parseQuery(q));
  const reading = {
    async search(request: SearchRequest) {
      if (request.limit < 1 || request.limit > 1_000) throw new EarshotError("USAGE", `limit: expected 1 to 1,000, came ${request.limit}`);
      const page = await caller.call("search", {
        query: queryOf(request.q),
        filter: narrow(request.filter),
        limit: request.limit,
        cursor: request.cursor,
        order: request.order ?? "newest",
      });
      return { ...page, items: page.items.map((post) => postShown(request.filter, post)) };
    },
    count: (q: string, filter: ReadFilter, work?: number) => caller.call("count", { query: queryOf(q), filter: narrow(filter), work }),
    facets: (request: FacetRequest) =>
      caller.call("facets", {
        query: queryOf(request.q),
        filter: narrow(request.filter),
        options: { by: request.by, top: request.top, ...(request.maxRows !== undefined && { maxRows: request.maxRows }) },
      }),
    async post(id: PostId, filter: ReadFilter) {
      const found = await caller.call("get", { id, filter: narrow(filter) });
      return found && postShown(filter, found);
    },
    async *export(q: string, filter: ReadFilter, signal: AbortSignal): AsyncIterable<readonly Post[]> {
      const id = await caller.call("openExport", { query: queryOf(q), filter: narrow(filter) });
      try {
        while (!signal.aborted) {
          const page = await caller.call("nextExport", id);
          if (page === undefined) return;
          yield page.map((post) => postShown(filter, post));
        }
      } finally {
        await caller.call("closeExport", id);
      }
    },
    rollups: (request: RollupRequest) => queryRollups(sql, { ...request, filter: narrow(request.filter) }),
  } satisfies Partial<Engine>;
  return { ...reading, likeness: makeLikeness(reading) };
}
