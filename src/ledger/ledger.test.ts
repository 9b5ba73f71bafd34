import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Change, contributionOf } from "../core/event.ts";
import { authorIdFrom, postIdFrom } from "../core/ids.ts";
import { packTowards } from "../core/towards.ts";
import { authorIdOf, changeOf, dropOf, hashOf, makePlaces, makeTestPost, openTestLedger, postIdOf, temporaryFolder } from "./ledger.fixtures.ts";

const now = 1_700_000_000_000;

test("a new post is a change without was, and its repeat is dropped", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  const post = makeTestPost(1);
  assert.equal(ledger.isRepeat(post.id, 0, hashOf(1), 0), false);
  const change = changeOf(ledger.applyPost(post, hashOf(1), place()));
  assert.equal(change.kind, "post");
  assert.equal(change.was, undefined);
  assert.deepEqual(change.post, post);
  assert.equal(ledger.isRepeat(post.id, 0, hashOf(1), 0), true);
  assert.equal(dropOf(ledger.applyPost(post, hashOf(1), place())), "duplicate");
});

test("what a post says of its terms comes back from the file, and goes with a term that it bears no more", async () => {
  using folder = temporaryFolder();
  const targets = [
    ["x", "negative"],
    ["y", undefined],
    ["z", "positive"],
  ] as const;
  const towards = packTowards(
    "towards@0a1b2c3d",
    targets.map(([id, label]) => ({ kind: "term", id, score: 0, places: [], ...(label !== undefined && { label }) })),
  );
  const post = makeTestPost(1, { sensitivity: "private", sentiment: { label: "positive", score: 1 }, terms: ["w", "x", "y"], notes: { towards } });
  const place = makePlaces();
  {
    using ledger = await openTestLedger(folder.path);
    ledger.applyPost(post, hashOf(1), place());
    ledger.commit({ postsOffset: 1, events: { offset: 1, index: 0 }, generation: 0 });
    ledger.flush();
  }
  using ledger = await openTestLedger(folder.path);
  const change = changeOf(ledger.applyTerms(post.id, ["z"], ["x"], place()));
  assert.deepEqual(change.was, { ...contributionOf(post), towards: { x: "negative", y: "none" } });
  assert.deepEqual([change.is?.terms, change.is?.towards], [["w", "y", "z"], { y: "none" }]);
});

test("an edit carries what the post was, and an older revision afterwards is stale", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  const post = makeTestPost(1);
  const edited = makeTestPost(1, { revision: 2, language: "de", editedAt: now + 5_000 });
  ledger.applyPost(post, hashOf(1), place());
  const change = changeOf(ledger.applyPost(edited, hashOf(2), place()));
  assert.deepEqual(change.was, contributionOf(post));
  assert.equal(change.post?.language, "de");
  assert.equal(change.at, now + 5_000);
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1, { revision: 1 }), hashOf(3), place())), "stale");
});

test("other content under the same revision is an edit from the same source, and another rendering from another source", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1), hashOf(1), place());
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1, { source: "firehose" }), hashOf(2), place())), "duplicate");
  assert.equal(changeOf(ledger.applyPost(makeTestPost(1, { text: "b" }), hashOf(2), place())).post?.text, "b");
});

test("a later generation replaces the same revision once, and an earlier generation is stale", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  ledger.applyPost(makeTestPost(1), hashOf(1), makePlaces(1)());
  const place = makePlaces(2, 5);
  assert.equal(changeOf(ledger.applyPost(makeTestPost(1), hashOf(1), place())).kind, "post");
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1), hashOf(1), place())), "duplicate");
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1), hashOf(1), makePlaces(1, 9)())), "stale");
});

test("engagement that comes before its post is held and joins it", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  const held = changeOf(ledger.applyEngagement(postIdOf(1), now, { likes: 3 }, place()));
  assert.deepEqual([held.was, held.is], [undefined, undefined]);
  ledger.applyReaction(postIdOf(1), hashOf(77), "shares", now, place());
  assert.equal(ledger.stats().pendingRows, 1);
  const change = changeOf(ledger.applyPost(makeTestPost(1), hashOf(1), place()));
  assert.deepEqual(change.post?.counts, { likes: 3, shares: 1, replies: 0, views: 0 });
  assert.equal(ledger.stats().pendingRows, 0);
});

test("a deletion before its post keeps the post out, whatever its revision", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  const change = changeOf(ledger.applyDelete(postIdOf(1), now, place()));
  assert.deepEqual([change.kind, change.was, change.is], ["delete", undefined, undefined]);
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1, { revision: 9 }), hashOf(1), place())), "deleted");
  assert.equal(ledger.isRepeat(postIdOf(1), 9, hashOf(1), 0), true);
});

