import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourcePost } from "../core/event.ts";
import { type Draft, makeDraft } from "../core/stage.ts";
import { makeNormalise } from "./normalise.ts";
import { stageContract } from "./stage.contract.ts";
import { makePost, nowMs } from "./stage-fixtures.ts";

stageContract("normalise", { open: makeNormalise, input: "raw" });

function normalise(text: string, more: Partial<SourcePost> = {}, platform = "mastodon"): Draft {
  const draft = makeDraft(platform, "s1", makePost(text, more), nowMs);
  makeNormalise().run([draft]);
  return draft;
}
const html = (text: string, more: Partial<SourcePost> = {}): Draft => normalise(text, { format: "html", ...more });
const named = (draft: Draft): string[] => draft.accountSpans.map((span) => draft.text.slice(span.start, span.end));

const mention = '<span class="h-card" translate="no"><a href="https://s.example/@ana" class="u-url mention">@<span>ana</span></a></span>';

test("a paragraph's end is a blank line, br a line", () => {
  assert.equal(html("<p>one<br>two<br/>three</p><p>four</p>").text, "one\ntwo\nthree\n\nfour");
});

test("entities are what they stand for", () => {
  assert.equal(html("<p>Q&amp;A &lt;3 it&#39;s &#x1F600; &hellip;</p>").text, "Q&A <3 it's 😀 …");
});

test("a shortened link stands whole, without its tracking", () => {
  const draft = html(
    '<p>see <a href="https://news.example/a/b?utm_source=m&amp;id=7"><span class="invisible">https://</span><span class="ellipsis">news.example/a</span><span class="invisible">/b?utm</span></a></p>',
  );
  assert.equal(draft.text, "see https://news.example/a/b?id=7");
  assert.deepEqual(draft.links, ["https://news.example/a/b?id=7"]);
});

test("a named link keeps its words, and its address is a link", () => {
  const draft = html('<p>read <a href="https://a.example/x">this</a></p>');
  assert.equal(draft.text, "read this");
  assert.deepEqual(draft.links, ["https://a.example/x"]);
});

test("an anchor of class mention is an account with the id that the platform told", () => {
  const draft = html(`<p>hi ${mention}!</p>`, { mentions: [{ id: "https://s.example/@ana", handle: "ana", url: "https://s.example/@ana" }] });
  assert.deepEqual(draft.accountSpans, [{ start: 3, end: 7, handle: "ana", nativeId: "https://s.example/@ana" }]);
  assert.deepEqual(draft.links, []);
});

test("an anchor of class hashtag is a hashtag and no link", () => {
  const draft = html('<p><a href="https://s.example/tags/Cats" class="mention hashtag" rel="tag">#<span>Cats</span></a></p>');
  assert.deepEqual([draft.text, draft.hashtags, draft.links], ["#Cats", ["cats"], []]);
});

test("markup beyond the usual goes through the library, its links kept", () => {
  const draft = html('<p>a</p><table><tr><td>b</td></tr></table><script>alert(1)</script><a href="https://x.example/?fbclid=1">c</a>');
  assert.match(draft.text, /a\s+b\s*c/);
  assert.ok(!draft.text.includes("alert"));
  assert.deepEqual(draft.links, ["https://x.example/"]);
});

test("plain text is no markup", () => {
  assert.equal(normalise("1 < 2 &amp; <b>").text, "1 < 2 &amp; <b>");
});

test("a text becomes composed, without invisible characters, with single spaces", () => {
  assert.equal(normalise("  cafe\u0301\u200b \u00a0 \t ok\r\n\n\n\nx\u202e ").text, "café ok\n\nx");
});

test("joiners of emoji and of other scripts stay, those inside Latin words go", () => {
  assert.equal(normalise("👩‍🚀 می‌خواهم br\u200dand").text, "👩‍🚀 می‌خواهم brand");
});

test("spans move with the text as it is tidied", () => {
  const draft = normalise("x  \u200b @bob.example  hi", { spans: [{ start: 5, end: 17, kind: "mention", value: "did:plc:bob" }] }, "bluesky");
  assert.equal(draft.text, "x @bob.example hi");
  assert.deepEqual(draft.accountSpans, [{ start: 2, end: 14, handle: "bob.example", nativeId: "did:plc:bob" }]);
});

test("spans that overlap, lie outside or are empty are left out", () => {
  const spans = [
    { start: 0, end: 4, kind: "mention", value: "did:plc:a" },
    { start: 2, end: 6, kind: "mention", value: "did:plc:b" },
    { start: 5, end: 99, kind: "mention", value: "did:plc:c" },
    { start: 5, end: 5, kind: "mention", value: "did:plc:d" },
  ] as const;
  assert.deepEqual(named(normalise("abcdefgh", { spans }, "bluesky")), ["abcd"]);
});

test("handles that no span tells of are found, addresses of mail are not", () => {
  assert.deepEqual(named(normalise("@ana, (@bob@s.example) mail a@b.com x@y @_c. @", {}, "x")), ["@ana", "@bob@s.example", "@_c"]);
});

test("hashtags come from the text, spans and the platform, once each and in lower case", () => {
  const draft = normalise("#One (#Zwei) x#no #2026 ＃東京 #one", { hashtags: ["Three", "one"], spans: [{ start: 0, end: 4, kind: "hashtag", value: "One" }] }, "bluesky");
  assert.deepEqual(draft.hashtags, ["one", "three", "zwei", "東京"]);
});

test("links in plain text lose the punctuation around them", () => {
  assert.deepEqual(normalise("(see https://a.example/x_(y)), https://b.example!").links, ["https://a.example/x_(y)", "https://b.example"]);
});

test("the region is that of the place where told", () => {
  assert.equal(normalise("x", { place: { countryCode: "DE" } }).region, "de");
  assert.equal(normalise("x").region, "zz");
});
