import { createHash, hash } from "node:crypto";

/** Keyed hash of platform and native id, 128 bits as base64url. Its key never rotates. */
export type PostId = `p_${string}`;
/** Keyed pseudonym of an author, 128 bits as base64url; the number is the version of its key. */
export type AuthorId = `a${number}_${string}`;
/** Stands in for another account inside texts: keyed for that purpose alone, so it does not join with AuthorId. */
export type MentionId = `m_${string}`;

const postIdPattern = /^p_[A-Za-z0-9_-]{22}$/;
const authorIdPattern = /^a\d{1,4}_[A-Za-z0-9_-]{22}$/;

export function isPostId(text: unknown): text is PostId {
  return typeof text === "string" && postIdPattern.test(text);
}

export function isAuthorId(text: unknown): text is AuthorId {
  return typeof text === "string" && authorIdPattern.test(text);
}

/** The 16 bytes behind a PostId or AuthorId. */
export function idBytes(id: PostId | AuthorId): Buffer {
  return Buffer.from(id.slice(id.indexOf("_") + 1), "base64url");
}

/** @param bytes 16 bytes */
export function postIdFrom(bytes: Uint8Array): PostId {
  return `p_${base64url(bytes)}`;
}

/** @param bytes 16 bytes */
export function authorIdFrom(version: number, bytes: Uint8Array): AuthorId {
  return `a${version}_${base64url(bytes)}`;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** The first 8 of the 16 bytes as two big-endian 32-bit words, read off the text: frames' headers bear them. */
export function idWords(id: PostId | AuthorId): { readonly high: number; readonly low: number } {
  const start = id.indexOf("_") + 1;
  const value = (at: number) => base64Values[id.charCodeAt(start + at) & 127] ?? 0;
  const high = (value(0) << 26) | (value(1) << 20) | (value(2) << 14) | (value(3) << 8) | (value(4) << 2) | (value(5) >> 4);
  const low = (value(5) << 28) | (value(6) << 22) | (value(7) << 16) | (value(8) << 10) | (value(9) << 4) | (value(10) >> 2);
  return { high: high >>> 0, low: low >>> 0 };
}

const halves = new Int32Array(2);
const whole = new BigInt64Array(halves.buffer);
const [highHalf, lowHalf] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? [1, 0] : [0, 1];

/** Two 32-bit words as one signed 64-bit number; a Buffer's readBigInt64BE costs ten times as much. */
export function bigOf(high: number, low: number): bigint {
  halves[highHalf] = high;
  halves[lowHalf] = low;
  return whole[0] ?? 0n;
}

/** The first 8 of the 16 bytes as a signed 64-bit number, big-endian. */
export function idKey(id: PostId | AuthorId): bigint {
  const { high, low } = idWords(id);
  return bigOf(high, low);
}

/** Two header words as 16 hex digits. */
export function wordsHex(high: number, low: number): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const base64Values = new Uint8Array(128);
for (let value = 0; value < 64; value++) base64Values[base64Letters.charCodeAt(value)] = value;
/** The last letter of 16 bytes tells two bits: of a longer text's letter at that place the other four are cut off. */
const lastLetters = ["A", "Q", "g", "w"];

export interface KeyedHash {
  /** HMAC-SHA-256 (RFC 2104), cut to its first 16 bytes. */
  digest(message: string): Buffer;
  /** The same as base64url, 22 letters; a third of the cost. */
  digestText(message: string): string;
}

/**
 * HMAC-SHA-256 by two one-shot hashes, which cost a third of a crypto Hmac object.
 * @param key 32 to 64 bytes
 */
export function makeKeyedHash(key: Uint8Array): KeyedHash {
  if (key.length < 32 || key.length > 64) throw new TypeError(`key: expected 32 to 64 bytes, came ${key.length}`);
  const inner = new Uint8Array(64).fill(0x36);
  const outer = new Uint8Array(64).fill(0x5c);
  for (const [i, byte] of key.entries()) {
    inner[i] = (inner[i] ?? 0) ^ byte;
    outer[i] = (outer[i] ?? 0) ^ byte;
  }
  let block = Buffer.alloc(64 + 512);
  block.set(inner);
  const second = Buffer.alloc(64 + 32);
  second.set(outer);
  /** Texts cross into the hash and back faster than buffers do. */
  const outerOf = (message: string): void => {
    const room = 64 + message.length * 3;
    if (block.length < room) {
      block = Buffer.alloc(room * 2);
      block.set(inner);
    }
    const end = 64 + block.write(message, 64, "utf8");
    second.write(hash("sha256", block.subarray(0, end), "binary"), 64, "latin1");
  };
  return {
    digest(message) {
      outerOf(message);
      return hash("sha256", second, "buffer").subarray(0, 16);
    },
    digestText(message) {
      outerOf(message);
      const text = hash("sha256", second, "base64url");
      return text.slice(0, 21) + (lastLetters[(base64Values[text.charCodeAt(21)] ?? 0) >> 4] ?? "A");
    },
  };
}

/** Content fingerprint, 16 hex digits; not keyed: never for personal data. */
export function fingerprint(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
