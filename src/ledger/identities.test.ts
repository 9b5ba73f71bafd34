import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { SourceAuthor } from "../core/event.ts";
import { makeBucketReader } from "./bucket-keys.ts";
import { identityPath, openIdentities, type PutPost } from "./identities.ts";
import { bucketOf, sealedFor } from "./identity-file.ts";
import { eraseIdentities, finishRenewals, openIdentityReader } from "./identity-vault.ts";
import { type Keys, openKeys } from "./keys.ts";
import { files, postIdOf, temporaryFolder } from "./ledger.fixtures.ts";
import { makePseudonyms } from "./pseudonyms.ts";
import { unseal } from "./seal.ts";

const partitions = 3;

async function openAll(folder: string) {
  const keys = await openKeys({ files, folder: path.join(folder, "keys"), create: true });
  const identities = path.join(folder, "identities");
  const ids = makePseudonyms(keys.ring);
  const open = (partition: number) => openIdentities({ files, folder: identities, partition, ring: keys.ring });
  return { keys, ids, open, vault: { files, folder: identities, partitions } };
}

function person(name: string): SourceAuthor {
  return {
    id: `did:plc:${name.repeat(3)}`,
    handle: `${name}.bsky.social`,
    name: `Name of ${name}`,
    avatarUrl: `https://cdn.example/${name}.jpg`,
    profileUrl: `https://bsky.app/profile/${name}`,
    followers: 100,
  };
}

function postOf(source: SourceAuthor, n: number): PutPost {
  return { id: postIdOf(n), nativeId: `at://${source.id}/app.bsky.feed.post/3kabc${n}`, permalink: `https://bsky.app/profile/${source.id}/post/3kabc${n}` };
}

test("who wrote a post is found by pseudonym, handle and native id, and the post's own address is whole", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  using writer = await open(1);
  const alice = person("alice");
  const author = ids.authorId("bluesky", alice.id);
  writer.put("bluesky", author, alice, postOf(alice, 1), 5);
  writer.put("bluesky", author, alice, { id: postIdOf(2), nativeId: "x", permalink: "https://example.org/\u0001" });
  writer.flush({ offset: 9, index: 0 });
  assert.equal(writer.position(), undefined);
  writer.flush();
  using reader = openIdentityReader({ ...vault, ring: structuredClone(keys.ring) });
  const expected = {
    author,
    platform: "bluesky",
    seenAt: 5,
    nativeId: alice.id,
    handle: alice.handle,
    name: alice.name,
    avatarUrl: alice.avatarUrl,
    profileUrl: alice.profileUrl,
    followers: 100,
  };
  assert.deepEqual(await reader.resolve(author), expected);
  assert.deepEqual(await reader.findByHandle(undefined, "@Alice.BSKY.social"), [expected]);
  assert.deepEqual(await reader.findByHandle("mastodon", "alice.bsky.social"), []);
  assert.deepEqual(await reader.findByNativeId("bluesky", alice.id), [expected]);
  const { nativeId, permalink } = postOf(alice, 1);
  assert.deepEqual(await reader.resolvePost(postIdOf(1), author), { nativeId, permalink });
  assert.deepEqual(await reader.resolvePost(postIdOf(2), author), { nativeId: "x", permalink: "https://example.org/\u0001" });
  assert.equal(await reader.resolvePost(postIdOf(3), author), undefined);
  assert.deepEqual(writer.position(), { offset: 9, index: 0 });
});

test("a changed handle is written and found, an unchanged author is not written again, and the latest of several partitions holds", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  using first = await open(0);
  using second = await open(2);
  const bob = person("bob");
  const author = ids.authorId("bluesky", bob.id);
  first.put("bluesky", author, bob, undefined, 10);
  first.flush();
  const bytes = readFileSync(`${identityPath(vault.folder, 0)}-wal`).length;
  first.put("bluesky", author, { ...bob, followers: 101 }, undefined, 11);
  first.flush();
  assert.equal(readFileSync(`${identityPath(vault.folder, 0)}-wal`).length, bytes);
  first.put("bluesky", author, { ...bob, handle: "bobby.example" }, undefined, 12);
  first.flush();
  {
    using reader = openIdentityReader({ ...vault, ring: keys.ring });
    assert.equal((await reader.resolve(author))?.handle, "bobby.example");
  }
  second.put("bluesky", author, { ...bob, handle: "robert.example" }, undefined, 20);
  second.flush();
  using reader = openIdentityReader({ ...vault, ring: keys.ring });
  assert.equal((await reader.resolve(author))?.handle, "robert.example");
  assert.equal((await reader.findByHandle("bluesky", "robert.example")).length, 1);
});

