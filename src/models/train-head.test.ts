import assert from "node:assert/strict";
import { test } from "node:test";
import { judged } from "./linear-model.ts";
import { makeRandom, shuffle } from "./linear-train.ts";
import type { Task } from "./tasks.ts";
import { headOf } from "./train-head.ts";

const task: Task = { name: "tone", classes: ["plain", "rare", "odd"], headline: "macroF1", balance: 0, softBalance: 0, cost: 1, doc: "For this test." };
const random = makeRandom(5);
const shares = [0.6, 0.3, 0.1];
const order = Array.from({ length: 600 }, (_, i) => (i < 360 ? 0 : i < 540 ? 1 : 2));
shuffle(order, random);
const labels: readonly number[] = order;
/** Each text's own class stands out a little, and the first is told far too seldom. */
const scores = labels.map((label) => Float64Array.from({ length: 3 }, (_, c) => 2 * random() + (c === label ? 1.5 : 0) - (c === 0 ? 1 : 0)));

function headFor(more: Partial<Task>) {
  const lines: string[] = [];
  const { head, lifts } = headOf({ ...task, ...more }, scores, labels, labels, (line) => lines.push(line));
  const judgements = scores.map((one) =>
    judged(
      one.map((score, c) => score + (lifts[c] ?? 0)),
      0,
      head,
    ),
  );
  const share = (c: number) => judgements.filter(({ chosen }) => chosen === c).length / labels.length;
  const mean = (c: number) => judgements.reduce((sum, { probabilities }) => sum + (probabilities[c] ?? 0), 0) / labels.length;
  return { head, lifts, share, mean, line: lines.join("\n") };
}

test("lifts give each class the mean probability that its share is", () => {
  const [plain, lifted] = [headFor({}), headFor({ lifted: true })];
  assert.deepEqual(plain.lifts, []);
  assert.ok(plain.mean(0) < 0.55, String(plain.mean(0)));
  for (const [c, share] of shares.entries()) assert.ok(Math.abs(lifted.mean(c) - share) < 0.005, `class ${c}: ${lifted.mean(c)}`);
  assert.ok(lifted.share(0) > plain.share(0));
});

test("what is reported of lifts is what each half of the texts says by those of the other", () => {
  // Every second text lacks what the others do: lifts of one half are wrong for the other.
  const odd = scores.map((one, i) => one.map((score, c) => score + (i % 2 === 0 && c === 0 ? 6 : 0)));
  const lines: string[] = [];
  headOf({ ...task, lifted: true }, odd, labels, labels, (line) => lines.push(line));
  const across = Number(/macroF1 ([\d.]+)/.exec(lines[0] ?? "")?.[1]);
  const within = Number(/macroF1 ([\d.]+)/.exec(headFor({ lifted: true }).line)?.[1]);
  assert.ok(within > 0.8 && across < 0.5, `${within} ${across}`);
});

test("a task whose figure counts rare classes alike chooses them sooner, with the probabilities as they were", () => {
  const [even, plain] = [headFor({ lifted: true, evens: 1 }), headFor({ lifted: true })];
  assert.ok(even.share(2) > plain.share(2) && even.share(0) < plain.share(0));
  assert.ok(Math.abs(even.mean(2) - plain.mean(2)) < 1e-9);
  assert.ok(Math.abs((even.head.shifts[2] ?? 0) - (even.head.shifts[0] ?? 0) - even.head.temperature * Math.log(6)) < 1e-9);
});
