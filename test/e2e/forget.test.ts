import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthorId } from "../../src/core/ids.ts";
import { startWorld } from "../../world/start.ts";
import { allTime, eraseNow, foundIn, idsOf, importLines, makeArrivals, makeFolder, type Running, settle, startIn, totalsBy, until } from "./system.fixtures.ts";

const at = "2026-01-05T10:00:00Z";
const hourMs = 3_600_000;

/** By minute, platform and language: whatever is subtracted wrongly shows. */
async function rollupsOf({ engine }: Running): Promise<Map<string, number[]>> {
  const { rows } = await engine.rollups({ ...allTime, grain: "minute", by: ["platform", "language"], filter: {} });
  return new Map(
    rows.map((row) => [
      `${row.at} ${row.platform} ${row.language}`,
      [row.posts, row.negative, row.neutral, row.positive, row.unscored, row.likes, row.shares, row.replies, row.views],
    ]),
  );
}

function subtract(from: Map<string, number[]>, key: string, figures: readonly number[]): void {
  const left = (from.get(key) ?? []).map((figure, i) => figure - (figures[i] ?? 0));
  if ((left[0] ?? 0) === 0) from.delete(key);
  else from.set(key, left);
}

async function figuresOf({ engine }: Running, author: AuthorId): Promise<{ key: string; figures: number[] }[]> {
  const found: { key: string; figures: number[] }[] = [];
  for await (const page of engine.export(`author:${author}`, {}, new AbortController().signal)) {
    for (const { createdAt, platform, language, sentiment, counts } of page) {
      const is = (label: string) => (sentiment?.label === label ? 1 : 0);
      const scored = [is("negative"), is("neutral"), is("positive"), sentiment === undefined ? 1 : 0];
      found.push({ key: `${Math.floor(createdAt / 60_000) * 60_000} ${platform} ${language}`, figures: [1, ...scored, counts.likes, counts.shares, counts.replies, counts.views] });
    }
  }
  return found;
}

