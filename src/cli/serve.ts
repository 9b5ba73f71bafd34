import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import pino from "pino";
import { type Access, sameText } from "../runtime/access.ts";
import { listen, makeApi } from "../api/server.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { root, type System } from "../runtime/system.ts";
import { buildPages } from "./build-pages.ts";

export interface Served {
  readonly address: string;
  /** Of this process: for our own command line. */
  readonly token: string;
  stop(): Promise<void>;
}

/** Opens the API, and tells our own command line where it is (run.json, for this user's eyes only). */
export async function serveSystem(
  system: System,
  options: { readonly host: string; readonly port: number; readonly pages: boolean; readonly say?: (text: string) => void },
): Promise<Served> {
  const token = randomBytes(32).toString("base64url");
  const pages = options.pages ? await buildPages(root, options.say ?? (() => undefined)) : undefined;
  const logger = pino({ level: "warn", redact: ["req.headers.authorization", "req.headers.cookie"] }, pino.destination(2));
  const access: Access = {
    ...system.access,
    token: async (bearer) => (sameText(bearer, token) ? { name: "command line", owner: "command line", role: "admin", by: "token", filter: {} } : system.access.token(bearer)),
  };
  const app = await makeApi({ engine: system.engine, access, makeLink: () => system.makeLink(), logger, ...(pages !== undefined && { pagesFolder: pages }) });
  const runFile = join(system.base.folder, "run.json");
  const files = makeDiskFiles();
  let address: string;
  try {
    address = await listen(app, options.host, options.port);
  } catch (error) {
    await app.close();
    throw error;
  }
  await files.replace(runFile, Buffer.from(`${JSON.stringify({ version: 1, address: reachable(address), token, pid: process.pid })}\n`));
  return {
    address,
    token,
    async stop() {
      await rm(runFile, { force: true });
      app.server.closeAllConnections();
      await app.close();
      await system.stop();
    },
  };
}

/** 0.0.0.0 is where we listen; this machine reaches it by its own name. */
function reachable(address: string): string {
  return address.replace("//0.0.0.0", "//127.0.0.1").replace("//[::]", "//[::1]");
}
