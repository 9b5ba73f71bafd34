import assert from "node:assert/strict";
import { test } from "node:test";
import { configSchema } from "../core/config.ts";
import type { DeepModels } from "../core/deep.ts";
import { type Judgement, judgementsOf } from "../core/judgement.ts";
import type { Draft } from "../core/stage.ts";
import { makeDeep } from "./deep.ts";
import { stageContract } from "./stage.contract.ts";
import { readyDraft } from "./stage-fixtures.ts";

const said = (label: string, sure: number): Judgement => ({ task: "sentiment", model: "deep@1", label, probabilities: { negative: 0, neutral: 0, positive: 0, [label]: sure } });
/** Positive where the text has "good", unsure where it has "hm", and no answer where it has the reason's name. */
const models: DeepModels = {
  ask: (_model, texts) =>
    texts.map((text) =>
      text.includes("budget") ? "budget" : text.includes("late") ? "late" : said(text.includes("good") ? "positive" : "negative", text.includes("hm") ? 0.4 : 0.9),
    ),
};
const useOf = (...deep: object[]) => configSchema.parse({ models: { deep } }).models.deep;
const abstained = useOf({ task: "sentiment", model: "big" });
stageContract("deep", { open: () => makeDeep({ models, use: useOf({ task: "sentiment", model: "big", use: "all" }) }), input: "ready" });

function judged(text: string, use: ReturnType<typeof useOf>, small?: Partial<Judgement>, id = "post:1"): Draft {
  using stage = makeDeep({ models, use });
  const draft = readyDraft(text, { id });
  draft.language = "en";
  draft.sentiment = { label: "neutral", score: 0 };
  if (small !== undefined)
    draft.notes = {
      judgements: [
        { task: "spam", model: "spam@1", probabilities: {} },
        { task: "sentiment", model: "small@1", probabilities: { positive: 0.4 }, ...small },
      ],
    };
  stage.run([draft]);
  return draft;
}
const sentimentOf = (draft: Draft) => judgementsOf(draft.notes).find(({ task }) => task === "sentiment");

test("where the small model abstains the larger one answers in its place, and the sentiment is its word", () => {
  const draft = judged("good", abstained, {});
  assert.deepEqual(
    judgementsOf(draft.notes)
      .toSorted((a, b) => a.model.localeCompare(b.model))
      .toReversed(),
    [{ task: "spam", model: "spam@1", probabilities: {} }, said("positive", 0.9)],
  );
  assert.deepEqual(draft.sentiment, { label: "positive", score: 0.9 });
});

test("a small model that is sure is not asked over, unless all posts are", () => {
  assert.equal(sentimentOf(judged("bad", abstained, { label: "positive" }))?.model, "small@1");
  assert.equal(sentimentOf(judged("bad", useOf({ task: "sentiment", model: "big", use: "all" }), { label: "positive" }))?.label, "negative");
});

test("where no small model is asked, the larger one is", () => {
  assert.equal(sentimentOf(judged("good", abstained))?.label, "positive");
});

test("a larger model that is unsure says nothing, and the post is not scored", () => {
  const draft = judged("hm good", abstained, {});
  assert.deepEqual([sentimentOf(draft)?.model, sentimentOf(draft)?.label, draft.sentiment], ["deep@1", undefined, undefined]);
});

test("when the budget is spent or the answer late, the small model's answer stands and says why", () => {
  const small = { task: "sentiment", model: "small@1", probabilities: { positive: 0.4 } };
  assert.deepEqual(sentimentOf(judged("budget", abstained, {})), { ...small, stood: "budget" });
  assert.deepEqual(sentimentOf(judged("late", abstained, {})), { ...small, stood: "late" });
  const lexicon = judged("budget", abstained);
  assert.deepEqual([lexicon.notes, lexicon.sentiment?.label], [undefined, "neutral"]);
});

test("names of a larger tagger take the place of others, and are asked for where there are none", () => {
  const tagger: DeepModels = {
    ask: (_model, texts) => texts.map((text) => ({ model: "tagger@1", spans: text.includes("Ann") ? [{ start: 0, end: 3, kind: "person" as const }] : [] })),
  };
  const of = (use: string, text: string, entities?: object) => {
    using stage = makeDeep({ models: tagger, use: useOf({ task: "entities", model: "big", use }) });
    const draft = readyDraft(text);
    if (entities !== undefined) draft.notes = { entities: { model: "entities@1", spans: [{ start: 4, end: 7, kind: "place" }] } };
    stage.run([draft]);
    return draft.notes?.entities?.model;
  };
  assert.deepEqual(
    [of("abstained", "Ann met"), of("abstained", "Ann met", {}), of("all", "Ann met", {}), of("all", "who met", {})],
    ["tagger@1", "entities@1", "tagger@1", undefined],
  );
});

test("a sample is a fixed share of the posts", () => {
  const use = useOf({ task: "sentiment", model: "big", use: "sample", sampleShare: 0.25 });
  const asked = Array.from({ length: 2_000 }, (_, i) => sentimentOf(judged("good", use, { label: "negative" }, `post:${i}`))?.model === "deep@1");
  const share = asked.filter(Boolean).length / asked.length;
  assert.ok(share > 0.21 && share < 0.29, String(share));
  assert.deepEqual(
    Array.from({ length: 50 }, (_, i) => sentimentOf(judged("good", use, { label: "negative" }, `post:${i}`))?.model === "deep@1"),
    asked.slice(0, 50),
  );
});

test("sources and languages that are not named are not asked for", () => {
  assert.equal(sentimentOf(judged("good", useOf({ task: "sentiment", model: "big", languages: ["de"] }))), undefined);
  assert.equal(sentimentOf(judged("good", useOf({ task: "sentiment", model: "big", sources: ["other"] }))), undefined);
  assert.equal(sentimentOf(judged("good", useOf({ task: "sentiment", model: "big", sources: ["s1"], languages: ["en"] })))?.label, "positive");
});

test("a model is one of a folder or one behind HTTP, and another machine is named as such", () => {
  const refused = (deep: object) => assert.throws(() => useOf(deep), /models|expected/);
  const behind = { url: "http://127.0.0.1:1/v1", model: "m", labels: ["a", "b"] };
  refused({ task: "sentiment" });
  refused({ task: "sentiment", model: "big", http: behind });
  refused({ task: "sentiment", http: { ...behind, url: "https://elsewhere.example/v1" } });
  refused({ task: "sentiment", http: { ...behind, url: "http://127.0.0.1.elsewhere.example/v1" } });
  refused({ task: "sentiment", model: "../big" });
  assert.equal(useOf({ task: "sentiment", http: { ...behind, url: "https://elsewhere.example/v1", leavesMachine: true } }).length, 1);
});
