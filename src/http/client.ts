import { type Dispatcher, request as undiciRequest } from "undici";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Http, HttpOptions, HttpResponse, WebSocketOptions } from "../core/http.ts";
import { type Breaker, makeBreaker } from "./breaker.ts";
import { type Budget, type BudgetState, makeBudget } from "./budget.ts";
import { collect, inflate } from "./body.ts";
import { makeDispatchers } from "./dispatchers.ts";
import { type Env, proxyFor } from "./proxy.ts";
import { readRateLimit } from "./rate-limit.ts";
import { redactText, redactUrl } from "./redact.ts";
import { UpstreamStatus } from "./upstream-status.ts";
import { HandshakeRefused, openWebSocket } from "./web-socket.ts";

export interface HttpSettings {
  readonly clock: Clock;
  readonly report: Report;
  /** HTTPS_PROXY, HTTP_PROXY, NO_PROXY (and lower case), NODE_EXTRA_CA_CERTS. */
  readonly env: Env;
  /** 0 to 1, for the jitter; absent: Math.random. */
  readonly random?: () => number;
}

const defaultDeadlineMs = 30_000;
const defaultMaxBytes = 16 << 20;
const attemptTimeoutMs = 30_000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;
const longestRedirects = 3;
const mostHosts = 1_000;

export interface OpenedHttp extends Http, AsyncDisposable {
  /** Undefined: no call has drawn on it yet. */
  budgetState(name: string): BudgetState | undefined;
}

interface Drawn {
  readonly budget: Budget;
  readonly cost: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Dispatcher.ResponseData["body"];
  readonly url: string;
  readonly movedTo?: string;
}

