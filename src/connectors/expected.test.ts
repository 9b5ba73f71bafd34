import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ExpectedFields } from "../core/expected.ts";
import { listConnectors, loadConnector } from "./directory.ts";
import { expectedLines } from "./files/expected.ts";
import { expected as feeds } from "./rss/expected.ts";
import { rawsOfFeed } from "./rss/parse.ts";

/** What a message lacks and has beyond what is declared. */
function driftOf(expected: ExpectedFields, message: unknown): Record<string, { missing: string[]; unknown: string[] }> {
  const found: Record<string, { missing: string[]; unknown: string[] }> = {};
  const value: unknown = JSON.parse(JSON.stringify(message));
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value));
  for (const [entity, fields] of expected.find({ ...value })) {
    const { required = {}, optional = {} } = expected.entities[entity] ?? {};
    found[entity] = {
      missing: Object.keys(required).filter((name) => !name.includes(".") && fields[name] === undefined),
      unknown: Object.keys(fields).filter((name) => required[name] === undefined && optional[name] === undefined),
    };
  }
  return found;
}

const rawOf = (document: string): unknown => JSON.parse(Buffer.from(rawsOfFeed(Buffer.from(document), "b.example/f", "https://b.example/f")[0]?.bytes ?? "").toString());

describe("what connectors expect", () => {
  it("every connector declares", async () => {
    for (const name of listConnectors()) assert.ok((await loadConnector(name)).expected !== undefined, name);
  });

  it("a feed's elements are told by their usual names, whatever the document calls their prefix", () => {
    const rss = rawOf(
      `<rss xmlns:d="http://purl.org/dc/elements/1.1/"><channel><item><title>a</title><d:creator>Ann</d:creator><guid>1</guid><mood>calm</mood><pubDate>Fri, 01 May 2026 12:00:00 GMT</pubDate></item></channel></rss>`,
    );
    assert.deepEqual(driftOf(feeds, rss), { item: { missing: [], unknown: ["mood"] } });
    const atom = rawOf(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><id>1</id><published>2026-05-01T12:00:00Z</published></entry></feed>`);
    assert.deepEqual(driftOf(feeds, atom), { entry: { missing: ["updated"], unknown: [] } });
    const json = rawOf(JSON.stringify({ version: "https://jsonfeed.org/version/1.1", items: [{ id: 1, content_text: "a", date_published: "2026-05-01T12:00:00Z", mood: 1 }] }));
    assert.deepEqual(driftOf(feeds, json), { "json-item": { missing: [], unknown: ["mood"] } });
  });

  it("lines of files are told by the common names, their own where the source's options give one", () => {
    const line = { post_id: "1", body: "hello", created_utc: 1_777_000_000, mood: "calm" };
    assert.deepEqual(driftOf(expectedLines({}), line), { line: { missing: [], unknown: ["mood"] } });
    assert.deepEqual(driftOf(expectedLines({ text: "said" }), line), { line: { missing: ["said"], unknown: ["body", "mood"] } });
    assert.deepEqual(driftOf(expectedLines({}), { id: "1", deleted: true }), {});
  });
});
