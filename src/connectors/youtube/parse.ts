import { EarshotError } from "../../core/errors.ts";
import type { Outcome, SourceAuthor, SourceEvent, SourcePost } from "../../core/event.ts";
import type { Parse } from "../../core/source.ts";
import { type Json, decodeObject, guard, isJson } from "../json/decode.ts";
import { type Mutable, checkInstant, readId, softText, softUrl } from "../json/fields.ts";
import { failureOf } from "./errors.ts";
import { kindOf } from "./items.ts";
import { keepUnknown, makeAuthor, makeVideo, need, ownerOf, readChannel, readComment, readStatistics, readVideo, snippetOf, unescapeText, videoIdOf, withExtra } from "./post.ts";

/*
 * Raw form: one resource as the platform gave it, with `at` (milliseconds UTC, when it was read) beside its fields;
 * {"kind": "youtube#gone", "id", "at"}: it is there no more; {"kind": "youtube#nothing"}: a recorded list that was empty.
 */
export const parseYouTube: Parse = guard("youtube", (bytes) => eventsOf(decodeObject(bytes, "message")));

/** Resources that are no posts: what they tell is the account's, the catalogue's or the file's. */
const noPosts = new Set(
  (
    "caption captionList channelSection channelBannerResource guideCategory i18nLanguage i18nRegion member membershipsLevel playlist playlistImage subscription superChatEvent " +
    "thirdPartyLink thumbnailSet thumbnailSetResponse videoAbuseReportReason videoCategory videoGetRating videoTrainability watermark liveBroadcast liveStream liveChatModerator fanFundingEvent"
  ).split(" "),
);

export function eventsOf(item: Json): readonly Outcome<SourceEvent>[] {
  const failure = failureOf(item);
  if (failure) {
    const status = failure.status === undefined ? "" : `HTTP ${failure.status}, `;
    return [{ reject: new EarshotError(failure.code, `answer: expected a resource, came an error (${status}${failure.reason})`) }];
  }
  if (typeof item["access_token"] === "string") return [{ drop: "access-token" }];
  // Of the account that granted access (www.googleapis.com/oauth2/v1/userinfo).
  if (item["kind"] === undefined && typeof item["picture"] === "string" && typeof item["given_name"] === "string") return [{ drop: "not-a-post" }];
  const kind = kindOf(item);
  switch (kind) {
    case "video":
    // A live broadcast is its video, under the same id (liveBroadcasts resource, 2026-11).
    case "liveBroadcast":
      return [isJson(item["snippet"]) ? keepPost(readVideo(item)) : engagement(item)];
    case "comment":
      return [keepPost(readComment(item))];
    case "commentThread":
      return [keepPost(readThread(item))];
    case "searchResult":
      return [searchResult(item)];
    case "playlistItem":
      return [playlistItem(item)];
    case "activity":
      return [activity(item)];
    case "channel":
      return [identity(readChannel(item), item)];
    case "liveChatMessage":
      return [chatMessage(item)];
    case "gone":
      return [{ keep: { type: "delete", id: readId(item, "id", "gone"), at: checkInstant(item["at"], "gone.at") } }];
    case "nothing":
      return [{ drop: "empty" }];
    default:
      if (noPosts.has(kind)) return [{ drop: "not-a-post" }];
      throw new EarshotError(kind === "" ? "FIELD_MISSING" : "FIELD_INVALID", "message.kind: expected a resource of YouTube Data API v3, came something else");
  }
}

function keepPost(post: SourcePost): Outcome<SourceEvent> {
  return { keep: { type: "post", post } };
}

function identity(author: SourceAuthor, item: Json): Outcome<SourceEvent> {
  return { keep: { type: "identity", author, at: checkInstant(item["at"], "channel.at") } };
}

/** Statistics alone (videos.list, part=statistics). */
function engagement(item: Json): Outcome<SourceEvent> {
  const id = readId(item, "id", "video");
  const counts = readStatistics(item["statistics"], {});
  if (counts === undefined) throw new EarshotError("FIELD_MISSING", "video.snippet: expected a snippet or statistics, came neither");
  return { keep: { type: "engagement", id, at: checkInstant(item["at"], "video.at"), counts } };
}

function readThread(thread: Json): SourcePost {
  const snippet = snippetOf(thread, "commentThread");
  const top = need(snippet, "topLevelComment", "commentThread.snippet");
  if (!isJson(top)) throw new EarshotError("FIELD_INVALID", "commentThread.snippet.topLevelComment: expected an object");
  const inner = snippetOf(top, "commentThread.snippet.topLevelComment");
  const told = { ...(snippet["videoId"] !== undefined && { videoId: snippet["videoId"] }), ...(snippet["channelId"] !== undefined && { channelId: snippet["channelId"] }) };
  const { canReply: _, totalReplyCount, isPublic, topLevelComment: __, videoId: ___, channelId: ____, ...more } = snippet;
  return readComment({
    ...more,
    ...top,
    id: top["id"] ?? thread["id"],
    snippet: { ...told, ...inner },
    ...(totalReplyCount !== undefined && { totalReplyCount }),
    ...(isPublic === false && { isPublic }),
  });
}

