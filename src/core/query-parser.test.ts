import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EarshotError } from "./errors.ts";
import { formatQuery } from "./query-format.ts";
import { parseQuery } from "./query-parser.ts";
import { type Query, queryFields } from "./query.ts";

const word = (text: string, prefix = false): Query => ({ kind: "word", word: text, prefix });

function faultOf(text: string): string {
  try {
    parseQuery(text);
  } catch (thrown) {
    assert.ok(thrown instanceof EarshotError);
    assert.equal(thrown.code, "QUERY_INVALID");
    return thrown.message;
  }
  return assert.fail(`${text} was read`);
}

test("words beside each other must all stand in the post", () => {
  assert.deepEqual(parseQuery("Big news"), { kind: "and", parts: [word("big"), word("news")] });
  assert.deepEqual(parseQuery("big AND news"), parseQuery("big news"));
});

test("OR binds weaker than AND, NOT stronger", () => {
  assert.deepEqual(parseQuery("a b OR NOT c d"), {
    kind: "or",
    parts: [
      { kind: "and", parts: [word("a"), word("b")] },
      { kind: "and", parts: [{ kind: "not", part: word("c") }, word("d")] },
    ],
  });
});

test("a minus before a word excludes it, inside a word it does not", () => {
  assert.deepEqual(parseQuery("-spam"), { kind: "not", part: word("spam") });
  assert.deepEqual(parseQuery("e-mail"), { kind: "phrase", words: ["e", "mail"] });
});

test("quotes make a phrase, a star a prefix", () => {
  assert.deepEqual(parseQuery('"Big Corp"'), { kind: "phrase", words: ["big", "corp"] });
  assert.deepEqual(parseQuery("bran*"), word("bran", true));
});

test("lower-case and, or, not are words", () => {
  assert.deepEqual(parseQuery("or"), word("or"));
});

test("NEAR joins words at a distance", () => {
  assert.deepEqual(parseQuery("a NEAR/3 b NEAR/3 c"), { kind: "near", words: ["a", "b", "c"], distance: 3 });
});

test("nothing and * are everything", () => {
  assert.deepEqual(parseQuery("  "), { kind: "all" });
  assert.deepEqual(parseQuery("*"), { kind: "all" });
});

test("each field takes its values", () => {
  assert.deepEqual(parseQuery("language:EN"), { kind: "field", field: "language", value: "en" });
  assert.deepEqual(parseQuery("judged:Emotion/Anger"), { kind: "field", field: "judged", value: "emotion/anger" });
  assert.throws(() => parseQuery("judged:anger"), /a task and what a model says/);
  assert.deepEqual(parseQuery("towards:Acme=Negative"), { kind: "field", field: "towards", value: "acme=negative" });
  for (const wrong of ["acme", "acme=bad", "=negative"]) assert.throws(() => parseQuery(`towards:${wrong}`), /a brand and negative, neutral, positive or none/);
  assert.deepEqual(parseQuery("hashtag:#Café"), { kind: "field", field: "hashtag", value: "cafe" });
  assert.deepEqual(parseQuery('source:"my source"'), { kind: "field", field: "source", value: "my source" });
  assert.deepEqual(parseQuery("has:media is:reply"), {
    kind: "and",
    parts: [
      { kind: "field", field: "has", value: "media" },
      { kind: "field", field: "is", value: "reply" },
    ],
  });
});

test("created takes two dates, the second excluded, either of which may be left out", () => {
  assert.deepEqual(parseQuery("created:2026-01-01..2026-01-02"), { kind: "range", field: "created", fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) });
  assert.deepEqual(parseQuery("created:..2026-01-02T12:30Z"), { kind: "range", field: "created", toMs: Date.UTC(2026, 0, 2, 12, 30) });
});

test("a web address is the phrase of its words", () => {
  assert.deepEqual(parseQuery("https://x.org/a"), { kind: "phrase", words: ["https", "x", "org", "a"] });
});

for (const [text, column, expected] of [
  ["(a", 3, "expected )"],
  ["a)", 2, "expected AND, OR or the end, came )"],
  ["a OR", 5, "expected a word"],
  ['say "hi', 5, 'expected a closing "'],
  ["a foo:bar", 3, "expected one of the fields"],
  ["is:nice", 4, "expected reply, reshare, original, came nice"],
  ["language:english!", 10, "expected a language"],
  ["author:bob", 8, "expected an author id"],
  ["reply:7", 7, "expected a post id"],
  ["created:2026-02-31..", 9, "expected a date"],
  ["created:2026", 9, "expected FROM..TO"],
  ["a NEAR/9999 b", 3, "expected NEAR/1 to NEAR/1000"],
  ["a NEAR/99999999 b", 3, "expected NEAR/1 to NEAR/1000"],
  ["a NEAR/-1 b", 3, "expected NEAR/1 to NEAR/1000"],
  ["!!!", 1, "expected a word, came !!!"],
  ["source:", 8, "expected a value"],
] satisfies [string, number, string][]) {
  test(`the fault of ${text} is named with its column`, () => {
    assert.match(faultOf(text), new RegExp(`^query, column ${column}: `));
    assert.ok(faultOf(text).includes(expected), faultOf(text));
  });
}

test("length, depth and number of words are limited", () => {
  assert.match(faultOf("a".repeat(10_001)), /at most 10000/);
  assert.match(faultOf("(".repeat(5_000)), /at most 32 levels/);
  assert.match(faultOf("NOT ".repeat(2_000)), /at most 32 levels/);
  assert.match(faultOf("a ".repeat(1_001)), /at most 1000/);
});

test("any text is read or refused with QUERY_INVALID", () => {
  const piece = fc.oneof(
    fc.constantFrom("(", ")", '"', "-", "*", " ", "AND ", "OR ", "NOT ", "NEAR/3 ", "a ", "東京 ", "created:", "..", "is:", "@m_", "\ud800", "#"),
    fc.constantFrom(...queryFields.map((field) => `${field}:`)),
    fc.string({ unit: "binary", maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
      try {
        const query = parseQuery(pieces.join(""));
        assert.deepEqual(parseQuery(formatQuery(query)), query);
      } catch (thrown) {
        if (!(thrown instanceof EarshotError)) throw thrown;
        assert.equal(thrown.code, "QUERY_INVALID");
      }
    }),
    { numRuns: 5_000 },
  );
});
