import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { askAs, signInAs } from "./people.fixtures.ts";

const at = (minute: number) => `2026-11-01T00:${String(minute).padStart(2, "0")}:00Z`;
const texts = [
  "Love my Lumera, but Nordtel's support is awful and I hate it",
  "Lumera is better than Nordtel",
  "What a wonderful happy day with my Lumera",
  "Does anyone use Nordtel in Leeds?",
  "write to keeper@zoo-mail.example, I love Lumera but Nordtel is a terrible company",
  "A great day without any brand",
];
const span = "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z";

describe("what posts say of each target", () => {
  let api: RunningApi;
  let posts: ReturnType<typeof rowsOf>;
  before(async () => {
    const terms = { lumera: { name: "Lumera", query: "lumera", kind: "brand" }, nordtel: { name: "Nordtel", query: "nordtel", kind: "brand" } } as const;
    api = await startApi({ config: { terms } });
    await api.import(texts.map((text, i) => ({ id: String(i), platform: "forum", author: `a${i}`, text, createdAt: at(i), language: "en" })));
    await api.settle();
    posts = rowsOf((await api.ask("GET", "/api/v1/posts?limit=10")).body).toReversed();
  });
  after(() => api[Symbol.asyncDispose]());

  const saidOf = (post: (typeof posts)[number] | undefined) =>
    post?.["towards"] === undefined ? {} : Object.fromEntries(rowsOf(recordAt(post, "towards"), "targets").map(({ id, sentiment }) => [String(id), sentiment]));
  const textsOf = async (q: string) => rowsOf((await api.ask("GET", `/api/v1/posts?q=${encodeURIComponent(q)}`)).body).map(({ text }) => texts.indexOf(String(text)));

  it("stands at the post's terms, with the stretches that speak of each", () => {
    assert.deepEqual(posts.map(saidOf), [
      { lumera: "positive", nordtel: "negative" },
      { lumera: "positive", nordtel: "negative" },
      { lumera: "positive" },
      { nordtel: "neutral" },
      { lumera: "positive", nordtel: "negative" },
      {},
    ]);
    const text = String(posts[4]?.["text"]);
    assert.match(text, /^write to \[email\]/);
    const [lumera, nordtel] = rowsOf(recordAt(posts[4], "towards"), "targets").map((target) =>
      rowsOf(target, "places").map(({ start, end }) => text.slice(Number(start), Number(end))),
    );
    assert.deepEqual([lumera, nordtel], [["I love Lumera"], ["but Nordtel is a terrible company"]], "in the text as it is shown");
  });

  it("is searched, counted, and compared between brands", async () => {
    assert.deepEqual((await textsOf("towards:nordtel=negative")).toSorted(), [-1, 0, 1]);
    assert.deepEqual(await textsOf("towards:nordtel=neutral"), [3]);
    const { body } = await api.ask("GET", `/api/v1/rollups?${span}&grain=all&by=term`);
    const nordtel = rowsOf(body, "rows").find(({ term }) => term === "nordtel");
    assert.deepEqual([nordtel?.["posts"], nordtel?.["negativeTowards"], nordtel?.["neutralTowards"], nordtel?.["positiveTowards"]], [4, 3, 1, 0]);
    const asAWhole = posts.filter((post) => String(post["terms"]).includes("nordtel") && post["sentiment"] === "negative").length;
    assert.equal(nordtel?.["negative"], asAWhole, "the sentiment of whole posts stays what it was");
    assert.notEqual(asAWhole, 3);
    for (const [metric, expected] of [
      ["negative", { lumera: 0, nordtel: 3 / 4 }],
      ["balance", { lumera: 1, nordtel: -3 / 4 }],
    ] as const) {
      for (const [q, answeredBy] of [
        ["", "rollups"],
        ["lumera OR nordtel", "search"],
      ] as const) {
        const compared = await api.ask("GET", `/api/v1/explore?metric=${metric}&by=term&${span}&q=${encodeURIComponent(q)}`);
        assert.equal(compared.body["answeredBy"], answeredBy);
        assert.deepEqual(Object.fromEntries(rowsOf(compared.body, "whole").map(({ key, value }) => [key, value])), expected, `${metric} ${answeredBy}`);
        const alone = await api.ask("GET", `/api/v1/explore?metric=${metric}&term=nordtel&${span}&q=${encodeURIComponent(q)}`);
        assert.equal(recordAt(alone.body, "total")["value"], expected.nordtel, `${metric} of one, ${answeredBy}`);
      }
    }
    const whole = await api.ask("GET", `/api/v1/explore?metric=post-negative&term=nordtel&${span}`);
    assert.equal(recordAt(whole.body, "total")["value"], asAWhole / 4);
  });

  it("is explained word by word", async () => {
    const { body, text } = await api.ask("GET", `/api/v1/posts/${String(posts[0]?.["id"])}/towards`);
    assert.match(String(body["by"]), /^towards@[0-9a-f]{8} lexicon$/, text);
    const said = rowsOf(body, "now").map((target) => [
      target["id"],
      target["sentiment"],
      rowsOf(target, "words").flatMap(({ start, end, adds }) => (Math.abs(Number(adds)) < 0.1 ? [] : [(texts[0] ?? "").slice(Number(start), Number(end))])),
    ]);
    assert.deepEqual(said[0], ["lumera", "positive", ["Love"]]);
    assert.deepEqual(said[1]?.slice(0, 2), ["nordtel", "negative"]);
    assert.ok(
      ["awful", "hate"].every((word) => String(said[1]?.[2]).split(",").includes(word)),
      text,
    );
    assert.equal((await api.ask("GET", "/api/v1/posts/p_AAAAAAAAAAAAAAAAAAAAAA/towards")).status, 404);
  });

  it("is told of their own brand to who is kept to it, and of no other", async () => {
    const cookie = await signInAs(api, { name: "kim", role: "viewer", terms: ["lumera"] });
    const get = async (path: string) => (await askAs(api, cookie, "GET", path)).body;
    const id = String(posts[0]?.["id"]);
    assert.deepEqual(saidOf(await get(`/api/v1/posts/${id}`)), { lumera: "positive" });
    const explained = await get(`/api/v1/posts/${id}/towards`);
    assert.deepEqual(
      [rowsOf(explained, "noted"), rowsOf(explained, "now")].map((list) => list.map((target) => [target["id"], target["sentiment"]])),
      [[["lumera", "positive"]], [["lumera", "positive"]]],
      "read beside the other brand, which is not told",
    );
    assert.equal((await get("/api/v1/posts/count?q=towards:nordtel=negative"))["posts"], 0);
    assert.equal((await get("/api/v1/posts/count?q=towards:lumera=positive"))["posts"], 4);
    const balance = await get(`/api/v1/explore?metric=balance&${span}`);
    assert.equal(recordAt(balance, "total")["value"], 1);
  });
});