test("an author is written once more after its bucket's key was renewed, unchanged or not", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  using writer = await open(0);
  const bob = person("bob");
  const author = ids.authorId("bluesky", bob.id);
  writer.put("bluesky", author, bob);
  writer.flush();
  const bucket = bucketOf(author);
  await keys.renewBucketKey(bucket);
  await keys.destroyOldBucketKey(bucket);
  writer.put("bluesky", author, bob);
  writer.flush();
  using reader = openIdentityReader({ ...vault, ring: keys.ring });
  assert.equal((await reader.resolve(author))?.handle, bob.handle);
});

test("a post that tells no name takes none away, in this run or after a restart", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  const bare: SourceAuthor = { id: "did:plc:somebody", profileUrl: "https://bsky.app/profile/did:plc:somebody" };
  const author = ids.authorId("bluesky", bare.id);
  for (let run = 0; run < 2; run++) {
    using writer = await open(1);
    if (run === 0) writer.put("bluesky", author, { ...bare, handle: "somebody.example" }, undefined, 1);
    writer.put("bluesky", author, bare, postOf(bare, run), 2);
    writer.flush();
    using reader = openIdentityReader({ ...vault, ring: keys.ring });
    assert.deepEqual(
      (await reader.findByHandle("bluesky", "somebody.example")).map((found) => found.author),
      [author],
    );
    assert.equal((await reader.resolvePost(postIdOf(run), author))?.nativeId, postOf(bare, run).nativeId);
  }
});

test("what is rolled back is not written, and is written when it comes again", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  using writer = await open(0);
  const carol = person("carol");
  const author = ids.authorId("bluesky", carol.id);
  writer.put("bluesky", author, carol);
  writer.rollback();
  writer.flush();
  using reader = openIdentityReader({ ...vault, ring: keys.ring });
  assert.equal(await reader.resolve(author), undefined);
  writer.put("bluesky", author, carol);
  writer.flush();
  assert.equal((await reader.resolve(author))?.nativeId, carol.id);
});

test("identities that are held go to the file when they are many, when asked, and when the writer is closed; a dropped author does not", async () => {
  using folder = temporaryFolder();
  const { keys, ids, vault } = await openAll(folder.path);
  await using _keys = keys;
  const options = { files, folder: vault.folder, partition: 0, ring: keys.ring, maxHeld: 3 };
  const [one, two, three, four, five] = ["one", "two", "three", "four", "five"].map(person);
  if (!one || !two || !three || !four || !five) assert.fail();
  const author = (source: SourceAuthor) => ids.authorId("bluesky", source.id);
  using reader = openIdentityReader({ ...vault, ring: keys.ring });
  {
    using writer = await openIdentities(options);
    writer.put("bluesky", author(one), one);
    writer.put("bluesky", author(two), two);
    writer.flush({ offset: 1, index: 0 });
    writer.put("bluesky", author(five), five);
    writer.drop(author(five));
    assert.equal(await reader.resolve(author(one)), undefined);
    writer.drop(author(two));
    writer.put("bluesky", author(three), three);
    writer.put("bluesky", author(four), four);
    writer.flush({ offset: 2, index: 0 });
    assert.deepEqual(writer.position(), { offset: 2, index: 0 });
    writer.put("bluesky", author(two), { ...two, name: "afterwards" });
    writer.flush({ offset: 3, index: 0 });
    writer.put("bluesky", author(one), { ...one, name: "never settled" });
  }
  assert.equal((await reader.resolve(author(one)))?.name, one.name);
  assert.equal((await reader.resolve(author(two)))?.name, "afterwards");
  assert.equal(await reader.resolve(author(five)), undefined);
  using writer = await openIdentities(options);
  assert.deepEqual(writer.position(), { offset: 3, index: 0 });
});

