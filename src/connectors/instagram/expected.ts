import { expectedOf } from "../graph/expected.ts";

/** IG Media and IG Comment as asked for (Instagram Platform reference, v25.0). */
export const instagramExpected = expectedOf({
  media: {
    required: { id: "text", timestamp: "instant" },
    optional: {
      caption: "text",
      media_type: "text",
      media_product_type: "text",
      media_url: "text",
      thumbnail_url: "text",
      permalink: "text",
      like_count: "number",
      comments_count: "number",
      view_count: "number",
      username: "text",
      owner: "object",
      "owner.id": "text",
      children: "object",
    },
  },
  comment: {
    required: { id: "text", text: "text", timestamp: "instant" },
    optional: {
      username: "text",
      from: "object",
      "from.id": "text",
      "from.username": "text",
      parent_id: "text",
      like_count: "number",
      hidden: "flag",
      media: "object",
      "media.id": "text",
      replies: "object",
    },
  },
});
