import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { authorIdFrom, idBytes, idWords, makeKeyedHash, postIdFrom } from "./ids.ts";

test("a keyed hash is HMAC-SHA-256 cut to 16 bytes, as bytes and as text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.string({ unit: "grapheme", maxLength: 700 }), (key, message) => {
      const expected = createHmac("sha256", key).update(message, "utf8").digest().subarray(0, 16);
      const hash = makeKeyedHash(key);
      assert.deepEqual(hash.digest(message), expected);
      assert.equal(hash.digestText(message), expected.toString("base64url"));
    }),
  );
});

test("a key of another length is refused", () => {
  assert.throws(() => makeKeyedHash(new Uint8Array(31)), TypeError);
  assert.throws(() => makeKeyedHash(new Uint8Array(65)), TypeError);
});

test("the words of an id are its first 8 bytes, whatever its kind", () => {
  for (let i = 0; i < 500; i++) {
    const bytes = randomBytes(16);
    for (const id of [postIdFrom(bytes), authorIdFrom(12, bytes)]) {
      assert.deepEqual(idBytes(id), bytes);
      assert.deepEqual(idWords(id), { high: bytes.readUInt32BE(0), low: bytes.readUInt32BE(4) });
    }
  }
});
