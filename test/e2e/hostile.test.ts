import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { idsOf, importLines, indexed, makeFolder, settle, startIn, until } from "./system.fixtures.ts";

const at = "2026-01-05T10:00:00Z";
const good = (name: string, extra: object = {}) => ({ id: name.replaceAll(/\W+/g, "-"), author: "good.simulated.example", text: `good ${name}`, createdAt: at, ...extra });
const deep = (levels: number) => `{"id":"deep","author":"a","text":"t","createdAt":"${at}","extra":${"[".repeat(levels)}${"]".repeat(levels)}}`;
const invalidUtf8 = Buffer.concat([Buffer.from(`{"id":"bytes","author":"a","createdAt":"${at}","text":"`), Buffer.from([0xff, 0xfe, 0xc0, 0xaf]), Buffer.from('"}')]);

/** Each with the codes that may name it; none: it may be taken. */
const hostile: readonly (readonly [name: string, line: string | Uint8Array | object, codes: readonly string[]])[] = [
  ["no JSON", "nonsense", ["JSON_INVALID"]],
  ["half a line", '{"id":"1","text":"cut', ["JSON_INVALID"]],
  ["an array", "[1,2,3]", ["FIELD_INVALID", "JSON_INVALID"]],
  ["null", "null", ["FIELD_INVALID", "JSON_INVALID"]],
  ["a number", "7", ["FIELD_INVALID", "JSON_INVALID"]],
  ["invalid UTF-8", invalidUtf8, ["UTF8_INVALID"]],
  ["NUL bytes", Buffer.alloc(64), ["JSON_INVALID"]],
  ["no id", { author: "a", text: "t", createdAt: at }, ["FIELD_MISSING"]],
  ["an id that is an object", { id: {}, author: "a", text: "t", createdAt: at }, ["FIELD_INVALID", "FIELD_MISSING"]],
  ["an id beyond exact numbers", '{"id":12345678901234567890,"author":"a","text":"t","createdAt":"2026-01-05"}', ["FIELD_INVALID"]],
  ["a very long id", { id: "x".repeat(5_000), author: "a", text: "t", createdAt: at }, ["FIELD_INVALID", "ITEM_TOO_LARGE"]],
  ["a text that is a number", { id: "n", author: "a", text: 7, createdAt: at }, ["FIELD_INVALID"]],
  ["a text that is a list", { id: "l", author: "a", text: ["t"], createdAt: at }, ["FIELD_INVALID"]],
  ["no text", { id: "t", author: "a", createdAt: at }, ["FIELD_MISSING"]],
  ["no date", { id: "d", author: "a", text: "t" }, ["FIELD_MISSING", "DATE_INVALID"]],
  ["a date that is none", { id: "d", author: "a", text: "t", createdAt: "2026-13-45T99:00:00Z" }, ["DATE_INVALID"]],
  ["a date before the web", { id: "d", author: "a", text: "t", createdAt: "1066-10-14T09:00:00Z" }, ["DATE_INVALID"]],
  ["a date of the far future", { id: "d", author: "a", text: "t", createdAt: "9999-01-01T00:00:00Z" }, ["DATE_INVALID"]],
  ["an infinite date", '{"id":"d","author":"a","text":"t","createdAt":1e999}', ["DATE_INVALID", "FIELD_INVALID", "JSON_INVALID"]],
  ["a negative count", { ...good("c1"), likes: -5 }, ["FIELD_INVALID"]],
  ["a huge count", '{"id":"c2","author":"a","text":"t","createdAt":"2026-01-05","likes":1e300}', ["FIELD_INVALID"]],
  ["half a pair in the text", `{"id":"s","author":"a","text":"half \\ud800 pair","createdAt":"${at}"}`, ["UTF8_INVALID"]],
  ["half a pair in the id", `{"id":"\\udfff","author":"a","text":"t","createdAt":"${at}"}`, ["FIELD_INVALID", "UTF8_INVALID"]],
  ["half a pair in the author", `{"id":"s2","author":"\\ud800","text":"t","createdAt":"${at}"}`, ["FIELD_INVALID", "UTF8_INVALID"]],
  ["deep nesting", deep(5_000), ["ITEM_TOO_DEEP"]],
  ["very deep nesting", deep(500_000), ["ITEM_TOO_DEEP", "ITEM_TOO_LARGE"]],
  ["a platform that is a path", { ...good("p"), platform: "../../etc" }, ["FIELD_INVALID"]],
  ["a private message", { ...good("v"), visibility: "direct" }, ["PRIVATE_REFUSED"]],
  ["ten megabytes", `{"id":"big","author":"a","createdAt":"${at}","text":"${"x".repeat(10 * 1024 * 1024)}"}`, ["ITEM_TOO_LARGE"]],
  ["ten megabytes of nothing", "y".repeat(11 * 1024 * 1024), ["ITEM_TOO_LARGE", "JSON_INVALID"]],
];

