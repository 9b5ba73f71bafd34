import { EarshotError } from "../core/errors.ts";

/** Names of platforms, sources, languages, regions and terms as small numbers, within one file. */
export interface Names {
  idOf(name: string): number;
  /** Throws LEDGER_CORRUPT where the number was never given out. */
  nameOf(id: number): string;
}

/** fresh: names given out since the last `settle`, to be stored together with the rows that use them. */
export interface GrowingNames extends Names {
  fresh(): readonly { readonly id: number; readonly name: string }[];
  settle(): void;
}

export function makeNames(known: Iterable<{ readonly id: number; readonly name: string }>): GrowingNames {
  const ids = new Map<string, number>();
  const names: string[] = [];
  let fresh: { id: number; name: string }[] = [];
  for (const { id, name } of known) {
    ids.set(name, id);
    names[id] = name;
  }
  return {
    idOf(name) {
      const known = ids.get(name);
      if (known !== undefined) return known;
      const id = names.length;
      ids.set(name, id);
      names[id] = name;
      fresh.push({ id, name });
      return id;
    },
    nameOf(id) {
      const name = names[id];
      if (name === undefined) throw new EarshotError("LEDGER_CORRUPT", `ledger: name ${id} of ${names.length} is not there`);
      return name;
    },
    fresh: () => fresh,
    settle() {
      fresh = [];
    },
  };
}

/** Writes bytes and varints (LEB128, up to 2^53) into one buffer that grows. */
export interface Packer {
  byte(value: number): void;
  varint(value: number): void;
  bytes(value: Uint8Array): void;
  /** Any whole number within ±2^52. */
  signed(value: number): void;
  /** Bytes of base64url text; returns how many were written. */
  base64(text: string): number;
  hex(text: string): number;
  /** A copy of what was written; starts anew. */
  take(): Buffer;
  takeBase64(): string;
}

export function makePacker(): Packer {
  let block = Buffer.allocUnsafe(512);
  let used = 0;
  const need = (count: number): void => {
    if (used + count <= block.length) return;
    const wider = Buffer.allocUnsafe(Math.max(block.length * 2, used + count));
    block.copy(wider, 0, 0, used);
    block = wider;
  };
  const varint = (value: number): void => {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw new EarshotError("INVARIANT", `ledger: ${value} is no varint`);
    need(8);
    let rest = Math.floor(value);
    while (rest >= 0x80000000) {
      block[used++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      block[used++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    block[used++] = rest;
  };
  return {
    byte(value) {
      need(1);
      block[used++] = value;
    },
    varint,
    signed: (value) => varint(value < 0 ? -value * 2 - 1 : value * 2),
    bytes(value) {
      need(value.length);
      block.set(value, used);
      used += value.length;
    },
    base64(text) {
      need(text.length);
      const written = block.write(text, used, "base64url");
      used += written;
      return written;
    },
    hex(text) {
      need(text.length);
      const written = block.write(text, used, "hex");
      used += written;
      return written;
    },
    take() {
      const taken = Buffer.from(block.subarray(0, used));
      used = 0;
      return taken;
    },
    takeBase64() {
      const taken = block.toString("base64url", 0, used);
      used = 0;
      return taken;
    },
  };
}

export interface Unpacker {
  byte(): number;
  varint(): number;
  signed(): number;
  hex(count: number): string;
  base64(count: number): string;
  readonly left: number;
}

export function makeUnpacker(block: Uint8Array): Unpacker {
  const view = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  let at = 0;
  const byte = (): number => {
    const value = view[at++];
    if (value === undefined) throw new EarshotError("LEDGER_CORRUPT", `ledger: a row ends at byte ${view.length}, more was expected`);
    return value;
  };
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const next = byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
      scale *= 128;
    }
  };
  const text = (count: number, encoding: "hex" | "base64url"): string => {
    if (at + count > view.length) throw new EarshotError("LEDGER_CORRUPT", `ledger: a row ends at byte ${view.length}, more was expected`);
    at += count;
    return view.toString(encoding, at - count, at);
  };
  return {
    byte,
    varint,
    signed() {
      const value = varint();
      return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    },
    hex: (count) => text(count, "hex"),
    base64: (count) => text(count, "base64url"),
    get left() {
      return view.length - at;
    },
  };
}
