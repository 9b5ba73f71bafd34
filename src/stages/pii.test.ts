import assert from "node:assert/strict";
import { test } from "node:test";
import { findPii, makePii } from "./pii.ts";
import { stageContract } from "./stage.contract.ts";
import { readyDraft } from "./stage-fixtures.ts";

stageContract("pii", { open: makePii, input: "ready" });

const found = (text: string): string[] => findPii(text, "US").map((span) => `${span.kind} ${text.slice(span.start, span.end)}`);

for (const [text, expected] of [
  ["mail john.doe+x@mail.example.co.uk.", ["email john.doe+x@mail.example.co.uk"]],
  ["call +49 30 901820 now", ["phone +49 30 901820"]],
  ["call (212) 555-2368 or 0044 20 7946 0958", ["phone (212) 555-2368", "phone 0044 20 7946 0958"]],
  ["please call me at 69 987 88 37, or +1-944-435-4352x04732", ["phone 69 987 88 37", "phone +1-944-435-4352x04732"]],
  ["card 4111 1111 1111 1111, 5500-0000-0000-0004", ["card 4111 1111 1111 1111", "card 5500-0000-0000-0004"]],
  ["IBAN DE89 3704 0044 0532 0130 00 BIC", ["iban DE89 3704 0044 0532 0130 00"]],
  ["from 203.0.113.9 and 2001:db8::8a2e:370:7334", ["ip 203.0.113.9", "ip 2001:db8::8a2e:370:7334"]],
  ["at 48.85837, 2.29448 or 48°51'29\"N 2°17'40\"E", ["location 48.85837, 2.29448", "location 48°51'29\"N 2°17'40\"E"]],
] satisfies [string, string[]][]) {
  test(`personal data is found in: ${text}`, () => {
    assert.deepEqual(found(text), expected);
  });
}

for (const text of [
  "4111 1111 1111 1112 fails Luhn",
  "DE89 3704 0044 0532 0130 01 fails its check",
  "version 1.2.3.4 and v10.0.0.1",
  "on 2026-01-31, 31.12.2025, 2019-2024 at 12:30:45",
  "won 3.141 to 2.718, made 1,234,567 dollars, 12 345 678 views",
  "https://shop.example/item/2125552368?id=4155552671",
  "@m_aaaaaaaaaaaaaaaaaaaaaa@server.example",
  "100% of 1234567 a::b ::",
]) {
  test(`nothing is personal in: ${text}`, () => {
    assert.deepEqual(found(text), []);
  });
}

test("a post with personal data is personal", () => {
  const draft = readyDraft("a@b.com");
  makePii().run([draft]);
  assert.equal(draft.sensitivity, "personal");
  assert.deepEqual(draft.pii, [{ start: 0, end: 7, kind: "email" }]);
});

test("a precise place makes a post personal, a city's middle does not", () => {
  const precise = readyDraft("x", { place: { latitude: 48.85837, longitude: 2.29448 } });
  const city = readyDraft("x", { place: { latitude: 48.85, longitude: 2.35 } });
  makePii().run([precise, city]);
  assert.deepEqual([precise.sensitivity, city.sensitivity], ["personal", "public"]);
});
