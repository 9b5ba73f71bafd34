import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { makeRandom } from "../random.ts";
import { escapeTexts, fullname, type RedditThing, renderThing } from "../wire/reddit.ts";
import { type FaultLevel, type Faults, faultsOf } from "./faults.ts";
import { portOf } from "./feeds.ts";
import { makeRedditLimits } from "./reddit-limits.ts";
import { type RedditStore, makeRedditStore } from "./reddit-store.ts";
import { makeWaits } from "./waits.ts";

export interface RedditWorldOptions {
  readonly seed: string;
  readonly nowMs: () => number;
  /** How far Reddit's clock is ahead. */
  readonly skewMs?: number;
  readonly faults?: FaultLevel | Partial<Faults>;
  readonly tokenSeconds?: number;
  readonly callsAWindow?: number;
  /** Tokens of another server that hold here too. */
  readonly accepts?: (token: string) => boolean;
  /** Comments that a tree shows; the others hang in `more` nodes. */
  readonly treeSize?: number;
}

/** Reddit's OAuth and Data API on loopback; what exists is in the store, which is the oracle. */
export interface RedditWorld extends RedditStore, AsyncDisposable {
  readonly url: string;
  setFaults(faults: FaultLevel | Partial<Faults>): void;
  /** The next so many answers break off in the middle. */
  cutNext(answers: number): void;
  expireTokens(): void;
  /** Nothing is answered until then. */
  outageUntil(ms: number): void;
  readonly answered: ReadonlyMap<number, number>;
  /** Calls by path without ids. */
  readonly asked: ReadonlyMap<string, number>;
  /** Calls beyond the window's allowance or before a 429 was over, and /api/morechildren asked twice at once. */
  readonly violations: number;
  /** Milliseconds that 429s and used-up windows made the reader wait. */
  readonly forcedMs: number;
  readonly tokensGiven: number;
}

const client = { id: "world-app", secret: "world-secret" };
const cap = 1_000;
const deepest = 10;

