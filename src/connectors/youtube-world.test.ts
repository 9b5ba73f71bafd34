import assert from "node:assert/strict";
import { test } from "node:test";
import { startYouTube, type YouTubeWorld } from "../../world/servers/youtube.ts";
import { type FakeClock, makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { drive, driveCalls } from "../http/loopback.fixtures.ts";
import { itemsOf, makeContext, openWith, readThrough, readUntil, holdStorm } from "./source.fixtures.ts";
import youtube from "./youtube.ts";

const now = Date.UTC(2026, 8, 1, 12);
const hourMs = 3_600_000;
const storm = { rateLimited: 0.3, serverErrors: 0.1, resets: 0.05, cuts: 0.05 };

async function openReader(world: YouTubeWorld, clock: FakeClock, more: Record<string, unknown> = {}) {
  const context = makeContext({ clock, secrets: { "env:KEY": "world-key" } });
  const options = { key: "env:KEY", channels: world.channelIds, address: world.url, simulated: true, pollMinutes: 60, ...more };
  const { open, parse } = openWith(youtube, options);
  const source = await open(context);
  return {
    context,
    source,
    options: youtube.options.parse(options),
    read: (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean, stepMs = 1_000) => driveCalls(clock, readThrough(source, clock, cursor, enough), stepMs),
    events: (pages: readonly SourcePage[]): SourceEvent[] =>
      itemsOf(pages).flatMap(({ bytes }) =>
        parse(bytes).map((outcome) => {
          assert.ok("keep" in outcome, JSON.stringify(outcome));
          return outcome.keep;
        }),
      ),
  };
}

/** Everything that the world has shown to the public. */
function truth(world: YouTubeWorld): Set<string> {
  return new Set(
    world.videos.flatMap((video) => [video.id, ...(video.commentsOff ? [] : video.threads.flatMap((thread) => [thread.id, ...thread.replies.map((reply) => reply.id)]))]),
  );
}

const keysOf = (pages: readonly SourcePage[]) => new Set(itemsOf(pages).map((item) => item.key));

function hasAll(world: YouTubeWorld): (pages: readonly SourcePage[]) => boolean {
  return (pages) => {
    const keys = keysOf(pages);
    return [...truth(world)].every((id) => keys.has(id));
  };
}

for (const [name, faults] of [
  ["none", {}],
  ["30% rate limits, 10% failures, cut connections, few units a day", storm],
] as const) {
  test(`every video, comment and reply of channels is read, with faults: ${name}`, async (t) => {
    const clock = makeFakeClock(now);
    const quota = name === "none" ? {} : { unitsPerDay: 40 };
    await using world = await startYouTube({ seed: name, nowMs: () => clock.now(), faults, channels: 3, videosEach: 4, threadsEach: 6, ...quota });
    const reader = await openReader(world, clock, quota);
    await using _ = reader.context;
    const pages = await reader.read(undefined, hasAll(world), name === "none" ? 1_000 : 60_000);
    if (name !== "none")
      holdStorm(t, {
        platform: "youtube",
        wanted: truth(world).size,
        read: new Set(keysOf(pages)).intersection(truth(world)).size,
        beyond: world.beyond,
        tookMs: clock.now() - now,
        forcedMs: world.forcedMs,
      });
    assert.deepEqual(keysOf(pages), truth(world));
    const posts = new Map(reader.events(pages).flatMap((event) => (event.type === "post" ? [[event.post.id, event.post]] : [])));
    for (const video of world.videos) {
      const post = posts.get(video.id);
      assert.equal(post?.text, `${video.title}\n\n${video.description}`);
      for (const thread of video.threads) {
        assert.deepEqual([posts.get(thread.id)?.replyTo, posts.get(thread.id)?.text], [video.id, thread.text]);
        for (const reply of thread.replies) assert.deepEqual([posts.get(reply.id)?.replyTo, posts.get(reply.id)?.root], [thread.id, video.id]);
      }
    }
    assert.equal(world.answered.get("quotaExceeded"), undefined);
  });
}

test("a search goes on past the cap of 500 results, and a restart from any page's cursor loses nothing", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "cap", nowMs: () => clock.now(), channels: 1, videosEach: 0, unitsPerDay: 1_000_000 });
  const [channel = ""] = world.channelIds;
  for (let count = 0; count < 730; count += 1) world.upload(channel, now - hourMs * 20 + count * 60_000);
  const reader = await openReader(world, clock, { channels: [], queries: ["ham"], comments: false, unitsPerDay: 1_000_000, storedItems: 50_000 });
  await using _ = reader.context;
  const pages = await reader.read(undefined, hasAll(world));
  assert.equal(keysOf(pages).size, 730);
  for (const cut of [0, 3, 8, 12]) {
    const keys = keysOf(pages.slice(0, cut + 1));
    const missing = () => [...truth(world)].filter((id) => !keys.has(id));
    const later = await reader.read(pages[cut]?.cursor, (more) => missing().every((id) => keysOf(more).has(id)));
    assert.ok(later.length > 0, `cut after page ${cut}`);
  }
});

