import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { differenceOf, type Piece } from "./terms-difference.ts";

const side = (pieces: readonly Piece[], leave: Piece["is"]) =>
  pieces
    .filter((piece) => piece.is !== leave)
    .map((piece) => piece.text)
    .join("");

describe("the difference of two versions", () => {
  test("shows what went and what came, and what stayed", () => {
    assert.deepEqual(differenceOf("acme OR rocket", "acme OR anvil"), [
      { text: "acme OR ", is: "same" },
      { text: "rocket", is: "gone" },
      { text: "anvil", is: "new" },
    ]);
    assert.deepEqual(differenceOf("", "acme"), [{ text: "acme", is: "new" }]);
    assert.deepEqual(differenceOf("acme", "acme"), [{ text: "acme", is: "same" }]);
  });

  test("gives both texts back, whatever they are", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", " ", "OR", '"'), { maxLength: 40 }).map((parts) => parts.join(" "));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const pieces = differenceOf(before, after);
        assert.equal(side(pieces, "new"), before);
        assert.equal(side(pieces, "gone"), after);
        assert.ok(pieces.every((piece, i) => piece.text !== "" && piece.is !== pieces[i + 1]?.is));
      }),
    );
  });

  test("a text beyond the limit is shown whole", () => {
    const long = "word ".repeat(1_000);
    assert.deepEqual(
      differenceOf(long, "short").map((piece) => piece.is),
      ["gone", "new"],
    );
  });
});
