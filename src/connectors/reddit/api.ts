import type { SourceContext } from "../../core/component.ts";
import type { Credential } from "../../core/credential.ts";
import { EarshotError } from "../../core/errors.ts";
import { statusOf } from "../../http/upstream-status.ts";
import { type Json, isJson } from "../json/decode.ts";
import { softText } from "../json/fields.ts";
import { react } from "./failures.ts";
import { type Found, hasErrors, thingsIn } from "./things.ts";

export interface Page {
  readonly things: readonly Found[];
  /** The anchor of the next page, where Reddit tells one. */
  readonly after: string | undefined;
}

/** Reddit's Data API as one credential sees it. */
export interface Api {
  readonly budget: string;
  /** At most 100 things, newest first, those that follow `after`. */
  listing(path: string, query: Readonly<Record<string, string>>, after: string | undefined, signal: AbortSignal): Promise<Page>;
  /** Things by fullname, at most 100; what is not there is left out. */
  info(fullnames: readonly string[], signal: AbortSignal): Promise<readonly Found[]>;
  /** A post with its tree of comments, or a branch of it. */
  thread(link: string, comment: string | undefined, signal: AbortSignal): Promise<readonly Found[]>;
  /** Comments that a tree left out, at most 100 a call. */
  moreChildren(link: string, ids: readonly string[], signal: AbortSignal): Promise<readonly Found[]>;
  accountExists(name: string, signal: AbortSignal): Promise<boolean>;
}

/** Things a call of a listing, /api/info and /api/morechildren gives at most (reddit.com/dev/api, 2024). */
export const thingsACall = 100;

export interface ApiOptions {
  readonly server: string;
  /** The account that answers for the program, part of the user agent. */
  readonly contact: string;
  readonly requestsPerMinute: number;
}

export function openApi(options: ApiOptions, credential: Credential, context: SourceContext): Api {
  const budget = `reddit/${credential.name}`;
  // <platform>:<app id>:<version> (by /u/<account>): Reddit Data API wiki, 2024; others are throttled.
  const userAgent = `server:earshot:v0.1.0 (by /u/${options.contact})`;

  async function get(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> {
    const url = new URL(path, options.server);
    for (const [name, value] of Object.entries({ ...query, raw_json: "1" })) url.searchParams.set(name, value);
    const answer = await context.http.request(url.href, {
      headers: { "user-agent": userAgent, accept: "application/json" },
      credential,
      signal,
      // 100 a minute for each client, averaged over ten (Reddit Data API wiki, 2024); the headers tell what is left of the window.
      budgets: [{ name: budget, limit: { requests: options.requestsPerMinute, perMs: 60_000 } }],
      react,
    });
    try {
      const value: unknown = JSON.parse(Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.byteLength).toString("utf8"));
      return value;
    } catch {
      throw new EarshotError("UPSTREAM_UNAVAILABLE", `reddit ${path}: expected JSON, came ${answer.bytes.length} bytes that are none`);
    }
  }

  return {
    budget,
    async listing(path, query, after, signal) {
      const answer = await get(path, { ...query, limit: String(thingsACall), ...(after !== undefined && { after }) }, signal);
      const data = isJson(answer) && answer["kind"] === "Listing" && isJson(answer["data"]) ? answer["data"] : undefined;
      // A subreddit that is not there leads to a search for subreddits, whose things are of another kind.
      if (!data || !Array.isArray(data["children"])) throw new EarshotError("UPSTREAM_UNAVAILABLE", `reddit ${path}: expected a listing, came something else`);
      return { things: [...thingsIn(data["children"])], after: softText(data["after"]) };
    },
    async info(fullnames, signal) {
      const answer = await get("/api/info", { id: fullnames.join(",") }, signal);
      if (!isJson(answer) || answer["kind"] !== "Listing") throw new EarshotError("UPSTREAM_UNAVAILABLE", "reddit /api/info: expected a listing, came something else");
      return [...thingsIn(answer)];
    },
    async thread(link, comment, signal) {
      const query = { limit: "500", depth: "50", sort: "new", ...(comment !== undefined && { comment }) };
      return [...thingsIn(await get(`/comments/${encodeURIComponent(link.slice(3))}`, query, signal))];
    },
    async moreChildren(link, ids, signal) {
      const answer = await get("/api/morechildren", { api_type: "json", link_id: link, children: ids.join(","), limit_children: "false", sort: "new" }, signal);
      const json: Json = isJson(answer) && isJson(answer["json"]) ? answer["json"] : {};
      if (hasErrors(json) || !isJson(json["data"])) throw new EarshotError("UPSTREAM_UNAVAILABLE", "reddit /api/morechildren: expected things, came something else");
      return [...thingsIn(answer)];
    },
    async accountExists(name, signal) {
      try {
        await get(`/user/${encodeURIComponent(name)}/about`, {}, signal);
        return true;
      } catch (thrown) {
        if (statusOf(thrown) === 404) return false;
        throw thrown;
      }
    },
  };
}
