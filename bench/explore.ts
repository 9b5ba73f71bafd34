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
import { makeChanges, termIds } from "./explore-posts.ts";
import { exploreQuestions, type Question, searchQuestions } from "./explore-questions.ts";
import { cpuSince, folderBytes, readCpu } from "./measure.ts";
import { makeFolder, startFedSystem, writeConfig } from "./system.ts";

/** How long Explore and Search take over many posts, asked through the API as the pages ask. */
const usage = "npm run bench:explore -- [--posts 10000000] [--rounds 8] [--only rollups,lake,search] [--folder where the stores of an earlier run lie, or are to be kept]";
const dayMs = 86_400_000;
const spanDays = 60;
const batchPosts = 20_000;
const { values } = parseArgs({
  options: { posts: { type: "string", default: "10000000" }, rounds: { type: "string", default: "8" }, only: { type: "string" }, folder: { type: "string" } },
});
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

const spanTo = (toMs: number) => (days: number) => ({ from: new Date(toMs - days * dayMs).toISOString(), to: new Date(toMs).toISOString() });

interface Timed {
  readonly name: string;
  readonly ms: number;
}
type Ask = (path: string, isKept: boolean) => Promise<string>;

function spread(times: readonly Timed[]): { readonly p50Ms: number; readonly p95Ms: number; readonly mostMs: number } {
  const sorted = times.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50Ms: at(0.5), p95Ms: at(0.95), mostMs: at(1) };
}

/** Each question `rounds` times, a round of all before the next: the first is what a cold cache costs, and counts too. */
async function measure(ask: Ask, list: readonly Question[]) {
  const times: Timed[] = [];
  /** Of the first path alone: when there is something to read. */
  const firsts: Timed[] = [];
  const by: Record<string, number> = {};
  const before = readCpu();
  for (let round = 0; round < rounds; round++) {
    for (const { name, paths, isKept = false } of list) {
      const startedAt = performance.now();
      const answers = await Promise.all(
        paths.map(async (path, index) => {
          const answer = await ask(path, isKept);
          if (index === 0) firsts.push({ name, ms: performance.now() - startedAt });
          return answer;
        }),
      );
      times.push({ name, ms: performance.now() - startedAt });
      const answered = /"answeredBy":"(\w+)"/.exec(answers[0] ?? "")?.[1];
      if (answered !== undefined && round === 0) by[answered] = (by[answered] ?? 0) + 1;
    }
  }
  const cpu = cpuSince(before);
  const kinds = [...Map.groupBy(times, ({ name }) => name)].map(([name, own]) => ({ name, ...spread(own) })).toSorted((a, b) => b.p95Ms - a.p95Ms);
  return {
    asked: times.length,
    ...spread(times),
    ...(list.some(({ paths }) => paths.length > 1) && { firstAnswer: spread(firsts) }),
    cpuMsEach: Math.round((cpu.totalSeconds * 1_000) / times.length),
    ...(Object.keys(by).length > 0 && { answeredBy: by }),
    kinds: kinds.length > 24 ? kinds.slice(0, 8) : kinds,
  };
}

/** A viewer who is kept to one platform and one brand, signed in by an invitation. */
async function signInKept(address: string, token: string): Promise<string> {
  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>>) =>
    fetch(address + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  const authorization = `Bearer ${token}`;
  await fetch(`${address}/api/v1/users/kept`, { method: "DELETE", headers: { authorization } });
  const invited = await post("/api/v1/users", { name: "kept", role: "viewer", platforms: ["mastodon"], terms: [termIds[0]] }, { authorization });
  const code = /"code":"([^"]+)"/.exec(await invited.text())?.[1];
  const signed = await post("/api/v1/session", { code }, { origin: address, "sec-fetch-site": "same-origin" });
  const cookie = signed.headers.get("set-cookie")?.split(";")[0];
  if (cookie === undefined) throw new Error(`kept user: ${invited.status} ${signed.status} ${await signed.text()}`);
  return cookie;
}

const own = values.folder === undefined ? makeFolder("explore", tmpdir()) : undefined;
const folder = own?.path ?? values.folder ?? "";
mkdirSync(folder, { recursive: true });
const startedAt = performance.now();
const took = existsSync(join(folder, "data", "search")) ? undefined : await fill(folder);
const fillSeconds = seconds(startedAt);
say(`filled in ${fillSeconds} s`);
const brandTerms = Object.fromEntries(termIds.map((id) => [id, { name: id, query: id }]));
const system = await startFedSystem(folder, (level, message) => level === "error" && say(message), undefined, { terms: brandTerms });
const served = await serveSystem(system, { host: "127.0.0.1", port: 0, pages: false });
try {
  const cookie = await signInKept(served.address, served.token);
  const ask: Ask = async (path, isKept) => {
    const response = await fetch(served.address + path, { headers: isKept ? { cookie } : { authorization: `Bearer ${served.token}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
    return text;
  };
  const stored = /"posts":(\d+)/.exec(await ask("/api/v1/posts/count", false))?.[1];
  // Of stores that an earlier run made: the hour after their newest post.
  const newestAt = /"createdAt":"([^"]+)"/.exec(await ask("/api/v1/posts?limit=1", false))?.[1];
  const toMs = Math.ceil(Date.parse(newestAt ?? "") / 3_600_000) * 3_600_000;
  const asked = { ...exploreQuestions(toMs), search: searchQuestions(spanTo(toMs)) };
  const figures: Record<string, unknown> = { posts: Number(stored), spanDays, ...(took !== undefined && { fillSeconds, took }) };
  for (const [name, list] of Object.entries(asked)) {
    if (values.only?.split(",").includes(name) === false) continue;
    figures[name] = await measure(ask, list);
    say(`${name}: ${JSON.stringify(figures[name])}`);
  }
  figures["bytes"] = Object.fromEntries(["search", "lake", "postgres"].map((name) => [name, folderBytes(join(folder, "data", name))]));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await served.stop();
  own?.[Symbol.dispose]();
}
