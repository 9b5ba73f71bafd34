import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Sentiment } from "../core/event.ts";
import { lexiconLanguages, openLexicon } from "./lexicon.ts";
import { makeSentiment } from "./sentiment.ts";
import { stageContract } from "./stage.contract.ts";
import { readyDraft } from "./stage-fixtures.ts";

const stage = makeSentiment();
stageContract("sentiment", { open: makeSentiment, input: "ready" });

function sentimentOf(text: string, language = "en"): Sentiment | undefined {
  const draft = readyDraft(text);
  draft.language = language;
  stage.run([draft]);
  return draft.sentiment;
}
const scoreOf = (text: string, language = "en"): number => sentimentOf(text, language)?.score ?? Number.NaN;

for (const [language, good, bad] of [
  ["en", "What a wonderful day, I love it", "Terrible service, I hate this"],
  ["de", "Was für ein wunderbarer Tag, ich freue mich", "Furchtbarer Service, ich bin enttäuscht"],
  ["es", "Qué día tan maravilloso, me encanta", "Un servicio horrible, qué decepción"],
  ["fr", "Quelle merveilleuse journée, j'adore", "Service horrible, je suis déçu"],
  ["pt", "Que dia maravilhoso, adorei", "Serviço horrível, que decepção"],
  ["it", "Che giornata meravigliosa, adoro", "Servizio orribile, sono deluso"],
] satisfies [string, string, string][]) {
  test(`${language} tells good from bad`, () => {
    assert.equal(sentimentOf(good, language)?.label, "positive");
    assert.equal(sentimentOf(bad, language)?.label, "negative");
  });
}

test("a language without a lexicon is not scored, which is not neutral", () => {
  assert.equal(sentimentOf("素晴らしい 😀", "ja"), undefined);
  assert.equal(sentimentOf("good", "und"), undefined);
  assert.deepEqual(sentimentOf("The meeting is at noon"), { label: "neutral", score: 0 });
});

test("a negation turns what follows, within its clause", () => {
  assert.ok(scoreOf("This is not good") < 0);
  assert.ok(scoreOf("I don’t like it") < 0);
  assert.ok(scoreOf("No, it is good") > 0);
  assert.ok(scoreOf("nicht gut", "de") < 0);
});

test("intensifiers, capitals, exclamation marks and lengthening strengthen", () => {
  const plain = scoreOf("good");
  for (const text of ["very good", "GOOD", "good!!!", "goooood"]) assert.ok(scoreOf(text) > plain, text);
  assert.ok(scoreOf("slightly good") < plain);
});

test("what follows but counts more than what goes before", () => {
  assert.ok(scoreOf("The food was good but the service was bad") < 0);
  assert.ok(scoreOf("The service was bad but the food was good") > 0);
});

test("emoji and smileys count, a row of them little more than two", () => {
  assert.ok(scoreOf("today 😍") > 0.3);
  assert.ok(scoreOf("today :(") < 0);
  assert.ok(scoreOf("today 👍🏽") > 0);
  assert.ok(Math.abs(scoreOf("😀😀😀😀😀😀😀😀") - scoreOf("😀😀")) < 0.2);
});

test("scores stay within -1 and 1", () => {
  assert.ok(scoreOf("love ".repeat(500)) <= 1);
  assert.ok(scoreOf("hate ".repeat(500)) >= -1);
});

test("each lexicon has its words and its negations", () => {
  for (const language of lexiconLanguages) {
    const { size, negators, boosters, contrast } = openLexicon(language);
    assert.ok(size >= (language === "en" ? 800 : 250), `${language}: ${size}`);
    assert.ok(negators.size > 5 && boosters.size > 5 && contrast.size > 1, language);
  }
});

const data = new URL("../../../shared/data/nlp/tweeteval/sentiment/", import.meta.url);
test("half of the labelled posts and more are told right, three classes weighed alike", { skip: existsSync(data) ? false : "../shared/data is not here" }, () => {
  const texts = readFileSync(new URL("val_text.txt", data), "utf8").split("\n");
  const labels = readFileSync(new URL("val_labels.txt", data), "utf8").trim().split("\n");
  const names = ["negative", "neutral", "positive"];
  const right = [0, 0, 0];
  const all = [0, 0, 0];
  for (const [i, label] of labels.entries()) {
    const at = Number(label);
    all[at] = (all[at] ?? 0) + 1;
    if (sentimentOf(texts[i] ?? "")?.label === names[at]) right[at] = (right[at] ?? 0) + 1;
  }
  const recall = right.reduce((sum, count, i) => sum + count / (all[i] ?? 1), 0) / 3;
  assert.ok(recall > 0.53, `macro recall ${recall}`);
});
