import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Compile } from "typebox/schema";
import type { ConfigInput } from "../src/core/config.ts";
import { openTokens } from "../src/registers/tokens.ts";
import type { Role } from "../src/runtime/viewer.ts";
import { startSystem, type System } from "../src/runtime/system.ts";
import { serveSystem } from "../src/cli/serve.ts";

type Json = Record<string, unknown>;
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where it is JSON. */
  readonly body: Json;
}
export interface Asked {
  /** Absent: the admin's. null: none. */
  readonly token?: string | null;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts of tests bear fixed dates: they are to be as good in ten years. */
export const lastingLimits = { minFreeGb: 0, searchMaxAgeDays: 36_500, lakeMaxAgeDays: 36_500 };
export const environmentToken = "token-of-the-environment";

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
export function recordAt(value: unknown, ...path: readonly string[]): Json {
  let at = value;
  for (const name of path) at = isRecord(at) ? at[name] : undefined;
  assert.ok(isRecord(at), `${path.join("/")} is an object`);
  return at;
}
export function rowsOf(body: Json, name = "items"): Json[] {
  const rows = body[name];
  assert.ok(Array.isArray(rows), `${name} is a list`);
  return rows.filter(isRecord);
}

/** What a schema does not name must not be there. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isRecord(schema)) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]));
  return schema["properties"] !== undefined && schema["additionalProperties"] === undefined ? { ...parts, additionalProperties: false } : parts;
}

/** Holds answers against the served description. */
export function makeChecker(description: Json): (method: string, path: string, answer: Answer) => void {
  const paths = recordAt(description, "paths");
  const compiled = new Map<unknown, ReturnType<typeof Compile>>();
  const templates = Object.keys(paths).map((template) => ({ template, pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`) }));
  return (method, path, answer) => {
    const pathname = new URL(path, "http://x").pathname;
    const found = templates.find(({ template }) => template === pathname) ?? templates.find(({ pattern }) => pattern.test(pathname));
    if (found === undefined || !isRecord(recordAt(paths, found.template)[method.toLowerCase()])) {
      assert.ok([401, 404].includes(answer.status), `${method} ${pathname} answered ${answer.status} and is not described`);
      return;
    }
    const responses = recordAt(paths, found.template, method.toLowerCase(), "responses");
    const where = `${method} ${found.template} ${answer.status}`;
    const response = responses[String(answer.status)] ?? responses[`${String(answer.status).charAt(0)}XX`];
    assert.ok(isRecord(response), `${where} is described`);
    if (answer.text === "") return;
    const content = recordAt(response, "content");
    const media = content[answer.type];
    assert.ok(isRecord(media), `${where}: ${answer.type} is one of ${Object.keys(content).join(", ")}`);
    if (!answer.type.endsWith("json") || answer.type.endsWith("ndjson")) return;
    const schema = media["schema"];
    const check = compiled.get(schema) ?? Compile(recordAt({ schema: closed(schema) }, "schema"));
    compiled.set(schema, check);
    const [, errors] = check.Errors(answer.body);
    assert.deepEqual(
      errors.map((error) => `${error.instancePath}: ${error.message}`),
      [],
      `${where}\n${answer.text.slice(0, 500)}`,
    );
  };
}

export interface RunningApi extends AsyncDisposable {
  readonly system: System;
  readonly address: string;
  readonly described: Json;
  /** Asks, and checks the answer against the description. */
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  import(lines: readonly unknown[], path?: string): Promise<Json>;
  makeToken(role: Role): Promise<string>;
  /** What came in is refined and searchable. */
  settle(): Promise<void>;
}

let configurations = 0;

export async function startApi(
  options: { readonly config?: ConfigInput; readonly pages?: boolean; readonly collect?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<RunningApi> {
  const folder = mkdtempSync(join(tmpdir(), "earshot-api-"));
  const file = join(folder, `config-${++configurations}.mjs`);
  writeFileSync(
    file,
    `export default ${JSON.stringify({ world: false, partitions: 2, workers: 1, ...options.config, limits: { ...lastingLimits, ...options.config?.limits } })};\n`,
  );
  const env = { EARSHOT_DATA: join(folder, "data"), EARSHOT_CONFIG: file, EARSHOT_TOKEN: environmentToken, ...options.env };
  const system = await startSystem({ collect: options.collect ?? true, env });
  const served = await serveSystem(system, { host: "127.0.0.1", port: 0, pages: options.pages ?? false }).catch(async (error: unknown) => {
    await system.stop();
    throw error;
  });
  const plainAsk = async (method: string, path: string, { token = served.token, body, raw, headers }: Asked = {}): Promise<Answer> => {
    const response = await fetch(served.address + path, {
      method,
      headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      body: raw ?? (body === undefined ? null : JSON.stringify(body)),
    });
    const text = await response.text();
    const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
    const parsed: unknown = type.endsWith("json") && !type.endsWith("ndjson") && text !== "" ? JSON.parse(text) : {};
    return { status: response.status, type, headers: response.headers, text, body: isRecord(parsed) ? parsed : {} };
  };
  const described = (await plainAsk("GET", "/api/v1/openapi.json", { token: null })).body;
  const check = makeChecker(described);
  const ask = async (method: string, path: string, asked?: Asked) => {
    const answer = await plainAsk(method, path, asked);
    check(method, path, answer);
    return answer;
  };
  return {
    system,
    address: served.address,
    described,
    ask,
    async import(lines, path = "/api/v1/import") {
      const raw = lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
      const answer = await ask("POST", path, { raw, headers: { "content-type": "application/x-ndjson" } });
      assert.equal(answer.status, 200, answer.text);
      return answer.body;
    },
    makeToken: async (role) => (await openTokens(system.engine.sql, () => Date.now()).make({ name: `a ${role}`, role, scopes: [], createdBy: "admin" })).secret,
    async settle() {
      for (const { partition, next } of await system.base.log.state("events")) {
        if (next > 0) await system.threads.refineOf(partition).caller.call("outcomes", { partition, offsets: [next - 1] });
      }
      await system.threads.stores.caller.call("drain", undefined);
    },
    async [Symbol.asyncDispose]() {
      await served.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks with headers that `fetch` forbids. */
export function askRaw(
  address: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): Promise<{ readonly status: number; readonly text: string; readonly headers: Readonly<Record<string, unknown>> }> {
  return new Promise((resolve, reject) => {
    const sent = request(address + path, { method, headers, setHost: headers["host"] === undefined }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/** Resolves once the condition holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const endAt = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > endAt) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
