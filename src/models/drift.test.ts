import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import fc from "fast-check";
import { linesOf } from "./corpus.ts";
import { chanceOfIndex, correctedShares, jensenShannon, stabilityIndex } from "./distributions.ts";
import { movedWords, partTexts } from "./domain.ts";
import { compareTexts, type JudgedTexts, leastDriftTexts } from "./drift.ts";
import { openLibrary } from "./library.ts";
import { makeRandom } from "./linear-train.ts";

const near = (value: number, wanted: number, by: number, what: string) => assert.ok(Math.abs(value - wanted) <= by, `${what}: ${value}, wanted ${wanted} ± ${by}`);

test("the stability index and the divergence are those of their definitions", () => {
  near(stabilityIndex([50, 50], [80, 20]), 0.3 * Math.log(1.6) - 0.3 * Math.log(0.4), 1e-9, "index");
  assert.equal(jensenShannon([3, 7], [30, 70]), 0);
  near(jensenShannon([1, 0], [0, 1]), 1, 0.01, "nothing in common");
  const counts = fc.array(fc.nat(1_000), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(counts, counts, (a, b) => {
      const [one, other] = a.length < b.length ? [a, b.slice(0, a.length)] : [a.slice(0, b.length), b];
      near(jensenShannon(one, other), jensenShannon(other, one), 1e-9, "both ways");
      assert.ok(jensenShannon(one, other) >= -1e-12 && jensenShannon(one, other) <= 1);
      assert.ok(stabilityIndex(one, other) >= 0);
    }),
  );
});

test("chance explains halves of the same classes, and not classes that moved", () => {
  const drawn = (share: number, seed: number) => {
    const random = makeRandom(seed);
    return Array.from({ length: 400 }, () => (random() < share ? 1 : 0));
  };
  assert.ok(chanceOfIndex(drawn(0.3, 1), drawn(0.3, 2), 2, { rounds: 400, seed: 5 }) > 0.05);
  assert.ok(chanceOfIndex(drawn(0.3, 1), drawn(0.5, 2), 2, { rounds: 400, seed: 5 }) < 0.01);
});

test("shares that moved are found again from probabilities that were learnt with others", () => {
  const random = makeRandom(9);
  // Class 1 says a number around 1, class 0 around -1: with equal shares its probability is known exactly.
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const probabilities = Array.from({ length: 5_000 }, (_, i) => {
    const said = (i % 10 < 8 ? 1 : -1) + normal();
    const one = 1 / (1 + Math.exp(-2 * said));
    return [1 - one, one];
  });
  const counted = probabilities.filter(([, one = 0]) => one >= 0.5).length / probabilities.length;
  assert.ok(counted < 0.75, `counting the chosen ones is wrong: ${counted}`);
  near(correctedShares([0.5, 0.5], probabilities)[1] ?? 0, 0.8, 0.02, "share");
});

const pick = (list: readonly string[], random: () => number): string => list[Math.floor(random() * list.length)] ?? "";
const things = ["train", "phone", "garden", "game", "film", "bus", "shop", "bread"];
function sentences(count: number, seed: number, goodShare: number, subjects: readonly string[]): JudgedTexts {
  const random = makeRandom(seed);
  const rows = Array.from({ length: count }, () => {
    const isGood = random() < goodShare;
    const text = `${pick(["the", "a", "this", "our"], random)} ${pick(subjects, random)} was ${pick(isGood ? ["lovely", "superb", "fine"] : ["awful", "horrid", "bad"], random)} ${pick(["today", "again", "as ever", "at noon"], random)}`;
    return { text, chosen: isGood ? 1 : 0 };
  });
  return { texts: rows.map(({ text }) => text), chosen: rows.map(({ chosen }) => chosen), probabilities: rows.map(({ chosen }) => (chosen === 1 ? [0.1, 0.9] : [0.9, 0.1])) };
}

test("other subjects are other texts, other shares are a balance that moved, and halves of the same are neither", () => {
  const reference = sentences(600, 1, 0.5, things);
  const same = compareTexts({ reference, current: sentences(600, 2, 0.5, things) }, 2);
  assert.equal(same.kind, "none");
  assert.deepEqual([same.words, same.newest], [[], []]);
  const others = compareTexts({ reference, current: sentences(600, 3, 0.5, ["tax", "strike", "vote", "law"]) }, 2);
  assert.equal(others.kind, "text");
  assert.ok(
    others.words.slice(0, 6).some(({ word, z }) => word === "strike" && z > 0),
    JSON.stringify(others.words.slice(0, 6)),
  );
  assert.equal(others.newest.length, 20);
  const balance = compareTexts({ reference, current: sentences(600, 4, 0.85, things) }, 2);
  assert.equal(balance.kind, "balance");
  near(balance.correctedShares?.[1] ?? 0, 0.85, 0.12, "the share");
  assert.deepEqual(compareTexts({ reference, current: sentences(600, 4, 0.85, things) }, 2), balance, "the same each time");
});

test("too few texts say nothing", () => {
  const few = sentences(leastDriftTexts - 1, 3, 0.5, ["tax", "strike"]);
  assert.equal(compareTexts({ reference: sentences(600, 1, 0.1, things), current: few }, 2).kind, "none");
  assert.equal(compareTexts({ reference: few, current: { texts: [], probabilities: [], chosen: [] } }, 2).kind, "none");
});

test("a parting's area counts pairs, ties by halves, and marks of accounts and addresses are no moved words", () => {
  assert.equal(partTexts(["a b", "a b"], ["a b", "a b"], 1).auc, 0.5);
  assert.equal(
    partTexts(
      Array.from({ length: 40 }, () => "old words"),
      Array.from({ length: 40 }, () => "new ones"),
      1,
    ).auc,
    1,
  );
  const moved = movedWords(
    Array.from({ length: 50 }, () => "@ann old https://a.example"),
    Array.from({ length: 50 }, () => "fresh"),
    10,
  );
  assert.deepEqual(moved.map(({ word }) => word).toSorted(), ["fresh", "old"]);
});

const hate = fileURLToPath(new URL("../../../shared/data/nlp/tweeteval/hate/", import.meta.url));
test("drift is raised on tweets of another topic, and silent on halves of the same", { skip: existsSync(hate) ? false : `no ${hate}` }, () => {
  const judge = openLibrary().judge("social");
  const judged = (texts: readonly string[]): JudgedTexts => {
    const said = texts.map((text) => judge.one("hate", text));
    return { texts, probabilities: said.map(({ probabilities }) => probabilities), chosen: said.map(({ chosen }) => chosen) };
  };
  const train = judged(linesOf(`${hate}train_text.txt`));
  const other = compareTexts({ reference: train, current: judged(linesOf(`${hate}val_text.txt`)) }, 2);
  assert.equal(other.kind, "text", JSON.stringify(other.text));
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = makeRandom(seed);
    const first = train.texts.map(() => random() < 0.5);
    const half = (isFirst: boolean): JudgedTexts => ({
      texts: train.texts.filter((_, i) => first[i] === isFirst),
      probabilities: train.probabilities.filter((_, i) => first[i] === isFirst),
      chosen: train.chosen.filter((_, i) => first[i] === isFirst),
    });
    assert.equal(compareTexts({ reference: half(true), current: half(false) }, 2, { seed }).kind, "none", `halves ${seed}`);
  }
});
