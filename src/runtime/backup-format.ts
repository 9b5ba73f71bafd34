import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";

/**
 * A backup is a folder: `backup.json` (this), `files/` (the data folder as it was, without the catalog), `catalog/` (one
 * zstd NDJSON file a table) and the configuration file. It holds the keys: whoever can read it can read everything.
 *
 * An old backup also holds identity keys that erasures have destroyed since, and what was erased: keep none longer than
 * `forgetWithinHours` promises, or renew it in place (which removes what is gone). A restore asks for later erasures and applies them.
 */
export const backupVersion = 1;
export const manifestName = "backup.json";
export const filesFolder = "files";
export const catalogFolder = "catalog";
export const configName = "earshot.config.ts";

const place = z.string().regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\0]+$/, "expected a path inside the backup");
const fileSchema = z.strictObject({
  path: place,
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of the source, milliseconds UTC: an immutable file that still has it is not read again. */
  modifiedMs: z.number(),
});
const tableSchema = z.strictObject({ name: z.string().regex(/^[a-z_][a-z0-9_]*$/), rows: z.int().nonnegative(), path: place });
const manifestSchema = z.strictObject({
  format: z.literal("earshot-backup"),
  version: z.literal(backupVersion),
  createdAt: z.number(),
  earshot: z.string(),
  data: z.strictObject({ format: z.int(), partitions: z.int(), keyCheck: z.string() }),
  /** As the rollups count them. */
  posts: z.int().nonnegative(),
  catalog: z.strictObject({
    postgres: z.string(),
    migrations: z.array(z.strictObject({ name: z.string(), checksum: z.string() })),
    /** In an order in which they can be filled: what is referred to comes first. */
    tables: z.array(tableSchema),
  }),
  files: z.array(fileSchema),
});
export type BackupManifest = z.output<typeof manifestSchema>;
export type BackupFile = BackupManifest["files"][number];

function sumOf(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}

export async function writeManifest(files: Files, folder: string, manifest: BackupManifest): Promise<void> {
  const body = JSON.stringify(manifest);
  await files.replace(join(folder, manifestName), Buffer.from(`${JSON.stringify({ sha256: sumOf(body), manifest })}\n`));
}

/** @throws NOT_FOUND (no backup there), FORMAT_UNKNOWN (a newer one, or none), STORE_CORRUPT (its checksum) */
export async function readManifest(files: Files, folder: string): Promise<BackupManifest> {
  const file = join(folder, manifestName);
  if ((await files.sizeBytes(file)) === undefined) throw new EarshotError("NOT_FOUND", `${folder}: expected a backup, there is no ${manifestName}`);
  let json: unknown;
  try {
    json = JSON.parse((await files.read(file)).toString("utf8"));
  } catch (cause) {
    throw new EarshotError("STORE_CORRUPT", `${file}: expected JSON`, { cause });
  }
  const outer = z.object({ sha256: z.string(), manifest: z.looseObject({ format: z.literal("earshot-backup"), version: z.int() }) }).safeParse(json);
  if (!outer.success) throw new EarshotError("FORMAT_UNKNOWN", `${file}: expected the manifest of a backup`);
  const { sha256, manifest } = outer.data;
  if (manifest.version > backupVersion) throw new EarshotError("FORMAT_UNKNOWN", `${file}: made by a newer Earshot (format ${manifest.version}); this one knows ${backupVersion}`);
  if (sumOf(JSON.stringify(manifest)) !== sha256) throw new EarshotError("STORE_CORRUPT", `${file}: the checksum does not hold; take another backup`);
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) throw new EarshotError("FORMAT_UNKNOWN", `${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

const formatSchema = z.looseObject({ format: z.literal("earshot"), version: z.int(), partitions: z.int(), keyCheck: z.string() });

/** What `format.json` of a data folder says; undefined: there are no data. */
export async function readDataMark(files: Files, folder: string): Promise<BackupManifest["data"] | undefined> {
  const file = join(folder, "format.json");
  if ((await files.sizeBytes(file)) === undefined) return undefined;
  try {
    const mark = formatSchema.parse(JSON.parse((await files.read(file)).toString("utf8")));
    return { format: mark.version, partitions: mark.partitions, keyCheck: mark.keyCheck };
  } catch (cause) {
    throw new EarshotError("FORMAT_UNKNOWN", `${file}: expected the mark of a data folder`, { cause });
  }
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** For names beside a folder: sorts by time, holds nothing that a file system refuses. */
export function stampOf(ms: number): string {
  return isoOf(ms).slice(0, 19).replaceAll(":", "").replace("T", "-");
}
