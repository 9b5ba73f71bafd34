import assert from "node:assert/strict";
import { test } from "node:test";
import { hasPart, leftOut, togglePart } from "../shell/query.ts";
import { foldHits, type Hit, makeRecordCounter, withListen } from "./search-api.ts";

const listen = { fromMs: Date.UTC(2026, 0, 1, 0, 0, 30), toMs: Date.UTC(2026, 0, 2), range: "24h", platforms: ["forum"], terms: [], languages: ["de", "en"] } as const;

const blank: Hit = {
  id: "",
  platform: "forum",
  source: "s",
  author: "a1_x",
  text: "",
  createdAt: "2026-11-01T00:00:00.000Z",
  receivedAt: "2026-11-01T00:00:00.000Z",
  revision: 0,
  language: "en",
  sentiment: null,
  sentimentScore: null,
  terms: [],
  hashtags: [],
  links: [],
  mentions: [],
  counts: { likes: 0, shares: 0, replies: 0, views: 0 },
  sensitivity: "public",
  region: "zz",
};

test("what the bar holds stands beside the query, and OR does not reach into it", () => {
  assert.equal(withListen("rain OR sun", listen, false), "(rain OR sun) platform:forum (language:de OR language:en)");
  assert.equal(withListen("", { ...listen, platforms: [], languages: [] }, true), "created:2026-01-01T00:00:00.000Z..");
  assert.equal(withListen("rain", { ...listen, range: undefined, platforms: [], languages: [] }, true), "rain created:2026-01-01T00:00:30.000Z..2026-01-02T00:00:00.000Z");
  assert.equal(withListen("rain OR sun", { ...listen, platforms: [], languages: [] }, false), "rain OR sun");
});

test("a facet leaves out what it names, and lets it in again", () => {
  const without = togglePart("rain OR sun", "platform", "a b", "-");
  assert.equal(without, '(rain OR sun) -platform:"a b"');
  assert.deepEqual(leftOut(`${without} -language:de`), [
    { field: "platform", value: "a b" },
    { field: "language", value: "de" },
  ]);
  assert.ok(hasPart(without, "platform", "a b", "-") && !hasPart(without, "platform", "a b"));
  assert.equal(togglePart(without, "platform", "a b", "-"), "(rain OR sun)");
});

test("records of an export are counted however its bytes are cut", () => {
  const csv = new TextEncoder().encode('id,text\r\n1,"two\r\nlines, and ""quotes"""\r\n2,plain\r\n');
  for (const size of [1, 3, 7, 100]) {
    const count = makeRecordCounter("csv");
    let records = 0;
    for (let at = 0; at < csv.length; at += size) records = count(csv.subarray(at, at + size));
    assert.equal(records, 2);
  }
  assert.equal(makeRecordCounter("ndjson")(new TextEncoder().encode('{"a":"\\""}\n{}\n')), 2);
});

test("copies fold under the first of them that comes, and the order stays", () => {
  const hit = (id: string, copies?: number): Hit => ({ ...blank, id, ...(copies !== undefined && { copies }) });
  const folded = foldHits([hit("a"), hit("b", 7), hit("c", 9), hit("d", 7), hit("e"), hit("f", 7)], "text");
  assert.deepEqual(
    folded.map(({ post, copies }) => [post.id, ...copies.map(({ id }) => id)]),
    [["a"], ["b", "d", "f"], ["c"], ["e"]],
  );
});

test("shares of one post, posts that link one page, and what ties them together are folded where asked for", () => {
  const hit = (id: string, more: Partial<Hit> = {}): Hit => ({ ...blank, id, ...more });
  const hits = [
    hit("page-1", { pages: ["https://a.example/x"] }),
    hit("share", { reshareOf: "original" }),
    hit("copy", { copies: 7 }),
    hit("alone", { pages: ["https://a.example/y"] }),
    hit("original", { pages: ["https://a.example/x"], copies: 7 }),
    hit("page-2", { pages: ["https://b.example/", "https://a.example/x"] }),
  ];
  const told = (folding: Parameters<typeof foldHits>[1]) => foldHits(hits, folding).map(({ post, copies }) => [post.id, ...copies.map(({ id }) => id)]);
  assert.deepEqual(told("spread"), [["page-1", "original", "share", "copy", "page-2"], ["alone"]]);
  assert.deepEqual(told("text"), [["page-1"], ["share"], ["copy", "original"], ["alone"], ["page-2"]]);
  assert.equal(told("all").length, hits.length);
});
