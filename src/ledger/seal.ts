import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from "node:crypto";
import { EarshotError } from "../core/errors.ts";

const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces: nonce, ciphertext, tag. One key may seal 2^32 times; a bucket sees a
 * thousandth of all chunks. `where` is authenticated with it, so that what is sealed cannot be moved.
 */
export function makeSeal() {
  const pool = Buffer.allocUnsafe(ivBytes * 512);
  let used = pool.length;
  return {
    close(key: KeyObject, where: Uint8Array, text: string): Buffer {
      if (used === pool.length) {
        randomFillSync(pool);
        used = 0;
      }
      const iv = pool.subarray(used, used + ivBytes);
      used += ivBytes;
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      cipher.setAAD(where);
      const body = cipher.update(text, "utf8");
      cipher.final();
      return Buffer.concat([iv, body, cipher.getAuthTag()]);
    },
  };
}

export function unseal(key: KeyObject, where: Uint8Array, sealed: Uint8Array): string {
  if (sealed.length < ivBytes + tagBytes) throw new EarshotError("STORE_CORRUPT", "identities: a sealed chunk is too short");
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(where);
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return decipher.update(sealed.subarray(ivBytes, end), undefined, "utf8") + decipher.final("utf8");
  } catch (error) {
    throw new EarshotError("STORE_CORRUPT", "identities: a sealed chunk fails its authentication", { cause: error });
  }
}
