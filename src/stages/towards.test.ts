import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sentiment } from "../core/event.ts";
import { entityConfigSchema, type KnownEntity } from "../core/linking.ts";
import { parseQuery } from "../core/query-parser.ts";
import type { Draft } from "../core/stage.ts";
import { towardsOf } from "../core/towards.ts";
import type { SentimentModel } from "./judge.ts";
import { makeSentiment } from "./sentiment.ts";
import { stageContract } from "./stage.contract.ts";
import { readyDraft } from "./stage-fixtures.ts";
import { makeTerms, type Term } from "./terms.ts";
import { makeTowards } from "./towards.ts";
import { seenCases, type TowardsCase, towardsCases, unseenCases } from "./towards.fixtures.ts";

const signs = makeSentiment();
const termNamed = (name: string): Term => ({ id: name.replaceAll(" ", "-"), query: parseQuery(name.includes(" ") ? `"${name}"` : name) });
const brands = ["lumera", "nordtel", "kibo"].map(termNamed);

stageContract("towards", { open: () => makeTowards({ terms: [{ id: "x", query: parseQuery("a OR the OR x OR 東京") }], entities: [], signs }), input: "ready" });

interface About {
  readonly language?: string;
  readonly terms?: readonly Term[];
  readonly entities?: readonly KnownEntity[];
  readonly model?: SentimentModel;
  readonly change?: (draft: Draft) => void;
}

function judge(text: string, { language = "en", terms = brands, entities = [], model, change = () => undefined }: About = {}): Draft {
  const draft = readyDraft(text);
  draft.language = language;
  change(draft);
  signs.run([draft]);
  makeTerms({ terms, keep: () => "everything" }).run([draft]);
  makeTowards({ terms, entities, signs, model: model && (() => model) }).run([draft]);
  return draft;
}
const said = (text: string, about?: About): Record<string, string> =>
  Object.fromEntries(towardsOf(judge(text, about).notes).map(({ kind, id, label }) => [kind === "term" ? id : `e:${id}`, label ?? "unsure"]));

/** Shares of targets that are told as expected, and by the sentiment of the post; poles that are told the other way round. */
function figuresOf(cases: readonly TowardsCase[]) {
  let [all, right, byPost, wrongPole] = [0, 0, 0, 0];
  for (const { text, language, expected } of cases) {
    const names = Object.keys(expected);
    const draft = judge(text, { language, terms: names.map(termNamed) });
    const found = new Map(towardsOf(draft.notes).map(({ id, label }) => [id, label]));
    for (const name of names) {
      const [is, wanted] = [found.get(name.replaceAll(" ", "-")), expected[name]];
      all++;
      if (is === wanted) right++;
      else if (is !== undefined && is !== "neutral" && wanted !== "neutral") wrongPole++;
      if (draft.sentiment?.label === wanted) byPost++;
    }
  }
  return { all, right: right / all, byPost: byPost / all, wrongPole: wrongPole / all };
}

test("the lexicon alone tells two in three more targets than the sentiment of their post would, and seldom turns one round", () => {
  assert.ok(towardsCases.length >= 150);
  // On the half that no rule was made for 0.93 are right, by the sentiment of the post 0.44.
  const unseen = figuresOf(unseenCases);
  assert.ok(unseen.all > 140 && unseen.right > 0.9 && unseen.byPost < 0.5 && unseen.wrongPole < 0.05, JSON.stringify(unseen));
  const seen = figuresOf(seenCases);
  assert.ok(seen.right > 0.92, JSON.stringify(seen));
});

test("what stands before a but speaks of one, what stands behind it of the other", () => {
  assert.deepEqual(said("Love my Lumera, but Nordtel's support is awful."), { lumera: "positive", nordtel: "negative" });
  const [lumera, nordtel] = towardsOf(judge("Love my Lumera, but Nordtel's support is awful.").notes);
  const text = "Love my Lumera, but Nordtel's support is awful.";
  assert.deepEqual(
    [lumera, nordtel].map((one) => one?.places.map(({ start, end }) => text.slice(start, end))),
    [["Love my Lumera,"], ["but Nordtel's support is awful."]],
  );
});

test("a comparison praises one and blames the other, and a negation turns it", () => {
  assert.deepEqual(said("Lumera is better than Nordtel"), { lumera: "positive", nordtel: "negative" });
  assert.deepEqual(said("Lumera isn't better than Nordtel"), { lumera: "negative", nordtel: "positive" });
  assert.deepEqual(said("Kibo and Lumera are cheaper than Nordtel"), { kibo: "positive", lumera: "positive", nordtel: "negative" });
  assert.deepEqual(said("Which is better than Nordtel, Lumera?"), { lumera: "neutral", nordtel: "neutral" }, "who asks has said nothing");
});

test("who is listed shares what is said", () => {
  assert.deepEqual(said("Lumera, Nordtel and Kibo are all great"), { kibo: "positive", lumera: "positive", nordtel: "positive" });
});

