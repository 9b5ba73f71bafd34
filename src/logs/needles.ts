/** Places of byte strings in bytes: start and end (exclusive) in turn, in no order, possibly overlapping. */
export type FindNeedles = (bytes: Uint8Array) => number[];

/** Up to so many are looked for one by one, which the runtime does at memory speed. */
const mostOneByOne = 6;
/** The table tells apart three bytes at the end of a window. */
const blockBytes = 3;
/** Longer needles are looked for apart, with wider steps. */
const longBytes = 16;
const tableBits = 16;

/**
 * Many byte strings in one pass: Wu and Manber, "A fast algorithm for multi-pattern searching", University of Arizona TR-94-17, 1994.
 * Needles such as `did:plc:…` share their beginning, so the block that is looked up stands at the end of the window.
 */
export function makeNeedleFinder(needles: readonly Uint8Array[]): FindNeedles {
  const unique = [...new Map(needles.filter((needle) => needle.length > 0).map((needle) => [Buffer.from(needle).toString("latin1"), Buffer.from(needle)])).values()];
  if (unique.length === 0) return () => [];
  if (unique.length <= mostOneByOne) return (bytes) => oneByOne(unique, bytes);
  const short = unique.filter((needle) => needle.length < blockBytes);
  const middle = unique.filter((needle) => needle.length >= blockBytes && needle.length < longBytes);
  const long = unique.filter((needle) => needle.length >= longBytes);
  const finders: FindNeedles[] = [];
  if (short.length > 0) finders.push((bytes) => oneByOne(short, bytes));
  for (const some of [middle, long]) if (some.length > 0) finders.push(some.length <= mostOneByOne ? (bytes) => oneByOne(some, bytes) : manyAtOnce(some));
  return (bytes) => finders.flatMap((find) => find(bytes));
}

function oneByOne(needles: readonly Buffer[], bytes: Uint8Array): number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places: number[] = [];
  for (const needle of needles) for (let at = buffer.indexOf(needle); at >= 0; at = buffer.indexOf(needle, at + 1)) places.push(at, at + needle.length);
  return places;
}

function manyAtOnce(needles: readonly Buffer[]): FindNeedles {
  const window = Math.min(64, ...needles.map((needle) => needle.length));
  const steps = new Uint8Array(1 << tableBits).fill(window - blockBytes + 1);
  /** Needles whose window ends in a block: the first (plus one), and the next of each. */
  const firsts = new Int32Array(1 << tableBits);
  const nexts = new Int32Array(needles.length);
  for (const [index, needle] of needles.entries()) {
    for (let end = blockBytes - 1; end < window; end++) {
      const block = blockOf(needle[end - 2] ?? 0, needle[end - 1] ?? 0, needle[end] ?? 0);
      steps[block] = Math.min(steps[block] ?? 0, window - 1 - end);
      if (end === window - 1) {
        nexts[index] = firsts[block] ?? 0;
        firsts[block] = index + 1;
      }
    }
  }
  return (bytes) => {
    const places: number[] = [];
    const { length } = bytes;
    let end = window - 1;
    while (end < length) {
      const block = blockOf(bytes[end - 2] ?? 0, bytes[end - 1] ?? 0, bytes[end] ?? 0);
      const step = steps[block] ?? 1;
      if (step > 0) {
        end += step;
        continue;
      }
      const start = end - window + 1;
      for (let next = firsts[block] ?? 0; next > 0; next = nexts[next - 1] ?? 0) {
        const needle = needles[next - 1];
        if (needle !== undefined && stands(needle, bytes, start)) places.push(start, start + needle.length);
      }
      end++;
    }
    return places;
  };
}

function blockOf(one: number, two: number, three: number): number {
  return Math.imul(one | (two << 8) | (three << 16), 0x9e3779b1) >>> (32 - tableBits);
}

function stands(needle: Uint8Array, bytes: Uint8Array, start: number): boolean {
  if (start + needle.length > bytes.length) return false;
  for (let i = 0; i < needle.length; i++) if (bytes[start + i] !== needle[i]) return false;
  return true;
}
