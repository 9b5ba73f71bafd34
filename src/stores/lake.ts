import path from "node:path";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import type { Change } from "../core/event.ts";
import type { Files } from "../core/files.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import type { ErasureProof, Store, StorePosition, StorePositions } from "../core/store.ts";
import { type LakeBuffer, openLakeBuffer, type SealedBuffer } from "./lake-buffer.ts";
import { authorKey, postIdOf, timeLiteral, uuidLiteral } from "./lake-columns.ts";
import { maintainLake } from "./lake-compact.ts";
import { type LakeEngine, numberOf, openLakeEngine, quoted } from "./lake-engine.ts";
import { copyRows, freshFile, listLakeFiles, placeFile, temporaryName } from "./lake-files.ts";
import type { LakeEdit, LakeFile, LakeManifest, LakeRule, LakeState } from "./lake-manifest.ts";
import { type CompactionLimits, defaultCompactionLimits } from "./lake-plan.ts";
import { type LakeReader, makeLakeReader } from "./lake-reader.ts";
import { makeTurns } from "./lake-turns.ts";
import { filesInSpan, type LakeSpan, makeView } from "./lake-view.ts";

export interface LakeLimits {
  /** Changes held in memory before they are written to a file. */
  readonly bufferedChanges: number;
  readonly bufferedBytes: number;
  readonly maxAgeMs: number;
  /** DuckDB's own memory: staged rows, sorts, reads. */
  readonly memoryBytes: number;
  /** Disk that a sort beyond the memory may take. */
  readonly temporaryBytes: number;
  readonly threads: number;
}

export const defaultLakeLimits: LakeLimits = {
  bufferedChanges: 50_000,
  bufferedBytes: 32 * 1024 * 1024,
  maxAgeMs: 60_000,
  memoryBytes: 192 * 1024 * 1024,
  temporaryBytes: 4 * 1024 * 1024 * 1024,
  threads: 1,
};

export interface LakeOptions {
  /** The lake's own folder. */
  readonly folder: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly manifest: LakeManifest;
  readonly report?: Report;
  readonly name?: string;
  readonly limits?: Partial<LakeLimits>;
  readonly compaction?: Partial<CompactionLimits>;
}

export interface Lake extends Store {
  /** Reads the lake as it stands, deletions that are not yet in a file included. */
  readonly reader: LakeReader;
  /** The last commit's files and positions. */
  state(): LakeState;
}

