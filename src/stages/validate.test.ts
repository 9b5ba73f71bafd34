import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SourceEvent, SourcePost } from "../core/event.ts";
import { makePost, nowMs } from "./stage-fixtures.ts";
import { maxTextLength, validateEvent } from "./validate.ts";

const post = (more: Partial<SourcePost> = {}): SourceEvent => ({ type: "post", post: makePost("hi", more) });

/** What a wrong parser would hand over. */
function untyped(value: unknown): SourceEvent {
  const made: SourceEvent[] = [];
  Array.prototype.push.call(made, value);
  return made[0] ?? assert.fail();
}

function codeOf(event: SourceEvent): string {
  const outcome = validateEvent(event, nowMs);
  return "reject" in outcome ? outcome.reject.code : "kept";
}

test("a sound event passes as it is", () => {
  const event = post({ counts: { likes: 3 }, languages: ["en"], extra: { x: [1] } });
  assert.deepEqual(validateEvent(event, nowMs), { keep: event });
});

for (const event of [
  { type: "engagement", id: "a", at: nowMs, counts: { likes: 1 } },
  { type: "reaction", id: "a", mark: "b", actor: "c", at: nowMs, count: "likes" },
  { type: "unreaction", mark: "b", at: nowMs },
  { type: "delete", id: "a", at: nowMs },
  { type: "erase", author: "a", reason: "objection", at: nowMs },
  { type: "identity", author: { id: "a", handle: "b" }, at: nowMs },
] satisfies SourceEvent[]) {
  test(`a sound ${event.type} passes, one outside of time does not`, () => {
    assert.equal(codeOf(event), "kept");
    assert.equal(codeOf({ ...event, at: nowMs + 2 * 86_400_000 }), "DATE_INVALID");
  });
}

for (const [what, event, code] of [
  ["an unknown type", { type: "poke" }, "FIELD_INVALID"],
  ["no text", { type: "post", post: { ...makePost("x"), text: undefined } }, "FIELD_INVALID"],
  ["a missing author", { type: "post", post: { id: "a", createdAt: nowMs, revision: 0, text: "", format: "text", visibility: "public" } }, "FIELD_MISSING"],
  ["no post", { type: "post" }, "FIELD_MISSING"],
  ["a negative count", post({ counts: { likes: -1 } }), "FIELD_INVALID"],
  ["an endless count", post({ counts: { likes: Infinity } }), "FIELD_INVALID"],
  ["a date of 1970", post({ createdAt: 0 }), "DATE_INVALID"],
  ["a date that is none", post({ createdAt: Number.NaN }), "DATE_INVALID"],
  ["a later edit than tomorrow", post({ editedAt: nowMs * 2 }), "DATE_INVALID"],
  ["a private post", post({ visibility: "private" }), "PRIVATE_REFUSED"],
  ["a text too long", post({ text: "a".repeat(maxTextLength + 1) }), "ITEM_TOO_LARGE"],
  ["an empty id", post({ id: "" }), "FIELD_INVALID"],
  ["a control character in an id", post({ id: "a\u0000b" }), "FIELD_INVALID"],
  ["half a character in an id", post({ author: { id: "\ud800" } }), "FIELD_INVALID"],
  ["a place off the earth", post({ place: { latitude: 91 } }), "FIELD_INVALID"],
] satisfies [string, unknown, string][]) {
  test(`${what} is rejected as ${code}`, () => {
    assert.equal(codeOf(untyped(event)), code);
  });
}

test("lone surrogates and control characters in what people wrote are mended, places kept", () => {
  const outcome = validateEvent(post({ text: "a\u0000b\ud800c\n", author: { id: "x", name: "n\u0007" } }), nowMs);
  assert.ok("keep" in outcome && outcome.keep.type === "post");
  assert.equal(outcome.keep.post.text, "a b\ufffdc\n");
  assert.equal(outcome.keep.post.author.name, "n");
});

test("whatever a parser hands over is kept or rejected, never thrown", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.object(), fc.record({ type: fc.constantFrom("post", "delete", "erase", "identity"), post: fc.anything(), id: fc.anything(), at: fc.anything() })),
      (value) => {
        const outcome = validateEvent(untyped(value), nowMs);
        assert.ok("keep" in outcome || "reject" in outcome);
      },
    ),
    { numRuns: 1_000 },
  );
});
