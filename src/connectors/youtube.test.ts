import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { EarshotError } from "../core/errors.ts";
import type { Outcome, SourceEvent, SourcePost } from "../core/event.ts";
import { testSource } from "./source.contract.ts";
import { openWith, readRecording, recordingsFolder } from "./source.fixtures.ts";
import youtube from "./youtube.ts";
import { nextPacificMidnight } from "./youtube/api.ts";

const { parse, raws } = openWith(youtube, {});
const at = Date.UTC(2026, 4, 1);
const channelId = `UC${"a".repeat(22)}`;
const author = {
  authorDisplayName: "@ann",
  authorProfileImageUrl: "https://yt3.example/a.jpg",
  authorChannelUrl: "http://www.youtube.com/@ann",
  authorChannelId: { value: channelId },
};

const snippet = {
  publishedAt: "2026-05-01T12:00:00Z",
  channelId,
  title: "Ham & eggs",
  description: "How to. #breakfast https://eggs.example/1",
  thumbnails: { default: { url: "https://i.ytimg.com/vi/abcdefghijk/default.jpg" }, high: { url: "https://i.ytimg.com/vi/abcdefghijk/hqdefault.jpg" } },
  channelTitle: "Ann cooks",
};
const video = {
  kind: "youtube#video",
  etag: "e",
  id: "abcdefghijk",
  snippet: {
    ...snippet,
    tags: ["egg", "ham and eggs"],
    categoryId: "26",
    defaultLanguage: "en",
    defaultAudioLanguage: "en-GB",
    localized: { title: snippet.title, description: snippet.description },
  },
  statistics: { viewCount: "1000", likeCount: "10", dislikeCount: "2", favoriteCount: "0", commentCount: "3", newCount: "5" },
  status: { privacyStatus: "unlisted", madeForKids: false },
  contentDetails: { duration: "PT1M", contentRating: { ytRating: "ytAgeRestricted" } },
  recordingDetails: { locationDescription: "Berlin", location: { latitude: 52.5, longitude: 13.4 } },
};
const comment = (id: string, more: Record<string, unknown> = {}) => ({
  kind: "youtube#comment",
  id,
  snippet: { ...author, textDisplay: "Nice", likeCount: 4, publishedAt: "2026-05-01T13:00:00Z", updatedAt: "2026-05-01T13:00:00Z", canRate: true, viewerRating: "none", ...more },
});
const thread = {
  kind: "youtube#commentThread",
  id: "UgzAAAAAAAAAAAAAAAAAAAAABAg",
  snippet: { videoId: "abcdefghijk", topLevelComment: comment("UgzAAAAAAAAAAAAAAAAAAAAABAg"), canReply: true, totalReplyCount: 2, isPublic: true },
  replies: {
    comments: [
      comment("UgzAAAAAAAAAAAAAAAAAAAAABAg.r1", { textDisplay: 'See <a href="https://eggs.example/">this</a>', parentId: "UgzAAAAAAAAAAAAAAAAAAAAABAg" }),
      comment("UgzAAAAAAAAAAAAAAAAAAAAABAg.r2", { updatedAt: "2026-05-02T00:00:00Z", authorChannelId: undefined, authorChannelUrl: "", authorDisplayName: "" }),
    ],
  },
};
const chat = {
  kind: "youtube#liveChatMessage",
  id: "LCC.abc",
  snippet: {
    type: "textMessageEvent",
    liveChatId: "chat",
    authorChannelId: channelId,
    publishedAt: "2026-05-01T12:00:00Z",
    hasDisplayContent: true,
    displayMessage: "Hello",
    textMessageDetails: { messageText: "Hello" },
  },
  authorDetails: { channelId, displayName: "Ann", isChatModerator: false },
};
const search = {
  kind: "youtube#searchResult",
  id: { kind: "youtube#video", videoId: "abcdefghijk" },
  snippet: { ...snippet, title: "Ham &amp; eggs &#39;n&#39; toast", liveBroadcastContent: "none" },
};
const playlistItem = {
  kind: "youtube#playlistItem",
  id: "UEx0ZXN0",
  snippet: {
    ...snippet,
    playlistId: "PL1",
    position: 0,
    resourceId: { kind: "youtube#video", videoId: "abcdefghijk" },
    videoOwnerChannelId: `UC${"b".repeat(22)}`,
    videoOwnerChannelTitle: "Bob",
  },
  contentDetails: { videoId: "abcdefghijk", videoPublishedAt: "2026-04-01T00:00:00Z" },
};
const activity = (type: string) => ({ kind: "youtube#activity", id: "MTUx", snippet: { ...snippet, type }, contentDetails: { [type]: { videoId: "abcdefghijk" } } });
const channel = {
  kind: "youtube#channel",
  id: channelId,
  snippet: { title: "Ann cooks", customUrl: "@anncooks" },
  statistics: { subscriberCount: "77", hiddenSubscriberCount: false },
};

