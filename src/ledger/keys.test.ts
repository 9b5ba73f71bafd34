import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { isAuthorId, isPostId } from "../core/ids.ts";
import { bucketCount, makeBucketReader } from "./bucket-keys.ts";
import { openKeys } from "./keys.ts";
import { files, temporaryFolder } from "./ledger.fixtures.ts";
import { makePseudonyms } from "./pseudonyms.ts";

test("keys are made once, for their owner alone, and are the same when opened again", async () => {
  using folder = temporaryFolder();
  const options = { files, folder: path.join(folder.path, "keys"), create: true };
  await using first = await openKeys(options);
  await using second = await openKeys({ ...options, create: false, expectedCheck: first.ring.check });
  assert.deepEqual(second.ring, first.ring);
  for (const name of readdirSync(options.folder)) assert.equal(statSync(path.join(options.folder, name)).mode & 0o777, 0o600);
});

test("missing, foreign, mixed and damaged keys are each refused as KEY_MISSING, and nothing is written", async () => {
  using folder = temporaryFolder();
  using other = temporaryFolder();
  await assert.rejects(openKeys({ files, folder: folder.path, create: false }), { code: "KEY_MISSING" });
  assert.deepEqual(readdirSync(folder.path), []);
  await (await openKeys({ files, folder: folder.path, create: true }))[Symbol.asyncDispose]();
  await (await openKeys({ files, folder: other.path, create: true }))[Symbol.asyncDispose]();
  await assert.rejects(openKeys({ files, folder: folder.path, create: false, expectedCheck: "0000000000000000" }), { code: "KEY_MISSING" });
  writeFileSync(path.join(folder.path, "buckets.keys"), readFileSync(path.join(other.path, "buckets.keys")));
  await assert.rejects(openKeys({ files, folder: folder.path, create: true }), { code: "KEY_MISSING" });
  writeFileSync(path.join(other.path, "keys.json"), readFileSync(path.join(other.path, "keys.json"), "utf8").replace(/"post": "..../, '"post": "AAAA'));
  await assert.rejects(openKeys({ files, folder: other.path, create: true }), { code: "KEY_MISSING" });
  rmSync(path.join(other.path, "buckets.keys"));
  writeFileSync(path.join(other.path, "keys.json"), "{");
  await assert.rejects(openKeys({ files, folder: other.path, create: true }), { code: "KEY_MISSING" });
});

test("pseudonyms are HMAC-SHA-256 of platform and native id, under a key for each purpose", async () => {
  using folder = temporaryFolder();
  await using keys = await openKeys({ files, folder: folder.path, create: true });
  const ids = makePseudonyms(structuredClone(keys.ring));
  const expected = createHmac("sha256", keys.ring.post).update("bluesky\nat://x").digest().subarray(0, 16);
  assert.equal(ids.postId("bluesky", "at://x"), `p_${expected.toString("base64url")}`);
  assert.deepEqual(ids.keyWords("bluesky", "at://x"), [expected.readUInt32BE(0), expected.readUInt32BE(4)]);
  assert.ok(isPostId(ids.postId("x", "1")) && isAuthorId(ids.authorId("x", "1")));
  assert.equal(ids.mentionId("x", "Someone"), ids.mentionId("x", "someone"));
  assert.notEqual(ids.mentionId("x", "1").slice(2), ids.authorId("x", "1").slice(3));
  assert.match(ids.mark("x", "like"), /^[0-9a-f]{16}$/);
});

test("a rotated author key makes other pseudonyms; the old ones stay known until it is retired, and then its bytes are gone", async () => {
  using folder = temporaryFolder();
  await using keys = await openKeys({ files, folder: folder.path, create: true });
  const before = makePseudonyms(keys.ring).authorId("x", "1");
  const oldKey = Buffer.from(keys.ring.authors[0]?.key ?? []).toString("base64");
  await assert.rejects(keys.retireAuthorKey(1), { code: "CONFLICT" });
  const ids = makePseudonyms(await keys.rotateAuthorKey("analysis"));
  assert.equal(ids.authorId("x", "1").startsWith("a2_"), true);
  assert.deepEqual(ids.authorIds("x", "1"), [before, ids.authorId("x", "1")]);
  assert.deepEqual(makePseudonyms(await keys.retireAuthorKey(1)).authorIds("x", "1"), [ids.authorId("x", "1")]);
  assert.equal(readFileSync(path.join(folder.path, "keys.json"), "utf8").includes(oldKey), false);
});

test("a bucket's renewal is seen through the shared memory, survives a reopening half-way, and ends with the old bytes overwritten", async () => {
  using folder = temporaryFolder();
  const options = { files, folder: folder.path, create: true };
  const bucket = bucketCount - 1;
  const fileBytes = () => readFileSync(path.join(folder.path, "buckets.keys"));
  let oldKey: Buffer;
  {
    await using keys = await openKeys(options);
    const reader = makeBucketReader(structuredClone(keys.ring).buckets);
    oldKey = reader.current(bucket).key.export();
    await keys.renewBucketKey(bucket);
    assert.equal(reader.current(bucket).version, 2);
    assert.ok(reader.ofVersion(bucket, 1));
  }
  await using keys = await openKeys({ ...options, create: false });
  assert.deepEqual(keys.unfinishedBuckets(), [bucket]);
  assert.ok(fileBytes().includes(oldKey));
  await keys.renewBucketKey(bucket);
  await keys.destroyOldBucketKey(bucket);
  assert.deepEqual(keys.unfinishedBuckets(), []);
  assert.equal(fileBytes().includes(oldKey), false);
  assert.equal(makeBucketReader(keys.ring.buckets).ofVersion(bucket, 1), undefined);
  assert.equal(makeBucketReader(keys.ring.buckets).current(bucket).version, 2);
});
