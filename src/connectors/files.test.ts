import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext as T } from "node:test";
import fc from "fast-check";
import type { SourceEvent } from "../core/event.ts";
import type { Raw } from "../core/source.ts";
import files from "./files.ts";
import { guessDelimiter, splitCsvRecord } from "./files/csv.ts";
import { testSource } from "./source.contract.ts";
import { itemsOf, makeContext, openWith, readUntil } from "./source.fixtures.ts";

const line = { id: "1", platform: "import", author: "ann", text: "hello", createdAt: "2026-05-01T12:00:00Z" };
const plain = openWith(files, { paths: ["x"] });

testSource({
  name: "files",
  parse: plain.parse,
  raws: plain.raws,
  model: `{"id":"1","author":"ann","text":"TEXT","createdAt":"DATE"}`,
  messages: [
    JSON.stringify(line),
    JSON.stringify({
      ...line,
      author: { id: "7", handle: "@ann", name: "Ann", followers: 3 },
      likes: 3,
      shares: "4",
      language: "en",
      url: "https://x.example/1",
      replyTo: "0",
      hashtags: ["#ham"],
      label: 2,
      country: "DE",
    }),
    JSON.stringify({ tweet_id: "12", full_text: "hi", user: { screen_name: "bob" }, created_at: 1_777_636_800 }),
    JSON.stringify({ id: 5, text: "", createdAt: "2026-05-01" }),
    JSON.stringify({ id: "9", deleted: true, createdAt: "2026-05-01" }),
  ],
});

