import assert from "node:assert/strict";
import { test } from "node:test";
import { linksInHtml, linksInText } from "./links.ts";

test("addresses in a text are found without the signs around them, after those that are told", () => {
  const text = "See https://a.example/x?b=1, (https://b.example/y) and https://c.example/w_(z). Again https://a.example/x?b=1 http:// no";
  assert.deepEqual(linksInText(text, ["https://told.example/"]), ["https://told.example/", "https://a.example/x?b=1", "https://b.example/y", "https://c.example/w_(z)"]);
  assert.deepEqual(linksInText("no address here"), []);
});

test("anchors give their addresses, those of accounts and hashtags do not", () => {
  const html =
    '<p><a href="https://s.example/@ann" class="u-url mention">@ann</a> <a href="https://s.example/tags/tea" class="mention hashtag" rel="tag">#tea</a> ' +
    `<a href="https://a.example/?x=1&amp;y=2" rel="nofollow noopener">a.example</a> <a class='x' href='https://b.example/'>b</a> <a href="/relative">r</a></p>`;
  assert.deepEqual(linksInHtml(html), ["https://a.example/?x=1&y=2", "https://b.example/"]);
});
