import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../core/event.ts";
import { makeTestPost, postIdOf } from "../ledger/ledger.fixtures.ts";
import { contributionOf } from "../core/event.ts";
import { makeFormedPosts } from "./formed-posts.ts";

const changeOf = (n: number, more: Partial<Change>): Change => ({ kind: "post", id: postIdOf(n), at: 0, partition: 0, from: { offset: n, index: 0 }, generation: 0, ...more });
const was = contributionOf(makeTestPost(1));

test("posts that took another form since the watch began are known, new ones and those from before are not", () => {
  const formed = makeFormedPosts();
  formed.note(changeOf(1, { was }));
  formed.watch(true);
  formed.note(changeOf(2, { was }));
  formed.note(changeOf(3, {}));
  formed.note(changeOf(4, { kind: "counts", was }));
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => formed.has(postIdOf(n))),
    [false, true, false, false],
  );
  formed.watch(true);
  assert.equal(formed.has(postIdOf(2)), false, "a watch begins anew");
  formed.watch(false);
  assert.throws(() => formed.has(postIdOf(2)), /LIMIT_REACHED|edited while they were read/, "without a watch nothing is known, so nothing may be taken up");
});
