import type { ExpectedFields } from "../../core/expected.ts";
import { type Json, isJson } from "../json/decode.ts";
import { objectsIn } from "./ids.ts";

/** Fields of API v2's objects (docs.x.com/x-api/fundamentals/data-dictionary, 2026-11). */
export const expected: ExpectedFields = {
  entities: {
    post: {
      required: { id: "text", text: "text" },
      optional: {
        article: "object",
        attachments: "object",
        author_id: "text",
        card_uri: "text",
        community_id: "text",
        context_annotations: "list",
        conversation_id: "text",
        created_at: "instant",
        display_text_range: "list",
        edit_controls: "object",
        edit_history_tweet_ids: "list",
        entities: "object",
        "entities.annotations": "list",
        "entities.cashtags": "list",
        "entities.hashtags": "list",
        "entities.mentions": "list",
        "entities.urls": "list",
        geo: "object",
        in_reply_to_user_id: "text",
        lang: "text",
        non_public_metrics: "object",
        note_tweet: "object",
        organic_metrics: "object",
        possibly_sensitive: "flag",
        promoted_metrics: "object",
        public_metrics: "object",
        "public_metrics.bookmark_count": "number",
        "public_metrics.impression_count": "number",
        "public_metrics.like_count": "number",
        "public_metrics.quote_count": "number",
        "public_metrics.reply_count": "number",
        "public_metrics.retweet_count": "number",
        referenced_tweets: "list",
        reply_settings: "text",
        scopes: "object",
        source: "text",
        withheld: "object",
      },
    },
    user: {
      required: { id: "text", name: "text", username: "text" },
      optional: {
        affiliation: "object",
        created_at: "instant",
        description: "text",
        entities: "object",
        location: "text",
        most_recent_tweet_id: "text",
        pinned_tweet_id: "text",
        profile_banner_url: "text",
        profile_image_url: "text",
        protected: "flag",
        public_metrics: "object",
        "public_metrics.followers_count": "number",
        "public_metrics.following_count": "number",
        "public_metrics.like_count": "number",
        "public_metrics.listed_count": "number",
        "public_metrics.media_count": "number",
        "public_metrics.tweet_count": "number",
        subscription_type: "text",
        url: "text",
        verified: "flag",
        verified_type: "text",
        withheld: "object",
      },
    },
    media: {
      required: { media_key: "text", type: "text" },
      optional: {
        alt_text: "text",
        duration_ms: "number",
        height: "number",
        preview_image_url: "text",
        public_metrics: "object",
        url: "text",
        variants: "list",
        width: "number",
      },
    },
    place: {
      required: { id: "text", full_name: "text" },
      optional: { contained_within: "list", country: "text", country_code: "text", geo: "object", name: "text", place_type: "text" },
    },
  },
  *find(message) {
    const { data } = message;
    if (isJson(data) && data["text"] !== undefined) yield ["post", data];
    const includes: Json = isJson(message["includes"]) ? message["includes"] : {};
    for (const user of objectsIn(includes["users"])) yield ["user", user];
    for (const media of objectsIn(includes["media"])) yield ["media", media];
    for (const place of objectsIn(includes["places"])) yield ["place", place];
  },
};
