import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync } from "node:fs";
import { chown, lstat, mkdir, readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { once } from "node:events";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import { isGoneWithin, isPostmasterOf, pssBytesOf, readPostmasterFile, removeStaleFile, stopPostmaster } from "./postmaster.ts";
import { findPostgresProgram, type PostgresProgram } from "./postgres-program.ts";
import { settingsFile, type ListenSettings } from "./postgres-settings.ts";
import { chooseUser, giveTo, type RunAs } from "./postgres-user.ts";
import { holdPostgres, type PostgresAddress } from "./postgres-lock.ts";

export type { PostgresAddress } from "./postgres-lock.ts";

export interface EmbeddedPostgres extends AsyncDisposable {
  readonly address: PostgresAddress;
  readonly pid: number;
  readonly runsAs: RunAs["how"];
  /** Resolves when the server has ended, asked for or not. */
  readonly ended: Promise<void>;
  /** Memory of the server and its backends, shared pages by share; undefined where the system does not tell. */
  pssBytes(): number | undefined;
}

export interface EmbeddedPostgresOptions {
  /** Ours alone; made where missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly report: Report;
  /** Where the socket's short folder is made; the system's temporary folder by default. */
  readonly temporaryFolder?: string | undefined;
}

const userName = "earshot";
const databaseName = "earshot";
const socketPort = 5432;
/** sun_path is 108 bytes with its end on Linux, 104 on macOS. */
const maxSocketPathBytes = process.platform === "darwin" ? 103 : 107;
const neededFreeBytes = 160 * 1024 * 1024;
const startWithinMs = 60_000;
const stopGraceMs = 60_000;

/**
 * Starts the Postgres that is ours alone: no network, journal on, a process group of its own, gone soon after we are.
 * What a kill -9 left running is stopped first; a living other Earshot on the folder keeps it.
 * @throws POSTGRES_UNUSABLE, POSTGRES_VERSION, FOLDER_UNUSABLE, FOLDER_IN_USE
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { clock, report } = options;
  const folder = resolve(options.folder);
  const dataFolder = join(folder, "data");
  await makeFolder(folder);
  const program = await findPostgresProgram(join(folder, "lib"));
  const runAs = await chooseUser(program, folder);
  await refuseOtherVersion(dataFolder, program);
  const password = await readOrMakePassword(folder);
  await endOrphan(dataFolder, { ...options, password, program });
  if ((await readVersion(dataFolder)) === undefined) await initialise(program, runAs, folder, dataFolder);
  const listen = await chooseListen(folder, options.temporaryFolder ?? tmpdir(), runAs);
  await writeFile(join(dataFolder, "postgresql.conf"), settingsFile(listen), { mode: 0o600 });
  await giveTo(runAs, dataFolder);
  if (runAs.owner) await chown(join(dataFolder, "postgresql.conf"), runAs.owner.uid, runAs.owner.gid);

  const logPath = join(folder, "postgres.log");
  await keepLogSmall(logPath);
  const child = launch(program, runAs, dataFolder, logPath);
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const pid = await waitUntilReady(child, dataFolder, logPath, clock);
  const address = { host: listen.socketFolder ?? "127.0.0.1", port: listen.port, user: userName, password, database: databaseName };
  const watch = watchOver(pid);
  const askToStop = process.platform === "win32" ? () => askBy(program, dataFolder) : undefined;
  const stop = async () => {
    // Its end is waited for, so it must keep the event loop awake.
    child.ref();
    await stopPostmaster({ pid, dataFolder, clock, graceMs: stopGraceMs, ...(askToStop && { askToStop }) });
    await ended;
    watch?.kill("SIGKILL");
    if (listen.socketFolder !== undefined) await rm(listen.socketFolder, { recursive: true, force: true });
  };
  let hold: { release(): Promise<void> };
  try {
    hold = await holdPostgres(address);
  } catch (error) {
    await stop();
    throw toEarshotError(error, "POSTGRES_UNUSABLE", "embedded Postgres: the first connection");
  }
  report("debug", "Postgres runs", { pid, runsAs: runAs.how, version: program.majorVersion });
  let stopping: Promise<void> | undefined;
  child.once("exit", (code, signal) => {
    if (stopping === undefined) report("error", "Postgres ended by itself", { code: code ?? -1, signal: signal ?? "none", log: logPath });
  });
  return {
    address,
    pid,
    runsAs: runAs.how,
    ended,
    pssBytes: () => pssBytesOf(pid),
    [Symbol.asyncDispose]: () => (stopping ??= hold.release().then(stop)),
  };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const probe = join(folder, `.probe-${randomBytes(6).toString("hex")}`);
    await writeFile(probe, "");
    await rm(probe);
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

function unusable(folder: string, cause: unknown): EarshotError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new EarshotError("FOLDER_UNUSABLE", `embedded Postgres: ${folder} cannot be written: ${message}`, { cause });
}

async function readVersion(dataFolder: string): Promise<string | undefined> {
  try {
    return readFileSync(join(dataFolder, "PG_VERSION"), "utf8").trim();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw unusable(dataFolder, cause);
  }
}

async function refuseOtherVersion(dataFolder: string, program: PostgresProgram): Promise<void> {
  const found = await readVersion(dataFolder);
  if (found === undefined || found === program.majorVersion) return;
  throw new EarshotError(
    "POSTGRES_VERSION",
    `embedded Postgres: ${dataFolder} belongs to Postgres ${found}, this Earshot brings ${program.majorVersion}. ` +
      `Start the Earshot that wrote it, run \`npm run earshot -- backup --out FOLDER\`, then run \`npm run earshot -- restore --from FOLDER --force\` with this one. Nothing was changed.`,
  );
}

async function readOrMakePassword(folder: string): Promise<string> {
  const path = join(folder, "password");
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    const password = randomBytes(24).toString("base64url");
    try {
      await writeFile(path, password, { mode: 0o600, flag: "wx" });
      return password;
    } catch (cause) {
      // Another start was faster.
      if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return readFileSync(path, "utf8").trim();
      throw unusable(folder, cause);
    }
  }
}

/** A server that still runs here: another Earshot's (FOLDER_IN_USE), or an orphan, which is stopped; a pid file of the dead is removed. */
async function endOrphan(
  dataFolder: string,
  { clock, report, password, program }: EmbeddedPostgresOptions & { readonly password: string; readonly program: PostgresProgram },
): Promise<void> {
  let file = readPostmasterFile(dataFolder);
  if (file === undefined) return;
  if (!isPostmasterOf(file, dataFolder)) return removeStaleFile(dataFolder);
  const endMs = clock.monotonicMs() + startWithinMs;
  while (file?.status === "starting" && clock.monotonicMs() < endMs && isPostmasterOf(file, dataFolder)) {
    await clock.sleep(20);
    file = readPostmasterFile(dataFolder);
  }
  if (file === undefined) return;
  if (file.status === "ready") {
    const host = file.socketFolder === "" ? "127.0.0.1" : file.socketFolder;
    try {
      const hold = await holdPostgres({ host, port: file.port, user: userName, password, database: databaseName });
      await hold.release();
    } catch (error) {
      if (error instanceof EarshotError && error.code === "FOLDER_IN_USE") {
        throw new EarshotError("FOLDER_IN_USE", `embedded Postgres: another Earshot works in ${dataFolder} (Postgres process ${file.pid}); stop it, or set another EARSHOT_DATA`);
      }
      // It does not answer (it is stopping, or its socket is gone): nobody can be using it.
    }
  }
  report("warn", "A Postgres left behind by an earlier run is stopped", { pid: file.pid });
  if (file.status === "stopping" && (await isGoneWithin(file.pid, clock, stopGraceMs))) return;
  const askToStop = process.platform === "win32" ? () => askBy(program, dataFolder) : undefined;
  await stopPostmaster({ pid: file.pid, dataFolder, clock, graceMs: stopGraceMs, ...(askToStop && { askToStop }) });
}

/** Made beside and moved into place when whole, so that a cut leaves nothing half made. */
async function initialise(program: PostgresProgram, runAs: RunAs, folder: string, dataFolder: string): Promise<void> {
  const space = await statfs(folder);
  if (space.bavail * space.bsize < neededFreeBytes) {
    throw new EarshotError(
      "FOLDER_UNUSABLE",
      `embedded Postgres: ${folder} needs ${neededFreeBytes / 1024 / 1024} MB of free space, has ${Math.floor((space.bavail * space.bsize) / 1024 / 1024)}`,
    );
  }
  for (const name of await readdir(folder)) if (name.startsWith("data.new-")) await rm(join(folder, name), { recursive: true, force: true });
  const fresh = join(folder, `data.new-${randomBytes(6).toString("hex")}`);
  const passwordCopy = `${fresh}.password`;
  try {
    await mkdir(fresh, { mode: 0o700 });
    await writeFile(passwordCopy, readFileSync(join(folder, "password")), { mode: 0o600 });
    if (runAs.owner) for (const path of [fresh, passwordCopy]) await chown(path, runAs.owner.uid, runAs.owner.gid);
    const words = ["-D", fresh, "-U", userName, `--pwfile=${passwordCopy}`, "-A", "scram-sha-256", "--encoding=UTF8"];
    words.push("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--wal-segsize=4", "--no-instructions");
    words.push("-c", "shared_buffers=16MB", "-c", "max_connections=20", "-c", "io_method=sync");
    const child = spawnAs(program, runAs, program.initdb, words, ["ignore", "ignore", "pipe"]);
    let complaint = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-4000)));
    const code = await exitOf(child);
    if (code !== 0) throw startFault(complaint, `initdb ended with ${code}`);
    await rename(fresh, dataFolder).catch((cause: unknown) => {
      // Another start was faster; its folder is as good.
      if (!(cause instanceof Error && "code" in cause && (cause.code === "ENOTEMPTY" || cause.code === "EEXIST"))) throw unusable(dataFolder, cause);
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(passwordCopy, { force: true });
  }
}

