import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const token = "a-token-of-the-start-tests";

export interface Program {
  readonly pid: number;
  /** Resolves with the address that it prints, rejects when it ends before. */
  readonly ready: Promise<string>;
  readonly exit: Promise<{ readonly code: number | null; readonly output: string }>;
  readonly output: () => string;
  kill(signal: NodeJS.Signals): void;
}

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** A process whose mounts it sees. */
  readonly within?: number;
}

/** The real program, as a user runs it. */
export function earshot(words: readonly string[], { env, uid, within }: ProgramOptions): Program {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("EARSHOT_")));
  const program = [process.execPath, join(root, "bin", "earshot.mjs"), ...words];
  const [command = "", ...rest] = within === undefined ? program : ["nsenter", `--mount=/proc/${within}/ns/mnt`, "--", ...program];
  const child = spawn(command, rest, {
    env: { ...clean, EARSHOT_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let output = "";
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  ready.catch(() => undefined);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const address = /Earshot is ready after .*: (http:\/\/\S+?)\/#/.exec(output)?.[1];
      if (address !== undefined) resolve(address);
    });
  }
  const exit = new Promise<{ code: number | null; output: string }>((done) => {
    child.once("close", (code) => {
      reject(new Error(`it ended with ${code}: ${output}`));
      done({ code, output });
    });
  });
  return { pid: child.pid ?? -1, ready, exit, output: () => output, kill: (signal) => child.kill(signal) };
}

export interface Place extends AsyncDisposable {
  readonly folder: string;
  /** A configuration file with this content. */
  config(name: string, text: string): Promise<string>;
}

export async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "earshot-start-"));
  return {
    folder,
    async config(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function importPosts(address: string, texts: readonly string[]): Promise<unknown> {
  const lines = texts.map((text, i) =>
    JSON.stringify({ id: text.replaceAll(" ", "-"), platform: "import", author: `author-${i}`, text, createdAt: new Date(Date.now() - 3_600_000).toISOString() }),
  );
  return answerOf(
    await fetch(`${address}/api/v1/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
      body: `${lines.join("\n")}\n`,
    }),
  );
}

export async function textsFor(address: string, q: string): Promise<readonly string[]> {
  const page = await answerOf(await fetch(`${address}/api/v1/posts?q=${encodeURIComponent(q)}`, { headers: { authorization: `Bearer ${token}` } }));
  if (typeof page !== "object" || page === null || !("items" in page) || !Array.isArray(page.items)) throw new Error("expected a page of posts");
  return page.items.map((item: unknown) => (typeof item === "object" && item !== null && "text" in item ? String(item.text) : "")).sort();
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text);
}
