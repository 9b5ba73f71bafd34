import { createHash } from "node:crypto";
import { type Json, isJson } from "../json/decode.ts";
import type { YouTubeApi } from "./api.ts";
import type { YouTubeCursor } from "./cursor.ts";
import { dayOf } from "./refresh.ts";

const mostVideos = 500;
const mostComments = 5_000;
const mostSeen = 50_000;
const idsACall = 50;
/** Readings of comments whose number did not change take no more than this part of the day's units. */
const rereadShare = 0.2;

/**
 * What this process knows of the comments that it read: so that what did not change is not given again, and what is not there any more is found
 * although the number of comments stayed. After a restart the first reading of a video has nothing to compare with.
 */
export interface Known {
  /** Of what was read those that are new or changed. */
  fresh(items: readonly Json[]): readonly Json[];
  /** Notes a page of a video's comments. */
  told(videoId: string, ids: readonly string[]): void;
  /** Ends a reading. @returns comments that the last reading had and this one has not; none where one of both is not whole */
  missing(videoId: string): readonly string[];
  /** A reading that begins anew, or in the middle. */
  begin(videoId: string, isWhole: boolean): void;
}

export function makeKnown(): Known {
  const seen = new Map<string, string>();
  const last = new Map<string, ReadonlySet<string>>();
  const now = new Map<string, { readonly ids: Set<string>; readonly isWhole: boolean }>();
  return {
    fresh: (items) =>
      items.filter((item) => {
        const id = item["id"];
        if (typeof id !== "string") return true;
        const digest = digestOf(item);
        if (seen.get(id) === digest) return false;
        seen.delete(id);
        seen.set(id, digest);
        if (seen.size > mostSeen) seen.delete(seen.keys().next().value ?? "");
        return true;
      }),
    begin: (videoId, isWhole) => void now.set(videoId, { ids: new Set(), isWhole }),
    told(videoId, ids) {
      const reading = now.get(videoId);
      for (const id of ids) reading?.ids.add(id);
    },
    missing(videoId) {
      const reading = now.get(videoId);
      const before = last.get(videoId);
      now.delete(videoId);
      last.delete(videoId);
      if (reading === undefined || !reading.isWhole || reading.ids.size > mostComments) return [];
      last.set(videoId, reading.ids);
      if (last.size > mostVideos) last.delete(last.keys().next().value ?? "");
      return before === undefined ? [] : [...before.difference(reading.ids)];
    },
  };
}

/** Of all that the platform tells of it but when it was asked and the answer's mark. */
function digestOf(item: Json): string {
  return createHash("sha1")
    .update(JSON.stringify({ ...item, at: undefined, etag: undefined }))
    .digest("base64url")
    .slice(0, 12);
}

/** Those of the comments that are there no more: a unit for each fifty. */
export async function goneOf(ids: readonly string[], api: YouTubeApi, nowMs: () => number, signal: AbortSignal): Promise<readonly Json[]> {
  const gone: Json[] = [];
  for (let from = 0; from < ids.length; from += idsACall) {
    const asked = ids.slice(from, from + idsACall);
    const body = await api.list("comments", { part: "id", id: asked.join(",") }, signal);
    const there = new Set((Array.isArray(body["items"]) ? body["items"] : []).map((item: unknown) => (isJson(item) ? item["id"] : undefined)));
    for (const id of asked) if (!there.has(id)) gone.push({ kind: "youtube#gone", id, at: nowMs() });
  }
  return gone;
}

/** Whether the day has units left for a reading that only looks for edits and deletions. */
export function mayReread(cursor: YouTubeCursor, nowMs: number, unitsPerDay: number): boolean {
  return cursor.reread?.day !== dayOf(nowMs) || cursor.reread.units < unitsPerDay * rereadShare;
}

export function noteReread(cursor: YouTubeCursor, nowMs: number): void {
  const day = dayOf(nowMs);
  cursor.reread = { day, units: (cursor.reread?.day === day ? cursor.reread.units : 0) + 1 };
}
