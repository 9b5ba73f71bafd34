import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { Agent, type buildConnector, type Dispatcher } from "undici";
import type { Clock } from "../core/clock.ts";
import type { ReadSecret, Report } from "../core/component.ts";
import type { EgressProfile } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import type { Caller } from "../core/http.ts";
import { openTunnel, WayFailed } from "./proxy.ts";

/** A change of address that was refused. */
export interface EgressRefusal {
  readonly source: string;
  readonly host: string;
  /** The profile that was asked for; absent: straight. */
  readonly egress?: string;
}

export interface EgressSettings {
  readonly profiles: Readonly<Record<string, EgressProfile>>;
  readonly readSecret: ReadSecret;
  /** Told once for each bar that stands. */
  readonly onRefused: (refusal: EgressRefusal) => void;
}

/** The way that a call takes. */
export interface Way {
  readonly proxy: URL;
  readonly dispatcher: Dispatcher;
}

export interface EgressFigures {
  readonly profile: string;
  readonly rotation: EgressProfile["rotation"];
  readonly fixed: boolean;
  /** In the order of the configuration, without their addresses. */
  readonly proxies: readonly { readonly calls: number; readonly failed: number; readonly outUntil?: number }[];
}

export interface Egress extends AsyncDisposable {
  /** Runs a call over the way that the caller's profile gives (undefined: that of the environment), over another one when no tunnel could be opened. Throws WayFailed. */
  over<T>(caller: Caller | undefined, url: string, call: (way: Way | undefined) => Promise<T>): Promise<T>;
  /** The platform bars the caller from the address that it was last asked from, so long. */
  barred(caller: Caller | undefined, url: string, forMs: number): void;
  figures(): readonly EgressFigures[];
}

interface Proxy {
  readonly address: string;
  way?: { readonly proxy: URL; readonly dispatcher: Agent } | undefined;
  calls: number;
  failed: number;
  failuresInARow: number;
  /** Milliseconds UTC; 0: it is well. */
  outUntil: number;
}

interface Pool {
  readonly name: string;
  readonly profile: EgressProfile;
  readonly proxies: readonly Proxy[];
  next: number;
  readonly kept: Map<string, Proxy>;
}

/** Where a source's calls to a host went last, and until when it may not be asked from elsewhere. */
interface Place {
  readonly proxy: Proxy | undefined;
  barredUntil: number;
  told: boolean;
}

const mostTries = 3;
const mostPlaces = 10_000;
const mostDoublings = 5;