function folder(t: T): (name: string, content: string | Uint8Array) => string {
  const made = mkdtempSync(path.join(tmpdir(), "earshot-files-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return (name, content) => {
    writeFileSync(path.join(made, name), content);
    return path.join(made, name);
  };
}

async function readAll(options: Record<string, unknown>): Promise<{ items: readonly Raw[]; events: (SourceEvent | string)[]; keys: unknown[] }> {
  await using context = makeContext();
  const { open, parse } = openWith(files, options);
  const items = itemsOf(await readUntil(await open(context), undefined, () => false));
  const events = items.flatMap((item) => parse(item.bytes)).map((outcome) => ("keep" in outcome ? outcome.keep : "drop" in outcome ? outcome.drop : outcome.reject.code));
  return { items, events, keys: items.map((item) => item.key) };
}

function texts(events: readonly (SourceEvent | string)[]): string[] {
  return events.map((event) => (typeof event === "string" ? event : event.type === "post" ? event.post.text : event.type));
}

test("lines keep what they say; an author without a name is one of its own; unknown fields are extra", () => {
  const one = (value: unknown) => {
    const [outcome] = plain.parse(Buffer.from(JSON.stringify(value)));
    assert.ok(outcome && "keep" in outcome && outcome.keep.type === "post", outcome && "reject" in outcome ? outcome.reject.message : "");
    return outcome.keep.post;
  };
  assert.deepEqual(one({ ...line, label: 2 }), {
    id: "1",
    author: { id: "ann", handle: "ann" },
    createdAt: Date.UTC(2026, 4, 1, 12),
    revision: 0,
    text: "hello",
    format: "text",
    visibility: "public",
    extra: { label: 2 },
  });
  assert.equal(one({ ...line, author: undefined }).author.id, "unknown:1");
  for (const createdAt of [1_777_636_800, 1_777_636_800_000, 1_777_636_800_000_000, "1777636800", "2026-05-01 12:00:00", "2026-05-01T14:00:00+02:00"])
    assert.equal(one({ ...line, createdAt }).createdAt, Date.UTC(2026, 4, 1, 12), String(createdAt));
});

test("a number that is too large to be exact, a negative count and a broken author are rejected", () => {
  const code = (text: string) => {
    const [outcome] = plain.parse(Buffer.from(text));
    return outcome && "reject" in outcome ? outcome.reject.code : "kept";
  };
  assert.equal(code(`{"id":12345678901234567890,"text":"x","createdAt":"2026-05-01"}`), "FIELD_INVALID");
  assert.equal(code(JSON.stringify({ ...line, likes: -1 })), "FIELD_INVALID");
  assert.equal(code(`{"id":"1","text":"x","createdAt":"2026-05-01","likes":1e999}`), "FIELD_INVALID");
  assert.equal(code(JSON.stringify({ ...line, author: [1] })), "FIELD_INVALID");
  assert.equal(code(JSON.stringify({ ...line, platform: "No Spaces" })), "FIELD_INVALID");
});

test("NDJSON is read with a byte order mark, CRLF, empty lines and a last line without an end", async (t) => {
  const put = folder(t);
  const file = put(
    "a.ndjson",
    `\ufeff${JSON.stringify(line)}\r\n\r\n${JSON.stringify({ ...line, id: "2", text: "two" })}\nnot json\n${JSON.stringify({ ...line, id: "3", text: "three" })}`,
  );
  const { events, keys } = await readAll({ paths: [file] });
  assert.deepEqual(texts(events), ["hello", "two", "JSON_INVALID", "three"]);
  assert.deepEqual(keys, ["1", "2", undefined, "3"]);
});

test("CSV is read with quoted delimiters, quotes and line ends, and its faults stay in their rows", async (t) => {
  const put = folder(t);
  const file = put("a.csv", `id;author;text;date\r\n1;ann;"a; ""b""\r\nc";2026-05-01\r\n2;bob;5" pipe;2026-05-02\r\n3;eve\r\n4;"x"y;z;2026-05-01\r\n5;ann;last;2026-05-03`);
  const { events } = await readAll({ paths: [file] });
  assert.deepEqual(texts(events), [`a; "b"\r\nc`, `5" pipe`, "CSV_INVALID", "CSV_INVALID", "last"]);
});

test("a text file gives a post a line, with ids that stay the same however often and under whatever name it is read", async (t) => {
  const put = folder(t);
  const first = await readAll({ paths: [put("a_text.txt", "one\ntwo\n\none\n")], createdAt: "2026-01-01", language: "en" });
  assert.deepEqual(texts(first.events), ["one", "two", "one"]);
  assert.equal(new Set(first.keys).size, 3);
  const again = await readAll({ paths: [put("b_text.txt", "one\ntwo\n\none\n")], createdAt: "2026-01-01", language: "en" });
  assert.deepEqual(again.keys, first.keys);
  assert.deepEqual((await readAll({ paths: [put("c_text.txt", "x\n")] })).events, ["FIELD_MISSING"]);
});

test("mapped fields win over the usual names", async (t) => {
  const file = folder(t)("a.csv", "nr,who,what,when,text\n1,ann,said,2026-05-01,not this\n");
  const { events } = await readAll({ paths: [file], fields: { id: "nr", author: "who", text: "what", createdAt: "when" } });
  assert.deepEqual(texts(events), ["said"]);
});

test("a line of 10 MB, broken UTF-8 and a quote that never closes are rejected with their codes, and the rest is read", async (t) => {
  const put = folder(t);
  const big = put(
    "a.ndjson",
    Buffer.concat([
      Buffer.from(`{"id":"1","text":"`),
      Buffer.alloc(10_000_000, "a"),
      Buffer.from(`"}\n`),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
      Buffer.from(`${JSON.stringify(line)}\n`),
    ]),
  );
  assert.deepEqual(texts((await readAll({ paths: [big] })).events), ["ITEM_TOO_LARGE", "UTF8_INVALID", "hello"]);
  const open = put("b.csv", `id,text,date\n1,fine,2026-05-01\n2,"never,2026-05-01\n3,x,2026-05-01\n`);
  assert.deepEqual(texts((await readAll({ paths: [open] })).events), ["fine", "CSV_INVALID"]);
});

test("a cut after any page loses nothing and repeats nothing; a file read before is not read again under another name", async (t) => {
  const put = folder(t);
  const rows = Array.from({ length: 3_500 }, (_, i) => JSON.stringify({ ...line, id: `r${i}` }));
  const paths = [put("a.ndjson", rows.slice(0, 2_300).join("\n")), put("b.ndjson", rows.slice(2_300).join("\n"))];
  await using context = makeContext();
  const { open } = openWith(files, { paths });
  const whole = await readUntil(await open(context), undefined, () => false);
  assert.equal(itemsOf(whole).length, 3_500);
  for (let cut = 1; cut <= whole.length; cut++) {
    const before = await readUntil(await open(context), undefined, (pages) => pages.length === cut);
    const after = await readUntil(await open(context), before.at(-1)?.cursor, () => false);
    assert.deepEqual(
      [...itemsOf(before), ...itemsOf(after)].map((item) => item.key),
      rows.map((_, i) => `r${i}`),
    );
  }
  put("c.ndjson", rows.slice(0, 2_300).join("\n"));
  const renamed = openWith(files, { paths: [path.join(path.dirname(paths[0] ?? ""), "*.ndjson")] });
  assert.equal(itemsOf(await readUntil(await renamed.open(context), whole.at(-1)?.cursor, () => false)).length, 0);
  assert.equal(context.states.at(-1)?.state, "done");
});

test("any fields written as CSV are read back the same, whatever the delimiter", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\n", "\r", "é", " ") }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(",", ";", "\t"),
      (fields, delimiter) => {
        const written = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(delimiter);
        assert.deepEqual(splitCsvRecord(written, delimiter), fields);
      },
    ),
  );
  assert.deepEqual(["a,b", "a;b,c;d", "a\tb", "a|b", "a"].map(guessDelimiter), [",", ";", "\t", "|", ","]);
});
