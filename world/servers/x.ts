import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Random, makeRandom } from "../random.ts";
import { type XPost, type XUser, matchesQuery, newestOf, renderAnswer, renderCounts, snowflake, timeOf } from "../wire/x.ts";
import { type FaultLevel, type Faults, faultsOf } from "./faults.ts";
import { portOf } from "./feeds.ts";
import { type XJobs, makeXJobs } from "./x-compliance.ts";

export interface XOptions {
  readonly seed: string;
  readonly nowMs: () => number;
  /** The server's clock is ahead by so much. */
  readonly skewMs?: number;
  readonly faults?: FaultLevel | Partial<Faults>;
  /** Calls in 15 minutes by endpoint, where not as documented. */
  readonly windows?: Readonly<Record<string, number>>;
  /** Posts that may be read in all; absent: no cap. */
  readonly postCap?: number;
  /** Posts bear a field that no documentation names. */
  readonly drift?: boolean;
  readonly host?: string;
}

/** X API v2 on loopback: search, timelines, counts, the filtered stream and its rules, tokens of an app, windows, caps, faults; and what is true. */
export interface XWorld extends AsyncDisposable {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly posts: XPost[];
  readonly users: readonly XUser[];
  publish(text: string, more?: { readonly kind?: XPost["kind"]; readonly about?: XPost; readonly atMs?: number; readonly author?: XUser }): XPost;
  edit(post: XPost, text: string): void;
  remove(post: XPost): void;
  readonly rules: readonly { readonly id: string; readonly value: string; readonly tag?: string }[];
  addRule(value: string, tag?: string): void;
  setFaults(faults: FaultLevel | Partial<Faults>): void;
  /** Tokens that were given out are worth nothing from now on. */
  expireTokens(): void;
  cutStreams(): void;
  /** Heartbeats and posts stay out, the connections stay open. */
  setSilent(silent: boolean): void;
  /** The stream tells that it ends, and ends. */
  disconnectStreams(): void;
  readonly openStreams: number;
  readonly answered: ReadonlyMap<string, number>;
  /** Calls that came though their window had no room: none of a well-behaved reader. */
  readonly beyond: number;
  /** Milliseconds that 429s made the reader wait. */
  readonly forcedMs: number;
  /** Posts given so far. */
  readonly given: number;
  /** Files of ids that came to compliance jobs. */
  readonly uploads: XJobs["uploads"];
  /** An event of the users' compliance stream: user_delete, user_protect, … */
  tellOfUser(event: string, user: XUser): void;
  readonly complianceAsked: XJobs["asked"];
}

const windowMs = 900_000;
const documented: Readonly<Record<string, number>> = {
  "search/recent": 450,
  "search/all": 300,
  "counts/recent": 300,
  "users/tweets": 10_000,
  "users/mentions": 450,
  "search/stream": 50,
  "search/stream/rules": 450,
  "search/stream/rules POST": 100,
  "compliance/stream": 100,
  "users/compliance/stream": 100,
  "usage/tweets": 50, // docs.x.com/x-api/fundamentals/rate-limits, per app
};
const problem = (status: number, title: string, detail: string, type = "about:blank", more: Record<string, unknown> = {}) => ({ title, detail, type, status, ...more });
const problemType = (name: string) => `https://api.twitter.com/2/problems/${name}`;

