import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { configSchema, type ModelsUse, usedModels } from "../core/config.ts";
import type { Draft } from "../core/stage.ts";
import { type Judgement, judgementsOf, packJudgements, type TextModels } from "../core/judgement.ts";
import { buildLanguageTable } from "./language-table.ts";
import { makeJudge } from "./judge.ts";
import { openStages } from "./pipeline.ts";
import { stageContract } from "./stage.contract.ts";
import { plainMentionId, readyDraft } from "./stage-fixtures.ts";

const sentimentOf = (label: string, sure: number): Judgement => ({
  task: "sentiment",
  model: "social@1",
  label,
  probabilities: { negative: 0, neutral: 1 - sure, positive: 0, [label]: sure },
});
/** Says what the text names: as sure as its length in hundredths. */
const models: TextModels = {
  social: (text) => [sentimentOf(text.includes("bad") ? "negative" : "positive", Math.min(1, text.length / 100))],
  multilingual: (_text, language) => ({ ...sentimentOf("positive", 0.8), model: `multilingual@1-${language}` }),
  spam: (text) => ({ task: "spam", model: "spam@1", label: "ham", probabilities: { ham: text.includes("buy") ? 0.4 : 0.9, spam: 0.1 } }),
  entities: (text) => ({ model: "entities@1", spans: text.includes("Ann") ? [{ start: text.indexOf("Ann"), end: text.indexOf("Ann") + 3, kind: "person" }] : [] }),
  promoted: () => [],
  hasOwn: () => false,
  hasPromoted: () => false,
  watch: () => undefined,
};
const useOf = (models: object): ModelsUse => usedModels(configSchema.parse({ models }).models);
const all = useOf({ social: true, spam: true, entities: true });
stageContract("judge", { open: () => makeJudge({ models, use: all }), input: "ready" });

function judged(text: string, use: ModelsUse, language = "en"): Draft {
  using stage = makeJudge({ models, use });
  const draft = readyDraft(text);
  draft.language = language;
  draft.sentiment = { label: "neutral", score: 0.1 };
  stage.run([draft]);
  return draft;
}
const long = (text: string) => text.padEnd(70, ".");

test("each judgement stands beside the post with its probabilities and the model's version", () => {
  const draft = judged(long("bad Ann"), all);
  assert.deepEqual(judgementsOf(draft.notes), [
    { task: "sentiment", model: "social@1", label: "negative", probabilities: { negative: 0.7, neutral: 0.3, positive: 0 } },
    { task: "spam", model: "spam@1", label: "ham", probabilities: { ham: 0.9, spam: 0.1 } },
  ]);
  assert.deepEqual(draft.notes?.entities, { model: "entities@1", spans: [{ start: 4, end: 7, kind: "person" }] });
});

test("judgements come back from storage as they were, those of other models and tasks too", () => {
  const thousandths = fc.integer({ min: 0, max: 1_000 }).map((value) => value / 1_000);
  const judgement = fc
    .record({
      task: fc.constantFrom("sentiment", "spam", "mood"),
      model: fc.constantFrom("social@1", "mine@2"),
      label: fc.option(fc.constantFrom(0, 1), { nil: undefined }),
      classes: fc.constantFrom(["negative", "neutral", "positive"], ["ham", "spam"], ["a", "b"]),
      values: fc.array(thousandths, { minLength: 3, maxLength: 3 }),
    })
    .map(({ task, model, label, classes, values }): Judgement => {
      const named = label === undefined ? undefined : classes[label];
      return { task, model, ...(named !== undefined && { label: named }), probabilities: Object.fromEntries(classes.map((name, c) => [name, values[c] ?? 0])) };
    });
  fc.assert(
    fc.property(fc.array(judgement, { maxLength: 6 }), (list) => {
      const stored = judgementsOf(JSON.parse(JSON.stringify(packJudgements(list))));
      const keys = (all: readonly Judgement[]) => all.map((one) => JSON.stringify(one)).toSorted();
      assert.deepEqual(keys(stored), keys(list));
    }),
  );
  const bytes = JSON.stringify(packJudgements([sentimentOf("negative", 0.7)])).length;
  assert.ok(bytes < 50, String(bytes));
});

test("the sentiment is the model's: how much likelier positive is than negative", () => {
  assert.deepEqual(judged(long("bad"), all).sentiment, { label: "negative", score: -0.7 });
  assert.deepEqual(judged(long("good"), all).sentiment, { label: "positive", score: 0.7 });
});

test("a model that is not sure says nothing, and the sentiment is then not scored", () => {
  const draft = judged("bad, buy", all);
  assert.equal(draft.sentiment, undefined);
  assert.deepEqual(
    judgementsOf(draft.notes).map(({ label }) => label),
    [undefined, undefined],
  );
  assert.equal(judged("bad, buy", useOf({ social: true, leastProbability: 0.05 })).sentiment?.label, "negative");
});

