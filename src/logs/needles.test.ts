import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { forgetIn } from "./embedded-keep.ts";
import { batchOf, batchOfTexts, textsOf } from "./log.contract.ts";
import { makeNeedleFinder } from "./needles.ts";

describe("needles", () => {
  test("all places are found, as a naive search finds them, however many needles there are", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", ":"), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 40 }), fc.string({ unit: fc.constantFrom("a", "b", ":", "c"), maxLength: 300 }), (needles, text) => {
        const bytes = Buffer.from(text);
        const found = makeNeedleFinder(needles.map((needle) => Buffer.from(needle)))(bytes);
        const pairs = new Set(Array.from({ length: found.length / 2 }, (_, i) => `${found[i * 2]}-${found[i * 2 + 1]}`));
        const naive = new Set<string>();
        for (const needle of needles) for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) naive.add(`${at}-${at + needle.length}`);
        assert.deepEqual([...pairs].sort(), [...naive].sort());
      }),
      { numRuns: 500 },
    );
  });

  test("a needle that stands across two payloads is none, and overlapping ones are all overwritten", () => {
    const count = { removedFrames: 0, redactedFrames: 0 };
    const frames = batchOfTexts(["xx abc", "d abcd", "end"]);
    const changed = forgetIn(frames, () => false, makeNeedleFinder([Buffer.from("abcd"), Buffer.from("cd")]), count);
    assert.ok(changed !== undefined);
    assert.deepEqual(textsOf(changed), ["xx abc", "d xxxx", "end"]);
    assert.deepEqual(count, { removedFrames: 0, redactedFrames: 1 });
  });

  test("a frame that is forgotten already is not counted again", () => {
    const count = { removedFrames: 0, redactedFrames: 0 };
    const frames = batchOf([{ key: 1, actor: 2, time: 3, text: "gone" }]);
    const changed = forgetIn(frames, () => true, makeNeedleFinder([]), count);
    assert.ok(changed !== undefined);
    assert.equal(
      forgetIn(changed, () => true, makeNeedleFinder([]), count),
      undefined,
    );
    assert.equal(count.removedFrames, 1);
  });
});