const searchFields = new Set(["kind", "etag", "id", "at", "snippet"]);
const listSnippetFields = new Set([
  "publishedAt",
  "publishTime",
  "channelId",
  "channelTitle",
  "title",
  "description",
  "thumbnails",
  "resourceId",
  "videoOwnerChannelId",
  "videoOwnerChannelTitle",
]);

function searchResult(item: Json): Outcome<SourceEvent> {
  const id = isJson(item["id"]) ? item["id"] : {};
  const videoId = videoIdOf(id["videoId"]);
  const snippet = isJson(item["snippet"]) ? item["snippet"] : undefined;
  const channelId = id["channelId"];
  if (videoId === undefined && channelId !== undefined)
    return identity({ ...makeAuthor(channelId, typeof snippet?.["title"] === "string" ? unescapeText(snippet["title"]) : undefined, "searchResult.id.channelId") }, item);
  if (videoId === undefined && id["playlistId"] !== undefined) return { drop: "not-a-post" };
  if (videoId === undefined) throw new EarshotError("FIELD_MISSING", "searchResult.id.videoId: expected an id, came nothing");
  const told = snippetOf(item, "searchResult");
  const post = makeVideo({
    id: videoId,
    snippet: told,
    author: ownerOf(told, videoId, "searchResult.snippet.channelId"),
    createdAt: checkInstant(told["publishedAt"] ?? told["publishTime"], "searchResult.snippet.publishedAt"),
    escaped: true,
    revision: 0,
  });
  return keepPost(listed(post, item, told, searchFields));
}

function listed(post: Mutable<SourcePost>, item: Json, snippet: Json, known: ReadonlySet<string>): SourcePost {
  const extra: Record<string, unknown> = {};
  keepUnknown(extra, snippet, listSnippetFields);
  keepUnknown(extra, item, known);
  return withExtra(post, extra);
}

const playlistItemFields = new Set(["kind", "etag", "id", "at", "snippet", "status"]);

/** A video in a playlist: the video itself where its owner is told; else that somebody put it there, as a share of it. */
function playlistItem(item: Json): Outcome<SourceEvent> {
  const details = isJson(item["contentDetails"]) ? item["contentDetails"] : {};
  const snippet = snippetOf(item, "playlistItem");
  const resource = isJson(snippet["resourceId"]) ? snippet["resourceId"] : {};
  const videoId = videoIdOf(resource["videoId"]) ?? videoIdOf(details["videoId"]);
  if (videoId === undefined) throw new EarshotError("FIELD_MISSING", "playlistItem.snippet.resourceId.videoId: expected an id, came nothing");
  const privacy = isJson(item["status"]) ? item["status"]["privacyStatus"] : undefined;
  const addedAt = checkInstant(snippet["publishedAt"], "playlistItem.snippet.publishedAt");
  const listOwner = snippet["channelId"];
  // The uploads of channel UC… are the playlist UU… (channels.list, relatedPlaylists.uploads).
  const uploads = typeof listOwner === "string" && snippet["playlistId"] === `UU${listOwner.slice(2)}`;
  const ownerId = snippet["videoOwnerChannelId"] ?? (uploads ? listOwner : undefined);
  const gone = (snippet["title"] === "Private video" || snippet["title"] === "Deleted video") && snippet["videoOwnerChannelId"] === undefined;
  if (gone && snippet["title"] === "Deleted video" && item["at"] !== undefined) return { keep: { type: "delete", id: videoId, at: checkInstant(item["at"], "playlistItem.at") } };
  const known = ownerId !== undefined && ownerId !== null;
  const author = known
    ? makeAuthor(ownerId, snippet["videoOwnerChannelTitle"] ?? (uploads ? snippet["channelTitle"] : undefined), "playlistItem.snippet.videoOwnerChannelId")
    : makeAuthor(need(snippet, "channelId", "playlistItem.snippet"), snippet["channelTitle"], "playlistItem.snippet.channelId");
  const createdAt = known && details["videoPublishedAt"] !== undefined ? checkInstant(details["videoPublishedAt"], "playlistItem.contentDetails.videoPublishedAt") : addedAt;
  const post = makeVideo({ id: videoId, snippet, author, createdAt, revision: 0 });
  if (!known) Object.assign(post, { id: readId(item, "id", "playlistItem"), reshareOf: videoId });
  if (gone || privacy === "private") post.visibility = "private";
  else if (privacy === "unlisted") post.visibility = "unlisted";
  return keepPost(listed(post, item, snippet, playlistItemFields));
}

const activityFields = new Set(["kind", "etag", "id", "at", "snippet"]);