test("an erased author is in no byte of any store, rollups lose exactly theirs, and neither replay, import nor a restart brings them back", async () => {
  using folder = makeFolder();
  const sent: string[] = [];
  await using world = await startWorld(
    { seed: "forget", clock: "virtual", nowMs: Date.now() - 4 * hourMs, historyPosts: 600, historyHours: 3, accounts: 100, mix: { endings: 0.3 } },
    (delivery) => {
      if (delivery.platform === "bluesky") sent.push(delivery.wire);
    },
  );
  const config = {
    forgetWithinHours: 1,
    sources: { bluesky: { use: "bluesky", keep: "everything" as const, endpoints: [world.jetstreamUrl], startAt: "oldest" } },
  };
  const byAuthor = Map.groupBy(
    [...world.oracle.posts()].filter((post) => post.platform === "bluesky" && post.delivered && post.deleted === null),
    (post) => post.author,
  );
  const [first, second, third] = [...byAuthor].toSorted((a, b) => b[1].length - a[1].length).map(([author]) => author);
  assert.ok(first && second && third);
  {
    await using running = await startIn(folder.path, config);
    const { engine, pseudonyms } = running;
    await makeArrivals().waitFor(running, sent);
    await settle(running);
    const endedAuthors = world.oracle.erasedAuthors.filter(({ platform }) => platform === "bluesky").map(({ author }) => pseudonyms.authorId("bluesky", author));
    await until(
      () => "the register says of all accounts that the platform ended that they are hidden",
      async () => {
        const states = new Map((await engine.erasures()).flatMap(({ authors, state }) => authors.map((author) => [author, state] as const)));
        return endedAuthors.every((author) => states.get(author) === "hidden");
      },
    );
    for (const did of [first, second]) {
      const [view] = await engine.resolveAuthor(did);
      assert.equal(view?.posts, byAuthor.get(did)?.length);
      const author = pseudonyms.authorId("bluesky", did);
      assert.ok(view?.author === author);
      const before = await foundIn(running, did);
      for (const store of ["log", "ledger", "identities", "search", "lake"]) assert.ok((before[store] ?? 0) > 0, `${store} held ${did}: ${JSON.stringify(before)}`);
      const expected = await rollupsOf(running);
      for (const { key, figures } of await figuresOf(running, author)) subtract(expected, key, figures);

      const erasure = await eraseNow(running, author);
      assert.equal(erasure.state, "gone");
      assert.equal(erasure.posts, byAuthor.get(did)?.length, "the register tells how many");
      assert.deepEqual(await rollupsOf(running), expected);
      for (const asked of [`bluesky:${did}`, author]) {
        const after = await engine.find(asked);
        assert.equal(after.total, 0, `${asked}: ${JSON.stringify(after.stores.filter(({ hits }) => hits > 0))}`);
        assert.ok(after.stores.every(({ files }) => files > 0));
        assert.deepEqual(after.authors, []);
      }
      assert.equal((await idsOf(running, `author:${author}`)).size, 0);
      for (const post of byAuthor.get(did) ?? []) assert.equal(await engine.post(pseudonyms.postId("bluesky", post.id), {}), undefined);
    }
    // Accounts that the platform ended are in the register; the payment above was theirs too.
    const ended = world.oracle.erasedAuthors.filter(({ platform }) => platform === "bluesky");
    assert.ok(ended.length > 0);
    const register = new Map((await engine.erasures()).flatMap((erasure) => erasure.authors.map((author) => [author, erasure] as const)));
    let gone = 0;
    for (const { author } of ended) {
      assert.equal(register.get(pseudonyms.authorId("bluesky", author))?.state, "gone", author);
      // Who came back and wrote again is known by that.
      if (byAuthor.has(author)) continue;
      if (++gone > 2) continue;
      const found = await engine.find(author);
      assert.equal(found.total, 0, `${author}: ${JSON.stringify(found.stores.filter(({ hits }) => hits > 0))}`);
    }
    assert.ok(gone > 0);
    const kept = await rollupsOf(running);
    const posts = await idsOf(running, "");
    await engine.replay({ kind: "raw", fromMs: 0, toMs: Date.now() + 1 });
    await settle(running);
    assert.deepEqual(await rollupsOf(running), kept);
    assert.deepEqual(await idsOf(running, ""), posts);
  }
  // The platform itself sends them once more: everything from its beginning, to a source of another name.
  const again = { ...config, sources: { again: config.sources.bluesky } };
  await using running = await startIn(folder.path, again);
  const { engine, pseudonyms } = running;
  const state = await running.system.base.log.state("events");
  const before = state.reduce((sum, { next }) => sum + next, 0);
  await until(
    () => "the source has read all again",
    async () => (await engine.sources()).some(({ collected }) => collected >= sent.length),
  );
  await settle(running);
  assert.ok((await running.system.base.log.state("events")).reduce((sum, { next }) => sum + next, 0) > before);
  for (const did of [first, second]) {
    assert.equal((await idsOf(running, `author:${pseudonyms.authorId("bluesky", did)}`)).size, 0, `${did} after the platform sent all again`);
    const answer = await importLines(
      running,
      (byAuthor.get(did) ?? []).map(({ id, text, createdAt }) => ({ id, author: { id: did }, text, createdAt })),
      "bluesky",
    );
    assert.deepEqual([answer.accepted, answer.duplicate], [0, byAuthor.get(did)?.length]);
  }
  await settle(running);
  assert.equal((await idsOf(running, `author:${pseudonyms.authorId("bluesky", third)}`)).size, byAuthor.get(third)?.length);
});

