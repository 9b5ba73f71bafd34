import assert from "node:assert/strict";
import { test } from "node:test";
import { dayNamedIn, endpointOf, readDeprecation, speaksOfEnd } from "./deprecation.ts";

const url = "https://api.example/v1/things";
const read = (headers: Record<string, string>) => readDeprecation(new Headers(headers), url);

test("Deprecation is read as RFC 9745 has it, and as older drafts had", () => {
  assert.equal(read({ deprecation: "@1688169599" })?.effectiveAt, 1_688_169_599_000);
  assert.equal(read({ deprecation: "Sun, 11 Nov 2018 23:59:59 GMT" })?.effectiveAt, Date.UTC(2018, 10, 11, 23, 59, 59));
  assert.equal(read({ deprecation: 'version="v1", date="Sun, 11 Nov 2018 23:59:59 GMT"' })?.effectiveAt, Date.UTC(2018, 10, 11, 23, 59, 59));
  const bare = read({ deprecation: "true" });
  assert.ok(bare !== undefined && bare.effectiveAt === undefined && bare.text !== "");
  assert.equal(read({ deprecation: "false" }), undefined);
  assert.equal(read({}), undefined);
});

test("the day of a Sunset comes before that of a Deprecation, and the links that say more go with them alone", () => {
  const told = read({
    deprecation: "@1688169599",
    sunset: "Sun, 30 Jun 2024 23:59:59 GMT",
    link: '</v2/things>; rel="successor-version", <https://docs.example/move?a=1,2>; title="how; to"; rel="deprecation"',
  });
  assert.equal(told?.effectiveAt, Date.UTC(2024, 5, 30, 23, 59, 59));
  assert.equal(told?.link, "https://docs.example/move?a=1,2");
  assert.equal(read({ sunset: "Sun, 30 Jun 2024 23:59:59 GMT", link: "</v2/things>; rel=successor-version" })?.link, "https://api.example/v2/things");
  assert.equal(read({ link: '<https://docs.example/move>; rel="deprecation"' }), undefined);
  assert.equal(read({ deprecation: "true", link: '<javascript:alert(1)>; rel="deprecation"' })?.link, undefined);
  assert.equal(read({ sunset: "soon" }), undefined);
});

test("warnings count where they speak of an end", () => {
  assert.equal(read({ warning: '199 - "stale", 299 api.example "This version is deprecated: \\"move\\""' })?.text, 'This version is deprecated: "move"');
  assert.equal(read({ warning: '299 - "Slow today"' }), undefined);
  assert.match(read({ "x-ad-api-version-warning": "The call has been auto-upgraded to v26.0 as v25.0 will be deprecated." })?.text ?? "", /^The call/);
  assert.equal(read({ "x-api-warn": "v1 ends" })?.text, "v1 ends");
});

test("an endpoint is named without the ids in it, and with its version", () => {
  assert.equal(endpointOf("GET", "https://graph.example/v25.0/123456789_42/comments?access_token=x"), "GET graph.example/v25.0/*/comments");
  assert.equal(endpointOf("GET", "https://api.example/2/users/12/tweets"), "GET api.example/2/users/12/tweets");
  assert.equal(endpointOf("GET", "https://api.example/channels/UCa1b2c3d4e5f6g7h8i9/videos"), "GET api.example/channels/*/videos");
});

test("words of an end, and the first day named after the notice", () => {
  assert.equal(speaksOfEnd("We are deprecating the endpoint"), true);
  assert.equal(speaksOfEnd("A new endpoint for lists"), false);
  const after = Date.UTC(2026, 0, 1);
  assert.equal(dayNamedIn("Announced January 1, 2026: v1 ends on March 3rd, 2026, v2 on 2027-01-01.", after), Date.UTC(2026, 2, 3));
  assert.equal(dayNamedIn("It ends on 30 June 2026.", after), Date.UTC(2026, 5, 30));
  assert.equal(dayNamedIn("It ends soon; see 2025-01-01.", after), undefined);
});
