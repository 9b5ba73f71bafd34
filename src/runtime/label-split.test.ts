import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LabelPart } from "../core/label-set.ts";
import { splitByAuthor, splitByTime, type SplitText } from "./label-split.ts";

const long = (n: number) => `the parcel number ${n} came with a broken lid and nobody at the counter of shop ${n} would take it back this week`;
const text = (n: number, more: Partial<SplitText> = {}): SplitText => ({ id: `t${n}`, text: long(n * 7919), author: `a${n}`, createdAt: n, ...more });

const texts = fc.array(
  fc.record({ author: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }), copyOf: fc.integer({ min: 0, max: 20 }), createdAt: fc.integer({ min: 0, max: 1_000 }) }),
  { maxLength: 60 },
);
const made = (drawn: readonly { author: number | undefined; copyOf: number; createdAt: number }[]): readonly SplitText[] =>
  drawn.map(({ author, copyOf, createdAt }, i) => ({ id: `t${i}`, text: long(copyOf * 7919), createdAt, ...(author !== undefined && { author: `a${author}` }) }));

function assertNoLeak(all: readonly SplitText[], parts: ReadonlyMap<string, LabelPart>): void {
  const seen = new Map<string, LabelPart>();
  for (const { id, author, text: said } of all) {
    const part = parts.get(id);
    if (part === undefined) continue;
    for (const key of [author === undefined ? undefined : `author ${author}`, `text ${said}`]) {
      if (key === undefined) continue;
      assert.equal(seen.get(key) ?? part, part, `${key} stands in two parts`);
      seen.set(key, part);
    }
  }
}

describe("parts by author", () => {
  test("no author and no copy stands in two parts, whatever comes in which order, and later versions move nothing", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 60 }), (drawn, first) => {
        const all = made(drawn);
        const before = splitByAuthor(all.slice(0, first), "set").parts;
        assertNoLeak(all.slice(0, first), before);
        const grown = all.map((one) => ({ ...one, ...(before.has(one.id) && { part: before.get(one.id) ?? "train" }) }));
        const { parts, leftOut } = splitByAuthor(grown, "set");
        assertNoLeak(all, parts);
        for (const [id, part] of before) assert.ok(parts.get(id) === part || leftOut.includes(id));
        assert.equal(parts.size + leftOut.length, all.length);
      }),
    );
  });

  test("copies but for a few words of different authors are one group", () => {
    const copies = [text(1), text(1, { id: "copy", author: "b", text: `${long(7919)} really` })];
    for (let seed = 0; seed < 20; seed++) assert.equal(new Set(splitByAuthor(copies, `set ${seed}`).parts.values()).size, 1);
  });

  test("a text that joins gold and train goes to gold, and what was learnt from before is left out", () => {
    const bridge = splitByAuthor([text(1, { part: "gold", author: "a" }), text(2, { part: "train", author: "b" }), text(3, { author: "b", text: long(7919) })], "set");
    assert.deepEqual([bridge.parts.get("t1"), bridge.parts.get("t2"), bridge.parts.get("t3"), bridge.leftOut], ["gold", undefined, "gold", ["t2"]]);
  });

  test("about 70, 15 and 15 of a hundred groups go to the three parts", () => {
    const { parts } = splitByAuthor(
      Array.from({ length: 3_000 }, (_, n) => text(n)),
      "set",
    );
    const count = (part: LabelPart) => [...parts.values()].filter((one) => one === part).length / 30;
    for (const [part, share] of [
      ["train", 70],
      ["validation", 15],
      ["gold", 15],
    ] as const)
      assert.ok(Math.abs(count(part) - share) < 3, `${part}: ${count(part)}%`);
  });
});

describe("parts by time", () => {
  test("all of gold is later than all of train, no author or copy stands in two parts, and the cuts never move back", () => {
    fc.assert(
      fc.property(texts, texts, (first, second) => {
        const before = made(first);
        const { cuts, parts } = splitByTime(before);
        assertNoLeak(before, parts);
        const all = [...before, ...made(second).map((one) => ({ ...one, id: `s${one.id}` }))];
        const next = splitByTime(all, cuts);
        assertNoLeak(all, next.parts);
        assert.ok(next.cuts.goldFrom >= cuts.goldFrom && next.cuts.validationFrom >= cuts.validationFrom);
        const timesOf = (part: LabelPart, of: ReadonlyMap<string, LabelPart>) => all.filter(({ id }) => of.get(id) === part).map(({ createdAt = 0 }) => createdAt);
        assert.ok(Math.max(0, ...timesOf("train", next.parts)) <= Math.min(Infinity, ...timesOf("gold", next.parts)));
        // What an older version learnt from is in no newer gold part.
        for (const { id } of all) assert.ok(!(parts.get(id) === "train" && next.parts.get(id) === "gold"));
      }),
    );
  });

  test("the newest 15 of a hundred texts are gold", () => {
    const { parts } = splitByTime(Array.from({ length: 100 }, (_, n) => text(n)));
    assert.deepEqual(
      [...parts].filter(([, part]) => part === "gold").map(([id]) => id),
      Array.from({ length: 15 }, (_, i) => `t${85 + i}`),
    );
  });
});
