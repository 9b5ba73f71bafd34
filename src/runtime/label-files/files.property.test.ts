import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LabelSpan } from "../../core/label-set.ts";
import { wordsOf } from "../../models/words.ts";
import { readConllFile, writeConll } from "./conll.ts";
import type { LabelRow } from "./row.ts";
import { readCsv, readJsonl, writeCsv, writeJsonl, type WrittenText } from "./tables.ts";

const classes = ["praise", "complaint", 'odd, "name"', "Über-Art"];
const piece = fc.oneof(
  fc.constantFrom("a", "#tag", "'", '"', ",", "\n", "\r\n", "\t", "=1+1", "@x", "# text = y", " ", "", "👩‍👩‍👧", "é", "\u2028", "-", "word", ";"),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const text = fc
  .array(piece, { minLength: 1, maxLength: 12 })
  .map((pieces) => pieces.join("").replaceAll("\u0000", ""))
  .filter((one) => one.trim() !== "" && one.isWellFormed());
const option = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const about = fc.record({
  author: option(fc.constantFrom("a1_AAAAAAAAAAAAAAAAAAAAAA", "someone else")),
  createdAt: option(fc.integer({ min: Date.UTC(1990), max: Date.UTC(2099) })),
  platform: option(fc.constantFrom("board", "x-y")),
  language: option(fc.constantFrom("en", "und")),
  part: option(fc.constantFrom("train" as const, "validation" as const, "gold" as const)),
});
/** Without what is absent. */
const present = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined)) as T;
const labelled = fc
  .record({ text, label: option(fc.constantFrom(...classes)), about })
  .map(({ about: facts, ...rest }): WrittenText => present({ id: "x", ...rest, ...facts }) as WrittenText);
/** Spans of whole words, since CoNLL tells no others. */
const spanned = fc
  .record({ text, cuts: fc.array(fc.nat({ max: 20 }), { maxLength: 8 }), kinds: fc.array(fc.constantFrom(...classes), { minLength: 8, maxLength: 8 }), about })
  .map(({ text: said, cuts, kinds, about: facts }): WrittenText => {
    const { starts, ends } = wordsOf(said);
    const bounds = [...new Set(cuts.filter((cut) => cut < starts.length))].toSorted((a, b) => a - b);
    const spans: LabelSpan[] = [];
    for (let i = 0; i + 1 < bounds.length; i++) spans.push({ start: starts[bounds[i] ?? 0] ?? 0, end: ends[(bounds[i + 1] ?? 0) - 1] ?? 0, kind: kinds[i] ?? "praise" });
    return present({ id: "x", text: said, spans, ...facts }) as WrittenText;
  });
const told = (rows: readonly (LabelRow | WrittenText)[]) => rows.map((row) => present({ ...row, id: undefined }));

describe("files of labelled texts", () => {
  test("CSV and JSONL bring back what they were written from", () => {
    for (const [write, read] of [
      [writeCsv, readCsv],
      [writeJsonl, readJsonl],
    ] as const) {
      fc.assert(
        fc.property(fc.array(labelled, { maxLength: 8 }), (texts) => {
          const { rows, faults } = read([...write(texts)].join(""), { kind: "classes", classes });
          assert.deepEqual(faults, []);
          assert.deepEqual(told(rows), told(texts));
        }),
      );
      fc.assert(
        fc.property(fc.array(spanned, { maxLength: 8 }), (texts) => {
          assert.deepEqual(told(read([...write(texts)].join(""), { kind: "spans", classes }).rows), told(texts));
        }),
      );
    }
  });

  test("CoNLL brings back texts and spans of whole words", () => {
    fc.assert(
      fc.property(
        fc.array(
          spanned.filter((one) => wordsOf(one.text).words.length > 0),
          { maxLength: 6 },
        ),
        (texts) => {
          const { rows, faults } = readConllFile([...writeConll(texts)].join(""), { kind: "spans", classes });
          assert.deepEqual(faults, []);
          assert.deepEqual(told(rows), told(texts));
        },
      ),
    );
  });

  test("any bytes give rows that hold what a row promises, or faults with a line of the file", () => {
    const task = { kind: "spans", classes } as const;
    for (const read of [readCsv, readJsonl, readConllFile]) {
      fc.assert(
        fc.property(fc.array(fc.oneof(piece, fc.constantFrom("\n", "text", "B-praise", "I-x", "{", '"text":"a"', "}", "spans", "[[0,1,")), { maxLength: 40 }), (pieces) => {
          const file = `${read === readCsv ? "text,spans\n" : ""}${pieces.join("")}`;
          const { rows, faults } = read(file, task);
          const lines = file.split("\n").length;
          for (const { line, code } of faults) assert.ok(line >= 1 && line <= lines && /^[A-Z_]+$/.test(code));
          for (const { text: said, spans = [] } of rows) {
            assert.notEqual(said.trim(), "");
            for (const { start, end, kind } of spans) assert.ok(start >= 0 && start < end && end <= said.length && classes.includes(kind));
          }
        }),
      );
    }
  });

  test("a bad row is told with its line and code, and the others are read", () => {
    const csv = 'text;label;created_at\n"two\nlines";praise;\nno such class;anger;\n;praise;\nlate;praise;soon\n"open;praise;';
    const { rows, faults } = readCsv(csv, { kind: "classes", classes });
    assert.deepEqual(rows, [{ text: "two\nlines", label: "praise" }]);
    assert.deepEqual(
      faults.map(({ line, code }) => [line, code]),
      [
        [4, "FIELD_INVALID"],
        [5, "FIELD_MISSING"],
        [6, "DATE_INVALID"],
        [7, "CSV_INVALID"],
      ],
    );
    const jsonl = readJsonl('{"text":"a"}\n[1]\n{"text":\n{"text":"a b","entities":[[0,1,"praise"]]}\n{"text":"a b","spans":[{"start":0,"end":9,"kind":"praise"}]}', {
      kind: "spans",
      classes,
    });
    assert.deepEqual(jsonl.rows, [{ text: "a" }, { text: "a b", spans: [{ start: 0, end: 1, kind: "praise" }] }]);
    assert.deepEqual(
      jsonl.faults.map(({ line, code }) => [line, code]),
      [
        [2, "JSON_INVALID"],
        [3, "JSON_INVALID"],
        [5, "FIELD_INVALID"],
      ],
    );
    const conll = readConllFile("a B-praise\nb I-praise\n\nc X\n\nd O", { kind: "spans", classes });
    assert.deepEqual(conll.rows, [
      { text: "a b", spans: [{ start: 0, end: 3, kind: "praise" }] },
      { text: "d", spans: [] },
    ]);
    assert.deepEqual(
      conll.faults.map(({ line, code }) => [line, code]),
      [[4, "FIELD_INVALID"]],
    );
  });

  test("a spreadsheet is given no formula", () => {
    const file = [...writeCsv([{ id: "x", text: '=HYPERLINK("http://x.example")' }])].join("");
    assert.match(file, /"'=HYPERLINK/);
  });
});
