import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { type ConfigFault, type Environment, parseEnvironment, refuseFaults } from "../core/config.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import { openHttp } from "../http/client.ts";
import { makePseudonyms } from "../ledger/pseudonyms.ts";
import { openCursors } from "../registers/cursors.ts";
import { type Base, openBase, startThreads, type Threads } from "./boot.ts";
import { defineSource, makeCollector, type SourceDefinition } from "./collect.ts";
import type { Engine, EngineHealth } from "./engine.ts";
import type { Access } from "./access.ts";
import { importLines } from "./import.ts";
import type { KeyHashes } from "./ingest.ts";
import { loadConfig } from "./load-config.ts";
import { makeLimits } from "./parts/limits.ts";
import { makeReading } from "./parts/read.ts";
import { makeStats } from "./parts/stats.ts";
import { readSecret } from "./secrets.ts";
import { startWorldProcess, worldSources, worldTokenReference } from "./world-process.ts";
import type { WorkerSource, WorkerTerm } from "./worker-data.ts";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface SystemOptions {
  /** False: answers questions and imports, collects nothing. */
  readonly collect: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly report?: Report;
  /** Told of each step of a start. */
  readonly onStep?: (step: string) => void;
}

export interface System {
  readonly engine: Engine;
  readonly access: Access;
  /** A one-time code for the page. */
  makeLink(): Promise<string>;
  readonly base: Base;
  readonly threads: Threads;
  readonly environment: Environment;
  readonly report: Report;
  /** Rejects when the system can go on no longer. */
  readonly failed: Promise<never>;
  /** Collection ends, what came is refined and stored, all is closed. */
  stop(): Promise<void>;
}

export const version: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest && typeof manifest.version === "string" ? manifest.version : "0.0.0";
}

export async function startSystem(options: SystemOptions): Promise<System> {
  const env = options.env ?? process.env;
  const environment = parseEnvironment(env);
  const report = options.report ?? (() => undefined);
  const step = options.onStep ?? (() => undefined);
  const clock = systemClock;
  const files = makeDiskFiles();
  const { config, sources: configured } = await loadConfig(environment.EARSHOT_CONFIG);
  step("catalog and log");
  const base = await openBase({ environment, config, files, clock, report });
  const undo: (() => PromiseLike<void>)[] = [() => base[Symbol.asyncDispose]()];
  const unwind = async () => {
    for (const close of undo.splice(0).toReversed()) {
      try {
        await close();
      } catch (thrown) {
        report("error", toEarshotError(thrown, "INVARIANT", "stop").message);
      }
    }
  };
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  let health: EngineHealth = { status: "starting" };
  const onFault = (error: EarshotError) => {
    health = { status: "failing", detail: error.message };
    report("error", error.message, { code: error.code });
    failure.reject(error);
  };
  try {
    const { sql } = base.catalog;
    const listeners = new Set<(posts: readonly Post[]) => void>();
    step("refining and stores");
    const definitions = new Map<string, SourceDefinition>(configured.map((definition) => [definition.id, definition]));
    const terms: WorkerTerm[] = Object.entries(config.terms).map(([id, term]) => ({ id, ...term }));
    const threads = await startThreads({
      base,
      config,
      sources: [...definitions.values()].map(workerSource),
      terms,
      erasures: [],
      report,
      onFault,
      onStoreMessage: (message) => {
        if (!("live" in message)) return;
        const { live } = message;
        if (typeof live !== "object" || live === null || !("posts" in live) || !Array.isArray(live.posts)) return;
        for (const listener of listeners) listener(live.posts);
      },
    });
    undo.push(() => threads.stop());
    const http = openHttp({ clock, report, env });
    undo.push(async () => http[Symbol.asyncDispose]());
    const pseudonyms = makePseudonyms(base.keys.ring);
    const hashes: KeyHashes = {
      post: (platform, id) => wordsOf(pseudonyms.keyWords(platform, id)),
      actor: (platform, id) => wordsOf(pseudonyms.authorWords(platform, id)),
    };
    const limits = makeLimits({ config, folder: base.folder, files, clock, report });
    let worldToken = "";
    const collector = makeCollector({
      log: base.log,
      files,
      http,
      clock,
      report,
      hashes,
      cursors: openCursors(sql, () => clock.now()),
      readSecret: (reference) => (reference === worldTokenReference ? Promise.resolve(worldToken) : readSecret(reference, env)),
      mayCollect: (signal) => limits.mayCollect(signal),
      onFault,
    });
    undo.push(() => collector.stop());
    if (options.collect && config.world !== false) {
      const world = await startWorldProcess({ root, ...config.world, report });
      undo.push(async () => world[Symbol.asyncDispose]());
      worldToken = world.token;
      const faults: ConfigFault[] = [];
      for (const [id, source] of Object.entries(worldSources(world))) {
        const definition = await defineSource(id, source, "built-in", faults, true);
        if (definition !== undefined) definitions.set(id, definition);
      }
      refuseFaults("world", faults);
      for (const thread of threads.refine) await thread.caller.call("setSources", [...definitions.values()].map(workerSource));
    }
    if (options.collect) for (const definition of definitions.values()) collector.start(definition, false);
    const narrow = (filter: ReadFilter) => filter;
    const reading = makeReading({ threads, sql, narrow });
    const { stats } = makeStats({ base, threads, collector, limits, clock, rejectedOpen: () => Promise.resolve(0) });
    health = { status: "ok" };
    const outcomes = (partition: number, offsets: readonly number[]) => threads.refineOf(partition).caller.call("outcomes", { partition, offsets });
    const engine: Engine = {
      ...reading,
      version,
      environment,
      sql,
      health: () => (limits.reason === undefined || health.status !== "ok" ? health : { status: "paused", detail: limits.reason }),
      stats,
      onPosts(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      import: (chunks, importOptions) =>
        importLines(chunks, importOptions, { log: base.log, hashes, clock, mayCollect: (signal) => limits.mayCollect(signal), outcomes, reasons: () => Promise.resolve(new Map()) }),
    } as unknown as Engine;
    const links = new Map<string, number>();
    const sessions = new Set<string>();
    const access: Access = {
      session: async (cookie) => (sessions.has(cookie) ? { name: "admin", role: "admin", by: "session", filter: {} } : undefined),
      token: async (bearer) => (environment.EARSHOT_TOKEN !== undefined && bearer === environment.EARSHOT_TOKEN ? { name: "automation", role: "admin", by: "token", filter: {} } : undefined),
      async redeem(code) {
        if (!links.delete(code)) return undefined;
        const cookie = randomBytes(32).toString("base64url");
        sessions.add(cookie);
        return { cookie, maxAgeSeconds: 86_400 };
      },
      signOut: async (cookie) => void sessions.delete(cookie),
    };
    const makeLink = async () => {
      const code = randomBytes(24).toString("base64url");
      links.set(code, clock.now());
      return code;
    };
    return {
      engine,
      access,
      makeLink,
      base,
      threads,
      environment,
      report,
      failed: failure.promise,
      async stop() {
        health = { status: "stopping" };
        // Nothing else need keep the process alive until the last byte is stored.
        const alive = setInterval(() => undefined, 1_000);
        await unwind();
        clearInterval(alive);
      },
    };
  } catch (thrown) {
    await unwind();
    throw thrown;
  }
}

function workerSource(definition: SourceDefinition): WorkerSource {
  return { id: definition.id, connector: definition.connector.name, options: definition.options, keep: definition.keep, region: definition.region };
}

function wordsOf([high, low]: readonly [number, number]) {
  return { high, low };
}