test("a deleted post stays out when it is delivered again, and comes back only as a later revision made after the deletion", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1), hashOf(1), place());
  assert.ok(changeOf(ledger.applyDelete(postIdOf(1), now + 10_000, place())).was);
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1), hashOf(1), place())), "deleted");
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1, { revision: 1, editedAt: now + 9_000 }), hashOf(2), place())), "deleted");
  const back = changeOf(ledger.applyPost(makeTestPost(1, { revision: 1, editedAt: now + 11_000 }), hashOf(2), place()));
  assert.equal(back.was, undefined);
});

test("a reaction counts once, its withdrawal subtracts once, also when the withdrawal comes first", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  const id = postIdOf(1);
  ledger.applyPost(makeTestPost(1), hashOf(1), place());
  assert.equal(changeOf(ledger.applyReaction(id, hashOf(70), "likes", now + 1, place())).is?.counts.likes, 1);
  assert.equal(dropOf(ledger.applyReaction(id, hashOf(70), "likes", now + 1, place())), "duplicate");
  assert.equal(changeOf(ledger.applyUnreaction(hashOf(70), now + 2, place())).is?.counts.likes, 0);
  assert.equal(dropOf(ledger.applyUnreaction(hashOf(70), now + 2, place())), "duplicate");
  assert.equal(dropOf(ledger.applyReaction(id, hashOf(70), "likes", now + 1, place())), "duplicate");
  ledger.applyUnreaction(hashOf(71), now + 2, place());
  assert.equal(dropOf(ledger.applyReaction(id, hashOf(71), "likes", now + 1, place())), "duplicate");
});

test("an absolute number holds the reactions up to its time, and an older number changes nothing", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  const id = postIdOf(1);
  ledger.applyPost(makeTestPost(1), hashOf(1), place());
  ledger.applyEngagement(id, now + 100, { likes: 10 }, place());
  assert.equal(changeOf(ledger.applyReaction(id, hashOf(70), "likes", now + 50, place())).is?.counts.likes, 10);
  assert.equal(changeOf(ledger.applyReaction(id, hashOf(71), "likes", now + 150, place())).is?.counts.likes, 11);
  assert.equal(dropOf(ledger.applyEngagement(id, now + 60, { likes: 4 }, place())), "stale");
  assert.equal(dropOf(ledger.applyEngagement(id, now + 100, { likes: 10 }, place())), "duplicate");
  assert.equal(changeOf(ledger.applyEngagement(id, now + 200, { likes: 12 }, place())).is?.counts.likes, 12);
});

test("counts inside an older form of the post do not lower newer ones", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1, { counts: { likes: 1, shares: 0, replies: 0, views: 0 } }), hashOf(1), place());
  ledger.applyEngagement(postIdOf(1), now + 9_000_000, { likes: 10 }, place());
  const edit = changeOf(ledger.applyPost(makeTestPost(1, { revision: 1, counts: { likes: 2, shares: 5, replies: 0, views: 0 } }), hashOf(2), place()));
  assert.deepEqual(edit.post?.counts, { likes: 10, shares: 5, replies: 0, views: 0 });
});

test("an erasure gives one change a post made up to its time, and keeps those posts out; an objection all of them", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  for (const n of [1, 11, 21]) ledger.applyPost(makeTestPost(n), hashOf(n), place());
  const changes = ledger.applyErase(authorIdOf(1), now + 11, { objection: false }, place());
  assert.deepEqual(
    changes.map((change) => [change.kind, change.was?.createdAt]),
    [
      ["erase", undefined],
      ["erase", now + 1],
      ["erase", now + 11],
    ],
  );
  assert.deepEqual(
    changes.map((change) => change.from.index),
    [0, 1, 2],
  );
  assert.equal(dropOf(ledger.applyPost(makeTestPost(11), hashOf(11), place())), "erased");
  assert.equal(dropOf(ledger.applyPost(makeTestPost(5, { author: authorIdOf(1) }), hashOf(11), place())), "erased");
  assert.equal(ledger.isErased(authorIdOf(1), now + 12), false);
  assert.equal(ledger.applyErase(authorIdOf(1), now + 11, { objection: true }, place()).length, 2);
  assert.equal(dropOf(ledger.applyPost(makeTestPost(31, { author: authorIdOf(1) }), hashOf(1), place())), "erased");
});

test("a rollback leaves nothing of the batch, also after an earlier commit", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.begin();
  ledger.applyPost(makeTestPost(1), hashOf(1), place());
  ledger.commit({ postsOffset: 1, events: { offset: 0, index: 0 }, generation: 0 });
  ledger.begin();
  ledger.applyDelete(postIdOf(1), now, place());
  ledger.applyPost(makeTestPost(2), hashOf(2), place());
  ledger.applyEngagement(postIdOf(3), now, { likes: 1 }, place());
  ledger.rollback();
  assert.equal(ledger.isRepeat(postIdOf(1), 0, hashOf(1), 0), true);
  assert.equal(ledger.isRepeat(postIdOf(2), 0, hashOf(2), 0), false);
  assert.equal(ledger.stats().pendingRows, 0);
  assert.deepEqual(ledger.position(), { postsOffset: 1, events: { offset: 0, index: 0 }, generation: 0 });
});

