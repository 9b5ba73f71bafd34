import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { metricNamed, metrics } from "../src/metrics/metrics.ts";
import type { ExploreRequest } from "../src/runtime/explore.ts";
import { makeExplore } from "../src/runtime/parts/explore.ts";
import { isRecord, recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

type Row = Record<string, unknown>;
const hourMs = 3_600_000;
const endMs = Math.floor(Date.now() / hourMs) * hourMs;
const languages = [
  ["en", "what a wonderful sunny morning, I love this great place and the happy people in it"],
  ["en", "this is a terrible and awful day, I hate the bad weather and the horrible noise here"],
  ["de", "das ist wirklich ein schrecklicher Tag und das Wetter gefällt mir überhaupt nicht"],
  ["ja", "今日は東京でとても良い天気です、散歩に行きましょう"],
] as const;
const lines = Array.from({ length: 240 }, (_, i) => {
  const [, text] = languages[i % 4] ?? languages[0];
  return {
    id: `n${i}`,
    platform: i % 3 === 0 ? "forum" : "diary",
    author: `author-${i % 11}`,
    text: `${text} number${i} ${i % 2 === 0 ? "zebra" : "okapi"} ${i % 6 === 0 ? "#Forêt" : ""} ${i % 10 === 0 ? "#river #forêt" : ""}`,
    createdAt: new Date(endMs - 1_000 - i * 17 * 60_000).toISOString(),
    likes: i % 7,
    shares: i % 5,
    replies: i % 3,
  };
});

describe("Explore through the API", () => {
  let api: RunningApi;
  let posts: Row[] = [];
  before(async () => {
    api = await startApi({ config: { terms: { zebra: { name: "Zebra", query: "zebra" }, okapi: { name: "Okapi", query: "okapi" }, sun: { name: "Sun", query: "sunny zebra" } } } });
    for (const [id, hashtag] of [
      ["river-co", "river"],
      ["foret", "forêt"],
    ] as const)
      assert.equal((await api.ask("PUT", `/api/v1/entities/${id}`, { body: { name: `${id} of the register`, hashtags: [hashtag] } })).status, 200);
    await api.import(lines);
    await api.settle();
    const exported = await api.ask("GET", "/api/v1/posts/export");
    posts = exported.text
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line))
      .filter(isRecord);
    assert.equal(posts.length, lines.length);
  });
  after(() => api[Symbol.asyncDispose]());

  const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);
  const keysOf = (post: Row, by: string | undefined): string[] => {
    const at = new Date(String(post["createdAt"]));
    switch (by) {
      case undefined:
        return [""];
      case "term":
        return textsOf(post["terms"]);
      case "hashtag":
        return [...new Set(textsOf(post["hashtags"]).map((tag) => tag.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "")))];
      case "entity": {
        const spans = isRecord(post["entities"]) ? rowsOf(post["entities"], "spans") : [];
        return [...new Set(spans.flatMap(({ link }) => (link === undefined ? [] : [String(recordAt(link)["entity"])])))];
      }
      case "sentiment":
        return [typeof post["sentiment"] === "string" ? post["sentiment"] : "none"];
      case "hour-of-week":
        return [`${((at.getUTCDay() + 6) % 7) + 1}-${String(at.getUTCHours()).padStart(2, "0")}`];
      default:
        return [String(post[by])];
    }
  };
  const within = (post: Row, fromMs: number, toMs: number) => Date.parse(String(post["createdAt"])) >= fromMs && Date.parse(String(post["createdAt"])) < toMs;
  /** Counted here, from the posts themselves. */
  function recount(found: readonly Row[], withAuthors: boolean): Record<string, number> {
    const sum = (pick: (post: Row) => number) => found.reduce((total, post) => total + pick(post), 0);
    const label = (name: string | null) => sum((post) => (post["sentiment"] === name ? 1 : 0));
    const count = (name: string) => sum((post) => Number(recordAt(post, "counts")[name]));
    return {
      posts: found.length,
      negative: label("negative"),
      neutral: label("neutral"),
      positive: label("positive"),
      unscored: label(null),
      likes: count("likes"),
      shares: count("shares"),
      replies: count("replies"),
      views: count("views"),
      ...(withAuthors && { authors: new Set(found.map((post) => post["author"])).size }),
    };
  }
  /** Likes and the like stand there where the question needed them; what stands there must be right. */
  const figuresOf = (row: Row, isLabelled: boolean) =>
    isLabelled ? { posts: row["posts"] } : Object.fromEntries(Object.entries(row).filter(([name]) => !["at", "key", "value", "low", "high"].includes(name)));
  const groupsOf = (found: readonly Row[], by: string | undefined, everyMs: number | undefined): Map<string, Row[]> => {
    const groups = new Map<string, Row[]>();
    for (const post of found)
      for (const key of keysOf(post, by)) {
        const at = everyMs === undefined ? "" : new Date(Math.floor(Date.parse(String(post["createdAt"])) / everyMs) * everyMs).toISOString();
        const name = `${at} ${key}`;
        groups.set(name, [...(groups.get(name) ?? []), post]);
      }
    return groups;
  };
  const told = (rows: readonly Row[], isLabelled = false) => new Map(rows.map((row) => [`${String(row["at"] ?? "")} ${String(row["key"])}`, figuresOf(row, isLabelled)]));
  const expected = (groups: Map<string, Row[]>, count: (found: readonly Row[]) => Record<string, number>, isLabelled = false) =>
    new Map([...groups].map(([name, found]) => [name, isLabelled ? { posts: found.length } : count(found)]));
  const sorted = (map: Map<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const span = { from: new Date(endMs - 48 * hourMs).toISOString(), to: new Date(endMs).toISOString() };
  const path = (fields: Record<string, string | undefined>) => {
    const query = new URLSearchParams(span);
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
    return `/api/v1/explore?${query.toString()}`;
  };
  const recent = () => posts.filter((post) => within(post, endMs - 48 * hourMs, endMs));
  const dimensions = [undefined, "platform", "source", "language", "term", "sentiment", "hashtag", "entity", "hour-of-week"] as const;

  for (const by of dimensions) {
    for (const metric of ["posts", "engagement", "authors"]) {
      it(`${metric} by ${by ?? "nothing"} are what a recount of the posts gives, with a query and without`, async () => {
        const withAuthors = metric === "authors";
        for (const q of [undefined, "zebra", "language:en NOT okapi"]) {
          const found = recent().filter((post) => {
            const text = String(post["text"]);
            return q === undefined || (q === "zebra" ? text.includes("zebra") : post["language"] === "en" && !text.includes("okapi"));
          });
          const { status, body, text } = await api.ask("GET", path({ metric, by, q, grain: "hour" }));
          assert.equal(status, 200, text);
          const isLabelled = by === "sentiment" && body["answeredBy"] === "rollups";
          assert.equal(body["exact"], true);
          const withEngagement = "likes" in recordAt(body, "total");
          assert.ok(withEngagement || metric === "posts", "what the metric is made of is counted");
          const count = (some: readonly Row[]) => {
            const { likes = 0, shares = 0, replies = 0, views = 0, ...rest } = recount(some, withAuthors);
            return withEngagement ? { ...rest, likes, shares, replies, views } : rest;
          };
          assert.deepEqual(sorted(told(rowsOf(body, "whole"), isLabelled)), sorted(expected(groupsOf(found, by, undefined), count, isLabelled)), `${q} whole`);
          if (by !== "hour-of-week")
            assert.deepEqual(sorted(told(rowsOf(body, "rows"), isLabelled)), sorted(expected(groupsOf(found, by, hourMs), count, isLabelled)), `${q} rows`);
          assert.deepEqual(figuresOf(recordAt(body, "total"), isLabelled), isLabelled ? { posts: found.length } : count(found), `${q} total`);
          if (by === "entity") {
            assert.ok(rowsOf(body, "whole").length > 0);
            assert.equal(body["placed"], found.filter((post) => keysOf(post, by).length > 0).length, "each post that bears a name is told of once");
          }
          if (q !== undefined) assert.equal(body["answeredBy"], "search");
          else if (by === "hashtag" || by === "entity" || (by === "sentiment" && metric !== "posts")) assert.equal(body["answeredBy"], "search");
          else if (!(withAuthors && by === "hour-of-week")) assert.equal(body["answeredBy"], "rollups");
        }
      });
    }
  }

  it("the lake gives the same as the index, and says how many bytes it read", async () => {
    await api.system.threads.stores.caller.call("flush", undefined);
    const { threads, engine } = api.system;
    const options = { threads, sql: engine.sql, narrow: (filter: ExploreRequest["filter"]) => filter };
    const inSearch = makeExplore(options);
    const inLake = makeExplore({ ...options, searchedRows: 1 });
    for (const by of dimensions) {
      for (const q of ["*", "language:en (platform:forum OR hashtag:forêt)", "NOT sentiment:none term:zebra is:original", "NOT entity:river-co"]) {
        const metric = metricNamed("posts-per-author");
        assert.ok(metric !== undefined);
        const request = { metric, fromMs: endMs - 48 * hourMs, toMs: endMs, grain: "hour" as const, q, top: 500, filter: {}, ...(by !== undefined && { by }) };
        const [one, other] = [await inSearch(request), await inLake(request)];
        assert.deepEqual([one.answeredBy, other.answeredBy], ["search", "lake"]);
        assert.ok((other.bytesScanned ?? 0) > 0 && other.exact);
        const plain = (answer: typeof one) => [answer.rows, answer.whole, [answer.total]].map((rows) => rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort());
        assert.deepEqual(plain(one), plain(other), `${by} ${q}`);
      }
    }
    const words = await inLake({ metric: metrics[0] ?? assert.fail(), fromMs: endMs - 48 * hourMs, toMs: endMs, grain: "all", q: "zebra", top: 5, filter: {} });
    assert.equal(words.answeredBy, "search", "words are the index's alone");
  });

  it("values come from the definitions: shares with their interval, share of voice of all terms", async () => {
    const voice = (await api.ask("GET", path({ metric: "share-of-voice", by: "term" }))).body;
    const counts = Object.fromEntries(["zebra", "okapi", "sun"].map((term) => [term, recent().filter((post) => textsOf(post["terms"]).includes(term)).length]));
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    for (const row of rowsOf(voice, "whole")) assert.ok(Math.abs(Number(row["value"]) - (counts[String(row["key"])] ?? 0) / all) < 1e-12);
    const negative = recordAt((await api.ask("GET", path({ metric: "negative" }))).body, "total");
    const [low, value, high] = [Number(negative["low"]), Number(negative["value"]), Number(negative["high"])];
    assert.ok(low < value && value < high && value > 0.1 && value < 0.9, `${low} ${value} ${high}`);
    const nothing = recordAt((await api.ask("GET", path({ metric: "balance", q: "language:ja" }))).body, "total");
    assert.deepEqual([nothing["value"], Number(nothing["posts"]) > 0], [null, true], "not scored is no balance of zero");
  });

  it("two brands at once count a post of both once in the total", async () => {
    const body = (await api.ask("GET", path({ term: "zebra,sun", grain: "all" }))).body;
    const expectedPosts = recent().filter((post) => textsOf(post["terms"]).some((term) => ["zebra", "sun"].includes(term))).length;
    assert.equal(recordAt(body, "total")["posts"], expectedPosts);
    const byTerm = (await api.ask("GET", path({ term: "zebra,sun", by: "term", grain: "all" }))).body;
    assert.deepEqual(
      rowsOf(byTerm, "whole").map((row) => row["key"]),
      ["zebra", "sun"],
    );
  });

  it("who is kept to a term is told of its posts and of no other term, whoever answers", async () => {
    const filter = { terms: ["sun"] };
    const own = recent().filter((post) => textsOf(post["terms"]).includes("sun"));
    for (const by of dimensions) {
      for (const q of ["", "*", "NOT term:zebra"]) {
        const answer = await api.system.engine.explore({
          metric: metrics[0] ?? assert.fail(),
          fromMs: endMs - 48 * hourMs,
          toMs: endMs,
          grain: "all",
          top: 100,
          filter,
          q,
          ...(by !== undefined && { by }),
        });
        assert.equal(answer.total.posts, own.length, `${by} ${q}`);
        if (by === "entity") assert.deepEqual([answer.whole, answer.rows, answer.placed], [[], [], 0]);
        if (by === "entity") {
          const { threads, engine } = api.system;
          const inLake = makeExplore({ threads, sql: engine.sql, narrow: (narrowed) => narrowed, searchedRows: 1 });
          const lake = await inLake({ metric: metrics[0] ?? assert.fail(), fromMs: endMs - 48 * hourMs, toMs: endMs, grain: "all", top: 100, filter, q: "*", by });
          assert.deepEqual([lake.answeredBy, lake.whole, lake.placed, lake.total.posts], ["lake", [], 0, own.length]);
          const asked = await inLake({ metric: metrics[0] ?? assert.fail(), fromMs: endMs - 48 * hourMs, toMs: endMs, grain: "all", top: 100, filter, q: "entity:river-co" });
          assert.equal(asked.total.posts, 0, "nor by asking for one");
        }
        if (by === "term")
          assert.deepEqual(
            answer.whole.map((row) => row.key),
            ["sun"],
          );
      }
    }
  });

  it("refuses what it cannot answer, with the place", async () => {
    assert.equal((await api.ask("GET", path({ metric: "loudness" }))).body["code"], "USAGE");
    assert.match(String((await api.ask("GET", path({ q: "(zebra" }))).body["detail"]), /column 7/);
    assert.equal((await api.ask("GET", path({ by: "weather" }))).status, 400);
    assert.equal((await api.ask("GET", "/api/v1/explore?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")).body["code"], "USAGE");
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/explore/metrics")).body).length, metrics.length);
  });
});
