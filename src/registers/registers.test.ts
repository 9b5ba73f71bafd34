import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { EarshotError } from "../core/errors.ts";
import { authorIdFrom } from "../core/ids.ts";
import type { Sql } from "../core/sql.ts";
import { openAudit } from "./audit.ts";
import { openCursors } from "./cursors.ts";
import { openErasures } from "./erasures.ts";
import { registerMigrations } from "./migrations.ts";
import { openQuarantine } from "./quarantine.ts";
import { openSessions } from "./sessions.ts";
import { openSettings } from "./settings.ts";
import { openSources, type SourceFields } from "./sources.ts";
import { openTerms } from "./terms.ts";
import { openTokens } from "./tokens.ts";
import { openUsers } from "./users.ts";

let postgres: TestPostgres;
let sql: Sql;
let nowMs = Date.UTC(2026, 10, 22);
const now = () => nowMs;
before(async () => {
  postgres = await startTestPostgres();
  sql = await postgres.database("registers", registerMigrations);
});
after(() => postgres[Symbol.asyncDispose]());

const makeAuthor = (number: number) => authorIdFrom(1, Buffer.alloc(16, number));

test("a cursor is what was saved last, for each source", async () => {
  const cursors = openCursors(sql, now);
  await cursors.save("a", "1");
  await cursors.save("b", "9");
  await cursors.save("a", "2");
  assert.deepEqual([await cursors.load("a"), await cursors.load("b"), await cursors.load("c")], ["2", "9", undefined]);
  assert.deepEqual(
    (await cursors.all()).map(({ source, savedAt }) => [source, savedAt]),
    [
      ["a", nowMs],
      ["b", nowMs],
    ],
  );
  await cursors.remove("a");
  assert.equal(await cursors.load("a"), undefined);
});

test("a setting written once keeps its first value", async () => {
  const settings = openSettings(sql, now);
  assert.deepEqual(await settings.setOnce("format", { version: 1 }), { version: 1 });
  assert.deepEqual(await settings.setOnce("format", { version: 2 }), { version: 1 });
  await settings.set("format", null);
  assert.equal(await settings.get("format"), null);
  assert.equal(await settings.get("missing"), undefined);
});

describe("sources", () => {
  const fields: SourceFields = {
    id: "north",
    connector: "mastodon",
    platform: "mastodon",
    options: { url: "https://example.org", n: 3 },
    keep: "matching",
    origin: "dashboard",
    simulated: false,
    region: "de",
  };

  test("a source keeps its options, its state and its counters through a change", async () => {
    const sources = openSources(sql, now);
    assert.deepEqual(await sources.put(fields), { ...fields, state: "active", collected: 0, errors: 0, gaps: 0, createdAt: nowMs });
    await sources.setState("north", "paused");
    await sources.count("north", { collected: 7, gaps: 1 });
    await sources.setError("north", new EarshotError("UPSTREAM_AUTH", "refused"), 5);
    const changed = await sources.put({ ...fields, keep: "everything" });
    assert.deepEqual(
      [changed.state, changed.keep, changed.collected, changed.gaps, changed.lastError],
      ["paused", "everything", 7, 1, { code: "UPSTREAM_AUTH", message: "refused", at: 5 }],
    );
  });

  test("a removed source is shown no more, and comes back anew", async () => {
    const sources = openSources(sql, now);
    await sources.put({ ...fields, id: "gone" });
    await sources.count("gone", { collected: 3 });
    await sources.setState("gone", "removed");
    assert.ok(!(await sources.all()).some(({ id }) => id === "gone"));
    assert.deepEqual([(await sources.put({ ...fields, id: "gone" })).collected, (await sources.get("gone"))?.state], [0, "active"]);
    await assert.rejects(sources.setState("never", "paused"), { code: "NOT_FOUND" });
  });

  test("what the configuration file defines is changed there only", async () => {
    const sources = openSources(sql, now);
    await sources.put({ ...fields, id: "fixed", origin: "configuration" });
    await assert.rejects(sources.put({ ...fields, id: "fixed" }), { code: "CONFLICT" });
    assert.equal((await sources.put({ ...fields, id: "fixed", origin: "configuration", keep: "everything" })).keep, "everything");
  });
});

