import assert from "node:assert/strict";
import { test } from "node:test";
import { type XWorld, startX } from "../../world/servers/x.ts";
import { type FakeClock, makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { type BudgetStore, makeMemoryBudgetStore } from "../http/budget-store.ts";
import { drive } from "../http/loopback.fixtures.ts";
import { keyOfEvent, makeContext, openWith, readThrough, readUntil } from "./source.fixtures.ts";
import x from "./x.ts";

const now = Date.UTC(2026, 8, 1, 12);

async function openReader(world: XWorld, clock: FakeClock, more: Record<string, unknown> = {}, budgets?: BudgetStore) {
  const context = makeContext({ clock, secrets: { "env:X_SECRET": world.clientSecret }, ...(budgets && { budgets }) });
  const { open, parse } = openWith(x, {
    server: world.url,
    queries: ["ham"],
    clientId: world.clientId,
    clientSecret: "env:X_SECRET",
    complianceStreams: true,
    complianceHours: 0,
    pollSeconds: 600,
    simulated: true,
    ...more,
  });
  const source = await open(context);
  const events = (pages: readonly SourcePage[]): SourceEvent[] =>
    pages.flatMap(({ items }) =>
      items.flatMap(({ bytes, key }) => {
        const [outcome] = parse(bytes);
        if (outcome === undefined || !("keep" in outcome)) return [];
        const about = keyOfEvent(outcome.keep);
        assert.deepEqual(key, about === "all" ? { all: true } : about);
        return [outcome.keep];
      }),
    );
  return {
    context,
    source,
    events,
    deleted: (pages: readonly SourcePage[]) => new Set(events(pages).flatMap((event) => (event.type === "delete" ? [event.id] : []))),
    read: async (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean) => drive(clock, readThrough(source, clock, cursor, enough), 1_000),
  };
}

async function when(holds: () => boolean): Promise<void> {
  const endAt = performance.now() + 30_000;
  while (!holds()) {
    assert.ok(performance.now() < endAt, "not within 30 s");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const publish = (world: XWorld, count: number) => Array.from({ length: count }, (_, i) => world.publish(`ham ${i}`));

test("what X wants forgotten comes by all parts of both streams, beside the posts, and what came while they were cut comes after", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "forget", nowMs: () => clock.now() });
  const posts = publish(world, 40);
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const wanted = new Set<string>();
  const remove = (from: number, to: number) => {
    for (const post of posts.slice(from, to)) {
      world.remove(post);
      wanted.add(post.id);
    }
  };
  let isCut = false;
  void when(() => world.complianceAsked.length === 8).then(() => {
    remove(0, 8);
    for (const [index, event] of ["user_delete", "user_protect", "user_suspend", "user_unsuspend"].entries()) {
      const user = world.users[index];
      if (user) world.tellOfUser(event, user);
    }
  });
  const pages = await reader.read(undefined, (all) => {
    if (!isCut && reader.deleted(all).size === 8) {
      isCut = true;
      world.cutStreams();
      remove(8, 16);
    }
    return isCut && reader.deleted(all).size === 16;
  });
  assert.deepEqual(reader.deleted(pages), wanted);
  assert.deepEqual(new Set(world.complianceAsked.map((query) => query.get("partition"))), new Set(["1", "2", "3", "4"]));
  const reopened = world.complianceAsked.slice(8);
  assert.ok(reopened.length >= 4 && reopened.every((query) => Number(query.get("backfill_minutes")) >= 1), "a short cut is filled by X");
  const erased = reader.events(pages).flatMap((event) => (event.type === "erase" ? [[event.author, event.reason]] : []));
  // What the backfill repeats is harmless.
  const wantedErasures = { 7000: "account-deleted", 7001: "platform-takedown", 7002: "platform-takedown" };
  assert.deepEqual(Object.fromEntries(erased), wantedErasures);
  assert.equal(reader.events(pages).filter((event) => event.type === "post").length, 40);
});

test("after a long stop the streams go on from where they stood, whatever page was the last", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "stop", nowMs: () => clock.now() });
  const posts = publish(world, 12);
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  void when(() => world.complianceAsked.length === 8).then(() => {
    for (const post of posts.slice(0, 4)) world.remove(post);
  });
  const first = await reader.read(undefined, (all) => reader.deleted(all).size === 4);
  await clock.advance(3 * 3_600_000);
  for (const post of posts.slice(4)) world.remove(post);
  for (const cut of [0, first.length - 1]) {
    const before = first.slice(0, cut + 1);
    const more = await reader.read(before.at(-1)?.cursor, (all) => reader.deleted([...before, ...all]).size === 12);
    assert.equal(reader.deleted([...before, ...more]).size, 12);
  }
  assert.ok(
    world.complianceAsked.slice(8).some((query) => query.has("start_time")),
    "a long one is asked for by its time",
  );
});

test("a plan without the streams is told once, and the posts are read on", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "plan", nowMs: () => clock.now(), windows: { "compliance/stream": 0, "users/compliance/stream": 0 } });
  publish(world, 5);
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const pages = await reader.read(undefined, (all) => reader.events(all).length === 5);
  assert.deepEqual([reader.events(pages).length, world.complianceAsked.length], [5, 0]);
});

test("the month's posts are counted when they come: what one process read is known to the next, though no call of the first came after", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "month", nowMs: () => clock.now() });
  publish(world, 90);
  const budgets = makeMemoryBudgetStore();
  const more = { complianceStreams: false, postsPerMonth: 250, monthStartsOn: 2, startAt: "oldest" };
  const first = await openReader(world, clock, more, budgets);
  await first.read(undefined, (all) => first.events(all).length >= 90);
  // Without a farewell: what was counted stands in the store.
  publish(world, 400);
  const next = await openReader(world, clock, more, budgets);
  await using _ = next.context;
  await using __ = first.context;
  await assert.rejects(
    drive(
      clock,
      readUntil(next.source, undefined, () => false),
      1_000,
    ),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_QUOTA" && error.retryAt === Date.UTC(2026, 8, 2) + 2_000,
  );
  assert.ok(world.given <= 250 && world.given >= 150, String(world.given));
});
