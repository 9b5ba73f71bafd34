import type { ExpectedFields } from "../../core/expected.ts";
import { type Json, isJson } from "../json/decode.ts";
import { kindOf } from "./items.ts";

/** Resources as of developers.google.com/youtube/v3/docs (2025-09). */
export const expected: ExpectedFields = {
  entities: {
    video: {
      required: { id: "text", "snippet.publishedAt": "instant", "snippet.channelId": "text", "snippet.title": "text" },
      optional: {
        "snippet.description": "text",
        "snippet.channelTitle": "text",
        "snippet.thumbnails": "object",
        "snippet.tags": "list",
        "snippet.categoryId": "text",
        "snippet.liveBroadcastContent": "text",
        "snippet.localized": "object",
        "snippet.defaultLanguage": "text",
        "snippet.defaultAudioLanguage": "text",
        "statistics.viewCount": "number",
        "statistics.likeCount": "number",
        "statistics.dislikeCount": "number",
        "statistics.favoriteCount": "number",
        "statistics.commentCount": "number",
        "status.privacyStatus": "text",
        contentDetails: "object",
        topicDetails: "object",
        recordingDetails: "object",
        liveStreamingDetails: "object",
        localizations: "object",
        player: "object",
      },
    },
    comment: {
      required: { id: "text", "snippet.textDisplay": "text", "snippet.publishedAt": "instant" },
      optional: {
        "snippet.authorDisplayName": "text",
        "snippet.authorProfileImageUrl": "text",
        "snippet.authorChannelUrl": "text",
        "snippet.authorChannelId.value": "text",
        "snippet.channelId": "text",
        "snippet.videoId": "text",
        "snippet.parentId": "text",
        "snippet.textOriginal": "text",
        "snippet.canRate": "flag",
        "snippet.viewerRating": "text",
        "snippet.likeCount": "number",
        "snippet.moderationStatus": "text",
        "snippet.updatedAt": "instant",
      },
    },
  },
  *find(message) {
    const kind = kindOf(message);
    if (kind === "video" && isJson(message["snippet"])) yield ["video", message];
    else if (kind === "comment") yield ["comment", message];
    else if (kind === "commentThread") {
      const top: Json | undefined = isJson(message["snippet"]) && isJson(message["snippet"]["topLevelComment"]) ? message["snippet"]["topLevelComment"] : undefined;
      if (top) yield ["comment", top];
    }
  },
};
