import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "../../src/core/config.ts";
import type { AuthorId, PostId } from "../../src/core/ids.ts";
import { makePseudonyms, type Pseudonyms } from "../../src/ledger/pseudonyms.ts";
import type { RollupRow } from "../../src/runtime/engine.ts";
import { decodeRaw } from "../../src/runtime/raw-frame.ts";
import { startSystem, type System } from "../../src/runtime/system.ts";
import { lastingLimits } from "../api.fixtures.ts";

export const nobody = new AbortController().signal;

/** A folder that goes with the test. */
export function makeFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "earshot-e2e-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Running extends AsyncDisposable {
  readonly system: System;
  readonly engine: System["engine"];
  readonly pseudonyms: Pseudonyms;
  /** Warnings and errors that were reported. */
  readonly told: readonly string[];
  stop(): Promise<void>;
}

let configurations = 0;

/** Starts the whole system in the folder; again in the same folder: what was there goes on. */
export async function startIn(
  folder: string,
  config: ConfigInput,
  options: { readonly collect?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Running> {
  mkdirSync(folder, { recursive: true });
  // A module is read once a process, so each start has a file of its own.
  const file = join(folder, `config-${++configurations}.mjs`);
  writeFileSync(file, `export default ${JSON.stringify({ world: false, partitions: 3, workers: 2, ...config, limits: { ...lastingLimits, ...config.limits } })};\n`);
  const told: string[] = [];
  const system = await startSystem({
    collect: options.collect ?? true,
    env: { EARSHOT_DATA: join(folder, "data"), EARSHOT_CONFIG: file, ...options.env },
    report: (level, message) => {
      if (level === "warn" || level === "error") told.push(`${level}: ${message}`);
    },
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= system.stop());
  return { system, engine: system.engine, pseudonyms: makePseudonyms(system.base.keys.ring), told, stop, [Symbol.asyncDispose]: stop };
}

/** Resolves once the condition holds; throws what was still missing. */
export async function until(what: () => string, holds: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const endAt = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > endAt) throw new Error(`not within ${withinMs / 1000} s: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** What lies in `events` is refined, applied by every store and durable. */
export async function settle({ system }: Running): Promise<void> {
  for (const { partition, next } of await system.base.log.state("events")) {
    if (next > 0) await system.threads.refineOf(partition).caller.call("outcomes", { partition, offsets: [next - 1] });
  }
  await system.threads.stores.caller.call("drain", undefined);
}

/** Whatever was rejected so far can be listed. */
export async function indexed({ system, engine }: Running): Promise<void> {
  const ends = async () => (await system.base.log.state("rejected")).reduce((sum, { next }) => sum + next, 0);
  const known = async () => Number((await engine.sql.query("select count(*) as count from quarantine")).rows[0]?.["count"] ?? 0);
  await until(
    () => "the quarantine's index follows the log",
    async () => (await known()) >= (await ends()),
  );
}

/** Follows `events`: resolves when each of the messages is durable there, as it was sent. */
export function makeArrivals(): { waitFor(running: Running, wires: readonly string[], withinMs?: number): Promise<void> } {
  const seen = new Set<string>();
  const next = new Map<number, number>();
  return {
    async waitFor({ system }, wires, withinMs = 60_000) {
      const missing = new Set(wires.filter((wire) => !seen.has(wire)));
      const look = async () => {
        for (let partition = 0; partition < system.base.partitions; partition++) {
          for await (const { frames, firstOffset } of system.base.log.read("events", partition, next.get(partition) ?? 0)) {
            for (let i = 0; i < frames.count; i++) {
              const raw = decodeRaw(frames, i, new Map());
              if (raw === undefined) continue;
              const text = Buffer.from(raw.bytes).toString();
              seen.add(text);
              missing.delete(text);
            }
            next.set(partition, firstOffset + frames.count);
          }
        }
        return missing.size === 0;
      };
      await until(() => `${missing.size} of ${wires.length} messages are not in the log, as ${[...missing][0]?.slice(0, 300)}`, look, withinMs);
    },
  };
}

export async function importLines({ engine }: Running, lines: readonly (string | Uint8Array | object)[], platform = "import") {
  const bytes = lines.flatMap((line) => [line instanceof Uint8Array ? line : Buffer.from(typeof line === "string" ? line : JSON.stringify(line)), Buffer.from("\n")]);
  async function* chunks() {
    yield* bytes;
  }
  return engine.import(chunks(), { platform });
}

export interface Totals {
  readonly posts: number;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
}

export const allTime = { fromMs: Date.UTC(2000), toMs: Date.UTC(2040) };

export async function totalsBy(
  running: Running,
  by: "platform" | "language" | "term" | "source",
  filter: Parameters<System["engine"]["rollups"]>[0]["filter"] = {},
): Promise<Record<string, Totals>> {
  const { rows } = await running.engine.rollups({ ...allTime, grain: "all", by: [by], filter });
  return Object.fromEntries(rows.map((row) => [row[by] ?? "", totalsOf(row)]));
}

export function totalsOf({ posts, likes, shares, replies }: RollupRow): Totals {
  return { posts, likes, shares, replies };
}

/** Ids of everything that the query finds. */
export async function idsOf({ engine }: Running, q: string): Promise<Set<PostId>> {
  const found = new Set<PostId>();
  for await (const page of engine.export(q, {}, nobody)) for (const post of page) found.add(post.id);
  return found;
}

export async function foundIn({ engine }: Running, text: string): Promise<Record<string, number>> {
  const { stores } = await engine.find(text);
  return Object.fromEntries(stores.map(({ store, hits }) => [store, hits]));
}

export function eraseNow({ engine }: Running, author: AuthorId, objection = false) {
  return engine.erase(author, { reason: objection ? "objection" : "subject-request", objection, now: true, actor: "test" });
}
