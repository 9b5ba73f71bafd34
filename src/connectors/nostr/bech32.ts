const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** Longer than BIP-173 allows, as NIP-19 does; more is no entity that anybody wrote. */
const longest = 5_000;

function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of generators.entries()) if ((top >>> bit) & 1) sum ^= generator;
  }
  return sum >>> 0;
}

function expand(prefix: string): number[] {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

function regroup(values: Iterable<number>, from: number, to: number, pad: boolean): number[] | undefined {
  const out: number[] = [];
  let held = 0;
  let bits = 0;
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((held >>> bits) & ((1 << to) - 1));
    }
  }
  if (pad) {
    if (bits > 0) out.push((held << (to - bits)) & ((1 << to) - 1));
  } else if (bits >= from || ((held << (to - bits)) & ((1 << to) - 1)) !== 0) return undefined;
  return out;
}

/** Bech32 (BIP-173): prefix and bytes; undefined: not one. */
function decodeBech32(text: string): { readonly prefix: string; readonly bytes: Uint8Array } | undefined {
  const at = text.lastIndexOf("1");
  if (at < 1 || text.length > longest || text.length - at < 7) return undefined;
  const prefix = text.slice(0, at);
  const values = Array.from(text.slice(at + 1), (letter) => letters.indexOf(letter));
  if (values.includes(-1) || checksum([...expand(prefix), ...values]) !== 1) return undefined;
  const bytes = regroup(values.slice(0, -6), 5, 8, false);
  return bytes && { prefix, bytes: Uint8Array.from(bytes) };
}

export function encodeBech32(prefix: string, hex: string): string {
  const values = regroup(Buffer.from(hex, "hex"), 8, 5, true) ?? [];
  const sum = checksum([...expand(prefix), ...values, 0, 0, 0, 0, 0, 0]) ^ 1;
  for (let i = 0; i < 6; i++) values.push((sum >>> (5 * (5 - i))) & 31);
  return `${prefix}1${values.map((value) => letters[value]).join("")}`;
}

/** What an address of NIP-19 names: an account or an event (id, or kind:pubkey:d for an addressable one). */
export type Entity = { readonly account: string } | { readonly event: string };

/** npub, nprofile, note, nevent, naddr (NIP-19, 2025-11); undefined: another, or damaged. */
export function decodeEntity(text: string): Entity | undefined {
  const decoded = decodeBech32(text);
  if (decoded === undefined) return undefined;
  const { prefix, bytes } = decoded;
  if (prefix === "npub" && bytes.length === 32) return { account: hexOf(bytes) };
  if (prefix === "note" && bytes.length === 32) return { event: hexOf(bytes) };
  const fields = fieldsOf(bytes);
  const special = fields.get(0);
  if (special === undefined) return undefined;
  if (prefix === "nprofile" && special.length === 32) return { account: hexOf(special) };
  if (prefix === "nevent" && special.length === 32) return { event: hexOf(special) };
  const author = fields.get(2);
  const kind = fields.get(3);
  if (prefix !== "naddr" || author?.length !== 32 || kind?.length !== 4) return undefined;
  return { event: addressOf(Buffer.from(kind).readUInt32BE(0), hexOf(author), Buffer.from(special).toString("utf8")) };
}

/** A secret key: nsec1… (NIP-19) or 64 hex digits; undefined: none. */
export function secretKeyIn(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  const decoded = decodeBech32(text);
  return decoded?.prefix === "nsec" && decoded.bytes.length === 32 ? decoded.bytes : undefined;
}

/** Type, length, value; the first of each type. */
function fieldsOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>();
  for (let at = 0; at + 2 <= bytes.length;) {
    const [type = 0, length = 0] = bytes.subarray(at, at + 2);
    const value = bytes.subarray(at + 2, at + 2 + length);
    if (value.length === length && !fields.has(type)) fields.set(type, value);
    at += 2 + length;
  }
  return fields;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Native id of an addressable event; its d tag may hold anything. */
export function addressOf(kind: number, pubkey: string, d: string): string {
  return `${kind}:${pubkey}:${encodeURIComponent(d.toWellFormed())}`;
}
