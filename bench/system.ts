import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../src/core/component.ts";
import { makeDiskFiles } from "../src/core/disk-files.ts";
import { systemClock } from "../src/core/clock.ts";
import { openSearchReader, type SearchReader } from "../src/stores/search-reader.ts";
import { openLake } from "../src/stores/lake.ts";
import { makeFileManifest } from "../src/stores/lake-manifest.ts";
import { makeCatalogManifest } from "../src/stores/lake-manifest-catalog.ts";
import { queryRollups } from "../src/stores/rollups-query.ts";
import { parseEnvironment } from "../src/core/config.ts";
import { type Base, openBase } from "../src/runtime/boot.ts";
import { loadConfig } from "../src/runtime/load-config.ts";
import { startSystem, type System } from "../src/runtime/system.ts";
import { brands } from "../world/brands.ts";
import { fedSources } from "./feed.ts";
import type { AskRollups } from "./rollups.ts";
import type { StoredPost } from "./truth.ts";

/** The posts' dates are long past: retention, which comes every ten minutes, must not take them from a long run. */
const longDays = 36_500;

/** The configuration of a fed system: two sources that connect to nothing, and the world's brands as terms. */
export function writeConfig(folder: string, extra: Readonly<Record<string, unknown>> = {}): string {
  const terms = Object.fromEntries(brands.map(({ id, name }) => [id, { name, query: name }]));
  const path = join(folder, "earshot.config.mjs");
  writeFileSync(
    path,
    `export default ${JSON.stringify({ sources: fedSources, terms, world: false, limits: { searchMaxAgeDays: longDays, lakeMaxAgeDays: longDays }, ...extra })};\n`,
  );
  return path;
}

export function makeFolder(name: string, within = tmpdir()): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(within, `earshot-${name}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The whole system without its web server, collecting nothing by itself. */
export function startFedSystem(folder: string, report: Report, onStep: (step: string) => void = () => undefined, extra: Readonly<Record<string, unknown>> = {}): Promise<System> {
  return startSystem({ collect: false, env: { EARSHOT_DATA: join(folder, "data"), EARSHOT_CONFIG: writeConfig(folder, extra) }, report, onStep });
}

const pollEveryMs = 50;

/** Resolves when every frame of `events` is refined and every change is durable in every store; then, where asked, when compaction owes nothing. */
export async function untilStored(system: System, settle: boolean): Promise<void> {
  const { base, threads } = system;
  const wait = () => Promise.race([systemClock.sleep(pollEveryMs), system.failed]);
  for (;;) {
    const events = await base.log.state("events");
    const refined = new Map((await Promise.all(threads.refine.map((thread) => thread.caller.call("state", undefined)))).flat().map((part) => [part.partition, part.next]));
    if (events.every(({ partition, next }) => (refined.get(partition) ?? 0) >= next)) break;
    await wait();
  }
  const posts = await base.log.state("posts");
  for (;;) {
    const committed = await base.log.committed("posts", "stores");
    if (posts.every(({ partition, next }) => (committed.get(partition) ?? 0) >= next)) break;
    await wait();
  }
  for (;;) {
    if (settle) await threads.stores.caller.call("settle", { forget: false });
    else await threads.stores.caller.call("flush", undefined);
    const stores = await threads.stores.caller.call("state", undefined);
    const behind = stores.some((store) => {
      const durable = new Map(store.durable);
      return posts.some(({ partition, next }) => (durable.get(partition) ?? 0) < next);
    });
    if (!behind) return;
    await wait();
  }
}

/** Every post that a query without conditions finds. */
export async function* foundPosts(reader: SearchReader): AsyncGenerator<readonly StoredPost[]> {
  for await (const posts of reader.export({ kind: "all" }, {}, new AbortController().signal)) {
    yield posts.map((post) => ({ id: post.id, counts: post.counts, body: post.text === "" ? undefined : post }));
  }
}

export interface StoredPosts {
  readonly search: AsyncIterable<readonly StoredPost[]>;
  readonly lake: AsyncIterable<readonly StoredPost[]>;
  readonly rollups: AskRollups;
  readonly base: Base;
}

/** What a stopped system's stores hold. */
export async function withStores<T>(folder: string, report: Report, use: (stores: StoredPosts) => Promise<T>): Promise<T> {
  const data = join(folder, "data");
  const files = makeDiskFiles();
  const { config } = await loadConfig(writeConfig(folder));
  await using base = await openBase({ environment: parseEnvironment({ EARSHOT_DATA: data }), config, files, clock: systemClock, report });
  const { sql } = base.catalog;
  const inCatalog = (await sql.query("select to_regclass('lake_state') is not null as there")).rows[0]?.["there"] === true;
  const manifest = inCatalog ? makeCatalogManifest(sql) : makeFileManifest(files, join(data, "lake"));
  using reader = openSearchReader({ folder: join(data, "search") });
  await using lake = await openLake({ folder: join(data, "lake"), files, clock: systemClock, manifest });
  const rows = async function* () {
    for await (const posts of lake.reader.all({})) yield posts.map((post) => ({ id: post.id, counts: post.counts, body: post }));
  };
  return await use({ search: foundPosts(reader), lake: rows(), rollups: (request) => queryRollups(sql, request), base });
}