describe("terms", () => {
  const term = { name: "Acme", kind: "brand" as const, query: "acme OR ac-me", handles: ["@acme"] };
  const by = { origin: "dashboard" as const, actor: "admin" };

  test("every change is a new version; history is tagged again by a changed query, not by a changed name", async () => {
    const terms = openTerms(sql, now);
    assert.equal((await terms.put("acme", term, by)).version, 1);
    await terms.setRetagged("acme", 1, 1);
    assert.deepEqual(await terms.put("acme", term, by), { id: "acme", ...term, version: 1, origin: "dashboard", retagged: 1 });
    const renamed = await terms.put("acme", { ...term, name: "ACME", colour: "#1f5fbf" }, by);
    assert.deepEqual([renamed.version, renamed.retagged, renamed.colour], [2, 1, "#1f5fbf"]);
    const changed = await terms.put("acme", { ...term, query: "acme" }, { ...by, actor: "anna" });
    assert.deepEqual([changed.version, changed.retagged], [3, 0]);
    await terms.setRetagged("acme", 2, 0.5);
    assert.equal((await terms.all())[0]?.retagged, 0);
    await terms.put("acme", { ...term, query: "acme", kind: "campaign" }, { ...by, restoredFrom: 3 });
    await terms.setRetagged("acme", 3, 0.5);
    assert.equal((await terms.all())[0]?.retagged, 0.5, "a changed kind leaves the tagging on its way");
    assert.deepEqual(
      (await terms.history("acme")).map(({ version, name, kind, query, actor, restoredFrom }) => [version, name, kind, query, actor, restoredFrom]),
      [
        [1, "Acme", "brand", term.query, "admin", undefined],
        [2, "ACME", "brand", term.query, "admin", undefined],
        [3, "Acme", "brand", "acme", "anna", undefined],
        [4, "Acme", "campaign", "acme", "admin", 3],
      ],
    );
  });

  test("the history of a term outlives it, and a term that comes back goes on counting", async () => {
    const terms = openTerms(sql, now);
    await terms.put("globex", term, by);
    await terms.remove("globex", by);
    assert.ok(!(await terms.all()).some(({ id }) => id === "globex"));
    const [gone] = await terms.removed();
    assert.deepEqual([gone?.id, gone?.query, gone?.version, gone?.retagged], ["globex", term.query, 2, 0]);
    assert.equal((await terms.put("globex", term, by)).version, 3);
    assert.deepEqual(
      (await terms.history("globex")).map(({ version, removed }) => [version, removed]),
      [
        [1, false],
        [2, true],
        [3, false],
      ],
    );
    await assert.rejects(terms.remove("never", by), { code: "NOT_FOUND" });
  });
});

