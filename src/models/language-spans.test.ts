import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { falselyMixed, lengthFigures, mixedTexts, spanFigures } from "./language-figures.ts";
import type { LanguageParts } from "./language-spans.ts";
import { languagePosts } from "./language-words-train.ts";
import { openLibrary } from "./library.ts";

const data = new URL("../../../shared/data/nlp", import.meta.url).pathname;

describe("stretches of a text by language", () => {
  let parts: LanguageParts;
  before(() => {
    parts = openLibrary().languageParts();
  });
  const told = (text: string, language = "und") => parts.spans(text, language).map((span) => [span.language, text.slice(span.start, span.end)]);

  it("are told where a text changes its language", () => {
    assert.deepEqual(told("Das Meeting war super aber I really have to go home now", "de"), [
      ["de", "Das Meeting war super aber"],
      ["en", "I really have to go home now"],
    ]);
    assert.deepEqual(told("no puedo creer que ya es viernes, this week was so long and boring", "es"), [
      ["es", "no puedo creer que ya es viernes"],
      ["en", "this week was so long and boring"],
    ]);
    assert.deepEqual(told("मैं आज बहुत खुश हूँ because we finally won the match today", "hi"), [
      ["hi", "मैं आज बहुत खुश हूँ"],
      ["en", "because we finally won the match today"],
    ]);
    assert.deepEqual(told("今日はとても楽しかった I really love this place so much", "ja"), [
      ["ja", "今日はとても楽しかった"],
      ["en", "I really love this place so much"],
    ]);
    assert.deepEqual(told("сьогодні чудовий день and I want to stay here forever", "uk")[0], ["uk", "сьогодні чудовий день"]);
  });

  it("are none where one language is all that can be told", () => {
    for (const [text, language] of [
      ["What a wonderful day to go to the beach with the whole family", "en"],
      ["Qué día tan bonito para ir a la playa con toda la familia", "es"],
      ["I love my new Volkswagen Käfer from Wolfsburg", "en"],
      ["今日は iPhone Pro Max を買った", "ja"],
      ["ok lol", "und"],
      ["", "und"],
      ["https://x.com/hola_amigo @quetal #buenosdias", "und"],
      ["Dit is een heel gewone Nederlandse zin over het weer van vandaag", "nl"],
      ["Ini adalah hari yang sangat baik untuk pergi ke pantai dengan keluarga saya", "id"],
      ["Saya sudah makan malam di rumah makan dekat kantor tadi", "ms"],
      ["Ang ganda ng panahon ngayon sana ganito palagi ang buhay natin", "tl"],
      ["Bugün hava çok güzel, arkadaşlarımla parka gitmek istiyorum", "tr"],
    ] as const)
      assert.deepEqual(told(text, language), [], text);
  });

  it("tell Hindi in Latin letters, alone and among English", () => {
    // Sentences made for this test; a bar stands before each change.
    const sentences = [
      "yaar aaj office mein bahut kaam tha | so I could not call you back",
      "mujhe lagta hai ki | this is the best movie of the year",
      "kya tum kal aa rahe ho ya nahi",
      "I was waiting for two hours | phir bhi woh nahi aaya",
      "bhai tension mat le sab theek ho jayega",
      "please let me know the price | aur delivery kab tak hogi",
      "aaj mausam bahut accha hai chalo kahin ghoomne chalte hain",
      "the food was really good | lekin service bilkul bekar thi",
      "mere paas paise nahi hai abhi | but I will pay you next week",
      "tumhari awaaz bahut pyari hai gaana sunao na",
    ];
    let [right, letters] = [0, 0];
    for (const marked of sentences) {
      const pieces = marked.split(" | ");
      const text = pieces.join(" ");
      const english = /^(?:so|this|I|please|the|but) /;
      const spans = parts.spans(text, "en");
      let at = 0;
      for (const piece of pieces) {
        const language = english.test(piece) ? "en" : "hi-Latn";
        letters += piece.length;
        for (const span of spans) if (span.language === language) right += Math.max(0, Math.min(span.end, at + piece.length) - Math.max(span.start, at));
        at += piece.length + 1;
      }
    }
    assert.ok(right / letters > 0.9, `${right} of ${letters} letters`);
  });

  it("are in order, apart, and of more than one language or of Hindi, for any text", () => {
    const piece = fc.oneof(
      fc.constantFrom("the house is ", "la casa es ", "das Haus ist ", "yeh ghar hai ", "это дом ", "家です", "@m_a ", "#tag ", "http://a.b ", "😂", "Ann "),
      fc.string({ unit: "binary", maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), fc.constantFrom("und", "en", "hi", "nl", "ja"), (pieces, language) => {
        const text = pieces.join("");
        const spans = parts.spans(text, language);
        let at = 0;
        for (const { start, end, confidence } of spans) {
          assert.ok(at <= start && start < end && end <= text.length, JSON.stringify(spans));
          assert.ok(confidence >= 0 && confidence <= 1);
          at = end;
        }
        if (spans.length === 1) assert.equal(spans[0]?.language, "hi-Latn");
      }),
      { numRuns: 500 },
    );
  });

  it("take hostile texts in bounded time", () => {
    for (const hostile of ["a".repeat(50_000), "la casa the house ".repeat(3_000), "'a".repeat(20_000), "Ж a ".repeat(10_000)]) {
      const start = process.cpuUsage();
      parts.spans(hostile, "und");
      const { user, system } = process.cpuUsage(start);
      assert.ok((user + system) / 1_000 < 1_500, `${hostile.slice(0, 8)}: ${(user + system) / 1_000} ms`);
    }
  });

  it("keep their figures on posts that were kept back from training", (t) => {
    if (!existsSync(data)) return t.skip(`${data} is not there`);
    const { keptBack } = languagePosts(data);
    const constructed = spanFigures(parts, mixedTexts(keptBack, 500));
    assert.ok(constructed.half.f1 >= 0.74 && constructed.half.precision >= 0.87, JSON.stringify(constructed));
    assert.ok(falselyMixed(parts, keptBack) <= 0.015);
    const curve = lengthFigures(
      parts,
      keptBack.filter(({ language }) => language !== "hi-Latn"),
    );
    // Short texts are answered by und more often, and seldom wrong.
    assert.ok(
      curve.every(({ accuracy, texts }) => texts < 20 || accuracy >= 0.97),
      JSON.stringify(curve),
    );
    assert.deepEqual(
      curve.map(({ coverage }) => coverage),
      curve.map(({ coverage }) => coverage).toSorted((a, b) => a - b),
    );
    t.diagnostic(JSON.stringify({ constructed, curve }));
  });
});
