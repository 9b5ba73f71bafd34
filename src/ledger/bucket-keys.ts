import { createHash, createSecretKey, type KeyObject, randomFillSync } from "node:crypto";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";

/** Identities of an author are encrypted under the key of one of so many buckets. */
export const bucketCount = 1_024;

/*
 * File: a header of 32 bytes (magic, check value of the ring), then two slots a bucket, 48 bytes each:
 * version (u32, big-endian; 0: empty), 32 bytes of key, 12 bytes of SHA-256 of what is before. The higher version is current.
 * A torn slot fails its sum and counts as empty. The same layout without header lies in shared memory.
 */
const magic = "EARSHOTBUCKETS1\n";
const headerBytes = 32;
const slotBytes = 48;
const sizeBytes = headerBytes + bucketCount * 2 * slotBytes;

export interface BucketKey {
  readonly version: number;
  readonly key: KeyObject;
}

export async function openBucketKeys(options: { readonly files: Files; readonly file: string; readonly create: boolean; readonly check: string }) {
  const { files, file } = options;
  const size = await files.sizeBytes(file);
  if (size === undefined) {
    if (!options.create) throw new EarshotError("KEY_MISSING", `${file}: expected the bucket keys of the data in this folder, came nothing; restore them from the backup`);
    const fresh = Buffer.alloc(sizeBytes);
    fresh.write(magic, 0, "latin1");
    fresh.write(options.check, magic.length, "latin1");
    for (let bucket = 0; bucket < bucketCount; bucket++) makeSlot(1).copy(fresh, headerBytes + bucket * 2 * slotBytes);
    await files.replace(file, fresh);
  }
  const bytes = await files.read(file);
  if (bytes.length !== sizeBytes || bytes.toString("latin1", 0, magic.length) !== magic)
    throw new EarshotError("KEY_MISSING", `${file}: expected ${sizeBytes} bytes of bucket keys, came ${bytes.length} of another kind`);
  if (bytes.toString("latin1", magic.length, magic.length + options.check.length) !== options.check)
    throw new EarshotError("KEY_MISSING", `${file}: the bucket keys belong to another key ring`);
  const memory = new SharedArrayBuffer(sizeBytes - headerBytes);
  const view = Buffer.from(memory);
  for (let i = 0; i < bucketCount * 2; i++) {
    const slot = bytes.subarray(headerBytes + i * slotBytes, headerBytes + (i + 1) * slotBytes);
    if (isWhole(slot)) view.set(slot, i * slotBytes);
  }
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    if (currentSlot(view, bucket) === undefined) throw new EarshotError("KEY_MISSING", `${file}: bucket ${bucket} has no key; restore the keys from the backup`);
  }
  const handle = await files.open(file, "update");

  async function put(bucket: number, index: number, slot: Buffer): Promise<void> {
    const at = (bucket * 2 + index) * slotBytes;
    await handle.write(slot, headerBytes + at);
    await handle.sync();
    // A key stands before its version does, and its version goes before the key: no thread meets a version without its key.
    const version = new Int32Array(memory, at, 1);
    const told = new Int32Array(new Uint8Array(slot.subarray(0, 4)).buffer)[0] ?? 0;
    if (told === 0) Atomics.store(version, 0, 0);
    view.set(slot.subarray(4), at + 4);
    Atomics.store(version, 0, told);
  }

  return {
    memory,
    async renew(bucket: number): Promise<void> {
      const current = currentSlot(view, bucket) ?? 0;
      if (versionAt(view, bucket, 1 - current) !== 0) return;
      await put(bucket, 1 - current, makeSlot(versionAt(view, bucket, current) + 1));
    },
    async destroyOld(bucket: number): Promise<void> {
      const current = currentSlot(view, bucket) ?? 0;
      if (versionAt(view, bucket, 1 - current) === 0) return;
      // Random bytes, then zeros: an overwrite that a controller may not take for a hole.
      const noise = Buffer.alloc(slotBytes);
      randomFillSync(noise, 4);
      await put(bucket, 1 - current, noise);
      await put(bucket, 1 - current, Buffer.alloc(slotBytes));
    },
    unfinished(): readonly number[] {
      const found: number[] = [];
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        if (versionAt(view, bucket, 0) !== 0 && versionAt(view, bucket, 1) !== 0) found.push(bucket);
      }
      return found;
    },
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
  };
}

/** Reads the shared keys of a ring; key objects are made once a version. */
export function makeBucketReader(memory: SharedArrayBuffer) {
  const view = Buffer.from(memory);
  const made = new Map<number, BucketKey>();
  const keyAt = (bucket: number, index: number): BucketKey => {
    const version = versionAt(view, bucket, index);
    const place = bucket * 2 + index;
    const known = made.get(place);
    if (known?.version === version) return known;
    const at = place * slotBytes + 4;
    const fresh = { version, key: createSecretKey(Buffer.from(view.subarray(at, at + 32))) };
    made.set(place, fresh);
    return fresh;
  };
  return {
    current(bucket: number): BucketKey {
      const index = currentSlot(view, bucket);
      if (index === undefined) throw new EarshotError("KEY_MISSING", `identities: bucket ${bucket} has no key`);
      return keyAt(bucket, index);
    },
    /** undefined: destroyed. */
    ofVersion(bucket: number, version: number): BucketKey | undefined {
      for (const index of [0, 1]) if (version !== 0 && versionAt(view, bucket, index) === version) return keyAt(bucket, index);
      return undefined;
    },
    /** Forgets key objects whose slot is empty now. */
    prune(): void {
      for (const [place, { version }] of made) if (versionAt(view, place >> 1, place & 1) !== version) made.delete(place);
    },
  };
}

function makeSlot(version: number): Buffer {
  const slot = Buffer.alloc(slotBytes);
  slot.writeUInt32BE(version, 0);
  randomFillSync(slot, 4, 32);
  sumOf(slot).copy(slot, 36);
  return slot;
}

function sumOf(slot: Uint8Array): Buffer {
  return createHash("sha256").update(slot.subarray(0, 36)).digest().subarray(0, 12);
}

function isWhole(slot: Buffer): boolean {
  return slot.readUInt32BE(0) !== 0 && sumOf(slot).equals(slot.subarray(36));
}

function versionAt(view: Buffer, bucket: number, index: number): number {
  return view.readUInt32BE((bucket * 2 + index) * slotBytes);
}

function currentSlot(view: Buffer, bucket: number): 0 | 1 | undefined {
  const first = versionAt(view, bucket, 0);
  const second = versionAt(view, bucket, 1);
  return first === 0 && second === 0 ? undefined : first > second ? 0 : 1;
}
