/**
 * Finds a few string fields in JSON bytes without building the value: about 1 ns a byte.
 * It walks the structure, so that what stands inside strings or deeper objects cannot be mistaken for a field.
 * It gives up (undefined) on anything odd: escaped or repeated names, bytes that are no JSON; then a full parse decides.
 */
export interface Wanted {
  /** A name to the place of its value in the answer, or to what is wanted inside it. */
  readonly [name: string]: number | Wanted;
}

export function pick(bytes: Uint8Array, wanted: Wanted, places: number): (string | undefined)[] | undefined {
  const found: (string | undefined)[] = Array.from({ length: places }, () => undefined);
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = skipSpace(buffer, 0);
  if (buffer[start] !== 0x7b) return undefined;
  const end = readObject(buffer, start, wanted, found);
  return end < 0 ? undefined : found;
}

/** Position after the object that starts at `at`; negative: gave up. */
function readObject(bytes: Buffer, at: number, wanted: Wanted, found: (string | undefined)[]): number {
  let seen = 0;
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === 0x7d) return i + 1;
  for (;;) {
    if (bytes[i] !== 0x22) return -1;
    const nameEnd = stringEnd(bytes, i);
    if (nameEnd < 0) return -1;
    const name = bytes.toString("latin1", i + 1, nameEnd);
    if (name.includes("\\")) return -1;
    i = skipSpace(bytes, nameEnd + 1);
    if (bytes[i] !== 0x3a) return -1;
    i = skipSpace(bytes, i + 1);
    const want = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    if (want === undefined) i = skipValue(bytes, i);
    else {
      const bit = 1 << Object.keys(wanted).indexOf(name);
      if ((seen & bit) !== 0) return -1;
      seen |= bit;
      if (typeof want !== "number" && bytes[i] === 0x7b) i = readObject(bytes, i, want, found);
      else if (typeof want === "number" && bytes[i] === 0x22) {
        const end = stringEnd(bytes, i);
        if (end < 0) return -1;
        const text = bytes.toString("utf8", i + 1, end);
        if (text.includes("\\")) return -1;
        found[want] = text;
        i = end + 1;
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
