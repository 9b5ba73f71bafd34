import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../src/core/clock.ts";
import { parseEnvironment } from "../src/core/config.ts";
import { makeDiskFiles } from "../src/core/disk-files.ts";
import type { Store } from "../src/core/store.ts";
import { makeAuthorsOf } from "../src/runtime/authors-of.ts";
import { openBase } from "../src/runtime/boot.ts";
import { loadConfig } from "../src/runtime/load-config.ts";
import { serveSystem } from "../src/cli/serve.ts";
import { openLake } from "../src/stores/lake.ts";
import { makeCatalogManifest } from "../src/stores/lake-manifest-catalog.ts";
import { openRollups } from "../src/stores/rollups.ts";
import { makeAuthorHash } from "../src/stores/rollups-authors.ts";
import { openSearchStore } from "../src/stores/search.ts";
import { makeChanges, termIds, wordOf } from "./explore-posts.ts";
import { folderBytes } from "./measure.ts";
import { makeFolder, startFedSystem, writeConfig } from "./system.ts";

/** How long Explore and Search take over many posts, asked through the API as the pages ask. */
const usage = "npm run bench:explore -- [--posts 10000000] [--rounds 8] [--folder where the stores of an earlier run lie, or are to be kept]";
const dayMs = 86_400_000;
const spanDays = 60;
const batchPosts = 20_000;
const { values } = parseArgs({ options: { posts: { type: "string", default: "10000000" }, rounds: { type: "string", default: "8" }, folder: { type: "string" } } });
const [posts, rounds] = [Number(values.posts), Number(values.rounds)];
if (!Number.isInteger(posts) || posts < 10_000 || !Number.isInteger(rounds) || rounds < 1) throw new TypeError(usage);

const say = (line: string) => process.stderr.write(`${line}\n`);
const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
const seconds = (sinceMs: number) => Math.round((performance.now() - sinceMs) / 100) / 10;

/** Straight into the stores, by their own `apply`: what the log and the refining before them cost is another bench's matter. */
async function fill(folder: string): Promise<Readonly<Record<string, number>>> {
  const data = join(folder, "data");
  const files = makeDiskFiles();
  const { config } = await loadConfig(writeConfig(folder));
  await using base = await openBase({ environment: parseEnvironment({ EARSHOT_DATA: data }), config, files, clock: systemClock, report: () => undefined });
  const { sql } = base.catalog;
  await using search = await openSearchStore({ folder: join(data, "search"), clock: systemClock });
  await using lake = await openLake({ folder: join(data, "lake"), files, clock: systemClock, manifest: makeCatalogManifest(sql) });
  await using rollups = await openRollups({ sql, clock: systemClock, authorHash: makeAuthorHash(base.keys.ring.rollupAuthor), authorsOf: makeAuthorsOf(lake) });
  const stores: readonly Store[] = [search, lake, rollups];
  const took: Record<string, number> = { search: 0, lake: 0, rollups: 0 };
  const nowhere = new Map();
  let done = 0;
  for (const changes of makeChanges({ posts, fromMs: endMs - spanDays * dayMs, toMs: endMs, batch: batchPosts })) {
    for (const store of stores) {
      const startedAt = performance.now();
      await store.apply(changes, nowhere);
      took[store.name] = (took[store.name] ?? 0) + (performance.now() - startedAt) / 1_000;
    }
    done += changes.length;
    if (done % 200_000 === 0) say(`${done} posts; ${JSON.stringify(took)}`);
  }
  for (const store of stores) {
    const startedAt = performance.now();
    await store.flush();
    while ((await store.maintain({ forget: false })).owed > 0);
    took[store.name] = Math.round((took[store.name] ?? 0) + (performance.now() - startedAt) / 1_000);
  }
  return took;
}

interface Question {
  readonly name: string;
  /** Asked at once, as a page does. */
  readonly paths: readonly string[];
}

const span = (days: number) => ({ from: new Date(endMs - days * dayMs).toISOString(), to: new Date(endMs).toISOString() });
const explorePath = (days: number, fields: Readonly<Record<string, string>>) => `/api/v1/explore?${new URLSearchParams({ ...span(days), ...fields }).toString()}`;
const searchPaths = (q: string, order = "newest") => [
  `/api/v1/posts?${new URLSearchParams({ q, limit: "50", order }).toString()}`,
  `/api/v1/posts/facets?${new URLSearchParams({ q, by: "platform,language,sentiment,term,hashtag,link", top: "8", work: "8000" }).toString()}`,
  `/api/v1/posts/count?${new URLSearchParams({ q }).toString()}`,
];

