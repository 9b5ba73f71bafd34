import { once } from "node:events";
import { createServer } from "node:http";

const perPhase = 60;
/** Ids tell the time (the upper 48 bits). */
const firstMs = Date.now() - 3_600_000;
const idOf = (i: number): bigint => BigInt(firstMs + i * 1_000) << 16n;

/** Of the second phase on, `content` is called otherwise, and there is a new field. */
function statusAt(i: number, address: string): Record<string, unknown> {
  const at = new Date(firstMs + i * 1_000).toISOString();
  const account = { id: "7", username: "keeper", acct: "keeper", url: `${address}/@keeper`, display_name: "Keeper" };
  const id = String(idOf(i));
  const status = { id, uri: `${address}/users/keeper/statuses/${id}`, created_at: at, visibility: "public", language: "en", account };
  const content = `<p>numbat number ${i} of the zoo</p>`;
  return i < perPhase ? { ...status, content } : { ...status, contenu: content, shade: "blue" };
}

/** A server of statuses that calls a field otherwise once it is told to. All but its timelines is refused. */
export async function openRenaming({ isClosed = false } = {}) {
  let served = perPhase;
  let address = "";
  let refused = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", address);
    if (isClosed || !url.pathname.startsWith("/api/v1/timelines/public"))
      return void response.writeHead(403, { "content-type": "application/json", "x-request-id": `call-${++refused}` }).end('{"error":"This is closed to keeper@zoo-mail.example"}');
    const min = BigInt(url.searchParams.get("min_id") ?? url.searchParams.get("since_id") ?? "0");
    const max = BigInt(url.searchParams.get("max_id") ?? "999999999999999999999");
    const all = Array.from({ length: served }, (_, i) => statusAt(i, address)).filter(({ id }) => BigInt(String(id)) > min && BigInt(String(id)) < max);
    const page = url.searchParams.has("min_id") ? all.slice(0, 40) : all.slice(-40);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(page.toReversed()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  address = typeof at === "object" && at !== null ? `http://127.0.0.1:${at.port}` : "";
  return {
    address,
    perPhase,
    /** The second phase is served. */
    rename(): void {
      served = Math.max(served, 2 * perPhase);
    },
    more(count: number): void {
      served += count;
    },
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}