/** Throws CONFIG_INVALID for an unreadable proxy address or certificate file. */
export function openHttp(settings: HttpSettings): OpenedHttp {
  const { clock, report, env } = settings;
  const random = settings.random ?? Math.random;
  const dispatchers = makeDispatchers(env);
  const budgets = new Map<string, Budget>();
  const breakers = new Map<string, Breaker>();

  function breakerFor(host: string): Breaker {
    let breaker = breakers.get(host);
    if (!breaker) {
      if (breakers.size >= mostHosts) breakers.delete(breakers.keys().next().value ?? "");
      breaker = makeBreaker();
      breakers.set(host, breaker);
    }
    return breaker;
  }

  function budgetsFor(options: HttpOptions): readonly Drawn[] {
    return (options.budgets ?? []).map(({ name, limit, cost = 1 }) => {
      let budget = budgets.get(name);
      if (!budget) {
        if (budgets.size >= mostHosts) budgets.delete(budgets.keys().next().value ?? "");
        budget = makeBudget(limit);
        budgets.set(name, budget);
      }
      return { budget, cost };
    });
  }

  /** Waits for every budget, inside the deadline. */
  async function waitTurn(drawn: readonly Drawn[], deadlineAt: number, options: HttpOptions, where: string): Promise<void> {
    for (const { budget, cost } of drawn) await waitFor(budget, cost, deadlineAt, options, where);
  }

  async function waitFor(budget: Budget, cost: number, deadlineAt: number, options: HttpOptions, where: string): Promise<void> {
    for (;;) {
      const waitMs = budget.take(clock.now(), cost);
      if (waitMs <= 0) return;
      if (clock.monotonicMs() + waitMs > deadlineAt) {
        throw new EarshotError("UPSTREAM_RATE_LIMITED", `${where}: the budget is used up for ${Math.ceil(waitMs / 1000)} s`, { retryAt: clock.now() + waitMs });
      }
      await clock.sleep(waitMs, options.signal);
    }
  }

  function checkBreaker(breaker: Breaker, where: string): void {
    const waitMs = breaker.take(clock.now());
    if (waitMs <= 0) return;
    throw new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: the host failed repeatedly; it is tried again in ${Math.ceil(waitMs / 1000)} s`, { retryAt: clock.now() + waitMs });
  }

  /** One exchange, redirects of safe methods followed. `signal` covers the head only where the body stays open. */
  async function exchange(url: string, options: HttpOptions, signal: AbortSignal, stays: boolean): Promise<Answer> {
    let at = new URL(url);
    let permanent = true;
    let headers: Record<string, string> = { "user-agent": "Earshot (+self-hosted)", "accept-encoding": stays ? "identity" : "gzip, br, deflate" };
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
    for (let hop = 0; ; hop++) {
      const answer = await undiciRequest(at, {
        dispatcher: dispatchers.for(at),
        method: options.method ?? "GET",
        headers,
        ...(options.body !== undefined && { body: options.body }),
        signal,
        headersTimeout: attemptTimeoutMs,
        bodyTimeout: stays ? 0 : attemptTimeoutMs,
        responseHeaders: null,
      });
      const told = new Headers();
      for (const [name, value] of Object.entries(answer.headers)) {
        if (value !== undefined) told.set(name, Array.isArray(value) ? value.join(", ") : value);
      }
      const location = told.get("location");
      const redirected = [301, 302, 303, 307, 308].includes(answer.statusCode) && location !== null;
      if (!redirected || !isSafe(options) || hop >= longestRedirects)
        return { status: answer.statusCode, headers: told, body: answer.body, url: at.href, ...(hop > 0 && permanent && { movedTo: at.href }) };
      await answer.body.dump();
      permanent &&= answer.statusCode === 301 || answer.statusCode === 308;
      const next = new URL(location, at);
      if (!/^https?:$/.test(next.protocol) || (at.protocol === "https:" && next.protocol === "http:")) {
        throw new EarshotError("UPSTREAM_REFUSED", `${redactUrl(url)}: expected an answer, came a redirect to ${next.protocol}//${next.host}`);
      }
      if (next.origin !== at.origin) {
        const { authorization: _, cookie: __, ...rest } = headers;
        headers = rest;
      }
      at = next;
    }
  }

  /** The error that a status stands for; undefined for 2xx and 304. */
  function refusal(status: number, headers: Headers, excerpt: string, where: string): EarshotError | undefined {
    if ((status >= 200 && status < 300) || status === 304) return undefined;
    const cause = new UpstreamStatus(status, excerpt);
    const told = readRateLimit(headers, clock.now());
    const used = told.remaining === 0 ? told.resetAt : undefined;
    const retryAt = told.retryAt ?? used;
    if (status === 429 || (status === 403 && told.retryAt !== undefined)) {
      return new EarshotError("UPSTREAM_RATE_LIMITED", `${where}: too many requests (HTTP ${status})`, { cause, retryAt: retryAt ?? clock.now() + 60_000 });
    }
    if (status === 401 || status === 403) return new EarshotError("UPSTREAM_AUTH", `${where}: the credential was refused (HTTP ${status})`, { cause });
    if (status >= 500 || status === 408 || status === 425) {
      return new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: HTTP ${status}`, { cause, ...(told.retryAt !== undefined && { retryAt: told.retryAt }) });
    }
    return new EarshotError("UPSTREAM_REFUSED", `${where}: HTTP ${status}`, { cause });
  }

  /** One try with its body; every failure is an EarshotError, told to breaker and budget. */
  async function attempt(url: string, options: HttpOptions, budget: Budget | undefined, timeoutMs: number): Promise<HttpResponse> {
    const where = `${options.method ?? "GET"} ${redactUrl(url)}`;
    const breaker = breakerFor(new URL(url).host);
    checkBreaker(breaker, where);
    const timeout = new AbortController();
    const stopTimer = new AbortController();
    void clock.sleep(timeoutMs, stopTimer.signal).then(
      () => timeout.abort(new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: no answer within ${Math.round(timeoutMs)} ms`)),
      () => undefined,
    );
    const signal = options.signal ? AbortSignal.any([options.signal, timeout.signal]) : timeout.signal;
    try {
      const answer = await exchange(url, options, signal, false);
      budget?.learn(readRateLimit(answer.headers, clock.now()), clock.now());
      const maxBytes = options.maxBytes ?? defaultMaxBytes;
      const coded = await collect(answer.body, maxBytes, where);
      const bytes = await inflate(coded, answer.headers.get("content-encoding"), maxBytes, where);
      const refused = refusal(answer.status, answer.headers, Buffer.from(bytes.subarray(0, 2_000)).toString("utf8"), where);
      if (refused) throw refused;
      breaker.succeeded();
      return { status: answer.status, headers: answer.headers, bytes, url: answer.url, ...(answer.movedTo !== undefined && { movedTo: answer.movedTo }) };
    } catch (thrown) {
      throw settle(thrown, where, breaker, options, timeout.signal);
    } finally {
      stopTimer.abort();
    }
  }

  function settle(thrown: unknown, where: string, breaker: Breaker, options: HttpOptions, timeout?: AbortSignal): unknown {
    if (options.signal?.aborted) {
      breaker.abandoned();
      return options.signal.reason;
    }
    const cause = timeout?.aborted ? timeout.reason : thrown;
    const error = cause instanceof EarshotError ? cause : networkError(cause, where, Object.values(options.headers ?? {}));
    // A host that answers "no" is well.
    if (error.code === "UPSTREAM_UNAVAILABLE") breaker.failed(clock.now());
    else breaker.succeeded();
    return error;
  }

  return {
    async request(url, options = {}) {
      checkUrl(url, /^https?:$/);
      const deadlineAt = clock.monotonicMs() + (options.deadlineMs ?? defaultDeadlineMs);
      const drawn = budgetsFor(options);
      const where = `${options.method ?? "GET"} ${redactUrl(url)}`;
      let pauseMs = firstPauseMs;
      for (let tries = 1; ; tries++) {
        await waitTurn(drawn, deadlineAt, options, where);
        try {
          return await attempt(url, options, drawn[0]?.budget, Math.max(1, Math.min(attemptTimeoutMs, deadlineAt - clock.monotonicMs())));
        } catch (thrown) {
          const error = toEarshotErrorUnlessAborted(thrown, options.signal, where);
          const retriable = isSafe(options) && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "UPSTREAM_RATE_LIMITED");
          // Decorrelated jitter: the next pause lies between the first one and three times the last.
          pauseMs = Math.min(longestPauseMs, firstPauseMs + random() * (pauseMs * 3 - firstPauseMs));
          const waitMs = Math.max(error.retryAt === undefined ? 0 : error.retryAt - clock.now(), pauseMs);
          if (!retriable || clock.monotonicMs() + waitMs >= deadlineAt) throw error;
          report("debug", "request is tried again", { url: redactUrl(url), code: error.code, tries, waitMs: Math.round(waitMs) });
          await clock.sleep(waitMs, options.signal);
        }
      }
    },

    async stream(url, options = {}) {
      checkUrl(url, /^https?:$/);
      const where = `${options.method ?? "GET"} ${redactUrl(url)}`;
      const drawn = budgetsFor(options);
      const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
      await waitTurn(drawn, clock.monotonicMs() + deadlineMs, options, where);
      const breaker = breakerFor(new URL(url).host);
      checkBreaker(breaker, where);
      const own = new AbortController();
      const stopTimer = new AbortController();
      void clock.sleep(deadlineMs, stopTimer.signal).then(
        () => own.abort(new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: no answer within ${deadlineMs} ms`)),
        () => undefined,
      );
      const signal = options.signal ? AbortSignal.any([options.signal, own.signal]) : own.signal;
      try {
        const answer = await exchange(url, options, signal, true);
        drawn[0]?.budget.learn(readRateLimit(answer.headers, clock.now()), clock.now());
        const failed = answer.status < 200 || answer.status >= 300;
        const excerpt = failed ? Buffer.from(await collect(answer.body, 1 << 20, where)).toString("utf8", 0, 2_000) : "";
        const refused = refusal(answer.status, answer.headers, excerpt, where);
        if (refused) throw refused;
        breaker.succeeded();
        return { status: answer.status, headers: answer.headers, body: openBody(answer.body, where, options) };
      } catch (thrown) {
        throw settle(thrown, where, breaker, options, own.signal);
      } finally {
        stopTimer.abort();
      }
    },

    async webSocket(url, options: WebSocketOptions = {}) {
      checkUrl(url, /^wss?:$/);
      const where = redactUrl(url);
      const breaker = breakerFor(new URL(url).host);
      checkBreaker(breaker, where);
      try {
        const secrets = Object.values(options.headers ?? {});
        const stream = await openWebSocket(url, options, { clock, proxy: proxyFor(new URL(url), env), ca: dispatchers.ca, secrets });
        breaker.succeeded();
        return stream;
      } catch (thrown) {
        const error = thrown instanceof HandshakeRefused ? refusal(thrown.status, thrown.headers, "", where) : undefined;
        const other = new EarshotError("UPSTREAM_REFUSED", `${where}: expected a WebSocket, came an answer without upgrade`);
        throw settle(thrown instanceof HandshakeRefused ? (error ?? other) : thrown, where, breaker, options);
      }
    },

    budgetState: (name) => budgets.get(name)?.state(clock.now()),
    [Symbol.asyncDispose]: () => dispatchers[Symbol.asyncDispose](),
  };

  async function* openBody(body: AsyncIterable<Uint8Array>, where: string, options: HttpOptions): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body) yield chunk;
    } catch (thrown) {
      if (options.signal?.aborted) return;
      throw new EarshotError("UPSTREAM_CUT", `${where}: ${messageOf(thrown, Object.values(options.headers ?? {}))}`, { cause: thrown });
    }
    if (options.signal?.aborted !== true) throw new EarshotError("UPSTREAM_CUT", `${where}: the server ended the stream`);
  }
}

function isSafe(options: HttpOptions): boolean {
  return options.method === undefined || options.method === "GET";
}

function checkUrl(url: string, protocol: RegExp): void {
  if (!URL.canParse(url) || !protocol.test(new URL(url).protocol)) throw new TypeError(`url: expected ${protocol.source}, came ${redactUrl(url)}`);
}

function networkError(thrown: unknown, where: string, secrets: readonly string[]): EarshotError {
  return new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: ${messageOf(thrown, secrets)}`, { cause: thrown });
}

function messageOf(thrown: unknown, secrets: readonly string[]): string {
  const code = thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? `${thrown.code} ` : "";
  return redactText(`${code}${thrown instanceof Error ? thrown.message : String(thrown)}`, secrets);
}

/** An abort goes on as it is: it is no failure of the platform. */
function toEarshotErrorUnlessAborted(thrown: unknown, signal: AbortSignal | undefined, where: string): EarshotError {
  if (signal?.aborted) throw signal.reason;
  return toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", where);
}
