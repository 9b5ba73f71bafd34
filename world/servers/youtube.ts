import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hash32, makeRandom } from "../random.ts";
import { portOf } from "./feeds.ts";
import { writeStory } from "./story.ts";

export interface YouTubeOptions {
  readonly seed: string;
  readonly nowMs: () => number;
  readonly channels?: number;
  readonly videosEach?: number;
  readonly threadsEach?: number;
  readonly unitsPerDay?: number;
  readonly key?: string;
  readonly faults?: YouTubeFaults;
}

/** Shares of the calls. */
export interface YouTubeFaults {
  readonly rateLimited?: number;
  readonly serverErrors?: number;
  readonly resets?: number;
  /** The answer breaks off in the middle. */
  readonly cuts?: number;
}

export interface WorldComment {
  readonly id: string;
  readonly channelId: string;
  readonly name: string;
  readonly publishedMs: number;
  text: string;
  updatedMs: number;
  readonly replies: WorldComment[];
}

export interface WorldVideo {
  readonly id: string;
  readonly channelId: string;
  readonly publishedMs: number;
  readonly title: string;
  readonly description: string;
  readonly threads: WorldComment[];
  commentsOff: boolean;
}

/** YouTube Data API v3 on loopback, from its reference: units, key, ETags, page tokens, the cap of searches, errors with reasons. */
export interface YouTubeWorld extends AsyncDisposable {
  readonly url: string;
  readonly channelIds: readonly string[];
  readonly videos: WorldVideo[];
  upload(channelId: string, publishedMs?: number): WorldVideo;
  comment(video: WorldVideo, thread?: WorldComment): WorldComment;
  remove(id: string): void;
  /** A comment says something else from now on. */
  edit(comment: WorldComment, text: string): void;
  /** Added to every resource from now on, as a platform that changes does. */
  drift(field: string): void;
  setFaults(faults: YouTubeFaults): void;
  /** Units drawn by day of Los Angeles, refused calls included. */
  readonly drawn: ReadonlyMap<string, number>;
  readonly answered: ReadonlyMap<string, number>;
  /** Calls that the day had no units for. */
  readonly beyond: number;
  /** Milliseconds that all units drawn so far take at least, when each day but the last gives all of its own: midnight is that of Los Angeles. */
  readonly forcedMs: number;
}

const costs: Readonly<Record<string, number>> = { search: 100, videos: 1, playlistItems: 1, commentThreads: 1, comments: 1, i18nLanguages: 1 };
const searchCap = 500;
const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEF";
const embeddedReplies = 5;
/** The first minute of the day after in Los Angeles, milliseconds UTC. */
function nextDay(fromMs: number): number {
  const today = pacificDay.format(fromMs);
  let atMs = Math.floor(fromMs / 60_000) * 60_000;
  while (pacificDay.format(atMs) === today) atMs += 60_000;
  return atMs;
}

const pacificDay = new Intl.DateTimeFormat("en-CA", { timeZone: "America/Los_Angeles" });

