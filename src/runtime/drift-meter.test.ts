import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ExpectedFields } from "../core/expected.ts";
import { makeDriftMeter, sampleEvery } from "./drift-meter.ts";

const expected: ExpectedFields = {
  entities: { item: { required: { id: "text", "author.name": "text", author: "object" }, optional: { score: "number", at: "instant" } } },
  *find(message) {
    yield ["item", message];
  },
};
const hourMs = 3_600_000;
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const right = { id: "one", author: { name: "x" }, score: 3, at: 1_700_000_000 };

function measure(messages: readonly unknown[], options: { readonly from?: number; readonly rejected?: (message: unknown) => boolean } = {}) {
  const meter = makeDriftMeter();
  for (const [i, message] of messages.entries()) meter.see("zoo", expected, bytesOf(message), (options.from ?? 0) + i, hourMs, options.rejected?.(message) ?? false);
  const { seen, counts } = meter.take();
  const of = (change: string, field: string) => counts.find((count) => count.change === change && count.field === field);
  return { meter, seen, counts, of };
}

describe("the drift meter", () => {
  it("finds nothing where messages are as declared", () => {
    const { counts, seen } = measure([right, { ...right, score: null }, { ...right, at: "2026-01-01T00:00:00Z" }]);
    assert.deepEqual([...new Set(counts.map((count) => count.change))], ["present"]);
    assert.equal(seen[0]?.weight, 3);
  });

  it("names unknown fields, other kinds and what is missing, with the path", () => {
    const { of } = measure([
      { ...right, shade: "blue" },
      { ...right, score: "3" },
      { id: "two", author: { handle: "y" } },
    ]);
    assert.equal(of("unknown", "shade")?.weight, 1);
    assert.equal(of("type", "score")?.weight, 1);
    assert.equal(of("missing", "author.name")?.weight, 1);
    assert.equal(of("unknown", "author.handle")?.weight, 1);
  });

  it("measures a share of a large sample within the error that its size allows, looking at one in 32", () => {
    const messages = Array.from({ length: 200_000 }, (_, i) => ((i * 2_654_435_761) % 4_294_967_296 < 0.1 * 4_294_967_296 ? { ...right, shade: "blue" } : right));
    const { seen, of } = measure(messages, { from: 17 });
    const share = (of("unknown", "shade")?.weight ?? 0) / (seen[0]?.weight ?? 1);
    const looked = messages.length / sampleEvery;
    assert.ok(Math.abs(share - 0.1) < 4 * Math.sqrt((0.1 * 0.9) / looked), `measured ${share}`);
    assert.ok(Math.abs((seen[0]?.weight ?? 0) / messages.length - 1) < 0.02);
  });

  it("looks at every rejected message, without letting them into the share", () => {
    const messages = [...Array.from({ length: 1_000 }, () => right), ...Array.from({ length: 50 }, () => ({ id: "odd" }))];
    const { of } = measure(messages, { rejected: (message) => message !== right });
    assert.equal(of("missing", "author")?.rejected, 50);
    assert.ok((of("missing", "author")?.weight ?? 0) <= sampleEvery);
  });

  it("counts 300 made-up names a day, however often it is asked, and declared fields beside them", () => {
    const meter = makeDriftMeter();
    let offset = 0;
    const found = new Set<string>();
    const see = (at: number) => {
      for (let i = 0; i < 100; i++, offset++) {
        // Letters alone: a name that a program might have chosen.
        const name = `made_${Array.from(offset.toString(26), (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join("")}`;
        meter.see("zoo", expected, bytesOf({ id: "one", [name]: 1 }), offset, at, false);
      }
      const { counts } = meter.take();
      for (const { change, field } of counts) if (change === "unknown") found.add(field);
      assert.equal(counts.find(({ change, field }) => change === "missing" && field === "author")?.weight, 100);
    };
    for (let hour = 0; hour < 10; hour++) see(hour * hourMs);
    assert.equal(found.size, 300);
    see(24 * hourMs);
    assert.equal(found.size, 400);
  });

  it("keeps no value and no name that people choose", () => {
    const { counts } = measure([
      { ...right, "jane@zoo-mail.example": 1, "1234567": 2, user_7654321: true, shade: "my phone is 0151 2345678", author: { name: "x", "@jane.doe": true } },
    ]);
    const text = JSON.stringify(counts);
    assert.doesNotMatch(text, /jane|1234567|7654321|phone|2345678/);
    assert.ok(counts.some((count) => count.field === "*"));
  });

  it("is bounded, and forgets what was taken", () => {
    const { meter, counts } = measure(
      Array.from({ length: 100 }, (_, i) => ({ ...right, ...Object.fromEntries(Array.from({ length: 50 }, (__, n) => [`f${String.fromCodePoint(97 + (i % 26))}x${n}_${i}`, 1])) })),
    );
    assert.equal(counts.filter(({ change }) => change === "unknown").length, 300);
    assert.deepEqual(meter.take(), { seen: [], counts: [] });
  });

  it("says nothing of what is no object, and does not stumble over it", () => {
    const meter = makeDriftMeter();
    for (const text of ["", "null", "[1]", "{", '{"id":']) meter.see("zoo", expected, Buffer.from(text), 0, hourMs, true);
    assert.deepEqual(meter.take(), { seen: [], counts: [] });
  });
});