test("no day draws more than its units, and nothing waits longer than the quota forces", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "quota", nowMs: () => clock.now(), channels: 2, videosEach: 6, threadsEach: 10, unitsPerDay: 40 });
  const reader = await openReader(world, clock, { unitsPerDay: 40 });
  await using _ = reader.context;
  const pages = await reader.read(undefined, hasAll(world), 60_000);
  assert.deepEqual(keysOf(pages), truth(world));
  assert.equal(world.answered.get("quotaExceeded"), undefined);
  assert.ok(
    [...world.drawn.values()].every((units) => units <= 40),
    JSON.stringify([...world.drawn]),
  );
  // Midnight in Los Angeles is 7:00 UTC in September: the first wait is 19 hours, each further one a day.
  const forcedMs = 19 * hourMs + (world.drawn.size - 2) * 24 * hourMs;
  assert.ok(world.drawn.size >= 2);
  assert.ok(clock.now() - now <= forcedMs * 1.2, `${(clock.now() - now) / hourMs} hours, forced ${forcedMs / hourMs}`);
});

test("new uploads and new replies are found; a video without comments is passed over; a restart from any page loses nothing", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "later", nowMs: () => clock.now(), channels: 2, videosEach: 3, threadsEach: 4 });
  const [quiet, lively] = world.videos;
  assert.ok(quiet && lively);
  quiet.commentsOff = true;
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const pages = [...(await reader.read(undefined, hasAll(world), 10_000))];
  world.upload(lively.channelId);
  const thread = lively.threads[0];
  assert.ok(thread);
  world.comment(lively, thread);
  pages.push(...(await reader.read(pages.at(-1)?.cursor, (more) => hasAll(world)([...pages, ...more]), 10_000)));
  for (const [cut, page] of pages.entries()) {
    const before = pages.slice(0, cut + 1);
    if (hasAll(world)(before)) continue;
    await reader.read(page.cursor, (more) => hasAll(world)([...before, ...more]), 60_000);
  }
  assert.deepEqual(keysOf(pages), truth(world));
});

test("a comment that was edited, and one that went while another came, are found within a day, and nothing else is given again", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "edits", nowMs: () => clock.now(), channels: 1, videosEach: 2, threadsEach: 6 });
  const reader = await openReader(world, clock, { pollMinutes: 1_440 });
  await using _ = reader.context;
  const [video] = world.videos;
  const [edited, gone, ofReply] = video?.threads ?? [];
  assert.ok(video && edited && gone && ofReply);
  const reply = ofReply.replies[0] ?? world.comment(video, ofReply);
  let step = 0;
  let before = 0;
  const pages = await reader.read(
    undefined,
    (all) => {
      if (step === 0 && hasAll(world)(all) && clock.now() - now > 30 * hourMs) {
        step = 1;
        before = all.length;
        world.edit(edited, "another word");
        world.edit(reply, "another reply");
        world.remove(gone.id);
        for (const one of gone.replies) world.remove(one.id);
        for (let come = 0; come < 1 + gone.replies.length; come += 1) world.comment(video);
      }
      return step === 1 && reader.events(all.slice(before)).some((event) => event.type === "delete");
    },
    600_000,
  );
  const changedAt = edited.updatedMs;
  assert.ok(clock.now() - changedAt <= 25 * hourMs, `${(clock.now() - changedAt) / hourMs} hours`);
  const later = reader.events(pages.slice(before));
  const postOf = (id: string) => later.flatMap((event) => (event.type === "post" && event.post.id === id ? [event.post] : []));
  assert.deepEqual(
    postOf(edited.id).map(({ text, editedAt, revision }) => [text, editedAt, revision]),
    [["another word", changedAt, changedAt]],
  );
  assert.deepEqual(
    postOf(reply.id).map(({ text }) => text),
    ["another reply"],
  );
  assert.deepEqual(new Set(later.flatMap((event) => (event.type === "delete" ? [event.id] : []))), new Set([gone.id, ...gone.replies.map(({ id }) => id)]));
  const untouched = video.threads.filter((thread) => thread !== edited && thread !== gone && thread !== ofReply && thread.publishedMs < changedAt);
  assert.ok(untouched.length >= 3 && untouched.every(({ id }) => postOf(id).length === 0));
});

