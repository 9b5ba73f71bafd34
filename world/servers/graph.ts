import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { makeRandom } from "../random.ts";
import { type GraphComment, type GraphPost, renderComment, renderError, renderInstagramComment, renderMedia, renderPost } from "../wire/graph.ts";
import { portOf } from "./feeds.ts";
import { type GraphContent, makeGraphContent, newestFirst } from "./graph-content.ts";

/** What goes wrong, as shares of calls. */
export interface GraphFaults {
  /** In Graph's own form: 400 with code 4, 17, 32 or 80001; it lasts a minute, an app's five. */
  readonly limits: number;
  readonly serverErrors: number;
  /** The connection is cut, before or in the middle of the answer. */
  readonly cuts: number;
}

export interface GraphOptions {
  readonly seed: string;
  readonly nowMs: () => number;
  readonly pages?: number;
  readonly faults?: Partial<GraphFaults>;
  /** Of posts that bear unknown fields and counts as text. */
  readonly driftShare?: number;
  /** Calls that a token has in any hour. */
  readonly callsPerHour?: number;
  /** Versions below are retired. */
  readonly oldestVersion?: number;
  /** Absent: one of the seed. */
  readonly appSecret?: string;
  /** Tokens of the user that another server gave out, and holds for living. */
  readonly accepts?: (token: string) => boolean;
}

/** The Graph API on loopback: pages of Facebook, one Instagram account, tokens, limits, cursors. */
export interface GraphWorld extends AsyncDisposable {
  readonly url: string;
  readonly pages: readonly string[];
  readonly account: string;
  readonly other: { readonly id: string; readonly name: string };
  readonly appId: string;
  readonly appSecret: string;
  /** The user's token that is good now. */
  readonly token: string;
  readonly content: GraphContent;
  setFaults(faults: Partial<GraphFaults>): void;
  /** The pages' tokens are new from now on; the old ones are expired. */
  renewPageTokens(): void;
  /** Cursors given so far are taken no longer. */
  forgetCursors(): void;
  /** A metric that the platform knows no longer. */
  retire(metric: string): void;
  /** Calls for the insights of this object fail from now on, as they do for some at the platform. */
  withhold(id: string): void;
  /** Signs a payload as a webhook. */
  sign(body: string): string;
  readonly figures: {
    calls: number;
    /** Calls that are being answered. */
    open: number;
    limited: number;
    /** Made while a limit that was told lasted, or beyond the hour's allowance. */
    beyond: number;
    /** How long limits forbade calls, all together. */
    forcedMs: number;
    unproven: number;
    /** Calls for insights. */
    insights: number;
    readonly hashtagsAsked: Set<string>;
  };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** By the code: an app's own limit tells no time, and frees calls as its hour rolls on. */
const limitsMs: Readonly<Record<number, number>> = { 4: 300_000, 17: 60_000, 32: 60_000, 80_001: 60_000 };

interface Call {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

export async function startGraph(options: GraphOptions): Promise<GraphWorld> {
  const { seed, nowMs, driftShare = 0, callsPerHour = 1_000_000, oldestVersion = 21 } = options;
  const random = makeRandom(`${seed}/graph`);
  const chance = makeRandom(`${seed}/faults/graph`);
  const pages = Array.from({ length: options.pages ?? 2 }, (_, index) => String(770_000_000 + index));
  const account = "17841400000000001";
  const other = { id: "17841400000000002", name: "rival.simulated" };
  const names = new Map([...pages.map((page, index) => [page, `Simulated page ${index}`] as const), [account, "brand.simulated"], [other.id, other.name]]);
  const content = makeGraphContent(random, nowMs, names, new Set(pages), driftShare);
  const appId = "4242";
  const { appSecret = `secret-${seed}` } = options;
  const token = `EAAuser${random.int(1e9)}`;
  const isUser = (bearer: string): boolean => bearer === token || options.accepts?.(bearer) === true;
  let pageTokens = new Map<string, string>();
  let faults: GraphFaults = { limits: 0, serverErrors: 0, cuts: 0, ...options.faults };
  let cursorAge = 0;
  const retired = new Set<string>();
  const withheld = new Set<string>();
  const viewsOf = (post: GraphPost): number => 10 * post.likes + 3;
  let limitedUntil = 0;
  let limitCode = 4;
  const made = new Map<string, number[]>();
  const figures: GraphWorld["figures"] = { calls: 0, open: 0, limited: 0, beyond: 0, forcedMs: 0, unproven: 0, insights: 0, hashtagsAsked: new Set() };

  const renewPageTokens = (): void => {
    pageTokens = new Map(pages.map((page) => [`EAApage${random.int(1e9)}`, page]));
  };
  renewPageTokens();

  const trace = (): string => `T${random.int(1e9).toString(36)}`;
  const answer = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
    response
      .writeHead(status, { "content-type": "application/json; charset=UTF-8", "x-fb-trace-id": trace(), "facebook-api-version": "v25.0", ...headers })
      .end(JSON.stringify(body));
  };
  const refuse = (response: ServerResponse, code: number, message: string, subcode?: number, status = 400, headers: Record<string, string> = {}): void =>
    answer(response, status, renderError(code, message, trace(), subcode), headers);

