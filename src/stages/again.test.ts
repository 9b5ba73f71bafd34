import assert from "node:assert/strict";
import { test } from "node:test";
import { configSchema, type ModelsUse, usedModels } from "../core/config.ts";
import { noCounts, type Notes, type Post } from "../core/event.ts";
import { type EntitySpan, type Judgement, judgementsOf, packJudgements, type TextModels } from "../core/judgement.ts";
import { entityConfigSchema, type KnownEntity } from "../core/linking.ts";
import { openStages } from "./pipeline.ts";
import { nowMs, plainMentionId, readyDraft } from "./stage-fixtures.ts";

const judgement = (model: string, task: string, label: string, classes: readonly string[]): Judgement => ({
  task,
  model,
  label,
  probabilities: Object.fromEntries(classes.map((name) => [name, name === label ? 0.8 : 0.2 / (classes.length - 1)])),
});
const sentiments = ["negative", "neutral", "positive"];
let watched = 0;
const models: TextModels = {
  social: (text) => [judgement("social@1", "sentiment", text.includes("bad") ? "negative" : "positive", sentiments)],
  multilingual: (_text, language) => judgement(`multilingual@1-${language}`, "sentiment", "positive", sentiments),
  spam: () => judgement("spam@1", "spam", "ham", ["ham", "spam"]),
  entities: (text) => ({ model: "entities@1", spans: text.includes("Paris") ? [{ start: text.indexOf("Paris"), end: text.indexOf("Paris") + 5, kind: "person" }] : [] }),
  promoted: () => [],
  hasOwn: () => false,
  hasPromoted: () => false,
  watch: () => void watched++,
};
const useOf = (use: object): ModelsUse => usedModels(configSchema.parse({ models: use }).models);
const acme: KnownEntity = { id: "acme", ...entityConfigSchema.parse({ name: "Acmetron", handles: ["acme"] }) };

function open(use: object, entities: readonly KnownEntity[] = []) {
  const space = () => ({ dimensions: 1, rankOf: () => undefined, add: () => false });
  return openStages({
    mentionId: plainMentionId,
    isOrganisationHandle: () => false,
    terms: [],
    keep: () => "everything",
    judge: { models, use: useOf(use) },
    link: { entities, space, gazetteer: () => ({ find: () => [] }) },
  });
}
const idOf = plainMentionId("x", "y");
/** As it is stored after these stages. */
function stored(stages: ReturnType<typeof open>, text: string): Post {
  const draft = readyDraft(text);
  draft.language = "en";
  const [outcome] = stages.run([draft]);
  assert.ok(outcome !== undefined && "keep" in outcome);
  const { platform, source, receivedAt, language, terms, hashtags, links, sensitivity, region, sentiment, notes } = outcome.keep;
  const keyed = { id: "p_AAAAAAAAAAAAAAAAAAAAAA", author: "a1_AAAAAAAAAAAAAAAAAAAAAA", mentions: [], counts: noCounts, revision: 0, createdAt: nowMs } as const;
  return {
    ...keyed,
    platform,
    source,
    receivedAt,
    text: outcome.keep.text,
    language,
    terms,
    hashtags,
    links,
    sensitivity,
    region,
    ...(sentiment && { sentiment }),
    ...(notes && { notes }),
  };
}
const spansOf = (post: Post | undefined): readonly EntitySpan[] => post?.notes?.entities?.spans ?? [];

test("a stored post that today's stages would make the same is left alone, and candidates do not see it again", () => {
  using stages = open({ social: true, spam: true, entities: true }, [acme]);
  for (const text of ["what a bad day in the old town for all of us", "Acmetron meets Paris in the old town", "nothing at all"]) {
    const post = stored(stages, text);
    watched = 0;
    assert.deepEqual(stages.again([post], "models"), [], text);
    assert.deepEqual(stages.again([post], "links"), [], text);
    assert.equal(watched, 0);
  }
});

test("models that are turned on or off judge what is stored: the sentiment is the model's, then the lexicon's again", () => {
  using stages = open({});
  const post = stored(stages, "what a bad day in the old town, I love it all the same");
  assert.equal(post.notes, undefined);
  stages.setUse(useOf({ social: true }));
  const [judged] = stages.again([post], "models");
  assert.equal(judged?.sentiment?.label, "negative");
  assert.deepEqual(
    judgementsOf(judged?.notes).map(({ model }) => model),
    ["social@1"],
  );
  stages.setUse(useOf({}));
  assert.deepEqual(stages.again(judged === undefined ? [] : [judged], "models"), [post]);
});

test("what a larger model said stays, and so does its word on the sentiment; one that stood for it is told", () => {
  using stages = open({ social: true, spam: true });
  const post = stored(stages, "what a bad day in the old town for all of us");
  const larger = judgement("big@1", "sentiment", "neutral", sentiments);
  const [, spam] = judgementsOf(post.notes);
  assert.ok(spam !== undefined);
  const notes: Notes = packJudgements([larger, { ...spam, model: "spam@0", stood: "late" }]);
  const [again] = stages.again([{ ...post, notes, sentiment: { label: "neutral", score: 0 } }], "models");
  assert.deepEqual(
    judgementsOf(again?.notes)
      .map(({ model, stood }) => [model, stood])
      .toSorted(),
    [
      ["big@1", undefined],
      ["spam@1", "late"],
    ],
  );
  assert.equal(again?.sentiment?.label, "neutral");
});

test("an account is known by its mask; where the mask cannot be read the link that there was stays while the register has the entry", () => {
  using stages = open({});
  const mask = plainMentionId("bluesky", "acme");
  const post = { ...stored(stages, "hello there"), text: `ask @${mask} and @${idOf}` };
  stages.setEntities([acme]);
  const [linked] = stages.again([post], "links");
  assert.deepEqual(
    spansOf(linked).map(({ start, link }) => [start, link?.entity]),
    [[4, "acme"]],
  );
  const at = post.text.lastIndexOf("@");
  const known: Post = {
    ...post,
    notes: { entities: { model: "link@0", spans: [{ start: at, end: post.text.length, kind: "organisation", link: { entity: "acme", probability: 0.99 } }] } },
  };
  assert.deepEqual(
    spansOf(stages.again([known], "links")[0]).map(({ start }) => start),
    [4, at],
  );
  stages.setEntities([]);
  assert.equal(stages.again([known], "links")[0]?.notes, undefined);
});

test("what the tagger found stands again where an entry is gone", () => {
  const paris: KnownEntity = { id: "paris", ...entityConfigSchema.parse({ name: "Paris", kind: "person" }) };
  using stages = open({ entities: true }, [paris]);
  const post = stored(stages, "Paris sings today");
  assert.equal(spansOf(post)[0]?.link?.entity, "paris");
  stages.setEntities([]);
  const [again] = stages.again([post], "links");
  assert.deepEqual(again?.notes?.entities, { model: "entities@1", spans: [{ start: 0, end: 5, kind: "person" }] });
  assert.equal(again?.counts, noCounts);
  assert.equal(again?.createdAt, nowMs);
});