export async function startReddit(options: RedditWorldOptions): Promise<RedditWorld> {
  const { seed, nowMs, skewMs = 0, tokenSeconds = 3_600, treeSize = 200 } = options;
  const theirNow = () => nowMs() + skewMs;
  const random = makeRandom(`${seed}/faults/reddit`);
  const store = makeRedditStore(makeRandom(`${seed}/reddit`), theirNow);
  const waits = makeWaits(theirNow);
  const limits = makeRedditLimits(theirNow, options.callsAWindow ?? 1_000, waits);
  let faults = faultsOf(options.faults);
  let cuts = 0;
  let downUntil = 0;
  let limitedUntil = 0;
  let tokens = new Map<string, number>();
  let tokensGiven = 0;
  let openMore = 0;
  let overlaps = 0;
  const answered = new Map<number, number>();
  const asked = new Map<string, number>();

  function reply(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    answered.set(status, (answered.get(status) ?? 0) + 1);
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const head = { "content-type": typeof body === "string" ? "text/html" : "application/json; charset=UTF-8", date: new Date(theirNow()).toUTCString(), ...headers };
    if (status === 200 && cuts > 0) {
      cuts -= 1;
      response.writeHead(200, { ...head, "content-length": String(Buffer.byteLength(text)) });
      response.write(text.slice(0, Math.floor(text.length / 2)), () => response.destroy());
      return;
    }
    response.writeHead(status, head).end(text);
  }

  const refuse = (response: ServerResponse, status: number, message: string, reason?: string): void =>
    reply(response, status, { ...(reason !== undefined && { reason }), message, error: status }, limits.headers());

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const form = new URLSearchParams(text);
    const [id = "", secret = ""] = Buffer.from((request.headers.authorization ?? "").replace(/^Basic /, ""), "base64")
      .toString("utf8")
      .split(":");
    const grant = form.get("grant_type") ?? "";
    const isInstalled = grant === "https://oauth.reddit.com/grants/installed_client";
    if (id !== client.id || secret !== (isInstalled ? "" : client.secret)) return refuse(response, 401, "Unauthorized");
    const isGranted =
      (grant === "password" && form.get("username") === "ann_b" && form.get("password") === "tea") ||
      (grant === "refresh_token" && form.get("refresh_token") === "world-refresh") ||
      grant === "client_credentials" ||
      (isInstalled && /^.{20,30}$/.test(form.get("device_id") ?? ""));
    if (!isGranted) return reply(response, 200, { error: "invalid_grant" });
    tokensGiven += 1;
    const access = `token-${tokensGiven}-${random.int(1e9)}`;
    tokens.set(access, theirNow() + tokenSeconds * 1_000);
    reply(response, 200, { access_token: access, token_type: "bearer", expires_in: tokenSeconds, scope: form.get("scope") ?? "*" });
  }

  /** True where a fault of the network or of the servers before the API has answered. */
  function fails(request: IncomingMessage, response: ServerResponse): boolean {
    const roll = random.next();
    const inTime = waits.comes();
    if (nowMs() < downUntil) {
      reply(response, 503, "<html><body>our CDN was unable to reach our servers</body></html>");
      return true;
    }
    if (inTime && roll < faults.tooManyRequests) {
      limitedUntil = nowMs() + faults.limitedMs;
      waits.hold(limitedUntil + skewMs);
    }
    if (nowMs() < limitedUntil) {
      reply(response, 429, { message: "Too Many Requests", error: 429 }, { "retry-after": String(Math.ceil((limitedUntil - nowMs()) / 1_000)) });
      return true;
    }
    let edge = faults.tooManyRequests;
    if (roll < (edge += faults.serverErrors)) reply(response, [500, 502, 503][Math.floor(roll * 1_000) % 3] ?? 503, "<html><body>you broke reddit</body></html>");
    else if (roll < (edge += faults.resets)) request.socket.destroy();
    else if (roll < edge + faults.garbage) reply(response, 200, '{"kind": "Listing", "data": {"chil');
    else return false;
    return true;
  }

  function list(response: ServerResponse, query: URLSearchParams, all: readonly RedditThing[]): void {
    // The listing holds its newest thousand; what was taken from view leaves it.
    const visible = all.slice(0, cap).filter((thing) => thing.state === "there");
    const limit = Math.min(100, Number(query.get("limit") ?? 25));
    const [after, before] = [query.get("after"), query.get("before")];
    const anchor = visible.findIndex((thing) => fullname(thing) === (after ?? before));
    const from = after === null ? (before === null ? 0 : Math.max(0, anchor - limit)) : anchor + 1;
    const isLost = (after !== null || before !== null) && anchor < 0;
    const page = isLost ? [] : visible.slice(from, before === null ? from + limit : anchor);
    const last = page.at(-1);
    const isMore = last !== undefined && from + page.length < visible.length;
    give(response, query, {
      kind: "Listing",
      data: { modhash: "", dist: page.length, children: page.map((thing) => renderThing(thing)), after: isMore ? fullname(last) : null, before: null },
    });
  }

  function give(response: ServerResponse, query: URLSearchParams, body: unknown): void {
    reply(response, 200, query.get("raw_json") === "1" ? body : escapeTexts(body), limits.headers());
  }

  function tree(replies: readonly RedditThing[], parent: string, depth: number, left: { count: number }): unknown {
    const children: unknown[] = [];
    const rest: RedditThing[] = [];
    for (const reply of replies) {
      if (left.count <= 0) rest.push(reply);
      else if (depth >= deepest) {
        children.push({ kind: "more", data: { id: "_", name: "t1__", count: 0, depth, parent_id: parent, children: [] } });
        break;
      } else {
        left.count -= 1;
        children.push(renderThing(reply, reply.replies.length === 0 ? "" : tree(reply.replies, fullname(reply), depth + 1, left)));
      }
    }
    const [first] = rest;
    if (first) children.push({ kind: "more", data: { id: first.id, name: fullname(first), count: rest.length, depth, parent_id: parent, children: rest.map(({ id }) => id) } });
    return { kind: "Listing", data: { modhash: "", children, after: null, before: null } };
  }

  function thread(response: ServerResponse, query: URLSearchParams, id: string): void {
    const link = store.find(`t3_${id}`);
    if (link === undefined) return refuse(response, 404, "Not Found");
    const focus = store.find(`t1_${query.get("comment") ?? ""}`);
    const replies = tree(focus ? [focus] : link.replies, fullname(link), 0, { count: treeSize });
    give(response, query, [{ kind: "Listing", data: { children: [renderThing(link)], after: null } }, replies]);
  }

  function moreChildren(response: ServerResponse, query: URLSearchParams): void {
    openMore += 1;
    if (openMore > 1) overlaps += 1;
    const ids = (query.get("children") ?? "").split(",");
    const things: unknown[] = [];
    // Comments with what hangs below them, as a flat list; what is too much is named again.
    const left = ids
      .slice(0, 100)
      .map((id) => store.find(`t1_${id}`))
      .filter((thing) => thing !== undefined);
    for (let comment = left.shift(); comment !== undefined; comment = left.shift()) {
      if (things.length >= 100) things.push({ kind: "more", data: { id: comment.id, parent_id: comment.parent && fullname(comment.parent), count: 1, children: [comment.id] } });
      else {
        things.push(renderThing(comment));
        left.unshift(...comment.replies);
      }
    }
    setImmediate(() => {
      openMore -= 1;
      give(response, query, { json: { errors: [], data: { things } } });
    });
  }

  function serve(response: ServerResponse, path: string, query: URLSearchParams): void {
    const [, subreddit, listing] = /^\/r\/([\w-]+)\/(new|comments)\/?$/.exec(path) ?? [];
    if (subreddit !== undefined) {
      const state = store.subreddit(subreddit);
      if (state === "banned") return refuse(response, 404, "Not Found", "banned");
      if (state === "private") return refuse(response, 403, "Forbidden", "private");
      if (state === undefined) return reply(response, 302, "", { location: `/subreddits/search?q=${subreddit}`, ...limits.headers() });
      return list(
        response,
        query,
        store.newest(listing === "new" ? "t3" : "t1", (thing) => thing.subreddit === subreddit),
      );
    }
    if (path === "/subreddits/search") return give(response, query, { kind: "Listing", data: { children: [], after: null } });
    if (path === "/search")
      return list(
        response,
        query,
        store.newest("t3", (thing) => `${thing.title} ${thing.body}`.toLowerCase().includes((query.get("q") ?? "").toLowerCase())),
      );
    const [, user, part] = /^\/user\/([\w-]+)\/(overview|about)\/?$/.exec(path) ?? [];
    if (user !== undefined) {
      const account = store.account(user);
      if (account === undefined) return refuse(response, 404, "Not Found");
      if (part === "about") return give(response, query, { kind: "t2", data: { name: user, id: user.toLowerCase(), created_utc: 1_600_000_000 } });
      return list(
        response,
        query,
        store.newest(undefined, (thing) => thing.author === user),
      );
    }
    if (path === "/api/info") {
      const names = (query.get("id") ?? "").split(",").slice(0, 100);
      const found = names.map((name) => store.find(name)).filter((thing) => thing !== undefined);
      return give(response, query, { kind: "Listing", data: { children: found.map((thing) => renderThing(thing)), after: null, before: null } });
    }
    const [, link] = /^\/comments\/([0-9a-z]+)\/?$/.exec(path) ?? [];
    if (link !== undefined) return thread(response, query, link);
    if (path === "/api/morechildren") return moreChildren(response, query);
    refuse(response, 404, "Not Found");
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://world.simulated.example");
    if (fails(request, response)) return;
    if (pathname === "/api/v1/access_token") {
      token(request, response).catch(() => response.destroy());
      return;
    }
    const kind = pathname.replace(/^\/(r|user)\/[\w-]+/, "/$1/*").replace(/^\/comments\/.*/, "/comments/*");
    asked.set(kind, (asked.get(kind) ?? 0) + 1);
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if ((tokens.get(bearer) ?? 0) <= theirNow() && options.accepts?.(bearer) !== true) refuse(response, 401, "Unauthorized");
    else if (!/^[\w.]+:[\w.]+:v[\w.]+ \(by \/u\/[\w-]+\)$/.test(request.headers["user-agent"] ?? "")) refuse(response, 403, "Forbidden");
    else if (!waits.comes("api") || !limits.take()) refuse(response, 429, "Too Many Requests");
    else serve(response, pathname, searchParams);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    ...store,
    url: `http://127.0.0.1:${portOf(server.address())}`,
    setFaults(wish) {
      faults = faultsOf(wish);
    },
    cutNext(answers) {
      cuts = answers;
    },
    expireTokens() {
      tokens = new Map();
    },
    outageUntil(ms) {
      downUntil = ms;
    },
    answered,
    asked,
    get violations() {
      return waits.beyond + overlaps;
    },
    get forcedMs() {
      return waits.forcedMs;
    },
    get tokensGiven() {
      return tokensGiven;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
