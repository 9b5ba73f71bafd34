import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostId } from "../../src/core/ids.ts";
import { startWorld } from "../../world/start.ts";
import type { Delivery } from "../../world/delivery.ts";
import type { Truth } from "../../world/truth.ts";
import { makeArrivals, makeFolder, type Running, settle, startIn, until } from "./system.fixtures.ts";

const hourMs = 3_600_000;
const deepest = 6;

/** Written apart from ours: the world's links differ in tracking alone. */
function pageOf(link: string): string {
  const url = new URL(link);
  url.searchParams.delete("utm_source");
  url.searchParams.sort();
  return url.href;
}

/** By what the world knows alone: each live post, and what shares, quotes or links with it. */
function makeOracle(truths: readonly Truth[]) {
  const live = new Map(truths.filter((truth) => truth.delivered && truth.deleted === null).map((truth) => [truth.id, truth]));
  const grouped = (keys: (truth: Truth) => readonly (string | null)[]) => {
    const groups = new Map<string, string[]>();
    for (const truth of live.values()) for (const key of keys(truth)) if (key !== null) groups.set(key, [...(groups.get(key) ?? []), truth.id]);
    return groups;
  };
  const reshares = grouped((truth) => [truth.reshareOf]);
  const quotes = grouped((truth) => [truth.quoteOf]);
  const pages = grouped((truth) => (truth.reshareOf === null ? truth.links.map(pageOf) : []));
  /** @param copies as we told them, which an approximate method found */
  const spreadOf = (root: Truth, copies: readonly string[]): { readonly members: Set<string>; readonly exact: boolean } => {
    const members = new Set<string>();
    let level = [root.id];
    for (let depth = 0; depth < deepest; depth++) {
      const found = level.flatMap((id) => [...(reshares.get(id) ?? []), ...(quotes.get(id) ?? [])]);
      if (depth === 0) found.push(...copies, ...root.links.flatMap((link) => pages.get(pageOf(link)) ?? []));
      level = [...new Set(found)].filter((id) => id !== root.id && !members.has(id));
      for (const id of level) members.add(id);
    }
    return { members, exact: !level.some((id) => reshares.has(id) || quotes.has(id)) };
  };
  return { live, spreadOf };
}

async function compare(
  running: Running,
  truths: readonly Truth[],
): Promise<{ readonly roots: number; readonly members: number; readonly copies: number; readonly wrongCopies: number }> {
  const { engine, pseudonyms } = running;
  const idOf = (native: string): PostId => pseudonyms.postId("mastodon", `simulated.example/${native}`);
  const native = new Map(truths.map((truth) => [idOf(truth.id), truth.id]));
  const { live, spreadOf } = makeOracle(truths);
  const seen = { roots: 0, members: 0, copies: 0, wrongCopies: 0 };
  for (const root of live.values()) {
    if (root.reshareOf !== null || root.quoteOf !== null) continue;
    const found = await engine.provenance.spread(idOf(root.id), {}, 500);
    assert.ok(found !== undefined && found.original?.id === idOf(root.id), root.id);
    const told = found.shown.map(({ post }) => native.get(post.id) ?? `unknown ${post.id}`);
    const copies = found.shown.filter(({ tie }) => tie === "copy").map(({ post }) => native.get(post.id) ?? "");
    const { members, exact } = spreadOf(root, copies);
    assert.deepEqual(told.toSorted(), [...members].toSorted(), `${root.id}: ${root.text}`);
    assert.deepEqual([found.posts, found.exact, found.cells.reduce((sum, { posts }) => sum + posts, 0)], [told.length, exact, told.length]);
    for (const { tie, post } of found.shown) {
      const truth = live.get(native.get(post.id) ?? "");
      if (tie === "reshare") assert.notEqual(truth?.reshareOf, null);
      if (tie === "quote") assert.notEqual(truth?.quoteOf, null);
      if (tie !== "copy") continue;
      seen.copies++;
      const group = (one: Truth | undefined) => one?.duplicateGroup ?? one?.id;
      if (group(truth) !== group(root) && (truth?.saying !== root.saying || root.saying === null)) seen.wrongCopies++;
    }
    if (told.length > 0) seen.roots++;
    seen.members += told.length;
  }
  return seen;
}

test("what spreads from each post of the world is what the world knows, and no longer holds what was deleted", async () => {
  using folder = makeFolder();
  const sent: Delivery[] = [];
  await using world = await startWorld(
    {
      clock: "virtual",
      nowMs: Date.now() - 8 * hourMs,
      faults: "off",
      seed: "spread",
      historyPosts: 0,
      ratePerSecond: 0.3,
      mix: { malformed: 0, drifted: 0, boosts: 0.25, quotes: 0.15, nearDuplicates: 0.1 },
    },
    (delivery) => sent.push(delivery),
  );
  const config = { sources: { mastodon: { use: "mastodon", server: world.mastodonUrl, token: "env:SIMULATED_TOKEN", simulated: true, refreshMinutes: 0 } } };
  await using running = await startIn(folder.path, config, { env: { SIMULATED_TOKEN: "simulated-token" } });
  await until(
    () => "the stream is live",
    async () => world.connections === 1 && (await running.engine.sources())[0]?.status.state === "live",
  );
  world.advanceBy(hourMs);
  const ours = () => sent.filter(({ platform }) => platform === "mastodon");
  await makeArrivals().waitFor(
    running,
    ours().flatMap(({ kind, payload }) => (kind === "post" && payload !== undefined ? [payload] : [])),
  );
  await until(
    () => "all messages",
    async () => (await running.engine.sources()).reduce((sum, source) => sum + source.collected, 0) >= ours().length,
  );
  await settle(running);
  const truths = () => [...world.oracle.posts()].filter(({ platform }) => platform === "mastodon");
  const seen = await compare(running, truths());
  assert.ok(seen.roots > 30 && seen.members > 100 && seen.copies > 5, JSON.stringify(seen));
  assert.ok(seen.wrongCopies <= seen.copies * 0.02, JSON.stringify(seen));

  // An account that goes takes its posts out of every group, and what only they led to.
  const truth = truths().find(
    (one) => one.deleted === null && one.delivered && one.quoteOf !== null && truths().some((other) => other.reshareOf === one.id || other.quoteOf === one.id),
  );
  assert.ok(truth);
  const author = (await running.engine.post(running.pseudonyms.postId("mastodon", `simulated.example/${truth.id}`), {}))?.author;
  assert.ok(author);
  await running.engine.erase(author, { reason: "subject-request", objection: false, now: true, actor: "admin" });
  await settle(running);
  const erased = new Set(
    truths()
      .filter((one) => one.author === truth.author)
      .map((one) => one.id),
  );
  const after = await compare(
    running,
    truths().map((one) => (erased.has(one.id) ? { ...one, deleted: "erase" as const } : one)),
  );
  assert.ok(after.members < seen.members, JSON.stringify([seen, after]));
});
