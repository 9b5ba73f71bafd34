import { createHash } from "node:crypto";
import CachePolicy from "http-cache-semantics";
import type { Clock } from "../core/clock.ts";
import type { HttpOptions, HttpResponse } from "../core/http.ts";

/** Answers kept in memory after RFC 9111, as a private cache: what one credential got is given to no other. */
export interface Cache {
  /** What is kept under the key. */
  find(key: string, url: string, options: HttpOptions): Kept | undefined;
  /** Keeps a whole answer where its headers allow it, `maxAgeMs` at most. */
  put(key: string, url: string, options: HttpOptions, answer: HttpResponse): void;
  /** The platform said that the kept answer still holds: it, with what the 304 told anew. */
  renew(kept: Kept, url: string, options: HttpOptions, answer: HttpResponse): HttpResponse;
}

export interface Kept {
  readonly key: string;
  /** Headers that ask whether it still holds; absent: it is fresh, nobody need be asked. */
  readonly conditions?: Readonly<Record<string, string>>;
  /** With its Age (RFC 9111, 5.1). */
  readonly answer: HttpResponse;
}

interface Entry {
  readonly policy: CachePolicy;
  readonly answer: HttpResponse;
  /** When it was received or last confirmed, milliseconds UTC. */
  readonly confirmedAt: number;
  readonly sizeBytes: number;
}

const mostBytes = 32 << 20;
const largestBytes = 4 << 20;
/** Headers and what JavaScript takes for an entry. */
const entryBytes = 2_000;
const conditional = /^(?:if-|range$)/i;

export function isCacheable(options: HttpOptions): boolean {
  return (options.method ?? "GET") === "GET" && options.body === undefined && !Object.keys(options.headers ?? {}).some((name) => conditional.test(name));
}

/** The same for the same address, credential and headers; names no secret. */
export function cacheKey(url: string, options: HttpOptions): string {
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return createHash("sha256")
    .update(JSON.stringify([url, options.credential?.name ?? "", options.caller?.egress ?? "", headers.toSorted()]))
    .digest("base64");
}

export function makeCache(clock: Clock, most = mostBytes): Cache {
  // The library reads the time through this method, also while it constructs.
  class Policy extends CachePolicy {
    now(): number {
      return clock.now();
    }
  }
  /** The least recently used one first. */
  const entries = new Map<string, Entry>();
  let heldBytes = 0;

  function drop(key: string): void {
    heldBytes -= entries.get(key)?.sizeBytes ?? 0;
    entries.delete(key);
  }

  function keep(key: string, entry: Entry): void {
    drop(key);
    entries.set(key, entry);
    heldBytes += entry.sizeBytes;
    for (const [eldest] of entries) {
      if (heldBytes <= most) return;
      drop(eldest);
    }
  }

  const answerOf = ({ policy, answer }: Entry): HttpResponse => ({ ...answer, headers: headersOf(policy.responseHeaders()) });

  return {
    find(key, url, options) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (clock.now() - entry.confirmedAt >= (options.cache?.maxAgeMs ?? 0)) {
        drop(key);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      const asked = requestOf(url, options);
      if (entry.policy.satisfiesWithoutRevalidation(asked)) return { key, answer: answerOf(entry) };
      const headers = plain(entry.policy.revalidationHeaders(asked));
      const conditions = Object.fromEntries(Object.entries(headers).filter(([name]) => name === "if-none-match" || name === "if-modified-since"));
      return Object.keys(conditions).length === 0 ? undefined : { key, conditions, answer: answerOf(entry) };
    },
    put(key, url, options, answer) {
      drop(key);
      const sizeBytes = answer.bytes.length + key.length + entryBytes;
      if (answer.status !== 200 || sizeBytes > Math.min(largestBytes, most)) return;
      // A freshness that nobody told is not guessed (RFC 9111, 4.2.2 allows it): posts change.
      const policy = new Policy(requestOf(url, options), responseOf(answer), { shared: false, cacheHeuristic: 0 });
      if (policy.storable()) keep(key, { policy, answer, confirmedAt: clock.now(), sizeBytes });
    },
    renew(kept, url, options, answer) {
      const entry = entries.get(kept.key);
      if (entry === undefined) return kept.answer;
      const asked = requestOf(url, { ...options, headers: { ...options.headers, ...kept.conditions } });
      const { policy, matches } = entry.policy.revalidatedPolicy(asked, responseOf(answer));
      // A 304 that names another validator than was asked with holds for this once.
      if (!matches) {
        drop(kept.key);
        return kept.answer;
      }
      const renewed = { ...entry, policy, confirmedAt: clock.now() };
      keep(kept.key, renewed);
      return answerOf(renewed);
    },
  };
}

function requestOf(url: string, options: HttpOptions): CachePolicy.Request {
  const { pathname, search, host } = new URL(url);
  return {
    method: "GET",
    url: pathname + search,
    headers: { host, ...Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])) },
  };
}

function responseOf(answer: HttpResponse): CachePolicy.Response {
  return { status: answer.status, headers: Object.fromEntries(answer.headers) };
}

function plain(headers: CachePolicy.Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), String(value)]])));
}

function headersOf(headers: CachePolicy.Headers): Headers {
  return new Headers(plain(headers));
}
