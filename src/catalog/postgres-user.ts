import { execFile } from "node:child_process";
import { chown, lstat, readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { EarshotError } from "../core/errors.ts";
import type { PostgresProgram } from "./postgres-program.ts";

/** How a binary of Postgres is started: the words before it, and the user that it runs as. */
export interface RunAs {
  readonly how: "directly" | "user-namespace" | "kept-capability" | "other-user";
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Who must own the files, as this process sees it. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

const directly: RunAs = { how: "directly", prefix: [], owner: undefined };
const nobody = { uid: 65_534, gid: 65_534 };
/** Names for us inside a user namespace; initdb wants one that the system knows. */
const mappedIds = [1_000, nobody.uid];

/**
 * Postgres refuses to run as root, and initdb as a user without a name (containers with arbitrary ids).
 * The first of these that works here:
 * a user namespace, where our files belong to another id (outside they stay ours);
 * as root, another user that keeps the right to pass closed parent folders (containers that forbid namespaces);
 * as root, another user plainly, where every folder on the way may be passed.
 */
export async function chooseUser(program: PostgresProgram, folder: string): Promise<RunAs> {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && hasName()) return directly;
  const faults: string[] = [];
  for (const way of isRoot ? waysOfRoot(await ownerOutsideRoot(folder)) : namespaces(undefined)) {
    const fault = await tryWay(way, program, folder);
    if (fault === undefined) return way;
    faults.push(`${way.how}: ${fault}`);
  }
  throw new EarshotError(
    "POSTGRES_UNUSABLE",
    `embedded Postgres: it runs neither as root nor as a user without a name, and no way around works here (${faults.join("; ")}); start Earshot as another user, or set EARSHOT_DATABASE_URL`,
  );
}

function hasName(): boolean {
  if (process.platform === "win32") return true;
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

function namespaces(owner: RunAs["owner"]): readonly RunAs[] {
  return mappedIds.map((id) => ({ how: "user-namespace", prefix: ["unshare", "--user", `--map-user=${id}`, `--map-group=${id}`], owner }));
}

function waysOfRoot(found: { readonly uid: number; readonly gid: number } | undefined): readonly RunAs[] {
  const others = found === undefined ? [nobody] : [found, nobody];
  return [
    ...namespaces({ uid: 0, gid: 0 }),
    ...others.map((other): RunAs => {
      const ids = [`--reuid=${other.uid}`, `--regid=${other.gid}`, "--clear-groups"];
      return { how: "kept-capability", prefix: ["setpriv", ...ids, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"], owner: other };
    }),
    ...others.map((other): RunAs => ({ how: "other-user", prefix: [], ...other, owner: other })),
  ];
}

/** A user other than root who owns a folder on the way (the home that root works in). */
async function ownerOutsideRoot(folder: string): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  // Our own folder may have been given away before.
  for (let at = dirname(folder); ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid };
    if (dirname(at) === at) return undefined;
  }
}

/** What hinders this way; absent: it works. The folder must be passable, the user have a name, and the binaries load. */
async function tryWay(way: RunAs, program: PostgresProgram, folder: string): Promise<string | undefined> {
  // Without the right to pass, all of our folder must be theirs.
  if (way.uid !== undefined) await giveTo(way, folder);
  const script = 'cd "$1" && id -un && "$2" --version && exec "$3" --version';
  const [command, ...rest] = [...way.prefix, "sh", "-c", script, "sh", folder, program.initdb, program.postgres];
  return new Promise((resolve) => {
    execFile(
      command,
      rest,
      {
        cwd: "/",
        env: { ...process.env, ...program.environment },
        timeout: 10_000,
        ...(way.uid !== undefined && { uid: way.uid }),
        ...(way.gid !== undefined && { gid: way.gid }),
      },
      (error, _out, complaint) => resolve(error ? lastLine(complaint) || `refused (${String(error.code)})` : undefined),
    );
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** Gives the folder and all in it to who must own it; cheap where it is so already. */
export async function giveTo(runAs: RunAs, path: string): Promise<void> {
  const { owner } = runAs;
  if (owner === undefined) return;
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.uid === owner.uid) return;
  if (found.isDirectory()) for (const name of await readdir(path)) await giveTo(runAs, join(path, name));
  // The folder last: a cut in the middle is found again by its owner.
  if (!found.isSymbolicLink()) await chown(path, owner.uid, owner.gid);
}
