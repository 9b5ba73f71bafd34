import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import rss from "./rss.ts";
import { openWith } from "./source.fixtures.ts";

const { parse } = openWith(rss, { feeds: ["https://blog.example/feed"] });

function shorts(file: unknown): string[] {
  const bytes = file instanceof Uint8Array ? file : Buffer.from(typeof file === "string" ? file : JSON.stringify(file));
  return [...(rss.split?.(bytes) ?? [])].flatMap((message) =>
    parse(message).map((outcome) =>
      "drop" in outcome
        ? `drop ${outcome.drop}`
        : "reject" in outcome
          ? outcome.reject.code
          : outcome.keep.type === "post"
            ? `${outcome.keep.post.id} ${outcome.keep.post.text}`
            : outcome.keep.type,
    ),
  );
}

const date = "Fri, 01 May 2026 12:00:00 GMT";
const document = `<rss version="2.0"><channel><title>T</title><item><guid>1</guid><title>one</title><pubDate>${date}</pubDate></item><item><guid>2</guid><title>two</title></item></channel></rss>`;
const answer = (status: number, body: unknown, headers: object = {}) => [{ request: { method: "GET", url: "https://blog.example/feed.xml" }, response: { status, headers, body } }];

test("a document is read in any of its forms, whatever stands before it", () => {
  const both = ["recorded.example/feed#1 one", "recorded.example/feed#2 two"];
  assert.deepEqual(shorts(document), both);
  assert.deepEqual(shorts(`\n ${document}`), both);
  assert.deepEqual(shorts(gzipSync(document)), both);
  assert.deepEqual(shorts(Buffer.from(`\ufeff<?xml version="1.0" encoding="utf-16"?>${document}`, "utf16le")), both);
  assert.deepEqual(shorts({ version: "https://jsonfeed.org/version/1", items: [{ id: 7, content_text: "seven", date_published: "2026-05-01T12:00:00Z" }] }), [
    "recorded.example/feed#7 seven",
  ]);
});

test("a recorded answer names its feed and when it was read", () => {
  assert.deepEqual(shorts(answer(200, document, { date })), ["blog.example/feed.xml#1 one", "blog.example/feed.xml#2 two"]);
  assert.deepEqual(shorts(answer(304, "")), ["drop empty"]);
  assert.deepEqual(shorts(answer(404, "<html><title>Not Found</title></html>")), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(shorts(answer(503, "")), ["UPSTREAM_UNAVAILABLE"]);
});

test("the last item of a document that was cut off is not lost", () => {
  assert.deepEqual(shorts(document.slice(0, document.indexOf("two") + 2)), ["recorded.example/feed#1 one", "recorded.example/feed#2 tw"]);
});

test("what is no feed is refused by name", () => {
  for (const text of ["", "<html><body>404</body></html>", "<opml version='2.0'><body><outline xmlUrl='https://a.example/feed'/></body></opml>", "{}", "hello"])
    assert.deepEqual(shorts(text), text === "" ? ["FIELD_INVALID"] : ["FIELD_INVALID"], text);
});
