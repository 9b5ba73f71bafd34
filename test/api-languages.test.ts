import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const at = (minute: number) => `2026-11-01T00:${String(minute).padStart(2, "0")}:00Z`;
const lines = [
  { id: "1", platform: "forum", author: "ann", text: "no puedo creer que ya es viernes, this week was so long and boring", createdAt: at(1) },
  { id: "2", platform: "forum", author: "bob", text: "yaar aaj office mein bahut kaam tha aur main thak gaya", createdAt: at(2) },
  { id: "3", platform: "forum", author: "cat", text: "Just one language in this one, and nothing else to tell of it", createdAt: at(3) },
];

describe("posts of more than one language", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ config: { models: { languages: true } } });
    await api.import(lines);
    await api.settle();
  });
  after(() => api[Symbol.asyncDispose]());
  const posts = async (q = "") => rowsOf((await api.ask("GET", `/api/v1/posts?${new URLSearchParams({ q, order: "oldest" }).toString()}`)).body);

  it("bear their stretches with the model's version, beside their one language", async () => {
    const [mixed, hinglish, plain] = await posts();
    const spansOf = (post: Record<string, unknown> | undefined) =>
      rowsOf(recordAt(post ?? {}, "languages"), "spans").map(({ start, end, language }) => [String(post?.["text"]).slice(Number(start), Number(end)), language]);
    assert.deepEqual(spansOf(mixed), [
      ["no puedo creer que ya es viernes", "es"],
      ["this week was so long and boring", "en"],
    ]);
    assert.match(String(recordAt(mixed ?? {}, "languages")["model"]), /^code-switching@[0-9a-f]{8}$/);
    assert.deepEqual(
      spansOf(hinglish).map(([, language]) => language),
      ["hi-Latn"],
    );
    assert.equal(plain?.["languages"], undefined);
  });

  it("are found by has:languages, and told in the post's way", async () => {
    const found = await posts("has:languages");
    assert.equal(found.length, 2);
    assert.equal((await posts("NOT has:languages")).length, 1);
    const { body } = await api.ask("GET", `/api/v1/posts/${String(found[0]?.["id"])}/trace`);
    const stages = recordAt(body, "stages");
    assert.deepEqual(stages["codeSwitching"], ["es", "en"]);
    assert.deepEqual(stages["differs"], []);
  });
});