testSource({
  name: "youtube",
  parse,
  raws,
  model: `{"kind":"youtube#comment","id":"UgzAAAAAAAAAAAAAAAAAAAAABAg","snippet":{"authorChannelId":{"value":"UCa"},"textDisplay":"TEXT","publishedAt":"DATE"}}`,
  messages: [
    video,
    { kind: "youtube#video", id: "abcdefghijk", statistics: video.statistics },
    thread,
    comment("Ugx1"),
    search,
    { ...search, id: { kind: "youtube#channel", channelId } },
    { ...search, id: { kind: "youtube#playlist", playlistId: "PL1" } },
    playlistItem,
    activity("upload"),
    activity("playlistItem"),
    activity("like"),
    channel,
    chat,
    { ...chat, snippet: { ...chat.snippet, type: "messageDeletedEvent", messageDeletedDetails: { deletedMessageId: "LCC.abc" } } },
    { kind: "youtube#gone", id: "abcdefghijk", at },
    { kind: "youtube#caption", id: "c", snippet: { videoId: "abcdefghijk" } },
    { kind: "youtube#commentThreadListResponse", items: [thread] },
  ].map((message) => JSON.stringify(message)),
});

function outcomesOf(file: unknown): Outcome<SourceEvent>[] {
  const bytes = Buffer.from(typeof file === "string" ? file : JSON.stringify(file));
  return [...(youtube.split?.(bytes) ?? [])].flatMap((message) => [...parse(message)]);
}

function postsOf(file: unknown): SourcePost[] {
  return outcomesOf(file).flatMap((outcome) => {
    assert.ok(!("reject" in outcome), "reject" in outcome ? outcome.reject.message : "");
    return "keep" in outcome && outcome.keep.type === "post" ? [outcome.keep.post] : [];
  });
}

test("a video has its text, counts, place, languages and what is unknown", () => {
  const [post] = postsOf({ kind: "youtube#videoListResponse", items: [{ ...video, kind: undefined }] });
  assert.ok(post);
  assert.equal(post.text, "Ham & eggs\n\nHow to. #breakfast https://eggs.example/1");
  assert.deepEqual(post.counts, { views: 1000, likes: 10, replies: 3 });
  assert.deepEqual(post.author, { id: channelId, name: "Ann cooks", profileUrl: `https://www.youtube.com/channel/${channelId}` });
  assert.deepEqual([post.visibility, post.sensitive, post.languages, post.place], ["unlisted", true, ["en", "en-GB"], { name: "Berlin", latitude: 52.5, longitude: 13.4 }]);
  assert.deepEqual(
    { tags: post.extra?.["tags"], dislikes: post.extra?.["dislikeCount"], unknown: post.extra?.["newCount"] },
    { tags: ["egg", "ham and eggs"], dislikes: 2, unknown: 5 },
  );
  assert.equal(post.media?.[1]?.url, "https://i.ytimg.com/vi/abcdefghijk/hqdefault.jpg");
});

