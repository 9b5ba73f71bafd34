import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { restoreOriginal, toEdited, toOriginal } from "./edits.ts";
import { openLibrary } from "./library.ts";
import { makeNormaliser, type Normaliser } from "./normal.ts";
import { splitTag, type Vocabulary } from "./segment.ts";

describe("the normal form of a text", () => {
  let normaliser: Normaliser;
  let vocabulary: Vocabulary;
  before(() => {
    vocabulary = openLibrary().vocabulary();
    normaliser = makeNormaliser(vocabulary);
  });
  const normal = (text: string, language?: string): string => normaliser.normalise(text, language).text;

  const cases: Readonly<Record<string, readonly (readonly [text: string, normal: string, language?: string])[]>> = {
    "says short forms in full, in the text's language alone": [
      ["idk, u r gr8", "i do not know, you are great"],
      ["xq no vienes? tqm", "porque no vienes? te quiero mucho", "es"],
      ["jsp pk", "je ne sais pas pourquoi", "fr"],
      ["hdl, vllt", "hab dich lieb, vielleicht", "de"],
      ["vc tá mt bem", "você está muito bem", "pt"],
      ["cmq tvb", "comunque ti voglio bene", "it"],
      ["kya kr rhe ho yr", "kya kar rahe ho yaar", "hi"],
      ["xq idk", "xq idk", "nl"],
    ],
    "makes lengthened words their usual length": [
      ["sooooo goooood", "so good"],
      ["NOOOO wayyy", "NO way"],
      ["hahahahaha", "laughing"],
      ["muuuuucho", "mucho", "es"],
      ["belllla", "bella", "it"],
      ["a good book, all week", "a good book, all week"],
    ],
    "parts hashtags by capitals, figures and the words in them": [
      ["#BlackLivesMatter", "black lives matter"],
      ["#makeamericagreatagain", "make america great again"],
      ["#NBAFinals2016", "nba finals 2016"],
      ["#no_to_war", "no to war"],
      ["#xkqzt", "xkqzt"],
    ],
    "names emoji once, apart from the words beside them": [
      ["ok😂😂😂now", "okay face with tears of joy now"],
      ["👩🏽‍💻", "woman technologist"],
      ["go 🇩🇪!", "go flag Germany!"],
    ],
    "undoes hidden spellings": [
      ["I h4te m0ndays", "I hate mondays"],
      ["sh!t, f*ck, B1TCH", "shit, fuck, BITCH"],
      ["so s t u p i d", "so stupid"],
      ["h.a.t.e", "hate"],
      ["hаte and ｈａｔｅ and 𝐡𝐚𝐭𝐞 and h̶a̶t̶e̶", "hate and hate and hate and hate"],
      ["ha\u200bte\u00ad", "hate"],
    ],
    "leaves alone what only looks like it": [
      ["covid19, mp3, 10k, area51, 4th", "covid19, mp3, 10k, area51, 4th"],
      ["U.S.A. and a b c d", "U.S.A. and a b c d"],
      ["soooo@mail.com https://x.com/soooo @soooo_h4te", "soooo@mail.com https://x.com/soooo @soooo_h4te"],
      ["Привет, мир: нет войне", "Привет, мир: нет войне", "ru"],
      ["क्\u200dष می\u200cخواهم", "क्\u200dष می\u200cخواهم", "hi"],
      ["m² ½ ™ cafe\u0301 Vie\u0323\u0302t", "m² ½ ™ cafe\u0301 Vie\u0323\u0302t"],
    ],
  };
  for (const [title, rows] of Object.entries(cases)) {
    it(title, () => {
      for (const [text, expected, language] of rows) assert.equal(normal(text, language), expected, text);
    });
  }

  it("tells what each place was, and where it went", () => {
    const text = "so I h\u200b4te #BlackLivesMatter 😂";
    const form = normaliser.normalise(text);
    const find = (word: string) => {
      const start = form.text.indexOf(word);
      return toOriginal(form, { start, end: start + word.length });
    };
    const at = (word: string) => ({ start: text.indexOf(word), end: text.indexOf(word) + word.length });
    assert.deepEqual(find("hate"), at("h\u200b4te"));
    assert.deepEqual(find("lives"), at("#BlackLivesMatter"));
    assert.deepEqual(find("tears"), at("😂"));
    assert.deepEqual(form.spans[0]?.kinds.toSorted(), ["invisible", "spelling"]);
    const there = toEdited(form, at("4te"));
    assert.equal(form.text.slice(there.start, there.end), "hate");
  });

  it("gives any text back, and is quick with any", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 6 }),
      fc.string({ unit: "grapheme", maxLength: 6 }),
      fc.constantFrom("soooo ", "h4te ", "f*ck", "#TagOfWords", "😂", "🏳️‍🌈", "\u200b", "а", "e\u0336", "s p a c e d ", "ｗ", "u ", "\ud83d", "https://x.y ", "hahaha", "ﬃ"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), fc.constantFrom("en", "es", "hi", "und"), (pieces, language) => {
        const text = pieces.join("");
        const form = normaliser.normalise(text, language);
        assert.equal(restoreOriginal(form), text);
        let [from, to] = [0, 0];
        for (const span of form.spans) {
          assert.equal(form.text.slice(to, span.toStart), text.slice(from, span.start));
          assert.ok(span.kinds.length > 0);
          [from, to] = [span.end, span.toEnd];
        }
        assert.equal(form.text.slice(to), text.slice(from));
      }),
      { numRuns: 1_500 },
    );
    for (const hostile of [
      "a".repeat(50_000),
      "a ".repeat(25_000),
      "#".repeat(50_000),
      `#${"a".repeat(50_000)}`,
      "h4".repeat(20_000),
      "a.b@".repeat(10_000),
      "f*".repeat(20_000),
      "\u200d".repeat(50_000),
      "@a.".repeat(15_000),
    ]) {
      const start = process.cpuUsage();
      assert.equal(restoreOriginal(normaliser.normalise(hostile)), hostile);
      const { user, system } = process.cpuUsage(start);
      assert.ok((user + system) / 1_000 < 1_500, `${hostile.slice(0, 8)}: ${(user + system) / 1_000} ms`);
    }
  });

  it("parts a tag into its own letters, whatever they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "s", "t", "e", "r", "N", "B", "1", "_", "é", "ß", "漢", "ı"), maxLength: 40 }), (tag) => {
        const letters = tag.replaceAll("_", "").toLowerCase();
        assert.equal(splitTag(tag, vocabulary).join(""), letters);
      }),
    );
  });
});
