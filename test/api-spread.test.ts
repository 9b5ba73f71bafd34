import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { askAs, signInAs } from "./people.fixtures.ts";

const at = (hour: number, minute = 0) => `2026-11-01T${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}:00Z`;
const story = "https://www.news.example/quokka?id=7";
const said = "the keepers say that the quokka escaped from the northern enclosure on friday night";
const line = (id: string, platform: string, author: string, createdAt: string, more: Readonly<Record<string, unknown>>) => ({
  id,
  platform,
  author,
  createdAt,
  text: `about ${id}`,
  ...more,
});
/** One story on four platforms. `kind`: what it is to the first; none: it does not belong. */
const world = [
  line("origin", "mastodon", "ann", at(0), { text: `${said} ${story}` }),
  line("boost-1", "mastodon", "bob", at(0, 5), { text: "", reshareOf: "origin" }),
  line("boost-2", "mastodon", "cat", at(3), { text: "", reshareOf: "origin" }),
  line("quote", "mastodon", "dan", at(1), { text: "look at acme", quoteOf: "origin" }),
  line("of-quote", "mastodon", "eve", at(2), { text: "", reshareOf: "quote" }),
  line("tweet", "x", "fay", at(2), { text: "so a quokka is out http://m.news.example/quokka/?utm_source=x&id=7#top" }),
  line("retweet", "x", "gil", at(2, 30), { text: "", reshareOf: "tweet" }),
  // Found by its page before it is found by what it quotes, which is the closer tie.
  line("both", "x", "ned", at(6), { text: "me too https://news.example/quokka?id=7", quoteOf: "tweet" }),
  line("t3_a", "reddit", "hal", at(4), { text: "the news https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fquokka%3Fid%3D7" }),
  line("t3_b", "reddit", "ivy", at(5), { text: "", reshareOf: "t3_a" }),
  line("copy", "forum", "joe", at(23), { text: `${said}!!` }),
  line("elsewhere", "forum", "kim", at(1), { text: "another page https://news.example/quokka?id=8" }),
  line("home", "forum", "lea", at(1), { text: "the paper itself https://news.example/" }),
  line("alone", "forum", "mia", at(1), { text: "nothing to do with it" }),
];
const kinds: Readonly<Record<string, string>> = {
  "boost-1": "boost",
  "boost-2": "boost",
  quote: "quote",
  "of-quote": "boost",
  tweet: "link",
  retweet: "retweet",
  both: "quote",
  t3_a: "link",
  t3_b: "crosspost",
  copy: "copy",
};

