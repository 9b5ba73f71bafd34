import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EarshotError } from "./errors.ts";
import { formatQuery } from "./query-format.ts";
import { matchesQuery, type QueryFacts } from "./query-match.ts";
import { parseQuery } from "./query-parser.ts";
import { spellingLetters, spellingsOf } from "./spellings.ts";
import { tokenise } from "./tokens.ts";

const facts = (text: string): QueryFacts => ({
  words: tokenise(text),
  language: "en",
  platform: "forum",
  source: "s1",
  sentiment: undefined,
  terms: [],
  hashtags: [],
  links: [],
  author: undefined,
  createdAt: 0,
  reply: false,
  reshare: false,
  media: false,
  pii: false,
  languages: false,
  entities: [],
});
const finds = (query: string, text: string): boolean => matchesQuery(parseQuery(query), facts(text));

test("a word is found however it is hidden", () => {
  for (const text of ["hate", "I HATE it", "h4te", "H4T3", "h*te", "ha.te", "h a t e", "h-a-t-e", "hаte", "ha\u200bte", "haaate", "hateeeeeeeee", "h@te"])
    assert.ok(finds("spelled:hate", text), text);
  for (const text of ["hat", "heat", "late", "that e", "have to hat", "he ate"]) assert.ok(!finds("spelled:hate", text), text);
});

test("it stands among other conditions, and is read again from what it is written as", () => {
  assert.ok(finds("spelled:hate NOT spelled:love", "h4te you"));
  assert.ok(!finds("spelled:hate NOT spelled:love", "h4te and l0ve"));
  for (const query of ["spelled:hate", "(spelled:hate OR x) -spelled:Stupid"]) assert.deepEqual(parseQuery(formatQuery(parseQuery(query))), parseQuery(query));
});

test("what is no such word is refused where it stands", () => {
  for (const value of ["", "abc", "h4te", '"two words"', "слово", "a".repeat(spellingLetters.most + 1)])
    assert.throws(
      () => parseQuery(`x spelled:${value}`),
      (thrown) => thrown instanceof EarshotError && thrown.code === "QUERY_INVALID" && thrown.message.includes("column 11"),
      value,
    );
  assert.throws(() => parseQuery(Array.from({ length: 30 }, () => "spelled:wonderful").join(" ")), /at most 1000 words/);
});

test("each spelling is one that the index can hold, and there are few enough for a query of several", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from("abcdefghijklmnopqrstuvwxyz")), minLength: spellingLetters.least, maxLength: spellingLetters.most }), (word) => {
      const spellings = spellingsOf(word);
      assert.ok(spellings.length <= 8 * word.length + 20);
      for (const one of spellings) {
        if (one.kind === "word") assert.deepEqual(tokenise(one.word), [one.word]);
        else if (one.kind === "phrase") assert.deepEqual(tokenise(one.words.join(" ")), one.words);
        else assert.fail(one.kind);
      }
      assert.ok(matchesQuery({ kind: "or", parts: spellings }, facts(word)));
    }),
  );
});
