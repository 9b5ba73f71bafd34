import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseInstant } from "./fields.ts";
import { makePick, splitArray } from "./pick.ts";

test("every instant in ISO form is read as the engine reads it, with and without milliseconds", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(2099, 11, 31)), noInvalidDate: true }), (date) => {
      const text = date.toISOString();
      assert.equal(parseInstant(text), date.getTime());
      assert.equal(parseInstant(text.replace(/\.\d+Z/, "Z")), Math.floor(date.getTime() / 1000) * 1000);
      assert.equal(parseInstant(text.replace("Z", "+00:00")), date.getTime());
      assert.equal(parseInstant(text.replace("Z", "999Z")), date.getTime());
    }),
  );
});

test("dates in words, as mail and older APIs write them, are read; so is ISO in small letters or with its zone's name", () => {
  const at = Date.UTC(2018, 9, 10, 20, 19, 24);
  for (const text of [
    "Wed, 10 Oct 2018 20:19:24 GMT",
    "10 Oct 2018 20:19:24 +0000",
    "Wed, 10 Oct 2018 22:19:24 +0200",
    "Wed Oct 10 20:19:24 +0000 2018",
    "Wed Oct 10 20:19:24 UTC 2018",
    "2018-10-10t20:19:24z",
    "2018-10-10 20:19:24 UTC",
    "2018-10-10 22:19:24+02:00",
  ])
    assert.equal(parseInstant(text), at, text);
  for (const text of ["Wed, 31 Feb 2018 20:19:24 GMT", "Wed Foo 10 20:19:24 +0000 2018", "Wed, 10 Oct 2018 25:19:24 GMT", "10 Oct 2018"])
    assert.equal(parseInstant(text), undefined, text);
});

test("what only looks like a date is none", () => {
  for (const text of [
    "2026-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-00-10T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:0xZ",
    "2026-01-01T00:00:00.0x0Z",
    "2026/01/01",
    "",
    "Z",
  ])
    assert.equal(parseInstant(text), undefined, text);
  assert.equal(parseInstant("2024-02-29T00:00:00Z"), Date.UTC(2024, 1, 29));
});

test("what is picked from bytes is what a full parse finds, or nothing is picked", () => {
  const pick = makePick({ a: 0, b: { a: 1, c: 2 } }, 3);
  const name = fc.constantFrom("a", "b", "c", '"a"', "\\", "é", "a ");
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: "small" }, fc.constantFrom<unknown>(null, 1, true, "x", '"b":{', '\\"', "é{}[],:"), fc.array(tie("any")), fc.dictionary(name, tie("any"))),
  })).any;
  fc.assert(
    fc.property(fc.dictionary(name, value), fc.constantFrom(0, 1), (object, indent) => {
      const picked = pick(Buffer.from(JSON.stringify(object, undefined, indent)));
      if (picked === undefined) return;
      const text = (found: unknown) => (typeof found === "string" ? found : undefined);
      const b = object["b"];
      const inner: Record<string, unknown> = typeof b === "object" && b !== null && !Array.isArray(b) ? { ...b } : {};
      assert.deepEqual(picked, [text(object["a"]), text(inner["a"]), text(inner["c"])]);
    }),
  );
  assert.deepEqual(pick(Buffer.from('{"x":[{"a":"no"}],"a":"yes","b":{"c":"in"}}')), ["yes", undefined, "in"]);
  assert.equal(pick(Buffer.from('{"a":"1","a":"2"}')), undefined);
});

test("an array is split into the very bytes of its elements", () => {
  fc.assert(
    fc.property(fc.array(fc.json(), { maxLength: 5 }), (items) => {
      const split = splitArray(Buffer.from(`[ ${items.join(" ,\n")} ]`));
      assert.deepEqual(
        split?.map((bytes) => Buffer.from(bytes).toString()),
        items,
      );
    }),
  );
  for (const text of ["{}", "[1", "[1,]", "", '["a]']) assert.equal(splitArray(Buffer.from(text)), undefined, text);
});
