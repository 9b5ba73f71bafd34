import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ExpectedFields } from "../core/expected.ts";
import { makeRenamer } from "./renames.ts";

const expected: ExpectedFields = {
  entities: { post: { required: { text: "text" }, optional: { "author.name": "text" } } },
  *find(message) {
    const inside = message["post"];
    yield ["post", typeof inside === "object" && inside !== null && !Array.isArray(inside) ? { ...inside } : message];
  },
};
const run = (renames: Parameters<typeof makeRenamer>[1], text: string): string => Buffer.from(makeRenamer(expected, renames)(Buffer.from(text))).toString();
const rule = { entity: "post", from: "body.plain", to: "text" };

describe("a rule for a renamed field", () => {
  it("moves the value to the declared name, over any depth", () => {
    assert.deepEqual(JSON.parse(run([rule], '{"body":{"plain":"hello","other":1}}')), { body: { other: 1 }, text: "hello" });
    assert.deepEqual(JSON.parse(run([{ ...rule, from: "writer", to: "author.name" }], '{"writer":"x"}')), { author: { name: "x" } });
  });
  it("leaves what has the declared name, and is the same when applied twice", () => {
    const both = '{"body":{"plain":"new"},"text":"old"}';
    assert.equal(run([rule], both), both);
    const once = run([rule], '{"body":{"plain":"hello"}}');
    assert.equal(run([rule], once), once);
  });
  it("leaves other bytes as they are, to the last space", () => {
    for (const text of ['{ "a": 1 }', "plain", '{"plain', '["plain"]', '{"body":{"plain":null}}']) assert.equal(run([rule], text), text);
  });
  it("never touches a prototype", () => {
    const text = '{"body":{"plain":"x"}}';
    assert.equal(run([{ ...rule, to: "__proto__.polluted" }], text), text);
    assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  });
});