test("posts in other languages keep their sentiment, and may still be judged for spam", () => {
  const draft = judged(long("bad"), all, "de");
  assert.deepEqual(draft.sentiment, { label: "neutral", score: 0.1 });
  assert.deepEqual(
    judgementsOf(draft.notes).map(({ task }) => task),
    ["spam"],
  );
});

test("posts in other languages have the sentiment of the model that was asked for them, under its own version", () => {
  const german = judged(long("gut"), useOf({ social: true, multilingual: true }), "de");
  assert.deepEqual(german.sentiment, { label: "positive", score: 0.8 });
  assert.deepEqual(
    judgementsOf(german.notes).map(({ task, model }) => `${task} ${model}`),
    ["sentiment multilingual@1-de"],
  );
  assert.deepEqual(
    judgementsOf(judged(long("good"), useOf({ social: true, multilingual: true })).notes).map(({ model }) => model),
    ["social@1"],
  );
  assert.deepEqual(judged(long("goed"), useOf({ multilingual: true }), "nl").sentiment, { label: "neutral", score: 0.1 });
  assert.deepEqual(judged(long("gut"), useOf({ multilingual: { languages: ["fr"] } }), "de").sentiment, { label: "neutral", score: 0.1 });
});

test("sources and languages that are not named are not asked for", () => {
  const tasks = (models: object, language = "en") => judged(long("Ann"), useOf(models), language).notes;
  assert.equal(tasks({ social: { sources: ["other"] }, spam: { languages: ["de"] }, entities: false }), undefined);
  assert.deepEqual(judgementsOf(tasks({ social: { sources: ["s1"] } })).length, 1);
  assert.deepEqual(judgementsOf(tasks({ spam: { sources: ["s1"], languages: ["de"] } }, "de")).length, 1);
  assert.equal(tasks({ spam: { sources: ["s1"], languages: ["fr"] } }, "de"), undefined);
});

test("the stage is there only where something is asked, and the lexicon leaves to it what it judges", () => {
  const options = { mentionId: plainMentionId, isOrganisationHandle: () => false, terms: [], keep: () => "everything" as const, languageTable: buildLanguageTable("small") };
  using off = openStages({ ...options, judge: { models, use: useOf({}) } });
  assert.equal(off.names.includes("judge"), false);
  using on = openStages({ ...options, judge: { models, use: useOf({ social: true }) } });
  const text = "I love this, it is the most wonderful day of all the days that there ever were";
  const trace = on.trace(readyDraft(text));
  assert.deepEqual(trace.findings.sentiment?.signs, []);
  assert.equal(judgementsOf(trace.findings.judge)[0]?.label, "positive");
  assert.ok(trace.steps.some(({ stage, version }) => stage === "judge" && version !== ""));
});

test("a promoted model stands in the place of the embedded one of its task, or beside, by its own thresholds, and candidates change nothing", () => {
  const watched: (readonly [string, readonly string[]])[] = [];
  const own: TextModels = {
    ...models,
    promoted: (_text, language) =>
      language === "fr"
        ? []
        : [
            { task: "sentiment", model: "sentiment@2", label: "negative", probabilities: { negative: 0.4, neutral: 0.3, positive: 0.3 } },
            { task: "complaint", model: "complaint@3", label: "yes", probabilities: { yes: 0.45, no: 0.55 } },
          ],
    hasOwn: () => true,
    hasPromoted: (task, language) => task === "sentiment" && language !== "fr",
    watch: ({ nativeId }, said) => watched.push([nativeId, said.map(({ model }) => model)]),
  };
  const of = (language: string, use: ModelsUse) => {
    using stage = makeJudge({ models: own, use });
    const draft = readyDraft(long("good"));
    draft.language = language;
    draft.sentiment = { label: "neutral", score: 0.1 };
    stage.run([draft]);
    return { sentiment: draft.sentiment, models: judgementsOf(draft.notes).map(({ model, label }) => `${model} ${label ?? "?"}`) };
  };
  assert.deepEqual(of("en", useOf({ social: true })), { sentiment: { label: "negative", score: -0.1 }, models: ["sentiment@2 negative", "complaint@3 yes"] });
  assert.deepEqual(of("de", useOf({})).models, ["sentiment@2 negative", "complaint@3 yes"]);
  assert.deepEqual(of("fr", useOf({})), { sentiment: { label: "neutral", score: 0.1 }, models: [] });
  assert.equal(watched.length, 3);
  assert.deepEqual(watched[0]?.[1], ["sentiment@2", "complaint@3"]);
});
