import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { packTowards, type TargetSentiment } from "../core/towards.ts";
import { termLabelsOf, type Change, type Contribution, type Counts, countNames, noCounts } from "../core/event.ts";
import type { PostId } from "../core/ids.ts";
import { authorIdOf, hashOf, makeTestPost, openTestLedger, postIdOf, temporaryFolder } from "./ledger.fixtures.ts";
import type { Ledger, Place } from "./ledger.ts";

const base = 1_700_000_000_000;
const postCount = 6;
const spoken = (id: string, content: number): TargetSentiment => ({ kind: "term", id, ...(content === 2 && { label: "negative" }), score: 0, places: [] });

type Step =
  | { readonly type: "post"; readonly n: number; readonly revision: number; readonly content: number; readonly at: number; readonly likes: number | undefined }
  | { readonly type: "engagement"; readonly n: number; readonly at: number; readonly name: keyof Counts; readonly count: number }
  | { readonly type: "reaction"; readonly n: number; readonly mark: number; readonly at: number }
  | { readonly type: "unreaction"; readonly mark: number; readonly at: number }
  | { readonly type: "delete"; readonly n: number; readonly at: number }
  | { readonly type: "erase"; readonly author: number; readonly at: number; readonly objection: boolean }
  | { readonly type: "terms"; readonly n: number; readonly term: string }
  | { readonly type: "again"; readonly n: number; readonly revision: number; readonly term: string }
  | { readonly type: "commit" | "rollback" | "flush" };

const n = fc.integer({ min: 0, max: postCount - 1 });
const at = fc.integer({ min: 0, max: 40 });
const mark = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("post"),
      n,
      revision: fc.integer({ min: 0, max: 2 }),
      content: fc.integer({ min: 0, max: 2 }),
      at,
      likes: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("engagement"), n, at, name: fc.constantFrom(...countNames), count: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("reaction"), n, mark, at }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("unreaction"), mark, at }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("delete"), n, at }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("erase"), author: fc.integer({ min: 0, max: 2 }), at, objection: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("terms"), n, term: fc.constantFrom("x", "y") }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("again"), n, revision: fc.integer({ min: 0, max: 2 }), term: fc.constantFrom("z", "zz") }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom("commit", "rollback", "flush") }) },
);

function apply(ledger: Ledger, event: Step, place: Place): readonly Change[] {
  const some = (result: Change | { readonly drop: string }): readonly Change[] => ("drop" in result ? [] : [result]);
  switch (event.type) {
    case "post": {
      const made = base + event.at;
      const post = makeTestPost(event.n, {
        author: authorIdOf(event.n % 3),
        createdAt: base + event.n,
        editedAt: made,
        receivedAt: made,
        revision: event.revision,
        text: `content ${event.content}`,
        // What is said of y is known before the post bears it, of x once it does.
        ...(event.content > 0 && { terms: ["x"], notes: { towards: packTowards("towards@0a1b2c3d", [spoken("x", event.content), spoken("y", 0)]) } }),
        ...(event.likes !== undefined && { counts: { ...noCounts, likes: event.likes } }),
      });
      return some(ledger.applyPost(post, hashOf(event.content), place));
    }
    case "engagement":
      return some(ledger.applyEngagement(postIdOf(event.n), base + event.at, { [event.name]: event.count }, place));
    case "reaction":
      return some(ledger.applyReaction(postIdOf(event.n), hashOf(event.mark), "likes", base + event.at, place));
    case "unreaction":
      return some(ledger.applyUnreaction(hashOf(event.mark), base + event.at, place));
    case "delete":
      return some(ledger.applyDelete(postIdOf(event.n), base + event.at, place));
    case "erase":
      return ledger.applyErase(authorIdOf(event.author), base + event.at, { objection: event.objection }, place);
    case "terms":
      return some(ledger.applyTerms(postIdOf(event.n), [event.term], event.term === "x" ? ["y"] : [], place));
    case "again": {
      const stored = { author: authorIdOf(event.n % 3), createdAt: base + event.n, editedAt: base, receivedAt: base, revision: event.revision };
      return some(ledger.applyAgain(makeTestPost(event.n, { ...stored, terms: [event.term], counts: { ...noCounts, likes: 99 } }), place));
    }
    default:
      return [];
  }
}

