import type { SourceContext } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { type Json, isJson } from "../json/decode.ts";
import { dayMs, parseInstant } from "../json/fields.ts";
import type { YouTubeApi } from "./api.ts";
import { type YouTubeCursor, parseCursor } from "./cursor.ts";
import { itemsIn, replyOf } from "./items.ts";
import { rawOfItem } from "./raws.ts";
import { goneOf, makeKnown, mayReread, noteReread } from "./reread.ts";
import { isRefreshDue, noteStored, refreshDueMs, refreshSome, videoParts } from "./refresh.ts";

export interface ReadOptions {
  readonly queries: readonly string[];
  readonly channels: readonly string[];
  readonly videos: readonly string[];
  readonly comments: boolean;
  readonly searchMinutes: number;
  readonly pollMinutes: number;
  readonly commentDays: number;
  readonly backfillHours: number;
  readonly storedItems: number;
  /** 0: never. */
  readonly rereadHours: number;
  readonly unitsPerDay: number;
}

const hourMs = 3_600_000;
/** A video shows in searches and lists some time after it was published; each walk goes back so far behind the last. */
const overlapMs = 2 * hourMs;
/** A search gives about 500 results, whatever its pages say (issuetracker.google.com/35171641): after so many a new one goes on from the oldest seen. */
const searchCap = 400;
const idsACall = 50;
const mostVideos = 2_000;
const itemsAPage = 500;

