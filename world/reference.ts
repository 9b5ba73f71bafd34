import type { Delivery } from "./delivery.ts";

/**
 * Reads the platforms' messages naively and in their order, and says what is true afterwards. It knows the wire forms only:
 * nothing of the model's state. Tests compare it with the oracle.
 */
export interface ReferencePost {
  text: string;
  revision: number;
  createdAt: string;
  author: string;
  likes: number;
  shares: number;
  replies: number;
  gone: "delete" | "erase" | undefined;
  replyTo: string | undefined;
}

export interface Reference {
  apply(delivery: Pick<Delivery, "platform" | "wire">): void;
  readonly posts: ReadonlyMap<string, ReferencePost>;
  readonly rejected: number;
  readonly badDates: number;
  /** Deletions of posts that have not come. */
  tombstones(): number;
}

type Json = Readonly<Record<string, unknown>>;

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function parse(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function makeReference(): Reference {
  const posts = new Map<string, ReferencePost>();
  const deleted = new Set<string>();
  const erasedAt = new Map<string, number>();
  const marks = new Map<string, { subject: string; field: "likes" | "shares"; withdrawn: boolean }>();
  /** Reactions and replies counted for posts that are not here. */
  const totals = new Map<string, { likes: number; shares: number; replies: number }>();
  let rejected = 0;
  let badDates = 0;

  const totalsOf = (id: string) => {
    const known = totals.get(id) ?? { likes: 0, shares: 0, replies: 0 };
    totals.set(id, known);
    return known;
  };
  const leave = (post: ReferencePost, how: "delete" | "erase"): void => {
    if (post.gone !== undefined) return;
    post.gone = how;
    if (post.replyTo !== undefined) totalsOf(post.replyTo).replies -= 1;
  };
  const remove = (id: string): void => {
    const post = posts.get(id);
    if (post === undefined) deleted.add(id);
    else leave(post, "delete");
  };

  const bluesky = (message: Json): void => {
    const did = text(message["did"]);
    if (did === undefined) {
      rejected += 1;
      return;
    }
    if (isJson(message["account"])) {
      if (message["account"]["active"] !== false) return;
      const at = Date.parse(text(message["account"]["time"]) ?? "");
      erasedAt.set(did, Math.max(at, erasedAt.get(did) ?? 0));
      for (const post of posts.values()) if (post.author === did && Date.parse(post.createdAt) <= at) leave(post, "erase");
      return;
    }
    if (isJson(message["identity"])) return;
    const { commit, time_us: timeUs } = message;
    if (!isJson(commit)) {
      rejected += 1;
      return;
    }
    const { operation, collection, rkey, record } = commit;
    const id = `at://${did}/${String(collection)}/${String(rkey)}`;
    if (collection !== "app.bsky.feed.post") {
      const field = collection === "app.bsky.feed.like" ? "likes" : "shares";
      if (operation === "delete") {
        const mark = marks.get(id);
        if (mark === undefined || mark.withdrawn) return;
        mark.withdrawn = true;
        totalsOf(mark.subject)[mark.field] -= 1;
      } else if (!marks.has(id) && isJson(record) && isJson(record["subject"])) {
        const subject = text(record["subject"]["uri"]) ?? "";
        marks.set(id, { subject, field, withdrawn: false });
        totalsOf(subject)[field] += 1;
      }
      return;
    }
    if (operation === "delete") {
      remove(id);
      return;
    }
    const words = isJson(record) ? text(record["text"]) : undefined;
    if (!isJson(record) || words === undefined || typeof timeUs !== "number") {
      rejected += 1;
      return;
    }
    const createdAt = text(record["createdAt"]);
    if (createdAt === undefined || Number.isNaN(Date.parse(createdAt))) {
      badDates += 1;
      return;
    }
    const known = posts.get(id);
    if (known !== undefined) {
      if (timeUs > known.revision) Object.assign(known, { text: words, revision: timeUs });
      return;
    }
    const reply = isJson(record["reply"]) && isJson(record["reply"]["parent"]) ? text(record["reply"]["parent"]["uri"]) : undefined;
    const gone = deleted.delete(id) ? ("delete" as const) : Date.parse(createdAt) <= (erasedAt.get(did) ?? 0) ? ("erase" as const) : undefined;
    posts.set(id, { text: words, revision: timeUs, createdAt, author: did, likes: 0, shares: 0, replies: 0, gone, replyTo: reply });
    if (gone === undefined && reply !== undefined) totalsOf(reply).replies += 1;
  };

  const mastodon = (message: Json): void => {
    const payload = text(message["payload"]) ?? "";
    if (message["event"] === "delete") {
      remove(payload);
      return;
    }
    const status = parse(payload);
    const id = text(status?.["id"]);
    const html = text(status?.["content"]);
    const account = status?.["account"];
    if (status === undefined || id === undefined || html === undefined || !isJson(account)) {
      rejected += 1;
      return;
    }
    const createdAt = text(status["created_at"]);
    if (createdAt === undefined || Number.isNaN(Date.parse(createdAt))) {
      badDates += 1;
      return;
    }
    const revision = Date.parse(text(status["edited_at"]) ?? "") || 0;
    const counts = { likes: Number(status["favourites_count"]), shares: Number(status["reblogs_count"]), replies: Number(status["replies_count"]) };
    const known = posts.get(id);
    if (known === undefined) {
      const gone = deleted.delete(id) ? ("delete" as const) : undefined;
      posts.set(id, { text: plain(html), revision, createdAt, author: String(account["id"]), ...counts, gone, replyTo: undefined });
    } else if (revision > known.revision || (revision === known.revision && message["event"] === "status.update")) {
      Object.assign(known, { text: plain(html), revision, ...counts });
    }
  };

  return {
    apply({ platform, wire }) {
      const message = parse(wire);
      if (message === undefined) rejected += 1;
      else if (platform === "bluesky") bluesky(message);
      else mastodon(message);
    },
    get posts() {
      for (const [id, post] of posts) if (id.startsWith("at://")) Object.assign(post, totals.get(id));
      return posts;
    },
    get rejected() {
      return rejected;
    },
    get badDates() {
      return badDates;
    },
    tombstones: () => deleted.size,
  };
}

const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": `"`, "&#39;": "'" };

export function plain(html: string): string {
  return html
    .replace(/<br ?\/?>/gu, "\n")
    .replace(/<\/p><p>/gu, "\n\n")
    .replace(/<[^>]*>/gu, "")
    .replace(/&(?:amp|lt|gt|quot|#39);/gu, (entity) => entities[entity] ?? entity);
}
