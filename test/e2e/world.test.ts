import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostId } from "../../src/core/ids.ts";
import type { Post } from "../../src/core/event.ts";
import type { Delivery } from "../../world/delivery.ts";
import { startWorld, type World, type WorldOptions } from "../../world/start.ts";
import type { Truth } from "../../world/truth.ts";
import { allTime, idsOf, indexed, makeArrivals, makeFolder, nobody, type Running, settle, startIn, totalsOf, until } from "./system.fixtures.ts";

const hourMs = 3_600_000;
const token = { SIMULATED_TOKEN: "simulated-token" };

/** A world that stands still until it is told to go on, and what it has sent. */
async function openWorld(options: Partial<WorldOptions> & { readonly seed: string }): Promise<{ readonly world: World; readonly sent: Delivery[] } & AsyncDisposable> {
  const sent: Delivery[] = [];
  const world = await startWorld({ clock: "virtual", nowMs: Date.now() - 8 * hourMs, faults: "off", delayFactor: 2, ...options }, (delivery) => sent.push(delivery));
  return { world, sent, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

const wiresOf = (sent: readonly Delivery[], platform: "bluesky" | "mastodon") => sent.filter((delivery) => delivery.platform === platform).map(({ wire }) => wire);

/** Mastodon's envelopes are taken off on the way in. */
function payloadsOf(sent: readonly Delivery[]): string[] {
  return sent.filter(({ platform, kind }) => platform === "mastodon" && kind === "post").flatMap(({ payload }) => (payload === undefined ? [] : [payload]));
}

function nativeId(truth: Truth): string {
  return truth.platform === "bluesky" ? truth.id : `simulated.example/${truth.id}`;
}

/** Accounts are masked in stored texts, links are without their trackers, and runs of spaces are one. */
function comparable(text: string): string {
  return text
    .normalize("NFC")
    .replaceAll(/@m_[A-Za-z0-9_-]{22}/g, "@~")
    .replaceAll(/(?<![\w.+-])@[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?(?:@[\w.-]*\w)?/g, "@~")
    .replaceAll(/([?&])utm_\w+=\w+&?/g, "$1")
    .replaceAll(/[\s\u00a0]+/g, " ")
    .trim();
}

const isLive = (truth: Truth) => truth.delivered && truth.deleted === null;

/** Every post of the oracle is there as it says, and nothing else is. */
async function compare(running: Running, world: World, platform: "bluesky" | "mastodon"): Promise<{ live: number; gone: number; edited: number; withCounts: number }> {
  const { engine, pseudonyms } = running;
  const truths = [...world.oracle.posts()].filter((truth) => truth.platform === platform);
  const stored = new Map<PostId, Post>();
  for await (const page of engine.export(`platform:${platform}`, {}, nobody)) for (const post of page) stored.set(post.id, post);
  const ambiguous = new Set(world.oracle.ambiguousIds.map((id) => pseudonyms.postId(platform, platform === "bluesky" ? id : `simulated.example/${id}`)));
  const known = new Set<PostId>();
  const seen = { live: 0, gone: 0, edited: 0, withCounts: 0 };
  const wrong: string[] = [];
  const authors = new Map<string, string>();
  for (const truth of truths) {
    const id = pseudonyms.postId(platform, nativeId(truth));
    known.add(id);
    const post = stored.get(id);
    if (!isLive(truth)) {
      seen.gone++;
      if (post !== undefined) wrong.push(`${truth.id}: ${truth.deleted ?? "never sent"}, and yet there`);
      continue;
    }
    seen.live++;
    if (truth.revision > 0) seen.edited++;
    if (truth.likes + truth.shares > 0) seen.withCounts++;
    if (post === undefined) {
      wrong.push(`${truth.id}: not there`);
      continue;
    }
    const counts = platform === "bluesky" ? [truth.likes, truth.shares] : [truth.likes, truth.shares, truth.replies];
    const got = platform === "bluesky" ? [post.counts.likes, post.counts.shares] : [post.counts.likes, post.counts.shares, post.counts.replies];
    if (!authors.has(truth.author)) authors.set(truth.author, post.author);
    const expected = { text: comparable(truth.text), counts, createdAt: Date.parse(truth.createdAt), author: authors.get(truth.author), isEdited: truth.revision > 0 };
    const actual = { text: comparable(post.text), counts: got, createdAt: post.createdAt, author: post.author, isEdited: post.editedAt !== undefined };
    try {
      assert.deepEqual(actual, expected);
      if (platform === "mastodon" && truth.editedAt !== null) assert.equal(post.editedAt, Date.parse(truth.editedAt));
      if (platform === "bluesky") assert.equal(post.author, pseudonyms.authorId(platform, truth.author));
    } catch (error) {
      wrong.push(`${truth.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const id of stored.keys()) if (!known.has(id) && !ambiguous.has(id)) wrong.push(`${id}: nobody knows of it`);
  assert.equal(wrong.length, 0, `${wrong.length} of ${truths.length} differ:\n${wrong.slice(0, 5).join("\n")}`);
  for (const truth of truths.filter((_, i) => i % 37 === 0)) {
    const id = pseudonyms.postId(platform, nativeId(truth));
    const post = await engine.post(id, {});
    assert.equal(post !== undefined, isLive(truth), truth.id);
    if (post !== undefined) assert.deepEqual(post, stored.get(id), "the page of one post shows what the list shows");
  }
  return seen;
}

/** Our rollups, minute by minute, against sums over the oracle's posts. */
async function compareRollups(running: Running, world: World, platform: "bluesky" | "mastodon"): Promise<void> {
  const expected = new Map<number, { posts: number; likes: number; shares: number; replies: number }>();
  for (const row of world.oracle.rollups()) {
    if (row.by !== "language" || row.platform !== platform) continue;
    const at = Date.parse(`${row.minute}:00Z`);
    const sums = expected.get(at) ?? { posts: 0, likes: 0, shares: 0, replies: 0 };
    for (const name of ["posts", "likes", "shares"] as const) sums[name] += row[name];
    if (platform === "mastodon") sums.replies += row.replies;
    expected.set(at, sums);
  }
  const { rows } = await running.engine.rollups({ ...allTime, grain: "minute", by: ["platform"], filter: { platforms: [platform] } });
  const actual = new Map(rows.map((row) => [row.at ?? 0, totalsOf(row)]));
  const ambiguous = world.oracle.ambiguousIds.length;
  const differing = [...new Set([...expected.keys(), ...actual.keys()])].filter((at) => JSON.stringify(expected.get(at)) !== JSON.stringify(actual.get(at)));
  assert.ok(
    differing.length <= ambiguous,
    `${differing.length} minutes differ, ${ambiguous} posts may: ${JSON.stringify(differing.slice(0, 3).map((at) => [new Date(at), expected.get(at), actual.get(at)]))}`,
  );
}

/** What cannot be a post lies in the quarantine, and nothing else. */
async function compareRejected(running: Running, sent: readonly Delivery[], platform: "bluesky" | "mastodon"): Promise<number> {
  const { engine } = running;
  const bad = new Set(sent.filter((delivery) => delivery.platform === platform && delivery.kind === "malformed").map(({ wire }) => wire));
  const maybe = new Set(sent.filter((delivery) => delivery.platform === platform && delivery.kind === "ambiguous").map(({ wire }) => wire));
  const raws = new Set<string>();
  await indexed(running);
  let cursor: string | undefined;
  do {
    const page = await engine.quarantine({ source: platform, limit: 7, ...(cursor !== undefined && { cursor }) });
    for (const item of page.items) {
      assert.match(item.code, /^[A-Z0-9_]+$/);
      assert.notEqual(item.message, "");
      raws.add((await engine.quarantineItem(item.id))?.raw ?? "");
    }
    cursor = page.next;
  } while (cursor !== undefined);
  if (platform === "bluesky") {
    assert.deepEqual(
      [...bad].filter((wire) => !raws.has(wire)),
      [],
      "everything malformed is in the quarantine",
    );
    assert.deepEqual(
      [...raws].filter((wire) => !bad.has(wire) && !maybe.has(wire)),
      [],
      "nothing else is",
    );
  } else assert.ok(raws.size >= bad.size && raws.size <= bad.size + maybe.size, `${raws.size} rejected, ${bad.size} malformed, ${maybe.size} ambiguous`);
  return raws.size;
}

test("Jetstream through cuts, refusals and two restarts: posts, edits, counts, deletions, erasures, rollups and rejected items are what the world knows", async () => {
  using folder = makeFolder();
  await using opened = await openWorld({ seed: "jetstream", historyPosts: 1_500, historyHours: 3, ratePerSecond: 0.35, mix: { malformed: 0.01, drifted: 0.02, endings: 0.04 } });
  const { world, sent } = opened;
  world.setFaults({ cutAfterMessages: 700, refused: 0.2 });
  const config = { sources: { bluesky: { use: "bluesky", keep: "everything" as const, endpoints: [world.jetstreamUrl, world.jetstreamUrl], startAt: "oldest" } } };
  const arrivals = makeArrivals();
  for (let run = 0; run < 3; run++) {
    await using running = await startIn(folder.path, config);
    world.advanceBy(hourMs);
    if (run < 2) {
      // Stopped while it is at work: part of what was sent is in the log, less of it is refined.
      const before = await running.system.base.log.state("events");
      await until(
        () => "something arrives",
        async () => (await running.system.base.log.state("events")).some(({ next }, partition) => next > (before[partition]?.next ?? 0) + 100),
      );
      continue;
    }
    world.cutStreams();
    world.advanceBy(hourMs);
    await arrivals.waitFor(running, wiresOf(sent, "bluesky"));
    await settle(running);
    const seen = await compare(running, world, "bluesky");
    assert.ok(seen.live > 1_500 && seen.gone > 50 && seen.edited > 30 && seen.withCounts > 300, JSON.stringify(seen));
    await compareRollups(running, world, "bluesky");
    assert.ok((await compareRejected(running, sent, "bluesky")) > 5);
    // A cut stream begins again a little earlier: what it repeats is refined like the rest.
    await until(
      () => "all is refined",
      async () => (await running.engine.stats()).lag.refine === 0,
    );
    assert.deepEqual(
      running.told.filter((line) => line.startsWith("error")),
      [],
    );
  }
  // What was read once is neither lost nor doubled by reading it from the stores alone.
  await using running = await startIn(folder.path, config, { collect: false });
  await settle(running);
  await compare(running, world, "bluesky");
  await compareRollups(running, world, "bluesky");
});

test("Mastodon by streaming: posts, edits, boosts, counts and deletions are what the world knows, also after a restart", async () => {
  using folder = makeFolder();
  await using opened = await openWorld({ seed: "mastodon", historyPosts: 0, ratePerSecond: 0.3, mix: { malformed: 0.01, drifted: 0.02 } });
  const { world, sent } = opened;
  const config = { sources: { mastodon: { use: "mastodon", server: world.mastodonUrl, token: "env:SIMULATED_TOKEN", simulated: true, refreshMinutes: 0 } } };
  const arrivals = makeArrivals();
  for (let run = 0; run < 2; run++) {
    await using running = await startIn(folder.path, config, { env: token });
    const sentBefore = sent.filter(({ platform }) => platform === "mastodon").length;
    for (let part = 0; part < 3; part++) {
      await until(
        () => "the stream is live",
        async () => world.connections === 1 && (await running.engine.sources())[0]?.status.state === "live",
      );
      world.advanceBy(hourMs);
      await arrivals.waitFor(running, payloadsOf(sent));
      const deletions = sent.filter(({ platform, kind }) => platform === "mastodon" && kind === "delete").length;
      const sentNow = sent.filter(({ platform }) => platform === "mastodon").length;
      await until(
        () => `all of ${sentNow} messages, ${deletions} of them deletions`,
        async () => (await collected(running)) >= sentNow - sentBefore,
      );
      world.cutStreams();
      // The next part begins when a new connection stands.
      while (world.connections > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await settle(running);
    const seen = await compare(running, world, "mastodon");
    assert.ok(seen.live > 200 * (run + 1) && seen.gone > 5 && seen.edited > 3 && seen.withCounts > 20, JSON.stringify(seen));
    await compareRollups(running, world, "mastodon");
    // Statuses without a date that can be read may be taken by the time in their id, or refused.
    const maybe = world.oracle.ambiguousIds.length;
    const { size } = await idsOf(running, "source:mastodon");
    assert.ok(size >= seen.live && size <= seen.live + maybe, `${size} stored, ${seen.live} live, ${maybe} may be`);
    assert.deepEqual(
      running.told.filter((line) => line.startsWith("error")),
      [],
    );
  }
  await using running = await startIn(folder.path, config, { collect: false });
  await settle(running);
  await compareRejected(running, sent, "mastodon");
});

async function collected(running: Running): Promise<number> {
  return (await running.engine.sources()).reduce((sum, source) => sum + source.collected, 0);
}
