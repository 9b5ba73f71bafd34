import assert from "node:assert/strict";
import { test } from "node:test";
import { decadesAround, labelPlaces } from "./models-bakeoff-places.ts";

test("has room for every name, and powers of ten around every cost", () => {
  const places = labelPlaces(
    Array.from({ length: 6 }, () => ({ x: 600, y: 20, name: "a-model@1f2e3d4c" })),
    720,
  );
  assert.equal(new Set(places.map(({ y }) => y)).size, 6);
  assert.equal(
    places.every(({ isLeft }) => !isLeft),
    true,
  );
  assert.equal(labelPlaces([{ x: 700, y: 20, name: "a-model@1f2e3d4c" }], 720)[0]?.isLeft, true);
  assert.deepEqual(decadesAround([35, 410]), [10, 100, 1_000]);
  assert.deepEqual(decadesAround([]), [1_000, 10_000]);
});