test("a flushed ledger opens with its position and rows; what was only committed comes back from posts", async () => {
  using folder = temporaryFolder();
  const place = makePlaces();
  const changes: Change[] = [];
  {
    using ledger = await openTestLedger(folder.path);
    assert.equal(ledger.needsRebuild, true);
    changes.push(changeOf(ledger.applyPost(makeTestPost(1), hashOf(1), place())));
    ledger.commit({ postsOffset: 1, events: { offset: 0, index: 0 }, generation: 0 });
  }
  using ledger = await openTestLedger(folder.path);
  assert.equal(ledger.needsRebuild, false);
  assert.deepEqual(ledger.position(), { postsOffset: 1, events: { offset: 0, index: 0 }, generation: 0 });
  assert.equal(ledger.rebuild(changes[0] ?? assert.fail()), false);
  assert.equal(ledger.isRepeat(postIdOf(1), 0, hashOf(1), 0), true);
});

test("a flush between apply and commit writes what is committed only, and the batch can still be committed or dropped", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1), hashOf(1), place());
  ledger.commit({ postsOffset: 1, events: { offset: 0, index: 0 }, generation: 0 });
  ledger.flush();
  for (const end of ["commit", "rollback"] as const) {
    ledger.begin();
    ledger.applyReaction(postIdOf(1), hashOf(end.length), "likes", now, place());
    ledger.applyPost(makeTestPost(2), hashOf(2), place());
    ledger.flush();
    if (end === "commit") ledger.commit({ postsOffset: 3, events: { offset: 2, index: 0 }, generation: 0 });
    else ledger.rollback();
    ledger.flush();
  }
  assert.deepEqual(ledger.position(), { postsOffset: 3, events: { offset: 2, index: 0 }, generation: 0 });
  assert.equal(changeOf(ledger.applyDelete(postIdOf(1), now, place())).was?.counts.likes, 1);
  assert.equal(ledger.isRepeat(postIdOf(2), 0, hashOf(2), 0), true);
});

test("two posts whose ids begin alike are kept apart, also in the file", async () => {
  using folder = temporaryFolder();
  const place = makePlaces();
  const ids = [1, 2, 3].map((last) => postIdFrom(Buffer.concat([Buffer.alloc(15, 5), Buffer.from([last])])));
  {
    using ledger = await openTestLedger(folder.path);
    for (const [n, id] of ids.entries()) {
      ledger.applyPost(makeTestPost(n, { id, author: authorIdOf(1) }), hashOf(n), place());
      ledger.commit({ postsOffset: n, events: { offset: n, index: 0 }, generation: 0 });
      ledger.flush();
    }
  }
  using ledger = await openTestLedger(folder.path);
  for (const [n, id] of ids.entries()) assert.equal(ledger.isRepeat(id, 0, hashOf(n), 0), true);
  assert.deepEqual(new Set(ledger.postsOf(authorIdOf(1)).map(({ id }) => id)), new Set(ids));
});

test("a damaged file is given up, and the ledger says that it must be rebuilt", async () => {
  using folder = temporaryFolder();
  (await openTestLedger(folder.path))[Symbol.dispose]();
  writeFileSync(path.join(folder.path, "007.sqlite"), "this is no database, and it is long enough to be looked at".repeat(100));
  using ledger = await openTestLedger(folder.path);
  assert.equal(ledger.needsRebuild, true);
  assert.equal(ledger.position().postsOffset, 0);
});

test("a ledger whose ids were made with another key is refused", async () => {
  using folder = temporaryFolder();
  (await openTestLedger(folder.path, { keyCheck: "aaaa" }))[Symbol.dispose]();
  await assert.rejects(openTestLedger(folder.path, { keyCheck: "bbbb" }), { code: "KEY_MISSING" });
});

test("after an erasure and forget, no byte of the pseudonym is left in the files", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  const author = authorIdFrom(1, Buffer.from("0123456789abcdef"));
  const bytes = () =>
    readdirSync(folder.path)
      .map((name) => readFileSync(path.join(folder.path, name), "latin1"))
      .join();
  for (let n = 0; n < 3_000; n++) ledger.applyPost(makeTestPost(n, n % 50 === 0 ? { author } : {}), hashOf(n), place());
  ledger.commit({ postsOffset: 3_000, events: { offset: 3_000, index: 0 }, generation: 0 });
  ledger.flush();
  assert.ok(bytes().includes("0123456789abcdef"));
  assert.equal(ledger.applyErase(author, now + 10_000, { objection: false }, place()).length, 61);
  ledger.commit({ postsOffset: 4_000, events: { offset: 4_000, index: 0 }, generation: 0 });
  ledger.forget();
  assert.equal(bytes().includes("0123456789abcdef"), false);
  assert.equal(ledger.isErased(author, now), true);
});
