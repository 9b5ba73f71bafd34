import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { SourcePost } from "../core/event.ts";
import { makeLanguageDetector } from "./language-detector.ts";
import { buildLanguageTable } from "./language-table.ts";
import { makeLanguage } from "./language.ts";
import { stageContract } from "./stage.contract.ts";
import { readyDraft } from "./stage-fixtures.ts";

const table = buildLanguageTable();
const open = () => makeLanguage({ table });
const shared = open();
stageContract("language", { open, input: "ready" });

function languageOf(text: string, more: Partial<SourcePost> = {}): string {
  const draft = readyDraft(text, more);
  shared.run([draft]);
  return draft.language;
}

for (const [language, text] of [
  ["en", "This is what happens when nobody reads the manual"],
  ["de", "Das ist doch wirklich nicht so schwer zu verstehen"],
  ["es", "Hoy no puedo salir porque tengo mucho trabajo"],
  ["fr", "Je ne sais pas pourquoi il est toujours en retard"],
  ["pt", "Não consigo acreditar que isso aconteceu de novo"],
  ["it", "Non riesco a capire perché succede sempre così"],
  ["ru", "Сегодня очень хорошая погода, и мы пошли гулять"],
  ["uk", "Сьогодні дуже гарна погода, і ми пішли гуляти"],
  ["ar", "لا أعرف لماذا يحدث هذا كل يوم"],
  ["fa", "نمی‌دانم چرا این اتفاق هر روز می‌افتد"],
  ["ja", "東京都に行きました。楽しかった"],
  ["zh", "今天天气很好，我们去公园散步"],
  ["ko", "오늘 날씨가 정말 좋네요"],
  ["th", "วันนี้อากาศดีมาก"],
  ["he", "מזג האוויר יפה מאוד היום"],
  ["el", "Ο καιρός είναι πολύ καλός σήμερα"],
  ["hi", "आज मौसम बहुत अच्छा है"],
] satisfies [string, string][]) {
  test(`${language} is told from its letters and words`, () => {
    assert.equal(languageOf(text), language);
  });
}

test("addresses, accounts and hashtags tell no language", () => {
  assert.equal(languageOf("@someone https://example.com/the/english/words #ThisIsEnglish"), "und");
  assert.equal(languageOf("#breaking @newsroom Heute gibt es leider keine Neuigkeiten https://example.com/read/more"), "de");
});

test("a brand in Latin letters does not hide another script", () => {
  assert.equal(languageOf("新しいiPhoneとMacBookが届いた"), "ja");
});

test("a very short text is taken for what the platform says, else und", () => {
  assert.equal(languageOf("gracias", { languages: ["es-MX"] }), "es");
  assert.equal(languageOf("ok", { languages: ["en"] }), "en");
  assert.equal(languageOf("xk"), "und");
});

test("a wrong hint does not outweigh a clear text; many hints are none", () => {
  assert.equal(languageOf("Das ist doch wirklich nicht so schwer zu verstehen, oder?", { languages: ["en"] }), "de");
  assert.equal(languageOf("xk", { languages: ["en", "de"] }), "und");
});

test("an empty text, emoji and digits are und", () => {
  for (const text of ["", "😀😀😀", "12345", "!!!"]) assert.equal(languageOf(text, { languages: ["en"] }), "und");
});

test("the shared table gives what eld itself gives", async () => {
  const { eld } = await import("eld/small");
  const detector = makeLanguageDetector(buildLanguageTable("small"));
  const texts = [
    "don’t you 'dare' say it",
    "Ça va? L'été arrive",
    "ნახვამდის მეგობარო",
    "መልካም ቀን",
    "mixed text und deutsch",
    "x",
    "日本語 and English",
    "¿Qué tal? ¡Muy bien!",
    "a".repeat(200),
    "word ".repeat(300),
  ];
  for (const text of texts) {
    const expected = eld.detect(text).language;
    assert.equal(detector.detect(text).language, expected, text.slice(0, 30));
  }
});

test("the table lies in memory that threads share, of some megabytes", () => {
  assert.ok(table instanceof SharedArrayBuffer);
  assert.ok(table.byteLength < 10_000_000);
});

const data = new URL("../../../shared/data/nlp/multilingual/", import.meta.url);
test("posts of seven languages are told in 94 of 100 cases without a hint", { skip: existsSync(data) ? false : "../shared/data is not here" }, () => {
  let right = 0;
  let all = 0;
  for (const [folder, language] of Object.entries({ arabic: "ar", english: "en", french: "fr", german: "de", italian: "it", portuguese: "pt", spanish: "es" })) {
    for (const text of readFileSync(new URL(`${folder}/val_text.txt`, data), "utf8").split("\n")) {
      if (text === "") continue;
      all++;
      if (languageOf(text) === language) right++;
    }
  }
  assert.ok(right / all > 0.94, `${right} of ${all}`);
});
