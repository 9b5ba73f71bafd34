import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import type { Http, HttpOptions, HttpResponse, Reaction, WebSocketOptions } from "../core/http.ts";
import { type BudgetState, type Drawn, makeBudgets } from "./budget.ts";
import { type BudgetStore, makeMemoryBudgetStore } from "./budget-store.ts";
import { collect, inflate } from "./body.ts";
import { cacheKey, isCacheable, makeCache } from "./cache.ts";
import { makeDispatchers } from "./dispatchers.ts";
import { type EgressFigures, type EgressSettings, makeEgress } from "./egress.ts";
import { type Answer, exchange } from "./exchange.ts";
import { type Host, type HostFigures, makeHosts } from "./hosts.ts";
import { type Env, proxyFor, WayFailed } from "./proxy.ts";
import { type RateLimit, readRateLimit } from "./rate-limit.ts";
import { redactText, redactUrl, secretsIn } from "./redact.ts";
import { type Answered, refusalOf, withFailure } from "./refusal.ts";
import { makeRobots } from "./robots.ts";
import { makeSingleFlight } from "./single-flight.ts";
import { HandshakeRefused, openWebSocket } from "./web-socket.ts";

export interface HttpSettings {
  readonly clock: Clock;
  readonly report: Report;
  /** HTTPS_PROXY, HTTP_PROXY, NO_PROXY (and lower case), NODE_EXTRA_CA_CERTS. */
  readonly env: Env;
  /** 0 to 1, for the jitter; absent: Math.random. */
  readonly random?: () => number;
  /** Where the positions of budgets are kept for all processes; absent: in this one alone. */
  readonly budgets?: BudgetStore;
  /** Absent: there are no profiles. */
  readonly egress?: EgressSettings;
}

const defaultDeadlineMs = 30_000;
const defaultMaxBytes = 16 << 20;
const attemptTimeoutMs = 30_000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Calls whose caller names no deadline wait so long for a budget. */
const longestTurnMs = 90_000;

export interface OpenedHttp extends Http, AsyncDisposable {
  /** Undefined: no call has drawn on it yet. */
  budgetState(name: string): BudgetState | undefined;
  /** Calls, savings and health by host, since the start. */
  hosts(): readonly HostFigures[];
  egress(): readonly EgressFigures[];
}

/** How one try ended where nobody aborted it. */
type Tried<T> = { readonly done: T } | { readonly failed: EarshotError; readonly renew: boolean; readonly given: Readonly<Record<string, string>> };

/** A platform's refusal, on its way out of a try. */
class Refused extends Error {
  readonly error: EarshotError;
  readonly renew: boolean;
  constructor(error: EarshotError, renew: boolean) {
    super(error.message);
    this.error = error;
    this.renew = renew;
  }
}

