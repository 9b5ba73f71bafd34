import assert from "node:assert/strict";
import test from "node:test";
import type { Delivery } from "../delivery.ts";
import { startWorld, type World, type WorldOptions } from "../start.ts";
import { listen, refusal } from "./client.ts";

const nowMs = Date.UTC(2026, 8, 1, 12);

async function open(options: Partial<WorldOptions> = {}): Promise<{ world: World; sent: Delivery[] }> {
  const sent: Delivery[] = [];
  const world = await startWorld({ seed: "jetstream", clock: "virtual", nowMs, historyPosts: 300, historyHours: 1, ratePerSecond: 1, accounts: 100, ...options }, (delivery) => {
    if (delivery.platform === "bluesky") sent.push(delivery);
  });
  return { world, sent };
}

test("a cursor of 0 replays the history in the order in which it was sent, and goes on live", async () => {
  const { world, sent } = await open();
  await using _world = world;
  await using client = await listen(`${world.jetstreamUrl}?cursor=0`);
  assert.ok(sent.length > 200);
  await client.take(sent.length);
  world.advanceBy(60_000);
  assert.deepEqual(
    await client.take(sent.length),
    sent.map(({ wire }) => wire),
  );
});

test("a cursor replays from its microsecond on, that included", async () => {
  const { world, sent } = await open();
  await using _world = world;
  const from = 100;
  await using client = await listen(`${world.jetstreamUrl}?cursor=${sent[from]?.atUs ?? 0}`);
  assert.deepEqual(
    await client.take(sent.length - from),
    sent.slice(from).map(({ wire }) => wire),
  );
});

test("without a cursor, and with one from the future, only what comes now is sent", async () => {
  const { world, sent } = await open();
  await using _world = world;
  await using plain = await listen(world.jetstreamUrl);
  await using future = await listen(`${world.jetstreamUrl}?cursor=${(nowMs + 3_600_000) * 1000}`);
  const before = sent.length;
  world.advanceBy(30_000);
  const fresh = sent.slice(before).map(({ wire }) => wire);
  assert.ok(fresh.length > 5);
  assert.deepEqual(await plain.take(fresh.length), fresh);
  assert.deepEqual(await future.take(fresh.length), fresh);
});

test("collections filter commits, with wildcards, and let identities and accounts through", async () => {
  const { world, sent } = await open({ mix: { identities: 0.2 } });
  await using _world = world;
  const likes = sent.filter(({ collection }) => collection === undefined || collection === "app.bsky.feed.like");
  await using some = await listen(`${world.jetstreamUrl}?cursor=0&wantedCollections=app.bsky.feed.like`);
  assert.deepEqual(
    await some.take(likes.length),
    likes.map(({ wire }) => wire),
  );
  assert.ok(likes.some(({ kind }) => kind === "identity"));
  await using all = await listen(`${world.jetstreamUrl}?cursor=0&wantedCollections=app.bsky.feed.*`);
  assert.equal((await all.take(sent.length)).length, sent.length);
});

test("repositories and sizes filter too", async () => {
  const { world, sent } = await open();
  await using _world = world;
  const did = sent[0]?.did ?? "";
  const own = sent.filter((delivery) => delivery.did === did && delivery.wire.length <= 10_000);
  await using byDid = await listen(`${world.jetstreamUrl}?cursor=0&wantedDids=${did}`);
  assert.deepEqual(
    await byDid.take(own.length),
    own.map(({ wire }) => wire),
  );
  const small = sent.filter(({ wire }) => Buffer.byteLength(wire) <= 500);
  await using bySize = await listen(`${world.jetstreamUrl}?cursor=0&maxMessageSizeBytes=500`);
  assert.deepEqual(
    await bySize.take(small.length),
    small.map(({ wire }) => wire),
  );
});

test("a wrong query is refused with 400, another path with 404", async () => {
  const { world } = await open({ historyPosts: 0 });
  await using _world = world;
  assert.equal(await refusal(`${world.jetstreamUrl}?cursor=now`), 400);
  assert.equal(await refusal(`${world.jetstreamUrl}?wantedDids=someone`), 400);
  assert.equal(await refusal(`${world.jetstreamUrl}?wantedCollections=*`), 400);
  assert.equal(await refusal(world.jetstreamUrl.replace("/subscribe", "/other")), 404);
});

test("a client that asks for it is sent nothing before its options, which filter from then on", async () => {
  const { world, sent } = await open();
  await using _world = world;
  await using client = await listen(`${world.jetstreamUrl}?cursor=0&requireHello=true`);
  world.advanceBy(5_000);
  assert.equal(client.messages.length, 0);
  client.send(JSON.stringify({ type: "options_update", payload: { wantedCollections: ["app.bsky.feed.repost"] } }));
  const reposts = sent.filter(({ collection }) => collection === undefined || collection === "app.bsky.feed.repost");
  assert.deepEqual(
    await client.take(reposts.length),
    reposts.map(({ wire }) => wire),
  );
});

test("an invalid options update ends the connection", async () => {
  const { world } = await open({ historyPosts: 0 });
  await using _world = world;
  await using client = await listen(world.jetstreamUrl);
  client.send("{");
  await client.closed;
  assert.equal(client.messages.length, 0);
});

test("a client that comes back with its last cursor after each cut gets every message", async () => {
  const { world, sent } = await open({ faults: { cutAfterMessages: 40 } });
  await using _world = world;
  const got = new Set<string>();
  let cursor = 0;
  let connections = 0;
  const wanted = new Set(sent.map(({ wire }) => wire));
  const last = sent.at(-1)?.wire ?? "";
  while (!got.has(last) && connections < 200) {
    connections += 1;
    await using client = await listen(`${world.jetstreamUrl}?cursor=${cursor}`);
    await client.until(last);
    for (const message of client.messages) {
      got.add(message);
      cursor = Math.max(cursor, Number(/"time_us":(\d+)/u.exec(message)?.[1] ?? 0));
    }
  }
  assert.ok(connections > 3, `${connections} connections`);
  assert.deepEqual(got, wanted);
});

test("a client that falls behind what is kept is cut off", async () => {
  const { world } = await open({ messagesAtMost: 50, historyPosts: 0 });
  await using _world = world;
  await using client = await listen(`${world.jetstreamUrl}?requireHello=true`);
  world.advanceBy(300_000);
  client.send(JSON.stringify({ type: "options_update", payload: {} }));
  await client.closed;
  assert.equal(client.messages.length, 0);
});

test("pulling the cable ends every stream", async () => {
  const { world } = await open({ historyPosts: 0 });
  await using _world = world;
  await using client = await listen(world.jetstreamUrl);
  world.cutStreams();
  await client.closed;
  assert.equal(client.messages.length, 0);
});
