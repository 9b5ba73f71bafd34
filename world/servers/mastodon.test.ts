import assert from "node:assert/strict";
import test from "node:test";
import { createParser } from "eventsource-parser";
import type { Delivery } from "../delivery.ts";
import { plain } from "../reference.ts";
import { startWorld, type World, type WorldOptions } from "../start.ts";
import { get, linkOf, listen, refusal } from "./client.ts";
import { compareIds } from "./status-store.ts";

const nowMs = Date.UTC(2026, 8, 1, 12);

async function open(options: Partial<WorldOptions> = {}): Promise<{ world: World; sent: Delivery[]; timeline: string }> {
  const sent: Delivery[] = [];
  const world = await startWorld(
    { seed: "mastodon", clock: "virtual", nowMs, historyPosts: 400, historyHours: 2, ratePerSecond: 2, accounts: 100, requestsPerWindow: 10_000, ...options },
    (delivery) => {
      if (delivery.platform === "mastodon") sent.push(delivery);
    },
  );
  return { world, sent, timeline: `${world.mastodonUrl}/api/v1/timelines/public` };
}

function liveIds(world: World): string[] {
  return [...world.oracle.posts()]
    .filter((post) => post.platform === "mastodon" && post.delivered && post.deleted === null)
    .map((post) => post.id)
    .toSorted(compareIds);
}

test("following the Link headers back gives every live status once, in the form that was told last", async () => {
  const { world, timeline } = await open();
  await using _world = world;
  const found = new Map<string, string>();
  let next: string | undefined = `${timeline}?limit=25`;
  let pages = 0;
  while (next !== undefined) {
    const page: Awaited<ReturnType<typeof get>> = await get(next);
    assert.equal(page.status, 200);
    for (const { id, content } of page.statuses) {
      assert.ok(!found.has(id));
      found.set(id, plain(content));
    }
    next = linkOf(page.headers, "next");
    pages += 1;
  }
  assert.ok(pages > 3);
  assert.deepEqual([...found.keys()].toSorted(compareIds), liveIds(world));
  for (const post of world.oracle.posts()) if (found.has(post.id)) assert.equal(found.get(post.id), post.text);
});

test("paging forward with min_id gives every later status, the oldest first, without a gap", async () => {
  const { world, timeline } = await open();
  await using _world = world;
  const all = liveIds(world);
  const found: string[] = [];
  let marker = all[0] ?? "";
  for (;;) {
    const { statuses } = await get(`${timeline}?limit=15&min_id=${marker}`);
    if (statuses.length === 0) break;
    found.push(...statuses.map(({ id }) => id).toReversed());
    marker = statuses[0]?.id ?? "";
  }
  assert.deepEqual(found, all.slice(1));
});

test("since_id gives the newest page above it, and a page never holds more than 40", async () => {
  const { world, timeline } = await open();
  await using _world = world;
  const all = liveIds(world);
  const since = await get(`${timeline}?limit=100&since_id=${all[2]}`);
  assert.deepEqual(
    since.statuses.map(({ id }) => id),
    all.slice(-40).toReversed(),
  );
  assert.equal((await get(timeline)).statuses.length, 20);
  const all40 = await get(`${timeline}?limit=40&since_id=${all.at(-5)}`);
  assert.deepEqual(
    all40.statuses.map(({ id }) => id),
    all.slice(-4).toReversed(),
  );
});

test("a tag's timeline holds exactly the statuses with the tag", async () => {
  const { world } = await open();
  await using _world = world;
  const tagged = [...world.oracle.posts()].filter((post) => post.platform === "mastodon" && post.delivered && post.deleted === null && post.hashtags.length > 0);
  const tag = tagged[0]?.hashtags[0] ?? "";
  const want = tagged.filter((post) => post.hashtags.some((one) => one.toLowerCase() === tag.toLowerCase())).map(({ id }) => id);
  const { statuses } = await get(`${world.mastodonUrl}/api/v1/timelines/tag/${encodeURIComponent(tag)}?limit=40`);
  const plainly = statuses.filter(({ tags }) => tags.length > 0).map(({ id }) => id);
  assert.ok(want.length > 0);
  assert.deepEqual(plainly.toSorted(compareIds), want.toSorted(compareIds).slice(-40));
});