/** Opens the lake for writing; one process at a time (a second writer's commits fail with CONFLICT). */
export async function openLake(options: LakeOptions): Promise<Lake> {
  const { folder, files, clock, manifest } = options;
  const name = options.name ?? "lake";
  const limits = { ...defaultLakeLimits, ...options.limits };
  const compaction = { ...defaultCompactionLimits, ...options.compaction };
  const temporary = path.join(folder, temporaryName);
  await files.removeFolder(temporary);
  await files.makeFolder(temporary);
  let state = await manifest.load();
  await sweepOrphans(files, folder, state);
  const engine = await openLakeEngine({ temporaryFolder: temporary, memoryLimitBytes: limits.memoryBytes, temporaryLimitBytes: limits.temporaryBytes, threads: limits.threads });

  let buffers = 0;
  const nextBuffer = () => engine.connected((connection) => openLakeBuffer(connection, ++buffers));
  let buffer = await nextBuffer();
  let bufferSince = clock.monotonicMs();
  /** Sealed and not yet committed: what failed stays for the next try. */
  let sealed: { readonly buffer: LakeBuffer; readonly content: SealedBuffer; readonly positions: StorePositions } | undefined;
  let stuck = false;
  let applied = new Map<number, StorePosition>(state.positions);
  const writing = makeTurns();
  const committing = makeTurns();
  const maintaining = makeTurns();
  const tooLarge = new Set<string>();
  const report = options.report ?? (() => {});
  let fileNumber = 0;

  const fileName = (seq: number) => `${String(seq).padStart(10, "0")}-${clock.now().toString(36)}-${++fileNumber}`;
  const commit = (edit: (state: LakeState) => Omit<LakeEdit, "version"> | undefined) =>
    committing(async () => {
      const made = edit(state);
      if (made !== undefined) state = await manifest.commit({ ...made, version: state.version });
      return state;
    });

  /** @returns the file as it will stand in the manifest, already durable */
  async function writeFresh(dataset: LakeFile["dataset"], select: string, seq: number): Promise<LakeFile> {
    const named = fileName(seq);
    const from = path.join(temporary, `${named}.parquet`);
    const [written] = await engine.connected((connection) => copyRows(connection, select, from));
    if (written === undefined) throw new EarshotError("INVARIANT", `${name}: nothing was written to ${from}`);
    const to = `${dataset === "posts" ? "fresh" : "patches"}/${named}.parquet`;
    await placeFile(files, folder, from, to);
    return freshFile(dataset, to, seq, written);
  }

  async function writeSealed(): Promise<void> {
    if (sealed === undefined) return;
    const { content, positions } = sealed;
    const seq = state.seq + 1;
    try {
      const posts = content.posts(seq);
      const patches = content.patches(seq);
      const add = [...(posts === undefined ? [] : [await writeFresh("posts", posts, seq)]), ...(patches === undefined ? [] : [await writeFresh("patches", patches, seq)])];
      await commit(() => ({ seq, add, positions }));
    } catch (error) {
      stuck = true;
      throw error;
    }
    stuck = false;
    const done = sealed.buffer;
    sealed = undefined;
    await done.drop();
  }

  async function flushNow(): Promise<void> {
    await writeSealed();
    if (buffer.changes === 0 && !ahead(applied, state.positions)) return;
    const next = await nextBuffer();
    const full = buffer;
    buffer = next;
    bufferSince = clock.monotonicMs();
    const positions = new Map(applied);
    sealed = { buffer: full, content: full.seal(), positions };
    await writeSealed();
  }

  const flush = () => writing(flushNow);
  const isFull = () =>
    buffer.changes >= limits.bufferedChanges || buffer.sizeBytes >= limits.bufferedBytes || (buffer.changes > 0 && clock.monotonicMs() - bufferSince >= limits.maxAgeMs);

  async function countVisible(span: LakeSpan, where: string): Promise<number> {
    const view = makeView(state, { folder, span, where });
    const [row] = await engine.rows(`${view.with} SELECT count(*) AS posts FROM visible`);
    return numberOf(row?.["posts"]);
  }

  /** Of one version of the state, without what was deleted since. */
  let extent: { readonly version: number; readonly counted: ReturnType<LakeReader["extent"]> } | undefined;
  const hidden = (): readonly PostId[] => [...buffer.gone(), ...(sealed?.buffer.gone() ?? [])];
  const holds = new Set<LakeState>();
  const hold = (held: LakeState) => {
    // A state of its own for each read, so that two of one state do not end each other's hold.
    const mine = { ...held };
    holds.add(mine);
    return () => void holds.delete(mine);
  };
  const reader = makeLakeReader({ engine, folder, load: async () => state, hidden, hold });

  async function addRule(rule: Omit<LakeRule, "seq">): Promise<void> {
    await commit((now) => ({ seq: now.seq + 1, addRules: [{ seq: now.seq + 1, ...rule }] }));
  }

  return {
    name,
    reader,
    state: () => state,
    positions: async () => state.positions,
    async apply(changes, upTo) {
      // Memory is bounded while the disk is full: nothing is added before what failed is written.
      if (stuck) await flush();
      if (buffer.changes === 0) bufferSince = clock.monotonicMs();
      const before = applied;
      for (const change of changes) if (isNew(change, before.get(change.partition))) buffer.add(change);
      applied = advanced(applied, upTo);
      if (isFull()) await writing(async () => (isFull() || sealed !== undefined ? flushNow() : undefined));
    },
    flush,
    maintain: async ({ forget }) => {
      if (forget || isFull()) await flush();
      return maintaining(() =>
        maintainLake(
          {
            engine,
            files,
            folder,
            clock,
            limits: compaction,
            state: () => state,
            commit,
            fileName,
            held: () => new Set([...holds].flatMap((held) => held.files.map((file) => file.path))),
            tooLarge,
            report,
          },
          forget,
        ),
      );
    },
    erase: (author, upToMs) =>
      writing(async (): Promise<ErasureProof> => {
        await flushNow();
        const ofAuthor = `p.author = ${uuidLiteral(author)} AND p.author_key = ${authorKey(author)} AND p.created_at <= ${timeLiteral(upToMs)}`;
        const removedPosts = await countVisible({ author }, ofAuthor);
        const stored = removedPosts > 0 || (await storedRows(engine, folder, state, { author }, ofAuthor)) > 0;
        if (removedPosts > 0) await addRule({ author, upToMs });
        return { store: name, removedPosts, physical: !stored && state.garbage.length === 0 };
      }),
    find: (author: AuthorId) =>
      writing(async () => {
        await flushNow();
        const view = makeView(state, { folder, span: { author }, where: `p.author = ${uuidLiteral(author)} AND p.author_key = ${authorKey(author)}` });
        const rows = await engine.rows(`${view.with} SELECT id::VARCHAR AS id FROM visible ORDER BY created_at`);
        return { store: name, posts: rows.map((row) => postIdOf(String(row["id"]))) };
      }),
    async size() {
      // It is asked for every other second, and reads the ids of the whole lake: once a commit is enough.
      if (extent?.version !== state.version) extent = { version: state.version, counted: reader.extent() };
      const asked = extent;
      const { posts, oldestAt } = await asked.counted.catch((error: unknown) => {
        if (extent === asked) extent = undefined;
        throw error;
      });
      const sizes = await Promise.all(state.garbage.map((item) => files.sizeBytes(path.join(folder, item.path))));
      const sizeBytes = state.files.reduce((sum, file) => sum + file.sizeBytes, 0) + sizes.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0);
      return { store: name, sizeBytes, posts, ...(oldestAt !== undefined && { oldestAt }) };
    },
    removeSource: (source) =>
      writing(async () => {
        await flushNow();
        const removedPosts = await countVisible({}, `p.source = ${quoted(source)}`);
        if (removedPosts > 0) await addRule({ source });
        return { removedPosts };
      }),
    expire: (beforeMs) =>
      writing(async () => {
        await flushNow();
        const removedPosts = await countVisible({ toMs: beforeMs }, "true");
        const partly = filesInSpan(state, "posts", { toMs: beforeMs }).some((file) => file.toMs >= beforeMs);
        if (partly) await addRule({ upToMs: beforeMs - 1 });
        await commit((now) => {
          const whole = now.files.filter((file) => file.toMs < beforeMs).map((file) => file.path);
          return whole.length === 0 ? undefined : { seq: now.seq, remove: whole, removedAt: clock.now() };
        });
        return { removedPosts };
      }),
    async [Symbol.asyncDispose]() {
      try {
        await flush();
      } finally {
        await engine[Symbol.asyncDispose]();
      }
    },
  };
}

