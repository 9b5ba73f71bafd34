import { createHash } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { type AuthorId, isAuthorId } from "../core/ids.ts";
import type { StorePosition } from "../core/store.ts";

/** A whole Parquet file of the lake. Immutable: a rewrite makes another one. */
export interface LakeFile {
  /** Within the lake's folder, with `/`. */
  readonly path: string;
  /** posts: one row a stored revision. patches: what happened later to posts in older files. */
  readonly dataset: "posts" | "patches";
  /** 0: as flushed, any platform and date. 1: of one platform, date and author bucket. */
  readonly level: 0 | 1;
  /** Format of the rows; files of older formats lack columns. */
  readonly format: number;
  /** Level 0: "". */
  readonly platform: string;
  /** UTC date of createdAt, YYYY-MM-DD; level 0: "". */
  readonly date: string;
  readonly bucket: number;
  /** Author buckets of the date when the file was written: 1 or 8. */
  readonly buckets: number;
  /** posts: patches and rules above it apply to its rows. patches: the highest inside. */
  readonly seq: number;
  readonly rows: number;
  readonly sizeBytes: number;
  /** createdAt of the oldest and the newest row, milliseconds UTC. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Hides at once all rows of files with a lower seq that match every given field. */
export interface LakeRule {
  readonly seq: number;
  readonly author?: AuthorId;
  readonly source?: string;
  /** createdAt up to it, inclusive. */
  readonly upToMs?: number;
}

export interface LakeGarbage {
  readonly path: string;
  readonly removedAt: number;
}

export interface LakeState {
  /** Rises by one with each commit. */
  readonly version: number;
  /** Highest seq given. */
  readonly seq: number;
  readonly files: readonly LakeFile[];
  readonly rules: readonly LakeRule[];
  /** No longer part of the lake, still on disk for readers that began before. */
  readonly garbage: readonly LakeGarbage[];
  readonly positions: ReadonlyMap<number, StorePosition>;
}

export interface LakeEdit {
  /** Version that the edit was planned on; another one now: CONFLICT (a second writer). */
  readonly version: number;
  readonly seq: number;
  readonly add?: readonly LakeFile[];
  /** Paths of files; they become garbage. */
  readonly remove?: readonly string[];
  readonly removedAt?: number;
  readonly addRules?: readonly LakeRule[];
  /** Seqs of rules. */
  readonly dropRules?: readonly number[];
  /** Paths of garbage that is deleted from disk. */
  readonly swept?: readonly string[];
  readonly positions?: ReadonlyMap<number, StorePosition>;
}

/** What files the lake consists of, and how far the log is in them. A commit is atomic and durable. */
export interface LakeManifest {
  /** @param known when its version is still the newest, it is returned itself. */
  load(known?: LakeState): Promise<LakeState>;
  /** Returns the state after it. */
  commit(edit: LakeEdit): Promise<LakeState>;
}

export const emptyLakeState: LakeState = { version: 0, seq: 0, files: [], rules: [], garbage: [], positions: new Map() };

export function editedLakeState(state: LakeState, edit: LakeEdit): LakeState {
  if (edit.version !== state.version) {
    throw new EarshotError("CONFLICT", `lake manifest: version ${edit.version} was edited, ${state.version} is the newest: another writer is at work`);
  }
  const removed = new Set(edit.remove ?? []);
  const swept = new Set(edit.swept ?? []);
  const dropped = new Set(edit.dropRules ?? []);
  const kept = state.files.filter((file) => !removed.has(file.path));
  if (kept.length + removed.size !== state.files.length) throw new EarshotError("INVARIANT", "lake manifest: a file to remove is not in it");
  return {
    version: state.version + 1,
    seq: Math.max(state.seq, edit.seq),
    files: [...kept, ...(edit.add ?? [])],
    rules: [...state.rules.filter((rule) => !dropped.has(rule.seq)), ...(edit.addRules ?? [])],
    garbage: [...state.garbage.filter((item) => !swept.has(item.path)), ...[...removed].map((gone) => ({ path: gone, removedAt: edit.removedAt ?? 0 }))],
    positions: edit.positions === undefined ? state.positions : new Map([...state.positions, ...edit.positions]),
  };
}

const integer = z.int();
const fileSchema = z.strictObject({
  path: z.string(),
  dataset: z.enum(["posts", "patches"]),
  level: z.union([z.literal(0), z.literal(1)]),
  format: integer,
  platform: z.string(),
  date: z.string(),
  bucket: integer,
  buckets: integer,
  seq: integer,
  rows: integer,
  sizeBytes: integer,
  fromMs: z.number(),
  toMs: z.number(),
});
const ruleSchema = z.strictObject({
  seq: integer,
  author: z.custom<AuthorId>(isAuthorId).exactOptional(),
  source: z.string().exactOptional(),
  upToMs: z.number().exactOptional(),
});
const stateSchema = z.strictObject({
  format: z.literal(1),
  version: integer,
  seq: integer,
  files: z.array(fileSchema),
  rules: z.array(ruleSchema),
  garbage: z.array(z.strictObject({ path: z.string(), removedAt: z.number() })),
  positions: z.array(z.strictObject({ partition: integer, offset: integer, generation: integer, from: z.strictObject({ offset: integer, index: integer }) })),
});

/** The manifest as one checksummed file, replaced with each commit: for a lake that has no catalog beside it. */
export function makeFileManifest(files: Files, folder: string): LakeManifest {
  const file = path.join(folder, "manifest.json");
  let newest: LakeState | undefined;

  async function load(): Promise<LakeState> {
    if (newest !== undefined) return newest;
    newest = (await files.sizeBytes(file)) === undefined ? emptyLakeState : parseState(await files.read(file), file);
    return newest;
  }

  return {
    load,
    async commit(edit) {
      const next = editedLakeState(await load(), edit);
      const positions = [...next.positions].map(([partition, position]) => ({ partition, ...position }));
      const body = JSON.stringify({ format: 1, ...next, positions });
      await files.replace(file, Buffer.from(`${checksum(body)}\n${body}\n`));
      newest = next;
      return next;
    },
  };
}

/** The state as another process (or thread) wrote it with `makeFileManifest`. */
export function makeFileManifestReader(files: Files, folder: string): Pick<LakeManifest, "load"> {
  const file = path.join(folder, "manifest.json");
  return {
    async load(known) {
      if ((await files.sizeBytes(file)) === undefined) return known?.version === 0 ? known : emptyLakeState;
      const state = parseState(await files.read(file), file);
      return known?.version === state.version ? known : state;
    },
  };
}

function parseState(bytes: Buffer, where: string): LakeState {
  const text = bytes.toString("utf8");
  const end = text.indexOf("\n");
  const body = text.slice(end + 1).trimEnd();
  if (end < 0 || checksum(body) !== text.slice(0, end)) throw new EarshotError("STORE_CORRUPT", `${where}: the checksum does not hold`);
  const json: unknown = JSON.parse(body);
  const parsed = stateSchema.safeParse(json);
  if (!parsed.success) throw new EarshotError("FORMAT_UNKNOWN", `${where}: ${z.prettifyError(parsed.error)}`);
  const { positions, format: _format, ...state } = parsed.data;
  return { ...state, positions: new Map(positions.map(({ partition, ...position }) => [partition, position])) };
}

function checksum(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