/** Of what a channel does, an upload and a bulletin are posts; playlist items, recommendations and favourites are shares of a video. */
function activity(item: Json): Outcome<SourceEvent> {
  const snippet = snippetOf(item, "activity");
  const { type } = snippet;
  if (type !== "upload" && type !== "bulletin" && type !== "playlistItem" && type !== "recommendation" && type !== "favorite") return { drop: "not-a-post" };
  const videoId = activityVideo(item, snippet);
  if (videoId === undefined && type !== "bulletin") throw new EarshotError("FIELD_MISSING", "activity.contentDetails: expected the id of a video, came none");
  const author = makeAuthor(need(snippet, "channelId", "activity.snippet"), snippet["channelTitle"], "activity.snippet.channelId");
  const createdAt = checkInstant(snippet["publishedAt"], "activity.snippet.publishedAt");
  const post = makeVideo({ id: videoId ?? "", snippet, author, createdAt, revision: 0 });
  if (type !== "upload") {
    post.id = readId(item, "id", "activity");
    if (videoId !== undefined) post.reshareOf = videoId;
    else {
      delete post.media;
      delete post.permalink;
    }
  }
  return keepPost(listed(post, item, snippet, activityFields));
}

function activityVideo(item: Json, snippet: Json): string | undefined {
  const details = isJson(item["contentDetails"]) ? item["contentDetails"] : {};
  for (const part of Object.values(details)) {
    if (!isJson(part)) continue;
    const id = videoIdOf(part["videoId"]) ?? (isJson(part["resourceId"]) ? videoIdOf(part["resourceId"]["videoId"]) : undefined);
    if (id !== undefined) return id;
  }
  // With part=snippet the thumbnail's address alone names the video.
  const thumbnails = isJson(snippet["thumbnails"]) ? snippet["thumbnails"] : {};
  for (const size of Object.values(thumbnails)) {
    const url = isJson(size) ? softUrl(size["url"]) : undefined;
    const id = url === undefined ? undefined : /\/vi(?:_webp)?\/([A-Za-z0-9_-]{11})\//.exec(url)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

const chatFields = new Set(["kind", "etag", "id", "at", "snippet", "authorDetails"]);
const chatSnippetFields = new Set(["authorChannelId", "publishedAt", "hasDisplayContent", "displayMessage"]);

/** Live chat (liveChatMessages.list; fields as of 2025-04). */
function chatMessage(item: Json): Outcome<SourceEvent> {
  const snippet = snippetOf(item, "liveChatMessage");
  const at = snippet["publishedAt"] ?? item["at"];
  const part = (name: string): Json => (isJson(snippet[name]) ? snippet[name] : {});
  switch (snippet["type"]) {
    case "messageDeletedEvent":
      return {
        keep: {
          type: "delete",
          id: readId(part("messageDeletedDetails"), "deletedMessageId", "liveChatMessage.snippet"),
          at: checkInstant(at, "liveChatMessage.snippet.publishedAt"),
        },
      };
    case "messageRetractedEvent":
      return {
        keep: {
          type: "delete",
          id: readId(part("messageRetractedDetails"), "retractedMessageId", "liveChatMessage.snippet"),
          at: checkInstant(at, "liveChatMessage.snippet.publishedAt"),
        },
      };
    case "tombstone":
      return { keep: { type: "delete", id: readId(item, "id", "liveChatMessage"), at: checkInstant(at, "liveChatMessage.snippet.publishedAt") } };
    // Who is banned from one chat has not lost the account.
    case "userBannedEvent":
    case "chatEndedEvent":
    case "sponsorOnlyModeStartedEvent":
    case "sponsorOnlyModeEndedEvent":
    case "pollEvent":
      return { drop: "not-a-post" };
    default:
  }
  const details = isJson(item["authorDetails"]) ? item["authorDetails"] : {};
  const text =
    part("textMessageDetails")["messageText"] ?? part("superChatDetails")["userComment"] ?? part("memberMilestoneChatDetails")["userComment"] ?? snippet["displayMessage"];
  if (softText(text) === undefined && snippet["hasDisplayContent"] === false) return { drop: "not-a-post" };
  const author: Mutable<SourceAuthor> = {
    ...makeAuthor(snippet["authorChannelId"] ?? need(details, "channelId", "liveChatMessage.authorDetails"), details["displayName"], "liveChatMessage.author"),
  };
  const avatar = softUrl(details["profileImageUrl"]);
  if (avatar !== undefined) author.avatarUrl = avatar;
  const post: Mutable<SourcePost> = {
    id: readId(item, "id", "liveChatMessage"),
    author,
    createdAt: checkInstant(snippet["publishedAt"], "liveChatMessage.snippet.publishedAt"),
    revision: 0,
    text: softText(text) ?? "",
    format: "text",
    visibility: "public",
  };
  const extra: Record<string, unknown> = {};
  keepUnknown(extra, snippet, chatSnippetFields);
  keepUnknown(extra, item, chatFields);
  return keepPost(withExtra(post, extra));
}