test("a status is there until it is deleted, and shows its newest form", async () => {
  const { world } = await open({ mix: { edits: 0.4, deletes: 0.3 } });
  await using _world = world;
  world.advanceBy(600_000);
  let edited = 0;
  let deleted = 0;
  for (const post of world.oracle.posts()) {
    if (post.platform !== "mastodon" || !post.delivered || edited + deleted > 60) continue;
    const { status, statuses } = await get(`${world.mastodonUrl}/api/v1/statuses/${post.id}`);
    if (post.deleted !== null) {
      assert.equal(status, 404);
      deleted += 1;
    } else if (post.revision > 0) {
      assert.equal(statuses[0]?.edited_at, post.editedAt);
      edited += 1;
    }
  }
  assert.ok(edited > 5 && deleted > 5);
});

test("a boost shows the counts that its original has now", async () => {
  const { world } = await open({ mix: { boosts: 0.3, engagement: 2 } });
  await using _world = world;
  world.advanceBy(120_000);
  let boosts = 0;
  for (const post of world.oracle.posts()) {
    const original = post.platform === "mastodon" && post.deleted === null && post.delivered ? world.oracle.post(post.reshareOf ?? "") : undefined;
    if (original?.deleted !== null) continue;
    boosts += 1;
    const { statuses } = await get(`${world.mastodonUrl}/api/v1/statuses/${post.id}`);
    assert.match(JSON.stringify(statuses), new RegExp(`"reblog":\\{"id":"${original.id}".*?"favourites_count":"?${original.likes},`, "u"));
    if (boosts === 20) break;
  }
  assert.ok(boosts > 5);
});

test("streams need the token: 401 without it and with a wrong one", async () => {
  const { world } = await open({ historyPosts: 0 });
  await using _world = world;
  const sse = `${world.mastodonUrl}/api/v1/streaming/public`;
  const socket = `${world.mastodonUrl.replace("http", "ws")}/api/v1/streaming?stream=public`;
  assert.equal((await get(sse)).status, 401);
  assert.equal((await get(sse, "wrong")).status, 401);
  assert.equal(await refusal(socket), 401);
  assert.equal(await refusal(`${socket}&access_token=wrong`), 401);
});

test("timelines are open unless the server asks for a token", async () => {
  const { world, timeline } = await open({ tokenForTimelines: true, historyPosts: 20 });
  await using _world = world;
  assert.equal((await get(timeline)).status, 401);
  assert.equal((await get(timeline, "wrong")).status, 401);
  assert.equal((await get(timeline, world.token)).status, 200);
});

test("the WebSocket and the server-sent events tell the same events in the same order", async () => {
  const { world, sent } = await open();
  await using _world = world;
  await using socket = await listen(`${world.mastodonUrl.replace("http", "ws")}/api/v1/streaming?stream=public&access_token=${world.token}`);
  const aborter = new AbortController();
  const response = await fetch(`${world.mastodonUrl}/api/v1/streaming/public`, { headers: { authorization: `Bearer ${world.token}` }, signal: aborter.signal });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const before = sent.length;
  world.advanceBy(60_000);
  const fresh = sent.slice(before);
  assert.ok(fresh.length > 20);
  const events: { event: string | undefined; payload: string }[] = [];
  const parser = createParser({ onEvent: ({ event, data }) => events.push({ event, payload: data }) });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (events.length >= fresh.length) break;
  }
  aborter.abort();
  assert.deepEqual(
    events,
    fresh.map(({ event, payload }) => ({ event, payload })),
  );
  assert.deepEqual(
    await socket.take(fresh.length),
    fresh.map(({ wire }) => wire),
  );
});

