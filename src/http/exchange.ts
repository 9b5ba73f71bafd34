import { type Dispatcher, request as undiciRequest } from "undici";
import { EarshotError } from "../core/errors.ts";
import type { Dispatchers } from "./dispatchers.ts";
import { isSecretHeader, redactUrl } from "./redact.ts";

export interface Exchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that only the first origin may see, beside those whose names tell that they are secret. */
  readonly credential: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Covers the head only where the body stays open. */
  readonly signal: AbortSignal;
  /** The body is read as it comes, for as long as it comes. */
  readonly stays: boolean;
  readonly headersTimeoutMs: number;
  /** Throws for a redirect's address that may not be asked. */
  readonly mayVisit?: ((url: URL) => Promise<unknown>) | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Dispatcher.ResponseData["body"];
  readonly url: string;
  readonly movedTo?: string;
}

/** RFC 9309, 2.3.1.2, asks for five. */
const longestRedirects = 5;

/** One exchange, redirects of a GET followed. Throws UPSTREAM_REFUSED for a redirect to another protocol, else what undici throws. */
export async function exchange(url: string, asked: Exchange, dispatchers: Pick<Dispatchers, "for">): Promise<Answer> {
  let at = new URL(url);
  let permanent = true;
  let headers: Record<string, string> = { "user-agent": "Earshot (+self-hosted)", "accept-encoding": asked.stays ? "identity" : "gzip, br, deflate" };
  const kept = new Set(["authorization", "cookie"]);
  for (const [name, value] of Object.entries(asked.headers)) {
    headers[name.toLowerCase()] = value;
    if (isSecretHeader(name)) kept.add(name.toLowerCase());
  }
  for (const [name, value] of Object.entries(asked.credential)) {
    headers[name.toLowerCase()] = value;
    kept.add(name.toLowerCase());
  }
  for (let hop = 0; ; hop++) {
    const answer = await undiciRequest(at, {
      dispatcher: dispatchers.for(at),
      method: asked.method,
      headers,
      ...(asked.body !== undefined && { body: asked.body }),
      signal: asked.signal,
      headersTimeout: asked.headersTimeoutMs,
      bodyTimeout: asked.stays ? 0 : asked.headersTimeoutMs,
      responseHeaders: null,
    });
    const told = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) told.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    const location = told.get("location");
    const redirected = [301, 302, 303, 307, 308].includes(answer.statusCode) && location !== null;
    if (!redirected || asked.method !== "GET" || hop >= longestRedirects)
      return { status: answer.statusCode, headers: told, body: answer.body, url: at.href, ...(hop > 0 && permanent && { movedTo: at.href }) };
    await answer.body.dump();
    permanent &&= answer.statusCode === 301 || answer.statusCode === 308;
    if (!URL.canParse(location, at.href)) throw new EarshotError("UPSTREAM_REFUSED", `${redactUrl(url)}: expected an answer, came a redirect to no address`);
    const next = new URL(location, at);
    if (!/^https?:$/.test(next.protocol) || (at.protocol === "https:" && next.protocol === "http:")) {
      throw new EarshotError("UPSTREAM_REFUSED", `${redactUrl(url)}: expected an answer, came a redirect to ${next.protocol}//${next.host}`);
    }
    if (next.origin !== at.origin) headers = Object.fromEntries(Object.entries(headers).filter(([name]) => !kept.has(name)));
    await asked.mayVisit?.(next);
    at = next;
  }
}
