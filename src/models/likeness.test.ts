import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type AuthorPost, leastPosts, likenessOf } from "./likeness.ts";

const startMs = Date.UTC(2026, 10, 1);
const post = (at: number, more: Partial<AuthorPost> = {}): AuthorPost => ({
  at,
  text: `words ${at} of ${at % 97} kinds`,
  links: 0,
  hashtags: 0,
  isReshare: false,
  isReply: false,
  ...more,
});
const words = "sun rain tea dog walk music train late bread garden friend call read night happy storm river paint phone north cake stone".split(" ");
/** Varied texts, as of a person: words from a list by a fixed rule. */
function sentence(i: number): string {
  let state = 1 + i * 7_919;
  return Array.from({ length: 5 + ((i * 7) % 14) }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return words[state % words.length] ?? "";
  }).join(" ");
}
/** Spaces of a person: some minutes to some hours, from a fixed multiplicative rule. */
function personTimes(count: number): readonly number[] {
  let [at, state] = [startMs, 12_345];
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    at += 60_000 + Math.floor(-Math.log(1 - state / 2_147_483_647) * 3 * 3_600_000);
    return at;
  });
}
const person = personTimes(60).map((at, i) => post(at, { text: sentence(i), isReply: i % 3 === 0 }));
const adds = (posts: readonly AuthorPost[], name: string): number => likenessOf(posts).features.find((one) => one.name === name)?.adds ?? Number.NaN;

describe("how an author posts", () => {
  it("is like a program where posts keep a rhythm, which is told with its period and spread", () => {
    const clock = Array.from({ length: 40 }, (_, i) => post(startMs + i * 60_000 + ((i * 37) % 3) * 500, { text: sentence(i) }));
    const { score = 0, features } = likenessOf(clock);
    assert.ok(score > 0.6, String(score));
    const [first] = features;
    assert.equal(first?.name, "rhythm");
    assert.equal(first.everySeconds, 60);
    assert.ok((first.spreadSeconds ?? 9) <= 1);
    assert.ok(first.value > 0.95);
  });

  it("keeps its rhythm where single posts are missing, and has none where spaces vary", () => {
    const holes = Array.from({ length: 60 }, (_, i) => post(startMs + i * 600_000)).filter((_, i) => i % 4 !== 3);
    assert.ok(adds(holes, "rhythm") > 3);
    assert.equal(adds(person, "rhythm"), 0);
  });

  it("is like a program where posts are copies but for figures and addresses", () => {
    const copies = personTimes(40).map((at, i) => post(at, { text: `Win a free phone today, only ${i} left https://shop.example/${i}`, links: 1, hashtags: 5 }));
    assert.ok((likenessOf(copies).score ?? 0) > 0.7);
    assert.ok(adds(copies, "copies") > 2.5);
    assert.equal(adds(person, "copies"), 0);
  });

  it("tells copies of others apart from copies of its own", () => {
    const echoes = person.map((one, i) => ({ ...one, copies: i }));
    assert.ok(adds(echoes, "echoes") > 1.8);
    assert.equal(adds(echoes, "copies"), 0);
    const own = person.map((one) => ({ ...one, copies: 7 }));
    assert.ok(adds(own, "copies") > 2.5);
    assert.equal(adds(own, "echoes"), 0);
  });

  it("is like a person's where nothing speaks for a program, and answers speak for a person", () => {
    assert.ok((likenessOf(person).score ?? 1) < 0.06);
    assert.ok(adds(person, "replies") < -0.5);
  });

  it("is not told of too few posts", () => {
    const few = Array.from({ length: leastPosts - 1 }, (_, i) => post(startMs + i * 60_000));
    assert.equal(likenessOf(few).score, undefined);
    assert.deepEqual(likenessOf(few).features, []);
    assert.notEqual(likenessOf([...few, post(startMs - 60_000)]).score, undefined);
    assert.equal(likenessOf([]).posts, 0);
  });

  it("is the logistic function of -3 and of what the reasons add, in any order of posts, at any time", () => {
    const any = fc.record({
      at: fc.integer({ min: startMs, max: startMs + 20 * 86_400_000 }),
      text: fc.constantFrom(...Array.from({ length: 12 }, (_, i) => sentence(i)), "", "@a", "x"),
      links: fc.nat(3),
      hashtags: fc.nat(12),
      isReshare: fc.boolean(),
      isReply: fc.boolean(),
      spam: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), fc.nat(5), (posts, days) => {
        const { score, features } = likenessOf(posts);
        if (score !== undefined) {
          const sum = features.reduce((so, one) => so + one.adds, -3);
          assert.ok(Math.abs(score - 1 / (1 + Math.exp(-sum))) < 1e-9);
        }
        for (const { value, adds: added, name } of features) assert.ok(Number.isFinite(value) && Number.isFinite(added) && (name === "replies" ? added <= 0 : added >= 0), name);
        const distinct = new Set(posts.map(({ at }) => at)).size === posts.length;
        if (distinct) assert.deepEqual(likenessOf(posts.toReversed()), likenessOf(posts));
        const later = likenessOf(posts.map((one) => ({ ...one, at: one.at + days * 86_400_000 })));
        assert.deepEqual(later.features, features);
      }),
    );
  });
});