  const refuseLimited = (response: ServerResponse): void => {
    figures.limited += 1;
    const minutes = Math.max(1, Math.ceil((limitedUntil - nowMs()) / 60_000));
    const usage = JSON.stringify({ [pages[0] ?? ""]: [{ type: "pages", call_count: 100, total_cputime: 25, total_time: 25, estimated_time_to_regain_access: minutes }] });
    refuse(
      response,
      limitCode,
      "Application request limit reached",
      undefined,
      400,
      limitCode === 4 ? { "x-app-usage": '{"call_count":100,"total_cputime":25,"total_time":25}' } : { "x-business-use-case-usage": usage },
    );
  };

  /** True when the call was refused or lost. */
  const fails = (request: IncomingMessage, response: ServerResponse, bearer: string): boolean => {
    const now = nowMs();
    const calls = (made.get(bearer) ?? []).filter((at) => at > now - hourMs);
    calls.push(now);
    made.set(bearer, calls);
    if (now < limitedUntil || calls.length > callsPerHour) {
      figures.beyond += 1;
      if (now < limitedUntil) {
        refuseLimited(response);
        return true;
      }
    }
    const roll = chance.next();
    let edge = faults.limits;
    if (roll < edge) {
      limitCode = chance.pick([4, 17, 32, 80_001]);
      const limitMs = limitsMs[limitCode] ?? 60_000;
      limitedUntil = now + limitMs;
      figures.forcedMs += limitMs;
      refuseLimited(response);
      return true;
    }
    if (roll < (edge += faults.serverErrors)) {
      if (chance.chance(0.5)) refuse(response, chance.pick([1, 2]), "An unknown error occurred", undefined, 500);
      else response.writeHead(503, { "content-type": "text/html" }).end("<html><body>Sorry, something went wrong.</body></html>");
      return true;
    }
    if (roll < edge + faults.cuts) {
      if (chance.chance(0.5)) request.socket.destroy();
      else {
        response.writeHead(200, { "content-type": "application/json", "content-length": "5000" });
        response.write('{"data":[{"id":"77', () => response.destroy());
      }
      return true;
    }
    return false;
  };

  /** Rows after the cursor that the call names, with links to the next page; undefined: the cursor is not taken. */
  const paged = <T extends { readonly createdMs: number; readonly id: string }>(
    rows: readonly T[],
    query: URLSearchParams,
    path: string,
    render: (row: T) => unknown,
    after = query.get("after"),
  ) => {
    const limit = Math.min(100, Number(query.get("limit") ?? 25));
    let from = 0;
    if (after !== null) {
      const [age = "", createdMs = "", id = ""] = Buffer.from(after, "base64url").toString().split("/");
      if (Number(age) !== cursorAge) return undefined;
      // The row may be gone: what is older than it comes next.
      from = rows.findIndex((row) => row.createdMs < Number(createdMs) || (row.createdMs === Number(createdMs) && row.id < id));
      if (from < 0) from = rows.length;
    }
    const shown = rows.slice(from, from + limit);
    const last = shown.at(-1);
    const cursor = last === undefined ? undefined : Buffer.from(`${cursorAge}/${last.createdMs}/${last.id}`).toString("base64url");
    const isEnd = from + limit >= rows.length;
    const paging =
      cursor === undefined
        ? undefined
        : { cursors: { before: cursor, after: cursor }, ...(!isEnd && { next: `https://graph.facebook.com/v25.0/${path}?access_token=${token}&limit=${limit}&after=${cursor}` }) };
    return { data: shown.map(render), ...(paging !== undefined && { paging }) };
  };
  const give = (call: Call, body: unknown): void => {
    if (body === undefined) refuse(call.response, 100, "Invalid cursor: the after cursor is not valid");
    else answer(call.response, 200, body, { "x-app-usage": `{"call_count":${Math.min(100, Math.floor(figures.calls / 100))},"total_cputime":1,"total_time":1}` });
  };
  const since = (rows: readonly GraphPost[], query: URLSearchParams): readonly GraphPost[] => rows.filter((row) => row.createdMs >= Number(query.get("since") ?? 0) * 1_000);

