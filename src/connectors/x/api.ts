import type { SourceContext } from "../../core/component.ts";
import type { Credential } from "../../core/credential.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { BudgetUse, FailedAnswer, HttpOptions, Reaction } from "../../core/http.ts";
import { type Json, decodeJson, isJson } from "../json/decode.ts";
import { failureOf, problemsIn } from "./problem.ts";

const windowMs = 900_000;
const monthMs = 30 * 86_400_000;

/** Calls in 15 minutes, by an app's token and by a user's (docs.x.com/x-api/fundamentals/rate-limits, 2026-08). */
const limits = {
  "search-recent": { path: "/2/tweets/search/recent", app: 450, user: 300 },
  "search-all": { path: "/2/tweets/search/all", app: 300, user: 300 },
  "counts-recent": { path: "/2/tweets/counts/recent", app: 300, user: 300 },
  "user-posts": { path: "/2/users/:id/tweets", app: 10_000, user: 900 },
  "user-mentions": { path: "/2/users/:id/mentions", app: 450, user: 300 },
  stream: { path: "/2/tweets/search/stream", app: 50, user: 50 },
  "stream-rules": { path: "/2/tweets/search/stream/rules", app: 450, user: 450 },
  "stream-rules-change": { path: "/2/tweets/search/stream/rules", app: 100, user: 100 },
  usage: { path: "/2/usage/tweets", app: 50, user: 50 },
  me: { path: "/2/users/me", app: 75, user: 75 },
  // docs.x.com/x-api/compliance, 2026-11
  "posts-compliance": { path: "/2/tweets/compliance/stream", app: 100, user: 100 },
  "users-compliance": { path: "/2/users/compliance/stream", app: 100, user: 100 },
  "compliance-jobs": { path: "/2/compliance/jobs", app: 150, user: 150 },
  "compliance-job": { path: "/2/compliance/jobs/:id", app: 150, user: 150 },
} as const;
export type Endpoint = keyof typeof limits;

/** Posts that one answer may bring, of the calls that draw on the month's allowance. */
const mostPosts: Partial<Record<Endpoint, number>> = { "search-recent": 100, "search-all": 100, "user-posts": 100, "user-mentions": 100, stream: 1 };

const fields = {
  "tweet.fields":
    "id,text,author_id,created_at,lang,conversation_id,in_reply_to_user_id,referenced_tweets,public_metrics,entities,attachments,geo,possibly_sensitive,note_tweet,edit_history_tweet_ids,context_annotations,reply_settings,source,withheld",
  expansions:
    "author_id,attachments.media_keys,attachments.poll_ids,geo.place_id,referenced_tweets.id,referenced_tweets.id.author_id,entities.mentions.username,edit_history_tweet_ids",
  "user.fields": "id,username,name,profile_image_url,public_metrics,verified,verified_type,protected,created_at",
  "media.fields": "media_key,type,url,preview_image_url,alt_text,variants,duration_ms,width,height",
  "place.fields": "id,full_name,country_code,country,place_type,geo",
  "poll.fields": "id,options,voting_status,end_datetime,duration_minutes",
} as const;

