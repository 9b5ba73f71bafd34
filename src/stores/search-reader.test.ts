import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import { isAllowed, type ReadFilter, termsShown } from "../core/filter.ts";
import { maskText } from "../core/mask.ts";
import { factsOf, matchesQuery } from "../core/query-match.ts";
import { judgedNames } from "../core/judgement.ts";
import { parseQuery } from "../core/query-parser.ts";
import type { Query } from "../core/query.ts";
import { hand } from "./store.contract.ts";
import { handoversOf, type History, historyStartMs, makeAuthorId, makeHistory, makePost, makePostId, makeRandom, makeRandomPost } from "./store.fixtures.ts";
import { openSearchReader, type SearchReader } from "./search-reader.ts";
import { openSearchStore, type SearchStore } from "./search.ts";

interface Bench {
  readonly folder: string;
  readonly store: SearchStore;
  readonly reader: SearchReader;
}

async function withPosts(posts: readonly Post[], run: (bench: Bench, history: History) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-search-"));
  try {
    await using store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
    using reader = openSearchReader({ folder });
    const history = makeHistory();
    for (const post of posts) history.post(post);
    await hand(store, handoversOf(history.entries, 1_000));
    await run({ folder, store, reader }, history);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function found(reader: SearchReader, query: Query, filter: ReadFilter = {}, limit = 1_000): Promise<Post[]> {
  const posts: Post[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await reader.search(query, filter, { limit, ...(cursor !== undefined && { cursor }) });
    posts.push(...items);
    cursor = next;
  } while (cursor !== undefined);
  return posts;
}

/** A query speaks of what is shown. */
const shownFacts = (post: Post) => factsOf({ ...post, text: maskText(post.text, post.pii ?? []).text });

const texts = [
  "rain over the harbour",
  "The Harbour is quiet, rain stays away",
  "sushi 寿司を食べる 東京",
  "東京の天気は雨",
  "rain rain go away",
  "naïve café in MÜNCHEN",
  "quiet",
];

function makeVariedPost(number: number): Post {
  const random = makeRandom(number);
  const post = makeRandomPost(random, number);
  return {
    ...post,
    text: texts[number % texts.length] ?? "",
    ...(number % 3 === 0 && { replyTo: makePostId(0) }),
    ...(number % 6 === 0 && { root: makePostId(2) }),
    ...(number % 7 === 0 && { reshareOf: makePostId(1) }),
    ...(number % 13 === 0 && { quoteOf: makePostId(0) }),
    ...(number % 4 === 0 && { links: [`http://www.example.org/a/${number % 10}?utm_source=x#y`] }),
    ...(number % 5 === 0 && { media: [{ kind: "image" }] }),
    ...(number % 7 === 0 && { notes: { languages: { model: "m@1", spans: [] } } }),
    ...(number % 11 === 0 && { pii: [{ start: 0, end: 2, kind: "email" }] }),
  };
}

const word = fc.constantFrom("rain", "harbour", "the", "quiet", "away", "cafe", "munchen", "寿司", "東京", "天気", "absent");
const leaf: fc.Arbitrary<Query> = fc.oneof(
  fc.constant<Query>({ kind: "all" }),
  fc.record({ kind: fc.constant("word"), word, prefix: fc.boolean() }),
  fc.record({ kind: fc.constant("phrase"), words: fc.array(word, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant("near"), words: fc.uniqueArray(word, { minLength: 2, maxLength: 3 }), distance: fc.nat(4) }),
  fc.constantFrom<Query>(
    { kind: "field", field: "language", value: "de" },
    { kind: "field", field: "language", value: "xx" },
    { kind: "field", field: "platform", value: "mastodon" },
    { kind: "field", field: "source", value: "north" },
    { kind: "field", field: "sentiment", value: "none" },
    { kind: "field", field: "sentiment", value: "positive" },
    { kind: "field", field: "term", value: "acme" },
    { kind: "field", field: "term", value: "absent" },
    { kind: "field", field: "towards", value: "acme=negative" },
    { kind: "field", field: "towards", value: "globex=positive" },
    { kind: "field", field: "towards", value: "acme=none" },
    { kind: "field", field: "towards", value: "absent=neutral" },
    { kind: "field", field: "hashtag", value: "ernte" },
    { kind: "field", field: "judged", value: "emotion/anger" },
    { kind: "field", field: "judged", value: "hate/yes" },
    { kind: "field", field: "judged", value: "hate/no" },
    { kind: "field", field: "link", value: "example.org" },
    { kind: "field", field: "link", value: "example.com" },
    { kind: "field", field: "link", value: "https://example.org/a/4" },
    { kind: "field", field: "link", value: "https://example.org/a/8" },
    { kind: "field", field: "link", value: "https://example.org/" },
    { kind: "field", field: "author", value: makeAuthorId(4) },
    { kind: "field", field: "reply", value: makePostId(0) },
    { kind: "field", field: "reply", value: makePostId(2) },
    { kind: "field", field: "root", value: makePostId(2) },
    { kind: "field", field: "quote", value: makePostId(0) },
    { kind: "field", field: "reshare", value: makePostId(1) },
    { kind: "field", field: "is", value: "reply" },
    { kind: "field", field: "is", value: "original" },
    { kind: "field", field: "has", value: "media" },
    { kind: "field", field: "has", value: "pii" },
    { kind: "field", field: "has", value: "languages" },
    { kind: "field", field: "has", value: "link" },
    { kind: "range", field: "created", fromMs: historyStartMs + 5 * 86_400_000, toMs: historyStartMs + 18 * 86_400_000 },
    { kind: "range", field: "created", fromMs: historyStartMs + 15 * 86_400_000 },
  ),
);
const { query: anyQuery } = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.record({ kind: fc.constant("and"), parts: fc.array(tie("query"), { minLength: 2, maxLength: 3 }) }),
    fc.record({ kind: fc.constant("or"), parts: fc.array(tie("query"), { minLength: 2, maxLength: 3 }) }),
    fc.record({ kind: fc.constant("not"), part: tie("query") }),
  ),
}));
const anyFilter: fc.Arbitrary<ReadFilter> = fc.constantFrom<ReadFilter>(
  {},
  { sources: ["north", "world"] },
  { sensitivities: ["public"] },
  { platforms: ["bluesky"], regions: ["de"] },
  { sources: [] },
  { terms: ["acme", "umbrella"] },
  { terms: ["globex"], platforms: ["bluesky"] },
  { terms: [] },
);

