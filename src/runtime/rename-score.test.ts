import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addValue, emptyShape, type Shape } from "../core/shape.ts";
import { nameLikeness, scoreRename } from "./rename-score.ts";

const shapeOf = (values: readonly unknown[]): Shape => {
  const shape = emptyShape();
  for (const value of values) addValue(shape, value);
  return shape;
};
const dates = shapeOf(["2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"]);
const texts = shapeOf(["<p>hello there</p>", "<p>some longer words about a numbat</p>"]);
const counts = shapeOf([3, 0, 17]);
const any = () => true;

describe("a proposal for a renamed field", () => {
  it("takes like names for like, however they are written", () => {
    for (const [a, b] of [
      ["created_at", "createdAt"],
      ["content", "content_html"],
      ["favourites_count", "favouritesCount"],
      ["likes_count", "like_count"],
    ] as const)
      assert.ok(nameLikeness(a, b) > 0.7, `${a} ${b} ${nameLikeness(a, b)}`);
    assert.ok(nameLikeness("created_at", "visibility") < 0.5);
  });

  it("needs values that look alike, and as many of them as went", () => {
    const went = { field: "created_at", share: 1, shape: dates, fits: any };
    assert.ok((scoreRename(went, { field: "createdAt", share: 1, shape: dates })?.score ?? 0) > 0.9);
    assert.equal(scoreRename(went, { field: "createdAt", share: 0.2, shape: dates }), undefined);
    assert.equal(scoreRename(went, { field: "createdAt", share: 1, shape: counts }), undefined);
    const byDate = scoreRename(went, { field: "published", share: 1, shape: dates })?.score ?? 0;
    const byText = scoreRename(went, { field: "published", share: 1, shape: texts })?.score ?? 0;
    assert.ok(byDate > byText, "dates stand in for dates");
  });
});
