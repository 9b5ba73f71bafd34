import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { linkHost, matchesQuery, type QueryFacts } from "./query-match.ts";
import { parseQuery } from "./query-parser.ts";
import type { Query } from "./query.ts";
import { indexTokenizer, tokenise, toIndexText } from "./tokens.ts";

function facts(text: string, more: Partial<QueryFacts> = {}): QueryFacts {
  return {
    words: tokenise(text),
    language: "en",
    platform: "bluesky",
    source: "s1",
    sentiment: undefined,
    terms: [],
    hashtags: [],
    links: [],
    entities: [],
    author: undefined,
    createdAt: 0,
    reply: false,
    reshare: false,
    media: false,
    pii: false,
    languages: false,
    ...more,
  };
}

const holds = (query: string, text: string, more: Partial<QueryFacts> = {}): boolean => matchesQuery(parseQuery(query), facts(text, more));

test("case and diacritics do not matter", () => {
  assert.ok(holds("CAFE", "Le café"));
});

test("a phrase needs its words in order, side by side", () => {
  assert.ok(holds('"big corp"', "the Big Corp."));
  assert.ok(!holds('"big corp"', "corp big, big bad corp"));
});

test("Japanese terms are found inside a run, single characters at its end too", () => {
  assert.ok(holds("京都", "東京都へ行く"));
  assert.ok(holds("猫", "黒猫。"));
  assert.ok(holds("猫", "猫が好き"));
  assert.ok(!holds("都京", "東京都"));
});

test("posts without a score are sentiment:none, and not neutral", () => {
  assert.ok(holds("sentiment:none", "x"));
  assert.ok(!holds("sentiment:neutral", "x"));
});

test("a link field that names a page takes all of its addresses, and no other page", () => {
  const links = ["http://www.news.example.org/A?b=1&a=2&utm_source=x#top"];
  for (const sought of ["link:https://news.example.org/A?a=2&b=1", "link:m.news.example.org/A/?b=1&a=2", 'link:"http://news.example.org/A?a=2&b=1&fbclid=(x)"'])
    assert.ok(holds(sought, "x", { links }), sought);
  for (const other of ["link:https://news.example.org/a?a=2&b=1", "link:news.example.org/A", "link:https://example.org/A?a=2&b=1"]) assert.ok(!holds(other, "x", { links }), other);
  assert.throws(() => parseQuery("link:https:///"), { code: "QUERY_INVALID" });
});

test("what is said towards a term is its own where it was looked at, else that of the whole post, and of no term that the post does not bear", () => {
  const post = { sentiment: "positive", terms: ["acme", "globex"], towards: { acme: "negative", umbrella: "negative" } } as const;
  assert.ok(holds("towards:acme=negative", "x", post));
  assert.ok(!holds("towards:acme=positive", "x", post));
  assert.ok(holds("towards:globex=positive", "x", post));
  assert.ok(!holds("towards:umbrella=negative", "x", post));
  assert.ok(holds("towards:acme=none", "x", { terms: ["acme"] }), "not scored");
});

test("a link field takes the host and those below it", () => {
  const links = ["https://www.News.example.org:8080/a?b"];
  assert.equal(linkHost(links[0] ?? ""), "news.example.org");
  assert.ok(holds("link:example.org", "x", { links }));
  assert.ok(!holds("link:ample.org", "x", { links }));
});

test("original is neither reply nor reshare", () => {
  assert.ok(holds("is:original", "x"));
  assert.ok(!holds("is:original", "x", { reply: true }));
  assert.ok(holds("is:reshare -is:reply", "x", { reshare: true }));
});

test("the end of a created range is excluded", () => {
  assert.ok(holds("created:1970-01-01..1970-01-02", "x", { createdAt: 0 }));
  assert.ok(!holds("created:1970-01-01..1970-01-02", "x", { createdAt: 86_400_000 }));
});

function toFts(query: Query): string {
  switch (query.kind) {
    case "word":
      return `"${query.word}"${query.prefix ? " *" : ""}`;
    case "phrase":
      return `"${query.words.join(" ")}"`;
    case "near":
      return `NEAR(${query.words.map((word) => `"${word}"`).join(" ")}, ${query.distance})`;
    case "and":
    case "or":
      return `(${query.parts.map((part) => toFts(part)).join(` ${query.kind.toUpperCase()} `)})`;
    default:
      return assert.fail(query.kind);
  }
}

test("words, prefixes, phrases, NEAR, AND and OR mean what FTS5 makes of them", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(`create virtual table t using fts5(x, tokenize="${indexTokenizer}")`);
  const add = db.prepare("insert into t(rowid, x) values (1, ?)");
  const find = db.prepare("select count(*) as n from t where t match ?");
  const vocabulary = ["ab", "abc", "Ácd", "d", "東京", "京都へ", "猫", "नमस्ते", "x1"];
  const text = fc.array(fc.constantFrom(...vocabulary), { maxLength: 12 }).map((words) => words.join(" "));
  const simple = fc.constantFrom("ab", "ab*", "acd", "東", "京都", "猫", '"ab abc"', '"d 東京 d"', '"京都へ 猫"', "ab NEAR/2 d", "d NEAR/1 x1 NEAR/1 ab", "नमस्ते", "a*");
  const query = fc.tuple(simple, fc.constantFrom(" ", " OR "), simple, fc.constantFrom(" ", " OR "), simple).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, query, (content, asked) => {
      db.exec("delete from t");
      add.run(toIndexText(content));
      const parsed = parseQuery(asked);
      assert.equal(matchesQuery(parsed, facts(content)), find.get(toFts(parsed))?.["n"] === 1, `${asked} in ${content}`);
    }),
    { numRuns: 1_500 },
  );
  db.close();
});
