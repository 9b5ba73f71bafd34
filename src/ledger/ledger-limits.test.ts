import assert from "node:assert/strict";
import { test } from "node:test";
import { noCounts } from "../core/event.ts";
import { authorIdOf, changeOf, dropOf, hashOf, makePlaces, makeTestPost, openTestLedger, postIdOf, temporaryFolder } from "./ledger.fixtures.ts";
import { openLedgerReader } from "./ledger-reader.ts";
import { noPost } from "./ledger.ts";

const now = 1_700_000_000_000;
const at = (offset: number) => ({ postsOffset: offset, events: { offset, index: 0 }, generation: 0 });

test("without hold, engagement, reactions, withdrawals and deletions of posts that are not here leave nothing", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = { from: { offset: 0, index: 0 }, generation: 0, hold: false };
  assert.equal(dropOf(ledger.applyEngagement(postIdOf(1), now, { likes: 1 }, place)), "unknown");
  assert.equal(dropOf(ledger.applyReaction(postIdOf(1), hashOf(1), "likes", now, place)), "unknown");
  assert.equal(dropOf(ledger.applyUnreaction(hashOf(1), now, place)), "unknown");
  assert.equal(dropOf(ledger.applyDelete(postIdOf(1), now, place)), "unknown");
  assert.deepEqual(ledger.stats(), { pendingRows: 0, loneMarks: 0, heldRows: 0 });
});

test("what is held for posts to come is bounded, and makes room when it expires", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path, { maxPendingRows: 2, maxLoneMarks: 1 });
  const place = makePlaces();
  for (const n of [1, 2]) changeOf(ledger.applyEngagement(postIdOf(n), now + n, { likes: 1 }, place()));
  assert.equal(dropOf(ledger.applyReaction(postIdOf(3), hashOf(3), "likes", now, place())), "limit");
  changeOf(ledger.applyEngagement(postIdOf(2), now + 3, { likes: 2 }, place()));
  assert.equal(changeOf(ledger.applyUnreaction(hashOf(9), now, place())).id, noPost);
  assert.equal(dropOf(ledger.applyUnreaction(hashOf(10), now, place())), "limit");
  ledger.commit(at(9));
  assert.equal(ledger.expire({ postsMs: 0, tombstonesMs: 0, pendingMs: now + 2 }), 1);
  assert.deepEqual(ledger.stats(), { pendingRows: 1, loneMarks: 0, heldRows: 0 });
  changeOf(ledger.applyUnreaction(hashOf(10), now, place()));
});

test("old posts expire first and tombstones later; an expired tombstone lets its post in again", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  for (const n of [1, 2, 1_000]) ledger.applyPost(makeTestPost(n), hashOf(n), place());
  ledger.applyDelete(postIdOf(2), now + 5, place());
  ledger.commit(at(9));
  assert.equal(ledger.expire({ postsMs: now + 500, tombstonesMs: now, pendingMs: now }), 1);
  assert.equal(ledger.isRepeat(postIdOf(1), 0, hashOf(1), 0), false);
  assert.equal(dropOf(ledger.applyPost(makeTestPost(2), hashOf(2), place())), "deleted");
  assert.equal(ledger.isRepeat(postIdOf(1_000), 0, hashOf(1_000), 0), true);
  assert.equal(ledger.expire({ postsMs: 0, tombstonesMs: now + 6, pendingMs: now }), 1);
  assert.equal(changeOf(ledger.applyPost(makeTestPost(2), hashOf(2), place())).was, undefined);
  assert.deepEqual(ledger.postsOf(authorIdOf(1)), []);
});

test("a removed source takes its posts along without a tombstone, held and in the file alike", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1, { source: "world" }), hashOf(1), place());
  ledger.applyPost(makeTestPost(2), hashOf(2), place());
  ledger.commit(at(2));
  ledger.flush();
  ledger.applyPost(makeTestPost(3, { source: "world" }), hashOf(3), place());
  const changes = ledger.applyRemoveSource("world", place());
  assert.deepEqual(
    changes.map(({ kind, id, was }) => [kind, id, was?.source]),
    [
      ["delete", postIdOf(1), "world"],
      ["delete", postIdOf(3), "world"],
    ],
  );
  ledger.commit(at(9));
  ledger.flush();
  assert.equal(changeOf(ledger.applyPost(makeTestPost(1, { source: "world" }), hashOf(1), place())).was, undefined);
  assert.equal(ledger.isRepeat(postIdOf(2), 0, hashOf(2), 0), true);
});

