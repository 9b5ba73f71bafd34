import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { Delivery } from "./delivery.ts";
import { makeEngine } from "./engine.ts";
import { benchMix, type EngineOptions, type Mix } from "./options.ts";
import { makeOracle, type Oracle } from "./oracle.ts";
import { makeReference } from "./reference.ts";

const startMs = Date.UTC(2026, 8, 1);
/** Everything that is rare happens often. */
const rough: Partial<Mix> = { engagement: 1.2, edits: 0.15, deletes: 0.15, late: 0.25, redelivered: 0.2, malformed: 0.05, drifted: 0.1, endings: 0.3, boosts: 0.15, replies: 0.3 };

function run(seed: string, steps: number, mix: Partial<Mix>, extra: Partial<EngineOptions> = {}): { oracle: Oracle; sent: Delivery[]; posts: number } {
  const oracle = makeOracle({ settledPostsAtMost: 1_000_000 });
  const sent: Delivery[] = [];
  const engine = makeEngine(
    {
      seed,
      startMs,
      mix: { ...benchMix, ...mix },
      blueskyShare: 0.7,
      accounts: 60,
      postsAtMost: 3_000,
      delayFactor: 1,
      ratePerSecondAt: () => 0.2,
      crisesAt: () => undefined,
      ...extra,
    },
    {
      ...oracle,
      deliver: (delivery) => {
        oracle.deliver(delivery);
        sent.push(delivery);
      },
    },
  );
  for (let step = 0; step < steps && engine.step(); step += 1);
  return { oracle, sent, posts: engine.posts };
}

function compare(oracle: Oracle, sent: readonly Delivery[]): void {
  const reference = makeReference();
  for (const delivery of sent) reference.apply(delivery);
  const summary = oracle.summary();
  let seen = 0;
  for (const truth of oracle.posts()) {
    if (!truth.delivered) continue;
    seen += 1;
    const post = reference.posts.get(truth.id);
    assert.ok(post, `the messages give ${truth.id}`);
    assert.equal(post.gone ?? null, truth.deleted, truth.id);
    assert.equal(post.author, truth.author);
    assert.equal(post.createdAt, truth.createdAt);
    if (post.gone !== undefined) continue;
    assert.equal(post.text, truth.text);
    assert.deepEqual({ likes: post.likes, shares: post.shares, replies: post.replies }, { likes: truth.likes, shares: truth.shares, replies: truth.replies }, truth.id);
  }
  assert.equal(reference.posts.size, seen);
  assert.equal(summary.posts, seen);
  assert.equal(reference.rejected, summary.sent.rejected);
  assert.equal(reference.badDates, summary.sent.ambiguous);
  assert.equal(sent.length, summary.sent.messages);
}

test("after any prefix of the messages a naive reader of them agrees with the oracle on every post", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1_500 }), (seed, steps) => {
      const { oracle, sent } = run(String(seed), steps, rough);
      compare(oracle, sent);
    }),
    { numRuns: 15 },
  );
});

test("two likes of one account at one moment are two records, each counted", () => {
  const { oracle, sent } = run("999996", 369, rough);
  compare(oracle, sent);
});

test("a world run to its end agrees with a naive reader, and holds every kind of trouble", () => {
  const { oracle, sent } = run("whole", Infinity, rough);
  compare(oracle, sent);
  const summary = oracle.summary();
  for (const [name, amount] of Object.entries(summary.sent)) assert.ok(amount > 0, `${name} occurs`);
  assert.ok(summary.erasedPosts > 0 && summary.erasedAuthors > 0 && summary.endedMastodonAccounts > 0);
  assert.equal(summary.livePosts + summary.deletedPosts + summary.erasedPosts, summary.posts);
});

