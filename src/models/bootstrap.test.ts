import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { differenceOf, intervalOf } from "./bootstrap.ts";
import { faithfulnessOf, smallestFlip } from "./faithfulness.ts";
import { makeRandom } from "./linear-train.ts";

const flip = (random: () => number, share: number): number => (random() < share ? 1 : 0);

test("an interval holds the true figure about as often as it promises", () => {
  const random = makeRandom(5);
  let held = 0;
  const rounds = 80;
  for (let round = 0; round < rounds; round++) {
    const right = Array.from({ length: 150 }, () => flip(random, 0.5));
    const said = right.map((truth) => (random() < 0.8 ? truth : 1 - truth));
    // Of even classes and even mistakes macro recall is 0.8.
    const { low, high } = intervalOf({ right, said, classes: 2 }, "macroRecall", round);
    if (low <= 0.8 && 0.8 <= high) held++;
  }
  assert.ok(held / rounds > 0.89 && held / rounds < 1, String(held / rounds));
});

test("a model beside itself is no better, a better one is, a worse one is not, and twins are rarely told apart", () => {
  const random = makeRandom(9);
  const right = Array.from({ length: 300 }, () => flip(random, 0.4));
  const rightBy = (share: number) => right.map((truth) => (random() < share ? truth : 1 - truth));
  const [weak, strong] = [rightBy(0.6), rightBy(0.85)];
  const between = (said: readonly number[], other: readonly number[]) => differenceOf({ right, said, other, classes: 2 }, "macroF1");
  assert.deepEqual(between(weak, weak), { value: 0, low: 0, high: 0 });
  assert.ok(between(weak, strong).low > 0);
  assert.ok(between(strong, weak).high < 0);
  let told = 0;
  for (let round = 0; round < 60; round++) if (between(rightBy(0.7), rightBy(0.7)).low > 0) told++;
  assert.ok(told <= 5, `${told} of 60 twins`);
});

test("no mistake in few texts is no proof that there are none: the interval says how many there may be", () => {
  const right = Array.from({ length: 12 }, (_, i) => i % 2);
  const { value, low, high } = intervalOf({ right, said: right, classes: 2 }, "macroF1");
  assert.deepEqual([value, high], [1, 1]);
  assert.ok(Math.abs(low - 0.025 ** (1 / 12)) < 1e-9, String(low));
  const said = right.map((truth, i) => (i < 2 ? 1 - truth : truth));
  const better = differenceOf({ right, said, other: right, classes: 2 }, "macroF1");
  assert.ok(better.value > 0.1 && better.low < 0, "two mistakes fewer of twelve may be chance");
  const many = Array.from({ length: 200 }, (_, i) => i % 2);
  const sure = differenceOf({ right: many, said: many.map((truth, i) => (i < 40 ? 1 - truth : truth)), other: many, classes: 2 }, "macroF1");
  assert.ok(sure.low > 0.1, JSON.stringify(sure));
});

test("texts of one author are drawn together: a hundred of one author say less than a hundred of a hundred", () => {
  const random = makeRandom(2);
  const authors = Array.from({ length: 200 }, (_, i) => `a${Math.floor(i / 20)}`);
  const right = authors.map((_, i) => i % 2);
  // An author is understood or is not.
  const said = right.map((truth, i) => (Math.floor(i / 20) % 3 === 0 ? 1 - truth : truth));
  const alone = intervalOf({ right, said, classes: 2 }, "macroF1");
  const together = intervalOf({ right, said, classes: 2, authors }, "macroF1");
  assert.ok(together.high - together.low > 2 * (alone.high - alone.low), JSON.stringify([alone, together, random()]));
});

test("intervals hold the figure, are seeded, and take any judgements", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 40 }), (pairs) => {
      const judgements = { right: pairs.map(([truth]) => truth), said: pairs.map(([, guess]) => guess), classes: 3 };
      const one = intervalOf(judgements, "macroF1");
      assert.deepEqual(intervalOf(judgements, "macroF1"), one);
      assert.ok(one.low >= 0 && one.high <= 1 && one.low <= one.high);
    }),
    { numRuns: 40 },
  );
});

test("the smallest edit is the smallest: no fewer words flip", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 6 }), { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 14 }), (adds, needed) => {
      const order = adds.map((_, i) => i).sort((a, b) => (adds[b] ?? 0) - (adds[a] ?? 0));
      // Only odd sums flip, so that the strongest words are not always the fewest.
      const flips = (left: ReadonlySet<number>) => {
        const sum = [...left].reduce((so, i) => so + (adds[i] ?? 0), 0);
        return sum >= needed && sum % 2 === 1;
      };
      const found = smallestFlip(order, 5, flips);
      let least = Infinity;
      for (let set = 1; set < 1 << adds.length; set++) {
        const left = new Set(adds.map((_, i) => i).filter((i) => (set >> i) % 2 === 1));
        if (flips(left)) least = Math.min(least, left.size);
      }
      if (least <= 3) assert.equal(found?.size, least);
      else if (found !== undefined) assert.ok(found.size >= least && flips(found));
    }),
    { numRuns: 300 },
  );
});

test("faithfulness tells a right order of words from a wrong one", () => {
  const adds = [0.4, 0.2, 0.1, 0, 0, 0, 0, 0];
  const without = (left: ReadonlySet<number>) => 0.9 - [...left].reduce((sum, i) => sum + (adds[i] ?? 0), 0);
  const right = faithfulnessOf([0, 1, 2, 3, 4, 5, 6, 7], 0.9, without);
  const wrong = faithfulnessOf([7, 6, 5, 4, 3, 2, 1, 0], 0.9, without);
  assert.ok(Math.abs(right.ranked - (0.4 + 0.6 + 0.7 + 0.7 + 0.7) / 5) < 1e-9);
  assert.ok(right.ranked > 1.5 * right.random && wrong.ranked < wrong.random, JSON.stringify([right, wrong]));
  assert.deepEqual(faithfulnessOf([], 0.9, without), { ranked: 0, random: 0, words: 0 });
});
