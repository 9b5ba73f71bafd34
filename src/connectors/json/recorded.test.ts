import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { EarshotError } from "../../core/errors.ts";
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

test("a body is unpacked as its header says, and where it is not packed at all it is read as it is", () => {
  const record = (encoding: string, bytes: Uint8Array) => ({
    request: {},
    response: { status: 200, headers: { "Content-Encoding": [encoding] }, body: { base64_string: Buffer.from(bytes).toString("base64") } },
  });
  const plain = Buffer.from('\ufeff{"data":[1]}');
  const packed = [record("br", brotliCompressSync(plain)), record("deflate", deflateSync(plain)), record("gzip", plain), record("br", plain)];
  assert.deepEqual(
    answers(JSON.stringify(packed)).map(({ body }) => body),
    packed.map(() => ({ data: [1] })),
  );
  const texts = [gzipSync(plain).toString("base64"), gzipSync(plain).toString("latin1")].map((string) => ({
    request: {},
    response: { status: 200, headers: {}, body: { string } },
  }));
  assert.deepEqual(
    answers(JSON.stringify(texts)).map(({ body }) => body),
    texts.map(() => ({ data: [1] })),
  );
});

test("what is more than can be unpacked is refused, and not taken for nothing", () => {
  const bomb = gzipSync(Buffer.alloc((64 << 20) + 1, 0x20));
  const isRefused = (thrown: unknown) => thrown instanceof EarshotError && thrown.code === "ITEM_TOO_LARGE";
  assert.throws(() => answers(bomb), isRefused);
  assert.throws(() => answers(JSON.stringify([{ ...record, response: { ...record.response, body: bomb.toString("base64") } }])), isRefused);
});

test("a body that begins as packed bytes do is looked through once", () => {
  const text = `H4sI${" ".repeat(150_000)}!`;
  const before = process.cpuUsage();
  assert.equal(answers(JSON.stringify([{ ...record, response: { ...record.response, body: text } }]))[0]?.body, text);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 2_000_000, `${user} microseconds`);
});

test("a file may be packed, or in UTF-16 with its mark", () => {
  const text = JSON.stringify([record]);
  const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
  for (const file of [gzipSync(text), utf16, Buffer.from(utf16).swap16(), gzipSync(utf16)]) assert.deepEqual(answers(file), [read]);
});

test("what browsers export and other ways to tell status and headers are read the same", () => {
  const headers = [
    { name: "Date", value: "today" },
    { name: "X-Two", value: "a, b" },
  ];
  const { request, response } = record;
  const har = { log: { version: "1.2", entries: [{ request, response: { status: 200, headers, content: { mimeType: "application/json", text: '{"data":[1]}' } } }] } };
  assert.deepEqual(answers(JSON.stringify(har)), [read]);
  const inBase64 = { ...response, headers, content: { mimeType: "x", encoding: "base64", text: Buffer.from('{"data":[1]}').toString("base64") }, body: undefined };
  assert.deepEqual(answers(JSON.stringify({ log: { entries: [{ request, response: inBase64 }] } })), [read]);
  const pairs = Object.entries(response.headers);
  for (const status of [{ status: "200 OK" }, { status_code: 200 }, { status: "200" }])
    assert.deepEqual(answers(JSON.stringify([{ request, response: { headers: pairs, body: response.body, ...status } }])), [{ ...read }]);
});

test("the digits of an id that no double holds stay as they stand; other numbers stay numbers", () => {
  assert.deepEqual(answers('{"id":1453474504928280580,"list":[ 90071992547409931 ],"n":1e20,"small":5,"f":0.1234567890123456}')[0]?.body, {
    id: "1453474504928280580",
    list: ["90071992547409931"],
    n: 1e20,
    small: 5,
    f: 0.1234567890123456,
  });
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