function startFault(complaint: string, otherwise: string): EarshotError {
  const said = complaint.trim().split("\n").slice(-6).join("\n") || otherwise;
  if (/No space left|Disk quota/i.test(complaint)) return new EarshotError("FOLDER_UNUSABLE", `embedded Postgres: no space is left on the disk\n${said}`);
  if (/Permission denied|wrong ownership|invalid permissions/i.test(complaint)) return new EarshotError("FOLDER_UNUSABLE", `embedded Postgres: no permission\n${said}`);
  if (/error while loading shared libraries/.test(complaint)) {
    return new EarshotError("POSTGRES_UNUSABLE", `embedded Postgres: a library of the system is missing; install it, or set EARSHOT_DATABASE_URL\n${said}`);
  }
  return new EarshotError("POSTGRES_UNUSABLE", `embedded Postgres: it did not start\n${said}`);
}

/** A Unix socket in a short folder of ours, readable by us alone; loopback with a password where there is none. */
async function chooseListen(folder: string, temporaryFolder: string, runAs: RunAs): Promise<ListenSettings> {
  if (process.platform !== "win32") {
    const hash = createHash("sha256").update(folder).digest("hex").slice(0, 16);
    const names = [hash, `${hash}-${randomBytes(4).toString("hex")}`];
    for (const base of [temporaryFolder, "/tmp"]) {
      for (const name of names) {
        const socketFolder = join(base, `earshot-${name}`);
        if (Buffer.byteLength(join(socketFolder, `.s.PGSQL.${socketPort}`)) > maxSocketPathBytes) continue;
        if (await makeSocketFolder(socketFolder, runAs)) return { socketFolder, port: socketPort };
      }
    }
  }
  return { port: await freePort() };
}

