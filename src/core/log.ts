import type { From } from "./event.ts";

/** events: raw, straight from the connectors. posts: changes. rejected: what could not be kept, for the quarantine. */
export type Topic = "events" | "posts" | "rejected";
export const topics = ["events", "posts", "rejected"] as const satisfies readonly Topic[];

/** Counts frames of one topic and partition from 0; never reused, gaps allowed (forgotten frames keep theirs). */
export type Offset = number;

/**
 * Frames of one topic and partition, as columns. What a reader may need without a parse stands outside the payload.
 * `keys`, `actors`: two 32-bit words a frame: the first 8 bytes of the PostId's (AuthorId's) hash, big-endian; 0,0 = all (unknown).
 */
export interface FrameBatch {
  readonly count: number;
  readonly keys: Uint32Array;
  readonly actors: Uint32Array;
  /** Milliseconds UTC: events, when received; posts, when it happened. */
  readonly times: Float64Array;
  readonly fromOffsets: Float64Array;
  readonly fromIndexes: Uint32Array;
  readonly generations: Uint32Array;
  /** count + 1 byte positions into `bytes`, the first 0: frame i is bytes[ends[i]] to bytes[ends[i + 1]]; an empty payload is a forgotten frame. */
  readonly ends: Uint32Array;
  readonly bytes: Uint8Array;
}

export interface Delivery {
  readonly topic: Topic;
  readonly partition: number;
  /** Offset of the first frame; frame i has firstOffset + i. */
  readonly firstOffset: Offset;
  readonly frames: FrameBatch;
  /** The group goes on after this batch. Cheap; made durable soon, not at once: repeats are possible after a crash. */
  commit(): Promise<void>;
}

export interface LogCapabilities {
  /** "rewrites": forget removes bytes. "expires": they go when retention ends. */
  readonly forgets: "rewrites" | "expires";
  /** A second process may append to or read the same log. */
  readonly shared: boolean;
}

export interface SubscribeOptions {
  /** A fixed share of the partitions; absent: all, or what the group's protocol assigns. */
  readonly partitions?: readonly number[];
  /** Where the reader's own data says that it stands (next offset to read); absent or undefined: the group's committed offset, else the oldest. */
  from?(partition: number): Promise<Offset | undefined>;
  assigned?(partition: number): Promise<void>;
  revoked?(partition: number): Promise<void>;
  /** Upper bound of one delivery's payload; at least one frame comes. */
  readonly maxBatchBytes?: number;
}

export interface ForgetRequest {
  /** Frames to empty, asked by header: `keys`/`actors` words as in FrameBatch. `payload` is for those whose header tells nothing. */
  readonly remove: (keyHigh: number, keyLow: number, actorHigh: number, actorLow: number, time: number, payload: () => Uint8Array) => boolean;
  /** Byte strings to overwrite with "x" wherever they stand in the payloads that remain (native ids, handles). */
  readonly needles: readonly Uint8Array[];
}

export interface ForgetReport {
  readonly removedFrames: number;
  readonly redactedFrames: number;
  /** rewrites: undefined. expires: when the last of it is gone, milliseconds UTC. */
  readonly goneAt?: number;
}

export interface LogPartitionState {
  readonly topic: Topic;
  readonly partition: number;
  readonly oldest: Offset;
  readonly next: Offset;
  readonly sizeBytes: number;
  readonly oldestAt?: number;
}

