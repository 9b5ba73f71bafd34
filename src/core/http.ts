import type { Credential } from "./credential.ts";
import type { ErrorCode } from "./errors.ts";

/** The one HTTP client, as connectors see it. Proxies, certificates, budgets, retries and breakers stand behind it. */
export interface Http {
  /**
   * Resolves for 2xx and 304; throws UPSTREAM_RATE_LIMITED and UPSTREAM_QUOTA (retryAt), UPSTREAM_AUTH (401, 403), UPSTREAM_NOT_FOUND (404, 410),
   * UPSTREAM_REFUSED, UPSTREAM_UNAVAILABLE, or what `react` says; `failure` of the error tells of the call. Safe methods are tried again inside the deadline.
   */
  request(url: string, options?: HttpOptions): Promise<HttpResponse>;
  /** A body that stays open (server-sent events). */
  stream(url: string, options?: HttpOptions): Promise<{ readonly status: number; readonly headers: Headers; readonly body: AsyncIterable<Uint8Array> }>;
  /** Through the same proxies and certificates. Messages come in order; closing the iteration closes the socket. Throws UPSTREAM_CUT when it breaks. */
  webSocket(url: string, options?: WebSocketOptions): Promise<WebSocketStream>;
  /** Counts what answers brought, at once and for all who share the budget, whether there was room for it or not; it must have a limit. Gives what is left, and when it is full again (milliseconds UTC). */
  charge(use: BudgetUse): Promise<{ readonly left: number; readonly fullAt: number }>;
}

export interface HttpOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
  /** All allowances that the call draws on; it goes out when each of them has room. The first one learns from the answer's headers. */
  readonly budgets?: readonly BudgetUse[];
  /** Its headers are added; after a 401 it is renewed once and the call goes out again. */
  readonly credential?: Credential;
  /** The answer may be kept and asked for conditionally (RFC 9111), `maxAgeMs` since it came or was confirmed at most: the platform's terms; absent: not kept. */
  readonly cache?: { readonly maxAgeMs: number };
  /** The site's robots.txt is asked first and obeyed (RFC 9309), redirects too; what it forbids throws UPSTREAM_REFUSED, failure `client.robots`. */
  readonly robots?: boolean;
  /** The runtime says it for every source. */
  readonly caller?: Caller;
  /** Reads a platform's own word on a failed call (any status, also 200 with an error in it); undefined: the status alone decides. */
  readonly react?: (answer: FailedAnswer) => Reaction | undefined;
}

/** On whose behalf a call goes out. */
export interface Caller {
  readonly source: string;
  /** Name of the egress profile that its calls take; absent: straight, or the proxy of the environment. */
  readonly egress?: string;
}

/** An allowance that calls of one credential to one endpoint share, across sources and processes. */
export interface BudgetUse {
  /** `platform/credential/endpoint`, free of secrets. */
  readonly name: string;
  /** As the platform documents it, beside what its headers tell; the first call declares it. */
  readonly limit?: BudgetLimit;
  /** What the call takes; default 1. */
  readonly cost?: number;
  /** So much must be left for the call to go out, beside what it takes: what its answer brings is counted when it came (`charge`). */
  readonly room?: number;
}

export interface BudgetLimit {
  /** Requests, or the platform's own units (YouTube), or posts (X's monthly cap). */
  readonly requests: number;
  readonly perMs: number;
  /** When it is full again; default "sliding" (a token bucket). pacific-day: midnight in Los Angeles. */
  readonly resets?: "sliding" | "utc-day" | "pacific-day" | "utc-month";
  /** Of utc-month: the day of the month on which it begins, or the last one of a shorter month; default 1. */
  readonly monthDay?: number;
}

export interface FailedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface Reaction {
  readonly code: ErrorCode;
  /** Id of one of the connector's failures. */
  readonly failure?: string;
  readonly message?: string;
  /** Milliseconds UTC before which another try is useless; the first budget waits for it. */
  readonly retryAt?: number;
  /** The platform's id of the call, where it stands in the body. */
  readonly requestId?: string;
  /** The credential is renewed once and the call goes out again. */
  readonly renew?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The address that answered: another than asked after redirects. */
  readonly url: string;
  /** The redirects on the way were all permanent (301, 308): the address to ask from now on; absent: none, or a temporary one. */
  readonly movedTo?: string;
  /** Nothing came anew: kept and fresh; kept and confirmed by the platform (a 304, told as its 200); come with another call for the same. */
  readonly reused?: "fresh" | "confirmed" | "shared";
}

export interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly maxMessageBytes?: number;
  /** Nothing heard (message or pong) for so long: the connection is dead. */
  readonly silenceMs?: number;
  readonly caller?: Caller;
  /** As for requests, of an answer to the handshake that is no upgrade; without its body. */
  readonly react?: (answer: FailedAnswer) => Reaction | undefined;
}

export interface BatchOptions {
  readonly maxItems: number;
  readonly maxBytes: number;
  /** A batch waits so long for more after its first message. */
  readonly waitMs: number;
  /** After so long without a message an empty batch comes; absent: never. */
  readonly idleMs?: number;
}

export interface WebSocketStream extends AsyncIterable<Uint8Array> {
  send(text: string): void;
  /** The same messages, several at once: at least one message is given, whatever its size. */
  batches(options: BatchOptions): AsyncIterable<readonly Uint8Array[]>;
  close(): void;
}
