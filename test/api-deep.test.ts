import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { importModel } from "../src/models/deep/import.ts";
import { tinySentiment, writeTiny } from "../src/models/deep/tiny.fixtures.ts";
import { rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const texts = [
  "good good day for all of us who read this long text in the morning",
  "Heute ist ein bad Tag im Garten und ich freue mich sehr darüber",
  "bad bad news for all of us who read this long text in the morning",
];
const lines = texts.map((text, i) => ({ id: String(i), platform: "forum", author: `author${i}`, text, createdAt: `2026-11-01T00:0${i}:00Z` }));

describe("a larger model in the way of posts", () => {
  const data = mkdtempSync(join(tmpdir(), "earshot-api-deep-"));
  let api: RunningApi;
  before(async () => {
    await writeTiny(join(data, "from"), tinySentiment);
    await importModel({ from: join(data, "from"), into: join(data, "models"), name: "tiny", task: "sentiment", now: new Date(0) });
  });
  after(() => rmSync(data, { recursive: true, force: true }));

  const judged = async (budgetShare: number, leastProbability: number) => {
    const deep = [{ task: "sentiment", model: "tiny", budgetShare }];
    api = await startApi({ env: { EARSHOT_DATA: data }, config: { models: { social: true, leastProbability, deep } } });
    try {
      const answer = await api.import(lines.map((line) => ({ ...line, id: `${line.id}-${leastProbability}`, createdAt: `2026-11-0${2 - leastProbability}T00:00:00Z` })));
      assert.equal(answer["accepted"], 3, JSON.stringify(answer));
      await api.settle();
      const posts = rowsOf((await api.ask("GET", "/api/v1/posts?limit=3")).body);
      return posts
        .toSorted((a, b) => texts.indexOf(String(a["text"])) - texts.indexOf(String(b["text"])))
        .map((post) => ({ label: post["sentiment"], noted: rowsOf(post, "judgements").find(({ task }) => task === "sentiment") }));
    } finally {
      await api[Symbol.asyncDispose]();
    }
  };

  it("answers where the embedded model abstains or is not asked, and its word is what is counted", async () => {
    const found = await judged(1, 1);
    assert.deepEqual(
      found.map(({ label }) => label),
      ["positive", "negative", "negative"],
    );
    for (const { noted, label } of found) {
      assert.match(String(noted?.["model"]), /^tiny@[0-9a-f]{8}$/);
      assert.equal(noted?.["label"], label);
    }
  });

  it("is not asked where the embedded model is sure", async () => {
    const [english, german] = await judged(1, 0);
    assert.match(String(english?.noted?.["model"]), /^social@/);
    assert.match(String(german?.noted?.["model"]), /^tiny@/);
  });
});
