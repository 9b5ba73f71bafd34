import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuery } from "../core/query-parser.ts";
import { makeDraft, type Stage } from "../core/stage.ts";
import { buildLanguageTable } from "./language-table.ts";
import { openStages, runStages } from "./pipeline.ts";
import { makePost, nowMs, plainMentionId, readyDraft } from "./stage-fixtures.ts";

const languageTable = buildLanguageTable("small");
const options = { mentionId: plainMentionId, isOrganisationHandle: () => false, terms: [{ id: "acme", query: parseQuery("acme") }], languageTable };

function fragile(fails: (text: string) => boolean): Stage {
  return {
    name: "fragile",
    run: (batch) =>
      batch.map((draft) => {
        if (fails(draft.text)) throw new RangeError("broken");
        return { keep: draft };
      }),
    [Symbol.dispose]() {},
  };
}

test("a post goes through all stages", () => {
  using stages = openStages({ ...options, keep: () => "everything" });
  const draft = makeDraft("mastodon", "s1", makePost("<p>I love Acme &amp; co, @bob! Mail a@b.com</p>", { format: "html" }), nowMs);
  assert.deepEqual(stages.run([draft]), [{ keep: draft }]);
  assert.equal(draft.text, `I love Acme & co, @${plainMentionId("mastodon", "bob")}! Mail a@b.com`);
  assert.deepEqual([draft.language, draft.sentiment?.label, draft.terms, draft.sensitivity], ["en", "positive", ["acme"], "personal"]);
});

test("what is dropped keeps its place among the outcomes", () => {
  using stages = openStages({ ...options, keep: (source) => (source === "s1" ? "matching" : "everything") });
  const drafts = ["nothing", "acme", "none"].map((text) => makeDraft("bluesky", "s1", makePost(text), nowMs));
  assert.deepEqual(stages.run(drafts), [{ drop: "no-match" }, { keep: drafts[1] }, { drop: "no-match" }]);
});

test("new terms reach the sieve and the tags", () => {
  using stages = openStages({ ...options, keep: () => "matching" });
  stages.setTerms([{ id: "new", query: parseQuery("nothing") }]);
  const draft = makeDraft("bluesky", "s1", makePost("nothing"), nowMs);
  assert.deepEqual(stages.run([draft]), [{ keep: draft }]);
  assert.deepEqual(draft.terms, ["new"]);
});

test("an item on which a stage throws is rejected alone", () => {
  const drafts = ["a", "bad", "c"].map((text) => readyDraft(text));
  const outcomes = runStages([fragile((text) => text === "bad"), fragile(() => false)], drafts);
  assert.deepEqual(outcomes[0], { keep: drafts[0] });
  assert.ok(outcomes[1] !== undefined && "reject" in outcomes[1]);
  assert.equal(outcomes[1].reject.code, "STAGE_FAILED");
  assert.deepEqual(outcomes[2], { keep: drafts[2] });
});

test("a stage that gives too few outcomes rejects, and nothing is lost", () => {
  const outcomes = runStages([{ name: "short", run: () => [], [Symbol.dispose]() {} }], [readyDraft("a"), readyDraft("b")]);
  assert.deepEqual(
    outcomes.map((outcome) => "reject" in outcome && outcome.reject.code),
    ["STAGE_FAILED", "STAGE_FAILED"],
  );
});