test("an objection refuses later posts, a request alone does not; both survive a restart", async () => {
  using folder = makeFolder();
  const post = (who: string, id: string, createdAt: string) => ({ id, author: who, text: `word ${id}`, createdAt });
  const soon = new Date(Date.now() + 6 * hourMs).toISOString();
  {
    await using running = await startIn(folder.path, {}, { collect: false });
    await importLines(
      running,
      ["one", "two"].flatMap((name) => [post(`${name}.simulated.example`, `${name}-1`, at), post(`${name}.simulated.example`, `${name}-2`, at)]),
    );
    await importLines(running, [post("other.simulated.example", "other-1", at)]);
    for (const [name, objection] of [
      ["one.simulated.example", true],
      ["two.simulated.example", false],
    ] as const) {
      const [author] = await running.engine.resolveAuthor(name);
      assert.ok(author);
      const erasure = await eraseNow(running, author.author, objection);
      assert.deepEqual([erasure.state, erasure.posts, erasure.objection], ["gone", 2, objection]);
      assert.equal((await running.engine.find(name)).total, 0);
    }
    assert.deepEqual(await totalsBy(running, "platform"), { import: { posts: 1, likes: 0, shares: 0, replies: 0 } });
  }
  await using running = await startIn(folder.path, {}, { collect: false });
  const later = await importLines(running, [
    post("one.simulated.example", "one-3", soon),
    post("two.simulated.example", "two-3", soon),
    post("two.simulated.example", "two-1", at),
  ]);
  await settle(running);
  assert.deepEqual([later.accepted, later.duplicate], [1, 2]);
  assert.deepEqual([...(await idsOf(running, "word"))].toSorted(), [running.pseudonyms.postId("import", "two-3"), running.pseudonyms.postId("import", "other-1")].toSorted());
});

test("rejected items of an erased author go too", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, {}, { collect: false });
  const who = "rejected.simulated.example";
  await importLines(running, [
    { id: "1", author: who, text: "fine", createdAt: at },
    { id: "2", author: who, text: "no date" },
    `{"id":"3","author":"${who}","text":"cut off`,
    { id: "4", author: "else.simulated.example", text: `about @${who} and more`, createdAt: at },
  ]);
  await settle(running);
  assert.ok(((await foundIn(running, who))["log"] ?? 0) > 0);
  const [author] = await running.engine.resolveAuthor(who);
  assert.ok(author);
  await eraseNow(running, author.author);
  const after = await running.engine.find(who);
  assert.equal(after.total, 0, JSON.stringify(after.stores.filter(({ hits }) => hits > 0)));
  assert.equal((await idsOf(running, "")).size, 1, "whoever spoke of them keeps the post");
});

test("the removed simulated world is in no store and in no answer, and what is real stays", async () => {
  using folder = makeFolder();
  const sent: string[] = [];
  await using world = await startWorld({ seed: "removed", clock: "virtual", nowMs: Date.now() - hourMs, historyPosts: 300, historyHours: 2 }, (delivery) => {
    if (delivery.platform === "bluesky") sent.push(delivery.wire);
  });
  const sources = { simulated: { use: "bluesky", keep: "everything" as const, endpoints: [world.jetstreamUrl], startAt: "oldest", simulated: true } };
  const real = { real: { posts: 2, likes: 0, shares: 0, replies: 0 } };
  {
    await using running = await startIn(folder.path, { sources });
    await makeArrivals().waitFor(running, sent);
    await settle(running);
    const live = (await idsOf(running, "")).size;
    assert.ok(live > 150);
    await importLines(
      running,
      [
        { id: "1", author: "a", text: "real", createdAt: at },
        { id: "2", author: "b", text: "real", createdAt: at },
      ],
      "real",
    );
    await settle(running);
    assert.equal((await idsOf(running, "")).size, 2, "while there is something real, the simulated is left out");
    assert.deepEqual(await totalsBy(running, "platform"), real);
    const did = [...world.oracle.posts()].find((post) => post.platform === "bluesky" && post.delivered && post.deleted === null)?.author ?? "";
    assert.deepEqual(await running.engine.removeWorld(), { removedPosts: live });
    await running.system.threads.stores.caller.call("settle", { forget: true });
    for (const thread of running.system.threads.refine) await thread.caller.call("forgetLedger", undefined);
    const after = await foundIn(running, did);
    assert.deepEqual([after["search"], after["lake"], after["ledger"]], [0, 0, 0]);
    assert.deepEqual(await totalsBy(running, "platform"), real);
    const { rows } = await running.engine.sql.query("select count(*) as count from rollup_minute where platform = 'bluesky'").catch(() => ({ rows: [] }));
    if (rows[0] !== undefined) assert.equal(Number(rows[0]["count"]), 0);
  }
  await using running = await startIn(folder.path, {}, { collect: false });
  assert.deepEqual(await totalsBy(running, "platform"), real);
  assert.equal((await idsOf(running, "")).size, 2);
});
