import type { SourceContext } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import type { GraphClient } from "../graph/client.ts";
import type { Cursor } from "../graph/cursor.ts";
import { softId } from "../graph/fields.ts";
import type { InsightsPlan } from "../graph/insights.ts";
import type { GraphOptions } from "../graph/options.ts";
import type { Listing, Plan } from "../graph/read.ts";
import { type Json, isJson } from "../json/decode.ts";
import { softCount } from "../json/fields.ts";
import { parseInstagram } from "./parse.ts";
import { instagramShapes } from "./shapes.ts";

export interface InstagramOptions extends GraphOptions {
  readonly account: string;
  readonly hashtags: readonly string[];
  readonly discover: readonly string[];
  readonly collect: readonly ("media" | "tags" | "comments" | "stories" | "insights")[];
}

const children = "children{id,media_type,media_url,thumbnail_url}";
const mediaFields = `id,caption,timestamp,media_type,media_product_type,media_url,thumbnail_url,permalink,like_count,comments_count,username,owner,${children}`;
const tagFields = `id,caption,timestamp,media_type,media_url,permalink,like_count,comments_count,username,${children}`;
/** Neither owner nor name is told of posts found by a hashtag (IG Hashtag, Recent Media, 2026-11). */
const hashtagFields = `id,caption,timestamp,media_type,media_url,permalink,like_count,comments_count,${children}`;
const discoveryFields = `id,caption,timestamp,media_type,media_product_type,media_url,permalink,like_count,comments_count,view_count,username,${children}`;
const replyFields = "id,text,timestamp,username,from,parent_id,like_count,hidden,media{id}";
const commentFields = `${replyFields},replies.limit(50){${replyFields}}`;
const dayMs = 86_400_000;
/** An account may ask for so many different hashtags in seven days (IG Hashtag Search, 2026-11). */
const mostHashtags = 30;
const hashtagSpanMs = 7 * dayMs;

/**
 * `views` took the place of impressions, plays and video_views, which ended for all versions on 21 April 2025; what a kind of media does not have makes
 * the platform refuse all (Instagram Media Insights, 2026-06).
 */
const mediaInsights: InsightsPlan = { metrics: [["views", "likes", "comments", "shares"], ["views", "shares"], ["views"]] };

export function instagramPlan(options: InstagramOptions, client: GraphClient, context: SourceContext): Plan {
  const { account, hashtags, discover, collect } = options;
  const { clock, report } = context;
  const list = (edge: string, fields: string, more: Partial<Listing> = {}): Listing => ({
    key: `${account}/${edge}`,
    path: `${account}/${edge}`,
    query: (next, since) => ({ fields, limit: "50", ...(since > 0 && edge === "media" && { since: String(since) }), ...next }),
    isRefreshed: false,
    ...more,
  });
  return {
    shapes: instagramShapes,
    parse: parseInstagram,
    ...(collect.includes("insights") && { insights: { posts: mediaInsights, accounts: [] } }),
    async *listings(cursor, signal) {
      const withComments = collect.includes("comments");
      if (collect.includes("media") || withComments || collect.includes("insights"))
        yield list("media", mediaFields, { isRefreshed: true, ...(withComments && { commentsOf: ({ comments_count: count }: Json) => softCount(count) }) });
      if (collect.includes("tags")) yield list("tags", tagFields);
      if (collect.includes("stories")) yield list("stories", mediaFields, { keptMs: dayMs });
      for (const name of discover) yield discovery(name);
      for (const tag of hashtags) {
        const id = await hashtagId(tag, cursor, signal);
        if (id !== undefined) yield hashtag(tag, id);
      }
    },
    comments: (id, isReplies) => ({
      key: `${id}/comments`,
      path: `${id}/${isReplies ? "replies" : "comments"}`,
      query: (next) => ({ fields: isReplies ? replyFields : commentFields, limit: "50", ...next }),
      isRefreshed: false,
      // A new reply stands below an old comment.
      newestFirst: false,
    }),
  };

  function discovery(name: string): Listing {
    return {
      key: `discover/${name}`,
      path: account,
      query: (next) => {
        const after = next?.["after"];
        return {
          fields: `business_discovery.username(${name}){id,username,name,followers_count,media.limit(50)${after === undefined ? "" : `.after(${after})`}{${discoveryFields}}}`,
        };
      },
      listOf: (body) => {
        const found = isJson(body["business_discovery"]) ? body["business_discovery"]["media"] : undefined;
        return isJson(found) ? found : undefined;
      },
      isRefreshed: false,
    };
  }

  function hashtag(tag: string, id: string): Listing {
    return {
      key: `#${tag}`,
      path: `${id}/recent_media`,
      query: (next) => ({ user_id: account, fields: hashtagFields, limit: "50", ...next }),
      // Posts of the last 24 hours alone are listed.
      keptMs: dayMs,
      isRefreshed: false,
    };
  }

  /** Undefined: it cannot be asked for now. The same hashtag counts once in seven days. */
  async function hashtagId(tag: string, cursor: Cursor, signal: AbortSignal): Promise<string | undefined> {
    const name = tag.toLowerCase();
    const now = clock.now();
    for (const [one, { askedAt }] of cursor.hashtags) if (now - askedAt >= hashtagSpanMs) cursor.hashtags.delete(one);
    const known = cursor.hashtags.get(name);
    if (known !== undefined) return known.id;
    if (cursor.hashtags.size >= mostHashtags) {
      report("warn", `#${tag}: ${mostHashtags} hashtags were asked for in seven days; it waits`, { source: context.id });
      return undefined;
    }
    try {
      const body = await client.get(
        {
          path: "ig_hashtag_search",
          query: { user_id: account, q: name },
          budgets: [{ name: `graph/${client.credentialName}/${account}/hashtags`, limit: { requests: mostHashtags, perMs: hashtagSpanMs } }],
        },
        signal,
      );
      const first: unknown = Array.isArray(body["data"]) ? body["data"][0] : undefined;
      const id = isJson(first) ? softId(first["id"]) : undefined;
      if (id !== undefined) cursor.hashtags.set(name, { id, askedAt: now });
      return id;
    } catch (thrown) {
      if (!(thrown instanceof EarshotError) || (thrown.code !== "UPSTREAM_NOT_FOUND" && thrown.code !== "UPSTREAM_REFUSED" && thrown.code !== "UPSTREAM_QUOTA")) throw thrown;
      report("warn", `#${tag}: ${thrown.message}`, { source: context.id, code: thrown.code });
      return undefined;
    }
  }
}
