import type { ServerResponse } from "node:http";
import type { Oracle } from "../oracle.ts";

/** What is true, for tests only: no real platform has these paths. */
export function answerFromOracle(oracle: Oracle, url: URL, response: ServerResponse): boolean {
  if (!url.pathname.startsWith("/oracle/")) return false;
  const headers = { "x-simulated": "test only" };
  const lines = (rows: Iterable<unknown>): void => {
    response.writeHead(200, { ...headers, "content-type": "application/x-ndjson" });
    let chunk = "";
    for (const row of rows) {
      chunk += `${JSON.stringify(row)}\n`;
      if (chunk.length > 65_536) {
        response.write(chunk);
        chunk = "";
      }
    }
    response.end(chunk);
  };
  switch (url.pathname) {
    case "/oracle/summary":
      response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify(oracle.summary()));
      return true;
    case "/oracle/posts":
      lines(filtered(oracle, url.searchParams));
      return true;
    case "/oracle/rollups":
      lines(oracle.rollups());
      return true;
    case "/oracle/erased":
      lines(oracle.erasedAuthors);
      return true;
    case "/oracle/driven":
      lines(oracle.drivenAuthors);
      return true;
    case "/oracle/ambiguous":
      lines(oracle.ambiguousIds.map((id) => ({ id })));
      return true;
    default:
      response.writeHead(404, headers).end();
      return true;
  }
}

function* filtered(oracle: Oracle, query: URLSearchParams): Generator {
  const platform = query.get("platform");
  const id = query.get("id");
  const since = query.get("since");
  const deleted = query.get("deleted");
  const brand = query.get("brand");
  const author = query.get("author");
  let left = Number(query.get("limit") ?? Infinity);
  for (const post of oracle.posts()) {
    if (left <= 0) return;
    if (platform !== null && post.platform !== platform) continue;
    if (id !== null && post.id !== id) continue;
    if (since !== null && post.createdAt < since) continue;
    if (deleted !== null && (post.deleted !== null) !== (deleted === "true")) continue;
    if (brand !== null && !post.brands.includes(brand)) continue;
    if (author !== null && post.author !== author) continue;
    left -= 1;
    yield post;
  }
}
