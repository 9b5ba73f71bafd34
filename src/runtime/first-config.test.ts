import assert from "node:assert/strict";
import { test } from "node:test";
import { answersSchema, configFrom, queryForNames, writeFirstConfig } from "./first-config.ts";
import { checkConfig } from "./load-config.ts";

const draft = (answers: unknown, before: unknown = {}) => configFrom(answersSchema.parse(answers), before);

test("answers make brands, competitors and topics with their queries, and sources as each suggests", async () => {
  const { config } = draft({
    brands: [{ name: "Acme", handles: ["@acme.example"] }, "Größe 7"],
    competitors: ["NOT"],
    topics: ["flat white"],
    bluesky: true,
    hackerNews: true,
    feeds: ["blog.example/feed.xml"],
    mastodon: ["mastodon.example", { server: "https://other.example", token: "env:TOKEN" }],
    forgetWithinHours: 48,
  });
  assert.deepEqual(config, {
    sources: {
      bluesky: { use: "bluesky", keep: "matching" },
      "hacker-news": { use: "hackernews", keep: "everything" },
      "blog-example": { use: "rss", keep: "everything", feeds: ["https://blog.example/feed.xml"] },
      "mastodon-example": { use: "mastodon", keep: "matching", server: "https://mastodon.example", timelines: ["public"] },
      "other-example": { use: "mastodon", keep: "matching", server: "https://other.example", timelines: ["public"], token: "env:TOKEN" },
    },
    terms: {
      acme: { name: "Acme", kind: "brand", query: 'Acme OR "acme.example"', handles: ["acme.example"] },
      "gro-e-7": { name: "Größe 7", kind: "brand", query: '"Größe 7"' },
      not: { name: "NOT", kind: "competitor", query: '"NOT"' },
      "flat-white": { name: "flat white", kind: "topic", query: '"flat white"' },
    },
    forgetWithinHours: 48,
  });
  await checkConfig(config, "test");
});

test("what stands there stays: other settings, other terms, ids in use; and nothing comes twice", () => {
  const before = {
    limits: { logMaxGb: 5 },
    terms: { acme: { name: "Old Acme", query: "oldacme" }, x: { name: "Globex", query: "globex NOT film" } },
    sources: { sky: { use: "bluesky", keep: "everything" }, news: { use: "rss", feeds: [{ url: "https://blog.example/feed.xml" }] } },
  };
  const { config, kept } = draft({ brands: ["Acme"], competitors: ["globex"], bluesky: true, feeds: ["https://blog.example/feed.xml", "https://blog.example/other.xml"] }, before);
  assert.deepEqual(kept, ["globex", "bluesky", "blog.example"]);
  assert.deepEqual(config["limits"], before.limits);
  assert.deepEqual(
    Object.entries(Object(config["terms"])).map(([id]) => id),
    ["acme", "x", "acme-2"],
  );
  assert.deepEqual(Object.keys(Object(config["sources"])), ["sky", "news", "blog-example"]);
  assert.deepEqual(
    draft({ brands: ["Acme"], competitors: ["globex"], bluesky: true, feeds: ["https://blog.example/feed.xml", "https://blog.example/other.xml"] }, config).config,
    config,
  );
  assert.deepEqual(Object.keys(before.terms), ["acme", "x"], "what was given is not changed");
});

test("one answer for all sources wins over what each suggests", () => {
  const { config } = draft({ bluesky: true, hackerNews: true, keep: "matching" });
  assert.deepEqual(config["sources"], { bluesky: { use: "bluesky", keep: "matching" }, "hacker-news": { use: "hackernews", keep: "matching" } });
});

test("a token itself, an unknown answer and hours out of range are refused", () => {
  const places = (answers: unknown) => answersSchema.safeParse(answers).error?.issues.map(({ path }) => path.join("."));
  assert.deepEqual(places({ mastodon: [{ server: "a.example", token: "hunter2" }] }), ["mastodon.0.token"]);
  assert.deepEqual(places({ brand: ["Acme"] }), [""]);
  assert.deepEqual(places({ forgetWithinHours: 721 }), ["forgetWithinHours"]);
  assert.deepEqual(places({ brands: ["  "] }), ["brands.0"]);
});

test("a name with quotes makes a query that can be read, and a file that can be loaded", async () => {
  assert.equal(queryForNames(['The "Best" Bar', 'The "Best" Bar', ""]), '"The  Best  Bar"');
  const { config } = draft({ brands: ['The "Best" Bar`${x}\\'] });
  const code = writeFirstConfig(config, "./src/core/config.ts").replace(/^import .*$/m, "const defineConfig = (config) => config;");
  const module: { readonly default: unknown } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  assert.deepEqual(module.default, config);
});
