import assert from "node:assert/strict";
import { test } from "node:test";
import { type World, startWorld } from "../../world/start.ts";
import { type FakeClock, makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { SourcePage } from "../core/source.ts";
import { drive } from "../http/loopback.fixtures.ts";
import bluesky from "./bluesky.ts";
import mastodon from "./mastodon.ts";
import { itemsOf, makeContext, openWith, readThrough, readUntil, holdStorm } from "./source.fixtures.ts";

const now = Date.UTC(2026, 8, 1, 12);
const small = { clock: "virtual", nowMs: now, historyPosts: 1_000, historyHours: 4, ratePerSecond: 4, seed: "connectors" } as const;

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const texts = (pages: readonly SourcePage[]) => new Set(itemsOf(pages).map((item) => textOf(item.bytes)));

/** A clock by which the world's windows end when ours do. */
function together(world: World): FakeClock {
  const own = makeFakeClock(now);
  return { ...own, advance: async (ms) => (await own.advance(ms), world.advanceTo(own.now())) };
}

test("Jetstream is read whole through cuts and refusals, and a restart from any page's cursor loses nothing", async (t) => {
  const sent: string[] = [];
  const faults = { cutAfterMessages: 100, refused: 0.1, tooManyRequests: 0.4, limitedMs: 30_000 };
  await using world = await startWorld({ ...small, ratePerSecond: 0, faults }, (delivery) => {
    if (delivery.platform === "bluesky") sent.push(delivery.wire);
  });
  const clock = together(world);
  await using context = makeContext({ clock });
  const { open } = openWith(bluesky, { endpoints: [world.jetstreamUrl, world.jetstreamUrl], startAt: "oldest", simulated: true });
  const last = sent.at(-1) ?? "";
  const until = (pages: readonly SourcePage[]) => itemsOf(pages.slice(-1)).some((item) => textOf(item.bytes) === last);
  const source = await open(context);
  const pages = await drive(clock, readThrough(source, clock, undefined, until), 50);
  const got = texts(pages);
  const { beyond, forcedMs } = world.waits.bluesky;
  holdStorm(t, { platform: "bluesky", wanted: sent.length, read: sent.filter((wire) => got.has(wire)).length, beyond, tookMs: clock.now() - now, forcedMs });
  assert.ok(pages.every((page) => page.items.length <= 500));
  for (const cut of [0, Math.floor(pages.length / 2)]) {
    const rest = texts(await drive(clock, readThrough(source, clock, pages[cut]?.cursor, until), 50));
    for (const item of itemsOf(pages.slice(0, cut + 1))) rest.add(textOf(item.bytes));
    assert.equal(sent.filter((wire) => !rest.has(wire)).length, 0, `cut after page ${cut}`);
  }
});

test("a Jetstream that no longer holds what follows the cursor tells a gap", async () => {
  await using world = await startWorld({ ...small, faults: "off" });
  const clock = makeFakeClock(now);
  await using context = makeContext({ clock });
  const { open } = openWith(bluesky, { endpoints: [world.jetstreamUrl], simulated: true });
  const dayAgo = now - 86_400_000;
  const [page] = await drive(
    clock,
    readUntil(await open(context), String(dayAgo * 1000), () => true),
    50,
  );
  assert.equal(page?.gap?.fromMs, dayAgo);
  assert.ok((page.gap?.toMs ?? 0) > dayAgo + 3_600_000);
});

test("when every endpoint fails the source gives up with UPSTREAM_UNAVAILABLE", async () => {
  const clock = makeFakeClock(now);
  await using context = makeContext({ clock });
  const { open } = openWith(bluesky, { endpoints: ["ws://127.0.0.1:1", "ws://127.0.0.1:2"] });
  await assert.rejects(
    drive(
      clock,
      readUntil(await open(context), undefined, () => true),
    ),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_UNAVAILABLE",
  );
});

test("a Mastodon server without a token is polled page by page from the cursor, through 429, 5xx and cut connections", async (t) => {
  const faults = { tooManyRequests: 0.3, limitedMs: 30_000, serverErrors: 0.1, resets: 0.05, garbage: 0.02 };
  await using world = await startWorld({ ...small, ratePerSecond: 0, faults, requestsPerWindow: 5, seed: "polled" });
  const clock = together(world);
  await using context = makeContext({ clock });
  const { open, parse } = openWith(mastodon, { server: world.mastodonUrl, simulated: true, backfillHours: 24, refreshMinutes: 0 });
  const wanted = new Set(
    [...world.oracle.posts()].filter((post) => post.platform === "mastodon" && post.deleted === null && post.delivered).map((post) => `simulated.example/${post.id}`),
  );
  assert.ok(wanted.size > 100);
  const cursor = JSON.stringify({ last: { public: String(BigInt(now - 6 * 3_600_000) << 16n) } });
  const seen = new Set<string>();
  const pages = await drive(
    clock,
    readThrough(await open(context), clock, cursor, (all) => {
      for (const item of itemsOf(all.slice(-1))) for (const outcome of parse(item.bytes)) if ("keep" in outcome && outcome.keep.type === "post") seen.add(outcome.keep.post.id);
      return wanted.isSubsetOf(seen);
    }),
    100,
  );
  const { beyond, forcedMs } = world.waits.mastodon;
  holdStorm(t, { platform: "mastodon", wanted: wanted.size, read: wanted.intersection(seen).size, beyond, tookMs: clock.now() - now, forcedMs });
  assert.ok(pages.length > 2);
});

for (const transport of ["websocket", "sse"] as const) {
  test(`Mastodon streaming by ${transport} brings every post and deletion, and fills a cut by polling`, async () => {
    const sent: { kind: string; id: string }[] = [];
    await using world = await startWorld({ ...small, historyPosts: 200, faults: "off", seed: "streamed" }, (delivery) => {
      if (delivery.platform === "mastodon" && delivery.wire.includes('"event":"delete"')) sent.push({ kind: "delete", id: delivery.wire });
    });
    sent.length = 0;
    const clock = makeFakeClock(now);
    await using context = makeContext({ clock, secrets: { "env:TOKEN": world.token } });
    const { open, parse } = openWith(mastodon, { server: world.mastodonUrl, token: "env:TOKEN", simulated: true, transport, refreshMinutes: 0 });
    const posts = new Set<string>();
    const deleted = new Set<string>();
    let phase = 0;
    const abort = new AbortController();
    const live = () =>
      [...world.oracle.posts()]
        .filter((post) => post.platform === "mastodon" && post.delivered && Date.parse(post.createdAt) > now + 1_000 && post.deleted === null)
        .map((post) => `simulated.example/${post.id}`);
    const reading = (async () => {
      for await (const page of (await open(context)).read(undefined, abort.signal)) {
        for (const item of page.items) {
          for (const outcome of parse(item.bytes)) {
            if ("keep" in outcome && outcome.keep.type === "post") posts.add(outcome.keep.post.id);
            if ("keep" in outcome && outcome.keep.type === "delete") deleted.add(outcome.keep.id);
          }
        }
      }
    })();
    const step = (async () => {
      while (phase < 40) {
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        if (!context.states.some((status) => status.state === "live")) continue;
        world.advanceBy(5_000);
        if (++phase % 13 === 0) world.cutStreams();
      }
      while (!live().every((id) => posts.has(id))) await new Promise((resolve) => setImmediate(resolve));
      abort.abort();
    })();
    await drive(clock, Promise.all([reading, step]), 100);
    assert.ok(live().length > 50);
    assert.ok(deleted.size > 0 || sent.length === 0);
  });
}

test("a server that shows its timeline to accounts only is told as UPSTREAM_AUTH, with what to do", async () => {
  await using world = await startWorld({ ...small, historyPosts: 50, faults: "off", tokenForTimelines: true });
  const clock = makeFakeClock(now);
  await using context = makeContext({ clock, secrets: { "env:WRONG": "nonsense" } });
  for (const [options, pattern] of [
    [{}, /make an access token/],
    [{ token: "env:WRONG" }, /refused the access token/],
  ] as const) {
    const { open } = openWith(mastodon, { server: world.mastodonUrl, ...options });
    await assert.rejects(
      drive(
        clock,
        readUntil(await open(context), undefined, () => true),
      ),
      (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH" && pattern.test(error.message) && !error.message.includes("nonsense"),
    );
  }
});

test("counts are read again later, and a status that is gone by then is deleted", async () => {
  await using world = await startWorld({ ...small, historyPosts: 300, faults: "off", seed: "refreshed" });
  const clock = makeFakeClock(now);
  await using context = makeContext({ clock });
  const { open, parse } = openWith(mastodon, { server: world.mastodonUrl, simulated: true, refreshMinutes: 10 });
  const before = new Map<string, number>();
  let again = 0;
  let gone = 0;
  await drive(
    clock,
    readUntil(await open(context), undefined, (pages) => {
      for (const item of itemsOf(pages.slice(-1))) {
        for (const outcome of parse(item.bytes)) {
          if ("keep" in outcome && outcome.keep.type === "delete") gone++;
          if (!("keep" in outcome) || outcome.keep.type !== "post") continue;
          if (before.has(outcome.keep.post.id)) again++;
          before.set(outcome.keep.post.id, outcome.keep.post.counts?.likes ?? 0);
        }
      }
      if (pages.length === 1) world.advanceBy(3_600_000);
      return again >= 20 && pages.length > 3;
    }),
    5_000,
  );
  assert.ok(again >= 20, `${again} read again, ${gone} gone`);
});