test("a post that names one alone has the sentiment of the post for it", () => {
  const draft = judge("What a wonderful day with my Lumera");
  assert.deepEqual(
    towardsOf(draft.notes).map(({ label, score }) => ({ label, score })),
    [draft.sentiment],
  );
});

test("a post that matches a term without naming it says nothing of it", () => {
  const terms = [{ id: "english", query: parseQuery("language:en") }];
  assert.equal(judge("I hate rain", { terms }).notes, undefined);
  assert.deepEqual(judge("I hate rain", { terms }).terms, ["english"]);
  assert.deepEqual(said("I love my Lumera phone", { terms: [{ id: "x", query: parseQuery("phone NOT nordtel") }, ...brands] }), { lumera: "positive", x: "positive" });
});

test("a language without lexicon and model is not scored", () => {
  assert.equal(judge("Lumera は最高", { language: "ja" }).notes, undefined);
});

const sure =
  (scoreOf: (text: string) => number): SentimentModel =>
  (text) => {
    const score = scoreOf(text);
    return {
      task: "sentiment",
      model: "social@0a1b2c3d",
      label: "neutral",
      probabilities: { negative: score < 0 ? -score : 0, neutral: 1 - Math.abs(score), positive: score > 0 ? score : 0 },
    };
  };

test("a model is asked of the parts, and what it and the lexicon contradict is not told", () => {
  const asked: string[] = [];
  const text = "The Lumera is great. The Nordtel came in a box.";
  const about = {
    model: sure((part) => {
      asked.push(part);
      return part.includes("Lumera") ? -0.7 : 0.9;
    }),
  };
  assert.deepEqual(said(text, about), { lumera: "unsure", nordtel: "positive" });
  assert.deepEqual(asked.slice(-2), ["The Lumera is great.", "The Nordtel came in a box."]);
  assert.match(judge(text, about).notes?.towards?.by ?? "", /^towards@[0-9a-f]{8} social@0a1b2c3d$/);
  assert.match(judge(text).notes?.towards?.by ?? "", / lexicon$/);
});

test("a post that names nothing asks no model", () => {
  judge("What a lovely day", { model: () => assert.fail("asked") });
});

test("an entry of the register that a name is linked to is a target, and speaks for its brand", () => {
  const entities = [{ id: "lumera-org", ...entityConfigSchema.parse({ name: "Lumera", term: "lumera" }) }];
  const change = (draft: Draft) => {
    draft.notes = { entities: { model: "link@1", spans: [{ start: 8, end: 15, kind: "organisation", link: { entity: "lumera-org", probability: 0.9 } }] } };
  };
  assert.deepEqual(said("I adore the moon, Nordtel is awful", { change, entities, terms: [{ id: "lumera", query: parseQuery("moon") }, ...brands.slice(1)] }), {
    "e:lumera-org": "positive",
    lumera: "positive",
    nordtel: "negative",
  });
});

test("each word is told with what it adds to each target", () => {
  const text = "Love my Lumera, but Nordtel's support is awful.";
  const terms = brands.slice(0, 2);
  const draft = judge(text, { terms });
  const explained = makeTowards({ terms, entities: [], signs }).explain(draft);
  const adds = Object.fromEntries(explained.map(({ id, words }) => [id, Object.fromEntries(words.map(({ start, end, adds: add }) => [text.slice(start, end), Math.sign(add)]))]));
  assert.deepEqual(adds, { lumera: { Love: 1 }, nordtel: { support: 1, awful: -1 } });
  const better = makeTowards({ terms, entities: [], signs }).explain(judge("Lumera is better than Nordtel", { terms }));
  assert.deepEqual(
    better.map(({ id, words }) => [id, words.filter(({ start }) => start === 10).map(({ adds: add }) => Math.sign(add))]),
    [
      ["lumera", [1]],
      ["nordtel", [-1]],
    ],
  );
});

test("sentiments have the labels that stand beside their scores", () => {
  for (const { text, language } of towardsCases)
    for (const { label, score } of towardsOf(judge(text, { language, terms: [...brands, termNamed("halden"), termNamed("zentra")] }).notes)) {
      const expected: Sentiment["label"] = score >= 0.2 ? "positive" : score <= -0.2 ? "negative" : "neutral";
      assert.ok(label === undefined || label === expected, `${text}: ${label} ${score}`);
    }
});

test("a word that many terms name, again and again, costs little", () => {
  const terms = Array.from({ length: 20 }, (_, i): Term => ({ id: `t${i}`, query: parseQuery("lumera") }));
  const draft = readyDraft("lumera ".repeat(1_000));
  draft.language = "en";
  draft.terms = terms.map(({ id }) => id);
  const stage = makeTowards({ terms, entities: [], signs });
  const start = process.cpuUsage();
  stage.run([draft]);
  const { user, system } = process.cpuUsage(start);
  assert.equal(towardsOf(draft.notes).length, 20);
  assert.ok(user + system < 200_000, `${user + system} µs`);
});
