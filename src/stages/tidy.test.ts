import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tidy } from "./tidy.ts";

const tidied = (text: string): string => tidy(text, []).text;
const pieces = [
  "a",
  "é",
  "e\u0301",
  "\u0301",
  "\u1100",
  "\u1161",
  "가",
  "😀",
  "❤\ufe0f",
  "\u200d",
  "か\u3099",
  "日",
  " ",
  "  ",
  "\n",
  "\n\n\n",
  "\t",
  "\u00a0",
  "\u00ad",
  "\ud83d",
  "\u2126",
  "🇩🇪",
];

test("a text is left as it is where the long way would change nothing, and nowhere else", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 2 })), { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      // A word joiner makes the text go the long way, and goes itself.
      assert.equal(tidied(text), tidied(`\u2060${text}`));
    }),
    { numRuns: 2_000 },
  );
});

test("emoji, their variants and flags stay; marks compose; what nobody sees goes", () => {
  assert.equal(tidied("❤\ufe0f 🇩🇪 😀"), "❤\ufe0f 🇩🇪 😀");
  assert.equal(tidied("cafe\u0301"), "café");
  assert.equal(tidied("\u1100\u1161"), "가");
  assert.equal(tidied("a\u200db\u00ad  c \n\n\n\nd "), "ab c\n\nd");
  assert.equal(tidied("half \ud83d"), "half \ufffd");
});
