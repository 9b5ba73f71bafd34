import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

interface GraphToken {
  readonly scope: string;
  readonly begunMs: number;
  readonly expiresMs: number;
  readonly isLive: boolean;
}

const secondsOf = (ms: number): number => (Number.isFinite(ms) ? Math.floor(ms / 1_000) : 0);
const dataAccessSeconds = 90 * 86_400;

/** Graph's own addresses for tokens: debug_token, and the permissions of an app (Graph API reference, read 2026-11). Answers true when it was one. */
export function makeGraphTokens(options: {
  readonly app: { readonly id: string; readonly secret?: string } | undefined;
  find(token: string): GraphToken | undefined;
  giveBack(token: string): void;
}) {
  const { app } = options;
  return (request: IncomingMessage, response: ServerResponse, bearer: string, path: string, query: URLSearchParams): boolean => {
    const reply = (status: number, body: unknown): true => {
      response.writeHead(status, { "content-type": "application/json; charset=UTF-8", "cache-control": "no-store" }).end(JSON.stringify(body));
      return true;
    };
    const refuse = (message: string, status: number): true => reply(status, { error: { message, type: "OAuthException", code: 190, fbtrace_id: "Asimulated" } });
    if (/^\/v\d+\.\d\/debug_token$/.test(path)) {
      if (bearer !== `${app?.id}|${app?.secret}`) return refuse("Invalid OAuth access token.", 400);
      const token = options.find(query.get("input_token") ?? "");
      const data = { app_id: app?.id, type: "USER", application: "Earshot", is_valid: token?.isLive === true, user_id: "900" };
      if (token === undefined) return reply(200, { data: { ...data, scopes: [] } });
      const { scope, begunMs, expiresMs } = token;
      const scopes = scope.split(",").filter((one) => one !== "");
      const begun = secondsOf(begunMs);
      return reply(200, { data: { ...data, scopes, issued_at: begun, expires_at: secondsOf(expiresMs), data_access_expires_at: begun + dataAccessSeconds } });
    }
    if (request.method !== "DELETE" || !/^\/v\d+\.\d\/me\/permissions$/.test(path)) return false;
    const proof = createHmac("sha256", app?.secret ?? "")
      .update(bearer)
      .digest("hex");
    if (options.find(bearer)?.isLive !== true || query.get("appsecret_proof") !== proof) return refuse("Error validating access token", 401);
    options.giveBack(bearer);
    return reply(200, { success: true });
  };
}