export interface Log extends AsyncDisposable {
  readonly partitions: number;
  readonly capabilities: LogCapabilities;
  /** Resolves with the offset of the first frame once the batch survives a power cut; all of it or none. Order of calls is order in the log. */
  append(topic: Topic, partition: number, frames: FrameBatch): Promise<Offset>;
  /** Endless: waits for more. At least once. */
  subscribe(topic: Topic, group: string, options: SubscribeOptions, signal: AbortSignal): AsyncIterable<Delivery>;
  /** Durable frames from `from` (inclusive) to `to` (exclusive; absent: the end now). */
  read(topic: Topic, partition: number, from: Offset, to?: Offset): AsyncIterable<Delivery>;
  state(topic: Topic): Promise<readonly LogPartitionState[]>;
  committed(topic: Topic, group: string): Promise<ReadonlyMap<number, Offset>>;
  forget(topic: Topic, partition: number, request: ForgetRequest): Promise<ForgetReport>;
  /** Deletes sealed segments that every group in `keepFor` has passed and that are past a limit; returns bytes freed. */
  retain(topic: Topic, limits: { readonly maxAgeMs: number; readonly maxBytes: number; readonly keepFrom: (partition: number) => Offset }): Promise<number>;
}

export interface FrameFields {
  readonly keyHigh: number;
  readonly keyLow: number;
  readonly actorHigh: number;
  readonly actorLow: number;
  readonly time: number;
  readonly from?: From;
  readonly generation?: number;
}

/** Grows a FrameBatch frame by frame; `take` gives it and starts anew. */
export interface FrameBatchBuilder {
  readonly count: number;
  readonly sizeBytes: number;
  add(fields: FrameFields, payload: Uint8Array | string): void;
  take(): FrameBatch;
}

export function makeFrameBatchBuilder(): FrameBatchBuilder {
  let room = 256;
  let count = 0;
  let used = 0;
  let keys = new Uint32Array(room * 2);
  let actors = new Uint32Array(room * 2);
  let times = new Float64Array(room);
  let fromOffsets = new Float64Array(room);
  let fromIndexes = new Uint32Array(room);
  let generations = new Uint32Array(room);
  let ends = new Uint32Array(room + 1);
  let bytes = Buffer.allocUnsafe(64 * 1024);

  function grow(): void {
    room *= 2;
    keys = widen(keys, room * 2);
    actors = widen(actors, room * 2);
    fromIndexes = widen(fromIndexes, room);
    generations = widen(generations, room);
    ends = widen(ends, room + 1);
    const widerTimes = new Float64Array(room);
    widerTimes.set(times);
    times = widerTimes;
    const widerOffsets = new Float64Array(room);
    widerOffsets.set(fromOffsets);
    fromOffsets = widerOffsets;
  }

  return {
    get count() {
      return count;
    },
    get sizeBytes() {
      return used;
    },
    add(fields, payload) {
      if (count === room) grow();
      const most = used + (typeof payload === "string" ? payload.length * 3 : payload.length);
      if (most > bytes.length) {
        const wider = Buffer.allocUnsafe(Math.max(bytes.length * 2, most));
        bytes.copy(wider, 0, 0, used);
        bytes = wider;
      }
      if (typeof payload === "string") used += bytes.write(payload, used, "utf8");
      else {
        bytes.set(payload, used);
        used += payload.length;
      }
      keys[count * 2] = fields.keyHigh;
      keys[count * 2 + 1] = fields.keyLow;
      actors[count * 2] = fields.actorHigh;
      actors[count * 2 + 1] = fields.actorLow;
      times[count] = fields.time;
      fromOffsets[count] = fields.from?.offset ?? 0;
      fromIndexes[count] = fields.from?.index ?? 0;
      generations[count] = fields.generation ?? 0;
      count++;
      ends[count] = used;
    },
    take() {
      const batch: FrameBatch = {
        count,
        keys: keys.slice(0, count * 2),
        actors: actors.slice(0, count * 2),
        times: times.slice(0, count),
        fromOffsets: fromOffsets.slice(0, count),
        fromIndexes: fromIndexes.slice(0, count),
        generations: generations.slice(0, count),
        ends: ends.slice(0, count + 1),
        bytes: bytes.subarray(0, used),
      };
      bytes = Buffer.allocUnsafe(Math.max(64 * 1024, Math.min(used * 2, 8 * 1024 * 1024)));
      count = 0;
      used = 0;
      return batch;
    },
  };
}

function widen(from: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(length);
  wider.set(from);
  return wider;
}
