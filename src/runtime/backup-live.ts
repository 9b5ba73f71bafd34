import { constants, copyFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { AppendGate } from "./append-gate.ts";
import { type BackupAnswer, type BackupContext, findEarlier, writeBackup } from "./backup.ts";
import { immutableAmong, listDataFiles, makeFoldersFor, tryLink } from "./backup-files.ts";
import type { BackupProgress, LiveBackup, LiveBackupEnd, LiveBackupState } from "./backup-state.ts";
import type { Base, Threads } from "./boot.ts";
import type { InTurn } from "./parts/jobs.ts";

/** Left out of every backup for its dot; what a crash leaves of it goes with the next start. */
const snapshotName = ".backup-snapshot";
const reserveBytes = 64 * 1024 * 1024;

export interface LiveBackupOptions extends BackupContext {
  readonly base: Base;
  readonly gate: AppendGate;
  readonly threads: Threads;
  readonly inTurn: InTurn;
  /** Nothing is forgotten meanwhile. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Absent: beside the data folder, with `-backup` after its name. */
  readonly folder?: string;
  /** The system stops: a backup under way is given up. */
  readonly signal: AbortSignal;
  /** Collection is held no longer; a backup that would need more is given up. */
  readonly mostPauseMs: number;
}

/** What a crash left. */
export function removeSnapshot({ files, folder }: { readonly files: BackupContext["files"]; readonly folder: string }): Promise<void> {
  return files.removeFolder(join(folder, snapshotName));
}

/**
 * A backup of a running system. Everything is brought to one common place and held there while sealed files are linked and the
 * others copied beside the data; then it goes on, and the backup is written from these. Answers are given all the while.
 */
export function makeLiveBackup(options: LiveBackupOptions): LiveBackup & { settled(): Promise<unknown> } {
  const { base, gate, threads, files, clock, report } = options;
  const out = resolve(options.folder ?? join(dirname(base.folder), `${basename(base.folder)}-backup`));
  const snapshot = join(base.folder, snapshotName);
  const { mostPauseMs } = options;
  let running: LiveBackupState["running"];
  let last: LiveBackupEnd | undefined;
  let work: Promise<unknown> = Promise.resolve();

  /** Everything that was appended is refined, stored and in files when it resolves. */
  async function hold(signal: AbortSignal): Promise<void> {
    await gate.close();
    for (const { partition, next } of await base.log.state("events")) {
      if (next > 0) await threads.refineOf(partition).caller.call("outcomes", { partition, offsets: [next - 1] });
      signal.throwIfAborted();
    }
    await Promise.all(threads.refine.map((thread) => thread.caller.call("hold", undefined)));
    signal.throwIfAborted();
    await threads.stores.caller.call("drain", undefined);
    signal.throwIfAborted();
    await threads.stores.caller.call("hold", undefined);
    signal.throwIfAborted();
  }

  async function goOn(): Promise<void> {
    await Promise.allSettled([threads.stores.caller.call("release", undefined), ...threads.refine.map((thread) => thread.caller.call("release", undefined))]);
    gate.open();
  }

  async function freeze(signal: AbortSignal): Promise<void> {
    const found = await listDataFiles(base.folder);
    const immutable = immutableAmong(found);
    const copiedBytes = found.reduce((sum, file) => sum + (immutable.has(file.path) ? 0 : file.sizeBytes), reserveBytes);
    const freeBytes = await files.freeBytes(base.folder);
    if (freeBytes < copiedBytes) throw new EarshotError("DISK_FULL", `${base.folder}: the backup needs ${copiedBytes} bytes beside the data for a while, ${freeBytes} are free`);
    await makeFoldersFor(
      files,
      snapshot,
      found.map((file) => file.path),
    );
    for (const { path } of found) {
      signal.throwIfAborted();
      if (immutable.has(path) && (await tryLink(join(base.folder, path), join(snapshot, path)))) continue;
      await copyFile(join(base.folder, path), join(snapshot, path), constants.COPYFILE_FICLONE);
    }
  }

  function tell(progress: BackupProgress): void {
    if (options.signal.aborted) throw new EarshotError("CONFLICT", "backup: Earshot stops; the backup is given up");
    running = { ...progress, startedAt: running?.startedAt ?? clock.now() };
  }

  async function take(): Promise<BackupAnswer & { readonly pausedMs: number }> {
    const earlier = await findEarlier(files, out, undefined);
    let pausedMs = 0;
    const still = (begin: () => Promise<void>) =>
      options.inTurn(async () => {
        const startedAt = clock.monotonicMs();
        const late = new AbortController();
        const over = new EarshotError("LIMIT_REACHED", `backup: it would hold collection for more than ${mostPauseMs / 1_000} s; try again when less is to be done`);
        const tooLate = Promise.withResolvers<never>();
        tooLate.promise.catch(() => undefined);
        const timer = setTimeout(() => {
          late.abort(over);
          tooLate.reject(over);
        }, mostPauseMs);
        const resting = (async () => {
          await hold(late.signal);
          await begin();
          await freeze(late.signal);
        })();
        resting.catch(() => undefined);
        try {
          await Promise.race([resting, tooLate.promise]);
        } finally {
          clearTimeout(timer);
          late.abort(over);
          await goOn();
          pausedMs = Math.round(clock.monotonicMs() - startedAt);
          // A file that is just being copied comes to its end, so that nothing is written after the snapshot is removed.
          await resting.catch(() => undefined);
        }
        return snapshot;
      });
    try {
      await files.removeFolder(snapshot);
      const answer = await writeBackup({ ...options, out, onProgress: tell }, { folder: base.folder, sql: base.catalog.sql, still }, earlier);
      return { ...answer, pausedMs };
    } finally {
      await files.removeFolder(snapshot).catch((thrown: unknown) => report("warn", `backup: ${toEarshotError(thrown, "FOLDER_UNUSABLE", snapshot).message}`));
    }
  }

  return {
    state: (): LiveBackupState => ({ folder: out, ...(running !== undefined && { running }), ...(last !== undefined && { last }) }),
    start(): LiveBackupState {
      if (running !== undefined) throw new EarshotError("CONFLICT", "backup: one is being taken already");
      const startedAt = clock.now();
      running = { step: "catalog", detail: "waiting for everything to come to one place", startedAt };
      work = options
        .alone(take)
        .then(
          ({ manifest, sizeBytes, linkedBytes, pausedMs }) => {
            last = { at: manifest.createdAt, posts: manifest.posts, files: manifest.files.length, sizeBytes, linkedBytes, pausedMs, tookMs: Math.round(clock.now() - startedAt) };
            report("info", `backup: ${manifest.posts} posts in ${out}; collection was held for ${pausedMs} ms`);
          },
          (thrown: unknown) => {
            const { code, message } = toEarshotError(thrown, "STORE_UNAVAILABLE", "backup");
            last = { at: clock.now(), code, message };
            report("error", `backup: ${message}`, { code });
          },
        )
        .finally(() => (running = undefined));
      return { folder: out, running };
    },
    settled: () => work,
  };
}
