import type { IncomingMessage, ServerResponse } from "node:http";

/** A server of the world behind another: both are one platform, under one address. */
export interface Behind {
  readonly url: string;
  /** Its own proof of who asks, in place of a living token; absent: the request goes on as it is. */
  readonly headers?: (token: string) => Readonly<Record<string, string>>;
}

/** Sends the request on and its answer back; gives the status. */
export async function pass({ url, headers }: Behind, request: IncomingMessage, response: ServerResponse, token: string): Promise<number> {
  const { host: _host, connection: _connection, ...sent } = request.headers;
  if (headers !== undefined) delete sent.authorization;
  const texts = Object.entries(sent).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : []));
  const body = request.method === "GET" ? null : Buffer.concat(await Array.fromAsync(request));
  const answer = await fetch(`${url}${request.url ?? "/"}`, { method: request.method ?? "GET", headers: { ...Object.fromEntries(texts), ...headers?.(token) }, body });
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  return answer.status;
}