  /** One metric that is not known, or not of this object, and all are refused (Insights references of pages and of Instagram media, 2026-06). */
  const giveInsights = (call: Call, id: string): void => {
    const post = content.posts.get(id);
    const wanted = (call.query.get("metric") ?? "").split(",");
    const values: Readonly<Record<string, unknown>> =
      post === undefined || post.deleted
        ? pages.includes(id)
          ? { page_follows: 1_200, page_media_view: 9_000 }
          : {}
        : pages.includes(post.owner)
          ? { post_media_view: viewsOf(post), post_reactions_by_type_total: { like: post.likes } }
          : { views: viewsOf(post), likes: post.likes, comments: post.comments.length, ...(!post.drifted && { shares: post.shares }) };
    figures.insights += 1;
    if (withheld.has(id)) refuse(call.response, 2, "Service temporarily unavailable", undefined, 500);
    else if (Object.keys(values).length === 0) refuse(call.response, 100, "Unsupported get request. Object does not exist", 33);
    else if (wanted.some((name) => !Object.hasOwn(values, name) || retired.has(name))) refuse(call.response, 100, "The value must be a valid insights metric");
    else {
      const period = call.query.get("period") ?? "lifetime";
      give(call, { data: wanted.map((name) => ({ name, period, values: [{ value: values[name] }], title: name, id: `${id}/insights/${name}/${period}` })) });
    }
  };

  const serveEdge = (call: Call, id: string, edge: string): void => {
    const { query, response } = call;
    const path = `${id}/${edge}`;
    const holder = content.posts.get(id);
    if (edge === "feed" && pages.includes(id)) give(call, paged(since(content.of(id), query), query, path, renderPost));
    else if (edge === "insights") giveInsights(call, id);
    else if ((edge === "tagged" || edge === "ratings") && pages.includes(id)) give(call, { data: [] });
    else if (edge === "media" && id === account)
      give(
        call,
        paged(since(content.of(id), query), query, path, (post) => renderMedia(post, true)),
      );
    else if ((edge === "tags" || edge === "stories") && id === account) give(call, { data: [] });
    else if (edge === "recent_media" && id.startsWith("178500")) {
      const tag = [...figures.hashtagsAsked][Number(id.slice(6)) - 1] ?? "";
      const rows = content.tagged(tag).filter((post) => post.createdMs > nowMs() - dayMs);
      give(
        call,
        paged(rows, query, path, (post) => renderMedia(post, false)),
      );
    } else if (edge === "comments" && holder !== undefined && !holder.deleted && pages.includes(holder.owner)) {
      give(call, paged(newestFirst(holder.comments), query, path, renderComment));
    } else if (edge === "comments" && holder !== undefined && !holder.deleted) {
      const tops = newestFirst(holder.comments.filter(({ parent }) => parent === undefined));
      give(
        call,
        paged(tops, query, path, (top) => renderInstagramComment(top, holder.id, repliesOf(holder, top, new URLSearchParams({ limit: "2" })))),
      );
    } else if (edge === "replies") {
      const found = content.find(id);
      const media = found !== undefined && "holder" in found ? content.posts.get(found.holder) : undefined;
      if (found === undefined || !("holder" in found) || media === undefined) refuse(response, 100, "Unsupported get request. Object does not exist", 33);
      else give(call, repliesOf(media, found, query, true));
    } else refuse(response, 100, `Unsupported get request. Object with ID '${id}' does not exist`, 33);
  };

  const repliesOf = (media: GraphPost, top: GraphComment, query: URLSearchParams, always = false): Record<string, unknown> | undefined => {
    const rows = newestFirst(media.comments.filter(({ parent }) => parent === top.id));
    return rows.length === 0 && !always ? undefined : paged(rows, query, `${top.id}/replies`, (reply) => renderInstagramComment(reply, media.id));
  };

