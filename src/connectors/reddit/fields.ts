import type { ExpectedEntity, ExpectedFields, FieldKind } from "../../core/expected.ts";
import { isJson, type Json } from "../json/decode.ts";

/** What becomes of a field: `common` ones become the post's own, `viewer` ones tell of the token's owner, of moderators or of how a page draws it; `plain` ones go to `extra` where they say something. */
type Use = "common" | "viewer" | "plain";

/*
 * The fields of a link and of a comment: Reddit's JSON wiki (github.com/reddit-archive/reddit/wiki/JSON, 2016) and the answers of the API
 * as clients recorded them, 2012 to 2024. Nearly all are null, false or absent somewhere, hence optional.
 * Names of people other than the author, and ids of accounts, are never kept beside a post.
 */
const kinds: Readonly<Record<Use, Readonly<Record<FieldKind, string>>>> = {
  common: {
    text: "author author_fullname selftext selftext_html body body_html title name id permalink url url_overridden_by_dest parent_id link_id crosspost_parent subreddit_type",
    number: "num_comments num_crossposts view_count",
    flag: "over_18 over18 is_self is_gallery",
    instant: "created created_utc edited",
    object: "media_metadata gallery_data",
    list: "crosspost_parent_list",
    any: "replies score",
  },
  viewer: {
    text: "subreddit_name_prefixed thumbnail link_author modhash approved_by removed_by mod_note mod_reason_by mod_reason_title author_id",
    number: "thumbnail_width thumbnail_height depth pwls wls",
    flag: "saved hidden clicked visited can_gild can_mod_post send_replies is_reddit_media_domain allow_live_comments no_follow is_crosspostable is_robot_indexable media_only author_is_blocked was_comment new contest_mode is_created_from_ads_ui author_patreon_flair author_premium collapsed_because_crowd_control",
    instant: "approved_at_utc banned_at_utc",
    object: "media_embed secure_media secure_media_embed preview",
    list: "user_reports mod_reports user_reports_dismissed mod_reports_dismissed author_flair_richtext link_flair_richtext treatment_tags",
    any: "likes banned_by num_reports report_reasons rte_mode whitelist_status parent_whitelist_status dest context",
  },
  plain: {
    text: "subreddit subreddit_id domain link_flair_text link_flair_css_class link_flair_template_id link_flair_type link_flair_text_color link_flair_background_color author_flair_text author_flair_css_class author_flair_type author_flair_template_id author_flair_text_color author_flair_background_color distinguished suggested_sort post_hint removal_reason removed_by_category link_title link_permalink link_url collapsed_reason collapsed_reason_code category top_awarded_type unrepliable_reason subject type from_kind comment_sort",
    number: "ups downs upvote_ratio gilded controversiality total_awards_received subreddit_subscribers num_duplicates",
    flag: "archived locked stickied spoiler quarantine pinned hide_score score_hidden is_video is_original_content is_meta is_submitter collapsed removed spam ignore_reports approved is_live event_is_live author_cakeday",
    instant: "event_start event_end",
    object: "media gildings poll_data sr_detail",
    list: "all_awardings awarders content_categories",
    any: "from from_id associated_award discussion_type comment_type rpan_video live_audio",
  },
};

const uses = new Map<string, Use>();
const optional: Record<string, FieldKind> = {};
const use = (of: string): Use => (of === "common" || of === "viewer" ? of : "plain");
for (const [of, byKind] of Object.entries(kinds)) {
  for (const [kind, names] of Object.entries(byKind)) {
    for (const name of names.split(" ")) {
      uses.set(name, use(of));
      optional[name] = kindOf(kind);
    }
  }
}

function kindOf(kind: string): FieldKind {
  switch (kind) {
    case "text":
    case "number":
    case "flag":
    case "instant":
    case "object":
    case "list":
      return kind;
    default:
      return "any";
  }
}

function entity(required: Readonly<Record<string, FieldKind>>): ExpectedEntity {
  const rest = Object.fromEntries(Object.entries(optional).filter(([name]) => !Object.hasOwn(required, name)));
  return { required, optional: rest };
}

export const expected: ExpectedFields = {
  entities: {
    link: entity({ id: "text", author: "text", created_utc: "instant", title: "text", subreddit: "text", permalink: "text", score: "number", num_comments: "number" }),
    comment: entity({ id: "text", author: "text", created_utc: "instant", body: "text", subreddit: "text", parent_id: "text", link_id: "text", score: "number" }),
  },
  *find(message) {
    const data = message["data"];
    if (!isJson(data)) return;
    if (message["kind"] === "t3") yield ["link", data];
    else if (message["kind"] === "t1") yield ["comment", data];
  },
};

/** Adds what has no place of its own to `extra`: unknown fields as they are, known ones where they say something. */
export function gatherExtra(data: Json, extra: Record<string, unknown>): void {
  for (const name in data) {
    const value = data[name];
    if (value === null || value === undefined) continue;
    const known = uses.get(name);
    if (known === undefined) extra[name] = value;
    else if (known === "plain" && !isNeutral(value)) extra[name] = value;
  }
}

function isNeutral(value: unknown): boolean {
  if (value === false || value === 0 || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object" || value === null) return false;
  for (const _ in value) return false;
  return true;
}
