import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openRenaming } from "./drift.fixtures.ts";

describe("a platform that renames a field", () => {
  let api: RunningApi;
  let platform: Awaited<ReturnType<typeof openRenaming>>;
  let perPhase = 0;
  const source = "source=fedi";
  before(async () => {
    platform = await openRenaming();
    ({ perPhase } = platform);
    api = await startApi({
      config: { sources: { fedi: { use: "mastodon", server: platform.address, transport: "polling", pollSeconds: 1, startAt: "oldest", refreshMinutes: 0 } } },
      collect: true,
    });
    await until("all of the first are stored", async () => (await count()) === perPhase);
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    platform.close();
  });
  const count = async () => Number((await api.ask("GET", "/api/v1/posts/count?q=source:fedi")).body["posts"]);
  const open = async () => Number(recordAt((await api.ask("GET", "/api/v1/quarantine?source=fedi")).body, "counts")["open"]);
  const rowOf = async (field: string, change: string) =>
    rowsOf((await api.ask("GET", `/api/v1/drift?${source}`)).body).find((row) => row["field"] === field && row["change"] === change);

  it("is no drift before", async () => {
    assert.deepEqual(rowsOf((await api.ask("GET", `/api/v1/drift?${source}`)).body), []);
    const [seen] = rowsOf((await api.ask("GET", `/api/v1/drift?${source}`)).body, "seen");
    assert.deepEqual(seen, { source: "fedi", entity: "status", messages: perPhase });
  });

  it("fills the quarantine, is named with its share, and raises an alarm", async () => {
    platform.rename();
    await until("the others are set aside", async () => (await open()) === perPhase);
    const missing = await rowOf("content", "missing");
    const unknown = await rowOf("contenu", "unknown");
    assert.deepEqual([missing?.["share"], missing?.["rejected"], missing?.["expected"], missing?.["alarm"]], [0.5, perPhase, "text", true]);
    assert.deepEqual([unknown?.["share"], unknown?.["sample"]], [0.5, "text (markup, 34 to 35 characters)"]);
    const alarms = rowsOf((await api.ask("GET", "/api/v1/alarms")).body).filter((alarm) => alarm["kind"] === "drift");
    assert.deepEqual(alarms.map((alarm) => alarm["field"]).toSorted(), ["content", "contenu", "shade"]);
    assert.equal(await count(), perPhase);
  });

  it("is no alarm where somebody says that a field is right", async () => {
    const body = { source: "fedi", entity: "status", field: "shade", change: "unknown", known: true };
    assert.equal((await api.ask("PATCH", "/api/v1/drift", { body })).status, 204);
    assert.equal((await rowOf("shade", "unknown"))?.["alarm"], false);
    assert.equal((await api.ask("PATCH", "/api/v1/drift", { body: { ...body, field: "shadow" } })).status, 404);
  });

  it("gets the new name proposed, and reads all again once it is accepted: nothing is lost, nothing doubled", async () => {
    const preview = async () => (await api.ask("POST", "/api/v1/drift/replay/preview", { body: { source: "fedi" } })).body;
    const before = await preview();
    assert.deepEqual([before["read"], before["unchanged"], before["added"], before["rejected"]], [2 * perPhase, perPhase, 0, perPhase]);
    assert.deepEqual(before["codes"], { FIELD_MISSING: perPhase });
    const { body } = await api.ask("GET", `/api/v1/drift/renames?${source}`);
    const [proposal] = rowsOf(body, "proposals");
    assert.deepEqual([proposal?.["from"], proposal?.["to"]], ["contenu", "content"]);
    assert.ok(Number(proposal?.["score"]) > 0.8);
    const rule = await api.ask("POST", "/api/v1/drift/renames", { body: { source: "fedi", entity: "status", from: "contenu", to: "content" } });
    assert.equal(rule.status, 200);
    const harmful = await api.ask("POST", "/api/v1/drift/renames", { body: { source: "fedi", entity: "status", from: "id", to: "content" } });
    assert.deepEqual([harmful.status, harmful.body["code"]], [400, "USAGE"], "no rule takes an id away");
    const then = await preview();
    assert.deepEqual([then["unchanged"], then["added"], then["rejected"]], [perPhase, perPhase, 0]);
    assert.equal(await count(), perPhase, "a preview changes nothing");
    await api.ask("POST", "/api/v1/drift/replay", { body: { source: "fedi" } });
    await api.settle();
    await until("all are searchable", async () => (await count()) === 2 * perPhase);
    assert.equal(await open(), 0);
    assert.deepEqual(recordAt((await api.ask("GET", "/api/v1/quarantine/replay")).body, "run")["state"], "done");
    const after = await preview();
    assert.deepEqual([after["changed"], after["added"], after["rejected"]], [0, 0, 0]);
    await api.ask("POST", "/api/v1/drift/replay", { body: { source: "fedi" } });
    await api.settle();
    assert.equal(await count(), 2 * perPhase, "read again once more, it is the same");
    assert.deepEqual(
      rowsOf((await api.ask("GET", "/api/v1/alarms")).body).filter((alarm) => alarm["kind"] === "drift"),
      [],
    );
  });

  it("is read by the rule as it comes from then on, until the rule ends", async () => {
    platform.more(5);
    await until("what came since is stored", async () => (await count()) === 2 * perPhase + 5);
    const [rule] = rowsOf((await api.ask("GET", `/api/v1/drift/renames?${source}`)).body);
    assert.equal((await api.ask("DELETE", `/api/v1/drift/renames/${String(rule?.["id"])}`)).status, 204);
    platform.more(5);
    await until("it is set aside again", async () => (await open()) === 5);
  });
});
