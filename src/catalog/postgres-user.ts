import { execFile } from "node:child_process";
import { chown, lstat, readdir, stat } from "node:fs/promises";
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
const nobodyId = 65_534;

/**
 * Postgres refuses to run as root. As root, the first of these that works here:
 * a user namespace, where root's files belong to user 1000 (files stay root's);
 * another user that keeps the right to pass closed parent folders (containers that forbid namespaces);
 * another user plainly, where every folder on the way may be passed.
 */
export async function chooseUser(program: PostgresProgram, folder: string): Promise<RunAs> {
  if (process.getuid?.() !== 0) return directly;
  const other = await ownerOutsideRoot(folder);
  const ids = [`--reuid=${other.uid}`, `--regid=${other.gid}`, "--clear-groups"];
  const capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  const ways: readonly RunAs[] = [
    { how: "user-namespace", prefix: ["unshare", "--user", "--map-user=1000", "--map-group=1000"], owner: { uid: 0, gid: 0 } },
    { how: "kept-capability", prefix: ["setpriv", ...ids, ...capability], owner: other },
    { how: "other-user", prefix: [], uid: other.uid, gid: other.gid, owner: other },
  ];
  const faults: string[] = [];
  for (const way of ways) {
    const fault = await tryWay(way, program, folder);
    if (fault === undefined) return way;
    faults.push(`${way.how}: ${fault}`);
  }
  throw new EarshotError(
    "POSTGRES_UNUSABLE",
    `embedded Postgres: it does not run as root, and no way around works here (${faults.join("; ")}); start Earshot as another user, or set catalog.url`,
  );
}

/** A user other than root who owns a folder on the way (the home that root works in), else nobody. */
async function ownerOutsideRoot(folder: string): Promise<{ readonly uid: number; readonly gid: number }> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid };
    if (dirname(at) === at) return { uid: nobodyId, gid: nobodyId };
  }
}

/** What hinders this way; absent: it works. The folder must be passable and the binary must load. */
async function tryWay(way: RunAs, program: PostgresProgram, folder: string): Promise<string | undefined> {
  const script = 'cd "$1" && "$2" --version && exec "$3" --version';
  const [command = "sh", ...rest] = [...way.prefix, "sh", "-c", script, "sh", folder, program.initdb, program.postgres];
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
      (error, _out, complaint) => resolve(error ? lastLine(complaint) || error.message : undefined),
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