/** Reads uploads, searches and comments, and refreshes or deletes what grows old. Each page's cursor resumes without loss. */
export async function* readYouTube(options: ReadOptions, api: YouTubeApi, context: SourceContext, saved: string | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const { clock, status } = context;
  const cursor: YouTubeCursor = parseCursor(saved);
  const startMs = clock.now() - options.backfillHours * hourMs;
  const known = makeKnown();
  for (const id of options.videos) follow(id, undefined);

  while (!signal.aborted) {
    status({ state: "polling" });
    while (isRefreshDue(cursor, clock.now())) {
      const now = clock.now();
      const { items, alive } = await refreshSome(cursor, api, now, signal);
      note(alive);
      yield page(items);
    }
    for (const query of options.queries) if ((cursor.searches[query]?.nextMs ?? 0) <= clock.now()) yield* search(query);
    for (const channel of options.channels) if ((cursor.channels[channel]?.nextMs ?? 0) <= clock.now()) yield* uploads(channel);
    if (options.comments) {
      for (const video of cursor.videos.filter((one) => one.nextMs <= clock.now()).toSorted((one, other) => one.nextMs - other.nextMs)) {
        yield* comments(video);
        if (isRefreshDue(cursor, clock.now())) break;
      }
    }
    const waitMs = Math.max(1_000, nextDueMs() - clock.now());
    if (waitMs > 1_000) await clock.sleep(waitMs, signal).catch(() => undefined);
  }

  function nextDueMs(): number {
    const due = [
      ...options.queries.map((query) => cursor.searches[query]?.nextMs ?? 0),
      ...options.channels.map((channel) => cursor.channels[channel]?.nextMs ?? 0),
      ...(options.comments ? cursor.videos.map((video) => video.nextMs) : []),
      refreshDueMs(cursor) ?? Number.MAX_SAFE_INTEGER,
    ];
    return Math.min(clock.now() + dayMs, ...due);
  }

  function page(items: readonly Json[]): SourcePage {
    const receivedAt = clock.now();
    return { items: items.map((item): Raw => rawOfItem(item, receivedAt)), cursor: JSON.stringify(cursor) };
  }

  function note(ids: readonly string[]): void {
    const left = noteStored(cursor, ids, clock.now(), options.storedItems);
    if (left > 0) context.report("warn", "more is stored than storedItems: the oldest is not refreshed, and must be deleted by retention after 30 days", { items: left });
  }

  function follow(id: string, publishedMs: number | undefined): void {
    if (!options.comments || cursor.videos.some((video) => video.id === id)) return;
    if (publishedMs !== undefined && publishedMs < clock.now() - options.commentDays * dayMs) return;
    cursor.videos.push({ id, nextMs: clock.now(), rounds: 0, sinceMs: clock.now() });
    if (cursor.videos.length > mostVideos) cursor.videos.splice(0, cursor.videos.length - mostVideos);
  }

  /** Newest first, in windows that end where the last one stopped: no page token is needed to go on. */
  async function* search(query: string): AsyncGenerator<SourcePage> {
    const state = (cursor.searches[query] ??= { doneMs: startMs, nextMs: 0 });
    state.topMs ??= clock.now();
    const fromMs = Math.max(0, state.doneMs - overlapMs);
    let token: string | undefined;
    let seen = 0;
    let beforeMs = state.beforeMs ?? state.topMs;
    const shown = new Set<string>();
    for (;;) {
      const body = await api.list(
        "search",
        {
          part: "snippet",
          type: "video",
          order: "date",
          maxResults: "50",
          q: query,
          publishedAfter: new Date(fromMs).toISOString(),
          publishedBefore: new Date(beforeMs).toISOString(),
          ...(token !== undefined && { pageToken: token }),
        },
        signal,
      );
      const found = videosOf(body, (item) => (isJson(item["id"]) ? item["id"]["videoId"] : undefined));
      seen += found.length;
      const fresh = found.filter(({ id }) => !shown.has(id));
      for (const { id } of fresh) shown.add(id);
      const items = await whole(fresh.map(({ id }) => id));
      const oldestMs = Math.min(beforeMs, ...found.map(({ atMs }) => atMs + 1_000));
      token = textOf(body["nextPageToken"]);
      const more = token !== undefined && found.length > 0;
      if (!more || seen >= searchCap) {
        // An hour's, a minute's or at last a second's results are fewer than the cap.
        if (seen < searchCap || fresh.length === 0 || oldestMs >= beforeMs) {
          state.doneMs = state.topMs;
          state.nextMs = clock.now() + options.searchMinutes * 60_000;
          delete state.topMs;
          delete state.beforeMs;
          yield page(items);
          return;
        }
        beforeMs = oldestMs;
        token = undefined;
        seen = 0;
      }
      state.beforeMs = oldestMs;
      yield page(items);
    }
  }

  /** The uploads playlist is newest first, and costs a hundredth of a search. What is new is read oldest first. */
  async function* uploads(channel: string): AsyncGenerator<SourcePage> {
    const state = (cursor.channels[channel] ??= { lastMs: startMs, nextMs: 0 });
    const sinceMs = state.lastMs - overlapMs;
    const fresh: { id: string; atMs: number }[] = [];
    let token: string | undefined;
    do {
      let body: Json;
      try {
        body = await api.list(
          "playlistItems",
          { part: "snippet,contentDetails", playlistId: `UU${channel.slice(2)}`, maxResults: "50", ...(token !== undefined && { pageToken: token }) },
          signal,
        );
      } catch (thrown) {
        // A channel that never uploaded has no such playlist.
        if (!(thrown instanceof EarshotError) || thrown.code !== "UPSTREAM_NOT_FOUND") throw thrown;
        context.report("warn", "the channel has no uploads, or is not there", { channel });
        break;
      }
      const found = videosOf(body, (item) => (isJson(item["contentDetails"]) ? item["contentDetails"]["videoId"] : undefined));
      fresh.push(...found.filter(({ atMs }) => atMs >= sinceMs));
      token = found.length > 0 && found.every(({ atMs }) => atMs < sinceMs) ? undefined : textOf(body["nextPageToken"]);
    } while (token !== undefined);
    fresh.sort((one, other) => one.atMs - other.atMs);
    for (let from = 0; from < fresh.length; from += idsACall) {
      const some = fresh.slice(from, from + idsACall);
      const items = await whole(some.map(({ id }) => id));
      state.lastMs = Math.max(state.lastMs, some.at(-1)?.atMs ?? 0);
      yield page(items);
    }
    state.nextMs = clock.now() + options.pollMinutes * 60_000;
    yield page([]);
  }

  /** The whole resources of videos; they are followed for their comments, and noted as stored. */
  async function whole(ids: readonly string[]): Promise<readonly Json[]> {
    const items: Json[] = [];
    for (let from = 0; from < ids.length; from += idsACall) {
      const body = await api.list("videos", { part: videoParts, id: ids.slice(from, from + idsACall).join(","), maxResults: String(idsACall) }, signal);
      items.push(...itemsIn(body, clock.now()));
    }
    for (const item of items) if (typeof item["id"] === "string") follow(item["id"], isJson(item["snippet"]) ? parseInstant(item["snippet"]["publishedAt"]) : undefined);
    note(idsOf(items));
    return items;
  }

  /**
   * Every thread of a video with all its replies; again after 1, 4, 16 … hours if the number of comments has changed, and after `rereadHours` where it
   * has not: one may have been edited, or one gone and another come.
   */
  async function* comments(video: YouTubeCursor["videos"][number]): AsyncGenerator<SourcePage> {
    if (video.token === undefined) {
      const [now] = await whole([video.id]);
      const statistics = now !== undefined && isJson(now["statistics"]) ? now["statistics"] : {};
      const count = Number(statistics["commentCount"] ?? Number.NaN);
      const isSame = Number.isFinite(count) && count === video.comments;
      const isDue =
        options.rereadHours > 0 && clock.now() - (video.readMs ?? 0) >= options.rereadHours * hourMs && count > 0 && mayReread(cursor, clock.now(), options.unitsPerDay);
      if (now === undefined || (isSame && !isDue) || statistics["commentCount"] === undefined) {
        // No count: comments are off, or the video is gone.
        later(video);
        if (now === undefined) cursor.videos = cursor.videos.filter((one) => one !== video);
        yield page(now === undefined ? [{ kind: "youtube#gone", id: video.id, at: clock.now() }] : [now]);
        return;
      }
      // Known as read only when it is: a restart on the way reads again.
      video.counting = count;
      delete video.isAgain;
      if (isSame) video.isAgain = true;
      known.begin(video.id, true);
      yield page([now]);
    }
    const isAgain = video.isAgain === true;
    for (;;) {
      let body: Json;
      try {
        body = await api.list(
          "commentThreads",
          { part: "snippet,replies", videoId: video.id, order: "time", maxResults: "100", textFormat: "plainText", ...(video.token !== undefined && { pageToken: video.token }) },
          signal,
        );
      } catch (thrown) {
        if (!(thrown instanceof EarshotError) || (thrown.code !== "UPSTREAM_REFUSED" && thrown.code !== "UPSTREAM_NOT_FOUND")) throw thrown;
        // A page's token may have grown too old: the reading begins anew. Comments that are off stay so until the next round.
        if (video.token !== undefined) {
          delete video.token;
          delete video.comments;
          delete video.isAgain;
        } else later(video);
        yield page([]);
        return;
      }
      if (isAgain) noteReread(cursor, clock.now());
      const items = [...itemsIn(body, clock.now())];
      for (const thread of Array.isArray(body["items"]) ? body["items"] : []) {
        if (!isJson(thread)) continue;
        const embedded = isJson(thread["replies"]) && Array.isArray(thread["replies"]["comments"]) ? thread["replies"]["comments"].length : 0;
        const told = isJson(thread["snippet"]) ? Number(thread["snippet"]["totalReplyCount"]) : 0;
        if (told > embedded && typeof thread["id"] === "string")
          for await (const some of replies(thread["id"], video.id)) {
            if (isAgain) noteReread(cursor, clock.now());
            items.push(...some);
            if (items.length > itemsAPage) yield give(video.id, items.splice(0));
          }
      }
      const token = textOf(body["nextPageToken"]);
      if (token === undefined) {
        if (video.counting !== undefined) video.comments = video.counting;
        video.readMs = clock.now();
        delete video.isAgain;
        later(video);
      } else video.token = token;
      yield give(video.id, items);
      if (token !== undefined) continue;
      const gone = await goneOf(known.missing(video.id), api, () => clock.now(), signal);
      if (gone.length > 0) yield page(gone);
      return;
    }
  }

  /** A page of a video's comments: what the log has as it is, is left out. */
  function give(videoId: string, items: readonly Json[]): SourcePage {
    const ids = idsOf(items);
    note(ids);
    known.told(videoId, ids);
    return page(known.fresh(items));
  }

  async function* replies(threadId: string, videoId: string): AsyncGenerator<readonly Json[]> {
    let token: string | undefined;
    do {
      const body: Json = await api.list(
        "comments",
        { part: "snippet", parentId: threadId, maxResults: "100", textFormat: "plainText", ...(token !== undefined && { pageToken: token }) },
        signal,
      );
      const at = clock.now();
      yield [...itemsIn(body, at)].map((reply) => replyOf(reply, videoId, threadId, at));
      token = textOf(body["nextPageToken"]);
    } while (token !== undefined);
  }

  function later(video: YouTubeCursor["videos"][number]): void {
    delete video.token;
    const longestMs = options.rereadHours > 0 ? options.rereadHours * hourMs : Infinity;
    const waitMs = Math.min(longestMs, hourMs * 4 ** Math.min(video.rounds, 4));
    video.rounds++;
    video.sinceMs ??= clock.now();
    video.nextMs = clock.now() + waitMs;
    // Videos named in the options are followed for good; the others once more after their days are over.
    if (!options.videos.includes(video.id) && clock.now() > video.sinceMs + options.commentDays * dayMs) cursor.videos = cursor.videos.filter((one) => one !== video);
  }
}

function idsOf(items: readonly Json[]): string[] {
  return items.map((item) => item["id"]).filter((id): id is string => typeof id === "string");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function videosOf(body: Json, idOf: (item: Json) => unknown): { readonly id: string; readonly atMs: number }[] {
  const found: { id: string; atMs: number }[] = [];
  for (const item of Array.isArray(body["items"]) ? body["items"] : []) {
    if (!isJson(item)) continue;
    const id = idOf(item);
    const details = isJson(item["contentDetails"]) ? item["contentDetails"] : {};
    const snippet = isJson(item["snippet"]) ? item["snippet"] : {};
    const atMs = parseInstant(details["videoPublishedAt"]) ?? parseInstant(snippet["publishedAt"]);
    if (typeof id === "string" && atMs !== undefined) found.push({ id, atMs });
  }
  return found;
}
