import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isErrorCode } from "../core/errors.ts";
import type { Outcome, SourceEvent } from "../core/event.ts";
import type { Parse, Raw } from "../core/source.ts";
import { keyOfEvent } from "./source.fixtures.ts";

export interface SourceSubject {
  readonly name: string;
  readonly parse: Parse;
  readonly raws: (message: Uint8Array) => readonly Raw[];
  /** Valid messages of every kind that the source knows. */
  readonly messages: readonly string[];
  /** One valid message with a post; its text, wherever it stands, is TEXT, and its date DATE. */
  readonly model: string;
}

const bytesOf = (text: string) => Buffer.from(text, "utf8");

function codesOf(outcomes: readonly Outcome<SourceEvent>[]): string[] {
  return outcomes.map((outcome) => ("reject" in outcome ? outcome.reject.code : "drop" in outcome ? `drop ${outcome.drop}` : `keep ${outcome.keep.type}`));
}

function checkOutcomes(outcomes: readonly Outcome<SourceEvent>[]): void {
  assert.ok(Array.isArray(outcomes) && outcomes.length > 0, "every message has an outcome");
  for (const outcome of outcomes) {
    if ("reject" in outcome) {
      assert.ok(isErrorCode(outcome.reject.code));
      assert.equal(outcome.reject.kind, "reject", outcome.reject.message);
      assert.notEqual(outcome.reject.code, "PARSER_FAILED", outcome.reject.message);
    } else if ("drop" in outcome) assert.match(outcome.drop, /^[a-z-]+$/);
    else checkEvent(outcome.keep);
  }
}

/** What every later part relies upon. */
function checkEvent(event: SourceEvent): void {
  const text = JSON.stringify(event);
  assert.ok(text.isWellFormed(), "no lone surrogate leaves the parser");
  if (event.type !== "post") return;
  const { post } = event;
  assert.ok(post.id.length > 0 && post.author.id.length > 0);
  assert.ok(Number.isSafeInteger(post.createdAt) && post.createdAt >= Date.UTC(1990) && post.createdAt < Date.UTC(2101));
  assert.ok(Number.isSafeInteger(post.revision) && post.revision >= 0);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(post.text, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/);
  for (const count of Object.values(post.counts ?? {})) assert.ok(Number.isSafeInteger(count) && count >= 0);
  for (const span of post.spans ?? []) assert.ok(span.start >= 0 && span.start < span.end && span.end <= post.text.length);
}

