import { areCopies, keysEach, type Sketch, sketchSize } from "./duplicates-sketch.ts";

/** Texts looked at for one key, newest first. */
const mostLooked = 24;

/**
 * The sketches of the newest texts, in a ring: numbers rise, and a text leaves when `capacity` newer ones have come.
 * 208 bytes a text, all of them in typed arrays.
 */
export interface DuplicatesIndex {
  /** Number of a text that is a copy of this one, the newest such; undefined: there is none. */
  find(sketch: Sketch): number | undefined;
  /** Numbers rise from call to call. */
  add(number: number, sketch: Sketch, idHigh: number, idLow: number, author: number): void;
  /** Numbers of texts whose author's word is this one, rising: candidates, to be compared whole. */
  ofAuthor(author: number): readonly number[];
  /** Number under which a post stands; undefined: it does not, or no longer. */
  numberOf(idHigh: number, idLow: number): number | undefined;
  /** Whether the text under this number is compared by the same. */
  isSame(number: number, sketch: Sketch): boolean;
  remove(number: number): void;
}

/** @param capacity a power of two */
export function makeDuplicatesIndex(capacity: number): DuplicatesIndex {
  const mask = capacity - 1;
  const headMask = capacity * 4 - 1;
  const idMask = capacity * 2 - 1;
  const hashes = new Uint32Array(capacity * sketchSize);
  const held = new Uint8Array(capacity);
  const runs = new Uint16Array(capacity);
  const numbers = new Float64Array(capacity).fill(-1);
  const alive = new Uint8Array(capacity);
  const ids = new Uint32Array(capacity * 2);
  const authors = new Uint32Array(capacity);
  /** Entry + 1 of the newest of each chain; 0: empty. */
  const heads = new Uint32Array(capacity * 4);
  const next = new Uint32Array(capacity * keysEach);
  const idHeads = new Uint32Array(capacity * 2);
  const idNext = new Uint32Array(capacity);

  const headOf = (hash: number, rank: number): number => (hash ^ rank) & headMask;
  const slotAt = (entry: number): number => Math.floor((entry - 1) / keysEach);
  /** Numbers of a chain fall: an entry whose slot was taken by a newer text ends it, as all behind it are older still. 0: the end. */
  const after = (entry: number, number: number): number => {
    const following = next[entry - 1] ?? 0;
    return following !== 0 && (numbers[slotAt(following)] ?? -1) < number ? following : 0;
  };

  return {
    find(sketch) {
      for (const hash of sketch.keys) {
        let looked = 0;
        // The second smallest of one text may be the smallest of another. Ranks have chains of their own, so that a slot stands once in each.
        for (let rank = 0; rank < keysEach; rank++) {
          for (let entry = heads[headOf(hash, rank)] ?? 0; entry !== 0 && looked < mostLooked; looked++) {
            const slot = slotAt(entry);
            const number = numbers[slot] ?? -1;
            if (alive[slot] === 1 && areCopies(sketch.hashes, sketch.runs, hashes, slot * sketchSize, held[slot] ?? 0, runs[slot] ?? 0)) return number;
            entry = after(entry, number);
          }
        }
      }
      return undefined;
    },
    ofAuthor(author) {
      const found: number[] = [];
      for (let slot = authors.indexOf(author); slot >= 0; slot = authors.indexOf(author, slot + 1)) if (alive[slot] === 1) found.push(numbers[slot] ?? -1);
      return found.sort((a, b) => a - b);
    },
    add(number, sketch, idHigh, idLow, author) {
      const slot = number & mask;
      authors[slot] = author;
      hashes.set(sketch.hashes, slot * sketchSize);
      held[slot] = sketch.hashes.length;
      runs[slot] = Math.min(sketch.runs, 0xffff);
      numbers[slot] = number;
      alive[slot] = 1;
      ids[slot * 2] = idHigh;
      ids[slot * 2 + 1] = idLow;
      idNext[slot] = idHeads[idLow & idMask] ?? 0;
      idHeads[idLow & idMask] = slot + 1;
      for (let rank = 0; rank < sketch.keys.length; rank++) {
        const entry = slot * keysEach + rank;
        const head = headOf(sketch.keys[rank] ?? 0, rank);
        next[entry] = heads[head] ?? 0;
        heads[head] = entry + 1;
      }
    },
    numberOf(idHigh, idLow) {
      let before = Infinity;
      for (let place = idHeads[idLow & idMask] ?? 0; place !== 0; place = idNext[place - 1] ?? 0) {
        const slot = place - 1;
        const number = numbers[slot] ?? -1;
        if (number >= before) break;
        before = number;
        if (alive[slot] === 1 && ids[slot * 2] === idHigh && ids[slot * 2 + 1] === idLow) return number;
      }
      return undefined;
    },
    isSame(number, sketch) {
      const slot = number & mask;
      if (numbers[slot] !== number || held[slot] !== sketch.hashes.length || runs[slot] !== Math.min(sketch.runs, 0xffff)) return false;
      return sketch.hashes.every((hash, i) => hashes[slot * sketchSize + i] === hash);
    },
    remove(number) {
      if (numbers[number & mask] === number) alive[number & mask] = 0;
    },
  };
}
