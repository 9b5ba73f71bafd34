import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { recordedAnswers } from "./recorded.ts";

const answers = (text: string | Uint8Array) => [...recordedAnswers(typeof text === "string" ? Buffer.from(text) : text)];
const record = { request: { method: "get", url: "https://api.example/2/x" }, response: { status: 200, headers: { Date: "today", "X-Two": ["a", "b"] }, body: { data: [1] } } };
const read = { method: "GET", url: "https://api.example/2/x", status: 200, headers: { date: "today", "x-two": "a, b" }, body: { data: [1] } };

test("recordings are read as a list, one record, one a line, and with a body as text", () => {
  assert.deepEqual(answers(JSON.stringify([record, record])), [read, read]);
  assert.deepEqual(answers(JSON.stringify(record)), [read]);
  assert.deepEqual(answers(`\ufeff${JSON.stringify(record)}\n\n${JSON.stringify(record)}\n`), [read, read]);
  assert.deepEqual(answers(JSON.stringify([{ ...record, response: { ...record.response, body: '{"data":[1]}' } }])), [read]);
  const cassette = {
    http_interactions: [
      {
        request: { method: "GET", uri: record.request.url },
        response: { status: { code: 200 }, headers: { Date: ["today"], "X-Two": ["a", "b"] }, body: { string: '{"data":[1]}' } },
      },
    ],
  };
  assert.deepEqual(answers(JSON.stringify(cassette)), [read]);
});

test("a body kept as it was sent is unpacked, also where its end is missing", () => {
  const packed = gzipSync('{"data":[1]}');
  const record = (bytes: Uint8Array) => ({ request: {}, response: { status: 200, headers: {}, body: { base64_string: Buffer.from(bytes).toString("base64") } } });
  const [whole, cut, broken] = answers(JSON.stringify([record(packed), record(packed.subarray(0, -6)), record(Buffer.from([0x1f, 0x8b, 1, 2]))]));
  assert.deepEqual([whole?.body, cut?.body, broken?.body], [{ data: [1] }, { data: [1] }, ""]);
});

test("bodies alone are answers, and what is no JSON is one as text", () => {
  assert.deepEqual(answers('{"error":{"code":190}}'), [{ headers: {}, body: { error: { code: 190 } } }]);
  assert.deepEqual(answers('[{"id":"1"}]'), [{ headers: {}, body: [{ id: "1" }] }]);
  assert.deepEqual(answers("<html>\n<b>502</b>"), [{ headers: {}, body: "<html>\n<b>502</b>" }]);
  assert.deepEqual(answers('{"a":1}\n{"b":\n{"c":3}'), [
    { headers: {}, body: { a: 1 } },
    { headers: {}, body: '{"b":' },
    { headers: {}, body: { c: 3 } },
  ]);
  assert.equal(answers(new Uint8Array([0xff, 0xfe, 0])).length, 1);
});

test("what nests without end is left as text, beside what does not", () => {
  const deep = `${'{"data":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  assert.deepEqual(answers(deep), [{ headers: {}, body: deep }]);
  assert.deepEqual(answers(`{"a":1}\n${deep}`), [
    { headers: {}, body: { a: 1 } },
    { headers: {}, body: deep },
  ]);
  const thread = `${'{"replies":['.repeat(200)}{}${"]}".repeat(200)}`;
  assert.deepEqual(answers(thread), [{ headers: {}, body: JSON.parse(thread) }]);
});
