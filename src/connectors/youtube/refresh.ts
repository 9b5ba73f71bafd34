import { dayMs } from "../json/fields.ts";
import { isJson, type Json } from "../json/decode.ts";
import type { YouTubeApi } from "./api.ts";
import type { YouTubeCursor } from "./cursor.ts";
import { replyOf } from "./items.ts";

/** What is stored is asked for again this long after it was read, so that a few days without a connection break no promise. */
const refreshDays = 25;
const idsACall = 50;
const videoId = /^[A-Za-z0-9_-]{11}$/;
export const videoParts = "snippet,contentDetails,statistics,status,topicDetails,recordingDetails,liveStreamingDetails,localizations";

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

/** Notes ids as read today. Over `most` the oldest are left out: the number of them is returned, for they are to be deleted by retention. */
export function noteStored(cursor: YouTubeCursor, ids: readonly string[], nowMs: number, most: number): number {
  const today = dayOf(nowMs);
  let last = cursor.stored.at(-1);
  if (last === undefined || last.day !== today) {
    last = { day: today, ids: [] };
    cursor.stored.push(last);
  }
  const fresh = new Set(ids);
  for (const day of cursor.stored) if (day.ids.some((id) => fresh.has(id))) day.ids = day.ids.filter((id) => !fresh.has(id));
  last.ids.push(...fresh);
  let left = 0;
  for (let total = cursor.stored.reduce((sum, day) => sum + day.ids.length, 0); total > most;) {
    const oldest = cursor.stored[0];
    if (oldest === undefined) break;
    const out = oldest.ids.splice(0, total - most).length;
    left += out;
    total -= out;
    if (oldest.ids.length === 0) cursor.stored.shift();
  }
  return left;
}

export function isRefreshDue(cursor: YouTubeCursor, nowMs: number): boolean {
  return cursor.stored.some((day) => day.ids.length > 0 && day.day + refreshDays <= dayOf(nowMs));
}

/** When the oldest is due; undefined: nothing is stored. */
export function refreshDueMs(cursor: YouTubeCursor): number | undefined {
  const oldest = cursor.stored.find((day) => day.ids.length > 0);
  return oldest === undefined ? undefined : (oldest.day + refreshDays) * dayMs;
}

/** One call's worth of what is due: the resources as they are now, and those that are gone. The ids leave the list; the caller notes them anew. */
export async function refreshSome(
  cursor: YouTubeCursor,
  api: YouTubeApi,
  nowMs: number,
  signal: AbortSignal,
): Promise<{ readonly items: readonly Json[]; readonly alive: readonly string[] }> {
  const day = cursor.stored.find((one) => one.ids.length > 0 && one.day + refreshDays <= dayOf(nowMs));
  if (day === undefined) return { items: [], alive: [] };
  const areVideos = videoId.test(day.ids[0] ?? "");
  const asked = day.ids.filter((id) => videoId.test(id) === areVideos).slice(0, idsACall);
  const body = areVideos
    ? await api.list("videos", { part: videoParts, id: asked.join(","), maxResults: String(idsACall) }, signal)
    : await api.list("comments", { part: "snippet", id: asked.join(","), textFormat: "plainText" }, signal);
  const found = new Map<string, Json>();
  for (const item of Array.isArray(body["items"]) ? body["items"] : []) if (isJson(item) && typeof item["id"] === "string") found.set(item["id"], item);
  const items = asked.map((id): Json => {
    const item = found.get(id);
    if (item === undefined) return { kind: "youtube#gone", id, at: nowMs };
    return areVideos || !id.includes(".") ? { at: nowMs, ...item } : replyOf(item, undefined, id.slice(0, id.indexOf(".")), nowMs);
  });
  const gone = new Set(asked);
  day.ids = day.ids.filter((id) => !gone.has(id));
  cursor.stored = cursor.stored.filter((one) => one.ids.length > 0);
  return { items, alive: asked.filter((id) => found.has(id)) };
}