  const serve = (call: Call, bearer: string): void => {
    const { path, query, response } = call;
    const [first = "", second] = path;
    if (first === "me" && second === "accounts") {
      if (!isUser(bearer)) refuse(response, 100, "Tried accessing nonexisting field (accounts) on node type (Page)");
      else {
        const withAccount = query.get("fields")?.includes("instagram_business_account") === true;
        const data = [...pageTokens].map(([value, page], index) => ({
          id: page,
          name: names.get(page),
          access_token: value,
          category: "Food",
          // The first page alone has a business account behind it.
          ...(withAccount && index === 0 && { instagram_business_account: { id: account, username: names.get(account) } }),
        }));
        give(call, { data });
      }
    } else if (first === "me") give(call, { id: pageTokens.get(bearer) ?? "900", name: "Simulated user" });
    else if (first === "ig_hashtag_search") {
      const tag = query.get("q") ?? "";
      if (!figures.hashtagsAsked.has(tag) && figures.hashtagsAsked.size >= 30) refuse(response, 18, "This user queried more than 30 unique hashtags in 7 days", 2_207_034);
      else {
        figures.hashtagsAsked.add(tag);
        give(call, { data: [{ id: `178500${[...figures.hashtagsAsked].indexOf(tag) + 1}` }] });
      }
    } else if (second !== undefined) serveEdge(call, first, second);
    else if (first === account && query.get("fields")?.startsWith("business_discovery") === true) {
      const fields = query.get("fields") ?? "";
      const after = /\.after\(([^)]*)\)/.exec(fields)?.[1] ?? null;
      if (!fields.includes(`username(${other.name})`)) refuse(response, 110, "Invalid user id", 2_207_013);
      else {
        const media = paged(
          content.of(other.id),
          new URLSearchParams({ limit: /media\.limit\((\d+)\)/.exec(fields)?.[1] ?? "25" }),
          "x",
          (post) => renderMedia(post, false),
          after,
        );
        const isEnd = isJsonObject(media?.["paging"]) && media["paging"]["next"] === undefined;
        // Inside of a field the end is told by the lack of a cursor, and there is no link.
        const list = media && {
          data: media.data,
          ...(isEnd ? {} : { paging: { cursors: { after: isJsonObject(media.paging) && isJsonObject(media.paging["cursors"]) ? media.paging["cursors"]["after"] : "" } } }),
        };
        give(call, media && { business_discovery: { id: other.id, username: other.name, followers_count: 12, media: list }, id: account });
      }
    } else {
      const found = pages.includes(first) || first === account ? { id: first, name: names.get(first) } : content.find(first);
      if (found === undefined) refuse(response, 100, `Unsupported get request. Object with ID '${first}' does not exist, cannot be loaded due to missing permissions`, 33);
      else if (!("owner" in found) || query.get("fields") === "id") give(call, { id: found.id });
      else give(call, pages.includes(found.owner) ? renderPost(found) : renderMedia(found, true));
    }
  };

  const server = createServer((request, response) => {
    figures.calls += 1;
    figures.open += 1;
    response.once("close", () => (figures.open -= 1));
    const url = new URL(request.url ?? "/", "http://world.simulated.example");
    const [version = "", ...path] = url.pathname.split("/").filter((part) => part !== "");
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const call: Call = { path, query: url.searchParams, response };
    if (fails(request, response, bearer)) return;
    const number = Number(/^v(\d+)\.\d$/.exec(version)?.[1] ?? 0);
    if (number < oldestVersion) {
      refuse(response, 2_635, `You are calling a deprecated version of the API. Please update to the latest version: v25.0`);
      return;
    }
    if (path[0] === "debug_token") {
      if (bearer !== `${appId}|${appSecret}`) refuse(response, 190, "Invalid OAuth access token");
      else
        answer(response, 200, {
          data: { app_id: appId, is_valid: url.searchParams.get("input_token") === token, expires_at: Math.floor((nowMs() + 3.5 * dayMs) / 1_000), scopes: [] },
        });
      return;
    }
    if (!isUser(bearer) && !pageTokens.has(bearer)) {
      refuse(response, 190, "Error validating access token: Session has expired", 463, 401);
      return;
    }
    if (url.searchParams.get("appsecret_proof") !== createHmac("sha256", appSecret).update(bearer).digest("hex")) {
      figures.unproven += 1;
      refuse(response, 100, "Invalid appsecret_proof provided in the API argument");
      return;
    }
    serve(call, bearer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    pages,
    account,
    other,
    appId,
    appSecret,
    token,
    content,
    setFaults(wish) {
      faults = { limits: 0, serverErrors: 0, cuts: 0, ...wish };
    },
    renewPageTokens,
    retire: (metric) => void retired.add(metric),
    withhold: (id) => void withheld.add(id),
    forgetCursors() {
      cursorAge += 1;
    },
    sign: (body) => `sha256=${createHmac("sha256", appSecret).update(body).digest("hex")}`,
    figures,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
