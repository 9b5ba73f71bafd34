import assert from "node:assert/strict";
import { test } from "node:test";
import { piecesOf, placesOfWords, wholeWords, withSpan, without } from "./labels-spans.ts";

const text = "The new Lumen-2 kettle, @m_abc!";
const wordsIn = (said: string) => placesOfWords(said).map(({ start, end }) => said.slice(start, end));

test("words are what one would mark", () => {
  assert.deepEqual(wordsIn(text), ["The", "new", "Lumen-2", "kettle", ",", "@m_abc", "!"]);
  assert.deepEqual(wordsIn("don't 👍 a."), ["don't", "👍", "a", "."]);
});

test("a mark grows to whole words, and one beside all words is none", () => {
  assert.deepEqual(wholeWords(text, 10, 18), { start: 8, end: 22 });
  assert.equal(wholeWords("a  b", 1, 3), undefined);
});

test("a span takes the place of those that it overlaps, and pieces give the text again", () => {
  const first = withSpan([], { start: 8, end: 15, kind: "product" });
  const both = withSpan(first, { start: 0, end: 3, kind: "product" });
  assert.deepEqual(
    both.map((span) => span.start),
    [0, 8],
  );
  assert.deepEqual(withSpan(both, { start: 4, end: 22, kind: "brand" }), [
    { start: 0, end: 3, kind: "product" },
    { start: 4, end: 22, kind: "brand" },
  ]);
  assert.deepEqual(without(both, 9, 10), [{ start: 0, end: 3, kind: "product" }]);
  assert.equal(
    piecesOf(text, both)
      .map(({ start, end }) => text.slice(start, end))
      .join(""),
    text,
  );
});
