import { EarshotError } from "../core/errors.ts";
import { makeKeyedHash, type AuthorId } from "../core/ids.ts";

/**
 * Distinct authors of a bucket. Up to `maxExactAuthors` as a set with a count each (so that a post taken away takes its
 * author along when it was the last), above it as a HyperLogLog sketch of 4,096 registers (standard error 1.6%).
 * An author stands here as 8 bytes under a key of its own that lies outside the database.
 */
export interface AuthorSet {
  /** Posts of each author; 0: unknown, at least one (a set rebuilt from the lake). Absent above the limit. */
  exact: Map<bigint, number> | undefined;
  registers: Uint8Array | undefined;
  /** Something was taken away that the form cannot take away: an upper bound until it is rebuilt. */
  dirty: boolean;
}

export const maxExactAuthors = 256;
export const exactForm = 0;
export const sketchForm = 1;
const precision = 12;
const registerCount = 2 ** precision;
const valueBits = 64 - precision;
const mostPosts = 65_535;
const entryBytes = 10;

export function makeAuthorSet(): AuthorSet {
  return { exact: new Map(), registers: undefined, dirty: false };
}

export function readAuthorSet(form: number, bytes: Buffer, dirty: boolean): AuthorSet {
  if (form === sketchForm) {
    if (bytes.length !== registerCount) throw corrupt(`a sketch of ${registerCount} bytes`, bytes.length);
    return { exact: undefined, registers: new Uint8Array(bytes), dirty };
  }
  if (form !== exactForm || bytes.length % entryBytes !== 0) throw corrupt(`entries of ${entryBytes} bytes`, bytes.length);
  const exact = new Map<bigint, number>();
  for (let at = 0; at < bytes.length; at += entryBytes) exact.set(bytes.readBigUInt64BE(at), bytes.readUInt16BE(at + 8));
  return { exact, registers: undefined, dirty };
}

function corrupt(expected: string, came: number): EarshotError {
  return new EarshotError("STORE_CORRUPT", `rollups, authors of a bucket: expected ${expected}, came ${came}`);
}

export function writeAuthorSet(set: AuthorSet): { readonly form: number; readonly bytes: Buffer } {
  if (set.registers) return { form: sketchForm, bytes: Buffer.from(set.registers) };
  const exact = set.exact ?? new Map<bigint, number>();
  const bytes = Buffer.allocUnsafe(exact.size * entryBytes);
  let at = 0;
  for (const [hash, posts] of exact) {
    bytes.writeBigUInt64BE(hash, at);
    bytes.writeUInt16BE(posts, at + 8);
    at += entryBytes;
  }
  return { form: exactForm, bytes };
}

/** @param by posts of the author that came (positive) or went; 0: at least one, count unknown */
export function addAuthor(set: AuthorSet, hash: bigint, by: number): void {
  if (set.registers) {
    if (by < 0) set.dirty = true;
    else note(set.registers, hash);
    return;
  }
  const exact = (set.exact ??= new Map());
  const had = exact.get(hash);
  if (by < 0) {
    if (had === undefined || had === 0 || had === mostPosts) set.dirty = true;
    else if (had + by > 0) exact.set(hash, had + by);
    else exact.delete(hash);
    return;
  }
  // An unknown count stays unknown.
  exact.set(hash, had === 0 || by === 0 ? 0 : Math.min((had ?? 0) + by, mostPosts));
  if (exact.size > maxExactAuthors) sketch(set);
}

function sketch(set: AuthorSet): void {
  const registers = (set.registers ??= new Uint8Array(registerCount));
  for (const hash of set.exact?.keys() ?? []) note(registers, hash);
  set.exact = undefined;
}

function note(registers: Uint8Array, hash: bigint): void {
  const high = Number(hash >> 32n);
  const index = high >>> (32 - precision);
  // Leading zeros of the 52 bits below the index, plus one.
  const upper = (high << precision) >>> 0;
  const lower = Number(hash & 0xffff_ffffn);
  const zeros = upper !== 0 ? Math.clz32(upper) : 32 - precision + Math.clz32(lower);
  const value = Math.min(zeros, valueBits) + 1;
  if (value > (registers[index] ?? 0)) registers[index] = value;
}

/** Union of sets of any form; exact while all of them are and `mostExact` is not passed. */
export interface AuthorUnion {
  exact: Set<bigint> | undefined;
  registers: Uint8Array | undefined;
  isExact: boolean;
}
const mostExact = 16_384;

export function makeAuthorUnion(): AuthorUnion {
  return { exact: new Set(), registers: undefined, isExact: true };
}

export function uniteAuthors(union: AuthorUnion, set: AuthorSet): void {
  if (set.dirty || set.registers) union.isExact = false;
  for (const hash of set.exact?.keys() ?? []) uniteAuthor(union, hash);
  if (set.registers) {
    const registers = toSketch(union);
    for (let i = 0; i < registerCount; i++) registers[i] = Math.max(registers[i] ?? 0, set.registers[i] ?? 0);
  }
}

export function uniteAuthor(union: AuthorUnion, hash: bigint): void {
  if (union.registers) return note(union.registers, hash);
  const exact = (union.exact ??= new Set());
  exact.add(hash);
  if (exact.size > mostExact) toSketch(union);
}

function toSketch(union: AuthorUnion): Uint8Array {
  const registers = (union.registers ??= new Uint8Array(registerCount));
  for (const hash of union.exact ?? []) note(registers, hash);
  union.exact = undefined;
  union.isExact = false;
  return registers;
}

/** A set again, counts unknown: what a day keeps of its hours. */
export function setOfUnion(union: AuthorUnion, dirty: boolean): AuthorSet {
  if (union.registers) return { exact: undefined, registers: union.registers, dirty };
  const set = makeAuthorSet();
  for (const hash of union.exact ?? []) addAuthor(set, hash, 0);
  set.dirty = dirty;
  return set;
}

export function countOf(union: AuthorUnion): number {
  return union.registers ? Math.round(estimate(union.registers)) : (union.exact?.size ?? 0);
}

/** The improved raw estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6: no bias range, no tables. */
function estimate(registers: Uint8Array): number {
  const histogram = new Float64Array(valueBits + 2);
  for (const value of registers) histogram[value] = (histogram[value] ?? 0) + 1;
  let z = registerCount * tau(1 - (histogram[valueBits + 1] ?? 0) / registerCount);
  for (let value = valueBits; value >= 1; value--) z = 0.5 * (z + (histogram[value] ?? 0));
  z += registerCount * sigma((histogram[0] ?? 0) / registerCount);
  return registerCount ** 2 / (2 * Math.LN2 * z);
}

function sigma(share: number): number {
  if (share === 1) return Infinity;
  let x = share;
  let y = 1;
  let z = x;
  for (let before = -1; z !== before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  for (let before = -1; z !== before;) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

/** @param key 32 to 64 bytes, kept outside the database and used for nothing else */
export function makeAuthorHash(key: Uint8Array, cacheEntries = 50_000): (author: AuthorId) => bigint {
  const keyed = makeKeyedHash(key);
  let recent = new Map<AuthorId, bigint>();
  let older = new Map<AuthorId, bigint>();
  return (author) => {
    const known = recent.get(author);
    if (known !== undefined) return known;
    const hash = older.get(author) ?? keyed.digest(author).readBigUInt64BE(0);
    if (recent.size >= cacheEntries / 2) {
      older = recent;
      recent = new Map();
    }
    recent.set(author, hash);
    return hash;
  };
}
