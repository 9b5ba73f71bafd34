import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReadFilter } from "../../src/core/filter.ts";
import type { PostId } from "../../src/core/ids.ts";
import { startWorld } from "../../world/start.ts";
import type { Delivery } from "../../world/delivery.ts";
import type { Truth } from "../../world/truth.ts";
import { makeArrivals, makeFolder, type Running, settle, startIn, until } from "./system.fixtures.ts";

const hourMs = 3_600_000;
const deepest = 6;

/** The pages that a post links, by what the world knows: a story's by its id, whatever address was written; others differ in tracking alone. */
function pagesOf({ links, story }: Truth): readonly string[] {
  return links.map((link) => {
    if (story !== null && link.includes("stories")) return `story ${story}`;
    const url = new URL(link);
    url.searchParams.delete("utm_source");
    return url.href;
  });
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
  const pages = grouped((truth) => (truth.reshareOf === null ? pagesOf(truth) : []));
  /** @param copies as we told them, which an approximate method found */
  const spreadOf = (root: Truth, copies: readonly string[]): { readonly members: Set<string>; readonly exact: boolean } => {
    const members = new Set<string>();
    let level = [root.id];
    for (let depth = 0; depth < deepest; depth++) {
      const found = level.flatMap((id) => [...(reshares.get(id) ?? []), ...(quotes.get(id) ?? [])]);
      if (depth === 0) found.push(...copies, ...pagesOf(root).flatMap((page) => pages.get(page) ?? []));
      level = [...new Set(found)].filter((id) => id !== root.id && !members.has(id));
      for (const id of level) members.add(id);
    }
    return { members, exact: !level.some((id) => reshares.has(id) || quotes.has(id)) };
  };
  return { live, spreadOf };
}

const idIn = ({ pseudonyms }: Running, { platform, id }: Truth): PostId => pseudonyms.postId(platform, platform === "mastodon" ? `simulated.example/${id}` : id);

async function compare(running: Running, truths: readonly Truth[], filter: ReadFilter = {}) {
  const { engine } = running;
  const native = new Map(truths.map((truth) => [idIn(running, truth), truth.id]));
  const { live, spreadOf } = makeOracle(truths);
  const seen = { roots: 0, members: 0, copies: 0, wrongCopies: 0, abroad: 0 };
  for (const root of live.values()) {
    if (root.reshareOf !== null || root.quoteOf !== null) continue;
    const found = await engine.provenance.spread(idIn(running, root), filter, 500);
    assert.ok(found !== undefined && found.original?.id === idIn(running, root), root.id);
    const told = found.shown.map(({ post }) => native.get(post.id) ?? `unknown ${post.id}`);
    const copies = found.shown.filter(({ tie }) => tie === "copy").map(({ post }) => native.get(post.id) ?? "");
    const { members, exact } = spreadOf(root, copies);
    assert.deepEqual(told.toSorted(), [...members].toSorted(), `${root.id}: ${root.text}`);
    assert.deepEqual([found.posts, found.exact, found.cells.reduce((sum, { posts }) => sum + posts, 0)], [told.length, exact, told.length]);
    for (const { tie, post } of found.shown) {
      if (post.platform !== root.platform) seen.abroad++;
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

test("what spreads from each post of the world, on both platforms, is what the world knows, and no longer holds what was deleted", async () => {
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
      mix: { malformed: 0, drifted: 0, boosts: 0.25, quotes: 0.12, nearDuplicates: 0.08, stories: 0.15 },
    },
    (delivery) => sent.push(delivery),
  );
  const config = {
    sources: {
      mastodon: { use: "mastodon", server: world.mastodonUrl, token: "env:SIMULATED_TOKEN", simulated: true, refreshMinutes: 0 },
      bluesky: { use: "bluesky", keep: "everything" as const, endpoints: [world.jetstreamUrl], startAt: "oldest", simulated: true },
    },
  };
  await using running = await startIn(folder.path, config, { env: { SIMULATED_TOKEN: "simulated-token" } });
  await until(
    () => "both streams are live",
    async () => world.connections === 2 && (await running.engine.sources()).every(({ status }) => status.state === "live"),
  );
  world.advanceBy(hourMs);
  const wanted = sent.flatMap(({ platform, kind, payload, wire }) => (platform === "bluesky" ? [wire] : kind === "post" && payload !== undefined ? [payload] : []));
  await makeArrivals().waitFor(running, wanted);
  const ofMastodon = sent.filter(({ platform }) => platform === "mastodon").length;
  await until(
    () => "all messages",
    async () => ((await running.engine.sources()).find(({ id }) => id === "mastodon")?.collected ?? 0) >= ofMastodon,
  );
  await settle(running);
  const truths = () => [...world.oracle.posts()];
  const seen = await compare(running, truths());
  assert.ok(seen.roots > 60 && seen.members > 300 && seen.copies > 5 && seen.abroad > 100, JSON.stringify(seen));
  assert.ok(seen.wrongCopies <= seen.copies * 0.02, JSON.stringify(seen));

  // Who may see one platform alone is told of nothing beyond it, nor of what only the rest leads to.
  const kept = await compare(
    running,
    truths().filter(({ platform }) => platform === "mastodon"),
    { platforms: ["mastodon"] },
  );
  assert.ok(kept.members > 100 && kept.abroad === 0, JSON.stringify(kept));

  // An account that goes takes its posts out of every group, and what only they led to.
  const all = truths();
  const truth = all.find((one) => one.deleted === null && one.delivered && one.quoteOf !== null && all.some((other) => other.reshareOf === one.id || other.quoteOf === one.id));
  assert.ok(truth);
  const author = (await running.engine.post(idIn(running, truth), {}))?.author;
  assert.ok(author);
  const erasure = await running.engine.erase(author, { reason: "subject-request", objection: false, now: true, actor: "admin" });
  assert.equal(erasure.state, "gone");
  await settle(running);
  assert.equal((await running.engine.find(author)).total, 0, "no byte of them is left");
  const after = await compare(
    running,
    all.map((one) => (one.author === truth.author ? { ...one, deleted: "erase" as const } : one)),
  );
  assert.ok(after.members < seen.members, JSON.stringify([seen, after]));
});