describe("erasures", () => {
  const fields = { upToMs: 5_000, reason: "subject-request" as const, objection: false, dueAt: 9_000, actor: "admin" };

  test("an erasure is gone only when every store has proved it", async () => {
    const erasures = openErasures(sql, now);
    const { id } = await erasures.request({ ...fields, authors: [makeAuthor(1)] });
    await erasures.prove(id, { store: "lake", removedPosts: 3, physical: false });
    await erasures.prove(id, { store: "search", removedPosts: 3, physical: true });
    await assert.rejects(erasures.advance(id, "gone"), { code: "CONFLICT" });
    await erasures.advance(id, "hidden");
    await assert.rejects(erasures.advance(id, "gone"), { code: "CONFLICT" });
    await erasures.prove(id, { store: "lake", removedPosts: 0, physical: true });
    nowMs += 10;
    const gone = await erasures.advance(id, "gone");
    assert.deepEqual([gone.state, gone.posts, gone.goneAt], ["gone", 3, nowMs]);
    assert.deepEqual(gone.proofs, [
      { store: "lake", removedPosts: 3, physical: true },
      { store: "search", removedPosts: 3, physical: true },
    ]);
    assert.ok(!(await erasures.owed()).some((owed) => owed.id === id));
  });

  test("who is forgotten is told with the latest time and any objection, under every pseudonym", async () => {
    const erasures = openErasures(sql, now);
    await erasures.request({ ...fields, authors: [makeAuthor(2), makeAuthor(3)], upToMs: 100 });
    await erasures.request({ ...fields, authors: [makeAuthor(3)], upToMs: 50, objection: true });
    const told = new Map((await erasures.forgotten()).map(({ author, upToMs, objection }) => [author, { upToMs, objection }]));
    assert.deepEqual(
      [told.get(makeAuthor(2)), told.get(makeAuthor(3))],
      [
        { upToMs: 100, objection: false },
        { upToMs: 100, objection: true },
      ],
    );
  });
});

