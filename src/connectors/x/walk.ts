import type { SourceContext } from "../../core/component.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Api, type Endpoint, postFields } from "./api.ts";
import type { Cursor, Place } from "./cursor.ts";
import { idAt, idInstant, idOf, isNewer, objectsIn } from "./ids.ts";
import { messagesIn } from "./messages.ts";
import { rawsOf } from "./parse.ts";

/** Something that is read by pages, newest first. */
export interface Target {
  /** Its name in the cursor. */
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly id?: string;
  readonly query: Readonly<Record<string, string>>;
  /** The page's token is sent back under this name. */
  readonly tokenName: "next_token" | "pagination_token";
  /** No further back than this is answered; absent: all. */
  readonly windowMs?: number;
  /** So many posts at most are given, from the newest on; absent: all. */
  readonly mostPosts?: number;
}

export interface WalkOptions {
  readonly startAt: "now" | "oldest";
  readonly backfillHours: number;
}

const dayMs = 86_400_000;
/** A search's since_id below its window is an error; so far inside it is asked for. */
const marginMs = 60_000;
/** Posts enter the index some seconds late, and not in order (docs.x.com/x-api/posts/search, end_time: 30 s by default). */
const overlapMs = 30_000;
const mostSeen = 50_000;
const maxResults = 100;

export function searchTarget(query: string, archive: boolean): Target {
  return {
    name: `search:${query}`,
    endpoint: archive ? "search-all" : "search-recent",
    query: { query },
    tokenName: "next_token",
    ...(!archive && { windowMs: 7 * dayMs }),
  };
}

/** The newest 3,200 posts of an account, 800 that mention it (docs.x.com/x-api/posts/timelines, 2026-11). */
export function timelineTarget(kind: "posts" | "mentions", id: string): Target {
  return { name: `${kind}:${id}`, endpoint: `user-${kind}`, id, query: {}, tokenName: "pagination_token", mostPosts: kind === "posts" ? 3_200 : 800 };
}

export interface Walker {
  /** Everything of a target that is new since the cursor; the cursor moves with the pages. */
  catchUp(target: Target, signal: AbortSignal): AsyncGenerator<SourcePage>;
  /** A post came on another way: it is not given again. False: it was seen already. */
  note(id: string): boolean;
}

export function makeWalker(options: WalkOptions, cursor: Cursor, api: Api, context: SourceContext): Walker {
  const seen = new Set<string>();

  function note(id: string): boolean {
    if (seen.has(id)) return false;
    seen.add(id);
    if (seen.size > mostSeen) seen.delete(seen.values().next().value ?? "");
    return true;
  }

  /** The lowest id to ask for, and what was lost between it and what is read. */
  function sinceOf(target: Target, place: Place): { readonly since?: string; readonly gap?: SourcePage["gap"] } {
    const now = api.now();
    const oldestMs = target.windowMs === undefined ? undefined : now - target.windowMs + marginMs;
    if (place.since === undefined) {
      if (options.startAt === "now" && place.until === undefined) return {};
      return { since: idAt(Math.max(oldestMs ?? 0, now - options.backfillHours * 3_600_000)) };
    }
    const sinceMs = idInstant(place.since) ?? 0;
    const wantedMs = sinceMs - overlapMs;
    if (oldestMs === undefined || wantedMs >= oldestMs) return { since: idAt(wantedMs) };
    if (sinceMs >= oldestMs || place.since === "1") return { since: idAt(oldestMs) };
    return {
      since: idAt(oldestMs),
      gap: { fromMs: sinceMs, toMs: oldestMs, reason: `X searches the last ${(target.windowMs ?? 0) / dayMs} days only, and the source was away for longer` },
    };
  }

  return {
    note,
    async *catchUp(target, signal) {
      const place = cursor.places[target.name] ?? {};
      cursor.places[target.name] = place;
      const start = sinceOf(target, place);
      const isFirst = start.since === undefined;
      if (start.since !== undefined) place.since ??= start.since;
      if (place.until !== undefined && start.since !== undefined && !isNewer(place.until, start.since)) finish(place, start.since);
      let { gap } = start;
      let token: string | undefined;
      let given = 0;
      for (;;) {
        const body = await api.get(
          target.endpoint,
          {
            ...target.query,
            ...postFields,
            max_results: String(maxResults),
            ...(start.since !== undefined && { since_id: start.since }),
            ...(token !== undefined ? { [target.tokenName]: token } : place.until !== undefined && { until_id: place.until }),
          },
          signal,
          target.id,
        );
        const posts = objectsIn(body["data"]);
        await api.charge(posts.length);
        given += posts.length;
        for (const post of posts) {
          const id = idOf(post["id"]);
          if (id === undefined) continue;
          if (place.top === undefined || isNewer(id, place.top)) place.top = id;
          if (place.until === undefined || isNewer(place.until, id)) place.until = id;
        }
        const items: Raw[] = rawsOf(messagesIn(body).filter(isNoProblem), context.clock.now()).filter((raw) => typeof raw.key !== "string" || note(raw.key + versionOf(raw)));
        const meta = isJson(body["meta"]) ? body["meta"] : {};
        token = typeof meta["next_token"] === "string" && !isFirst ? meta["next_token"] : undefined;
        if (token === undefined) {
          const cutShort = target.mostPosts !== undefined && given >= target.mostPosts ? place.until : undefined;
          if (cutShort !== undefined && place.since !== undefined && isNewer(cutShort, place.since)) {
            gap ??= { fromMs: idInstant(place.since) ?? 0, toMs: idInstant(cutShort) ?? api.now(), reason: `X gives the newest ${target.mostPosts} posts only` };
          }
          finish(place, start.since);
        }
        if (items.length > 0 || gap !== undefined) yield { items, cursor: JSON.stringify(cursor), ...(gap && { gap }) };
        gap = undefined;
        if (token === undefined) return;
      }
    },
  };
}

/** Problems beside posts speak of what those refer to: deleted, protected. */
export function isNoProblem(message: Json): boolean {
  return message["failure"] === undefined;
}

/** The walk is over. With nothing found the next one begins where the window does. */
function finish(place: Place, since: string | undefined): void {
  place.since = newerOf(place.top, place.since) ?? since ?? "1";
  delete place.top;
  delete place.until;
}

function newerOf(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return isNewer(one, other) ? one : other;
}

/** Versions of one post share a key; each is given. */
function versionOf(raw: Raw): string {
  const at = Buffer.from(raw.bytes).indexOf('"edit_history_tweet_ids":["');
  return at < 0
    ? ""
    : `/${
        Buffer.from(raw.bytes)
          .toString("latin1", at + 26, at + 160)
          .split("]")[0] ?? ""
      }`;
}