test("the database alone tells nothing: no id, handle, name or address stands in its bytes", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  using writer = await open(0);
  const dave = person("dave");
  writer.put("bluesky", ids.authorId("bluesky", dave.id), dave, postOf(dave, 1));
  writer.flush();
  const bytes = readdirSync(vault.folder)
    .map((name) => readFileSync(path.join(vault.folder, name), "latin1"))
    .join();
  for (const word of ["dave", "did:plc", "bsky", "3kabc"]) assert.equal(bytes.includes(word), false, word);
});

/** Chunks of a database file that any of the keys opens. */
function readable(file: string, keys: Keys): number {
  const buckets = makeBucketReader(keys.ring.buckets);
  using database = new DatabaseSync(file, { readOnly: true });
  let count = 0;
  for (const { n, bucket, sealed } of database.prepare("select n, bucket, sealed from chunk").all()) {
    if (typeof n !== "number" || typeof bucket !== "number" || !(sealed instanceof Uint8Array)) throw new Error("unexpected row");
    for (const version of [1, 2, 3]) {
      const key = buckets.ofVersion(bucket, version);
      try {
        if (key && unseal(key.key, sealedFor(n), sealed) !== "") count++;
      } catch {
        // Another key than the chunk's.
      }
    }
  }
  return count;
}

test("an erased author is gone with all posts, a copy made before cannot be read any more, and neighbours in the bucket can", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  // Two authors of one bucket, found by trying.
  const names = Array.from({ length: 3_000 }, (_, i) => person(`user${i}`));
  const byBucket = Map.groupBy(names, (source) => bucketOf(ids.authorId("bluesky", source.id)));
  const [eve, frank] = [...byBucket.values()].find((group) => group.length >= 2) ?? assert.fail();
  if (!eve || !frank) assert.fail();
  const [erased, kept] = [ids.authorId("bluesky", eve.id), ids.authorId("bluesky", frank.id)];
  using first = await open(0);
  using second = await open(1);
  first.put("bluesky", erased, eve, postOf(eve, 1));
  second.put("bluesky", erased, eve, postOf(eve, 2));
  second.put("bluesky", kept, frank, postOf(frank, 3));
  first.flush();
  second.flush();
  const backup = path.join(folder.path, "backup.sqlite");
  {
    using database = new DatabaseSync(identityPath(vault.folder, 1));
    database.exec("pragma wal_checkpoint(truncate)");
  }
  copyFileSync(identityPath(vault.folder, 1), backup);
  assert.equal(readable(backup, keys), 1);
  const oldKey = makeBucketReader(keys.ring.buckets).current(bucketOf(erased)).key.export();

  assert.deepEqual(await eraseIdentities({ ...vault, keys }, [erased]), { removedAuthors: 2, removedPosts: 2, resealedChunks: 1 });

  using reader = openIdentityReader({ ...vault, ring: keys.ring });
  assert.equal(await reader.resolve(erased), undefined);
  assert.deepEqual(await reader.findByHandle(undefined, eve.handle ?? ""), []);
  assert.equal(await reader.resolvePost(postIdOf(1), erased), undefined);
  assert.equal((await reader.resolve(kept))?.handle, frank.handle);
  assert.equal((await reader.resolvePost(postIdOf(3), kept))?.nativeId, postOf(frank, 3).nativeId);
  assert.equal(readable(backup, keys), 0);
  const keyBytes = readdirSync(path.join(folder.path, "keys")).map((name) => readFileSync(path.join(folder.path, "keys", name)));
  assert.equal(
    keyBytes.some((bytes) => bytes.includes(oldKey)),
    false,
  );
  // A writer that was open all the time seals under the new key, and writes the neighbour again.
  second.put("bluesky", kept, frank, postOf(frank, 4));
  second.flush();
  assert.equal((await reader.resolvePost(postIdOf(4), kept))?.nativeId, postOf(frank, 4).nativeId);
});