test("a thread gives its comment and each reply, with video, parent, edit, HTML and an account that is gone", () => {
  const [top, reply, edited] = postsOf({ kind: "youtube#commentThreadListResponse", items: [thread] });
  assert.ok(top && reply && edited);
  assert.deepEqual([top.id, top.replyTo, top.root, top.counts, top.format], [thread.id, "abcdefghijk", "abcdefghijk", { likes: 4, replies: 2 }, "text"]);
  assert.deepEqual(top.author, { id: channelId, name: "@ann", handle: "ann", avatarUrl: "https://yt3.example/a.jpg", profileUrl: "http://www.youtube.com/@ann" });
  assert.deepEqual([reply.id, reply.replyTo, reply.root, reply.format], [`${thread.id}.r1`, thread.id, "abcdefghijk", "html"]);
  assert.deepEqual([edited.replyTo, edited.editedAt, edited.revision, edited.author.id], [thread.id, Date.UTC(2026, 4, 2), Date.UTC(2026, 4, 2), `unknown/${thread.id}.r2`]);
});

test("a search result is unescaped and older than the whole video; a playlist tells the owner's video or a share", () => {
  const [found] = postsOf({ kind: "youtube#searchListResponse", items: [search] });
  assert.ok(found);
  assert.match(found.text, /^Ham & eggs 'n' toast\n/);
  assert.equal(found.revision, 0);
  assert.equal(postsOf(video)[0]?.revision, 1);
  const [listed] = postsOf(playlistItem);
  assert.deepEqual([listed?.id, listed?.author.name, listed?.createdAt], ["abcdefghijk", "Bob", Date.UTC(2026, 3, 1)]);
  const [shared] = postsOf({ ...playlistItem, snippet: { ...playlistItem.snippet, videoOwnerChannelId: undefined } });
  assert.deepEqual([shared?.id, shared?.reshareOf, shared?.author.id], ["UEx0ZXN0", "abcdefghijk", channelId]);
  const [upload] = postsOf({ ...activity("upload"), contentDetails: undefined });
  assert.equal(upload?.id, "abcdefghijk");
});

test("what is private is refused further on: private videos, comments held for review", () => {
  assert.equal(postsOf({ ...video, status: { privacyStatus: "private" } })[0]?.visibility, "private");
  assert.equal(postsOf(comment("Ugx1", { moderationStatus: "heldForReview" }))[0]?.visibility, "private");
});

const error = (code: number, reason: string, more: Record<string, unknown> = {}) => ({ error: { code, message: "m", errors: [{ reason, domain: "youtube" }], ...more } });
for (const [file, code] of [
  [error(400, "keyInvalid"), "UPSTREAM_AUTH"],
  [error(400, "badRequest", { status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] }), "UPSTREAM_AUTH"],
  [error(401, "authError"), "UPSTREAM_AUTH"],
  [error(403, "quotaExceeded"), "UPSTREAM_QUOTA"],
  [error(403, "dailyLimitExceeded"), "UPSTREAM_QUOTA"],
  [error(403, "rateLimitExceeded"), "UPSTREAM_RATE_LIMITED"],
  [
    error(429, "rateLimitExceeded", { status: "RESOURCE_EXHAUSTED", details: [{ reason: "RATE_LIMIT_EXCEEDED", metadata: { quota_limit: "defaultPerDayPerProject" } }] }),
    "UPSTREAM_QUOTA",
  ],
  [error(403, "commentsDisabled"), "UPSTREAM_REFUSED"],
  [error(404, "videoNotFound"), "UPSTREAM_NOT_FOUND"],
  [error(404, "somethingNotFound"), "UPSTREAM_NOT_FOUND"],
  [error(403, "forbidden"), "UPSTREAM_REFUSED"],
  [error(403, "SERVICE_UNAVAILABLE", { status: "PERMISSION_DENIED" }), "UPSTREAM_REFUSED"],
  [error(400, "processingFailure"), "UPSTREAM_UNAVAILABLE"],
  [error(503, "backendError"), "UPSTREAM_UNAVAILABLE"],
  [{ error: "invalid_grant", error_description: "Token has been expired or revoked." }, "UPSTREAM_AUTH"],
  [[{ request: { url: "https://x/youtube/v3/videos" }, response: { status: 500, headers: {}, body: "oops" } }], "UPSTREAM_UNAVAILABLE"],
  ["<html><title>Error 502 (Server Error)!!1</title></html>", "UPSTREAM_UNAVAILABLE"],
  ["no json", "JSON_INVALID"],
  [{ error: "error message" }, "UPSTREAM_REFUSED"],
] as const) {
  test(`an error answer is rejected with its code: ${code} for ${JSON.stringify(file).slice(0, 90)}`, () => {
    const [outcome, ...others] = outcomesOf(file);
    assert.equal(others.length, 0);
    assert.ok(outcome && "reject" in outcome && outcome.reject instanceof EarshotError);
    assert.equal(outcome.reject.code, code);
  });
}

