import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { idWords, isPostId } from "../src/core/ids.ts";
import { decodeRaw } from "../src/runtime/raw-frame.ts";
import { environmentToken, recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const at = (minute: number) => `2026-11-01T00:${String(minute).padStart(2, "0")}:00Z`;
const lines = [
  { id: "root", platform: "forum", author: "ann", handle: "ann.example", text: "The quokka is not very good but the keepers are WONDERFUL people", createdAt: at(0), likes: 3 },
  { id: "r1", platform: "forum", author: "bob", text: "I think that this is a terrible opinion about the animal", createdAt: at(1), replyTo: "root", root: "root" },
  { id: "r2", platform: "forum", author: "cat", text: "write to keeper@zoo-mail.example about the quokka please", createdAt: at(2), replyTo: "r1", root: "root" },
  { id: "r3", platform: "forum", author: "ann", text: "another answer to the first one is here", createdAt: at(3), replyTo: "root", root: "root" },
  { id: "q1", platform: "forum", author: "dan", text: "look at what somebody said about it", createdAt: at(4), quoteOf: "root" },
  { id: "o1", platform: "diary", author: "eve", text: "nothing of the kind in this one at all", createdAt: at(5) },
];

describe("where a post comes from", () => {
  let api: RunningApi;
  const ids = new Map<string, string>();
  before(async () => {
    api = await startApi({ config: { terms: { quokka: { name: "Quokka", query: "quokka OR wombat" } } } });
    await api.import(lines);
    await api.settle();
    const posts = rowsOf((await api.ask("GET", "/api/v1/posts?limit=50")).body);
    for (const line of lines) ids.set(line.id, String(posts.find((post) => post["createdAt"] === line.createdAt.replace("Z", ".000Z"))?.["id"]));
  });
  after(() => api[Symbol.asyncDispose]());
  const idOf = (name: string) => ids.get(name) ?? "";
  const traceOf = async (name: string) => (await api.ask("GET", `/api/v1/posts/${idOf(name)}/trace`)).body;

  it("tells what each stage made of it, by the very message that was kept", async () => {
    const trace = await traceOf("root");
    const stages = recordAt(trace, "stages");
    assert.deepEqual(
      rowsOf(stages, "steps").map((step) => step["stage"]),
      ["normalise", "mentions", "sieve", "language", "sentiment", "link", "pii", "terms", "towards"],
    );
    assert.deepEqual(stages["differs"], []);
    const shown = (await api.ask("GET", `/api/v1/posts/${idOf("root")}`)).body;
    assert.equal(recordAt(stages, "sentiment")["score"], shown["sentimentScore"]);
    assert.deepEqual(
      rowsOf(recordAt(stages, "sentiment"), "signs").map((sign) => [sign["word"], sign["negatedBy"], sign["raisedBy"]]),
      [
        ["good", "not", ["very"]],
        ["WONDERFUL", undefined, undefined],
      ],
    );
    assert.equal(rowsOf(recordAt(stages, "language"), "candidates")[0]?.["language"], "en");
    assert.deepEqual(stages["terms"], [{ id: "quokka", parts: [{ part: "quokka", words: ["quokka"] }] }]);
  });

  it("tells the places, and they hold the post", async () => {
    const trace = await traceOf("r2");
    const raw = recordAt(trace, "raw");
    const id = idOf("r2");
    assert.ok(isPostId(id));
    const [partition, offset] = [Number(raw["partition"]), Number(raw["offset"])];
    for await (const { frames } of api.system.base.log.read("events", partition, offset, offset + 1)) {
      assert.deepEqual([frames.keys[0], frames.keys[1]], [idWords(id).high, idWords(id).low]);
      assert.match(Buffer.from(decodeRaw(frames, 0, new Map())?.bytes ?? []).toString("utf8"), /keeper@zoo-mail/);
    }
    const places = recordAt(trace, "places");
    const postsOffset = Number(places["postsOffset"]);
    for await (const { frames } of api.system.base.log.read("posts", partition, postsOffset, postsOffset + 1)) {
      assert.deepEqual([frames.keys[0], frames.keys[1], frames.fromOffsets[0]], [idWords(id).high, idWords(id).low, offset]);
    }
    assert.equal(recordAt(places, "search")["month"], "2026-11");
    assert.match(String(recordAt(places, "lake")["file"]), /\.parquet$/);
    assert.deepEqual(recordAt(places, "lake")["rowGroup"], 0);
    assert.equal(recordAt(places, "rollups")["hour"], "2026-11-01T00:00:00.000Z");
    assert.deepEqual(
      rowsOf(recordAt(places, "rollups"), "keys").map((key) => key["term"]),
      ["", "quokka"],
    );
    const history = recordAt(trace, "history");
    assert.deepEqual(
      rowsOf(history, "changes").map((change) => [change["kind"], change["offset"]]),
      [["post", postsOffset]],
    );
    assert.equal(recordAt(history, "looked")["frames"], recordAt(history, "looked")["of"]);
  });

  it("shows the message's shape alone, and all of it for a purpose that is written down", async () => {
    const { text } = await api.ask("GET", `/api/v1/posts/${idOf("r2")}/trace`);
    assert.doesNotMatch(text, /zoo-mail|keeper|"cat"|please/);
    const path = `/api/v1/posts/${idOf("r2")}/raw`;
    assert.equal((await api.ask("GET", path)).status, 400);
    const analyst = await api.makeToken("analyst");
    assert.equal((await api.ask("GET", `${path}?reveal=looking+at+it`, { token: analyst })).status, 403);
    const whole = await api.ask("GET", `${path}?reveal=looking+at+it`);
    assert.deepEqual(JSON.parse(String(whole.body["text"])), lines[2]);
    const { rows } = await api.system.engine.sql.query("select subject, purpose from audit where action = 'post.raw'");
    assert.deepEqual(rows, [{ subject: idOf("r2"), purpose: "looking at it" }]);
  });

  it("gives the conversation around a post: before, after, and who quotes it", async () => {
    const around = (await api.ask("GET", `/api/v1/posts/${idOf("root")}/conversation`)).body;
    assert.deepEqual(
      rowsOf(around, "replies").map((reply) => [recordAt(reply, "post")["id"], reply["depth"]]),
      [
        [idOf("r1"), 1],
        [idOf("r2"), 2],
        [idOf("r3"), 1],
      ],
    );
    assert.deepEqual(
      rowsOf(around, "quotes").map((post) => post["id"]),
      [idOf("q1")],
    );
    assert.doesNotMatch(JSON.stringify(around), /zoo-mail/);
    const inside = (await api.ask("GET", `/api/v1/posts/${idOf("r2")}/conversation`)).body;
    assert.deepEqual(
      rowsOf(inside, "ancestors").map((post) => post["id"]),
      [idOf("root"), idOf("r1")],
    );
    assert.equal(recordAt(inside, "root")["id"], idOf("root"));
  });

  it("keeps a correction beside the post: neither what is shown nor a figure changes", async () => {
    const id = idOf("r1");
    const figures = async () => (await api.ask("GET", "/api/v1/posts/facets?by=sentiment,language")).text;
    const before = [await figures(), (await api.ask("GET", `/api/v1/posts/${id}`)).text];
    const viewer = await api.makeToken("viewer");
    const analyst = await api.makeToken("analyst");
    const path = `/api/v1/posts/${id}/labels/sentiment`;
    assert.equal((await api.ask("PUT", path, { token: viewer, body: { to: "positive" } })).status, 403);
    assert.equal((await api.ask("PUT", path, { token: analyst, body: { to: "great" } })).status, 400);
    assert.equal((await api.ask("PUT", path, { token: analyst, body: { to: "negative" } })).status, 400, "it says so already");
    assert.equal((await api.ask("PUT", path, { token: analyst, body: { to: "neutral" } })).status, 200);
    assert.equal((await api.ask("PUT", path, { token: analyst, body: { to: "positive" } })).status, 200);
    const [label] = rowsOf((await api.ask("GET", `/api/v1/posts/${id}/labels`, { token: viewer })).body);
    assert.deepEqual([label?.["from"], label?.["to"], label?.["actor"]], ["negative", "positive", "admin/a analyst"]);
    assert.match(String(label?.["stageVersion"]), /^[0-9a-f]{8}$/);
    assert.deepEqual([await figures(), (await api.ask("GET", `/api/v1/posts/${id}`)).text], before);
    const exported = await (await fetch(`${api.address}/api/v1/labels/export`, { headers: { authorization: `Bearer ${environmentToken}` } })).text();
    const told = exported
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      told.map(({ post, to, text, current }) => [post, to, text, current]),
      [[id, "positive", lines[1]?.text, true]],
    );
    assert.equal((await api.ask("DELETE", `/api/v1/labels/${String(label?.["id"])}`, { token: analyst })).status, 204);
    assert.deepEqual(rowsOf((await api.ask("GET", "/api/v1/labels")).body), []);
  });

  it("shows nobody a correction, a trace or a conversation of posts that are not for them", async () => {
    await api.ask("PUT", `/api/v1/posts/${idOf("o1")}/labels/language`, { body: { to: "nl" } });
    const filter = { platforms: ["forum"] };
    const viewer = { name: "kept", owner: "kept", role: "analyst", by: "session", filter } as const;
    const id = idOf("o1");
    assert.ok(isPostId(id));
    const { provenance, labels } = api.system.engine;
    assert.equal(await provenance.trace(id, filter), undefined);
    assert.equal(await provenance.raw(id, filter), undefined);
    assert.equal(await provenance.conversation(id, filter), undefined);
    assert.equal(await labels.of(id, viewer), undefined);
    assert.deepEqual((await labels.list({ limit: 10 }, viewer)).items, []);
    await assert.rejects(labels.put(id, { what: "language", to: "de" }, viewer), { code: "NOT_FOUND" });
    const terms = { terms: ["other"] };
    const root = idOf("root");
    assert.ok(isPostId(root));
    assert.equal(await provenance.trace(root, terms), undefined);
  });

  it("forgets the corrections of an erased author's posts, and finds them before", async () => {
    await api.ask("PUT", `/api/v1/posts/${idOf("r1")}/labels/sentiment`, { body: { to: "positive" } });
    await api.ask("PUT", `/api/v1/posts/${idOf("r3")}/labels/language`, { body: { to: "de" } });
    const find = async () => {
      const { body } = await api.ask("POST", "/api/v1/find", { body: { author: "bob" } });
      return rowsOf(body, "stores").find((row) => row["store"] === "labels")?.["hits"];
    };
    assert.equal(await find(), 1);
    const [author] = (await api.system.engine.resolveAuthor("bob")).map((one) => one.author);
    assert.ok(author !== undefined);
    const erasure = await api.system.engine.erase(author, { reason: "subject-request", objection: false, now: true, actor: "admin" });
    assert.equal(erasure.state, "gone");
    assert.deepEqual(
      erasure.proofs.find((proof) => proof.store === "labels"),
      { store: "labels", removedPosts: 1, physical: true },
    );
    assert.equal(await find(), 0);
    const { rows } = await api.system.engine.sql.query("select post from labels order by post");
    assert.ok(!rows.some((row) => row["post"] === idOf("r1")));
    assert.ok(
      rows.some((row) => row["post"] === idOf("r3")),
      "those of others stay",
    );
  });
});
