import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isPostId } from "../src/core/ids.ts";
import { type RunningApi, rowsOf, startApi } from "./api.fixtures.ts";

const said = "the keepers say that the quokka escaped from the northern enclosure on friday night";
const line = (id: string, minute: number, text: string, more: Readonly<Record<string, unknown>> = {}) => ({
  id,
  platform: minute % 2 === 0 ? "forum" : "diary",
  author: `author-${id}`,
  text,
  createdAt: `2026-11-01T00:${String(minute).padStart(2, "0")}:00Z`,
  ...more,
});
const lines = [
  line("first", 0, said),
  line("second", 1, `RT: ${said}!!`),
  line("third", 2, `${said} https://news.example/q?utm_source=x`),
  line("other", 3, "nobody knows how many wombats live behind the old station building"),
  line("shared", 4, said, { reshareOf: "first" }),
];

describe("near-duplicates", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi();
    await api.import(lines);
    await api.settle();
  });
  after(() => api[Symbol.asyncDispose]());
  const posts = async () => rowsOf((await api.ask("GET", "/api/v1/posts?limit=50&order=oldest")).body);
  const copiesOf = async (id: unknown) => rowsOf((await api.ask("GET", `/api/v1/posts/${String(id)}/conversation`)).body, "copies").map((post) => post["id"]);

  it("bear one number in the search, and stand beside each other's post", async () => {
    const [first, second, third, other, shared] = await posts();
    assert.ok(Number.isInteger(first?.["copies"]));
    assert.deepEqual([second?.["copies"], third?.["copies"]], [first?.["copies"], first?.["copies"]]);
    assert.deepEqual([other?.["copies"], shared?.["copies"]], [undefined, undefined]);
    assert.deepEqual(await copiesOf(second?.["id"]), [first?.["id"], third?.["id"]]);
    assert.deepEqual(await copiesOf(other?.["id"]), []);
  });

  it("of what is not for somebody are not shown", async () => {
    const [, second, third] = await posts();
    const id = second?.["id"];
    assert.ok(isPostId(id));
    const seen = await api.system.engine.provenance.conversation(id, { platforms: ["diary"] });
    assert.deepEqual(seen?.copies, []);
    const whole = await api.system.engine.provenance.conversation(id, {});
    assert.ok(whole?.copies.some((post) => post.id === third?.["id"]));
  });

  it("that are erased leave the group, and their file", async () => {
    const [first, second] = await posts();
    await api.ask("POST", "/api/v1/erasures", { body: { author: String(second?.["author"]), now: true, reason: "subject-request" } });
    await api.settle();
    const left = await copiesOf(first?.["id"]);
    assert.equal(left.length, 1);
    assert.ok(!left.includes(second?.["id"]));
  });
});