export function makeEgress(settings: EgressSettings, clock: Clock, report: Report, ca: readonly string[] | undefined): Egress {
  const pools = new Map<string, Pool>(
    Object.entries(settings.profiles).map(([name, profile]) => [
      name,
      { name, profile, proxies: profile.proxies.map((address) => ({ address, calls: 0, failed: 0, failuresInARow: 0, outUntil: 0 })), next: 0, kept: new Map() },
    ]),
  );
  /** The one asked longest ago first. */
  const places = new Map<string, Place>();
  const placeKey = (caller: Caller, url: string) => `${caller.source} ${new URL(url).host}`;

  async function wayOf(proxy: Proxy, pool: Pool): Promise<Way> {
    if (proxy.way !== undefined) return proxy.way;
    const isReference = /^(?:env|file|world):/.test(proxy.address);
    const text = isReference ? await settings.readSecret(proxy.address) : proxy.address;
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
      throw new EarshotError("CONFIG_INVALID", `egress.${pool.name}: expected an http:// or https:// address under ${isReference ? proxy.address : "proxies"}`);
    const address = new URL(text);
    // Two calls may have asked for it at once.
    return (proxy.way ??= { proxy: address, dispatcher: tunnelling(address, ca) });
  }

  function poolOf(name: string): Pool {
    const pool = pools.get(name);
    if (pool === undefined) throw new EarshotError("CONFIG_INVALID", `egress ${name}: the configuration has no such profile`);
    return pool;
  }

  /** The proxy whose turn it is; when all are left out, the one that is to be tried again first. */
  function choose(pool: Pool, source: string, tried: ReadonlySet<Proxy>): Proxy | undefined {
    const open = pool.proxies.filter((proxy) => !tried.has(proxy));
    const now = clock.now();
    const well = open.filter((proxy) => proxy.outUntil <= now);
    if (well.length === 0) return open.toSorted((a, b) => a.outUntil - b.outUntil)[0];
    if (pool.profile.rotation === "none") return well[0];
    const kept = pool.profile.rotation === "sticky" ? pool.kept.get(source) : undefined;
    if (kept !== undefined && well.includes(kept)) return kept;
    for (let step = 0; step < pool.proxies.length; step++) {
      const proxy = pool.proxies[pool.next++ % pool.proxies.length];
      if (proxy === undefined || !well.includes(proxy)) continue;
      if (pool.profile.rotation === "sticky") pool.kept.set(source, proxy);
      return proxy;
    }
    return well[0];
  }

  function refuse(caller: Caller, url: string, place: Place): never {
    const { host } = new URL(url);
    if (!place.told) {
      place.told = true;
      report("warn", `${host}: it has barred the address of source ${caller.source}; another address is not used`, { source: caller.source });
      settings.onRefused({ source: caller.source, host, ...(caller.egress !== undefined && { egress: caller.egress }) });
    }
    throw new WayFailed("UPSTREAM_REFUSED", `${host}: it has barred the address that it was asked from; expected the same address, came another one`, {
      retryAt: place.barredUntil,
      failure: { class: "blocked", id: "client.address-change", request: host },
    });
  }

  function noteFailed(proxy: Proxy, pool: Pool): void {
    proxy.failed++;
    const outMs = pool.profile.healthEverySeconds * 1_000 * 2 ** Math.min(mostDoublings, proxy.failuresInARow++);
    proxy.outUntil = clock.now() + outMs;
    // What the reference names may have changed.
    const { way } = proxy;
    proxy.way = undefined;
    void way?.dispatcher.close().catch(() => undefined);
    const number = pool.proxies.indexOf(proxy) + 1;
    report("warn", `egress ${pool.name}: proxy ${number} of ${pool.proxies.length} failed and is left out for ${Math.round(outMs / 1_000)} s`, {
      egress: pool.name,
      proxy: number,
    });
  }

  return {
    async over(caller, url, call) {
      if (caller === undefined) return call(undefined);
      const key = placeKey(caller, url);
      const before = places.get(key);
      const bar = before !== undefined && before.barredUntil > clock.now() ? before : undefined;
      const pool = caller.egress === undefined ? undefined : poolOf(caller.egress);
      const tried = new Set<Proxy>();
      for (;;) {
        const proxy = pool && (bar?.proxy !== undefined && pool.proxies.includes(bar.proxy) ? bar.proxy : choose(pool, caller.source, tried));
        if (bar !== undefined && (bar.proxy !== proxy || tried.size > 0)) refuse(caller, url, bar);
        places.delete(key);
        places.set(key, bar ?? { proxy, barredUntil: 0, told: false });
        if (places.size > mostPlaces) places.delete(places.keys().next().value ?? "");
        if (pool === undefined || proxy === undefined) return call(undefined);
        const way = await wayOf(proxy, pool);
        // One call tries a proxy that was left out; the others wait for what it finds.
        if (proxy.outUntil > 0) proxy.outUntil = clock.now() + pool.profile.healthEverySeconds * 1_000;
        proxy.calls++;
        try {
          const done = await call(way);
          proxy.outUntil = 0;
          proxy.failuresInARow = 0;
          return done;
        } catch (thrown) {
          if (!(thrown instanceof WayFailed)) throw thrown;
          noteFailed(proxy, pool);
          tried.add(proxy);
          if (tried.size >= Math.min(mostTries, pool.proxies.length)) throw thrown;
        }
      }
    },
    barred(caller, url, forMs) {
      const place = caller && places.get(placeKey(caller, url));
      if (place !== undefined) place.barredUntil = Math.max(place.barredUntil, clock.now() + forMs);
    },
    figures: () =>
      [...pools.values()].map(({ name, profile, proxies }) => ({
        profile: name,
        rotation: profile.rotation,
        fixed: profile.fixed,
        proxies: proxies.map(({ calls, failed, outUntil }) => ({ calls, failed, ...(outUntil > clock.now() && { outUntil }) })),
      })),
    async [Symbol.asyncDispose]() {
      await Promise.all([...pools.values()].flatMap(({ proxies }) => proxies.map(async ({ way }) => way?.dispatcher.destroy())));
    },
  };
}

/** Connections through a proxy's CONNECT, for http and https alike. */
function tunnelling(proxy: URL, ca: readonly string[] | undefined): Agent {
  async function open({ hostname, port, protocol, servername }: Target): Promise<Socket> {
    const isSecure = protocol === "https:";
    const socket = await openTunnel(proxy, hostname, Number(port) || (isSecure ? 443 : 80), ca);
    if (!isSecure) return socket.resume();
    const name = servername ?? (/^[\d.:[\]]+$/.test(hostname) ? "" : hostname);
    const secure = tlsConnect({ socket, servername: name, host: hostname, ALPNProtocols: ["http/1.1"], ...(ca && { ca: [...ca] }) });
    await once(secure, "secureConnect");
    return secure;
  }
  return new Agent({
    keepAliveTimeout: 10_000,
    connect: (target, callback) => {
      const settle = async () => {
        let socket: Socket;
        try {
          socket = await open(target);
        } catch (thrown) {
          return callback(thrown instanceof Error ? thrown : new Error(String(thrown)), null);
        }
        callback(null, socket);
      };
      void settle();
    },
  });
}

type Target = Pick<buildConnector.Options, "hostname" | "port" | "protocol" | "servername">;
