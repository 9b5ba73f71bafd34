/** The one HTTP client, as connectors see it. Proxies, certificates, budgets, retries and breakers stand behind it. */
export interface Http {
  /** Resolves for 2xx and 304; throws UPSTREAM_RATE_LIMITED (retryAt), UPSTREAM_AUTH, UPSTREAM_REFUSED, UPSTREAM_UNAVAILABLE. Safe methods are retried inside the deadline. */
  request(url: string, options?: HttpOptions): Promise<HttpResponse>;
  /** A body that stays open (server-sent events). */
  stream(url: string, options?: HttpOptions): Promise<{ readonly status: number; readonly headers: Headers; readonly body: AsyncIterable<Uint8Array> }>;
  /** Through the same proxies and certificates. Messages come in order; closing the iteration closes the socket. Throws UPSTREAM_CUT when it breaks. */
  webSocket(url: string, options?: WebSocketOptions): Promise<WebSocketStream>;
}

export interface HttpOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
  /** Calls with one budget share its limits (credential + endpoint). */
  readonly budget?: string;
  /** The budget's own limit, beside what the server tells; the first call with a budget declares it. */
  readonly limit?: { readonly requests: number; readonly perMs: number };
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The address that answered: another than asked after redirects. */
  readonly url: string;
  /** The redirects on the way were all permanent (301, 308): the address to ask from now on; absent: none, or a temporary one. */
  readonly movedTo?: string;
}

export interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly maxMessageBytes?: number;
  /** Nothing heard (message or pong) for so long: the connection is dead. */
  readonly silenceMs?: number;
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