async function storedRows(engine: LakeEngine, folder: string, state: LakeState, span: LakeSpan, where: string): Promise<number> {
  const bare = { ...state, rules: [], files: state.files.filter((file) => file.dataset === "posts") };
  const view = makeView(bare, { folder, span, where });
  const [row] = await engine.rows(`${view.with} SELECT count(*) AS posts FROM visible`);
  return numberOf(row?.["posts"]);
}

/** Deletes files that a crash left without a name in the manifest; a file that the manifest names and that is missing stops us. */
async function sweepOrphans(files: Files, folder: string, state: LakeState): Promise<void> {
  const known = new Set([...state.files, ...state.garbage].map((file) => file.path));
  const found = new Set(await listLakeFiles(files, folder));
  for (const file of found) if (!known.has(file)) await files.remove(path.join(folder, file));
  const missing = state.files.find((file) => !found.has(file.path));
  if (missing !== undefined) throw new EarshotError("STORE_CORRUPT", `lake: the manifest names ${missing.path}, which is not on the disk`);
}

function isNew(change: Change, position: StorePosition | undefined): boolean {
  if (position === undefined) return true;
  if (change.generation !== position.generation) return change.generation > position.generation;
  const { offset, index } = position.from;
  return change.from.offset !== offset ? change.from.offset > offset : change.from.index > index;
}

/** Positions never go back, so a batch that is handed over again moves nothing. */
function advanced(from: ReadonlyMap<number, StorePosition>, upTo: StorePositions): Map<number, StorePosition> {
  const next = new Map(from);
  for (const [partition, position] of upTo) {
    const known = next.get(partition);
    if (known === undefined || position.generation > known.generation || (position.generation === known.generation && position.offset >= known.offset))
      next.set(partition, position);
  }
  return next;
}

function ahead(applied: StorePositions, durable: StorePositions): boolean {
  return [...applied].some(([partition, position]) => durable.get(partition) !== position);
}