async function makeSocketFolder(path: string, runAs: RunAs): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 }).catch(async (cause: unknown) => {
      const found = await lstat(path);
      const owners = [process.getuid?.(), runAs.owner?.uid];
      if (!found.isDirectory() || (found.mode & 0o077) !== 0 || !owners.includes(found.uid)) throw cause;
    });
    if (runAs.owner) await chown(path, runAs.owner.uid, runAs.owner.gid);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  server.close();
  if (typeof at !== "object" || at === null) throw new EarshotError("POSTGRES_UNUSABLE", "embedded Postgres: no loopback port is free");
  return at.port;
}

async function keepLogSmall(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && found.size > 1024 * 1024) await rename(path, `${path}.1`);
}

type Stdio = ["ignore", "ignore" | number, "pipe" | number];

function spawnAs(program: PostgresProgram, runAs: RunAs, binary: string, words: readonly string[], stdio: Stdio): ChildProcess {
  const [command = binary, ...rest] = [...runAs.prefix, binary, ...words];
  // A group of its own: Ctrl-C ends the server only when we have drained.
  return spawn(command, rest, {
    cwd: "/",
    detached: true,
    stdio,
    env: { PATH: process.env["PATH"], ...(process.env["SystemRoot"] !== undefined && { SystemRoot: process.env["SystemRoot"] }), ...program.environment },
    ...(runAs.uid !== undefined && { uid: runAs.uid }),
    ...(runAs.gid !== undefined && { gid: runAs.gid }),
  });
}

