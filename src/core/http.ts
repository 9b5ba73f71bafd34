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
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly maxMessageBytes?: number;
  /** Nothing heard (message or pong) for so long: the connection is dead. */
  readonly silenceMs?: number;
}

export interface WebSocketStream extends AsyncIterable<Uint8Array> {
  send(text: string): void;
  close(): void;
}