test("a WebSocket may subscribe by a message", async () => {
  const { world, sent } = await open({ historyPosts: 0 });
  await using _world = world;
  await using socket = await listen(`${world.mastodonUrl.replace("http", "ws")}/api/v1/streaming?access_token=${world.token}`);
  socket.send(JSON.stringify({ type: "subscribe", stream: "public" }));
  // The server answers nothing to a subscription: a request afterwards shows that it was read.
  await get(`${world.mastodonUrl}/api/v2/instance`);
  world.advanceBy(60_000);
  const got = await socket.take(5);
  const from = sent.findIndex(({ wire }) => wire === got[0]);
  assert.deepEqual(
    got,
    sent.slice(from, from + 5).map(({ wire }) => wire),
  );
});

test("the rate limit counts down, answers 429 with the time of its reset, and opens again then", async () => {
  const { world, timeline } = await open({ requestsPerWindow: 3, historyPosts: 20 });
  await using _world = world;
  const left: (string | null)[] = [];
  for (let index = 0; index < 3; index += 1) left.push((await get(timeline)).headers.get("x-ratelimit-remaining"));
  assert.deepEqual(left, ["2", "1", "0"]);
  const refused = await get(timeline);
  assert.equal(refused.status, 429);
  const resetMs = Date.parse(refused.headers.get("x-ratelimit-reset") ?? "");
  assert.ok(resetMs > world.nowMs() && resetMs <= world.nowMs() + 300_000);
  world.advanceTo(resetMs);
  assert.equal((await get(timeline)).status, 200);
});

test("an unchanged page answers 304 to its ETag", async () => {
  const { world, timeline } = await open({ historyPosts: 20 });
  await using _world = world;
  const first = await get(timeline);
  assert.equal((await get(timeline, undefined, { "if-none-match": first.headers.get("etag") ?? "" })).status, 304);
});

test("in a storm the same seed gives the same failures, and whoever repeats gets everything", async () => {
  const run = async (): Promise<{ answers: number[]; found: Set<string>; live: string[] }> => {
    const { world, timeline } = await open({ faults: { serverErrors: 0.3, tooManyRequests: 0.2, limitedMs: 1_000, garbage: 0.1 }, historyPosts: 120, ratePerSecond: 0 });
    await using _world = world;
    const answers: number[] = [];
    const found = new Set<string>();
    let next: string | undefined = `${timeline}?limit=2`;
    while (next !== undefined && answers.length < 1_000) {
      const page: Awaited<ReturnType<typeof get>> = await get(next);
      answers.push(page.status);
      if (page.status === 429) world.advanceTo(Date.parse(page.headers.get("x-ratelimit-reset") ?? ""));
      if (page.status !== 200 || !page.whole) continue;
      for (const { id } of page.statuses) found.add(id);
      next = linkOf(page.headers, "next");
    }
    return { answers, found, live: liveIds(world) };
  };
  const [one, two] = [await run(), await run()];
  assert.deepEqual(one, two);
  assert.ok(one.answers.includes(429) && one.answers.some((status) => status >= 500));
  assert.ok(one.live.length > 20);
  for (const id of one.live) assert.ok(one.found.has(id));
});

test("the oracle answers on the world's address, marked as for tests", async () => {
  const { world } = await open();
  await using _world = world;
  const response = await fetch(`${world.mastodonUrl}/oracle/summary`);
  assert.equal(response.headers.get("x-simulated"), "test only");
  assert.deepEqual(await response.json(), world.oracle.summary());
  const lines = (await (await fetch(`${world.jetstreamUrl.replace("ws", "http").replace("/subscribe", "")}/oracle/posts?platform=mastodon&deleted=false`)).text())
    .trim()
    .split("\n");
  assert.equal(lines.length, world.oracle.summary().byPlatform.mastodon.livePosts);
  assert.equal((await fetch(`${world.mastodonUrl}/oracle/else`)).status, 404);
});

test("the instance tells that it is simulated", async () => {
  const { world } = await open({ historyPosts: 0 });
  await using _world = world;
  const body: unknown = await (await fetch(`${world.mastodonUrl}/api/v2/instance`)).json();
  assert.match(JSON.stringify(body), /simulated/u);
});