test("looking for edits takes a fifth of the day's units at most", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "share", nowMs: () => clock.now(), channels: 1, videosEach: 12, threadsEach: 3 });
  const reader = await openReader(world, clock, { pollMinutes: 10_080, rereadHours: 2, unitsPerDay: 300 });
  await using _ = reader.context;
  await reader.read(undefined, (all) => hasAll(world)(all) && clock.now() - now > 60 * hourMs, 600_000);
  // Of the second day, which is whole: two looks at each hour's videos, and what the share allows with the reading that was under way.
  const units = [...world.drawn.values()][1] ?? 0;
  assert.ok(units > 12 * 6 && units <= 12 * 12 + 60 + 12, String(units));
});

test("what is stored is read again before it is 30 days old, and what is gone is deleted", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "refresh", nowMs: () => clock.now(), channels: 1, videosEach: 2, threadsEach: 2 });
  const reader = await openReader(world, clock, { commentDays: 0, pollMinutes: 10_080 });
  await using _ = reader.context;
  const [one, other] = world.videos;
  assert.ok(one && other);
  const first = await reader.read(undefined, (pages) => itemsOf(pages).length >= 2);
  world.remove(one.id);
  const later = await reader.read(first.at(-1)?.cursor, (pages) => keysOf(pages).has(one.id), hourMs);
  assert.ok(clock.now() - now > 24 * 24 * hourMs && clock.now() - now < 30 * 24 * hourMs);
  const events = reader.events(later);
  assert.ok(events.some((event) => event.type === "delete" && event.id === one.id));
  assert.ok(!events.some((event) => event.type === "delete" && event.id === other.id));
});

test("a wrong key is told as such, the canary fails with it and passes with the right one, and unknown fields are kept", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "key", nowMs: () => clock.now(), channels: 1, videosEach: 1 });
  world.drift("brandNew");
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  await drive(clock, youtube.canary?.(reader.options, reader.context) ?? Promise.reject(new Error("no canary")));
  const [event] = reader.events(await reader.read(undefined, (pages) => itemsOf(pages).length > 0));
  assert.ok(event?.type === "post");
  assert.deepEqual(event.post.extra?.["brandNew"], { odd: true });
  await using wrong = makeContext({ clock, secrets: { "env:KEY": "wrong" } });
  const refused = (error: unknown) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH" && error.message.includes("keyInvalid");
  await assert.rejects(drive(clock, youtube.canary?.(reader.options, wrong) ?? Promise.resolve()), refused);
  const source = await youtube.open(reader.options, wrong);
  await assert.rejects(
    drive(
      clock,
      readUntil(source, undefined, () => false),
    ),
    refused,
  );
});

test("a forecast counts a week of a search and tells the units of a day", async () => {
  const clock = makeFakeClock(now);
  await using world = await startYouTube({ seed: "forecast", nowMs: () => clock.now(), channels: 1, videosEach: 14 });
  const reader = await openReader(world, clock, { queries: ["ham"] });
  await using _ = reader.context;
  const forecast = await drive(clock, youtube.forecast?.(reader.options, reader.context) ?? Promise.reject(new Error("no forecast")));
  assert.deepEqual([forecast.posts, forecast.perDay], [14, 2]);
  assert.ok((forecast.costs[0]?.perDay ?? 0) >= 24 * 101);
  assert.equal(forecast.costs[0]?.allowedPerDay, 10_000);
});
