import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { foldText, hashWords, indexTokenizer, queryTokens, toIndexText, tokenise, tokensOf } from "./tokens.ts";

test("words are runs of letters and digits, lower-cased and without diacritics", () => {
  assert.deepEqual(tokenise("Héllo, WÖRLD! don't stop-2026 foo_bar"), ["hello", "world", "don", "t", "stop", "2026", "foo", "bar"]);
});

test("decomposed and composed letters give the same word", () => {
  assert.deepEqual(tokenise("cafe\u0301"), tokenise("café"));
});

test("a hashtag is the word behind its sign", () => {
  assert.deepEqual(tokenise("#Brand"), ["brand"]);
});

test("a masked account stays one word", () => {
  assert.deepEqual(tokenise("hi @m_AbC-d_eF1234567890abcdef!"), ["hi", "m_abc-d_ef1234567890abcdef"]);
});

test("Japanese and Chinese become overlapping pairs with a lone last character", () => {
  assert.deepEqual(tokenise("東京都へ"), ["東京", "京都", "都へ", "へ"]);
});

test("Thai vowels and tones stay with their consonant", () => {
  assert.deepEqual(tokenise("กินข้าว").slice(0, 2), ["กิน", "นข้"]);
});

test("Indic words stay whole, vowel signs included", () => {
  assert.deepEqual(tokenise("नमस्ते दुनिया"), ["नमस्ते", "दुनिया"]);
});

test("ornamental and full-width letters are the letters that they show", () => {
  assert.deepEqual(tokenise("𝗕𝗥𝗘𝗔𝗞 ＡＢＣ"), ["break", "abc"]);
});

test("a word gives itself again when it is read again, numerals that hold a stop or a bracket too", () => {
  for (const text of ["🄀", "⒈", "⑴", "½", "🅐", "𝗕"]) for (const word of tokenise(text)) assert.deepEqual(tokenise(word), [word], text);
});

test("emoji, signs and lone surrogates are no words", () => {
  assert.deepEqual(tokenise("👨‍👩‍👧 \ud800 ❤️ … a"), ["a"]);
});

test("joiners and variation marks do not split a word", () => {
  assert.deepEqual(tokenise("br\u200dand"), ["brand"]);
});

test("a search term of the script finds its pairs inside longer runs", () => {
  assert.deepEqual(queryTokens("東京都"), { words: ["東京", "京都"], prefix: false });
  assert.deepEqual(queryTokens("猫"), { words: ["猫"], prefix: true });
});

test("starts tell where each word stands", () => {
  const text = "a Bc 東京 @m_xy";
  const { words, starts } = tokensOf(text);
  assert.deepEqual([...words], ["a", "bc", "東京", "京", "m_xy"]);
  assert.deepEqual([...starts], [0, 2, 5, 6, 8]);
});

test("any text becomes words without a throw, and folding once is enough", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const { words, starts } = tokensOf(text);
      assert.equal(words.length, starts.length);
      for (const word of words) assert.notEqual(word, "");
      assert.equal(foldText(foldText(text)), foldText(text));
    }),
    { numRuns: 2_000 },
  );
});

test("FTS5 leaves the words of the index text as they are", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(`create virtual table t using fts5(x, content='', tokenize="${indexTokenizer}"); create virtual table v using fts5vocab(t, 'instance')`);
  const add = db.prepare("insert into t(rowid, x) values (?, ?)");
  const read = db.prepare("select term from v where doc = ? order by offset");
  const texts = [
    "Größe ÀÉÎõü ñ ç Łódź İstanbul",
    "東京都へ行く 2020年",
    "สวัสดีครับ",
    "नमस्ते दुनिया",
    "Привет, ёлка й",
    "Ελλάδα ΚΑΛΗΜΈΡΑ",
    "مرحبا بالعالم",
    "שלום",
    "안녕하세요 세계",
    "𝗕𝗥𝗘𝗔𝗞 @m_Ab-c_d x",
    "don't e-mail a.b@c.de",
  ];
  for (const [i, text] of texts.entries()) {
    add.run(i + 1, toIndexText(text));
    assert.deepEqual(
      read.all(i + 1).map((row) => row["term"]),
      tokenise(text),
      text,
    );
  }
  db.close();
});

test("what unicode61 with remove_diacritics 2 takes for the same word is the same word here", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(`create virtual table t using fts5(x, content='', tokenize="unicode61 remove_diacritics 2"); create virtual table v using fts5vocab(t, 'instance')`);
  const add = db.prepare("insert into t(rowid, x) values (?, ?)");
  const letter = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Arabic}\p{Script=Hebrew}]$/u;
  for (let code = 0x80; code < 0x2000; code++) if (letter.test(String.fromCharCode(code))) add.run(code, String.fromCharCode(code));
  for (const { doc, term } of db.prepare("select doc, term from v").all()) {
    assert.ok(typeof doc === "number" && typeof term === "string");
    assert.deepEqual(tokenise(String.fromCharCode(doc)), tokenise(term));
    if (doc > 0xbf && doc < 0x180) assert.deepEqual(tokenise(String.fromCharCode(doc)), [term]);
  }
  db.close();
});

test("a hundred thousand characters without a space take no more than their length", () => {
  assert.equal(tokenise("a".repeat(100_000)).length, 1);
  assert.equal(tokenise("東".repeat(100_000)).length, 100_000);
});

test("hashed words are the words, but for names of accounts", () => {
  const into = new Uint32Array(500);
  const hashOf = (word: string): number => {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    return hash >>> 0;
  };
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom("Hello", "ÀÉ", "İS", "@m_AAAAAAAAAAAAAAAAAAAAAA", "日本語", "don’t", "𝐁old", "क्षि", "Ω", "ΣΑΣ", " ", "_", "ẞ", "e\u0301A"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const expected = tokensOf(text)
        .words.filter((word) => !word.startsWith("m_"))
        .map(hashOf);
      assert.deepEqual([...into.subarray(0, hashWords(text, into))], expected);
    }),
    { numRuns: 3_000 },
  );
  assert.equal(hashWords("one two three", new Uint32Array(2)), 2);
});