describe("the spread of a post", () => {
  let api: RunningApi;
  const ids = new Map<string, string>();
  const names = new Map<string, string>();
  before(async () => {
    api = await startApi({ config: { terms: { acme: { name: "Acme", query: "acme" } } } });
    await api.import(world);
    await api.settle();
    for (const post of rowsOf((await api.ask("GET", "/api/v1/posts?limit=100")).body)) {
      const author = String(post["text"]);
      const found = world.find(
        (one) => one.createdAt.replace("Z", ".000Z") === post["createdAt"] && one.platform === post["platform"] && (one.text === "" || author.includes(one.text.slice(0, 12))),
      );
      assert.ok(found, author);
      ids.set(found.id, String(post["id"]));
      names.set(String(post["id"]), found.id);
    }
    assert.equal(ids.size, world.length);
  });
  after(() => api[Symbol.asyncDispose]());
  const spreadOf = async (name: string, query = "") => (await api.ask("GET", `/api/v1/posts/${ids.get(name)}/spread${query}`)).body;
  const told = (body: Record<string, unknown>) =>
    Object.fromEntries(
      rowsOf(body)
        .map(({ kind, post }) => [names.get(String(post !== null && typeof post === "object" && "id" in post ? post.id : "")) ?? "?", kind])
        .toSorted(),
    );
  const sorted = (record: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(record).toSorted());
  const countsOf = (body: Record<string, unknown>, list: string, name: string) => Object.fromEntries(rowsOf(body, list).map((row) => [row[name], row["posts"]]));

  it("holds its reshares by what the platform calls them, quotes, copies and who links the same page, each once and what shares them in turn", async () => {
    const body = await spreadOf("origin");
    assert.deepEqual(told(body), sorted(kinds));
    assert.deepEqual([body["posts"], body["exact"], body["everySeconds"]], [10, true, 3_600]);
    assert.deepEqual(body["links"], ["https://news.example/quokka?id=7"]);
    assert.deepEqual(countsOf(body, "kinds", "kind"), { boost: 3, link: 2, quote: 2, retweet: 1, crosspost: 1, copy: 1 });
    assert.deepEqual(countsOf(body, "platforms", "platform"), { mastodon: 4, x: 3, reddit: 2, forum: 1 });
    const expected = new Map<string, number>();
    for (const { id, platform, createdAt } of world) {
      const kind = kinds[id];
      const key = `${createdAt.slice(0, 13)}:00:00.000Z ${platform} ${kind}`;
      if (kind !== undefined) expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    assert.deepEqual(new Map(rowsOf(body, "buckets").map((row) => [`${String(row["at"])} ${String(row["platform"])} ${String(row["kind"])}`, row["posts"]])), expected);
  });

  it("is told from its original on, wherever one looks", async () => {
    for (const name of ["boost-1", "quote", "of-quote"]) {
      const body = await spreadOf(name);
      assert.equal(names.get(String((body["original"] as Record<string, unknown>)["id"])), "origin", name);
      assert.deepEqual(told(body), sorted(kinds), name);
    }
    // A post that only links the page is an original of its own; the copy is known to both.
    assert.deepEqual(
      told(await spreadOf("tweet")),
      sorted({ origin: "link", retweet: "retweet", both: "quote", t3_a: "link", t3_b: "crosspost", "boost-1": "boost", "boost-2": "boost", quote: "quote", "of-quote": "boost" }),
    );
    const alone = await spreadOf("alone");
    assert.deepEqual([alone["posts"], alone["items"], alone["links"]], [0, [], []]);
    // Two posts that link a newspaper's first page have nothing in common.
    assert.deepEqual((await spreadOf("home"))["links"], []);
  });

  it("counts all and gives some: of reshares, quotes, copies and links the first and the last", async () => {
    const body = await spreadOf("origin", "?limit=6");
    assert.equal(body["posts"], 10);
    assert.deepEqual(Object.keys(told(body)).length, 6);
    assert.deepEqual(new Set(rowsOf(body).map(({ kind }) => kind)), new Set(["boost", "crosspost", "quote", "copy", "link"]));
    assert.equal((await api.ask("GET", `/api/v1/posts/${ids.get("origin")}/spread?limit=501`)).status, 400);
  });

  it("is found in Search by the page, whatever its address", async () => {
    for (const address of ["https://news.example/quokka?id=7", "amp.news.example/quokka/amp?id=7&utm_medium=y"]) {
      const found = await api.ask("GET", `/api/v1/posts?${new URLSearchParams({ q: `link:${address}` }).toString()}`);
      assert.deepEqual(
        rowsOf(found.body)
          .map((post) => names.get(String(post["id"])))
          .toSorted(),
        ["both", "origin", "t3_a", "tweet"],
      );
    }
  });

  it("shows who is kept to a brand that brand's posts alone, and not that there are others", async () => {
    const cookie = await signInAs(api, { name: "bea", role: "analyst", terms: ["acme"] });
    const { body } = await askAs(api, cookie, "GET", `/api/v1/posts/${ids.get("quote")}/spread`);
    assert.deepEqual([body["posts"], body["original"], told(body)], [1, undefined, { quote: "quote" }]);
    assert.equal((await askAs(api, cookie, "GET", `/api/v1/posts/${ids.get("origin")}/spread`)).status, 404);
  });

  it("loses what is erased, and what an erased post was the way to", async () => {
    const erase = async (name: string) => {
      const post = await api.ask("GET", `/api/v1/posts/${ids.get(name)}`);
      assert.equal((await api.ask("POST", "/api/v1/erasures", { body: { author: post.body["author"], now: true, reason: "subject-request" } })).status, 200);
      await api.settle();
    };
    await erase("tweet");
    const { tweet: _tweet, retweet: _retweet, ...left } = kinds;
    // What quoted it still links the page.
    assert.deepEqual(told(await spreadOf("origin")), sorted({ ...left, both: "link" }));
    await erase("copy");
    const { copy: _copy, ...rest } = left;
    assert.deepEqual(told(await spreadOf("origin")), sorted({ ...rest, both: "link" }));
    await erase("origin");
    const orphan = await spreadOf("boost-1");
    assert.deepEqual([orphan["original"], orphan["originalMissing"]], [undefined, ids.get("origin")]);
    assert.deepEqual(told(orphan), sorted({ "boost-1": "boost", "boost-2": "boost", quote: "quote", "of-quote": "boost" }));
  });
});
