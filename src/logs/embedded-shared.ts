import { threadId } from "node:worker_threads";
import { EarshotError } from "../core/errors.ts";
import { type Topic, topics } from "../core/log.ts";

/*
 * What the threads of one process know together about one log, in a SharedArrayBuffer:
 * 32 words for the log, 8 words and 8 long words for each partition of each topic, then the groups:
 * 8 words, a name of 64 bytes and a long word a partition for each.
 */
const logWords = 32;
const slotWords = 8;
const slotLongs = 8;
const groupWords = 8;
export const mostGroups = 128;
export const groupNameBytes = 64;
const marker = 0x45415253;

/** Word 0: marker. 1: partitions. 2 to 4: signal of a topic. 5: lock of the group table. 6: groups. */
const signalWord = 2;
export const groupsLockWord = 5;
const groupCountWord = 6;

/** Words of a slot. */
const tailLock = 0;
const rewriteLock = 1;
const listWord = 2;
const rewriteWord = 3;
const brokenWord = 4;

/** Words of a group. */
const topicWord = 0;
const dirtyWord = 1;
const groupLock = 2;

export interface SharedSlot {
  /** Durable end: the next offset. */
  next: number;
  oldest: number;
  /** First offset of the segment that is appended to. */
  tailFirst: number;
  /** Its durable bytes. */
  tailBytes: number;
  /** Milliseconds UTC when it was made. */
  tailMadeAt: number;
  /** All durable bytes of the partition. */
  sizeBytes: number;
  /** Milliseconds UTC of the oldest frame; -1: not known. */
  oldestAt: number;
  /** Set after a failed sync: no append until the log is opened anew. */
  broken: boolean;
  /** Rises when a segment comes or goes. */
  readonly lists: number;
  /** Rises when the content of a segment was rewritten: what a reader holds of it is stale. */
  readonly rewrites: number;
  addSizeBytes(change: number): void;
  listChanged(): void;
  rewritten(): void;
  lockTail(): Promise<Disposable>;
  lockRewrites(): Promise<Disposable>;
}

export interface SharedGroup {
  readonly topic: Topic;
  readonly name: string;
  /** -1: none. */
  position(partition: number): number;
  setPosition(partition: number, offset: number): void;
  dirty: boolean;
  lock(): Promise<Disposable>;
}

export interface Shared {
  readonly buffer: SharedArrayBuffer;
  readonly partitions: number;
  slot(topic: Topic, partition: number): SharedSlot;
  /** Finds the group or makes it. Throws LIMIT_REACHED. */
  group(topic: Topic, name: string): Promise<SharedGroup>;
  groups(): readonly SharedGroup[];
  signal(topic: Topic): number;
  /** Wakes all that wait for the topic, in every thread. */
  wake(topic: Topic): void;
  /** Resolves when the topic was woken after `seen` was read. */
  wait(topic: Topic, seen: number): Promise<void>;
}

/** Memory for the threads that share one log; the first open fills it. */
export function makeSharedLogState(partitions: number): SharedArrayBuffer {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1_024) throw new TypeError(`partitions: expected 1 to 1,024, came ${partitions}`);
  const buffer = new SharedArrayBuffer(layout(partitions).sizeBytes);
  const words = new Int32Array(buffer);
  words[1] = partitions;
  return buffer;
}

function layout(partitions: number) {
  const slots = topics.length * partitions;
  const longsAt = (logWords + slots * slotWords) * 4;
  const groupsAt = longsAt + slots * slotLongs * 8;
  const groupBytes = groupWords * 4 + groupNameBytes + partitions * 8;
  return { longsAt, groupsAt, groupBytes, sizeBytes: groupsAt + groupBytes * mostGroups };
}

/** True once the first open has filled it. */
export function isFilled(buffer: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(buffer), 0) === marker;
}

export function markFilled(buffer: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(buffer), 0, marker);
}

/**
 * Frees what a thread held when it died; called by the thread that watches over it, after its exit.
 * @param deadThreadId the `threadId` of node:worker_threads
 */
export function freeLocksOf(buffer: SharedArrayBuffer, deadThreadId: number): void {
  const words = new Int32Array(buffer);
  const partitions = words[1] ?? 0;
  const owner = deadThreadId + 1;
  const { groupsAt, groupBytes } = layout(partitions);
  const free = (word: number): void => {
    if (Atomics.compareExchange(words, word, owner, 0) === owner) Atomics.notify(words, word);
  };
  free(groupsLockWord);
  for (let slot = 0; slot < topics.length * partitions; slot++) {
    free(logWords + slot * slotWords + tailLock);
    free(logWords + slot * slotWords + rewriteLock);
  }
  for (let group = 0; group < mostGroups; group++) free((groupsAt + group * groupBytes) / 4 + groupLock);
}

