import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { request } from "undici";
import { z } from "zod";
import { parseEnvironment } from "../core/config.ts";
import { EarshotError, isErrorCode } from "../core/errors.ts";

/** Written by the running system into its data folder, for this user's eyes only. */
const runSchema = z.object({ version: z.literal(1), address: z.string(), token: z.string(), pid: z.number() });
const problemSchema = z.looseObject({ code: z.string(), detail: z.string() });

export interface Client extends AsyncDisposable {
  readonly address: string;
  get(path: string): Promise<unknown>;
  send(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<unknown>;
  /** Streams NDJSON in; answers once all of it is refined. */
  upload(path: string, chunks: AsyncIterable<Uint8Array>): Promise<unknown>;
  download(path: string): Promise<AsyncIterable<Uint8Array>>;
}

export function dataFolder(): string {
  return resolve(parseEnvironment(process.env).EARSHOT_DATA);
}

function readRun(): z.output<typeof runSchema> | undefined {
  try {
    const parsed = runSchema.safeParse(JSON.parse(readFileSync(join(dataFolder(), "run.json"), "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The API of the system that runs on the data folder; undefined where none does. */
export async function openRunningClient(): Promise<Client | undefined> {
  const run = readRun();
  return run !== undefined && (await answers(run.address)) ? makeClient(run.address, run.token, () => Promise.resolve()) : undefined;
}

/** The running system's API; where none runs, one is started for this command alone: no collection, no open port to others. */
export async function openClient(): Promise<Client> {
  const running = await openRunningClient();
  if (running !== undefined) return running;
  const { startSystem } = await import("../runtime/system.ts");
  const { serveSystem } = await import("./serve.ts");
  const system = await startSystem({ collect: false });
  const served = await serveSystem(system, { host: "127.0.0.1", port: 0, pages: false });
  return makeClient(served.address, served.token, async () => {
    await served.stop();
  });
}

async function answers(address: string): Promise<boolean> {
  try {
    const response = await request(`${address}/health`, { headersTimeout: 2_000 });
    await response.body.dump();
    return response.statusCode === 200 || response.statusCode === 503;
  } catch {
    return false;
  }
}

function makeClient(address: string, token: string, close: () => Promise<void>): Client {
  const authorization = `Bearer ${token}`;
  const ask = async (method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: string | AsyncIterable<Uint8Array>, type = "application/json") => {
    const response = await request(`${address}${path}`, {
      method,
      headers: { authorization, ...(body !== undefined && { "content-type": type }) },
      body: body === undefined || typeof body === "string" ? (body ?? null) : Readable.from(body),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (response.statusCode >= 400) {
      const problem = problemSchema.safeParse(await response.body.json().catch(() => ({})));
      if (problem.success) throw new EarshotError(isErrorCode(problem.data.code) ? problem.data.code : "USAGE", problem.data.detail);
      throw new EarshotError("STORE_UNAVAILABLE", `${method} ${path}: the server answered ${response.statusCode}`);
    }
    return response;
  };
  const json = async (response: Awaited<ReturnType<typeof ask>>): Promise<unknown> => {
    if (response.statusCode === 204) {
      await response.body.dump();
      return undefined;
    }
    return await response.body.json();
  };
  return {
    address,
    get: async (path) => json(await ask("GET", path)),
    send: async (method, path, body) => json(await ask(method, path, body === undefined ? undefined : JSON.stringify(body))),
    upload: async (path, chunks) => json(await ask("POST", path, chunks, "application/x-ndjson")),
    download: async (path) => (await ask("GET", path)).body,
    [Symbol.asyncDispose]: close,
  };
}