/** What any later event can tell of the state: each post's contribution, probed by the `was` of a deletion, and what is let in. */
function probe(ledger: Ledger): unknown {
  const found: unknown[] = [];
  const place: Place = { from: { offset: 1e9, index: 0 }, generation: 0 };
  for (let i = 0; i < postCount; i++) {
    const id = postIdOf(i);
    ledger.begin();
    const repeats = [0, 1, 2].map((revision) => [0, 1, 2].map((content) => ledger.isRepeat(id, revision, hashOf(content), 0)));
    const late = ledger.applyEngagement(id, base + 1_000, { views: 77 }, place);
    ledger.begin();
    const deleted = ledger.applyDelete(id, base + 1_000, place);
    found.push({ repeats, late: "drop" in late ? late : { was: late.was, is: late.is }, deleted: "drop" in deleted ? deleted : deleted.was });
    ledger.begin();
    const joined = ledger.applyPost(makeTestPost(i, { author: authorIdOf(i % 3), createdAt: base + i, editedAt: base + 2_000, receivedAt: base, revision: 9 }), hashOf(99), place);
    found.push("drop" in joined ? joined : { counts: joined.post?.counts, was: joined.was });
  }
  ledger.begin();
  for (let i = 1; i <= 4; i++) {
    const gone = ledger.applyUnreaction(hashOf(i), base + 5_000, place);
    found.push("drop" in gone ? gone : { id: gone.id, is: gone.is });
  }
  ledger.rollback();
  return { found, stats: { ...ledger.stats(), heldRows: 0 } };
}

test("the ledger rebuilt from its changes is the ledger that made them, whatever came and wherever it was cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 60 }), async (steps, cutAt) => {
      using folder = temporaryFolder();
      using copy = temporaryFolder();
      const posts: Change[] = [];
      using ledger = await openTestLedger(folder.path);
      using rebuilt = await openTestLedger(copy.path);
      let batch: Change[] = [];
      let offset = 0;
      ledger.begin();
      const commit = (): void => {
        posts.push(...batch);
        batch = [];
        ledger.commit({ postsOffset: posts.length, events: { offset, index: 0 }, generation: 0 });
        ledger.begin();
      };
      for (const [i, event] of steps.entries()) {
        if (event.type === "rollback") {
          batch = [];
          ledger.rollback();
        } else if (event.type === "flush") {
          commit();
          ledger.flush();
        } else if (event.type === "commit") commit();
        else batch.push(...apply(ledger, event, { from: { offset: ++offset, index: 0 }, generation: 0 }));
        if (i === cutAt) {
          // A first part is rebuilt and flushed, and repeats of it come again with the rest.
          commit();
          rebuilt.begin();
          for (const change of posts) rebuilt.rebuild(change);
          rebuilt.commit({ postsOffset: posts.length, events: { offset, index: 0 }, generation: 0 });
          rebuilt.flush();
        }
      }
      commit();
      rebuilt.begin();
      for (const change of posts) rebuilt.rebuild(JSON.parse(JSON.stringify(change)));
      rebuilt.commit({ postsOffset: posts.length, events: { offset, index: 0 }, generation: 0 });
      assert.deepEqual(probe(rebuilt), probe(ledger));
    }),
    { numRuns: 60 },
  );
});

test("was is always what the last change of the post left, so that sums over the changes equal the posts that are there", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      using folder = temporaryFolder();
      using ledger = await openTestLedger(folder.path);
      const known = new Map<PostId, Contribution>();
      let offset = 0;
      let last = { offset: -1, index: -1 };
      for (const event of steps) {
        if (event.type === "flush" || event.type === "commit") {
          ledger.commit({ postsOffset: offset, events: { offset, index: 0 }, generation: 0 });
          if (event.type === "flush") ledger.flush();
        }
        for (const change of apply(ledger, event, { from: { offset: ++offset, index: 0 }, generation: 0 })) {
          assert.ok(change.from.offset > last.offset || (change.from.offset === last.offset && change.from.index > last.index));
          last = change.from;
          assert.deepEqual(change.was, known.get(change.id));
          const post = change.post;
          // What is said of a term that it does not bear is no part of it.
          const towards = post?.terms.includes("x") === true ? { x: termLabelsOf(post.notes)?.["x"] ?? "neutral" } : undefined;
          const is =
            change.is ??
            (post && {
              createdAt: post.createdAt,
              author: post.author,
              platform: post.platform,
              source: post.source,
              language: post.language,
              terms: post.terms,
              sensitivity: post.sensitivity,
              region: post.region,
              counts: post.counts,
              ...(towards && { towards }),
            });
          if (is) known.set(change.id, is);
          else known.delete(change.id);
        }
      }
      for (const author of [0, 1, 2].map(authorIdOf)) {
        const there = new Set(ledger.postsOf(author).map(({ id }) => id));
        assert.deepEqual(there, new Set([...known].filter(([, is]) => is.author === author).map(([id]) => id)));
      }
    }),
    { numRuns: 60 },
  );
});