describe("the quarantine", () => {
  const record = (number: number, code = "JSON_INVALID") => ({
    id: `0-${number}`,
    source: "north",
    code,
    message: "bad\0 \ud800",
    at: 1_000 + Math.floor(number / 3),
    partition: 0,
    offset: number,
  });

  test("pages newest first without a gap, counts reasons, and takes an item twice as one", async () => {
    const quarantine = openQuarantine(sql);
    const records = Array.from({ length: 25 }, (_, i) => record(i, i % 5 === 0 ? "DATE_INVALID" : "JSON_INVALID"));
    await quarantine.add(records);
    await quarantine.add(records.slice(0, 5));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await quarantine.list({ source: "north" }, { limit: 7, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    assert.deepEqual([seen.length, new Set(seen).size], [25, 25]);
    const reasons = await quarantine.reasons("open");
    assert.deepEqual(
      reasons.map(({ code, source, count, firstAt, lastAt }) => [code, source, count, firstAt, lastAt]),
      [
        ["JSON_INVALID", "north", 20, 1_000, 1_008],
        ["DATE_INVALID", "north", 5, 1_000, 1_006],
      ],
    );
    assert.equal((await quarantine.get(reasons[0]?.sample ?? ""))?.at, 1_008);
    assert.equal(await quarantine.setState(["0-0", "0-1"], "dismissed"), 2);
    assert.deepEqual([await quarantine.count({ state: "open" }), (await quarantine.get("0-1"))?.state], [23, "dismissed"]);
    await assert.rejects(quarantine.list({}, { limit: 5, cursor: "x' or 1=1" }), { code: "USAGE" });
  });

  test("what is too old or too many goes, the oldest first", async () => {
    const quarantine = openQuarantine(sql);
    assert.equal(await quarantine.expire({ beforeMs: 1_002, maxRecords: 10 }), 15);
    assert.deepEqual((await quarantine.list({}, { limit: 100 })).items.length, 10);
    assert.equal(await quarantine.removeSource("north"), 10);
  });
});

describe("users, sessions and tokens", () => {
  test("a link signs in once and in time, a session ends when it is told to", async () => {
    await openUsers(sql, now).put("admin", "admin");
    const sessions = openSessions(sql, now);
    const code = await sessions.makeLink("admin", 60_000);
    const [one, other] = await Promise.all([sessions.redeem(code, 5_000), sessions.redeem(code, 5_000)]);
    assert.equal([one, other].filter((session) => session !== undefined).length, 1);
    const cookie = (one ?? other)?.cookie ?? "";
    assert.equal((await sessions.find(cookie))?.role, "admin");
    nowMs += 5_000;
    assert.equal(await sessions.find(cookie), undefined);
    const late = await sessions.makeLink("admin", 1_000);
    nowMs += 1_000;
    assert.equal(await sessions.redeem(late, 5_000), undefined);
    const again = await sessions.redeem(await sessions.makeLink("admin", 1_000), 5_000);
    await sessions.end(again?.cookie ?? "");
    assert.equal(await sessions.find(again?.cookie ?? ""), undefined);
    assert.equal(await sessions.sweep(), 1);
  });

  test("no secret stands in the catalog, only what it hashes to", async () => {
    const tokens = openTokens(sql, now);
    const { secret, token } = await tokens.make({ name: "ci", role: "analyst", scopes: ["posts.read"], createdBy: "admin", expiresAt: nowMs + 1_000 });
    assert.equal((await tokens.find(secret))?.id, token.id);
    assert.equal(await tokens.find(`${secret}x`), undefined);
    const { rows } = await sql.query("select t::text as row from tokens t");
    assert.ok(rows.every((row) => !String(row["row"]).includes(secret)));
    nowMs += 1_000;
    assert.equal(await tokens.find(secret), undefined);
    await tokens.revoke(token.id);
    await assert.rejects(tokens.revoke(token.id), { code: "NOT_FOUND" });
  });

  test("the last admin stays, and a removed user's sessions end", async () => {
    const users = openUsers(sql, now);
    await assert.rejects(users.remove("admin"), { code: "CONFLICT" });
    await assert.rejects(users.put("admin", "viewer"), { code: "CONFLICT" });
    await users.put("second", "admin");
    const sessions = openSessions(sql, now);
    const session = await sessions.redeem(await sessions.makeLink("second", 1_000), 5_000);
    await users.remove("second");
    assert.equal(await sessions.find(session?.cookie ?? ""), undefined);
    assert.deepEqual(
      (await users.all()).map(({ name }) => name),
      ["admin"],
    );
  });
});

describe("the audit", () => {
  test("entries that come together stand in one unbroken chain", async () => {
    const audit = openAudit(sql, now);
    await Promise.all(Array.from({ length: 20 }, (_, i) => audit.append({ actor: "admin", action: "identity.read", subject: `s${i}`, purpose: "access request", details: { i } })));
    assert.deepEqual(
      (await audit.list({ limit: 3 })).map(({ number }) => number),
      [20, 19, 18],
    );
    const [last] = await audit.list({ limit: 1 });
    assert.deepEqual(await audit.verify(), { entries: 20, hash: last?.hash });
  });

  test("an entry can be neither changed nor removed, and one changed past the guard is found", async () => {
    const audit = openAudit(sql, now);
    await assert.rejects(sql.query("update audit set actor = 'x' where number = 7"), /appended to/);
    await assert.rejects(sql.query("delete from audit"), /appended to/);
    await assert.rejects(sql.query("truncate audit"), /appended to/);
    await sql.transaction(async (inside) => {
      await inside.query("alter table audit disable trigger all");
      await inside.query("update audit set subject = 'other' where number = 7");
      await inside.query("alter table audit enable trigger all");
    });
    const verdict = await audit.verify();
    assert.deepEqual([verdict.entries, verdict.broken], [6, 7]);
  });

  test("entries are found by actor with their tokens, by kind of action and by subject", async () => {
    const audit = openAudit(sql, now);
    for (const [actor, action, subject] of [
      ["ann", "term.put", "acme"],
      ["ann/nightly", "term.remove", "acme"],
      ["anna", "terminal.open", "acme"],
    ] as const)
      await audit.append({ actor, action, subject });
    const found = async (wish: { readonly actor?: string; readonly action?: string; readonly subject?: string }) =>
      (await audit.list({ limit: 100, ...wish })).map((entry) => `${entry.actor} ${entry.action}`);
    assert.deepEqual(await found({ actor: "ann" }), ["ann/nightly term.remove", "ann term.put"]);
    assert.deepEqual(await found({ action: "term" }), ["ann/nightly term.remove", "ann term.put"]);
    assert.deepEqual(await found({ action: "term.put", subject: "acme" }), ["ann term.put"]);
    assert.deepEqual(await found({ subject: "ac" }), []);
  });
});
