import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { choose, doubtOf, learn, vectorOf } from "./choose.ts";
import { openLibrary } from "./library.ts";

const point = (x: number, y = 0) => Float32Array.from([x, y]);

describe("what to label next", () => {
  test("doubt is 0 for what is sure and 1 for what could be anything", () => {
    assert.equal(doubtOf([1, 0, 0]), 0);
    assert.equal(doubtOf([1 / 3, 1 / 3, 1 / 3]).toFixed(9), "1.000000000");
    assert.ok(doubtOf([0.5, 0.5, 0]) > doubtOf([0.9, 0.05, 0.05]));
  });

  test("takes what is doubted, and of many that are alike one first", () => {
    const candidates = [
      ...Array.from({ length: 20 }, (_, i) => ({ vector: point(1 + i / 1_000), probabilities: [0.5, 0.5] })),
      { vector: point(-1), probabilities: [0.55, 0.45] },
      { vector: point(0, 5), probabilities: [0.99, 0.01] },
    ];
    const chosen = choose(candidates, [], { count: 5, how: "uncertain", seed: 1 });
    assert.deepEqual(
      chosen.slice(0, 4).map(({ by }) => by),
      ["uncertain", "uncertain", "uncertain", "uncertain"],
    );
    const sure = { index: 21, by: "diverse" };
    assert.deepEqual({ index: chosen[4]?.index, by: chosen[4]?.by }, sure, "one is taken for lying far, though the model is sure of it");
    const two = choose(candidates.slice(15, 21), [], { count: 2, how: "uncertain", seed: 1 });
    assert.ok(
      two.some(({ index }) => index === 5),
      "the one that is unlike the five",
    );
  });

  test("keeps away from what is labelled", () => {
    const candidates = [0, 1, 2, 3].map((x) => ({ vector: point(x) }));
    assert.equal(choose(candidates, [point(3.1)], { count: 1, how: "diverse", seed: 1 })[0]?.index, 0);
  });

  test("chooses no text twice and as many as there are", () => {
    const drawn = fc.array(fc.record({ x: fc.integer({ min: 0, max: 3 }), p: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }) }), { maxLength: 30 });
    fc.assert(
      fc.property(drawn, fc.nat({ max: 40 }), fc.constantFrom("uncertain" as const, "diverse" as const, "random" as const), (texts, count, how) => {
        const candidates = texts.map(({ x, p }) => ({ vector: point(x), ...(p !== undefined && { probabilities: [p, 1 - p] }) }));
        const chosen = choose(candidates, [point(0)], { count, how, seed: 7 });
        assert.equal(chosen.length, Math.min(count, texts.length));
        assert.equal(new Set(chosen.map(({ index }) => index)).size, chosen.length);
      }),
    );
  });
});

test("a model of a dozen labels doubts what it has not seen more than what it has", () => {
  const { extractor, dimensions } = openLibrary().features();
  const good = ["love this kettle", "great phone, works well", "so happy with it", "best tea ever, thank you", "wonderful service", "a lovely surprise today"];
  const bad = ["this kettle leaks", "awful phone, broke at once", "angry, no refund", "worst tea, cold and stale", "terrible service", "my parcel is lost again"];
  const probabilities = learn(extractor, [...good, ...bad], [...good.map(() => 0), ...bad.map(() => 1)], 2);
  assert.ok(probabilities !== undefined);
  assert.ok((probabilities("great service, so happy")[0] ?? 0) > 0.6);
  assert.ok((probabilities("awful kettle, it leaks")[1] ?? 0) > 0.6);
  assert.ok(doubtOf(probabilities("the train to the lake")) > doubtOf(probabilities("great service, so happy")));
  assert.equal(
    learn(
      extractor,
      good,
      good.map(() => 0),
      2,
    ),
    undefined,
    "one class is nothing to tell apart",
  );
  assert.ok(
    vectorOf(extractor, dimensions, "чайник протекает").some((value) => value !== 0),
    "also where no word has a vector",
  );
});