test("terms are added and removed without touching the body, and the same again is a duplicate", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1, { terms: ["a", "b"] }), hashOf(1), place());
  const change = changeOf(ledger.applyTerms(postIdOf(1), ["c"], ["a"], place()));
  assert.deepEqual([change.kind, change.post, change.was?.terms, change.is?.terms], ["terms", undefined, ["a", "b"], ["b", "c"]]);
  assert.equal(dropOf(ledger.applyTerms(postIdOf(1), ["c"], ["a"], place())), "duplicate");
  assert.equal(dropOf(ledger.applyTerms(postIdOf(2), ["c"], [], place())), "unknown");
});

test("what today's stages make of a stored post takes its place with its counts, unless another form, a deletion or an erasure came since", async () => {
  using folder = temporaryFolder();
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1, { terms: ["a"], counts: { ...noCounts, likes: 3 } }), hashOf(1), place());
  const change = changeOf(ledger.applyAgain(makeTestPost(1, { terms: ["b"], sentiment: { label: "negative", score: -1 } }), place()));
  assert.deepEqual([change.kind, change.was?.terms, change.post?.terms, change.post?.sentiment?.label, change.post?.counts.likes], ["post", ["a"], ["b"], "negative", 3]);
  assert.equal(ledger.isRepeat(postIdOf(1), 0, hashOf(1), 0), true, "the platform's own form is known as before");
  assert.equal(dropOf(ledger.applyAgain(makeTestPost(1, { revision: 1 }), place())), "stale");
  assert.equal(dropOf(ledger.applyAgain(makeTestPost(1, { author: authorIdOf(9) }), place())), "stale");
  assert.equal(dropOf(ledger.applyAgain(makeTestPost(2), place())), "unknown");
  ledger.applyErase(makeTestPost(1).author, makeTestPost(1).createdAt, { objection: false }, place());
  assert.equal(dropOf(ledger.applyAgain(makeTestPost(1), place())), "erased");
});

test("a reader elsewhere sees what is flushed, of partitions that came after it too", async () => {
  using folder = temporaryFolder();
  using reader = openLedgerReader({ folder: folder.path });
  assert.equal(reader.lookup(postIdOf(1)), undefined);
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  ledger.applyPost(makeTestPost(1, { terms: ["new"] }), hashOf(1), place());
  ledger.applyDelete(postIdOf(2), now, place());
  ledger.commit(at(2));
  assert.equal(reader.lookup(postIdOf(1)), undefined);
  ledger.flush();
  const row = reader.lookup(postIdOf(1));
  assert.ok(row?.status === "post");
  assert.deepEqual(row.contribution.terms, ["new"]);
  assert.equal(reader.lookup(postIdOf(2))?.status, "deleted");
  assert.deepEqual(
    reader.postsOf(authorIdOf(1)).map(({ id }) => id),
    [postIdOf(1)],
  );
  ledger.applyPost(makeTestPost(3, { language: "xx" }), hashOf(3), place());
  ledger.commit(at(3));
  ledger.flush();
  const later = reader.lookup(postIdOf(3));
  assert.equal(later?.status === "post" && later.contribution.language, "xx");
});

test("an erasure of the register keeps the author out without a change, also after opening again", async () => {
  using folder = temporaryFolder();
  {
    using ledger = await openTestLedger(folder.path);
    ledger.remember(authorIdOf(1), now + 5, false);
    ledger.flush();
  }
  using ledger = await openTestLedger(folder.path);
  const place = makePlaces();
  assert.equal(dropOf(ledger.applyPost(makeTestPost(1), hashOf(1), place())), "erased");
  assert.equal(changeOf(ledger.applyPost(makeTestPost(11), hashOf(1), place())).kind, "post");
});
