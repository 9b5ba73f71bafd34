import { decodeJson, isJson } from "../json/decode.ts";

/** Where reading a list stands. Seconds UTC, as the platform counts. */
export interface ListState {
  /** All that is newer than this is wanted; what is older was read. */
  since: number;
  /** When the list was read through last, by our clock. */
  readAt?: number;
  /** A walk under way: the query fields of its next page, and the newest seen since it began. */
  next?: Readonly<Record<string, string>>;
  newest?: number;
}

/** What is known of a post whose comments are read. */
export interface KnownPost {
  readonly list: string;
  readonly createdAt: number;
  /** Comments told when they were read last; -1: never. */
  readonly count: number;
  /** Newest comment that was read. */
  readonly since: number;
}

export interface Cursor {
  readonly lists: Map<string, ListState>;
  /** By post; newest last, at most `mostPosts`. */
  readonly posts: Map<string, KnownPost>;
  /** Lists of comments that are still to be read, by post (or comment, for replies). */
  readonly pending: Map<string, Pending>;
  /** Hashtag to its id and when it was asked for first in seven days (milliseconds UTC). */
  readonly hashtags: Map<string, { readonly id: string; readonly askedAt: number }>;
}

export interface Pending {
  readonly count: number;
  /** Replies of a comment, not comments of a post. */
  readonly isReplies?: true;
  /** All of them once more, though they were read: for edits, and for what is gone. */
  readonly isAgain?: true;
  next?: Readonly<Record<string, string>>;
  newest?: number;
}

const mostPosts = 2_000;

export function rememberPost(cursor: Cursor, id: string, post: KnownPost): void {
  cursor.posts.delete(id);
  cursor.posts.set(id, post);
  if (cursor.posts.size > mostPosts) cursor.posts.delete(cursor.posts.keys().next().value ?? "");
}

export function formatCursor({ lists, posts, pending, hashtags }: Cursor): string {
  return JSON.stringify({
    lists: Object.fromEntries(lists),
    posts: [...posts].map(([id, { list, createdAt, count, since }]) => [id, list, createdAt, count, since]),
    ...(pending.size > 0 && { pending: [...pending] }),
    ...(hashtags.size > 0 && { hashtags: [...hashtags].map(([tag, { id, askedAt }]) => [tag, id, askedAt]) }),
  });
}

/** What is unreadable begins anew. */
export function parseCursor(saved: string | undefined): Cursor {
  const cursor: Cursor = { lists: new Map(), posts: new Map(), pending: new Map(), hashtags: new Map() };
  if (saved === undefined || saved === "") return cursor;
  let value: unknown;
  try {
    value = decodeJson(Buffer.from(saved), "cursor");
  } catch {
    return cursor;
  }
  if (!isJson(value)) return cursor;
  if (isJson(value["lists"])) {
    for (const [key, state] of Object.entries(value["lists"])) {
      if (!isJson(state) || !isWhole(state["since"])) continue;
      cursor.lists.set(key, { since: state["since"], ...(isWhole(state["readAt"]) && { readAt: state["readAt"] }), ...walkOf(state) });
    }
  }
  for (const row of rowsOf(value["posts"])) {
    const [id, list, createdAt, count, since] = row;
    if (typeof id === "string" && typeof list === "string" && isWhole(createdAt) && typeof count === "number" && isWhole(since))
      cursor.posts.set(id, { list, createdAt, count, since });
  }
  for (const [id, state] of rowsOf(value["pending"])) {
    if (typeof id !== "string" || !isJson(state) || typeof state["count"] !== "number") continue;
    cursor.pending.set(id, {
      count: state["count"],
      ...(state["isReplies"] === true && { isReplies: true }),
      ...(state["isAgain"] === true && { isAgain: true }),
      ...walkOf(state),
    });
  }
  for (const [tag, id, askedAt] of rowsOf(value["hashtags"])) if (typeof tag === "string" && typeof id === "string" && isWhole(askedAt)) cursor.hashtags.set(tag, { id, askedAt });
  return cursor;
}

function walkOf(state: Readonly<Record<string, unknown>>): { next?: Readonly<Record<string, string>>; newest?: number } {
  const { next, newest } = state;
  const fields = isJson(next) ? Object.fromEntries(Object.entries(next).flatMap(([name, field]) => (typeof field === "string" ? [[name, field]] : []))) : undefined;
  return { ...(fields !== undefined && { next: fields }), ...(isWhole(newest) && { newest }) };
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function rowsOf(value: unknown): readonly unknown[][] {
  return Array.isArray(value) ? value.filter((row): row is unknown[] => Array.isArray(row)) : [];
}
