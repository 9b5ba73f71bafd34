import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Input } from "../../bench/input.ts";
import { truthsOf } from "../../bench/truth.ts";

const reaction = /^\{"did":"([^"]+)".*"collection":"app\.bsky\.feed\.(?:like|repost)"/;

/**
 * Authors that a drill erases: with some posts, whose account did not end by itself, and who never liked or reposted, so that
 * the counts of others stay as the oracle tells them.
 */
export async function chooseErased(input: Input, count: number): Promise<readonly string[]> {
  const reacting = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(input.jetstream) })) {
    const did = reaction.exec(line)?.[1];
    if (did !== undefined) reacting.add(did);
  }
  const posts = new Map<string, number>();
  for await (const { platform, author, deleted } of truthsOf(input)) {
    if (platform !== "bluesky" || reacting.has(author)) continue;
    posts.set(author, deleted === "erase" ? Number.NEGATIVE_INFINITY : (posts.get(author) ?? 0) + 1);
  }
  return [...posts]
    .filter(([, made]) => made >= 3)
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([author]) => author);
}
