import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bakeoffDifference, bakeoffFigures, type BakeoffRun, frontierOf } from "./bakeoff.ts";
import { figuresOf } from "./figures.ts";

const classes = ["bad", "fine", "good"];
const runOf = (labels: BakeoffRun["labels"]): BakeoffRun => ({ labels, cpuSeconds: 0.5, seconds: 2, memoryBytes: 3 * 2 ** 20 });

test("macro-F1 is that of the answers, where none counts as wrong", () => {
  const label = fc.constantFrom(...classes);
  fc.assert(
    fc.property(fc.array(fc.tuple(label, fc.option(label)), { minLength: 12, maxLength: 60 }), (pairs) => {
      const texts = pairs.map(([right], i) => ({ text: `${i}`, label: right }));
      const said = pairs.map(([, one]) => one);
      const { macroF1, answered, accuracy } = bakeoffFigures(texts, classes, runOf(said), false);
      const plain = figuresOf(
        pairs.map(([right]) => classes.indexOf(right)),
        said.map((one) => (one === null ? -1 : classes.indexOf(one))),
        classes.length,
      );
      assert.ok(Math.abs(macroF1.value - plain.macroF1) < 1e-9);
      assert.ok(Math.abs(accuracy - plain.accuracy) < 1e-9);
      assert.ok(macroF1.low <= macroF1.value + 1e-9 && macroF1.value <= macroF1.high + 1e-9);
      assert.equal(answered, said.filter((one) => one !== null).length / said.length);
    }),
    { numRuns: 30 },
  );
});

test("costs are those of a post; what computes elsewhere is compared by the time that passed", () => {
  const texts = Array.from({ length: 10 }, (_, i) => ({ text: `${i}`, label: i % 2 === 0 ? "good" : "bad" }));
  const right = texts.map(({ label }) => label.toUpperCase());
  const here = bakeoffFigures(texts, classes, runOf(right), false);
  assert.deepEqual([here.cpuMicrosPerPost, here.microsPerPost, here.costMicros, here.memoryMb, here.accuracy], [50_000, 200_000, 50_000, 3, 1]);
  assert.equal(bakeoffFigures(texts, classes, runOf(right), true).costMicros, 200_000);
});

test("the difference is that of both figures, and its interval is of the same texts", () => {
  const texts = Array.from({ length: 40 }, (_, i) => ({ text: `${i}`, label: classes[i % 3] ?? "" }));
  const right = texts.map(({ label }) => label);
  const half = right.map((label, i) => (i % 2 === 0 ? label : null));
  const { value, low } = bakeoffDifference(texts, classes, half, right);
  const f1 = (labels: BakeoffRun["labels"]) => bakeoffFigures(texts, classes, runOf(labels), false).macroF1.value;
  assert.ok(Math.abs(value - (f1(right) - f1(half))) < 1e-9);
  assert.ok(low > 0);
  assert.deepEqual(bakeoffDifference(texts, classes, right, right), { value: 0, low: 0, high: 0 });
});

test("the best are those that no other is both better and cheaper than", () => {
  const of = (value: number, costMicros: number) => ({ ...bakeoffFigures([], classes, runOf([]), false), macroF1: { value, low: value, high: value }, costMicros });
  assert.deepEqual(frontierOf([of(0.5, 10), of(0.7, 100), of(0.6, 200), undefined, of(0.4, 10), of(0.7, 100)]), [true, true, false, false, false, true]);
});
