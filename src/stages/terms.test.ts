import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesQuery } from "../core/query-match.ts";
import { parseQuery } from "../core/query-parser.ts";
import { makeTerms, type Term, termFault } from "./terms.ts";
import { stageContract } from "./stage.contract.ts";
import { readyDraft } from "./stage-fixtures.ts";

const termsOf = (queries: Readonly<Record<string, string>>): Term[] => Object.entries(queries).map(([id, query]) => ({ id, query: parseQuery(query) }));
const everything = () => "everything" as const;
const open = () => makeTerms({ terms: termsOf({ acme: "acme -spam", greeting: '"hello world" OR hi*' }), keep: everything });
stageContract("terms", { open, input: "ready" });
stageContract("the sieve of terms", { open: () => open().sieve, input: "ready" });

function tagged(queries: Readonly<Record<string, string>>, text: string): readonly string[] {
  const draft = readyDraft(text, { replyTo: "post:0" });
  makeTerms({ terms: termsOf(queries), keep: everything }).run([draft]);
  return draft.terms;
}

test("a post bears the ids of the terms that it matches, in order", () => {
  assert.deepEqual(tagged({ b: "acme", a: '"big corp"', c: "other" }, "Acme beats Big Corp"), ["a", "b"]);
});

test("exclusions, prefixes, hashtags, fields and terms without a word are heeded", () => {
  const queries = { not: "acme -bad", prefix: "acm*", tag: "#acme", field: "is:reply platform:bluesky", none: "NOT zzz", all: "*" };
  assert.deepEqual(tagged(queries, "#ACME is bad"), ["all", "field", "none", "prefix", "tag"]);
});

test("new terms take effect whole with the next batch", () => {
  const stage = open();
  stage.setTerms(termsOf({ other: "world" }));
  const draft = readyDraft("hello world acme");
  stage.run([draft]);
  assert.deepEqual(draft.terms, ["other"]);
});

test("a source that keeps only what matches drops the rest", () => {
  const stage = makeTerms({ terms: termsOf({ acme: "acme language:de" }), keep: () => "matching" });
  const [no, maybe] = [readyDraft("nothing here"), readyDraft("acme")];
  assert.deepEqual(stage.sieve.run([no, maybe]), [{ drop: "no-match" }, { keep: maybe }]);
  assert.deepEqual(stage.run([maybe]), [{ drop: "no-match" }]);
});

test("a term cannot ask for the author or for another term", () => {
  assert.match(termFault(parseQuery("a OR NOT term:b")) ?? "", /^term: /);
  assert.equal(termFault(parseQuery("a is:reply")), undefined);
});

test("the index finds exactly the terms that the reference evaluator finds", () => {
  const leaf = fc.constantFrom("a", "b", "cc", "cc*", "d*", '"a b"', '"cc a"', "a NEAR/1 cc", "NOT a", "-b", "is:reply", "the", "猫", "東京");
  const query = fc
    .array(fc.tuple(leaf, fc.constantFrom(" ", " OR ")), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([part, join], i) => (i === parts.length - 1 ? part : part + join)).join(""));
  const text = fc.array(fc.constantFrom("a", "b", "cc", "ccd", "dd", "the", "東京都", "黒猫"), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(query, { maxLength: 8 }), text, (queries, words) => {
      const terms = queries.map((one, i) => ({ id: `t${i}`, query: parseQuery(one) }));
      const draft = readyDraft(words.join(" "));
      makeTerms({ terms, keep: everything }).run([draft]);
      const facts = {
        words: draft.tokens.words,
        language: "und",
        platform: "bluesky",
        source: "s1",
        sentiment: undefined,
        terms: [],
        hashtags: [],
        links: [],
        entities: [],
        author: undefined,
        createdAt: 0,
        reply: false,
        reshare: false,
        media: false,
        pii: false,
        languages: false,
      };
      assert.deepEqual(
        draft.terms,
        terms.filter((term) => matchesQuery(term.query, facts)).map((term) => term.id),
      );
    }),
    { numRuns: 1_000 },
  );
});