async function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    child.once("error", (cause) => fail(new EarshotError("POSTGRES_UNUSABLE", `embedded Postgres: ${cause.message}`, { cause })));
    child.once("close", (code) => done(code ?? -1));
  });
}

function launch(program: PostgresProgram, runAs: RunAs, dataFolder: string, logPath: string): ChildProcess {
  const log = openSync(logPath, "a", 0o600);
  try {
    const child = spawnAs(program, runAs, program.postgres, ["-D", dataFolder], ["ignore", log, log]);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

async function waitUntilReady(child: ChildProcess, dataFolder: string, logPath: string, clock: Clock): Promise<number> {
  let failed: EarshotError | undefined;
  const logStart = (await stat(logPath)).size;
  const complaint = () => readFileSync(logPath).subarray(logStart).toString("utf8").slice(-4000);
  child.once("error", (cause) => (failed = new EarshotError("POSTGRES_UNUSABLE", `embedded Postgres: ${cause.message}`, { cause })));
  child.once("exit", () => (failed ??= startFault(complaint(), "it ended at once")));
  const endMs = clock.monotonicMs() + startWithinMs;
  while (failed === undefined) {
    const file = readPostmasterFile(dataFolder);
    if (file?.status === "ready" && file.pid === child.pid) return file.pid;
    if (clock.monotonicMs() > endMs) {
      child.kill("SIGINT");
      throw new EarshotError("POSTGRES_UNUSABLE", `embedded Postgres: it was not ready within ${startWithinMs / 1000} s\n${complaint()}`);
    }
    await clock.sleep(10);
  }
  throw failed;
}

/** A shell that waits for our end of its pipe to close, which a kill -9 closes too, and then stops the server. */
function watchOver(pid: number): ChildProcess | undefined {
  if (process.platform === "win32") return undefined;
  const script = 'trap "" INT TERM HUP; read -r _; kill -INT "$1"';
  const watch = spawn("/bin/sh", ["-c", script, "earshot-watch", String(pid)], { cwd: "/", detached: true, stdio: ["pipe", "ignore", "ignore"] });
  watch.once("error", () => undefined);
  watch.unref();
  const pipe: unknown = watch.stdin;
  if (typeof pipe === "object" && pipe !== null && "unref" in pipe && typeof pipe.unref === "function") pipe.unref();
  return watch;
}

function askBy(program: PostgresProgram, dataFolder: string): void {
  spawn(program.pgCtl, ["stop", "-D", dataFolder, "-m", "fast", "-W"], { stdio: "ignore", windowsHide: true }).once("error", () => undefined);
}
