import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { agreementOf, type Rating, ratingsOfSpans } from "./agreement.ts";

/** Rows: annotators; columns: units; a stop: not rated. */
const ratingsOf = (rows: readonly string[]): readonly Rating[] =>
  rows.flatMap((row, a) => row.split(" ").flatMap((value, unit) => (value === "." ? [] : [{ unit: String(unit), annotator: `observer ${a + 1}`, value }])));
const near = (told: number | undefined, right: number, digits = 3) => assert.equal(told?.toFixed(digits), right.toFixed(digits));

describe("Krippendorff's α", () => {
  // Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example B: two observers, twelve units, five values: 0.692.
  test("of the published example of two observers is 0.692", () => {
    near(agreementOf(ratingsOf(["a a b b d c c c e d d a", "b a b b b c c c e d d d"])).alpha, 0.692);
  });

  // Example A of the same paper: binary data, two observers, ten units: 0.095.
  test("of the published binary example is 0.095", () => {
    near(agreementOf(ratingsOf(["0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"])).alpha, 0.095);
  });

  // Example C: four observers, twelve units, five values, missing data: 0.743.
  test("of the published example with missing values is 0.743", () => {
    const { alpha, units } = agreementOf(ratingsOf(["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]));
    near(alpha, 0.743);
    assert.equal(units, 11, "a unit that one rated counts for nothing");
  });

  test("is 1 where all agree, and cannot be told where all say one thing or nobody rated twice", () => {
    assert.equal(agreementOf(ratingsOf(["a b c", "a b c"])).alpha, 1);
    assert.equal(agreementOf(ratingsOf(["a a a", "a a a"])).alpha, undefined);
    assert.equal(agreementOf(ratingsOf(["a b c"])).alpha, undefined);
  });

  test("does not depend on names or order, and is never above 1", () => {
    const rows = fc.array(fc.record({ unit: fc.constantFrom("1", "2", "3", "4"), annotator: fc.constantFrom("x", "y", "z"), value: fc.constantFrom("a", "b", "c") }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(rows, (drawn) => {
        const ratings = [...new Map(drawn.map((one) => [`${one.unit} ${one.annotator}`, one])).values()];
        const { alpha } = agreementOf(ratings);
        const renamed = ratings.toReversed().map((one) => ({ ...one, value: { a: "c", b: "a", c: "b" }[one.value] ?? "", annotator: `${one.annotator}!` }));
        const other = agreementOf(renamed).alpha;
        assert.equal(alpha === undefined, other === undefined);
        if (alpha !== undefined && other !== undefined) assert.ok(Math.abs(alpha - other) < 1e-9 && alpha <= 1);
      }),
    );
  });
});

test("confusions and annotators tell who differs from whom and where", () => {
  const { confusion, perAnnotator, perClass, observed } = agreementOf(ratingsOf(["a a b", "a a b", "a b a"]));
  assert.deepEqual(confusion, [
    { one: "a", other: "a", pairs: 4 },
    { one: "a", other: "b", pairs: 4 },
    { one: "b", other: "b", pairs: 1 },
  ]);
  assert.equal(observed, 5 / 9);
  assert.equal(perAnnotator["observer 1"]?.same, 4 / 6);
  assert.equal(perAnnotator["observer 3"]?.same, 2 / 6);
  assert.deepEqual([perClass["a"]?.ratings, perClass["b"]?.ratings], [6, 3]);
  assert.equal(perClass["a"]?.alpha, perClass["b"]?.alpha, "of two classes each is what the other is not");
});

test("spans are compared word by word", () => {
  const text = "the new Lumen kettle leaks";
  const of = (annotator: string, start: number, end: number) => ratingsOfSpans("t", annotator, text, [{ start, end, kind: "product" }]);
  const { units, confusion } = agreementOf([...of("x", 8, 20), ...of("y", 8, 13)]);
  assert.equal(units, 5);
  assert.deepEqual(
    confusion.find(({ one, other }) => one !== other),
    { one: "none", other: "product", pairs: 1 },
  );
});
