import { request } from "undici";
import { EarshotError } from "../core/errors.ts";
import { collect } from "./body.ts";
import { makeDispatchers } from "./dispatchers.ts";
import type { Env } from "./proxy.ts";
import { redactText, redactUrl } from "./redact.ts";

export interface FetchOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One exchange, whatever its status, no redirect followed. Throws UPSTREAM_UNAVAILABLE where nobody answers, UPSTREAM_REFUSED for too large an answer and for an address that is refused; an abort as it is. */
export type Fetch = (url: string, options: FetchOptions) => Promise<Response>;

const mostBytes = 1 << 20;
const headersMs = 15_000;

/** For libraries that speak a protocol of their own and want a `fetch`: through the proxies and certificates of the one client. */
export function openFetch(settings: { readonly env: Env; readonly mayAsk: (url: URL) => boolean }): { readonly fetch: Fetch } & AsyncDisposable {
  const dispatchers = makeDispatchers(settings.env);
  return {
    async fetch(url, { method, headers, body, signal }) {
      const at = new URL(url);
      const where = `${method} ${redactUrl(url)}`;
      if (!settings.mayAsk(at)) throw new EarshotError("UPSTREAM_REFUSED", `${where}: expected https://`);
      try {
        const answer = await request(at, {
          dispatcher: dispatchers.for(at),
          method,
          headers: { ...headers, "user-agent": "Earshot (+self-hosted)", "accept-encoding": "identity" },
          ...(body !== undefined && { body }),
          ...(signal !== undefined && { signal }),
          headersTimeout: headersMs,
          bodyTimeout: headersMs,
        });
        const bytes = await collect(answer.body, mostBytes, where);
        const told = new Headers();
        for (const [name, value] of Object.entries(answer.headers)) if (value !== undefined) told.set(name, Array.isArray(value) ? value.join(", ") : value);
        const isBare = answer.statusCode === 204 || answer.statusCode === 205 || answer.statusCode === 304;
        return new Response(isBare ? null : Buffer.from(bytes), { status: answer.statusCode, headers: told });
      } catch (thrown) {
        if (signal?.aborted === true || thrown instanceof EarshotError) throw thrown;
        throw new EarshotError("UPSTREAM_UNAVAILABLE", redactText(`${where}: ${thrown instanceof Error ? thrown.message : String(thrown)}`), { cause: thrown });
      }
    },
    [Symbol.asyncDispose]: () => dispatchers[Symbol.asyncDispose](),
  };
}
