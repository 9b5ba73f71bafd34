import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { idsOf, importLines, makeFolder, type Running, settle, startIn, totalsBy, until } from "./system.fixtures.ts";

const at = "2026-01-05T10:00:00Z";
const post = (id: string, text: string) => ({ id, author: `author-${id}.simulated.example`, text, createdAt: at, likes: 1 });

async function retagged(running: Running, id: string, version: number): Promise<void> {
  await until(
    () => `${id} is tagged again`,
    async () => (await running.engine.terms()).some((term) => term.id === id && term.version >= version && term.retagged === 1),
  );
  await settle(running);
}

/** What search, facets, rollups and single posts say of a term; all must say the same. */
async function taggedBy(running: Running, term: string): Promise<readonly string[]> {
  const { engine } = running;
  const ids = [...(await idsOf(running, `term:${term}`))].toSorted();
  const { facets } = await engine.facets({ q: "", filter: {}, by: ["term"], top: 20 });
  assert.equal(facets["term"]?.find(({ value }) => value === term)?.posts ?? 0, ids.length, "the facet");
  assert.equal((await totalsBy(running, "term"))[term]?.posts ?? 0, ids.length, "the rollup");
  for (const id of ids) assert.ok((await engine.post(id, {}))?.terms.includes(term));
  return ids;
}

test("a new term tags what is stored, a changed query adds and takes tags, a removed term's tags go, also from the lake", async () => {
  using folder = makeFolder();
  {
    await using running = await startIn(folder.path, {}, { collect: false });
    const { engine, pseudonyms } = running;
    const ids = (...names: string[]) => names.map((name) => pseudonyms.postId("import", name)).toSorted();
    await importLines(running, [
      ...Array.from({ length: 30 }, (_, i) => post(`alpha${i}`, `alpha story ${i}`)),
      ...Array.from({ length: 20 }, (_, i) => post(`beta${i}`, `beta story ${i}`)),
      post("both", "alpha and beta"),
      post("none", "gamma"),
    ]);
    await settle(running);
    const alphas = Array.from({ length: 30 }, (_, i) => `alpha${i}`);
    const betas = Array.from({ length: 20 }, (_, i) => `beta${i}`);

    await engine.putTerm("brand", { name: "Brand", kind: "brand", query: "alpha", handles: [] }, "test");
    await retagged(running, "brand", 1);
    assert.deepEqual(await taggedBy(running, "brand"), ids(...alphas, "both"));

    const changed = await engine.putTerm("brand", { name: "Brand", kind: "brand", query: "beta", handles: [] }, "test");
    await retagged(running, "brand", changed.version);
    assert.deepEqual(await taggedBy(running, "brand"), ids(...betas, "both"));

    await engine.putTerm("second", { name: "Second", kind: "topic", query: "alpha OR gamma", handles: [] }, "test");
    await retagged(running, "second", 1);
    assert.deepEqual(await taggedBy(running, "second"), ids(...alphas, "both", "none"));
    // New posts bear the tags at once.
    await importLines(running, [post("new", "beta and gamma")]);
    await settle(running);
    assert.deepEqual((await engine.post(pseudonyms.postId("import", "new"), {}))?.terms.toSorted(), ["brand", "second"]);

    await engine.removeTerm("brand", "test");
    await until(
      () => "the removed term's tags go",
      async () => (await idsOf(running, "term:brand")).size === 0,
    );
    await settle(running);
    assert.deepEqual(await taggedBy(running, "brand"), []);
    assert.deepEqual(await taggedBy(running, "second"), ids(...alphas, "both", "none", "new"));
    const bodies = await running.system.threads.stores.caller.call("bodies", [
      { id: pseudonyms.postId("import", "both"), createdAt: Date.parse(at), platform: "import", source: "import" },
    ]);
    assert.deepEqual(bodies.get(pseudonyms.postId("import", "both"))?.terms, ["second"], "the lake");
    await assert.rejects(engine.putTerm("broken", { name: "Broken", kind: "topic", query: "alpha AND (", handles: [] }, "test"), { code: "QUERY_INVALID" });
  }
  await using running = await startIn(folder.path, {}, { collect: false });
  assert.equal((await taggedBy(running, "second")).length, 33);
  assert.deepEqual(await taggedBy(running, "brand"), []);
});

test("a source that keeps what matches drops the rest, and takes it once a term asks for it", async () => {
  using folder = makeFolder();
  const file = join(folder.path, "posts.ndjson");
  writeFileSync(
    file,
    [...Array.from({ length: 10 }, (_, i) => post(`in${i}`, `acme number ${i}`)), ...Array.from({ length: 15 }, (_, i) => post(`out${i}`, `other number ${i}`))]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  );
  const config = {
    terms: { acme: { name: "Acme", kind: "brand" as const, query: "acme" } },
    sources: { paper: { use: "files", paths: [file], platform: "paper", keep: "matching" as const } },
  };
  await using running = await startIn(folder.path, config);
  await until(
    () => "the file is read",
    async () => (await running.engine.sources())[0]?.collected === 25,
  );
  await settle(running);
  assert.equal((await idsOf(running, "")).size, 10);
  assert.deepEqual(await totalsBy(running, "term"), { acme: { posts: 10, likes: 10, shares: 0, replies: 0 } });
  await until(
    () => "figures",
    async () => (await running.engine.stats()).outcomes["dropped"] === 15,
  );
  // What was dropped is still in the raw log: a wider term and a replay bring it.
  await running.engine.putTerm("other", { name: "Other", kind: "topic", query: "other", handles: [] }, "test");
  await running.engine.replay({ kind: "raw", source: "paper", fromMs: 0, toMs: Date.now() + 1 });
  await settle(running);
  assert.equal((await idsOf(running, "term:other")).size, 15);
  assert.equal((await idsOf(running, "")).size, 25);
});