test("an empty list, and an answer that says nothing has changed, are told to be empty", () => {
  assert.deepEqual(outcomesOf({ kind: "youtube#videoListResponse", items: [] }), [{ drop: "empty" }]);
  assert.deepEqual(outcomesOf([{ request: { url: "https://x" }, response: { status: 304, headers: {}, body: "" } }]), [{ drop: "empty" }]);
});

/** Every id in a body that is a video's or a comment's, found without the parser. */
function idsIn(value: unknown, ids = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const one of value) idsIn(one, ids);
  else if (typeof value === "object" && value !== null) {
    const kind = Reflect.get(value, "kind");
    const id = Reflect.get(value, "id");
    if ((kind === "youtube#video" || kind === "youtube#comment") && typeof id === "string") ids.add(id);
    if (kind === "youtube#video" && typeof Reflect.get(value, "videoId") === "string") ids.add(Reflect.get(value, "videoId"));
    for (const one of Object.values(value)) idsIn(one, ids);
  }
  return ids;
}

const recordings = (() => {
  try {
    return readdirSync(path.join(recordingsFolder(), "youtube"));
  } catch {
    return [];
  }
})();
test("recorded answers give every video and comment", { skip: recordings.length === 0 && "no recordings here" }, () => {
  let found = 0;
  for (const name of recordings) {
    const bytes = readRecording(`youtube/${name}`);
    assert.ok(bytes);
    const text = Buffer.from(bytes).toString();
    if (name.startsWith("error")) {
      assert.equal(outcomesOf(text).length, 1);
      continue;
    }
    const ids = idsIn(JSON.parse(text));
    assert.deepEqual(new Set(postsOf(text).map((post) => post.id)), ids, name);
    found += ids.size;
  }
  assert.ok(found > 50);
});

test("the quota's day ends at midnight in Los Angeles, in summer, in winter and on the days between", () => {
  const iso = (text: string) => new Date(nextPacificMidnight(Date.parse(text))).toISOString();
  assert.equal(iso("2026-07-01T12:00:00Z"), "2026-07-02T07:00:00.000Z");
  assert.equal(iso("2026-01-01T09:30:00Z"), "2026-01-02T08:00:00.000Z");
  assert.equal(iso("2026-03-08T09:00:00Z"), "2026-03-09T07:00:00.000Z");
  assert.equal(iso("2026-11-01T08:00:00Z"), "2026-11-02T08:00:00.000Z");
});

test("what is broken or missing beside a text is left out, and addresses in texts are links", () => {
  const [whole] = postsOf({ ...video, snippet: { ...snippet, channelId: undefined, description: "see https://a.example/x, and more" } });
  assert.deepEqual([whole?.author.id, whole?.links], [`unknown/${video.id}`, ["https://a.example/x"]]);
  const [odd] = postsOf({ ...video, snippet: { ...snippet, description: { a: 1 } } });
  assert.equal(odd?.text, snippet.title);
  const [html, plain] = postsOf([
    comment("Ugx1", { updatedAt: "never", authorChannelId: { value: [] }, authorChannelUrl: "", textOriginal: undefined, textDisplay: '<a href="https://b.example/">b</a>' }),
    comment("Ugx2", { textOriginal: "https://c.example/" }),
  ]);
  assert.deepEqual([html?.author.id, html?.editedAt, html?.links], ["unknown/Ugx1", undefined, ["https://b.example/"]]);
  assert.deepEqual(plain?.links, ["https://c.example/"]);
});
