import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const lines = [
  { id: "1", platform: "forum", author: "ann", text: "omg I h4te this sooo much 😂 #BlackLivesMatter, write to keeper@zoo-mail.example", createdAt: "2026-11-01T00:00:00Z" },
  { id: "2", platform: "forum", author: "bob", text: "A plain sentence that says all it has to say in its own words", createdAt: "2026-11-01T00:01:00Z" },
];

describe("a post in other words", () => {
  let api: RunningApi;
  let ids: readonly string[];
  before(async () => {
    api = await startApi();
    await api.import(lines);
    await api.settle();
    ids = rowsOf((await api.ask("GET", "/api/v1/posts?order=oldest")).body).map(({ id }) => String(id));
  });
  after(() => api[Symbol.asyncDispose]());
  const read = async (i: number) => (await api.ask("GET", `/api/v1/posts/${ids[i] ?? ""}/reading`)).body;

  it("is plain, with the place of each change in both, on the text as it is shown", async () => {
    const body = await read(0);
    const [text, normal] = [String(body["text"]), String(body["normal"])];
    assert.equal(text, "omg I h4te this sooo much 😂 #BlackLivesMatter, write to [email]");
    assert.equal(normal, "oh my god I hate this so much face with tears of joy black lives matter, write to [email]");
    const spans = rowsOf(body, "spans");
    assert.deepEqual(
      spans.map(({ kinds }) => kinds),
      [["slang"], ["spelling"], ["elongation"], ["emoji"], ["hashtag"]],
    );
    for (const { start, end, original } of spans) assert.equal(text.slice(Number(start), Number(end)), original);
    assert.deepEqual(
      spans.map(({ normalStart, normalEnd }) => normal.slice(Number(normalStart), Number(normalEnd))),
      ["oh my god", "hate", "so", "face with tears of joy", "black lives matter"],
    );
  });

  it("is the same where nothing needs other words, and is of stored posts alone", async () => {
    const body = await read(1);
    assert.equal(body["normal"], body["text"]);
    assert.deepEqual(body["spans"], []);
    assert.equal((await api.ask("GET", `/api/v1/posts/p_${"a".repeat(22)}/reading`)).status, 404);
  });
});
