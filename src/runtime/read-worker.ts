import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { EarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import type { WordSpace } from "../core/linking.ts";
import type { PostId } from "../core/ids.ts";
import type { Query } from "../core/query.ts";
import { openLedgerReader } from "../ledger/ledger-reader.ts";
import { openLibrary } from "../models/library.ts";
import { makeWordSpace } from "../models/word-space.ts";
import { openDuplicatesReader } from "../stores/duplicates-reader.ts";
import type { SearchOrder } from "../stores/search-cursor.ts";
import type { SearchFacetOptions } from "../stores/search-facets.ts";
import type { SearchGrouping } from "../stores/search-groups.ts";
import { openSearchReader, type WantedBody } from "../stores/search-reader.ts";
import type { SpreadRequest } from "../stores/search-spread.ts";
import { connect, serve } from "./rpc.ts";
import { sampleTopics, type TopicsSampleRequest } from "./topics-sample.ts";

/** The thread that answers questions: a long search holds up no connection and no collection. */
const port = parentPort;
if (port === null) throw new TypeError("read-worker: a worker thread only");
const data: ReadWorkerData = workerData;

export interface ReadWorkerData {
  readonly folder: string;
}

/** What this thread asks of the main one. */
export interface ReadWorkerNeeds extends Record<string, (argument: never) => unknown> {
  bodies(wanted: readonly WantedBody[]): Promise<ReadonlyMap<PostId, Post>>;
  /** Asked of the thread that refines the post: its ledger is ahead of the file that is read here. */
  createdAtOf(id: PostId): Promise<number | undefined>;
}
const main = connect<ReadWorkerNeeds>(port);
const reader = openSearchReader({ folder: join(data.folder, "search"), fetchBodies: (wanted) => main.call("bodies", wanted) });
const duplicates = openDuplicatesReader({ folder: join(data.folder, "duplicates") });
const ledger = openLedgerReader({ folder: join(data.folder, "ledger") });

let space: WordSpace | undefined;

interface Export {
  readonly pages: AsyncIterator<readonly Post[]>;
  readonly abort: AbortController;
}
const exports = new Map<number, Export>();
const mostExports = 16;
/** Near-duplicates that are looked up one by one. */
const mostCopies = 2_000;
let lastExport = 0;

const handlers = {
  async search(asked: { readonly query: Query; readonly filter: ReadFilter; readonly limit: number; readonly cursor: string | undefined; readonly order: SearchOrder }) {
    const page = await reader.search(asked.query, asked.filter, { limit: asked.limit, order: asked.order, ...(asked.cursor !== undefined && { cursor: asked.cursor }) });
    return { ...page, copies: duplicates.numbersOf(page.items.map((post) => post.id)) };
  },
  copiesOf: (asked: { readonly id: PostId; readonly limit: number }) => duplicates.groupOf(asked.id, asked.limit)?.ids ?? [],
  count: (asked: { readonly query: Query; readonly filter: ReadFilter; readonly work?: number | undefined }) =>
    reader.count(asked.query, asked.filter, asked.work === undefined ? {} : { work: asked.work }),
  facets: (asked: { readonly query: Query; readonly filter: ReadFilter; readonly options: SearchFacetOptions }) => reader.facets(asked.query, asked.filter, asked.options),
  groups: (asked: { readonly query: Query; readonly filter: ReadFilter; readonly grouping: SearchGrouping }) => reader.groups(asked.query, asked.filter, asked.grouping),
  async get(asked: { readonly id: PostId; readonly filter: ReadFilter }) {
    const known = ledger.lookup(asked.id);
    const knownAt = known?.status === "post" ? known.contribution.createdAt : undefined;
    const found = knownAt === undefined ? undefined : await reader.get(asked.id, asked.filter, knownAt);
    if (found !== undefined) return found;
    const freshAt = await main.call("createdAtOf", asked.id);
    const fresh = freshAt === undefined || freshAt === knownAt ? undefined : await reader.get(asked.id, asked.filter, freshAt);
    // An edit moved its date, and the index still has it under the old one: it is sought everywhere.
    return fresh ?? (knownAt === undefined ? undefined : await reader.get(asked.id, asked.filter, undefined));
  },
  topics: (asked: TopicsSampleRequest) => sampleTopics(reader, () => (space ??= makeWordSpace(openLibrary().vectors())), asked),
  spread(asked: Omit<SpreadRequest, "copies" | "copiesAreAll"> & { readonly filter: ReadFilter }) {
    const groups = [asked.root, ...asked.beside].map((id) => duplicates.membersOf(id, mostCopies));
    const copies = [...new Map(groups.flatMap(({ members }) => members.map((one) => [one.id, one] as const))).values()];
    return reader.spread({ ...asked, copies, copiesAreAll: groups.every(({ posts, members }) => posts === members.length) }, asked.filter);
  },
  place: (asked: { readonly id: PostId; readonly createdAt: number }) => reader.place(asked.id, asked.createdAt),
  openExport(asked: { readonly query: Query; readonly filter: ReadFilter; readonly onlyWhole?: boolean }) {
    if (exports.size >= mostExports) throw new EarshotError("LIMIT_REACHED", `export: ${mostExports} are running already`);
    const abort = new AbortController();
    const id = ++lastExport;
    exports.set(id, { abort, pages: reader.export(asked.query, asked.filter, abort.signal, { onlyWhole: asked.onlyWhole === true })[Symbol.asyncIterator]() });
    return id;
  },
  async nextExport(id: number): Promise<readonly Post[] | undefined> {
    const found = exports.get(id);
    if (found === undefined) return undefined;
    const page = await found.pages.next();
    if (page.done === true) exports.delete(id);
    return page.done === true ? undefined : page.value;
  },
  closeExport(id: number) {
    exports.get(id)?.abort.abort();
    exports.delete(id);
  },
  /** Of these posts, those that are deleted, erased, or older than what is kept. */
  gone: (ids: readonly PostId[]) => ids.filter((id) => ledger.lookup(id)?.status !== "post"),
  postsOf: (author: Parameters<typeof ledger.postsOf>[0]) => ledger.postsOf(author).map((row) => row.id),
  stop() {
    for (const { abort } of exports.values()) abort.abort();
    reader[Symbol.dispose]();
    duplicates[Symbol.dispose]();
    ledger[Symbol.dispose]();
  },
};
export type ReadHandlers = typeof handlers;
serve(port, handlers);
port.postMessage({ ready: true });
