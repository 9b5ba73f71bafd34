import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from "node:crypto";
import { EarshotError } from "../core/errors.ts";

const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces: nonce, ciphertext, tag. At 2^32 rows a bucket key the chance of a
 * repeated nonce reaches 2^-32; a bucket holds a thousandth of all rows. The id is authenticated with it, so rows cannot be swapped.
 */
export function makeSeal() {
  const pool = Buffer.allocUnsafe(ivBytes * 512);
  let used = pool.length;
  return {
    close(key: KeyObject, id: Uint8Array, text: string): Buffer {
      if (used === pool.length) {
        randomFillSync(pool);
        used = 0;
      }
      const iv = pool.subarray(used, used + ivBytes);
      used += ivBytes;
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      cipher.setAAD(id);
      const body = cipher.update(text, "utf8");
      cipher.final();
      return Buffer.concat([iv, body, cipher.getAuthTag()]);
    },
  };
}

export function unseal(key: KeyObject, id: Uint8Array, sealed: Uint8Array): string {
  if (sealed.length < ivBytes + tagBytes) throw new EarshotError("STORE_CORRUPT", "identities: a sealed row is too short");
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(id);
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return decipher.update(sealed.subarray(ivBytes, end), undefined, "utf8") + decipher.final("utf8");
  } catch (error) {
    throw new EarshotError("STORE_CORRUPT", "identities: a sealed row fails its authentication", { cause: error });
  }
}