function questions(): Readonly<Record<string, readonly Question[]>> {
  const sums: Question[] = [];
  for (const days of [1, 7, 30])
    for (const metric of ["posts", "engagement", "balance", "authors", "share-of-voice"])
      for (const by of ["", "platform", "language", "term"]) {
        const path = explorePath(days, { metric, ...(by !== "" && { by }) });
        sums.push({ name: `${metric} by ${by || "nothing"}, ${days} d`, paths: [path] });
      }
  const files: readonly (readonly [number, Readonly<Record<string, string>>])[] = [
    [30, { metric: "posts", by: "hashtag" }],
    [60, { metric: "posts", by: "hashtag" }],
    [30, { metric: "engagement", by: "sentiment" }],
    [60, { metric: "engagement-per-post", by: "sentiment" }],
    [30, { metric: "engagement", by: "platform", q: "language:en is:original" }],
    [60, { metric: "engagement", q: `term:${termIds[0]} OR term:${termIds[1]}` }],
    [30, { metric: "authors", q: "sentiment:negative", by: "platform" }],
    [60, { metric: "engagement", by: "hour-of-week", q: "has:link" }],
  ];
  const [frequent, mid, rare] = [wordOf(3), wordOf(150), wordOf(9_000)];
  const found = [
    rare,
    mid,
    frequent,
    `${frequent} ${mid}`,
    `"${wordOf(0)} ${wordOf(1)}"`,
    `${mid} NOT ${frequent}`,
    `${mid} OR ${rare}`,
    `${frequent} language:de`,
    `${mid} platform:bluesky sentiment:negative`,
    `${frequent} -language:en`,
    `term:${termIds[0]}`,
    `term:${termIds[2]} sentiment:negative created:${span(7).from}..`,
    `hashtag:tag12 platform:mastodon`,
    `language:de created:${span(1).from}..`,
    `${frequent} created:${span(7).from}..${span(3).from}`,
    "",
  ];
  return {
    rollups: sums,
    lake: files.map(([days, fields]) => ({ name: `${JSON.stringify(fields)}, ${days} d`, paths: [explorePath(days, fields)] })),
    search: [...found.map((q) => ({ name: q === "" ? "everything" : q, paths: searchPaths(q) })), { name: `${mid} by relevance`, paths: searchPaths(mid, "relevance") }],
  };
}

interface Timed {
  readonly name: string;
  readonly ms: number;
}

async function measure(ask: (path: string) => Promise<string>, list: readonly Question[]) {
  const times: Timed[] = [];
  const by: Record<string, number> = {};
  for (const { name, paths } of list) {
    // The first asking is what a cold cache costs; it counts too.
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      const answers = await Promise.all(paths.map(ask));
      times.push({ name, ms: performance.now() - startedAt });
      const answered = /"answeredBy":"(\w+)"/.exec(answers[0] ?? "")?.[1];
      if (answered !== undefined && round === 0) by[answered] = (by[answered] ?? 0) + 1;
    }
  }
  const sorted = times.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  const slowest = [...Map.groupBy(times, ({ name }) => name)]
    .map(([name, own]) => ({ name, medianMs: Math.round(own.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(own.length / 2)] ?? 0) }))
    .toSorted((a, b) => b.medianMs - a.medianMs)
    .slice(0, 6);
  return { asked: times.length, p50Ms: at(0.5), p95Ms: at(0.95), mostMs: at(1), ...(Object.keys(by).length > 0 && { answeredBy: by }), slowest };
}

const own = values.folder === undefined ? makeFolder("explore", tmpdir()) : undefined;
const folder = own?.path ?? values.folder ?? "";
mkdirSync(folder, { recursive: true });
const startedAt = performance.now();
const took = existsSync(join(folder, "data", "search")) ? undefined : await fill(folder);
const fillSeconds = seconds(startedAt);
say(`filled in ${fillSeconds} s`);
const system = await startFedSystem(folder, (level, message) => level === "error" && say(message));
const served = await serveSystem(system, { host: "127.0.0.1", port: 0, pages: false });
try {
  const ask = async (path: string) => {
    const response = await fetch(served.address + path, { headers: { authorization: `Bearer ${served.token}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
    return text;
  };
  const stored = /"posts":(\d+)/.exec(await ask("/api/v1/posts/count"))?.[1];
  const figures: Record<string, unknown> = { posts: Number(stored), spanDays, ...(took !== undefined && { fillSeconds, took }) };
  for (const [name, list] of Object.entries(questions())) {
    figures[name] = await measure(ask, list);
    say(`${name}: ${JSON.stringify(figures[name])}`);
  }
  figures["bytes"] = Object.fromEntries(["search", "lake", "postgres"].map((name) => [name, folderBytes(join(folder, "data", name))]));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await served.stop();
  own?.[Symbol.dispose]();
}
