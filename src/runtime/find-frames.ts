import type { Clock } from "../core/clock.ts";
import type { From } from "../core/event.ts";
import type { Delivery, FrameBatch, Log, Topic } from "../core/log.ts";
import type { HashWords } from "./ingest.ts";

/** A frame of the log, with the batch that it stands in. */
export interface FoundFrame {
  readonly offset: number;
  readonly index: number;
  readonly frames: FrameBatch;
}

/** Sources are read side by side, and what waits for room is appended late: frames near each other in the log are so far apart in time at most, as a rule. */
const disorderMs = 60_000;
const mostNear = 50_000;
const chunkFrames = 20_000;

const bears = (frames: FrameBatch, i: number, { high, low }: HashWords): boolean => frames.keys[i * 2] === high && frames.keys[i * 2 + 1] === low;

/** What a search that stops after a time has looked at. */
export interface Looked {
  readonly frames: number;
  readonly of: number;
}

export function makeFrameFinder(options: { readonly log: Log; readonly clock: Clock }) {
  const { log, clock } = options;

  async function rangeOf(topic: Topic, partition: number): Promise<{ readonly oldest: number; readonly next: number }> {
    return (await log.state(topic)).find((state) => state.partition === partition) ?? { oldest: 0, next: 0 };
  }

  async function firstOf(topic: Topic, partition: number, offset: number): Promise<FrameBatch | undefined> {
    for await (const { frames } of log.read(topic, partition, offset, offset + 1)) return frames;
    return undefined;
  }

  /** The lowest offset for which `isBelow` no longer holds; frames must be in its order. */
  async function bisect(topic: Topic, partition: number, isBelow: (frames: FrameBatch) => boolean): Promise<number> {
    let { oldest: low, next: high } = await rangeOf(topic, partition);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const frames = await firstOf(topic, partition, middle);
      if (frames !== undefined && frames.count > 0 && isBelow(frames)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function indexIn({ frames, firstOffset }: Delivery, from: number, is: (frames: FrameBatch, i: number) => boolean): FoundFrame | undefined {
    for (let i = Math.max(0, from - firstOffset); i < frames.count; i++) if (is(frames, i)) return { offset: firstOffset + i, index: i, frames };
    return undefined;
  }

  return {
    /** The frame of `events` that has this key and was received at this time. */
    async received(partition: number, key: HashWords, receivedAt: number): Promise<FoundFrame | undefined> {
      const start = await bisect("events", partition, (frames) => (frames.times[0] ?? 0) < receivedAt - disorderMs);
      for await (const delivery of log.read("events", partition, start, start + mostNear)) {
        const found = indexIn(delivery, start, (frames, i) => bears(frames, i, key) && frames.times[i] === receivedAt);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    /** The frame of `posts` that came from there: within a generation they stand in the order of where they came from, and generations rise. */
    async made(partition: number, key: HashWords, generation: number, from: From): Promise<FoundFrame | undefined> {
      const isBelow = (frames: FrameBatch) => {
        const at = frames.generations[0] ?? 0;
        return at < generation || (at === generation && (frames.fromOffsets[0] ?? 0) < from.offset);
      };
      const start = await bisect("posts", partition, isBelow);
      for await (const delivery of log.read("posts", partition, start, start + 1_000)) {
        const found = indexIn(delivery, start, (frames, i) => bears(frames, i, key) && frames.fromOffsets[i] === from.offset && frames.generations[i] === generation);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    /** All frames of `posts` with this key, newest first, as far back as the time allows. */
    async ofPost(partition: number, key: HashWords, withinMs: number, most: number): Promise<{ readonly found: readonly FoundFrame[]; readonly looked: Looked }> {
      const { oldest, next } = await rangeOf("posts", partition);
      const until = clock.monotonicMs() + withinMs;
      const found: FoundFrame[] = [];
      let low = next;
      while (low > oldest && found.length < most && clock.monotonicMs() < until) {
        const high = low;
        low = Math.max(oldest, high - chunkFrames);
        const chunk: FoundFrame[] = [];
        for await (const { frames, firstOffset } of log.read("posts", partition, low, high)) {
          for (let i = 0; i < frames.count; i++) if (bears(frames, i, key)) chunk.push({ offset: firstOffset + i, index: i, frames });
        }
        found.push(...chunk.toReversed());
      }
      return { found: found.slice(0, most), looked: { frames: next - low, of: next - oldest } };
    },
  };
}

export function payloadOf({ frames, index }: FoundFrame): Buffer {
  const start = frames.ends[index] ?? 0;
  return Buffer.from(frames.bytes.buffer, frames.bytes.byteOffset + start, (frames.ends[index + 1] ?? start) - start);
}
