import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type OAuthWorld, startOAuth } from "../world/servers/oauth.ts";
import { oauthStyles } from "../world/servers/oauth-styles.ts";
import { type RedditWorld, startReddit } from "../world/servers/reddit.ts";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const secret = "world-secret";

describe("what is asked before a source is saved", () => {
  let api: RunningApi;
  let reddit: RedditWorld;
  let platform: OAuthWorld;
  const folder = mkdtempSync(join(tmpdir(), "earshot-setup-"));
  before(async () => {
    const nowMs = () => Date.now();
    platform = await startOAuth({ nowMs, style: oauthStyles.reddit, clients: [] });
    let atMs = Date.now() - 3_600_000;
    reddit = await startReddit({ seed: "forecast", nowMs: () => Math.min(atMs, Date.now()) });
    for (let made = 0; made < 60; made++) {
      reddit.post();
      atMs += 60_000;
    }
    atMs = Infinity;
    writeFileSync(join(folder, "token"), "a token\n");
    writeFileSync(join(folder, "empty"), "\n");
    writeFileSync(join(folder, "large"), Buffer.alloc(70_000, 65));
    api = await startApi({ env: { APP_SECRET: secret }, config: { terms: { okapi: { name: "Okapi", kind: "topic", query: "okapi" } } } });
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await reddit[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const options = (more: Record<string, unknown> = {}) => ({
    app: "userless",
    clientId: "world-app",
    clientSecret: "env:APP_SECRET",
    contact: "ann_b",
    subreddits: ["tea"],
    comments: false,
    server: reddit.url,
    tokenServer: reddit.url,
    ...more,
  });
  const forecast = async (use: string, wish: Record<string, unknown>) => (await api.ask("POST", "/api/v1/sources/forecast", { body: { use, options: wish } })).body;

  it("tells posts a day, what a day draws on the allowance, and its share; saves nothing", async () => {
    const told = await forecast("reddit", options());
    assert.equal(told["state"], "told", JSON.stringify(told));
    // 60 posts in the last hour.
    const perDay = Number(told["perDay"]);
    assert.ok(perDay > 1_200 && perDay < 1_600, String(perDay));
    const [cost] = rowsOf(told, "costs");
    assert.equal(cost?.["allowedPerDay"], 98 * 1_440);
    assert.equal(cost["share"], Number(cost["perDay"]) / (98 * 1_440));
    assert.ok(Number(cost["perDay"]) > 0);
    assert.equal(told["requests"], 1);
    assert.ok(!rowsOf((await api.ask("GET", "/api/v1/sources")).body).some((source) => source["connector"] === "reddit"));
  });

  it("draws on the same allowance as collecting, and says at once when that is used up", async () => {
    const tight = options({ requestsPerMinute: 2, app: "installed", clientSecret: undefined });
    const states: unknown[] = [];
    const began = performance.now();
    for (let round = 0; round < 4; round++) {
      const { state, code } = await forecast("reddit", tight);
      states.push(code ?? state);
    }
    assert.deepEqual([states[0], states.at(-1)], ["told", "UPSTREAM_RATE_LIMITED"], JSON.stringify(states));
    assert.ok(performance.now() - began < 30_000);
  });

  it("tells sizes by what is stored: everything against what matches a term", async () => {
    for (let made = 0; made < 240; made++) reddit.post({ subreddit: "coffee", title: made % 4 === 0 ? "an okapi" : "a zebra" });
    await api.ask("PUT", "/api/v1/sources/all-of-it", {
      body: { use: "reddit", keep: "everything", ...options({ subreddits: ["coffee"], startAt: "oldest", refreshMinutes: 0 }) },
    });
    const count = async () => Number((await api.ask("GET", "/api/v1/posts/count?q=source:all-of-it")).body["posts"]);
    await until("the source has read all", async () => (await count()) === 240);
    assert.equal((await forecast("reddit", options()))["size"], undefined, "too little is stored to know the size of a post");
    await api.import(
      Array.from({ length: 2_400 }, (_, i) => ({
        id: `i${i}`,
        author: `a${i % 50}`,
        platform: "elsewhere",
        text: `a cup of coffee, number ${i}`,
        createdAt: new Date(Date.now() - 1_000 * (i + 1)).toISOString(),
      })),
    );
    await api.settle();
    await until("the sizes of the stores are measured", async () => (await forecast("reddit", options()))["size"] !== undefined);
    const told = await forecast("reddit", options());
    const size = recordAt(told, "size");
    const everything = Number(size["everythingGbPerDay"]);
    assert.equal(everything, (Number(told["perDay"]) * Number(size["bytesPerPost"])) / 1e9);
    assert.deepEqual(size["sample"], { posts: 240, matching: 60, exact: true });
    const { low, value, high } = recordAt(size, "matchingGbPerDay");
    assert.equal(Number(value), everything / 4);
    assert.ok(Number(low) < Number(value) && Number(value) < Number(high) && Number(high) < everything / 2);
  });

  it("tells of a platform that does not count in advance, of faults of options and of refusals by their codes", async () => {
    assert.equal((await forecast("rss", { feeds: ["https://a.example/feed"] }))["state"], "untold");
    const wrong = await forecast("reddit", options({ subreddits: ["r/tea"] }));
    assert.deepEqual([wrong["state"], wrong["code"]], ["failed", "CONFIG_INVALID"]);
    assert.match(String(wrong["message"]), /^subreddits/);
    assert.equal((await forecast("reddit", options({ clientId: "nobody", server: platform.url })))["code"], "UPSTREAM_AUTH");
    assert.equal((await forecast("reddit", options({ clientId: "other", clientSecret: "env:NO_SUCH" })))["code"], "CONFIG_SECRET_MISSING");
  });

  it("says whether secrets can be read, and nothing of them", async () => {
    const references = [
      "env:APP_SECRET",
      "env:NO_SUCH",
      `file:${folder}/token`,
      `file:${folder}/empty`,
      `file:${folder}/none`,
      `file:${folder}/large`,
      `file:${folder}`,
      "file:/dev/zero",
    ];
    const answer = await api.ask("POST", "/api/v1/secrets/check", { body: { references } });
    assert.deepEqual(
      rowsOf(answer.body).map((row) => row["there"]),
      [true, false, true, false, false, false, false, false],
    );
    assert.match(String(rowsOf(answer.body).at(-1)?.["message"]), /no file/, "a device is not read at all");
    assert.doesNotMatch(answer.text, /world-secret|a token/);
    assert.equal((await api.ask("POST", "/api/v1/secrets/check", { body: { references: ["world-secret"] } })).status, 400);
  });

  it("the catalogue says what each connector needs and can", async () => {
    const items = rowsOf((await api.ask("GET", "/api/v1/connectors")).body);
    const of = (name: string) => items.find((row) => row["name"] === name);
    assert.deepEqual(
      ["reddit", "mastodon", "rss", "webhook", "facebook"].map((name) => {
        const row = of(name);
        return [row?.["access"], row?.["grants"], row?.["forecasts"], row?.["receives"]];
      }),
      [
        ["needed", true, true, false],
        ["optional", true, false, false],
        ["none", false, false, false],
        ["needed", false, false, true],
        ["needed", true, true, true],
      ],
    );
    assert.deepEqual(recordAt(of("facebook"), "apiVersion")["name"], "v25.0");
    assert.equal(recordAt(of("reddit"), "options", "properties", "account")["grant"], true);
    assert.equal(recordAt(of("mastodon"), "options", "properties", "oauth", "properties", "account")["grant"], true);
  });
});
