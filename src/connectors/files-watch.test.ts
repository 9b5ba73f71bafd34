import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext as T } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { makeFakeClock } from "../core/clock.ts";
import type { SourcePage } from "../core/source.ts";
import files from "./files.ts";
import { itemsOf, makeContext, openWith } from "./source.fixtures.ts";

const line = (id: string | number, text = `text ${id}`) => `${JSON.stringify({ id: String(id), author: "ann", text, createdAt: "2026-05-01T12:00:00Z" })}\n`;

function makeFolder(t: T) {
  const folder = mkdtempSync(path.join(tmpdir(), "earshot-watch-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return (name: string) => path.join(folder, name);
}

/** A watching source; `look` lets it look at its files once more. */
async function watch(options: Record<string, unknown>, cursor?: string) {
  const clock = makeFakeClock(Date.UTC(2026, 8, 1));
  const context = makeContext({ clock });
  const { open, parse } = openWith(files, { watch: true, ...options });
  const source = await open(context);
  const abort = new AbortController();
  const pages: SourcePage[] = [];
  const looks = () => context.states.filter((state) => state.state === "polling").length;
  const reading = (async () => {
    for await (const page of source.read(cursor, abort.signal)) pages.push(page);
  })();
  const seen = async (count: number) => {
    while (looks() < count) await new Promise((resolve) => setImmediate(resolve));
  };
  await seen(1);
  return {
    pages,
    context,
    ids: () => itemsOf(pages).map((item) => item.key),
    codes: () =>
      itemsOf(pages).flatMap((item) => {
        const [outcome] = parse(item.bytes);
        return outcome !== undefined && "reject" in outcome ? [outcome.reject.code] : [];
      }),
    cursor: () => pages.at(-1)?.cursor ?? cursor,
    async look(times = 1) {
      for (let time = 0; time < times; time++) {
        const before = looks();
        await clock.advance(5_000);
        await seen(before + 1);
      }
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await reading;
      await context[Symbol.asyncDispose]();
    },
  };
}

test("new files and what is appended are read once each; a half-written line waits for its end, or until the file is still", async (t) => {
  const at = makeFolder(t);
  await using source = await watch({ paths: [at("")] });
  assert.deepEqual(source.ids(), []);
  writeFileSync(at("a.ndjson"), line(1) + line(2).slice(0, 20));
  await source.look();
  assert.deepEqual(source.ids(), ["1"]);
  appendFileSync(at("a.ndjson"), line(2).slice(20) + line(3));
  writeFileSync(at("b.ndjson"), line(4));
  await source.look();
  assert.deepEqual(source.ids(), ["1", "2", "3", "4"]);
  appendFileSync(at("b.ndjson"), line(5).trimEnd());
  await source.look(2);
  assert.deepEqual(source.ids().slice(4), []);
  await source.look(2);
  assert.deepEqual(source.ids().slice(4), ["5"]);
  appendFileSync(at("b.ndjson"), `\n${line(6)}`);
  await source.look(4);
  // The line that nothing ended is read again with its end, as the same post.
  assert.deepEqual(source.ids().slice(5), ["5", "6"]);
  await source.look(3);
  assert.equal(source.ids().length, 7);
});

test("a CSV that grows keeps its header, and a quoted field may be written in two halves", async (t) => {
  const at = makeFolder(t);
  writeFileSync(at("a.csv"), "id,author,text,date\n");
  await using source = await watch({ paths: [at("*.csv")] });
  appendFileSync(at("a.csv"), `1,ann,"one\n`);
  await source.look();
  assert.deepEqual(source.ids(), []);
  appendFileSync(at("a.csv"), `two",2026-05-01\n2,bob,three,2026-05-01\n`);
  await source.look();
  assert.deepEqual([source.ids(), source.codes()], [["1", "2"], []]);
});

test("a renamed file is not read again, one that was written anew is, and one taken away ends nothing", async (t) => {
  const at = makeFolder(t);
  writeFileSync(at("a.ndjson"), line(1) + line(2));
  await using source = await watch({ paths: [at("")] });
  renameSync(at("a.ndjson"), at("b.ndjson"));
  await source.look(2);
  assert.deepEqual(source.ids(), ["1", "2"]);
  writeFileSync(at("b.ndjson"), line(7));
  await source.look(2);
  assert.deepEqual(source.ids(), ["1", "2", "7"]);
  rmSync(at("b.ndjson"));
  await source.look();
  writeFileSync(at("c.ndjson"), line(8));
  await source.look();
  assert.deepEqual(source.ids(), ["1", "2", "7", "8"]);
});

test("a restart goes on from the cursor of any page, in text and in Parquet", async (t) => {
  const at = makeFolder(t);
  const wanted = Array.from({ length: 2_500 }, (_, i) => String(i));
  writeFileSync(at("a.ndjson"), wanted.map((id) => line(id)).join(""));
  await writeParquet(at("b.parquet"), `SELECT 'p' || i AS id, 'ann' AS author, 'x' AS text, TIMESTAMP '2026-05-01 12:00:00' AS createdAt FROM range(2500) t(i)`);
  const all = [...wanted, ...wanted.map((id) => `p${id}`)];
  const pages: SourcePage[] = [];
  {
    await using source = await watch({ paths: [at("")] });
    assert.deepEqual(source.ids(), all);
    pages.push(...source.pages);
  }
  for (const [cut, page] of pages.entries()) {
    await using source = await watch({ paths: [at("")] }, page.cursor);
    assert.deepEqual([...itemsOf(pages.slice(0, cut + 1)).map((item) => item.key), ...source.ids()], all, `cut after page ${cut}`);
  }
  appendFileSync(at("a.ndjson"), line("new"));
  await using source = await watch({ paths: [at("")] }, pages.at(-1)?.cursor);
  assert.deepEqual(source.ids(), ["new"]);
});

async function writeParquet(file: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

test("a Parquet file is read when it is whole; one that never becomes whole is one rejected item, and the others go on", async (t) => {
  const at = makeFolder(t);
  await using source = await watch({ paths: [at("")] });
  await writeParquet(at("whole.tmp"), `SELECT i AS nr, 'ann' AS author, 'x' AS text, DATE '2026-05-01' AS date FROM range(10) t(i)`);
  writeFileSync(at("a.parquet"), "PAR1 and then");
  await source.look(2);
  assert.deepEqual(source.ids(), []);
  renameSync(at("whole.tmp"), at("b.parquet"));
  await source.look();
  assert.equal(source.ids().filter((id) => id !== undefined).length, 10);
  assert.equal(new Set(source.ids().filter((id) => id !== undefined)).size, 10, "rows without an id get one of their own");
  await source.look(3);
  assert.deepEqual(source.codes(), ["PARQUET_INVALID"]);
  assert.equal(source.ids().length, 11);
});

test("UTF-16 is one rejected item, and empty files, folders and a missing folder are none", async (t) => {
  const at = makeFolder(t);
  writeFileSync(at("a.ndjson"), Buffer.from("\ufeff{}", "utf16le"));
  writeFileSync(at("b.ndjson"), "");
  await using source = await watch({ paths: [at(""), at("none"), at("none/*.csv")] });
  await source.look(4);
  assert.deepEqual([source.codes(), source.ids()], [["UTF8_INVALID"], [undefined]]);
  assert.equal(source.context.states.at(-1)?.detail, "2 files");
});

test("the cursor of thousands of files is bounded", async (t) => {
  const at = makeFolder(t);
  for (let i = 0; i < 5_200; i++) writeFileSync(at(`${i}.ndjson`), line(i));
  await using source = await watch({ paths: [at("")] });
  assert.equal(source.ids().length, 5_200);
  assert.ok((source.cursor() ?? "").length < 400_000, String(source.cursor()?.length));
  await source.look(3);
  assert.equal(source.ids().length, 5_200, "none is read twice");
  assert.ok(source.pages.length < 12);
});

test("whatever the pieces in which lines are written, each is read once and whole", async (t) => {
  const at = makeFolder(t);
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(120), fc.boolean()), { minLength: 1, maxLength: 12 }), async (cuts) => {
      const folder = `r${++round}.ndjson`;
      const whole = Buffer.from(Array.from({ length: 8 }, (_, i) => line(`${round}-${i}`)).join(""));
      writeFileSync(at(folder), "");
      let source = await watch({ paths: [at(folder)], settleSeconds: 1_000 });
      const got: unknown[] = [];
      let from = 0;
      for (const [size, restarts] of [...cuts, [whole.length, false] as const]) {
        appendFileSync(at(folder), whole.subarray(from, from + size));
        from = Math.min(whole.length, from + size);
        await source.look();
        if (!restarts) continue;
        got.push(...source.ids());
        const cursor = source.cursor();
        await source[Symbol.asyncDispose]();
        source = await watch({ paths: [at(folder)], settleSeconds: 1_000 }, cursor);
      }
      got.push(...source.ids());
      await source[Symbol.asyncDispose]();
      assert.deepEqual(
        got,
        Array.from({ length: 8 }, (_, i) => `${round}-${i}`),
      );
    }),
    { numRuns: 40 },
  );
});
