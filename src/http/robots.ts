import type { Clock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { BudgetUse, HttpOptions, HttpResponse } from "../core/http.ts";
import { redactUrl } from "./redact.ts";

const agentToken = "earshot";
/** RFC 9309, 2.5: at least so much is read; the rest is not. */
const mostParsedBytes = 512_000;
const mostBytes = 4 << 20;
const mostRules = 10_000;
/** RFC 9309, 2.4: no copy is used for longer, unless the site cannot be reached. */
const freshMs = 24 * 3_600_000;
const againMs = 3_600_000;
const staleMs = 30 * freshMs;
/** Longer delays would hold a call back past its patience. */
const longestDelayMs = 60_000;
const mostSites = 1_000;

export interface RobotsRules {
  /** Of a path with its query, as in an address. */
  allows(path: string): boolean;
  /** Crawl-delay: no part of the RFC, and asked for by many; absent: none. */
  readonly delayMs?: number;
}

export interface Robots {
  /** The allowance that a crawl delay is, if there is one. Throws UPSTREAM_REFUSED (failure `client.robots`) for what is forbidden, else what asking for robots.txt throws. */
  check(url: string, options: Pick<HttpOptions, "caller" | "signal">): Promise<BudgetUse | undefined>;
}

interface Kept {
  readonly rules: RobotsRules;
  readonly at: number;
  /** When it is asked for again. */
  askAt: number;
}

/** Asks each site for its robots.txt once a day. */
export function makeRobots(clock: Clock, fetch: (url: string, options: HttpOptions) => Promise<HttpResponse>): Robots {
  /** The one asked longest ago first. */
  const sites = new Map<string, Kept>();

  async function ask(origin: string, options: Pick<HttpOptions, "caller" | "signal">): Promise<RobotsRules> {
    try {
      const { bytes } = await fetch(`${origin}/robots.txt`, {
        maxBytes: mostBytes,
        ...(options.caller && { caller: options.caller }),
        ...(options.signal && { signal: options.signal }),
      });
      return parseRobots(Buffer.from(bytes.subarray(0, mostParsedBytes)).toString("utf8"));
    } catch (thrown) {
      // RFC 9309, 2.3.1.3: a file that is not there (4xx) forbids nothing; 2.3.1.4: one that cannot be reached forbids everything.
      const status = thrown instanceof EarshotError ? thrown.failure?.status : undefined;
      if (status !== undefined && status >= 400 && status < 500 && status !== 429) return everything;
      throw thrown;
    }
  }

  async function rulesOf(origin: string, options: Pick<HttpOptions, "caller" | "signal">): Promise<RobotsRules> {
    const kept = sites.get(origin);
    if (kept !== undefined && clock.now() < kept.askAt) return kept.rules;
    try {
      const rules = await ask(origin, options);
      sites.delete(origin);
      sites.set(origin, { rules, at: clock.now(), askAt: clock.now() + freshMs });
      if (sites.size > mostSites) sites.delete(sites.keys().next().value ?? "");
      return rules;
    } catch (thrown) {
      if (options.signal?.aborted === true || kept === undefined || clock.now() - kept.at >= staleMs) throw thrown;
      kept.askAt = clock.now() + againMs;
      return kept.rules;
    }
  }

  return {
    async check(url, options) {
      const { origin, host, pathname, search } = new URL(url);
      const rules = await rulesOf(origin, options);
      if (!rules.allows(pathname + search))
        throw new EarshotError("UPSTREAM_REFUSED", `${redactUrl(url)}: the site's robots.txt does not allow it`, {
          retryAt: clock.now() + freshMs,
          failure: { class: "blocked", id: "client.robots", request: `GET ${redactUrl(url)}` },
        });
      return rules.delayMs === undefined ? undefined : { name: `robots ${host}`, limit: { requests: 1, perMs: rules.delayMs } };
    },
  };
}

const everything: RobotsRules = { allows: () => true };

interface Group {
  readonly agents: string[];
  readonly rules: { readonly allow: boolean; readonly pattern: string }[];
  delayMs?: number;
}

/** The rules of a robots.txt for this user agent (RFC 9309, 2.2): those of all groups that name it, else of those for `*`; the longest match wins, and Allow where two are as long. */
export function parseRobots(text: string): RobotsRules {
  const groups: Group[] = [];
  let group: Group | undefined;
  let isNaming = false;
  let count = 0;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/)) {
    const [, name = "", told = ""] = /^\s*([A-Za-z-]+)\s*:\s*(.*)$/.exec(line.split("#", 1)[0] ?? "") ?? [];
    const value = told.trim();
    const key = name.toLowerCase();
    if (key === "user-agent") {
      if (group === undefined || !isNaming) groups.push((group = { agents: [], rules: [] }));
      group.agents.push(value === "*" ? "*" : (/^[A-Za-z_-]+/.exec(value)?.[0] ?? "").toLowerCase());
      isNaming = true;
    } else if ((key === "allow" || key === "disallow") && group !== undefined) {
      isNaming = false;
      if (value !== "" && count++ < mostRules) group.rules.push({ allow: key === "allow", pattern: canonical(value) });
    } else if (key === "crawl-delay" && group !== undefined) {
      isNaming = false;
      const seconds = Number(value);
      if (value !== "" && Number.isFinite(seconds) && seconds > 0) group.delayMs = Math.min(longestDelayMs, seconds * 1_000);
    }
  }
  const named = groups.filter(({ agents }) => agents.includes(agentToken));
  const ours = named.length > 0 ? named : groups.filter(({ agents }) => agents.includes("*"));
  const rules = ours.flatMap((one) => one.rules).toSorted((a, b) => b.pattern.length - a.pattern.length || Number(b.allow) - Number(a.allow));
  const delayMs = ours.reduce<number | undefined>((most, one) => (one.delayMs === undefined ? most : Math.max(most ?? 0, one.delayMs)), undefined);
  return {
    allows(path) {
      const asked = canonical(path);
      return asked === "/robots.txt" || (rules.find(({ pattern }) => matches(pattern, asked))?.allow ?? true);
    },
    ...(delayMs !== undefined && { delayMs }),
  };
}

/** Octets outside ASCII percent-encoded, unreserved ones not, so that two spellings of a path compare equal (RFC 9309, 2.2.2; RFC 3986, 2.3). */
function canonical(text: string): string {
  const encoded = text.replaceAll(/[^\x21-\x7e]+/gu, (part) => encodeURIComponent(part.toWellFormed()));
  return encoded.replaceAll(/%([0-9a-f]{2})/gi, (whole, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : whole.toUpperCase();
  });
}

/** `*` stands for anything, `$` at the end for the end. */
function matches(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith("$");
  const parts = (isWhole ? pattern.slice(0, -1) : pattern).split("*");
  const [first = ""] = parts;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = parts.length - 1;
  for (let part = 1; part <= last; part++) {
    const wanted = parts[part] ?? "";
    if (part === last && isWhole) return path.length - wanted.length >= at && path.endsWith(wanted);
    const found = path.indexOf(wanted, at);
    if (found < 0) return false;
    at = found + wanted.length;
  }
  return !isWhole || at === path.length;
}