/** The calls to X, with budgets and credential. */
export interface Api {
  readonly isApp: boolean;
  /** The server's time, milliseconds UTC: ours, mended by what answers say. */
  now(): number;
  /** Posts came: they are counted against the month's allowance at once. Gives what is left of it, and when it is full again (milliseconds UTC). */
  charge(posts: number): Promise<{ readonly left: number; readonly fullAt: number }>;
  get(endpoint: Endpoint, query: Readonly<Record<string, string>>, signal?: AbortSignal, id?: string): Promise<Json>;
  post(endpoint: Endpoint, body: unknown, signal?: AbortSignal): Promise<Json>;
  stream(endpoint: "stream" | "posts-compliance" | "users-compliance", query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Addresses of a job's files, outside of the API. */
  file(method: "GET" | "PUT", url: string, signal: AbortSignal, body?: string): Promise<Uint8Array>;
}

export interface ApiOptions {
  readonly server: string;
  readonly isApp: boolean;
  readonly postsPerMonth: number;
  /** Day on which the app's month begins. */
  readonly monthDay: number;
}

/** A difference above is no clock that goes wrong, but a header that means nothing. */
const mostSkewMs = 12 * 3_600_000;

export function openApi({ server, isApp, postsPerMonth, monthDay }: ApiOptions, credential: Credential, context: SourceContext): Api {
  const { clock, http } = context;
  let skewMs = 0;
  const month = { name: `x/${credential.name}/posts`, limit: { requests: postsPerMonth, perMs: monthMs, resets: "utc-month", monthDay } } as const satisfies BudgetUse;

  function budgetsOf(endpoint: Endpoint): BudgetUse[] {
    const { app, user } = limits[endpoint];
    const name = `x/${credential.name}/${endpoint}`;
    const uses: BudgetUse[] = [{ name, limit: { requests: isApp ? app : user, perMs: windowMs } }];
    // One a second beside the window (same table).
    if (endpoint === "search-all") uses.push({ name: `${name}-second`, limit: { requests: 1, perMs: 1_000 } });
    const room = mostPosts[endpoint];
    // A whole page must have room; what came is counted when it came.
    if (room !== undefined) uses.push({ ...month, cost: 0, room });
    return uses;
  }

  function learn(headers: Headers): void {
    const date = Date.parse(headers.get("date") ?? "");
    if (Number.isFinite(date) && Math.abs(date - clock.now()) < mostSkewMs) skewMs = Math.abs(date - clock.now()) < 2_000 ? 0 : date - clock.now();
  }

  function react(answer: FailedAnswer): Reaction | undefined {
    learn(answer.headers);
    if (answer.status < 400) return undefined;
    let body: unknown;
    try {
      body = decodeJson(answer.bytes, "answer");
    } catch {
      return undefined;
    }
    const [problem] = problemsIn(body);
    const failure = failureOf(problem, answer.status);
    const reset = Number(answer.headers.get("x-rate-limit-reset"));
    // X names the end of a window by its own clock.
    const windowEnds = reset > 0 && failure.id === "x.rate-limited" ? reset * 1_000 - skewMs : undefined;
    const retryAt = failure.id === "x.usage-capped" ? clock.now() + 3_600_000 : windowEnds === undefined ? undefined : Math.max(windowEnds, clock.now());
    return { code: failure.code, failure: failure.id, message: failure.doc, renew: answer.status === 401, ...(retryAt !== undefined && { retryAt }) };
  }

  async function call(endpoint: Endpoint, url: URL, options: HttpOptions): Promise<Json> {
    const budgets = budgetsOf(endpoint);
    const answer = await http.request(url.href, { ...options, credential, budgets, react, maxBytes: 32 << 20 });
    learn(answer.headers);
    let body: unknown;
    try {
      body = decodeAnswer(answer.bytes);
    } catch (cause) {
      throw new EarshotError("UPSTREAM_UNAVAILABLE", `x: expected JSON from ${limits[endpoint].path}, came ${answer.bytes.length} bytes that are none`, { cause });
    }
    if (!isJson(body)) throw new EarshotError("UPSTREAM_UNAVAILABLE", `x: expected an object from ${limits[endpoint].path}`);
    return body;
  }

  function urlOf(endpoint: Endpoint, query: Readonly<Record<string, string>>, id = ""): URL {
    const url = new URL(limits[endpoint].path.replace(":id", id), server);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  return {
    isApp,
    now: () => clock.now() + skewMs,
    async charge(posts) {
      try {
        return await http.charge({ ...month, cost: posts });
      } catch (thrown) {
        // The count is kept, and told with the next one; what came is not thrown away for it.
        context.report("warn", "the posts of the month are counted later", { source: context.id, code: toEarshotError(thrown, "STORE_UNAVAILABLE", "x").code });
        return { left: postsPerMonth, fullAt: clock.now() };
      }
    },
    get: (endpoint, query, signal, id) => call(endpoint, urlOf(endpoint, query, id), signal ? { signal } : {}),
    post: (endpoint, body, signal) =>
      call(endpoint, urlOf(endpoint, {}), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...(signal && { signal }) }),
    async stream(endpoint, query, signal) {
      const answer = await http.stream(urlOf(endpoint, query).href, { credential, signal, budgets: budgetsOf(endpoint), react });
      learn(answer.headers);
      return answer.body;
    },
    async file(method, url, signal, body) {
      const answer = await http.request(url, { method, signal, maxBytes: 64 << 20, ...(body !== undefined && { body, headers: { "content-type": "text/plain" } }) });
      return answer.bytes;
    },
  };
}

/** An answer may be larger than one item; each post of it is held to an item's size by its parser. */
function decodeAnswer(bytes: Uint8Array): unknown {
  const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  return value;
}

export const postFields: Readonly<Record<string, string>> = fields;