test("a deletion that names its author takes that author's post alone", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, {}, { collect: false });
  const post = (id: string, author: string) => ({ id, author, text: `numbat ${id}`, createdAt: at });
  const gone = (id: string, more: object = {}) => ({ id, deleted: true, createdAt: "2026-01-05T11:00:00Z", ...more });
  await importLines(running, [post("n1", "ann"), post("n2", "ann"), post("n3", "ann"), gone("n1", { author: "mallory" }), gone("n2", { author: "ann" }), gone("n3")]);
  await settle(running);
  await indexed(running);
  assert.deepEqual(
    (await running.engine.search({ q: "numbat", filter: {}, limit: 10 })).items.map(({ text }) => text),
    ["numbat n1"],
  );
});

/** Strange, and yet posts. */
const strange: readonly object[] = [
  good("control", { text: "good \u0000\u0001\u001b[31m\u007f\u202e control" }),
  good("prototype", { __proto__: { polluted: true }, constructor: 1, toString: "x" }),
  good("spaces", { text: "good \u00a0\u2003 \r\n\t spaces" }),
  good("emoji", { text: `good ${"👩‍👩‍👧‍👦".repeat(500)}` }),
  good("zalgo", { text: `good ${"a\u0301\u0302\u0303".repeat(2_000)}` }),
  good("query", { text: 'good "; drop table posts; -- AND OR NOT NEAR/3 term:x' }),
  good("html", { text: "good <script>alert(1)</script> &lt;b&gt;", format: "html" }),
  good("number", { author: 12_345 }),
  good("nobody", { author: undefined }),
];

test("hostile lines of an import are rejected each with its code, line and raw; what stands between them is kept", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, {}, { collect: false });
  const { engine } = running;
  const lines: (string | Uint8Array | object)[] = [];
  const lineOf = new Map<string, number>();
  for (const [name, line] of hostile) {
    lines.push(good(`before ${name}`));
    lineOf.set(name, lines.push(line));
  }
  lines.push(...strange);
  const before = process.memoryUsage().rss;
  const answer = await importLines(running, lines);
  const grownMb = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grownMb < 500, `${grownMb.toFixed(0)} MB grown`);
  for (const [name, , codes] of hostile) {
    const error = answer.errors.find(({ line }) => line === lineOf.get(name));
    assert.ok(error, `${name}: expected ${codes.join(" or ")}, was not rejected`);
    assert.ok(codes.includes(error.code), `${name}: expected ${codes.join(" or ")}, came ${error.code}: ${error.message}`);
    assert.ok(error.message.length > 10 && error.message.length <= 1_000, error.message.slice(0, 2_000));
  }
  assert.deepEqual([answer.accepted, answer.rejected], [hostile.length + strange.length, hostile.length]);
  await settle(running);
  await indexed(running);
  assert.equal((await idsOf(running, "good")).size, hostile.length + strange.length);
  assert.equal((await idsOf(running, "")).size, hostile.length + strange.length);
  for (const { text } of (await engine.search({ q: "control", filter: {}, limit: 1 })).items) assert.ok(!/[\u0000\u001b]/.test(text), JSON.stringify(text));
  const page = await engine.quarantine({ limit: 100 });
  assert.equal(page.items.length, hostile.length);
  for (const item of page.items) {
    const whole = await engine.quarantineItem(item.id);
    assert.ok(whole?.raw !== undefined && whole.raw.length > 0 && whole.raw.length <= 128 * 1024, `${item.code}: ${whole?.raw?.length}`);
  }
  const noText = await Promise.all(page.items.filter(({ code }) => code === "UTF8_INVALID").map(({ id }) => engine.quarantineItem(id)));
  assert.ok(
    noText.some((item) => invalidUtf8.equals(Buffer.from(item?.raw ?? "", "base64"))),
    "bytes that are no text are kept as they came",
  );
  // What is rejected once more is rejected the same.
  const again = await engine.replay({ kind: "quarantine" });
  assert.deepEqual([again.kept, again.rejected], [0, hostile.length]);
  assert.deepEqual(
    running.told.filter((line) => line.startsWith("error")),
    [],
  );
});

test("a file source goes on after hostile lines, and the quarantine names the source", async () => {
  using folder = makeFolder();
  const file = join(folder.path, "hostile.ndjson");
  const parts = hostile.flatMap(([name, line]) => [
    line instanceof Uint8Array ? line : Buffer.from(typeof line === "string" ? line : JSON.stringify(line)),
    Buffer.from(`\n${JSON.stringify(good(`after ${name}`))}\n`),
  ]);
  writeFileSync(file, Buffer.concat(parts));
  await using running = await startIn(folder.path, { sources: { paper: { use: "files", paths: [file], platform: "paper" } } });
  await until(
    () => "the file is read to its end",
    async () => (await running.engine.sources())[0]?.status.state === "done",
  );
  await settle(running);
  await indexed(running);
  assert.equal((await idsOf(running, "good")).size, hostile.length);
  const { reasons } = await running.engine.quarantine({ limit: 1 });
  // A line of a file needs no id of its own: its place in the file is one.
  assert.equal(
    reasons.reduce((sum, { count }) => sum + count, 0),
    hostile.length - 1,
  );
  assert.equal((await idsOf(running, "")).size, hostile.length + 1);
  assert.ok(reasons.every(({ source }) => source === "paper"));
});
