/** A name to the place of its value in the answer, or to what is wanted inside it. */
export interface Wanted {
  readonly [name: string]: number | Wanted;
}

interface Node {
  readonly name: Uint8Array;
  /** Place in the answer; -1: an object whose fields are wanted. */
  readonly place: number;
  readonly inside: readonly Node[];
}

/**
 * Finds a few string fields in JSON bytes without building the value: about 2 ns a byte.
 * It walks the structure, so that what stands inside strings or deeper objects cannot be mistaken for a field.
 * It gives up (undefined) on anything odd: escaped or repeated names, bytes that are no JSON; then a full parse decides.
 */
export function makePick(wanted: Wanted, places: number): (bytes: Uint8Array) => (string | undefined)[] | undefined {
  const nodes = compile(wanted);
  const empty: (string | undefined)[] = Array.from({ length: places }, () => undefined);
  return (bytes) => {
    const start = skipSpace(bytes, 0);
    if (bytes[start] !== 0x7b) return undefined;
    const found = empty.slice();
    return readObject(bytes, start, nodes, found) < 0 ? undefined : found;
  };
}

function compile(wanted: Wanted): readonly Node[] {
  return Object.entries(wanted).map(([name, want]) => ({
    name: Buffer.from(name),
    place: typeof want === "number" ? want : -1,
    inside: typeof want === "number" ? [] : compile(want),
  }));
}

/** Position after the object that starts at `at`; negative: gave up. */
function readObject(bytes: Uint8Array, at: number, nodes: readonly Node[], found: (string | undefined)[]): number {
  let seen = 0;
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === 0x7d) return i + 1;
  for (;;) {
    if (bytes[i] !== 0x22) return -1;
    const nameStart = i + 1;
    for (i = nameStart; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) return -1;
    const index = indexOfName(bytes, nameStart, i, nodes);
    i = skipSpace(bytes, i + 1);
    if (bytes[i] !== 0x3a) return -1;
    i = skipSpace(bytes, i + 1);
    // A negative place in a list is a slow question.
    const node = index < 0 ? undefined : nodes[index];
    if (node === undefined) i = skipValue(bytes, i);
    else {
      if ((seen & (1 << index)) !== 0) return -1;
      seen |= 1 << index;
      if (node.place < 0 && bytes[i] === 0x7b) i = readObject(bytes, i, node.inside, found);
      else if (node.place >= 0 && bytes[i] === 0x22) {
        const from = i + 1;
        for (i = from; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) return -1;
        found[node.place] = textOf(bytes, from, i);
        i++;
      } else i = skipValue(bytes, i);
    }
    if (i < 0) return -1;
    i = skipSpace(bytes, i);
    const next = bytes[i];
    if (next === 0x7d) return i + 1;
    if (next !== 0x2c) return -1;
    i = skipSpace(bytes, i + 1);
  }
}

function indexOfName(bytes: Uint8Array, start: number, end: number, nodes: readonly Node[]): number {
  for (let index = 0; index < nodes.length; index++) {
    const name = nodes[index]?.name;
    if (name === undefined || name.length !== end - start) continue;
    let same = true;
    for (let i = 0; i < name.length && same; i++) same = name[i] === bytes[start + i];
    if (same) return index;
  }
  return -1;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.isBuffer(bytes) ? bytes.toString("utf8", start, end) : Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}

export function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at;
  for (;;) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
    i++;
  }
}

/** Position of the closing quote of the string that opens at `at`; negative: there is none. */
export function stringEnd(bytes: Uint8Array, at: number): number {
  for (let i = at + 1; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) return i;
    if (byte === 0x5c) i++;
  }
  return -1;
}

/** Position after the value that starts at `at`; negative: it does not end. */
export function skipValue(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === 0x22) {
    const end = stringEnd(bytes, at);
    return end < 0 ? -1 : end + 1;
  }
  if (first === 0x7b || first === 0x5b) {
    let depth = 0;
    for (let i = at; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === 0x22) {
        i = stringEnd(bytes, i);
        if (i < 0) return -1;
      } else if (byte === 0x7b || byte === 0x5b) depth++;
      else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return i + 1;
    }
    return -1;
  }
  let i = at;
  while (i < bytes.length) {
    const byte = bytes[i];
    if (byte === 0x2c || byte === 0x7d || byte === 0x5d || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) break;
    i++;
  }
  return i === at ? -1 : i;
}

/** The elements of a JSON array as their own bytes; undefined where the bytes are no array. */
export function splitArray(bytes: Uint8Array): Uint8Array[] | undefined {
  const items: Uint8Array[] = [];
  let i = skipSpace(bytes, 0);
  if (bytes[i] !== 0x5b) return undefined;
  i = skipSpace(bytes, i + 1);
  if (bytes[i] === 0x5d) return items;
  for (;;) {
    const end = skipValue(bytes, i);
    if (end < 0) return undefined;
    items.push(bytes.subarray(i, end));
    i = skipSpace(bytes, end);
    if (bytes[i] === 0x5d) return items;
    if (bytes[i] !== 0x2c) return undefined;
    i = skipSpace(bytes, i + 1);
  }
}
