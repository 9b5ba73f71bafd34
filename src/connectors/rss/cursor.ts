import { decodeJson, isJson } from "../json/decode.ts";
import { type Known, hashLength } from "./entry.ts";
import { digest } from "./identity.ts";

/** Where reading a feed stands. */
export interface FeedState {
  /** Where it moved to for good, or what its page names as its feed; absent: the configured address. */
  address?: string;
  etag?: string;
  modified?: string;
  /** Hash of the last document, for servers without validators. */
  body?: string;
  /** Milliseconds UTC. */
  nextAt: number;
  /** How long the feed's own document last asked to be left alone, milliseconds. */
  wishMs?: number;
  /** Milliseconds UTC: up to then the feed itself asked to be left alone. */
  freeAt?: number;
  /** In a row. */
  failures: number;
  /** It answered 410: it is not asked any more. */
  gone?: boolean;
  /** Digest of an item's id to what was known of it; newest last. */
  seen: Map<string, Known>;
}

/** Items remembered, of all feeds together: about 20 bytes each in the cursor. */
const mostSeen = 20_000;
const idLength = 11;

export type Cursor = Map<string, FeedState>;

export function idDigest(id: string): string {
  return digest(id).slice(0, idLength);
}

/** Remembers an item, and forgets the oldest beyond the feed's share. */
export function remember(state: FeedState, id: string, known: Known, feeds: number): void {
  const key = idDigest(id);
  state.seen.delete(key);
  state.seen.set(key, known);
  const most = Math.max(20, Math.floor(mostSeen / Math.max(1, feeds)));
  while (state.seen.size > most) state.seen.delete(state.seen.keys().next().value ?? "");
}

export function formatCursor(cursor: Cursor): string {
  return JSON.stringify({
    feeds: Object.fromEntries(
      [...cursor].map(([key, { seen, ...state }]) => [
        key,
        { ...state, seen: [...seen].map(([id, { hash, createdAt }]) => `${id}${hash}${createdAt === undefined ? "" : createdAt.toString(36)}`) },
      ]),
    ),
  });
}

/** Of the feeds that are read; what is unreadable starts anew. */
export function parseCursor(saved: string | undefined, keys: readonly string[]): Cursor {
  const cursor: Cursor = new Map(keys.map((key) => [key, { nextAt: 0, failures: 0, seen: new Map() }]));
  const feeds = savedFeeds(saved);
  for (const [key, state] of cursor) {
    const found = feeds[key];
    if (!isJson(found)) continue;
    for (const name of ["address", "etag", "modified", "body"] as const) {
      const value = found[name];
      if (typeof value === "string" && value.length <= 8_192) state[name] = value;
    }
    if (state.address !== undefined && !/^https?:\/\//.test(state.address)) delete state.address;
    for (const name of ["nextAt", "failures", "wishMs", "freeAt"] as const) {
      const value = found[name];
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) state[name] = value;
    }
    if (found["gone"] === true) state.gone = true;
    const seen: unknown[] = Array.isArray(found["seen"]) ? found["seen"] : [];
    for (const one of seen) {
      if (typeof one !== "string" || one.length < idLength + hashLength) continue;
      const createdAt = Number.parseInt(one.slice(idLength + hashLength), 36);
      state.seen.set(one.slice(0, idLength), { hash: one.slice(idLength, idLength + hashLength), ...(Number.isSafeInteger(createdAt) && { createdAt }) });
    }
  }
  return cursor;
}

function savedFeeds(saved: string | undefined): Readonly<Record<string, unknown>> {
  if (saved === undefined || saved === "") return {};
  try {
    const value = decodeJson(Buffer.from(saved), "cursor");
    return isJson(value) && isJson(value["feeds"]) ? value["feeds"] : {};
  } catch {
    return {};
  }
}