describe("the search reader", () => {
  test("finds exactly the posts that the query language means, within the filter", () =>
    withPosts(
      Array.from({ length: 240 }, (_, number) => makeVariedPost(number)),
      async ({ reader }, { left }) => {
        const posts = [...left.values()].map((post) => ({ post, facts: shownFacts(post) }));
        await fc.assert(
          fc.asyncProperty(anyQuery, anyFilter, async (query, filter) => {
            const expected = posts
              .filter(({ post, facts }) => isAllowed(filter, post) && matchesQuery(query, { ...facts, terms: termsShown(filter, facts.terms) }))
              .map(({ post }) => post.id);
            const shown = await found(reader, query, filter, 100);
            assert.deepEqual(shown.map(({ id }) => id).sort(), expected.sort());
            assert.deepEqual(await reader.count(query, filter), { posts: expected.length, exact: true });
          }),
          { numRuns: 300 },
        );
      },
    ));

  test("shows whole posts, newest first", () =>
    withPosts(
      Array.from({ length: 60 }, (_, number) => makeVariedPost(number)),
      async ({ reader }, { left }) => {
        const shown = await found(reader, { kind: "all" }, {}, 7);
        assert.deepEqual(
          shown,
          [...left.values()].sort((a, b) => b.createdAt - a.createdAt),
        );
      },
    ));

  test("pages of any size show each post once, while new posts come in", () =>
    withPosts(
      Array.from({ length: 50 }, (_, number) => makePost(number)),
      async ({ reader, store }, history) => {
        const first = await reader.search({ kind: "all" }, {}, { limit: 9 });
        history.post(makePost(900, { createdAt: historyStartMs + 20 * 86_400_000 }));
        await hand(store, handoversOf(history.entries, 10, await store.positions()));
        const ids = first.items.map(({ id }) => id);
        let cursor = first.next;
        while (cursor !== undefined) {
          const { items, next } = await reader.search({ kind: "all" }, {}, { limit: 9, cursor });
          ids.push(...items.map(({ id }) => id));
          cursor = next;
        }
        assert.deepEqual(
          ids,
          Array.from({ length: 50 }, (_, number) => makePostId(49 - number)),
        );
      },
    ));

  test("a cursor of another query, another filter or none of ours is refused", () =>
    withPosts(
      Array.from({ length: 5 }, (_, number) => makePost(number)),
      async ({ reader }) => {
        const { next } = await reader.search({ kind: "all" }, {}, { limit: 2 });
        assert.ok(next);
        for (const [query, filter, cursor] of [
          [parseQuery("number"), {}, next],
          [{ kind: "all" }, { sources: ["world"] }, next],
          [{ kind: "all" }, {}, "x"],
          [{ kind: "all" }, {}, "A".repeat(5_000)],
        ] satisfies [Query, ReadFilter, string][]) {
          await assert.rejects(reader.search(query, filter, { limit: 2, cursor }), (error) => error instanceof EarshotError && error.code === "QUERY_INVALID");
        }
      },
    ));

  test("facets count what the query finds", () =>
    withPosts(
      Array.from({ length: 200 }, (_, number) => makeVariedPost(number)),
      async ({ reader }, { left }) => {
        for (const text of ["*", "rain", "rain language:de", "NOT rain", "is:reply"]) {
          const query = parseQuery(text);
          const posts = [...left.values()].filter((post) => matchesQuery(query, shownFacts(post)));
          const { posts: count, exact, facets } = await reader.facets(query, {}, { by: ["platform", "language", "sentiment", "term", "hashtag", "judged", "day"], top: 50 });
          assert.deepEqual([count, exact], [posts.length, true]);
          const tally = (values: readonly string[]) => [...Map.groupBy(values, (value) => value)].map(([value, list]) => ({ value, posts: list.length }));
          const byValue = (list: readonly { readonly value: string }[] | undefined) => [...(list ?? [])].sort((a, b) => (a.value < b.value ? -1 : 1));
          assert.deepEqual(byValue(facets["platform"]), byValue(tally(posts.map(({ platform }) => platform))));
          assert.deepEqual(byValue(facets["sentiment"]), byValue(tally(posts.map(({ sentiment }) => sentiment?.label ?? "none"))));
          assert.deepEqual(byValue(facets["term"]), byValue(tally(posts.flatMap(({ terms }) => terms))));
          assert.deepEqual(byValue(facets["hashtag"]), byValue(tally(posts.flatMap(({ hashtags }) => hashtags.map((tag) => tag.toLowerCase())))));
          assert.deepEqual(byValue(facets["judged"]), byValue(tally(posts.flatMap(({ notes }) => judgedNames(notes)))));
          const { posts: ofAcme, facets: kept } = await reader.facets(query, { terms: ["acme"] }, { by: ["term"], top: 50 });
          assert.deepEqual(kept["term"], ofAcme === 0 ? [] : [{ value: "acme", posts: posts.filter(({ terms }) => terms.includes("acme")).length }]);
          assert.deepEqual(facets["day"], byValue(tally(posts.map(({ createdAt }) => new Date(createdAt).toISOString().slice(0, 10)))));
        }
      },
    ));

  test("past the work limit facets are estimates, and say so", () =>
    withPosts(
      Array.from({ length: 4_000 }, (_, number) => makePost(number, { language: number % 4 === 0 ? "de" : "en", createdAt: historyStartMs + number * 600_000 })),
      async ({ reader }) => {
        const { posts, exact, facets } = await reader.facets(parseQuery("fixture is:original"), {}, { by: ["language"], top: 5, maxRows: 500 });
        assert.equal(exact, false);
        assert.ok(Math.abs(posts - 4_000) < 600, `posts: ${posts}`);
        assert.deepEqual(
          facets["language"]?.map(({ value }) => value),
          ["en", "de"],
        );
      },
    ));

  test("get finds one post with and without its time, and keeps to the filter", () =>
    withPosts([makePost(1, { source: "north" }), makePost(2, { createdAt: Date.UTC(2026, 11, 1) })], async ({ reader }) => {
      assert.equal((await reader.get(makePostId(1), {}))?.text, makePost(1).text);
      assert.equal((await reader.get(makePostId(2), {}, Date.UTC(2026, 11, 1)))?.id, makePostId(2));
      assert.equal(await reader.get(makePostId(1), { sources: ["world"] }), undefined);
      assert.equal(await reader.get(makePostId(3), {}), undefined);
    }));

  test("bodies that were let go come from where the reader is told to fetch them", () =>
    withPosts(
      Array.from({ length: 300 }, (_, number) => makePost(number)),
      async ({ folder, store }, history) => {
        history.counts(makePostId(0), { likes: 5 });
        await hand(store, handoversOf(history.entries, 10, await store.positions()));
        assert.ok((await store.releaseBodies(Date.now() + 1_000)) > 0);
        const wanted: string[] = [];
        using reader = openSearchReader({
          folder,
          fetchBodies: async (bodies) => {
            wanted.push(...bodies.map(({ id }) => id));
            return new Map(
              bodies.slice(1).flatMap(({ id }) => {
                const post = history.left.get(id);
                return post ? [[id, post]] : [];
              }),
            );
          },
        });
        const posts = await found(reader, { kind: "all" });
        assert.equal(wanted.length, 256, "two full blocks of 128; the open one stays");
        assert.deepEqual(posts.at(-1), { ...makePost(0), counts: { likes: 5, shares: 0, replies: 0, views: 0 } });
        assert.equal(posts.filter(({ text }) => text === "").length, 1);
        const whole: Post[] = [];
        for await (const page of reader.export({ kind: "all" }, {}, new AbortController().signal, { onlyWhole: true })) whole.push(...page);
        assert.deepEqual([whole.length, whole.filter(({ text }) => text === "").length], [299, 0]);
      },
    ));

  test("a folder that is not there yet holds nothing", async () => {
    using reader = openSearchReader({ folder: path.join(tmpdir(), "earshot-no-such-folder") });
    assert.deepEqual(await reader.search({ kind: "all" }, {}, { limit: 5 }), { items: [] });
    assert.deepEqual(await reader.count({ kind: "all" }, {}), { posts: 0, exact: true });
  });

  test("a month that expires while the reader has it open is gone, and shown again when it comes back", () =>
    withPosts([makePost(1)], async ({ reader, store }, history) => {
      assert.equal((await found(reader, { kind: "all" })).length, 1);
      await store.expire(Date.UTC(2026, 10, 1));
      assert.deepEqual(await found(reader, { kind: "all" }), []);
      history.post(makePost(2));
      await hand(store, handoversOf(history.entries, 10, await store.positions()));
      assert.deepEqual(
        (await found(reader, { kind: "all" })).map(({ id }) => id),
        [makePostId(2)],
      );
    }));

  test("a damaged file is named together with the way to rebuild it", () =>
    withPosts([makePost(1)], async ({ folder }) => {
      await writeFile(path.join(folder, "2026-12.sqlite"), "this is no database, however long the text may be".repeat(100));
      using reader = openSearchReader({ folder });
      await assert.rejects(
        reader.search({ kind: "all" }, {}, { limit: 5 }),
        (error) => error instanceof EarshotError && error.code === "STORE_CORRUPT" && /2026-12\.sqlite.*delete the folder/.test(error.message),
      );
    }));

  test("a thousand words in one query are answered", () =>
    withPosts([makePost(1)], async ({ reader }) => {
      const words = Array.from({ length: 1_000 }, (_, number) => `w${number}`);
      assert.equal((await found(reader, parseQuery(words.join(" OR ")))).length, 0);
      assert.equal(
        (
          await found(
            reader,
            parseQuery(
              `fixture ${words
                .slice(0, 900)
                .map((one) => `-${one}`)
                .join(" ")}`,
            ),
          )
        ).length,
        1,
      );
    }));
});
