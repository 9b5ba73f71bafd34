import type { Post } from "../core/event.ts";
import { isAllowed, type ReadFilter } from "../core/filter.ts";
import type { LiveBatch, LiveCount } from "./engine.ts";

/** Posts told of one moment; the others are counted only. */
const mostPosts = 50;

/** Gathers new posts between two moments: bounded in posts, exact in numbers. */
export function makeLiveGathering(random: () => number = Math.random) {
  let posts: Post[] = [];
  let counts = new Map<string, LiveCount & { posts: number }>();
  let seen = 0;
  return {
    add(post: Post): void {
      seen++;
      // Reservoir sampling (Vitter 1985, algorithm R).
      const place = seen <= mostPosts ? seen - 1 : Math.floor(random() * seen);
      if (place < mostPosts) posts[place] = post;
      const { source, platform, sensitivity, region, language, terms } = post;
      const key = [source, platform, sensitivity, region, language, ...terms].join(" ");
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { source, platform, sensitivity, region, language, terms, posts: 1 });
      else known.posts++;
    },
    /** What came since the last call; undefined: nothing. */
    take(): LiveBatch | undefined {
      if (seen === 0) return undefined;
      const batch = { posts, counts: [...counts.values()] };
      posts = [];
      counts = new Map();
      seen = 0;
      return batch;
    },
  };
}

/** Hands on what the stores' thread tells of new posts, as far as it may be shown. */
export function makeLiveFeed(narrow: (filter: ReadFilter) => ReadFilter) {
  const listeners = new Set<(batch: LiveBatch) => void>();
  return {
    tell(message: object): void {
      const batch = liveBatchOf(message);
      if (batch === undefined || listeners.size === 0) return;
      const allowed = narrow({});
      const shown =
        allowed.sources === undefined ? batch : { posts: batch.posts.filter((post) => isAllowed(allowed, post)), counts: batch.counts.filter((one) => isAllowed(allowed, one)) };
      for (const listener of listeners) listener(shown);
    },
    /** @returns how to end it */
    onPosts(listener: (batch: LiveBatch) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What the stores' thread told, if it was that. */
function liveBatchOf(message: object): LiveBatch | undefined {
  if (!("live" in message)) return undefined;
  const { live } = message;
  if (typeof live !== "object" || live === null || !("posts" in live) || !("counts" in live)) return undefined;
  return Array.isArray(live.posts) && Array.isArray(live.counts) ? { posts: live.posts, counts: live.counts } : undefined;
}
