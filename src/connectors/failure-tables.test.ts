import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reactBluesky, table as bluesky } from "./bluesky/failures.ts";
import { listConnectors, loadConnector } from "./directory.ts";
import { failureOfFrame } from "./bluesky/failures.ts";
import { reactHackerNews, table as hackernews } from "./hackernews/failures.ts";
import { reactRss, table as rss } from "./rss/failures.ts";
import { errorCodes } from "../core/errors.ts";
import { failureClasses } from "../core/failure-class.ts";

const answer = (status: number, body = "", headers: Readonly<Record<string, string>> = {}) => ({ status, headers: new Headers(headers), bytes: Buffer.from(body) });

describe("the tables of failures", () => {
  it("every connector has one, with ids of its own name, known classes and codes, and something to do", async () => {
    for (const name of listConnectors()) {
      const { failures = [] } = await loadConnector(name);
      assert.ok(failures.length > 0, `${name} has no failures`);
      assert.equal(new Set(failures.map(({ id }) => id)).size, failures.length, name);
      for (const { id, class: kind, code, doc, todo } of failures) {
        assert.match(id, new RegExp(`^${name}\\.[a-z0-9-]+$`));
        assert.ok(Object.hasOwn(failureClasses, kind) && Object.hasOwn(errorCodes, code), id);
        assert.ok(doc.length > 10 && todo.length > 5, id);
      }
    }
  });

  it("a feed's refusals are told apart by status and by what a challenge says", () => {
    const cases: readonly (readonly [ReturnType<typeof answer>, string])[] = [
      [answer(404), "not-found"],
      [answer(410), "gone"],
      [answer(451), "legal-bar"],
      [answer(429), "rate-limited"],
      [answer(403, "", { "cf-mitigated": "challenge" }), "challenge"],
      [answer(503, "<title>Just a moment...</title>"), "challenge"],
      [answer(403, "Forbidden"), "refused"],
      [answer(401), "account-needed"],
      [answer(400), "request"],
      [answer(502, "bad gateway"), "server"],
    ];
    for (const [failed, name] of cases) assert.equal(reactRss(failed)?.failure, `rss.${name}`);
    assert.equal(reactRss(answer(200)), undefined);
    const met = new Set([...cases.map(([, name]) => `rss.${name}`), "rss.no-feed", "rss.unreadable"]);
    assert.deepEqual(
      rss.kinds.map(({ id }) => id).filter((id) => !met.has(id)),
      [],
    );
  });

  it("those of Hacker News by Firebase's statuses", () => {
    const cases = { 401: "denied", 402: "quota", 404: "not-found", 423: "locked", 429: "rate-limited", 400: "request", 500: "server", 503: "server" };
    for (const [status, name] of Object.entries(cases)) assert.equal(reactHackerNews(answer(Number(status)))?.failure, `hackernews.${name}`);
    assert.equal(hackernews.kinds.length, new Set([...Object.values(cases), "unreadable"]).size);
  });

  it("those of Bluesky by the handshake's status and by the frame that ends a stream", () => {
    const cases = { 400: "request", 404: "not-found", 403: "refused", 429: "rate-limited", 500: "server" };
    for (const [status, name] of Object.entries(cases)) assert.equal(reactBluesky({ status: Number(status) })?.failure, `bluesky.${name}`);
    const frames = { FutureCursor: "future-cursor", ConsumerTooSlow: "too-slow", Other: "stream-error" };
    for (const [frame, name] of Object.entries(frames)) assert.equal(failureOfFrame(frame), name);
    assert.equal(bluesky.kinds.length, Object.keys(cases).length + Object.keys(frames).length);
  });
});
