import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addShape, addValue, describeShape, emptyShape, likeness } from "./shape.ts";

const shapeOf = (values: readonly unknown[]) => {
  const shape = emptyShape();
  for (const value of values) addValue(shape, value);
  return shape;
};

describe("what values look like", () => {
  it("is told by kind and form, without any of them", () => {
    const told = [
      [["2026-01-01T00:00:00Z"], "text (date, 20 characters)"],
      [["17", "2345"], "text (digits, 2 to 4 characters)"],
      [["https://zoo.example/1"], "text (address, 21 characters)"],
      [["<p>hello</p>"], "text (markup, 12 characters)"],
      [["numbat"], "text (word, 6 characters)"],
      [["a numbat"], "text (other, 8 characters)"],
      [[""], "text (empty, 0 characters)"],
      [["3f2a9b77-0000"], "text (hex, 13 characters)"],
      [[3, 100], "number (about 2 to 64)"],
      [[true, null], "flag, null"],
      [[[1, 2]], "list (2 long)"],
      [[{ a: 1 }], "object"],
    ] as const;
    for (const [values, text] of told) assert.equal(describeShape(shapeOf(values)), text);
  });

  it("adds up to what all values together look like", () => {
    const sum = shapeOf(["a", 1]);
    addShape(sum, shapeOf(["longer", null]));
    assert.deepEqual(sum, shapeOf(["a", 1, "longer", null]));
  });

  it("is alike for the same, and less so for other forms, lengths and kinds", () => {
    const dates = shapeOf(["2026-01-01T00:00:00Z"]);
    assert.equal(likeness(dates, shapeOf(["2026-02-02T00:00:00Z"])), 1);
    assert.equal(likeness(dates, shapeOf([17])), 0);
    assert.equal(likeness(dates, shapeOf(["a numbat in the zoo"])), 0);
    assert.ok(likeness(shapeOf(["numbat"]), shapeOf(["numbats".repeat(20)])) < 0.7);
  });
});
