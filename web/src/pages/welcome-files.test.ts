import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { delimiterOf, fieldsOf, makeCsvReader } from "./welcome-files.ts";

describe("CSV in the browser", () => {
  test("finds the delimiter, quotes and line ends inside quotes", () => {
    assert.equal(delimiterOf("id;author;text"), ";");
    assert.equal(delimiterOf("id\tauthor\ttext"), "\t");
    assert.deepEqual(fieldsOf('1,"a ""b"", c",', ","), ["1", 'a "b", c', ""]);
    assert.equal(fieldsOf('1,"open', ","), undefined);
    const read = makeCsvReader();
    assert.deepEqual(["\uFEFFid,text,empty", '1,"two', 'lines",', "", "2,plain,x"].map(read), [
      undefined,
      undefined,
      '{"id":"1","text":"two\\nlines"}',
      undefined,
      '{"id":"2","text":"plain","empty":"x"}',
    ]);
  });

  test("gives back every field that was written by the rule", () => {
    const value = fc.string({ unit: fc.constantFrom("a", ",", '"', ";", " ", "é", "\n") });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (fields) => {
        assert.deepEqual(fieldsOf(fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(","), ","), fields);
      }),
    );
  });
});
