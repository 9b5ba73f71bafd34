import assert from "node:assert/strict";
import { test } from "node:test";
import { type NewsWorld, startNews } from "../../world/servers/hackernews.ts";
import { makeFakeClock } from "../core/clock.ts";
import type { SourceEvent } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { drive } from "../http/loopback.fixtures.ts";
import hackernews from "./hackernews.ts";
import { itemsOf, makeContext, openWith, readThrough, holdStorm } from "./source.fixtures.ts";

const now = Date.UTC(2026, 8, 1, 12);

async function openReader(world: NewsWorld, clock = makeFakeClock(now), more: Record<string, unknown> = {}) {
  const context = makeContext({ clock });
  const { open, parse } = openWith(hackernews, { address: world.url, frontPageItems: 0, backfillItems: 10_000, simulated: true, ...more });
  const source = await open(context);
  return {
    context,
    read: (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean) => drive(clock, readThrough(source, clock, cursor, enough), 200),
    events: (pages: readonly SourcePage[]): SourceEvent[] =>
      itemsOf(pages).flatMap(({ bytes }) => {
        const [outcome] = parse(bytes);
        assert.ok(outcome !== undefined && "keep" in outcome, JSON.stringify(outcome));
        return [outcome.keep];
      }),
  };
}

const keys = (pages: readonly SourcePage[]) => new Set(itemsOf(pages).map((item) => item.key));
const next = (pages: readonly SourcePage[]): number => Number(/"next":(\d+)/.exec(pages.at(-1)?.cursor ?? "")?.[1] ?? 0);
const living = (world: NewsWorld) => [...world.items.values()].filter((item) => item.dead !== true && item.deleted !== true);

/** Slow answers take real time, which a fake clock does not wait for. */
const storm = { serverErrors: 0.1, tooManyRequests: 0.1, limitedMs: 5_000, resets: 0.05, garbage: 0.02 };
for (const [name, faults] of [
  ["none", "off"],
  ["5xx, 429, resets and garbage", storm],
] as const) {
  test(`every item is read, late ones too, with at most 16 requests at once and faults: ${name}`, async (t) => {
    const clock = makeFakeClock(now);
    await using world = await startNews({ seed: `read ${name}`, nowMs: () => clock.now(), items: 500, lateShare: 0.1, faults });
    const reader = await openReader(world, clock);
    await using _ = reader.context;
    const wanted = new Set(living(world).map((item) => String(item.id)));
    // The ids before the world's first one have no item.
    const pages = await reader.read(JSON.stringify({ next: 40_000_000 }), (all) => keys(all).size >= wanted.size);
    if (faults !== "off")
      holdStorm(t, { platform: "hackernews", wanted: wanted.size, read: keys(pages).size, beyond: world.beyond, tookMs: clock.now() - now, forcedMs: world.forcedMs });
    assert.deepEqual(keys(pages), wanted);
    const counts = Map.groupBy(reader.events(pages), (event) => (event.type === "post" ? event.post.id : ""));
    if (faults === "off") assert.ok([...counts.values()].every((list) => list.length === 1));
    assert.ok(world.mostAtOnce <= 16, String(world.mostAtOnce));
    for (const event of reader.events(pages)) {
      assert.ok(event.type === "post");
      const item = world.items.get(Number(event.post.id));
      assert.ok(item);
      assert.equal(event.post.createdAt, item.time * 1000);
      assert.equal(event.post.author.id, item.by);
      assert.equal(event.post.replyTo, item.parent === undefined ? (item.poll === undefined ? undefined : String(item.poll)) : String(item.parent));
    }
  });
}

test("the first start reads the newest items and the front page, and each comment knows its conversation", async () => {
  const clock = makeFakeClock(now);
  await using world = await startNews({ seed: "first", nowMs: () => clock.now(), items: 400 });
  const reader = await openReader(world, clock, { backfillItems: 100, frontPageItems: 10 });
  await using _ = reader.context;
  const top = Math.max(...world.items.keys());
  const pages = await reader.read(undefined, (all) => next(all) > top);
  const ids = [...keys(pages)].map(Number);
  assert.ok(ids.filter((id) => id > top - 100).length >= 90);
  assert.ok(ids.filter((id) => id <= top - 100).length > 0);
  const whole = await reader.read(JSON.stringify({ next: 40_000_000 }), (all) => next(all) > top);
  for (const event of reader.events(whole)) {
    assert.ok(event.type === "post");
    let item = world.items.get(Number(event.post.id));
    while (item?.parent !== undefined) item = world.items.get(item.parent);
    if (event.post.replyTo !== undefined && item?.type !== "pollopt") assert.equal(event.post.root, String(item?.id));
  }
});

test("votes and edits bring the item again, a kill or a removal its deletion; what did not change is not sent", async () => {
  const clock = makeFakeClock(now);
  await using world = await startNews({ seed: "changes", nowMs: () => clock.now(), items: 60 });
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const [voted, edited, killed, removed] = living(world).filter((item) => item.type === "story");
  assert.ok(voted && edited && killed && removed);
  let changed = false;
  const pages = await reader.read(JSON.stringify({ next: 40_000_000 }), (all) => {
    if (!changed && all.length >= 4) {
      changed = true;
      world.vote(voted.id, 41);
      world.edit(edited.id);
      world.kill(killed.id);
      world.remove(removed.id);
    }
    return changed && itemsOf(all).length >= living(world).length + 2 + 4;
  });
  const last = reader.events(pages).slice(-4);
  const find = (id: number) => last.find((event) => (event.type === "post" ? event.post.id : event.type === "delete" ? event.id : "") === String(id));
  const vote = find(voted.id);
  assert.ok(vote?.type === "post" && vote.post.counts?.likes === 42);
  const edit = find(edited.id);
  assert.ok(edit?.type === "post" && edit.post.text.includes("EDIT: more words"));
  assert.equal(find(killed.id)?.type, "delete");
  assert.equal(find(removed.id)?.type, "delete");
});

test("new items are followed without a gap from the cursor, also after a restart in the middle", async () => {
  const clock = makeFakeClock(now);
  await using world = await startNews({ seed: "follow", nowMs: () => clock.now(), items: 50, lateShare: 0.2 });
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  let cursor = JSON.stringify({ next: 40_000_000 });
  const got = new Set<unknown>();
  for (let round = 0; round < 5; round++) {
    const pages = await reader.read(cursor, (all) => next(all) > Math.max(...world.items.keys()));
    for (const key of keys(pages)) got.add(key);
    cursor = pages.at(-1)?.cursor ?? cursor;
    for (let made = 0; made < 40; made++) world.publish();
  }
  const wanted = new Set(living(world).map((item) => String(item.id)));
  const rest = await reader.read(cursor, (all) => new Set([...got, ...keys(all)]).size >= wanted.size);
  for (const key of keys(rest)) got.add(key);
  assert.deepEqual(got, wanted);
});