/** A connector's parser and key: what every source promises, whatever comes. */
export function testSource(subject: SourceSubject): void {
  const { name, parse, raws, messages, model } = subject;
  const only = (text: string | Uint8Array) => codesOf(parse(typeof text === "string" ? bytesOf(text) : text));

  test(`${name}: every known message is kept or dropped, and its key is what its events are about`, () => {
    for (const message of messages) {
      for (const raw of raws(bytesOf(message))) {
        const outcomes = parse(raw.bytes);
        checkOutcomes(outcomes);
        for (const outcome of outcomes) {
          assert.ok(!("reject" in outcome), "reject" in outcome ? outcome.reject.message : "");
          if (!("keep" in outcome)) continue;
          const key = keyOfEvent(outcome.keep);
          assert.deepEqual(raw.key, key === "all" ? { all: true } : key);
          if (outcome.keep.type === "post" && raw.actor !== undefined) assert.equal(raw.actor, outcome.keep.post.author.id);
          if (outcome.keep.type === "erase") assert.equal(raw.actor, outcome.keep.author);
        }
      }
    }
  });

  test(`${name}: random bytes are rejected with a code, never thrown`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        checkOutcomes(parse(bytes));
        for (const raw of raws(bytes)) checkOutcomes(parse(raw.bytes));
      }),
      { numRuns: 300 },
    );
  });

  test(`${name}: random JSON is rejected with a code, never thrown`, () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), (text) => checkOutcomes(parse(bytesOf(text)))),
      { numRuns: 300 },
    );
  });

  test(`${name}: a valid message with any value put anywhere gives outcomes with codes, the same each time, and a key that agrees`, () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        "",
        -1,
        Number.POSITIVE_INFINITY,
        1e300,
        0.5,
        true,
        [],
        {},
        "\ud800",
        "\u0000",
        "9".repeat(400),
        "not a date",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00Z",
        [[[]]],
        { $type: 7 },
      ),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), odd, (message, at, value) => {
        const changed = putAt(JSON.parse(message), at, value);
        let text: string | undefined;
        try {
          text = JSON.stringify(changed);
        } catch {
          return;
        }
        if (text === undefined) return;
        for (const raw of raws(bytesOf(text))) {
          const outcomes = parse(raw.bytes);
          checkOutcomes(outcomes);
          assert.deepEqual(codesOf(outcomes), codesOf(parse(Buffer.from(raw.bytes))));
          for (const outcome of outcomes) {
            if (!("keep" in outcome)) continue;
            const key = keyOfEvent(outcome.keep);
            assert.deepEqual(raw.key, key === "all" ? { all: true } : key);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test(`${name}: a valid message with any bytes changed gives outcomes with codes`, () => {
    const encoded = messages.map(bytesOf);
    fc.assert(
      fc.property(fc.constantFrom(...encoded), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), (message, changes) => {
        const bytes = Buffer.from(message);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        checkOutcomes(parse(bytes));
        for (const raw of raws(bytes)) checkOutcomes(parse(raw.bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  test(`${name}: what no message may be has the code that names it`, () => {
    assert.deepEqual(only(model.replace("TEXT", "fine").replace("DATE", "2026-05-01T00:00:00Z")), ["keep post"]);
    assert.deepEqual(only(""), ["JSON_INVALID"]);
    assert.deepEqual(only("{"), ["JSON_INVALID"]);
    assert.deepEqual(only("[]"), ["FIELD_INVALID"]);
    assert.deepEqual(only(Buffer.alloc(10_000_000, "a")), ["ITEM_TOO_LARGE"]);
    assert.deepEqual(only(`{"deep":${"[".repeat(100)}${"]".repeat(100)},${model.slice(1)}`.replace("TEXT", "x").replace("DATE", "2026-05-01T00:00:00Z")), ["ITEM_TOO_DEEP"]);
    assert.deepEqual(only("[".repeat(500_000)), ["ITEM_TOO_DEEP"]);
    const good = bytesOf(model.replace("DATE", "2026-05-01T00:00:00Z"));
    good[good.indexOf("TEXT")] = 0xff;
    assert.deepEqual(only(good), ["UTF8_INVALID"]);
    for (const date of ["yesterday", "2026-13-45T99:99:99Z", "2026-02-30T00:00:00Z", "1969-01-01T00:00:00Z", "9999-01-01T00:00:00Z"])
      assert.deepEqual(only(model.replace("DATE", date)), ["DATE_INVALID"], date);
    assert.deepEqual(only(model.replace("TEXT", "\\ud800").replace("DATE", "2026-05-01T00:00:00Z")), ["UTF8_INVALID"]);
    assert.deepEqual(only(model.replace("TEXT", "\\u0000 \\u001b").replace("DATE", "2026-05-01T00:00:00Z")), ["keep post"]);
  });
}

/** The value with one of its places replaced; places are counted from the root. */
function putAt(root: unknown, at: number, value: unknown): unknown {
  const places: { holder: Record<string, unknown> | unknown[]; name: string }[] = [];
  const walk = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    const holder: Record<string, unknown> | unknown[] = Array.isArray(node) ? node : Object.assign(node);
    for (const [name, child] of Object.entries(node)) {
      places.push({ holder, name });
      walk(child);
    }
  };
  walk(root);
  const place = places[at % Math.max(1, places.length)];
  if (place) Reflect.set(place.holder, place.name, value);
  return root;
}
