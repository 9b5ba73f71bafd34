import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maskRaw } from "./mask-raw.ts";

const mask = (text: string) => maskRaw(Buffer.from(text));

test("the shape of a message stays, and nothing that tells of a person", () => {
  const { form, text } = mask(
    JSON.stringify({
      did: "did:plc:abcdefghijklmnop",
      time_us: 1_795_000_000_000_000,
      kind: "commit",
      commit: { operation: "create", collection: "app.bsky.feed.post", record: { text: "I love my dog Rex", langs: ["en"], createdAt: "2026-11-01T10:00:00Z", likes: 7 } },
      "did:plc:other": 1,
      alice99: true,
    }),
  );
  assert.equal(form, "json");
  assert.deepEqual(JSON.parse(text), {
    did: "•••",
    time_us: "•••",
    kind: "commit",
    commit: { operation: "create", collection: "app.bsky.feed.post", record: { text: "•••", langs: ["en"], createdAt: "2026-11-01T10:00:00Z", likes: 7 } },
    "••• 5": 1,
    "••• 6": true,
  });
});

test("markup keeps the names of elements and attributes", () => {
  const { form, text } = mask(
    '<?xml version="1.0"?><entry id="42"><!-- ann --><name>Ann &amp; Bob</name><content><![CDATA[<b>Ann</b>]]></content><link href="https://x/ann"/></entry>',
  );
  assert.equal(form, "markup");
  assert.match(text, /<entry id="•••"><name>•••<\/name><content>•••<\/content><link href="•••"\/><\/entry>/);
  assert.doesNotMatch(text, /Ann|ann|42/);
});

test("no word of a text is left, whatever holds it", () => {
  const secret = "Kowalczyk1987";
  const holder = fc.constantFrom(
    (inside: string) => JSON.stringify({ a: [{ type: inside }], [inside]: inside }),
    (inside: string) => `<a b='${inside}'>${inside}</a>`,
    (inside: string) => `<a ${inside}`,
    (inside: string) => inside,
    (inside: string) => `{"a": "${inside}`,
  );
  fc.assert(
    fc.property(holder, fc.string(), fc.string(), (hold, before, after) => {
      assert.ok(!mask(hold(`${before} ${secret}@${after}`)).text.includes(secret));
    }),
  );
});

test("what is no text is told by its size alone", () => {
  assert.deepEqual(maskRaw(Uint8Array.of(0xff, 0xfe, 0x80)), { form: "binary", text: "", sizeBytes: 3, cut: false });
});