export async function startYouTube(options: YouTubeOptions): Promise<YouTubeWorld> {
  const { seed, nowMs, unitsPerDay = 10_000, key = "world-key" } = options;
  const random = makeRandom(`${seed}/youtube`);
  const chance = makeRandom(`${seed}/faults/youtube`);
  let faults = options.faults ?? {};
  const drawn = new Map<string, number>();
  const answered = new Map<string, number>();
  const drifted: Record<string, unknown> = {};
  const videos: WorldVideo[] = [];
  const gone = new Set<string>();
  let firstCallMs: number | undefined;
  const whole = (ms: number) => Math.floor(ms / 1_000) * 1_000;

  const upload = (channelId: string, publishedMs = nowMs()): WorldVideo => {
    const { title, text } = writeStory(random);
    const video = { id: random.letters(alphabet, 11), channelId, publishedMs: whole(publishedMs), title, description: text, threads: [], commentsOff: false };
    videos.push(video);
    return video;
  };
  const comment = (video: WorldVideo, thread?: WorldComment): WorldComment => {
    const publishedMs = whole(nowMs());
    const id = thread === undefined ? `Ug${random.letters(alphabet, 20)}AaABAg` : `${thread.id}.${random.letters(alphabet, 22)}`;
    const made: WorldComment = {
      id,
      channelId: `UC${random.letters(alphabet, 22)}`,
      name: `@viewer-${random.letters(alphabet, 6)}`,
      publishedMs,
      text: writeStory(random).text.slice(0, 200),
      updatedMs: publishedMs,
      replies: [],
    };
    (thread?.replies ?? video.threads).push(made);
    return made;
  };

  const channelIds = Array.from({ length: options.channels ?? 2 }, () => `UC${random.letters(alphabet, 22)}`);
  for (const channelId of channelIds) {
    for (let left = options.videosEach ?? 3; left > 0; left -= 1) {
      const video = upload(channelId, nowMs() - left * 600_000);
      for (let count = options.threadsEach ?? 3; count > 0; count -= 1) {
        const thread = comment(video);
        for (let replies = random.int(8); replies > 0; replies -= 1) comment(video, thread);
      }
    }
  }

  const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
  const alive = () => videos.filter(({ id }) => !gone.has(id));
  const commentsOf = (video: WorldVideo) => video.threads.filter(({ id }) => !gone.has(id));
  const repliesOf = (thread: WorldComment) => thread.replies.filter(({ id }) => !gone.has(id));
  const snippetOf = (video: WorldVideo) => ({
    publishedAt: iso(video.publishedMs),
    channelId: video.channelId,
    title: video.title,
    description: video.description,
    thumbnails: { default: { url: `https://i.ytimg.example/vi/${video.id}/default.jpg` } },
    channelTitle: `Channel ${video.channelId.slice(2, 8)}`,
  });
  const renderVideo = (video: WorldVideo) => ({
    kind: "youtube#video",
    etag: "x",
    id: video.id,
    ...drifted,
    snippet: snippetOf(video),
    status: { privacyStatus: "public" },
    statistics: {
      viewCount: String(hash32(video.id) % 100_000),
      likeCount: "7",
      favoriteCount: "0",
      ...(!video.commentsOff && { commentCount: String(commentsOf(video).reduce((sum, thread) => sum + 1 + repliesOf(thread).length, 0)) }),
    },
  });
  const renderComment = (made: WorldComment, more: Record<string, unknown>) => ({
    kind: "youtube#comment",
    etag: "x",
    id: made.id,
    ...drifted,
    snippet: {
      ...more,
      authorDisplayName: made.name,
      authorChannelUrl: `http://www.youtube.example/channel/${made.channelId}`,
      authorChannelId: { value: made.channelId },
      textDisplay: made.text,
      textOriginal: made.text,
      canRate: true,
      viewerRating: "none",
      likeCount: 1,
      publishedAt: iso(made.publishedMs),
      updatedAt: iso(made.updatedMs),
    },
  });
  const renderReply = (reply: WorldComment) => renderComment(reply, { parentId: reply.id.split(".")[0] });
  const renderThread = (video: WorldVideo, thread: WorldComment) => {
    const replies = repliesOf(thread);
    return {
      kind: "youtube#commentThread",
      etag: "x",
      id: thread.id,
      snippet: { videoId: video.id, topLevelComment: renderComment(thread, { videoId: video.id }), canReply: true, totalReplyCount: replies.length, isPublic: true },
      ...(replies.length > 0 && { replies: { comments: replies.slice(-embeddedReplies).map(renderReply) } }),
    };
  };

  class Refusal extends Error {
    readonly status: number;
    readonly reason: string;
    constructor(status: number, reason: string) {
      super(reason);
      this.status = status;
      this.reason = reason;
    }
  }

  /** A page of a list; tokens hold the offset and belong to one query. */
  function page<T>(kind: string, all: readonly T[], query: URLSearchParams, render: (item: T) => unknown, most: number): unknown {
    const size = Math.min(most, Math.max(1, Number(query.get("maxResults") ?? "5")));
    const scope = hash32([...query].filter(([name]) => name !== "pageToken").join("&")).toString(36);
    const token = query.get("pageToken");
    const [offsetText = "0", of = scope] = token === null ? [] : Buffer.from(token, "base64url").toString().split("/");
    const offset = Number(offsetText);
    if (of !== scope || !Number.isInteger(offset)) throw new Refusal(400, "invalidPageToken");
    const next = offset + size < all.length ? { nextPageToken: Buffer.from(`${offset + size}/${scope}`).toString("base64url") } : {};
    return { kind: `youtube#${kind}ListResponse`, ...next, pageInfo: { totalResults: all.length, resultsPerPage: size }, items: all.slice(offset, offset + size).map(render) };
  }

  const newestFirst = (list: readonly WorldVideo[]) => list.toSorted((one, other) => other.publishedMs - one.publishedMs);
  const ids = (query: URLSearchParams) => (query.get("id") ?? "").split(",").slice(0, 50);
  const methods: Readonly<Record<string, (query: URLSearchParams) => unknown>> = {
    i18nLanguages: () => ({ kind: "youtube#i18nLanguageListResponse", items: [{ kind: "youtube#i18nLanguage", id: "en" }] }),
    search(query) {
      const after = Date.parse(query.get("publishedAfter") ?? "1990-01-01T00:00:00Z");
      const before = Date.parse(query.get("publishedBefore") ?? "2100-01-01T00:00:00Z");
      const found = alive().filter(({ publishedMs }) => publishedMs >= after && publishedMs < before);
      return page(
        "search",
        newestFirst(found).slice(0, searchCap),
        query,
        (video) => ({
          kind: "youtube#searchResult",
          id: { kind: "youtube#video", videoId: video.id },
          snippet: { ...snippetOf(video), title: video.title.replaceAll("&", "&amp;") },
        }),
        50,
      );
    },
    videos: (query) =>
      page(
        "video",
        alive().filter(({ id }) => ids(query).includes(id)),
        query,
        renderVideo,
        50,
      ),
    playlistItems(query) {
      const channelId = `UC${(query.get("playlistId") ?? "").slice(2)}`;
      if (!channelIds.includes(channelId)) throw new Refusal(404, "playlistNotFound");
      return page(
        "playlistItem",
        newestFirst(alive().filter((video) => video.channelId === channelId)),
        query,
        (video) => ({
          kind: "youtube#playlistItem",
          id: `PL${video.id}`,
          snippet: snippetOf(video),
          contentDetails: { videoId: video.id, videoPublishedAt: iso(video.publishedMs) },
        }),
        50,
      );
    },
    commentThreads(query) {
      const video = alive().find(({ id }) => id === query.get("videoId"));
      if (video === undefined) throw new Refusal(404, "videoNotFound");
      if (video.commentsOff) throw new Refusal(403, "commentsDisabled");
      return page("commentThread", commentsOf(video).toReversed(), query, (thread) => renderThread(video, thread), 100);
    },
    comments(query) {
      const threads = alive().flatMap(commentsOf);
      if (query.has("id")) {
        const wanted = new Set(ids(query));
        const found = threads.flatMap((thread) => [thread, ...repliesOf(thread)]).filter(({ id }) => wanted.has(id));
        return { kind: "youtube#commentListResponse", items: found.map((one) => (one.id.includes(".") ? renderReply(one) : renderComment(one, {}))) };
      }
      const thread = threads.find(({ id }) => id === query.get("parentId"));
      if (thread === undefined) throw new Refusal(404, "parentCommentNotFound");
      return page("comment", repliesOf(thread).toReversed(), query, renderReply, 100);
    },
  };

  const note = (word: string): void => void answered.set(word, (answered.get(word) ?? 0) + 1);
  const refuse = (response: ServerResponse, { status, reason }: Refusal): void => {
    note(reason);
    response
      .writeHead(status, { "content-type": "application/json; charset=UTF-8" })
      .end(JSON.stringify({ error: { code: status, message: reason, errors: [{ message: reason, domain: "youtube", reason }] } }));
  };

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://world.example");
    const method = url.pathname.replace("/youtube/v3/", "");
    const list = methods[method];
    if (list === undefined) throw new Refusal(404, "notFound");
    if (request.headers["x-goog-api-key"] !== key && url.searchParams.get("key") !== key) throw new Refusal(400, "keyInvalid");
    const day = pacificDay.format(nowMs());
    const units = (drawn.get(day) ?? 0) + (costs[method] ?? 1);
    drawn.set(day, units);
    firstCallMs ??= nowMs();
    if (units > unitsPerDay) throw new Refusal(403, "quotaExceeded");
    let roll = chance.next();
    if ((roll -= faults.rateLimited ?? 0) < 0) throw chance.chance(0.5) ? new Refusal(403, "userRateLimitExceeded") : new Refusal(429, "rateLimitExceeded");
    if ((roll -= faults.serverErrors ?? 0) < 0) throw chance.chance(0.3) ? new Refusal(400, "processingFailure") : new Refusal(503, "backendError");
    if ((roll -= faults.resets ?? 0) < 0) {
      request.socket.destroy();
      return;
    }
    const body = JSON.stringify(list(url.searchParams));
    const etag = `"${hash32(body).toString(36)}"`;
    if (request.headers["if-none-match"] === etag) {
      note("304");
      response.writeHead(304, { etag }).end();
      return;
    }
    const headers = { etag, "content-type": "application/json; charset=UTF-8", "cache-control": "private", date: new Date(nowMs()).toUTCString() };
    if (roll - (faults.cuts ?? 0) < 0) {
      response.writeHead(200, { ...headers, "content-length": String(Buffer.byteLength(body)) });
      response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
      return;
    }
    note(method);
    response.writeHead(200, headers).end(body);
  }

  const server = createServer((request, response) => {
    try {
      serve(request, response);
    } catch (thrown) {
      refuse(response, thrown instanceof Refusal ? thrown : new Refusal(500, "internalError"));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    channelIds,
    videos,
    upload,
    comment,
    remove: (id) => void gone.add(id),
    edit(comment, text) {
      comment.text = text;
      comment.updatedMs = whole(nowMs());
    },
    drift: (field) => void (drifted[field] = { odd: true }),
    setFaults(wish) {
      faults = wish;
    },
    drawn,
    answered,
    get beyond() {
      return answered.get("quotaExceeded") ?? 0;
    },
    get forcedMs() {
      const units = [...drawn.values()].reduce((sum, one) => sum + one, 0);
      let atMs = firstCallMs ?? 0;
      for (let days = Math.ceil(units / unitsPerDay); days > 1; days -= 1) atMs = nextDay(atMs);
      return atMs - (firstCallMs ?? 0);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
