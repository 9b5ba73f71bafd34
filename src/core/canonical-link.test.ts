import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalLink, canonicalLinksOf, namesPage } from "./canonical-link.ts";

test("addresses of one page have one form", () => {
  const page = "https://paper.example/a/b?id=7&page=2";
  for (const address of [
    "https://paper.example/a/b?id=7&page=2",
    "http://www.paper.example/a/b/?page=2&id=7#part-3",
    "HTTPS://M.Paper.Example:443/a/b?utm_source=x&id=7&page=2&fbclid=abc",
    "https://mobile.paper.example/a/b/amp/?id=7&page=2",
    "https://amp.paper.example/a/b?page=2&id=7&amp=1",
    "https://someone:secret@paper.example./a/b?id=7&page=2",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fpaper.example%2Fa%2Fb%3Fid%3D7%26page%3D2%26fbclid%3Dx&h=AT0",
    "https://www.google.com/url?sa=t&url=https%3A%2F%2Fpaper.example%2Fa%2Fb%3Fid%3D7%26page%3D2&usg=x",
    "https://out.reddit.com/t3_abc?url=https%3A%2F%2Fwww.youtube.com%2Fredirect%3Fq%3Dhttps%253A%252F%252Fpaper.example%252Fa%252Fb%253Fid%253D7%2526page%253D2&token=x",
    "https://paper-example.cdn.ampproject.org/c/s/paper.example/a/b/amp?id=7&page=2",
    "https://www.google.com/amp/s/paper.example/a/b?id=7&page=2",
  ])
    assert.equal(canonicalLink(address), page, address);
});

test("a path that is made of slashes costs no more than another", () => {
  const link = `https://paper.example/${"/".repeat(1_990)}x`;
  assert.equal(canonicalLink(link), link);
  assert.equal(canonicalLink(`https://paper.example/a${"/amp//".repeat(300)}`), "https://paper.example/a");
  const start = process.cpuUsage();
  for (let i = 0; i < 50; i++) canonicalLink(link);
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 150_000, `${user + system} µs for fifty`);
});

test("short and old hosts of a platform name the same page as its own", () => {
  const cases: Readonly<Record<string, string>> = {
    "https://youtu.be/dQw4w9WgXcQ?si=tracker&t=10": "https://youtube.com/watch?v=dQw4w9WgXcQ",
    "https://m.youtube.com/shorts/dQw4w9WgXcQ": "https://youtube.com/watch?v=dQw4w9WgXcQ",
    "https://www.youtube.com/watch?list=x&v=dQw4w9WgXcQ": "https://youtube.com/watch?v=dQw4w9WgXcQ",
    "https://redd.it/1AbC": "https://reddit.com/comments/1abc",
    "https://old.reddit.com/r/zoo/comments/1abc/a_title/": "https://reddit.com/comments/1abc",
    "https://www.reddit.com/r/zoo/comments/1abc/a_title/9xyz/?context=3": "https://reddit.com/comments/1abc/_/9xyz",
    "https://mobile.twitter.com/@m_abc/status/42?s=20": "https://x.com/i/status/42",
    "https://en.m.wikipedia.org/wiki/Okapi#Range": "https://en.wikipedia.org/wiki/Okapi",
  };
  for (const [address, wanted] of Object.entries(cases)) assert.equal(canonicalLink(address), wanted, address);
});

test("what differs in more than that stays apart", () => {
  const pages = [
    "https://paper.example/",
    "https://paper.example/a",
    "https://paper.example/A",
    "https://paper.example/a?id=1",
    "https://paper.example/a?id=2",
    "https://paper.example:8443/a",
    "https://news.paper.example/a",
    "https://paper.example/#/a",
    "https://bit.ly/abc",
    "https://m.co/a",
  ];
  assert.deepEqual(pages.map(canonicalLink), pages);
  assert.deepEqual(pages.map(namesPage), [false, ...pages.slice(1).map(() => true)]);
  for (const none of ["", "paper.example/a", "mailto:a@b.example", "https://", "ftp://paper.example/a", `https://paper.example/${"a".repeat(2_048)}`])
    assert.equal(canonicalLink(none), undefined, none);
  assert.deepEqual(canonicalLinksOf(["http://paper.example/a/", "no link", "https://www.paper.example/a"]), ["https://paper.example/a"]);
});

const label = fc.constantFrom("www", "m", "amp", "mobile", "old", "paper", "google", "facebook", "l", "lm", "youtube", "reddit", "redd", "x", "co", "out", "cdn", "ampproject");
const host = fc.tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.constantFrom("com", "org", "it", "be", "example")).map(([labels, top]) => [...labels, top].join("."));
const segment = fc.oneof(
  fc.constantFrom("amp", "c", "s", "url", "l.php", "redirect", "status", "42", "comments", "r", "watch", "", "..", "%7e"),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const parameter = fc
  .tuple(fc.constantFrom("q", "url", "u", "v", "amp", "utm_source", "fbclid", "id", "b"), fc.string({ maxLength: 6 }))
  .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
const plain = fc
  .record({
    scheme: fc.constantFrom("http", "https", "HTTPS"),
    host,
    port: fc.constantFrom("", ":80", ":443", ":8080"),
    segments: fc.array(segment, { maxLength: 5 }),
    parameters: fc.array(parameter, { maxLength: 4 }),
  })
  .map(({ scheme, host: name, port, segments, parameters }) => `${scheme}://${name}${port}/${segments.join("/")}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}`);
const wrapped = fc
  .tuple(plain, fc.constantFrom("https://www.google.com/url?q=", "https://l.facebook.com/l.php?u=", "https://m.youtube.com/redirect?q=", ""))
  .map(([inner, around]) => (around === "" ? inner : around + encodeURIComponent(inner)));

test("a canonical link is its own canonical link, whatever it was made from", () => {
  fc.assert(
    fc.property(fc.oneof(wrapped, fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string({ unit: "binary" })), (address) => {
      const once = canonicalLink(address);
      if (once !== undefined) assert.equal(canonicalLink(once), once);
    }),
    { numRuns: 5_000 },
  );
});

test("tracking, the order of parameters, the scheme, www. and a fragment change nothing", () => {
  const free = fc.record({
    path: fc.array(fc.stringMatching(/^[a-z0-9-]{1,8}$/), { minLength: 1, maxLength: 4 }),
    parameters: fc.uniqueArray(fc.stringMatching(/^[a-f]{1,4}=[a-z0-9]{0,4}$/), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(free, fc.constantFrom("utm_campaign=x", "gclid=1", "igsh=a", "srsltid=z"), fc.constantFrom("www.", "m.", ""), ({ path, parameters }, tracking, prefix) => {
      const written = (scheme: string, before: string, query: readonly string[], after = "") =>
        canonicalLink(`${scheme}://${before}paper.example/${path.join("/")}${query.length === 0 ? "" : `?${query.join("&")}`}${after}`);
      const one = written("https", "", parameters);
      assert.ok(one !== undefined);
      assert.equal(written("http", prefix, [...parameters.toReversed(), tracking], "#top"), one);
    }),
    { numRuns: 1_000 },
  );
});