test("some deletions and some edits are sent before the post that they belong to", () => {
  const { sent } = run("early", Infinity, rough);
  const seen = new Set<string>();
  let deletions = 0;
  let edits = 0;
  for (const { platform, kind, payload, wire } of sent) {
    if (platform !== "mastodon") continue;
    const id = kind === "delete" ? (payload ?? "") : (/\\"id\\":\\"(\d+)/u.exec(wire)?.[1] ?? "");
    if (kind === "post") seen.add(id);
    if (kind === "delete" && !seen.has(id)) deletions += 1;
    if (kind === "edit" && !seen.has(id)) edits += 1;
  }
  assert.ok(deletions > 0, "deletions before their post");
  assert.ok(edits > 0, "edits before their post");
});

test("rollups by minute add up to the summary", () => {
  const { oracle } = run("sums", Infinity, rough);
  const summary = oracle.summary();
  const rows = oracle.rollups();
  const sum = (name: "posts" | "likes" | "shares" | "replies") => rows.reduce((total, row) => (row.by === "language" ? total + row[name] : total), 0);
  assert.deepEqual(
    { posts: sum("posts"), likes: sum("likes"), shares: sum("shares"), replies: sum("replies") },
    { posts: summary.livePosts, likes: summary.likes, shares: summary.shares, replies: summary.replies },
  );
  for (const [brand, posts] of Object.entries(summary.byBrand)) {
    assert.equal(
      rows.reduce((total, row) => (row.by === "brand" && row.brand === brand ? total + row.posts : total), 0),
      posts,
    );
  }
});

test("totals stay exact when settled posts are forgotten", () => {
  const whole = run("bounded", Infinity, rough).oracle;
  const oracle = makeOracle({ settledPostsAtMost: 10 });
  const engine = makeEngine(
    {
      seed: "bounded",
      startMs,
      mix: { ...benchMix, ...rough },
      blueskyShare: 0.7,
      accounts: 60,
      postsAtMost: 3_000,
      delayFactor: 1,
      ratePerSecondAt: () => 0.2,
      crisesAt: () => undefined,
    },
    oracle,
  );
  while (engine.step());
  engine.close();
  assert.deepEqual(oracle.summary(), whole.summary());
  assert.deepEqual(oracle.rollups(), whole.rollups());
  assert.equal([...oracle.posts()].length, 10);
});

test("a closed world has settled every post", () => {
  let settled = 0;
  const engine = makeEngine(
    {
      seed: "close",
      startMs,
      mix: { ...benchMix, ...rough },
      blueskyShare: 0.7,
      accounts: 60,
      postsAtMost: 500,
      delayFactor: 1,
      ratePerSecondAt: () => 1,
      crisesAt: () => undefined,
    },
    {
      deliver() {},
      born() {},
      ended() {},
      ambiguous() {},
      settled() {
        settled += 1;
      },
    },
  );
  for (let step = 0; step < 400; step += 1) engine.step();
  engine.close();
  assert.equal(settled, engine.posts);
});

test("the messages leave in strict order of time", () => {
  const { sent } = run("order", Infinity, rough);
  for (let index = 1; index < sent.length; index += 1) assert.ok((sent[index]?.atUs ?? 0) > (sent[index - 1]?.atUs ?? 0));
});

test("in a crisis the brand's posts and its negative share rise", () => {
  const crisis = { brandId: "quantrix", fromMs: startMs + 3_600_000, toMs: startMs + 7_200_000 };
  const { oracle } = run("crisis", Infinity, {}, { crisesAt: () => crisis, postsAtMost: 6_000, ratePerSecondAt: () => 0.6, accounts: 500 });
  const per = (fromMs: number, toMs: number) => {
    const posts = [...oracle.posts()].filter((post) => post.brands.includes("quantrix") && Date.parse(post.createdAt) >= fromMs && Date.parse(post.createdAt) < toMs);
    return { volume: posts.length, negative: posts.filter((post) => post.sentiment === "negative").length / posts.length };
  };
  const calm = per(startMs, crisis.fromMs);
  const hot = per(crisis.fromMs + 600_000, crisis.fromMs + 600_000 + 1_800_000);
  assert.ok(hot.volume > calm.volume * 2, `${hot.volume} in half an hour, ${calm.volume} in an hour before`);
  assert.ok(hot.negative > 0.6 && calm.negative < 0.4, `${hot.negative} against ${calm.negative}`);
});
