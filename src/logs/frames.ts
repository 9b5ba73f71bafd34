import type { FrameBatch } from "../core/log.ts";

/** Frames `from` (inclusive) to `to` (exclusive) as views; only `ends` is copied. */
export function sliceFrames(frames: FrameBatch, from: number, to: number): FrameBatch {
  if (from === 0 && to === frames.count) return frames;
  const start = frames.ends[from] ?? 0;
  const ends = frames.ends.slice(from, to + 1);
  if (start !== 0) for (let i = 0; i < ends.length; i++) ends[i] = (ends[i] ?? 0) - start;
  return {
    count: to - from,
    keys: frames.keys.subarray(from * 2, to * 2),
    actors: frames.actors.subarray(from * 2, to * 2),
    times: frames.times.subarray(from, to),
    fromOffsets: frames.fromOffsets.subarray(from, to),
    fromIndexes: frames.fromIndexes.subarray(from, to),
    generations: frames.generations.subarray(from, to),
    ends,
    bytes: frames.bytes.subarray(start, frames.ends[to] ?? start),
  };
}

/** Several batches as one; a single one as it is. */
export function joinFrames(batches: readonly FrameBatch[]): FrameBatch {
  const only = batches[0];
  if (only !== undefined && batches.length === 1) return only;
  let count = 0;
  let size = 0;
  for (const batch of batches) {
    count += batch.count;
    size += batch.ends[batch.count] ?? 0;
  }
  const joined = {
    count,
    keys: new Uint32Array(count * 2),
    actors: new Uint32Array(count * 2),
    times: new Float64Array(count),
    fromOffsets: new Float64Array(count),
    fromIndexes: new Uint32Array(count),
    generations: new Uint32Array(count),
    ends: new Uint32Array(count + 1),
    bytes: Buffer.allocUnsafe(size),
  };
  let frame = 0;
  let byte = 0;
  for (const batch of batches) {
    const payload = batch.ends[batch.count] ?? 0;
    joined.keys.set(batch.keys.subarray(0, batch.count * 2), frame * 2);
    joined.actors.set(batch.actors.subarray(0, batch.count * 2), frame * 2);
    joined.times.set(batch.times.subarray(0, batch.count), frame);
    joined.fromOffsets.set(batch.fromOffsets.subarray(0, batch.count), frame);
    joined.fromIndexes.set(batch.fromIndexes.subarray(0, batch.count), frame);
    joined.generations.set(batch.generations.subarray(0, batch.count), frame);
    for (let i = 1; i <= batch.count; i++) joined.ends[frame + i] = byte + (batch.ends[i] ?? 0);
    joined.bytes.set(batch.bytes.subarray(0, payload), byte);
    frame += batch.count;
    byte += payload;
  }
  return joined;
}
