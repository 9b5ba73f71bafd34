import { systemClock } from "../src/core/clock.ts";
import type { PostId } from "../src/core/ids.ts";
import { makePseudonyms } from "../src/ledger/pseudonyms.ts";
import type { System } from "../src/runtime/system.ts";
import { feed, type FeedOptions } from "./feed.ts";
import type { Input } from "./input.ts";
import { readTruths } from "./truth.ts";

const postsPerSecond = 1_000;
/** One post of so many is watched. */
const watchedOneIn = 25;
const pollEveryMs = 50;
const waitAtMostMs = 30_000;

export interface Freshness {
  readonly samples: number;
  readonly missing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

/** From just before its append until the search finds the post, at a steady rate. */
export async function measureFreshness(input: Input, system: System, feeding: Omit<FeedOptions, "onPage" | "overMs">): Promise<Freshness> {
  const pseudonyms = makePseudonyms(system.base.keys.ring);
  const truths = await readTruths(input, pseudonyms);
  const waiting = new Map<PostId, number>();
  const seen = new Set<string>();
  const tookMs: number[] = [];
  let feedingDone = false;

  const watch = (async () => {
    let lastAt = performance.now();
    while (!feedingDone || (waiting.size > 0 && performance.now() - lastAt < waitAtMostMs)) {
      await systemClock.sleep(pollEveryMs);
      for (const [id, sentAt] of waiting) {
        if ((await system.engine.post(id, {})) === undefined) continue;
        tookMs.push(performance.now() - sentAt);
        waiting.delete(id);
      }
      if (!feedingDone) lastAt = performance.now();
    }
  })();
  let count = 0;
  await feed(input, {
    ...feeding,
    overMs: (input.posts / postsPerSecond) * 1_000,
    onPage(source, items) {
      const now = performance.now();
      for (const { key, bytes } of items) {
        if (typeof key !== "string" || seen.has(key)) continue;
        seen.add(key);
        const id = pseudonyms.postId(source.platform, key);
        const expected = truths.posts.get(id);
        if (expected === undefined || !expected.live || expected.late || count++ % watchedOneIn !== 0) continue;
        const isPost =
          source.platform === "mastodon"
            ? bytes[2] === 0x69
            : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('"operation":"create","collection":"app.bsky.feed.post"');
        if (isPost) waiting.set(id, now);
      }
    },
  });
  feedingDone = true;
  await watch;
  tookMs.sort((a, b) => a - b);
  const at = (part: number) => tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * part))] ?? Infinity;
  const missing = waiting.size;
  // A post that never came is later than any that did.
  const p99Ms = missing * 100 > tookMs.length ? waitAtMostMs : at(0.99);
  return { samples: tookMs.length + missing, missing, p50Ms: at(0.5), p99Ms, mostMs: at(1) };
}
