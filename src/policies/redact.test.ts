import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PiiSpan } from "../core/event.ts";
import { maskText } from "../core/mask.ts";
import { makePost } from "./redact.fixtures.ts";
import { redactPost } from "./redact.ts";

test("personal data in a text is named and not told, and its spans stand where the names stand", () => {
  const text = "write to ann@example.org or +1 202 555 0143 now";
  const post = makePost({
    text,
    pii: [
      { start: 9, end: 24, kind: "email" },
      { start: 28, end: 43, kind: "phone" },
    ],
    links: ["mailto:ann@example.org", "https://example.org/"],
  });
  const shown = redactPost(post);
  assert.equal(shown.text, "write to [email] or [phone] now");
  assert.deepEqual(
    shown.pii?.map(({ start, end }) => shown.text.slice(start, end)),
    ["[email]", "[phone]"],
  );
  assert.deepEqual(shown.links, ["https://example.org/"]);
});

test("a post without personal data is the same post", () => {
  const post = makePost({ text: "nothing here" });
  assert.equal(redactPost(post), post);
});

test("no letter of a span is left, however spans overlap", () => {
  const span = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 })).map(([start, length]): PiiSpan => ({ start, end: Math.min(40, start + length), kind: "card" }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), (spans) => {
      const some = spans.filter(({ start, end }) => end > start);
      const letters = Array.from({ length: 40 }, (_, i) => String.fromCharCode(some.some(({ start, end }) => i >= start && i < end) ? 0x61 : 0x41)).join("");
      const { text, spans: placed } = maskText(letters, some);
      assert.equal(text.replaceAll("[card]", ""), letters.replaceAll("a", ""));
      assert.ok(placed.every(({ start, end }) => text.slice(start, end) === "[card]"));
    }),
  );
});

test("stretches by language keep their words, and their ends move to the mask that they lay in", () => {
  const text = "write to ann@example.org ahora mismo por favor";
  const post = makePost({
    text,
    pii: [{ start: 9, end: 24, kind: "email" }],
    notes: {
      languages: {
        model: "m@1",
        spans: [
          { start: 0, end: 12, language: "en", confidence: 1 },
          { start: 13, end: text.length, language: "es", confidence: 1 },
        ],
      },
    },
  });
  const shown = redactPost(post);
  assert.deepEqual(
    shown.notes?.languages?.spans.map(({ start, end }) => shown.text.slice(start, end)),
    ["write to [email]", "[email] ahora mismo por favor"],
  );
  const apart = redactPost({ ...post, notes: { languages: { model: "m@1", spans: [{ start: 25, end: text.length, language: "es", confidence: 1 }] } } });
  assert.deepEqual(
    apart.notes?.languages?.spans.map(({ start, end }) => apart.text.slice(start, end)),
    ["ahora mismo por favor"],
  );
});
