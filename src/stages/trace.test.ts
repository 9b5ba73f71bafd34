import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseQuery } from "../core/query-parser.ts";
import { makeDraft } from "../core/stage.ts";
import { buildLanguageTable } from "./language-table.ts";
import { openStages } from "./pipeline.ts";
import { makePost, nowMs, plainMentionId } from "./stage-fixtures.ts";

const languageTable = buildLanguageTable("small");
const open = (keep: "everything" | "matching" = "everything") =>
  openStages({
    mentionId: plainMentionId,
    isOrganisationHandle: (handle) => handle === "acme",
    keep: () => keep,
    terms: [
      { id: "acme", query: parseQuery('(acme OR umbrella) -"never again" language:en') },
      { id: "zoo", query: parseQuery("zebr*") },
    ],
    languageTable,
  });
const draftOf = (text: string, more = {}) => makeDraft("mastodon", "s1", makePost(text, more), nowMs);

test("a trace gives what the stages give, whatever the text", () => {
  using stages = open();
  const word = fc.constantFrom("not", "good", "terrible", "very", "but", "LOVE", "don't", "hate", "acme", "zebras", "@bob", "the", "is", "!", "😀", ":(", "slightly", "a@b.com");
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (words) => {
      const [plain, traced] = [draftOf(`this is what we think: ${words.join(" ")}`), draftOf(`this is what we think: ${words.join(" ")}`)];
      stages.run([plain]);
      const { findings, outcome } = stages.trace(traced);
      assert.equal(outcome, "keep");
      assert.deepEqual(traced, plain);
      assert.equal(findings.language?.language, plain.language);
      assert.deepEqual(findings.sentiment?.sentiment, plain.sentiment);
      if (findings.sentiment?.lexicon !== undefined) {
        const { signs, emoji, emphasis, sum } = findings.sentiment;
        assert.ok(Math.abs((signs.reduce((total, sign) => total + sign.adds, 0) + emoji) * emphasis - sum) < 1e-9, "the signs add up to the sum");
      }
      assert.deepEqual(
        findings.terms?.map(({ id }) => id),
        plain.terms,
      );
    }),
  );
});

test("the words that made a sentiment are told with what turned and raised them", () => {
  using stages = open();
  const text = "The food was not very good but the staff were WONDERFUL people";
  const { findings } = stages.trace(draftOf(text));
  const told = findings.sentiment?.signs.map(({ start, end, negatedBy, raisedBy, shouted, contrast }) => ({
    word: text.slice(start, end),
    negatedBy,
    raisedBy,
    shouted,
    contrast,
  }));
  assert.deepEqual(told, [
    { word: "good", negatedBy: "not", raisedBy: ["very"], shouted: undefined, contrast: "before" },
    { word: "WONDERFUL", negatedBy: undefined, raisedBy: undefined, shouted: true, contrast: "after" },
  ]);
});

test("a language is told with its candidates, and with what decided", () => {
  using stages = open();
  const { findings } = stages.trace(draftOf("The weather will be fine tomorrow and everybody is going to the river"));
  assert.equal(findings.language?.by, "ngrams");
  assert.equal(findings.language?.candidates[0]?.language, "en");
  assert.ok((findings.language?.candidates.length ?? 0) > 1);
  assert.equal(stages.trace(draftOf("ok", { languages: ["nl"] })).findings.language?.by, "hint");
  assert.equal(stages.trace(draftOf("Γεια σου κόσμε")).findings.language?.by, "script");
});

test("a term is told with the part of its query that was met", () => {
  using stages = open();
  const { findings } = stages.trace(draftOf("I do think that umbrella is great and the zebra is fine"));
  assert.deepEqual(findings.terms, [
    {
      id: "acme",
      parts: [
        { part: "umbrella", words: ["umbrella"] },
        { part: 'NOT "never again"', words: [] },
        { part: "language:en", words: [] },
      ],
    },
    { id: "zoo", parts: [{ part: "zebr*", words: ["zebra"] }] },
  ]);
});

test("what a source that keeps only matches drops is told where it was dropped", () => {
  using stages = open("matching");
  const { steps, outcome, reason } = stages.trace(draftOf("nothing of the kind"));
  assert.deepEqual([outcome, reason, steps.at(-1)?.stage, steps.length], ["drop", "no-match", "sieve", 3]);
  assert.ok(steps.every(({ version }) => /^[0-9a-f]{8}$/.test(version)));
});
