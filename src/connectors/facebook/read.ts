import type { InsightsPlan } from "../graph/insights.ts";
import type { GraphOptions } from "../graph/options.ts";
import type { Listing, Plan } from "../graph/read.ts";
import { totalOf } from "../graph/fields.ts";
import type { Json } from "../json/decode.ts";
import { parseFacebook } from "./parse.ts";
import { facebookShapes } from "./shapes.ts";

export interface FacebookOptions extends GraphOptions {
  readonly pages: readonly string[];
  readonly collect: readonly ("posts" | "tagged" | "comments" | "ratings" | "insights")[];
}

const attachments = "attachments{title,description,media,media_type,type,url,unshimmed_url,target,subattachments.limit(20){description,media,media_type,type,url,target}}";
const postFields =
  "id,message,story,created_time,updated_time,from,message_tags,permalink_url,full_picture,shares,parent_id,place,privacy,is_hidden,is_published,status_type," +
  `reactions.summary(total_count).limit(0),comments.summary(total_count).filter(stream).limit(0),${attachments}`;
const taggedFields = `id,message,story,created_time,updated_time,from,message_tags,permalink_url,full_picture,place,${attachments}`;
const commentFields = "id,message,created_time,from,parent{id},message_tags,attachment,like_count,comment_count,permalink_url,is_hidden,is_private";
const ratingFields = "created_time,has_rating,has_review,rating,recommendation_type,review_text,reviewer,open_graph_story{id}";
/** The most that an edge of a page gives at once (Graph API changelog, 2.4). */
const pageSize = "100";

/**
 * Names since 15 November 2025, when post_impressions, page_impressions and page_fans ended for all versions; their unique kinds had in June 2025
 * (Pages API, Deprecated Facebook Page Insights Metrics, 2026-03).
 */
const postInsights: InsightsPlan = { metrics: [["post_media_view", "post_reactions_by_type_total"], ["post_media_view"]] };
const pageInsights: InsightsPlan = { metrics: [["page_follows"]], query: { period: "day" } };

export function facebookPlan({ pages, collect }: FacebookOptions): Plan {
  const withComments = collect.includes("comments");
  const list = (page: string, edge: string, fields: string, more: Partial<Listing> = {}): Listing => ({
    key: `${page}/${edge}`,
    path: `${page}/${edge}`,
    page,
    query: (next, since) => ({ fields, limit: pageSize, ...(since > 0 && edge !== "ratings" && { since: String(since) }), ...next }),
    isRefreshed: false,
    ...more,
  });
  return {
    shapes: facebookShapes,
    parse: parseFacebook,
    ...(collect.includes("insights") && { insights: { posts: postInsights, accounts: pages.map((id) => ({ id, page: id, plan: pageInsights })) } }),
    *listings() {
      for (const page of pages) {
        if (collect.includes("posts") || withComments || collect.includes("insights"))
          yield list(page, "feed", postFields, { isRefreshed: true, ...(withComments && { commentsOf: ({ comments }: Json) => totalOf(comments) }) });
        if (collect.includes("tagged")) yield list(page, "tagged", taggedFields);
        if (collect.includes("ratings")) yield list(page, "ratings", ratingFields);
      }
    },
    comments: (id, _isReplies, key) => {
      const page = key.split("/")[0] ?? "";
      return {
        key: `${id}/comments`,
        path: `${id}/comments`,
        page,
        // All levels in one list, newest first.
        query: (next) => ({ fields: commentFields, filter: "stream", order: "reverse_chronological", limit: pageSize, ...next }),
        isRefreshed: false,
        newestFirst: true,
      };
    },
  };
}
