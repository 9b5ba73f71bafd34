import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const peer = path.join(import.meta.dirname, "atproto");

/** Installs the peer's own locked tree once, into the cache; throws where that cannot be. */
export async function installPds(): Promise<string> {
  const lock = readFileSync(path.join(peer, "package-lock.json"));
  const folder = path.resolve(peer, "../../../node_modules/.cache/earshot-peers", `atproto-${createHash("sha256").update(lock).digest("hex").slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  for (const name of ["package.json", "package-lock.json", ".npmrc", "serve.mjs"]) cpSync(path.join(peer, name), path.join(making, name));
  try {
    await promisify(execFile)("npm", ["ci", "--ignore-scripts"], { cwd: making, timeout: 280_000 });
    // Two test files may install at a time: who comes second takes what the first has made.
    if (!existsSync(folder)) renameSync(making, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

const sessionSchema = z.object({ did: z.string(), handle: z.string(), accessJwt: z.string() });
export type PdsSession = z.output<typeof sessionSchema>;
const recordSchema = z.object({ uri: z.string(), cid: z.string() });
export type PdsRecord = z.output<typeof recordSchema>;

/** A real PDS with its PLC directory, on loopback. */
export interface Pds extends AsyncDisposable {
  readonly url: string;
  call(name: string, body: unknown, token?: string): Promise<unknown>;
  join(name: string): Promise<PdsSession>;
  write(who: PdsSession, collection: string, record: Record<string, unknown>): Promise<PdsRecord>;
  remove(who: PdsSession, uri: string): Promise<void>;
}

export async function startPds(folder: string): Promise<Pds> {
  const data = mkdtempSync(path.join(tmpdir(), "earshot-pds-"));
  const child = spawn(process.execPath, ["serve.mjs", data, String(await freePort()), String(await freePort())], {
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], LOG_ENABLED: "false" },
  });
  const exited = once(child, "exit");
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-2_000)));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("\n")) resolve(said);
  });
  void exited.then(() => reject(new Error(`the PDS ended: ${errors}`)));
  const { pds: url } = z.object({ pds: z.url() }).parse(JSON.parse(await promise));
  const call = async (name: string, body: unknown, token?: string): Promise<unknown> => {
    const answer = await fetch(`${url}/xrpc/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${text.slice(0, 300)}`);
    return text === "" ? {} : JSON.parse(text);
  };
  return {
    url,
    call,
    async join(name) {
      return sessionSchema.parse(await call("com.atproto.server.createAccount", { handle: `${name}.test`, email: `${name}@mail.test`, password: "password" }));
    },
    async write(who, collection, record) {
      const value = { $type: collection, createdAt: new Date().toISOString(), ...record };
      return recordSchema.parse(await call("com.atproto.repo.createRecord", { repo: who.did, collection, record: value }, who.accessJwt));
    },
    async remove(who, uri) {
      const [, , , collection, rkey] = uri.split("/");
      await call("com.atproto.repo.deleteRecord", { repo: who.did, collection, rkey }, who.accessJwt);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exited;
      clearTimeout(late);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
