import { constants, existsSync, readFileSync, statSync } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import pg from "pg";
import { findPostgresProgram } from "../catalog/postgres-program.ts";
import { chooseUser } from "../catalog/postgres-user.ts";
import { type Config, configSchema, type Environment, environmentSchema, parseEnvironment } from "../core/config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { extraCertificates, proxyFor } from "../http/proxy.ts";
import { type Check, type Finding, makeChecks } from "./doctor-check.ts";
import { checkData } from "./doctor-data.ts";
import { loadConfig } from "./load-config.ts";
import { readSecret } from "./secrets.ts";

export interface DoctorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the program. */
  readonly root: string;
  readonly files: Files;
  /** Databases above this are looked at only by their head. */
  readonly maxCheckedBytes: number;
  readonly onProgress?: (name: string) => void;
}

const oldestNode = [24, 4] as const;

/** Looks at everything that a start needs, and changes nothing. Every check ends; none throws. */
export async function examine(options: DoctorOptions): Promise<readonly Check[]> {
  const { env, files } = options;
  const { checks, add } = makeChecks(options.onProgress);

  await add("Node", checkNode);
  let environment: Environment = environmentSchema.parse({});
  await add("environment", () => {
    const odd = Object.keys(env).filter((name) => name.startsWith("EARSHOT_") && name !== "EARSHOT_LAUNCHER" && !Object.hasOwn(environmentSchema.shape, name));
    const readable = Object.fromEntries(Object.entries(env).filter(([name, value]) => Object.hasOwn(environmentSchema.shape, name) && canBe(name, value)));
    environment = environmentSchema.parse(readable);
    parseEnvironment(env);
    if (odd.length > 0)
      return { status: "warn", detail: `${odd.join(", ")}: not known, so without effect`, advice: `known are ${Object.keys(environmentSchema.shape).join(", ")}` };
    const set = Object.keys(environmentSchema.shape).filter((name) => env[name] !== undefined && env[name] !== "");
    return { status: "ok", detail: set.length === 0 ? "all defaults" : `set: ${set.join(", ")}` };
  });
  let config: Config = configSchema.parse({});
  await add("configuration", async () => {
    const loaded = await loadConfig(environment.EARSHOT_CONFIG);
    config = loaded.config;
    const count = (all: object, one: string) => `${Object.keys(all).length} ${one}${Object.keys(all).length === 1 ? "" : "s"}`;
    return {
      status: "ok",
      detail:
        loaded.path === undefined
          ? `${resolve(environment.EARSHOT_CONFIG)} is not there: all defaults`
          : `${loaded.path}: ${count(config.sources, "source")}, ${count(config.terms, "term")}`,
    };
  });
  await add("secrets", () => checkSecrets(config, env));
  await add("proxy", () => checkProxy(env));

  const folder = resolve(environment.EARSHOT_DATA);
  await add("data folder", () => checkFolder(folder));
  await add("free space", async () => {
    const freeGb = (await files.freeBytes(nearest(folder))) / 1_000_000_000;
    const leastGb = config.limits.minFreeGb;
    const detail = `${freeGb.toFixed(1)} GB free`;
    return freeGb >= leastGb
      ? { status: "ok", detail }
      : { status: "warn", detail: `${detail}, below the ${leastGb} GB of limits.minFreeGb: collection would wait`, advice: "make room, or lower limits.minFreeGb" };
  });
  const data = await checkData({
    folder,
    environment,
    files,
    maxCheckedBytes: options.maxCheckedBytes,
    warnDays: config.deprecations.warnDays,
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  checks.push(...data.checks);
  await add("port", () => checkPort(environment, data.isRunning));
  await add("Postgres", () => checkPostgres(environment, join(folder, "postgres")));
  await add("simulated world", () =>
    existsSync(join(options.root, "world", "main.ts"))
      ? { status: "ok", detail: config.world === false ? "there; switched off" : "there" }
      : { status: config.world === false ? "warn" : "fail", detail: "world/main.ts is missing", advice: "check the program out whole, or set world: false" },
  );
  await add("pages", () =>
    existsSync(join(options.root, "web", "dist", "index.html"))
      ? { status: "ok", detail: "built" }
      : { status: "warn", detail: "not built yet", advice: "the next start builds them, which takes some seconds" },
  );
  return checks;
}

function canBe(name: string, value: string | undefined): boolean {
  return value !== undefined && value !== "" && environmentSchema.safeParse({ [name]: value }).success;
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const detail = `${process.versions.node} on ${process.platform} ${process.arch}, SQLite ${process.versions["sqlite"] ?? "?"}`;
  const suits = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return suits ? { status: "ok", detail } : { status: "fail", detail, advice: `Node ${oldestNode.join(".")} or newer is needed` };
}

async function checkSecrets(config: Config, env: DoctorOptions["env"]): Promise<Finding> {
  const references: { readonly place: string; readonly text: string }[] = [];
  const walk = (value: unknown, place: string) => {
    if (typeof value === "string" && /^(env|file):./.test(value)) references.push({ place, text: value });
    else if (typeof value === "object" && value !== null) for (const [name, inner] of Object.entries(value)) walk(inner, `${place}.${name}`);
  };
  walk(config.sources, "sources");
  walk(config.egress, "egress");
  const faults: string[] = [];
  for (const { place, text } of references) {
    try {
      await readSecret(text, env);
    } catch (thrown) {
      faults.push(`${place}: ${toEarshotError(thrown, "CONFIG_SECRET_MISSING", place).message}`);
    }
  }
  if (faults.length > 0) return { status: "fail", detail: faults.join("; "), advice: "set the variables or write the files, then start" };
  return { status: "ok", detail: references.length === 0 ? "none is referred to" : `${references.length} found` };
}

function checkProxy(env: DoctorOptions["env"]): Finding {
  const seen = ["https", "http"].flatMap((scheme) => {
    const proxy = proxyFor(new URL(`${scheme}://example.org`), env);
    return proxy === undefined ? [] : [`${scheme}: ${proxy.protocol}//${proxy.host}${proxy.username === "" ? "" : " (with credentials)"}`];
  });
  const extra = extraCertificates(env);
  if (extra !== undefined) seen.push(`NODE_EXTRA_CA_CERTS: ${env["NODE_EXTRA_CA_CERTS"]}`);
  return { status: "ok", detail: seen.length === 0 ? "none" : seen.join(", ") };
}

function nearest(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

async function checkFolder(folder: string): Promise<Finding> {
  const stat = statSync(folder, { throwIfNoEntry: false });
  const writable = async (path: string) =>
    access(path, constants.R_OK | constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
  if (stat === undefined) {
    const above = nearest(folder);
    if (!statSync(above).isDirectory()) return { status: "fail", detail: `${above}: a file stands on the way to ${folder}`, advice: "set EARSHOT_DATA to another folder" };
    return (await writable(above))
      ? { status: "ok", detail: `${folder}: the first start makes it` }
      : { status: "fail", detail: `${above}: no permission to make ${folder} in it`, advice: "set EARSHOT_DATA to a folder that you may write to" };
  }
  if (!stat.isDirectory()) return { status: "fail", detail: `${folder}: expected a folder, a file is there`, advice: "set EARSHOT_DATA to another folder" };
  if (!(await writable(folder))) return { status: "fail", detail: `${folder}: no permission to read and write it`, advice: "give it to the user that runs Earshot" };
  if (process.platform !== "win32" && (stat.mode & 0o007) !== 0)
    return { status: "warn", detail: `${folder}: other users of this machine may enter it (mode ${(stat.mode & 0o777).toString(8)})`, advice: `chmod 700 ${folder}` };
  return { status: "ok", detail: folder };
}

async function checkPort(environment: Environment, isRunning: boolean): Promise<Finding> {
  const { EARSHOT_HOST: host, EARSHOT_PORT: port } = environment;
  if (isRunning) return { status: "ok", detail: "Earshot is running on this data folder" };
  const server = createServer();
  const { promise, resolve: listened, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, () => listened());
  try {
    await promise;
    return { status: "ok", detail: `${port} on ${host} is free` };
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
    const detail = code === "EADDRINUSE" ? `${port} on ${host}: another program listens there` : `${port} on ${host}: cannot be listened on (${code})`;
    return { status: "fail", detail, advice: "set EARSHOT_PORT (or EARSHOT_HOST)" };
  } finally {
    server.close();
  }
}

async function checkPostgres(environment: Environment, folder: string): Promise<Finding> {
  if (environment.EARSHOT_DATABASE_URL !== undefined) return checkServer(environment.EARSHOT_DATABASE_URL);
  const scratch = await mkdtemp(join(tmpdir(), "earshot-doctor-"));
  try {
    const program = await findPostgresProgram(join(scratch, "lib"));
    const found = existsSync(join(folder, "data", "PG_VERSION")) ? readFileSync(join(folder, "data", "PG_VERSION"), "utf8").trim() : undefined;
    if (found !== undefined && found !== program.majorVersion)
      return {
        status: "fail",
        detail: `the data folder belongs to Postgres ${found}, this Earshot brings ${program.majorVersion}`,
        advice: "back up with the Earshot that wrote it, restore with this one",
      };
    const runAs = await chooseUser(program, scratch);
    return {
      status: "ok",
      detail: `embedded ${program.majorVersion}, starts ${runAs.how.replaceAll("-", " ")}${found === undefined ? "; its folder is made at the first start" : ""}`,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function checkServer(url: string): Promise<Finding> {
  if (!/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new EarshotError("CONFIG_INVALID", "EARSHOT_DATABASE_URL: expected postgres://user:password@host:port/database");
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, application_name: "earshot-doctor" });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: unknown }>("select current_setting('server_version') as version");
    return { status: "ok", detail: `EARSHOT_DATABASE_URL answers: Postgres ${String(rows[0]?.version)}` };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { status: "fail", detail: `EARSHOT_DATABASE_URL: ${message || "no answer"}`, advice: "start that server, or unset the variable to use the embedded one" };
  } finally {
    await client.end().catch(() => undefined);
  }
}
