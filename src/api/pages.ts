import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import type { ApiApp } from "./context.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

/** The pages of web/src/shell/registry.ts; what follows in the path belongs to the page. */
const pageIds = [
  "live",
  "explore",
  "search",
  "terms",
  "names",
  "topics",
  "post",
  "welcome",
  "sources",
  "vendor-exports",
  "quarantine",
  "drift",
  "deprecations",
  "connections",
  "shadow",
  "models",
  "labels",
  "bake-off",
  "model-drift",
  "data",
  "settings",
];

function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

/** Serves the built pages from memory: one route a file, so that no path of a request reaches the file system. */
export function addPages(app: ApiApp, folder: string): void {
  const hidden = { schema: { hide: true }, config: { access: "public" as const } };
  for (const path of filesUnder(folder)) {
    const type = types[extname(path)];
    if (type === undefined) continue;
    const bytes = readFileSync(path);
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    const name = relative(folder, path).split(sep).join("/");
    // Names of built assets carry a hash of their content.
    const cacheControl = name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    const routes = name === "index.html" ? ["/", ...pageIds.flatMap((id) => [`/${id}`, `/${id}/*`])] : [`/${name}`];
    for (const route of routes) {
      app.get(route, hidden, (request, reply) => {
        void reply.headers({ etag, "cache-control": cacheControl });
        if (request.headers["if-none-match"] === etag) return reply.code(304).send();
        return reply.type(type).send(bytes);
      });
    }
  }
}
