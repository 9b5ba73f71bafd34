import type { Post } from "../../src/core/event.ts";
import type { AskRollups } from "../../bench/rollups.ts";

const hourMs = 3_600_000;

/** Sums of posts counted one by one, in the form in which the rollups answer. */
export function askRecording(posts: readonly Post[]): AskRollups {
  return (request) => {
    const rows = new Map<string, { at: number; platform: string; term: string; posts: number; likes: number; shares: number; replies: number }>();
    for (const { createdAt, platform, terms, counts } of posts) {
      for (const term of request.by.includes("term") ? terms : [""]) {
        const at = Math.floor(createdAt / hourMs) * hourMs;
        const key = `${at} ${platform} ${term}`;
        const row = rows.get(key) ?? { at, platform, term, posts: 0, likes: 0, shares: 0, replies: 0 };
        row.posts++;
        row.likes += counts.likes;
        row.shares += counts.shares;
        row.replies += counts.replies;
        rows.set(key, row);
      }
    }
    return Promise.resolve({ rows: [...rows.values()] });
  };
}