export function viewShared(buffer: SharedArrayBuffer): Shared {
  const words = new Int32Array(buffer);
  const partitions = words[1] ?? 0;
  const { longsAt, groupsAt, groupBytes, sizeBytes } = layout(partitions);
  if (partitions < 1 || buffer.byteLength !== sizeBytes) throw new TypeError("shared: expected what makeSharedLogState made");
  const longs = new BigInt64Array(buffer, longsAt, topics.length * partitions * slotLongs);

  const groupAt = (index: number): SharedGroup => {
    const word = (groupsAt + index * groupBytes) / 4;
    const nameBytes = new Uint8Array(buffer, groupsAt + index * groupBytes + groupWords * 4, groupNameBytes);
    const positions = new BigInt64Array(buffer, groupsAt + index * groupBytes + groupWords * 4 + groupNameBytes, partitions);
    const copied = Buffer.from(nameBytes);
    const end = copied.indexOf(0);
    return {
      topic: topics[Atomics.load(words, word + topicWord)] ?? "events",
      name: copied.toString("utf8", 0, end < 0 ? groupNameBytes : end),
      position: (partition) => Number(Atomics.load(positions, partition)),
      setPosition: (partition, offset) => void Atomics.store(positions, partition, BigInt(offset)),
      get dirty() {
        return Atomics.load(words, word + dirtyWord) === 1;
      },
      set dirty(value) {
        Atomics.store(words, word + dirtyWord, value ? 1 : 0);
      },
      lock: () => lock(words, word + groupLock),
    };
  };

  const groups = (): SharedGroup[] => Array.from({ length: Atomics.load(words, groupCountWord) }, (_, index) => groupAt(index));

  return {
    buffer,
    partitions,
    slot(topic, partition) {
      if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) throw new TypeError(`partition: expected 0 to ${partitions - 1}, came ${partition}`);
      const slot = topics.indexOf(topic) * partitions + partition;
      return slotView(words, logWords + slot * slotWords, longs, slot * slotLongs);
    },
    groups,
    async group(topic, name) {
      const find = () => groups().find((group) => group.topic === topic && group.name === name);
      const known = find();
      if (known !== undefined) return known;
      const encoded = Buffer.from(name, "utf8");
      if (encoded.length === 0 || encoded.length > groupNameBytes || encoded.includes(0))
        throw new TypeError(`group: expected a name of 1 to ${groupNameBytes} bytes, came ${encoded.length}`);
      using _held = await lock(words, groupsLockWord);
      const made = find();
      if (made !== undefined) return made;
      const index = Atomics.load(words, groupCountWord);
      if (index === mostGroups) throw new EarshotError("LIMIT_REACHED", `log: expected at most ${mostGroups} groups`);
      const word = (groupsAt + index * groupBytes) / 4;
      Atomics.store(words, word + topicWord, topics.indexOf(topic));
      new Uint8Array(buffer, word * 4 + groupWords * 4, groupNameBytes).fill(0).set(encoded);
      new BigInt64Array(buffer, word * 4 + groupWords * 4 + groupNameBytes, partitions).fill(-1n);
      Atomics.store(words, groupCountWord, index + 1);
      return groupAt(index);
    },
    signal: (topic) => Atomics.load(words, signalWord + topics.indexOf(topic)),
    wake(topic) {
      const word = signalWord + topics.indexOf(topic);
      Atomics.add(words, word, 1);
      Atomics.notify(words, word);
    },
    wait: (topic, seen) => waitFor(words, signalWord + topics.indexOf(topic), seen),
  };
}

function slotView(words: Int32Array, word: number, longs: BigInt64Array, long: number): SharedSlot {
  const get = (index: number): number => Number(Atomics.load(longs, long + index));
  const set = (index: number, value: number): void => void Atomics.store(longs, long + index, BigInt(Math.floor(value)));
  return {
    get next() {
      return get(0);
    },
    set next(value) {
      set(0, value);
    },
    get oldest() {
      return get(1);
    },
    set oldest(value) {
      set(1, value);
    },
    get tailFirst() {
      return get(2);
    },
    set tailFirst(value) {
      set(2, value);
    },
    get tailBytes() {
      return get(3);
    },
    set tailBytes(value) {
      set(3, value);
    },
    get tailMadeAt() {
      return get(4);
    },
    set tailMadeAt(value) {
      set(4, value);
    },
    get sizeBytes() {
      return get(5);
    },
    set sizeBytes(value) {
      set(5, value);
    },
    get oldestAt() {
      return get(6);
    },
    set oldestAt(value) {
      set(6, value);
    },
    get broken() {
      return Atomics.load(words, word + brokenWord) === 1;
    },
    set broken(value) {
      Atomics.store(words, word + brokenWord, value ? 1 : 0);
    },
    get lists() {
      return Atomics.load(words, word + listWord);
    },
    get rewrites() {
      return Atomics.load(words, word + rewriteWord);
    },
    addSizeBytes: (change) => void Atomics.add(longs, long + 5, BigInt(change)),
    listChanged: () => void Atomics.add(words, word + listWord, 1),
    rewritten: () => void Atomics.add(words, word + rewriteWord, 1),
    lockTail: () => lock(words, word + tailLock),
    lockRewrites: () => lock(words, word + rewriteLock),
  };
}

/** Held by a thread, named by its id, so that `freeLocksOf` finds what a dead one held. */
async function lock(words: Int32Array, word: number): Promise<Disposable> {
  const owner = threadId + 1;
  for (;;) {
    const held = Atomics.compareExchange(words, word, 0, owner);
    if (held === 0) break;
    await waitFor(words, word, held);
  }
  return {
    [Symbol.dispose]() {
      if (Atomics.compareExchange(words, word, owner, 0) === owner) Atomics.notify(words, word);
    },
  };
}

let waiting = 0;
let alive: NodeJS.Timeout | undefined;

/** Atomics.waitAsync does not keep the process alive by itself. */
async function waitFor(words: Int32Array, word: number, seen: number): Promise<void> {
  const result = Atomics.waitAsync(words, word, seen);
  if (!result.async) return;
  waiting++;
  alive ??= setInterval(() => {}, 2 ** 30);
  try {
    await result.value;
  } finally {
    if (--waiting === 0) {
      clearInterval(alive);
      alive = undefined;
    }
  }
}