test("no byte of an erased author's sealed rows is left in the files", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  using writer = await open(0);
  for (let i = 0; i < 1_500; i++) {
    const source = person(`user${i}`);
    writer.put("bluesky", ids.authorId("bluesky", source.id), source, postOf(source, i));
    if (i % 100 === 0) writer.flush();
  }
  writer.flush();
  const author = ids.authorId("bluesky", person("user700").id);
  const sealedRows = () => {
    using database = new DatabaseSync(identityPath(vault.folder, 0), { readOnly: true });
    const found = database.prepare("select sealed from chunk where bucket = ?").all(bucketOf(author));
    return found.map(({ sealed }) => (sealed instanceof Uint8Array ? Buffer.from(sealed) : assert.fail()));
  };
  const before = sealedRows();
  assert.ok(before.length >= 1);
  await eraseIdentities({ ...vault, keys }, [author]);
  const bytes = readdirSync(vault.folder).map((name) => readFileSync(path.join(vault.folder, name)));
  for (const sealed of before)
    assert.equal(
      bytes.some((each) => each.includes(sealed.subarray(0, 28))),
      false,
    );
});

test("a renewal that a crash broke off is ended at the next start, and everybody else is still readable", async () => {
  using folder = temporaryFolder();
  const grace = person("grace");
  {
    const { keys, ids, open } = await openAll(folder.path);
    await using _keys = keys;
    using writer = await open(0);
    const author = ids.authorId("bluesky", grace.id);
    writer.put("bluesky", author, grace, postOf(grace, 1));
    writer.flush();
    await keys.renewBucketKey(bucketOf(author));
  }
  const { keys, ids, vault } = await openAll(folder.path);
  await using _keys = keys;
  const author = ids.authorId("bluesky", grace.id);
  assert.deepEqual(await finishRenewals({ ...vault, keys }), { removedAuthors: 0, removedPosts: 0, resealedChunks: 1 });
  assert.deepEqual(keys.unfinishedBuckets(), []);
  using reader = openIdentityReader({ ...vault, ring: keys.ring });
  assert.equal((await reader.resolve(author))?.handle, grace.handle);
  assert.equal((await reader.resolvePost(postIdOf(1), author))?.nativeId, postOf(grace, 1).nativeId);
  assert.deepEqual(await finishRenewals({ ...vault, keys }), { removedAuthors: 0, removedPosts: 0, resealedChunks: 0 });
});

test("identities that were written under other keys are refused", async () => {
  using folder = temporaryFolder();
  using other = temporaryFolder();
  const mine = await openAll(folder.path);
  const theirs = await openAll(other.path);
  await using _mine = mine.keys;
  await using _theirs = theirs.keys;
  (await mine.open(0))[Symbol.dispose]();
  await assert.rejects(openIdentities({ files, folder: mine.vault.folder, partition: 0, ring: theirs.keys.ring }), { code: "KEY_MISSING" });
});

test("a file of version 4 opens as it is and loses its tree of posts", async () => {
  using folder = temporaryFolder();
  const { keys, ids, open, vault } = await openAll(folder.path);
  await using _keys = keys;
  const heidi = person("heidi");
  const author = ids.authorId("bluesky", heidi.id);
  {
    using writer = await open(0);
    writer.put("bluesky", author, heidi, postOf(heidi, 1), 5);
    writer.flush();
  }
  const older = new DatabaseSync(identityPath(vault.folder, 0));
  older.exec("create table post (id integer primary key, n integer not null); insert into post values (1, 1); pragma user_version = 4;");
  older.close();
  using again = await open(0);
  again.put("bluesky", author, heidi, postOf(heidi, 2), 6);
  again.flush();
  using reader = openIdentityReader({ ...vault, ring: keys.ring });
  for (const n of [1, 2]) assert.equal((await reader.resolvePost(postIdOf(n), author))?.nativeId, postOf(heidi, n).nativeId);
  using file = new DatabaseSync(identityPath(vault.folder, 0));
  assert.equal(file.prepare("select count(*) as tables from sqlite_master where name = 'post'").get()?.["tables"], 0);
});