export async function startX(options: XOptions): Promise<XWorld> {
  const { seed, nowMs, skewMs = 0, windows = {}, postCap, drift = false, host = "127.0.0.1" } = options;
  const random = makeRandom(`${seed}/x`);
  const faultRandom: Random = makeRandom(`${seed}/faults/x`);
  let faults = faultsOf(options.faults);
  const posts: XPost[] = [];
  const users = Array.from({ length: 12 }, (_, index): XUser => ({ id: String(7_000 + index), username: `ann${index}`, name: `Ann ${index}` }));
  const rules: { id: string; value: string; tag?: string }[] = [];
  const used = new Map<string, { start: number; count: number }>();
  const answered = new Map<string, number>();
  const streams = new Set<{ response: ServerResponse; beatMs: number }>();
  let tokens = new Set<string>();
  let sequence = 0;
  let beyond = 0;
  let forcedMs = 0;
  let given = 0;
  let silent = false;
  const now = () => nowMs() + skewMs;

  function send(response: ServerResponse, endpoint: string, status: number, body: unknown, headers: Record<string, string> = {}): void {
    const name = `${endpoint} ${status}`;
    answered.set(name, (answered.get(name) ?? 0) + 1);
    response.writeHead(status, {
      "content-type": status >= 400 ? "application/problem+json" : "application/json; charset=utf-8",
      date: new Date(now()).toUTCString(),
      ...headers,
    });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  /** Headers of the window; undefined: it is used up, and that was answered. */
  function take(endpoint: string, response: ServerResponse): Record<string, string> | undefined {
    const limit = windows[endpoint] ?? documented[endpoint] ?? 300;
    let window = used.get(endpoint);
    if (window === undefined || now() >= window.start + windowMs) {
      window = { start: now(), count: 0 };
      used.set(endpoint, window);
    }
    const headers = { "x-rate-limit-limit": String(limit), "x-rate-limit-reset": String(Math.ceil((window.start + windowMs) / 1_000)) };
    if (window.count >= limit) {
      beyond += 1;
      send(response, endpoint, 429, problem(429, "Too Many Requests", "Too Many Requests"), { ...headers, "x-rate-limit-remaining": "0" });
      return undefined;
    }
    window.count += 1;
    return { ...headers, "x-rate-limit-remaining": String(limit - window.count) };
  }

  /** True where a fault took the call. */
  function fails(endpoint: string, request: IncomingMessage, response: ServerResponse): boolean {
    const roll = faultRandom.next();
    let edge = faults.tooManyRequests;
    if (roll < edge) {
      const reset = Math.ceil((now() + faults.limitedMs) / 1_000);
      forcedMs += reset * 1_000 - now();
      send(response, endpoint, 429, problem(429, "Too Many Requests", "Too Many Requests"), {
        "x-rate-limit-limit": "1",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": String(reset),
      });
      return true;
    }
    if (roll < (edge += faults.serverErrors)) {
      send(response, endpoint, 503, roll * 7 - Math.floor(roll * 7) < 0.5 ? "<html><body>Over capacity</body></html>" : problem(503, "Service Unavailable", "Service Unavailable"));
      return true;
    }
    if (roll < (edge += faults.resets)) {
      request.socket.destroy();
      return true;
    }
    if (roll < edge + faults.garbage) {
      send(response, endpoint, 200, `{"data":[{"id":"1","te`);
      return true;
    }
    return false;
  }

  /** A page of posts, newest first. */
  function page(endpoint: string, all: readonly XPost[], query: URLSearchParams, response: ServerResponse, headers: Record<string, string>, oldestMs: number): void {
    const bad = (name: string, value: string, message: string) =>
      send(
        response,
        endpoint,
        400,
        {
          errors: [{ parameters: { [name]: [value] }, message }],
          ...problem(400, "Invalid Request", "One or more parameters to your request was invalid.", problemType("invalid-request")),
        },
        headers,
      );
    const most = Number(query.get("max_results") ?? 10);
    if (!(most >= 5 && most <= 100)) return bad("max_results", String(most), "expected 10 to 100");
    for (const name of ["since_id", "until_id"]) {
      const value = query.get(name);
      if (value !== null && timeOf(value) < oldestMs) return bad(name, value, `'${name}' must be a tweet id created after [${new Date(oldestMs).toISOString()}]`);
    }
    if (postCap !== undefined && given >= postCap)
      return send(
        response,
        endpoint,
        429,
        problem(429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", problemType("usage-capped"), { period: "Monthly", scope: "Product" }),
        headers,
      );
    const token = query.get("next_token") ?? query.get("pagination_token");
    const since = BigInt(query.get("since_id") ?? 0);
    const until = BigInt(token === null ? (query.get("until_id") ?? "9223372036854775807") : Buffer.from(token, "base64url").toString());
    const found = all
      .filter((post) => post.state === "live" && post.createdMs >= oldestMs && newestOf(post) > since && newestOf(post) < until)
      .toSorted((a, b) => (newestOf(a) < newestOf(b) ? 1 : -1));
    const shown = found.slice(0, most);
    given += shown.length;
    const last = shown.at(-1);
    send(
      response,
      endpoint,
      200,
      {
        ...renderAnswer(shown, drift),
        meta: {
          ...(shown[0] && last && { newest_id: String(newestOf(shown[0])), oldest_id: String(newestOf(last)) }),
          result_count: shown.length,
          ...(found.length > shown.length && last && { next_token: Buffer.from(String(newestOf(last))).toString("base64url") }),
        },
      },
      headers,
    );
  }

  function deliver(post: XPost, to: Iterable<{ response: ServerResponse }>): void {
    const matching = rules.filter((rule) => matchesQuery(post, rule.value));
    if (matching.length === 0 || silent) return;
    const { data, ...rest } = renderAnswer([post], drift);
    const line = `${JSON.stringify({ data: Array.isArray(data) ? data[0] : undefined, ...rest, matching_rules: matching.map(({ id, tag }) => ({ id, tag })) })}\r\n`;
    for (const { response } of to) {
      response.write(line);
      given += 1;
    }
  }

  function openStream(request: IncomingMessage, response: ServerResponse, query: URLSearchParams, headers: Record<string, string>): void {
    if (rules.length === 0)
      return send(
        response,
        "search/stream",
        409,
        problem(409, "ConnectionException", "Configure rules before connecting.", problemType("streaming-connection"), { connection_issue: "RuleConfigurationIssue" }),
        headers,
      );
    if (streams.size > 0)
      return send(
        response,
        "search/stream",
        429,
        problem(429, "ConnectionException", "This stream is currently at the maximum allowed connection limit.", problemType("streaming-connection"), {
          connection_issue: "TooManyConnections",
        }),
        headers,
      );
    response.writeHead(200, { "content-type": "application/json", date: new Date(now()).toUTCString(), ...headers });
    response.write("\r\n");
    const stream = { response, beatMs: nowMs() };
    streams.add(stream);
    request.on("close", () => streams.delete(stream));
    response.on("close", () => streams.delete(stream));
    const minutes = Number(query.get("backfill_minutes") ?? 0);
    for (const post of posts) if (post.createdMs >= now() - minutes * 60_000 && minutes > 0) deliver(post, [stream]);
  }

  async function changeRules(request: IncomingMessage, response: ServerResponse, headers: Record<string, string>): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body: { add?: { value: string; tag?: string }[]; delete?: { ids: string[] } } = JSON.parse(text);
    const errors: unknown[] = [];
    const made: unknown[] = [];
    for (const id of body.delete?.ids ?? []) {
      const index = rules.findIndex((rule) => rule.id === id);
      if (index >= 0) rules.splice(index, 1);
    }
    for (const { value, tag } of body.add ?? []) {
      const same = rules.find((rule) => rule.value === value);
      if (same) errors.push({ value, id: same.id, title: "DuplicateRule", type: problemType("duplicate-rules") });
      else made.push(addRule(value, tag));
    }
    send(
      response,
      "search/stream/rules POST",
      made.length > 0 ? 201 : 200,
      { ...(made.length > 0 && { data: made }), ...(errors.length > 0 && { errors }), meta: { sent: new Date(now()).toISOString() } },
      headers,
    );
  }

  function addRule(value: string, tag?: string) {
    const rule = { id: snowflake(now(), ++sequence), value, ...(tag !== undefined && { tag }) };
    rules.push(rule);
    return rule;
  }

  const jobs = makeXJobs(posts, now);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    if (url.pathname.startsWith("/files/")) return void jobs.serve(request, response, url.pathname, url.origin);
    if (url.pathname === "/oauth2/token") {
      const good = request.headers.authorization === `Basic ${Buffer.from("key:secret").toString("base64")}`;
      const token = `app-${(sequence += 1)}`;
      if (good) tokens.add(token);
      send(response, "token", good ? 200 : 403, good ? { token_type: "bearer", access_token: token } : { errors: [{ code: 99, message: "Unable to verify your credentials" }] });
      return;
    }
    const timeline = /^\/2\/users\/(\d+)\/(tweets|mentions)$/.exec(url.pathname);
    const path = timeline ? `users/${timeline[2]}` : url.pathname.replace(/^\/2\/(?:tweets\/)?/, "");
    const endpoint = request.method === "POST" ? `${path} POST` : path;
    if (!tokens.has((request.headers.authorization ?? "").replace(/^Bearer /, ""))) {
      send(response, endpoint, 401, problem(401, "Unauthorized", "Unauthorized"));
      return;
    }
    if (fails(endpoint, request, response)) return;
    const headers = take(endpoint, response);
    if (headers === undefined) return;
    const query = url.searchParams;
    const matching = () => posts.filter((post) => matchesQuery(post, query.get("query") ?? ""));
    if (endpoint === "search/recent") page(endpoint, matching(), query, response, headers, now() - 7 * 86_400_000);
    else if (endpoint === "search/all") page(endpoint, matching(), query, response, headers, 0);
    else if (endpoint === "users/tweets") page(endpoint, posts.filter((post) => post.author.id === timeline?.[1]).slice(-3_200), query, response, headers, 0);
    else if (endpoint === "counts/recent") send(response, endpoint, 200, renderCounts(matching(), now(), query.get("granularity") === "day" ? 86_400_000 : 3_600_000), headers);
    else if (endpoint === "usage/tweets")
      send(response, endpoint, 200, { data: { project_cap: String(postCap ?? 3_000_000), project_id: "1", project_usage: String(given), cap_reset_day: 1 } }, headers);
    else if (endpoint === "search/stream") openStream(request, response, query, headers);
    else if (endpoint === "search/stream/rules")
      send(response, endpoint, 200, { ...(rules.length > 0 && { data: rules }), meta: { sent: new Date(now()).toISOString(), result_count: rules.length } }, headers);
    else if (endpoint === "search/stream/rules POST") void changeRules(request, response, headers);
    else if (/^(?:users\/)?compliance\//.test(path)) void jobs.serve(request, response, url.pathname, url.origin);
    else send(response, endpoint, 404, problem(404, "Not Found", "Not Found"), headers);
  });
  server.listen(0, host);
  await once(server, "listening");
  // Heartbeats follow the world's own clock.
  const beats = setInterval(() => {
    for (const stream of streams) {
      if (silent || nowMs() - stream.beatMs < 20_000) continue;
      stream.beatMs = nowMs();
      stream.response.write("\r\n");
    }
    jobs.beat();
  }, 1);

  return {
    url: `http://${host}:${portOf(server.address())}`,
    clientId: "key",
    clientSecret: "secret",
    posts,
    users,
    publish(text, { kind = "post", about, atMs, author } = {}) {
      const createdMs = atMs ?? now();
      const id = snowflake(createdMs, ++sequence % 4_000);
      const post: XPost = { id, history: [id], author: author ?? random.pick(users), createdMs, text, kind, ...(about && { about }), likes: random.int(50), state: "live" };
      posts.push(post);
      deliver(post, streams);
      return post;
    },
    edit(post, text) {
      post.text = text;
      post.history.push(snowflake(now(), ++sequence % 4_000));
      deliver(post, streams);
    },
    remove(post) {
      post.state = "deleted";
      jobs.tell("tweets", "delete", { tweet: { id: post.id, author_id: post.author.id } });
    },
    tellOfUser: (event, user) => jobs.tell("users", event, { user: { id: user.id } }),
    rules,
    addRule: (value, tag) => void addRule(value, tag),
    setFaults(wish) {
      faults = faultsOf(wish);
    },
    expireTokens() {
      tokens = new Set();
    },
    cutStreams() {
      for (const { response } of streams) response.destroy();
      streams.clear();
      jobs.cut();
    },
    setSilent(wish) {
      silent = wish;
    },
    disconnectStreams() {
      const line = {
        errors: [
          {
            title: "operational-disconnect",
            disconnect_type: "UpstreamOperationalDisconnect",
            detail: "This stream has been disconnected upstream for operational reasons.",
            type: problemType("operational-disconnect"),
          },
        ],
      };
      for (const { response } of streams) response.end(`${JSON.stringify(line)}\r\n`);
      streams.clear();
    },
    get openStreams() {
      return streams.size;
    },
    answered,
    get beyond() {
      return beyond;
    },
    get forcedMs() {
      return forcedMs;
    },
    get given() {
      return given;
    },
    uploads: jobs.uploads,
    complianceAsked: jobs.asked,
    async [Symbol.asyncDispose]() {
      clearInterval(beats);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
