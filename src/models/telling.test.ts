import assert from "node:assert/strict";
import { test } from "node:test";
import { tellingOf } from "./telling.ts";

test("an n-gram tells of a class by the ratio of its shares, smoothed by two texts, and one that a single text has tells nothing", () => {
  // Of each text its n-grams; the first three texts are of the class.
  const texts = [[0, 1], [0, 1], [0, 2], [1], [3, 1], [3]];
  const starts = Uint32Array.from([0, ...texts.map((_, i) => texts.slice(0, i + 1).flat().length)]);
  const [mostly, even, single, never, unknown] = tellingOf({ count: 6, starts, buckets: Uint32Array.from(texts.flat()) }, Uint8Array.of(1, 1, 1, 0, 0, 0), 5);
  // Inside: 6 n-grams, outside 4, and two texts for each of the five buckets.
  const near = (said: number | undefined, right: number) => assert.ok(Math.abs((said ?? 0) - right) < 1e-6, `${said}, not ${right}`);
  near(mostly, Math.log(5 / 16 / (2 / 14)));
  near(even, Math.log(4 / 16 / (4 / 14)));
  near(never, Math.log(2 / 16 / (4 / 14)));
  assert.deepEqual([single, unknown], [0, 0]);
});
