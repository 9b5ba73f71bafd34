import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../core/clock.ts";
import { parseEnvironment } from "../core/config.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import type { BackupContext } from "./backup.ts";
import { startSystem, type System } from "./system.ts";

export interface Home extends AsyncDisposable {
  readonly folder: string;
  readonly data: string;
  readonly env: Readonly<Record<string, string>>;
  readonly context: BackupContext;
  /** What was reported as a warning or an error. */
  readonly warnings: string[];
  /** Starts the system on the data, hands it over, stops it. */
  running<T>(work: (system: System) => Promise<T>): Promise<T>;
}

/** A configuration, a place for data and backups, nothing started. */
export async function makeHome(env: Readonly<Record<string, string>> = {}): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), "earshot-backup-"));
  const data = join(folder, "data");
  const config = join(folder, "earshot.config.ts");
  await writeFile(config, "export default { world: false, workers: 1, partitions: 2 };\n");
  const whole = { EARSHOT_DATA: data, EARSHOT_CONFIG: config, ...env };
  const warnings: string[] = [];
  return {
    folder,
    data,
    env: whole,
    warnings,
    context: {
      environment: parseEnvironment(whole),
      files: makeDiskFiles(),
      clock: systemClock,
      report: (level, message) => {
        if (level === "warn" || level === "error") warnings.push(message);
      },
    },
    async running(work) {
      const system = await startSystem({ collect: false, env: whole });
      try {
        return await work(system);
      } finally {
        await system.stop();
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface ToldPost {
  readonly author: string;
  readonly text: string;
}

export async function tell(system: System, posts: readonly ToldPost[]): Promise<void> {
  const lines = posts.map(({ author, text }) =>
    JSON.stringify({ id: text.replaceAll(/\W+/g, "-"), author: `did:native:${author}`, text, createdAt: new Date(Date.now() - 3_600_000).toISOString() }),
  );
  const chunks = async function* () {
    yield Buffer.from(`${lines.join("\n")}\n`);
  };
  const answer = await system.engine.import(chunks(), { platform: "import" });
  if (answer.accepted !== posts.length) throw new Error(`expected ${posts.length} accepted, came ${JSON.stringify(answer)}`);
  await system.threads.stores.caller.call("flush", undefined);
}

/** What search and the lake's export say of a word. */
export async function told(system: System, q: string): Promise<{ readonly searched: readonly string[]; readonly exported: readonly string[] }> {
  const page = await system.engine.search({ q, filter: {}, limit: 100 });
  const exported: string[] = [];
  for await (const posts of system.engine.export(q, {}, AbortSignal.timeout(30_000))) exported.push(...posts.map((post) => post.text));
  return { searched: page.items.map((post) => post.text).sort(), exported: exported.sort() };
}