/** Throws CONFIG_INVALID for an unreadable proxy address or certificate file. */
export function openHttp(settings: HttpSettings): OpenedHttp {
  const { clock, report, env } = settings;
  const random = settings.random ?? Math.random;
  const dispatchers = makeDispatchers(env);
  const budgets = makeBudgets({ store: settings.budgets ?? makeMemoryBudgetStore(), clock, report });
  const hosts = makeHosts();
  const cache = makeCache(clock);
  const flights = makeSingleFlight<HttpResponse>();
  const noEgress: EgressSettings = { profiles: {}, readSecret: async () => "", onRefused: () => undefined };
  const egress = makeEgress(settings.egress ?? noEgress, clock, report, dispatchers.ca);
  const robots = makeRobots(clock, (url, options) => requestAlone(url, options));

  function brokenOff(waitMs: number, where: string): EarshotError {
    return new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: the host failed repeatedly; it is tried again in ${Math.ceil(waitMs / 1000)} s`, { retryAt: clock.now() + waitMs });
  }

  function toldBy(url: string, headers: Headers): RateLimit {
    const { clock: theirs } = hosts.of(url);
    theirs.hear(headers, clock.now());
    return readRateLimit(headers, clock.now(), theirs.skewMs());
  }

  /** Throws Refused for an answer that stands for a failure. */
  function judge(url: string, answered: Answered, options: HttpOptions, drawn: Drawn): void {
    let reaction: Reaction | undefined;
    if (options.react !== undefined && answered.status !== 304) {
      try {
        reaction = options.react(answered);
      } catch (thrown) {
        report("warn", `${answered.where}: what the platform says could not be judged`, { error: messageOf(thrown, answered.secrets) });
      }
    }
    if (reaction?.retryAt !== undefined) drawn.learn({ retryAt: reaction.retryAt });
    const error = refusalOf(answered, reaction, toldBy(url, answered.headers), clock.now());
    if (error !== undefined) throw new Refused(error, reaction?.renew ?? answered.status === 401);
  }

  /**
   * One try; every failure is an EarshotError, told to breaker and budget. Throws when it was aborted, and what the credential throws.
   * `finish` makes the result of an answer; `stays`: the time covers the head alone.
   */
  async function attempt<T>(
    url: string,
    options: HttpOptions,
    timeoutMs: number,
    stays: boolean,
    finish: (answer: Answer, where: string, secrets: readonly string[]) => Promise<T>,
  ): Promise<Tried<T>> {
    const where = whereOf(url, options);
    const credential = (await options.credential?.headers(options.signal)) ?? {};
    const host = hosts.of(url);
    const waitMs = host.breaker.take(clock.now());
    if (waitMs > 0) return { failed: brokenOff(waitMs, where), renew: false, given: credential };
    host.calls++;
    const secrets = [...secretsIn(options.headers ?? {}), ...secretsIn(credential)];
    const timeout = new AbortController();
    const stopTimer = new AbortController();
    void clock.sleep(timeoutMs, stopTimer.signal).then(
      () => timeout.abort(new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: no answer within ${Math.round(timeoutMs)} ms`)),
      () => undefined,
    );
    const signal = options.signal ? AbortSignal.any([options.signal, timeout.signal]) : timeout.signal;
    let answer: Answer | undefined;
    try {
      const { method = "GET", headers = {}, body } = options;
      const mayVisit = options.robots === true ? (hop: URL) => robots.check(hop.href, options) : undefined;
      const asked = { method, headers, credential, body, signal, stays, headersTimeoutMs: attemptTimeoutMs, mayVisit };
      answer = await egress.over(options.caller, url, (way) => exchange(url, asked, way === undefined ? dispatchers : { for: () => way.dispatcher }));
      const done = await finish(answer, where, secrets);
      host.breaker.succeeded();
      return { done };
    } catch (thrown) {
      if (thrown instanceof Refused) {
        const barMs = barOf(thrown.error, options, clock.now());
        if (barMs > 0) egress.barred(options.caller, url, barMs);
      }
      if (thrown instanceof Refused) return { failed: settle(thrown.error, where, host, options, secrets), renew: thrown.renew, given: credential };
      const error = settle(timeout.signal.aborted ? timeout.signal.reason : thrown, where, host, options, secrets);
      const isContent = error.code === "UPSTREAM_REFUSED" && answer !== undefined;
      return { failed: withFailure(error, { request: where, ...(isContent && answer && { status: answer.status, headers: answer.headers }) }), renew: false, given: credential };
    } finally {
      stopTimer.abort();
    }
  }

  /** What a failure says to the breaker. Throws the signal's reason when the caller aborted. */
  function settle(thrown: unknown, where: string, host: Host, options: { readonly signal?: AbortSignal }, secrets: readonly string[]): EarshotError {
    if (options.signal?.aborted) {
      host.breaker.abandoned();
      throw options.signal.reason;
    }
    const error = thrown instanceof EarshotError ? thrown : networkError(thrown, where, secrets);
    // A host that answers "no" is well.
    host.failed++;
    if (error instanceof WayFailed) host.breaker.abandoned();
    else if (error.code === "UPSTREAM_UNAVAILABLE") host.breaker.failed(clock.now());
    else host.breaker.succeeded();
    return error;
  }

  async function readWhole(answer: Answer, options: HttpOptions, where: string): Promise<Uint8Array> {
    const maxBytes = options.maxBytes ?? defaultMaxBytes;
    const coded = await collect(answer.body, maxBytes, where);
    return inflate(coded, answer.headers.get("content-encoding"), maxBytes, where);
  }

  /** Tries until it is done, cannot be, or the deadline comes. */
  async function insist<T>(
    url: string,
    options: HttpOptions,
    how: { readonly stays: boolean; readonly again: boolean },
    finish: (answer: Answer, where: string, secrets: readonly string[], drawn: Drawn) => Promise<T>,
  ): Promise<T> {
    checkUrl(url, /^https?:$/);
    const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
    let deadlineAt = clock.monotonicMs() + deadlineMs;
    const turnAt = options.deadlineMs === undefined ? clock.monotonicMs() + longestTurnMs : deadlineAt;
    const where = whereOf(url, options);
    const delay = options.robots === true ? await robots.check(url, options) : undefined;
    const allowances = [...(options.budgets ?? []), ...(delay === undefined ? [] : [delay])];
    let mayRenew = options.credential !== undefined;
    let pauseMs = firstPauseMs;
    for (let tries = 1; ; tries++) {
      // A host that is left alone costs no budget.
      const closedMs = hosts.of(url).breaker.waitMs(clock.now());
      let tried: Tried<T> = { failed: brokenOff(closedMs, where), renew: false, given: {} };
      if (closedMs <= 0) {
        const drawn = await budgets.draw(allowances, tries === 1 ? turnAt : deadlineAt, where, options.signal);
        // A call whose caller names no deadline has its time from when it may go out.
        if (tries === 1 && options.deadlineMs === undefined) deadlineAt = clock.monotonicMs() + deadlineMs;
        const leftMs = Math.max(1, deadlineAt - clock.monotonicMs());
        try {
          tried = await attempt(url, options, how.stays ? leftMs : Math.min(attemptTimeoutMs, leftMs), how.stays, async (answer, at, secrets) => {
            drawn.learn(toldBy(url, answer.headers));
            return finish(answer, at, secrets, drawn);
          });
        } finally {
          drawn.ended();
        }
      }
      if ("done" in tried) return tried.done;
      const { failed, renew, given } = tried;
      if (renew && mayRenew) {
        mayRenew = false;
        if (await options.credential?.refused(options.signal, given)) continue;
      }
      const isPassing = failed.code === "UPSTREAM_UNAVAILABLE" || failed.code === "UPSTREAM_RATE_LIMITED";
      // Decorrelated jitter: the next pause lies between the first one and three times the last.
      const isTold = failed.code === "UPSTREAM_RATE_LIMITED" && failed.retryAt !== undefined;
      if (!isTold) pauseMs = Math.min(longestPauseMs, firstPauseMs + random() * (pauseMs * 3 - firstPauseMs));
      const waitMs = Math.max(failed.retryAt === undefined ? 0 : failed.retryAt - clock.now(), isTold ? firstPauseMs : pauseMs);
      if (!how.again || !isPassing || clock.monotonicMs() + waitMs >= deadlineAt) throw failed;
      report("debug", "request is tried again", { url: redactUrl(url), code: failed.code, tries, waitMs: Math.round(waitMs) });
      await clock.sleep(waitMs, options.signal);
    }
  }

  function requestAlone(url: string, options: HttpOptions): Promise<HttpResponse> {
    return insist(url, options, { stays: false, again: isSafe(options) }, async (answer, where, secrets, drawn): Promise<HttpResponse> => {
      const bytes = await readWhole(answer, options, where);
      judge(url, { status: answer.status, headers: answer.headers, bytes, where, secrets }, options, drawn);
      return { status: answer.status, headers: answer.headers, bytes, url: answer.url, ...(answer.movedTo !== undefined && { movedTo: answer.movedTo }) };
    });
  }

  /** From the cache, with another call for the same, or by a call of its own. */
  async function requestOnce(url: string, options: HttpOptions): Promise<HttpResponse> {
    const key = cacheKey(url, options);
    const kept = options.cache && cache.find(key, url, options);
    if (kept !== undefined && kept.conditions === undefined) return reuse(url, kept.answer, "fresh");
    const alike = `${key} ${options.deadlineMs ?? ""} ${options.maxBytes ?? ""} ${options.cache?.maxAgeMs ?? ""} ${options.caller?.egress ?? ""} ${options.robots ?? ""} ${idOf(options.react)}`;
    const { value, isShared } = await flights.share(alike, options.signal, async (signal) => {
      const answer = await requestAlone(url, { ...options, signal, headers: { ...options.headers, ...kept?.conditions } });
      if (kept !== undefined && answer.status === 304) return reuse(url, cache.renew(kept, url, options, answer), "confirmed");
      if (options.cache !== undefined) cache.put(key, url, options, answer);
      return answer;
    });
    return isShared ? reuse(url, value, "shared") : value;
  }

  function reuse(url: string, answer: HttpResponse, reused: NonNullable<HttpResponse["reused"]>): HttpResponse {
    const host = hosts.of(url);
    host.savedCalls++;
    host.savedBytes += answer.bytes.length;
    return { ...answer, reused };
  }

  return {
    async request(url, options = {}) {
      checkUrl(url, /^https?:$/);
      return isCacheable(options) ? requestOnce(url, options) : requestAlone(url, options);
    },

    stream(url, options = {}) {
      return insist(url, options, { stays: true, again: false }, async (answer, where, secrets, drawn) => {
        const isOpen = answer.status >= 200 && answer.status < 300;
        if (!isOpen) {
          const bytes = await collect(answer.body, 1 << 20, where);
          judge(url, { status: answer.status, headers: answer.headers, bytes, where, secrets }, options, drawn);
          throw new EarshotError("UPSTREAM_REFUSED", `${where}: expected a stream, came HTTP ${answer.status}`);
        }
        return { status: answer.status, headers: answer.headers, body: openBody(answer.body, where, options, secrets) };
      });
    },

    async webSocket(url, options: WebSocketOptions = {}) {
      checkUrl(url, /^wss?:$/);
      const where = redactUrl(url);
      const host = hosts.of(url);
      const waitMs = host.breaker.take(clock.now());
      if (waitMs > 0) throw brokenOff(waitMs, where);
      host.calls++;
      const secrets = secretsIn(options.headers ?? {});
      try {
        const stream = await egress.over(options.caller, url, (way) =>
          openWebSocket(url, options, { clock, proxy: way?.proxy ?? proxyFor(new URL(url), env), ca: dispatchers.ca, secrets }),
        );
        host.breaker.succeeded();
        return stream;
      } catch (thrown) {
        const answer = thrown instanceof HandshakeRefused ? { status: thrown.status, headers: thrown.headers, bytes: new Uint8Array(), where, secrets } : undefined;
        const refused = answer && refusalOf(answer, options.react?.(answer), toldBy(url, answer.headers), clock.now());
        const other = thrown instanceof HandshakeRefused ? new EarshotError("UPSTREAM_REFUSED", `${where}: expected a WebSocket, came an answer without upgrade`) : thrown;
        const barMs = refused === undefined ? 0 : barOf(refused, options, clock.now());
        if (barMs > 0) egress.barred(options.caller, url, barMs);
        throw withFailure(settle(refused ?? other, where, host, options, secrets), { request: where });
      }
    },

    egress: () => egress.figures(),
    hosts: () => hosts.figures(clock.now()),
    charge: (use) => budgets.charge(use),
    budgetState: (name) => budgets.state(name),
    async [Symbol.asyncDispose]() {
      await budgets.close().catch((thrown: unknown) => report("warn", `budgets: ${messageOf(thrown, [])}`));
      await egress[Symbol.asyncDispose]();
      await dispatchers[Symbol.asyncDispose]();
    },
  };

  async function* openBody(body: AsyncIterable<Uint8Array>, where: string, options: HttpOptions, secrets: readonly string[]): AsyncGenerator<Uint8Array> {
    const cut = (message: string, cause?: unknown) => withFailure(new EarshotError("UPSTREAM_CUT", `${where}: ${message}`, { cause }), { request: where });
    try {
      for await (const chunk of body) yield chunk;
    } catch (thrown) {
      if (options.signal?.aborted) return;
      throw cut(messageOf(thrown, secrets), thrown);
    }
    if (options.signal?.aborted !== true) throw cut("the server ended the stream");
  }
}

function whereOf(url: string, options: HttpOptions): string {
  return `${options.method ?? "GET"} ${redactUrl(url)}`;
}

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;

/** How long the address that a refused call came from may not be changed; 0: the refusal is none of the address. */
function barOf({ failure, retryAt }: EarshotError, { credential, headers }: Pick<HttpOptions, "credential" | "headers">, nowMs: number): number {
  if (failure?.class === "rate-limit") return Math.min(dayMs, Math.max(hourMs, (retryAt ?? 0) - nowMs));
  const isKnown = credential !== undefined || Object.keys(headers ?? {}).some((name) => /^authorization$/i.test(name));
  return failure?.class === "blocked" || (failure?.status === 403 && !isKnown) ? dayMs : 0;
}

const reactIds = new WeakMap<object, number>();
let lastReactId = 0;

/** Calls that judge their answers by other functions are not the same. */
function idOf(react: HttpOptions["react"]): number {
  if (react === undefined) return 0;
  const id = reactIds.get(react) ?? ++lastReactId;
  reactIds.set(react, id);
  return id;
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
