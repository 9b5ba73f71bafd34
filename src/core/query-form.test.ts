import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { emptyForm, formOf, type QueryForm, writeForm } from "./query-form.ts";
import { formatQuery } from "./query-format.ts";
import { matchesQuery, type QueryFacts } from "./query-match.ts";
import { parseQuery } from "./query-parser.ts";
import { tokenise } from "./tokens.ts";

const word = fc.constantFrom("acme", "rocket", "zebra", "okapi", "東京都", "das", "été", "x1", "m_abc", "anvil*");
const phrase = fc.tuple(word, word).map(([a, b]) => `${a.replace("*", "")} ${b.replace("*", "")}`);
const entry = fc.oneof(word, phrase);
const wild = fc.oneof(entry, fc.string({ unit: "binary", maxLength: 8 }), fc.constantFrom('"', "*", "AND", "NEAR", "a:b", "-", "#tag", "@m_abc", "(", "created:", "東"));
const formWith = (text: fc.Arbitrary<string>): fc.Arbitrary<QueryForm> =>
  fc.record({
    all: fc.array(text, { maxLength: 3 }),
    phrases: fc.array(text, { maxLength: 2 }),
    any: fc.array(text, { maxLength: 3 }),
    none: fc.array(text, { maxLength: 2 }),
    languages: fc.uniqueArray(fc.constantFrom("en", "de", "ja"), { maxLength: 2 }),
    platforms: fc.uniqueArray(fc.constantFrom("bluesky", "mastodon", "hacker-news"), { maxLength: 2 }),
    authors: fc.constant([]),
    others: fc.array(fc.constantFrom("is:reply", "acme NEAR/3 rocket", "a OR (b NOT c)", "created:2026-01-01..", "NOT (a OR b)", "language:en OR acme"), { maxLength: 2 }),
  });
const factsOf = (text: string, language: string, platform: string): QueryFacts => ({
  words: tokenise(text),
  language,
  platform,
  source: "s",
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
});

describe("the form of a query", () => {
  test("says in rows what people mean, and reads them back from the text", () => {
    const form: QueryForm = { ...emptyForm, all: ["acme"], phrases: ["acme corporation"], any: ["rocket", "jet pack", "anvil*"], none: ["cartoon"], languages: ["en", "de"] };
    const text = writeForm(form);
    assert.equal(text, 'acme "acme corporation" (rocket OR "jet pack" OR anvil*) (language:en OR language:de) NOT cartoon');
    assert.deepEqual(formOf(parseQuery(text)), form);
    assert.equal(writeForm({ ...emptyForm, any: ["Acme", "Acme Corp"] }), 'Acme OR "Acme Corp"');
    assert.equal(writeForm(emptyForm), "");
    assert.deepEqual(formOf(parseQuery("*")), emptyForm);
  });

  test("keeps what no row can say as text of its own", () => {
    const query = parseQuery('acme OR "acme corporation" NOT cartoon');
    assert.deepEqual(formOf(query), { ...emptyForm, others: ['acme OR ("acme corporation" NOT cartoon)'] });
    assert.deepEqual(formOf(parseQuery("acme (a OR b) (c OR d) is:reply")), { ...emptyForm, all: ["acme"], any: ["a", "b"], others: ["c OR d", "is:reply"] });
  });

  test("words that look like syntax are words", () => {
    assert.deepEqual(formOf(parseQuery(writeForm({ ...emptyForm, any: ["NOT", 'say "hi"', "ratio 3:1", "(c)"] }))).any, ["not", "say hi", "ratio 3 1", "c"]);
  });

  test("rows to text to rows gives the same rows again, whatever was typed", () => {
    fc.assert(
      fc.property(formWith(wild), (typed) => {
        const text = writeForm(typed);
        const once = formOf(parseQuery(text));
        const again = formOf(parseQuery(writeForm(once)));
        assert.deepEqual(again, once);
        assert.deepEqual(parseQuery(writeForm(once)), parseQuery(writeForm(again)));
      }),
      { numRuns: 2_000 },
    );
  });

  test("any query's rows mean what the query means", () => {
    const texts = fc.constantFrom("acme rocket", "zebra acme corporation", "okapi", "東京都 anvils", "das été x1", "rocket okapi zebra acme", "");
    fc.assert(
      fc.property(formWith(entry), texts, fc.constantFrom("en", "de", "und"), fc.constantFrom("bluesky", "mastodon"), (form, text, language, platform) => {
        const query = parseQuery(writeForm(form));
        const viaRows = parseQuery(writeForm(formOf(query)));
        const facts = factsOf(text, language, platform);
        assert.equal(matchesQuery(viaRows, facts), matchesQuery(query, facts), `${formatQuery(query)} | ${formatQuery(viaRows)}`);
      }),
      { numRuns: 2_000 },
    );
  });
});
