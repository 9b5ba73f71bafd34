import { type Breaker, type BreakerState, makeBreaker } from "./breaker.ts";
import { makeServerClock, type ServerClock } from "./rate-limit.ts";

/** What the client knows of one host, since the start. */
export interface HostFigures extends BreakerState {
  readonly host: string;
  /** Calls that went out, tries again included. */
  readonly calls: number;
  /** Those that ended in no answer, or in one that stands for a failure. */
  readonly failed: number;
  /** Calls answered from the cache, by another call under way, or by "not modified". */
  readonly savedCalls: number;
  /** Bytes that so did not come again. */
  readonly savedBytes: number;
}

export interface Host {
  readonly breaker: Breaker;
  readonly clock: ServerClock;
  calls: number;
  failed: number;
  savedCalls: number;
  savedBytes: number;
}

export interface Hosts {
  /** By the address' host and port. */
  of(url: string): Host;
  figures(nowMs: number): readonly HostFigures[];
}

const mostHosts = 1_000;

export function makeHosts(): Hosts {
  /** The one asked longest ago first. */
  const hosts = new Map<string, Host>();
  return {
    of(url) {
      const { host } = new URL(url);
      const known = hosts.get(host) ?? { breaker: makeBreaker(), clock: makeServerClock(), calls: 0, failed: 0, savedCalls: 0, savedBytes: 0 };
      hosts.delete(host);
      hosts.set(host, known);
      if (hosts.size > mostHosts) hosts.delete(hosts.keys().next().value ?? "");
      return known;
    },
    figures: (nowMs) => [...hosts].map(([host, { breaker, calls, failed, savedCalls, savedBytes }]) => ({ host, calls, failed, savedCalls, savedBytes, ...breaker.state(nowMs) })),
  };
}
