import assert from "node:assert/strict";
import { test } from "node:test";
import { type RedditWorld, type RedditWorldOptions, startReddit } from "../../world/servers/reddit.ts";
import { fullname, type RedditThing } from "../../world/wire/reddit.ts";
import { makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { SourceEvent, SourcePost } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { drive } from "../http/loopback.fixtures.ts";
import reddit from "./reddit.ts";
import { itemsOf, makeContext, openWith, readThrough, readUntil, holdStorm } from "./source.fixtures.ts";

const now = Date.UTC(2026, 8, 1, 12, 1);
const minuteMs = 60_000;
const secrets = { "env:SECRET": "world-secret", "env:NAME": "ann_b", "env:PASSWORD": "tea", "env:REFRESH": "world-refresh" };

async function openWorld(options: Partial<RedditWorldOptions> & { readonly more?: Readonly<Record<string, unknown>> } = {}) {
  const clock = makeFakeClock(now);
  const { more, ...rest } = options;
  const world = await startReddit({ seed: "reddit", nowMs: () => clock.now(), ...rest });
  const context = makeContext({ clock, secrets });
  const chosen = {
    clientId: "world-app",
    clientSecret: "env:SECRET",
    username: "env:NAME",
    password: "env:PASSWORD",
    contact: "ann_b",
    subreddits: ["tea"],
    server: world.url,
    tokenServer: world.url,
    simulated: true,
    ...more,
  };
  const { open, parse } = openWith(reddit, chosen);
  const source = await open(context);
  return {
    clock,
    world,
    context,
    chosen,
    source,
    read: async (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean, stepMs = 250) => drive(clock, readThrough(source, clock, cursor, enough), stepMs),
    events: (pages: readonly SourcePage[]): SourceEvent[] =>
      itemsOf(pages).flatMap(({ bytes }) =>
        parse(bytes).map((outcome) => {
          assert.ok("keep" in outcome, JSON.stringify(outcome));
          return outcome.keep;
        }),
      ),
    async [Symbol.asyncDispose]() {
      await context[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

const postsOf = (events: readonly SourceEvent[]): SourcePost[] => events.flatMap((event) => (event.type === "post" ? [event.post] : []));
const keysOf = (pages: readonly SourcePage[]) => new Set(itemsOf(pages).map((item) => item.key));
const has = (things: readonly RedditThing[]) => (pages: readonly SourcePage[]) => {
  const keys = keysOf(pages);
  return things.every((thing) => keys.has(fullname(thing)));
};

async function history(world: RedditWorld, pass: (ms: number) => Promise<void>, posts: number, commentsEach: number): Promise<void> {
  for (let i = 0; i < posts; i++) {
    const post = world.post();
    for (let j = 0; j < commentsEach; j++) world.comment(post);
    await pass(5_000);
  }
}

const storm = { tooManyRequests: 0.3, limitedMs: 30_000, serverErrors: 0.1, resets: 0.05, garbage: 0.02 };
for (const [name, faults] of [
  ["none", "off"],
  ["30% 429, 10% 5xx, resets, garbage, cut answers, expired tokens, a clock ahead", storm],
] as const) {
  test(`every post and comment is read once, as it stands there, with faults: ${name}`, async (t) => {
    const isStorm = faults !== "off";
    await using at = await openWorld({ seed: `read ${name}`, faults, ...(isStorm && { skewMs: 90_000, tokenSeconds: 120 }), more: { startAt: "oldest", refreshMinutes: 0 } });
    const { world, clock } = at;
    await history(world, (ms) => clock.advance(ms), 120, 3);
    if (isStorm) world.cutNext(2);
    const startedAt = clock.now();
    const first = await at.read(undefined, has(world.things));
    const firstMs = clock.now() - startedAt;
    if (isStorm) world.expireTokens();
    await history(world, (ms) => clock.advance(ms), 40, 2);
    const began = clock.now();
    const second = await at.read(first.at(-1)?.cursor, (pages) => has(world.things)([...first, ...pages]));
    const posts = postsOf(at.events([...first, ...second]));
    const made = new Map(posts.map((post) => [post.id, post]));
    if (isStorm)
      holdStorm(t, {
        platform: "reddit",
        wanted: world.things.length,
        read: world.things.filter((thing) => made.has(fullname(thing))).length,
        beyond: world.violations,
        tookMs: firstMs + clock.now() - began,
        forcedMs: world.forcedMs,
      });
    assert.deepEqual([...made.keys()].toSorted(), world.things.map(fullname).toSorted());
    for (const thing of world.things) {
      const post = made.get(fullname(thing));
      assert.ok(post);
      assert.equal(post.text, thing.kind === "t3" ? `${thing.title}\n\n${thing.body}` : thing.body);
      assert.equal(post.createdAt, thing.createdMs);
      assert.equal(post.author.handle, thing.author);
      assert.equal(post.root, thing.link && fullname(thing.link));
      assert.equal(post.counts?.likes, thing.score);
      assert.deepEqual(post.extra?.["a_field_of_tomorrow"], { since: 1 });
    }
    assert.equal(world.violations, 0);
    assert.ok(clock.now() - began < 5 * minuteMs, `${clock.now() - began} ms`);
    if (isStorm) assert.ok((world.answered.get(429) ?? 0) > 3 && world.tokensGiven >= 2, JSON.stringify([...world.answered]));
  });
}

test("a burst of more than the thousand that a listing shows is bridged by counting ids up, within the calls allowed", async () => {
  await using at = await openWorld({ more: { fillCalls: 40, refreshMinutes: 0, comments: true } });
  const { world, clock } = at;
  const post = world.post();
  world.comment(post);
  await clock.advance(2_000);
  const first = await at.read(undefined, has(world.things));
  for (let i = 0; i < 1_500; i++) world.comment(post, i % 10 === 0 ? { subreddit: "coffee" } : {});
  const wanted = world.things.filter((thing) => thing.subreddit === "tea");
  const pages = await at.read(first.at(-1)?.cursor, (more) => has(wanted)([...first, ...more]));
  assert.ok([...keysOf(pages)].every((key) => typeof key === "string" && world.find(key)?.subreddit === "tea"));
  assert.ok((world.asked.get("/api/info") ?? 0) > 0 && (world.asked.get("/api/info") ?? 0) <= 40);
  assert.ok(pages.every((page) => page.gap === undefined));
});

test("a burst too large to be bridged is told as a gap, and reading goes on", async () => {
  await using at = await openWorld({ more: { fillCalls: 2, refreshMinutes: 0 } });
  const { world, clock } = at;
  const post = world.post();
  const before = world.comment(post);
  await clock.advance(2_000);
  const first = await at.read(undefined, has(world.things));
  for (let i = 0; i < 1_500; i++) world.comment(post);
  const pages = await at.read(first.at(-1)?.cursor, (more) => more.some((page) => page.gap !== undefined));
  assert.equal(pages.find((page) => page.gap)?.gap?.fromMs, before.createdMs);
  await clock.advance(2_000);
  const later = world.comment(post);
  await at.read(pages.at(-1)?.cursor, has([later]));
});

test("an anchor that is deleted between two pages does not end a listing early", async () => {
  await using at = await openWorld({ more: { startAt: "oldest", comments: false, refreshMinutes: 0 } });
  const { world, clock } = at;
  await history(world, (ms) => clock.advance(ms), 350, 0);
  const anchor = world.things.at(-100);
  assert.ok(anchor);
  const seen = await at.read(undefined, (pages) => {
    if (pages.length === 1) world.remove(anchor, "deleted");
    return has(world.things)(pages);
  });
  assert.ok(seen.length > 1);
});

test("what is deleted, removed, edited, or left by an account that ended is noticed within 48 hours", async () => {
  await using at = await openWorld({ more: { startAt: "oldest", refreshMinutes: 60 } });
  const { world, clock } = at;
  const kept = world.post({ author: "Bob" });
  const deleted = world.comment(kept, { author: "Bob" });
  const removed = world.comment(kept, { author: "Bob" });
  const edited = world.comment(kept, { author: "Bob" });
  const orphaned = world.comment(kept, { author: "Dora" });
  await clock.advance(2_000);
  const began = clock.now();
  let isChanged = false;
  const pages = await at.read(
    undefined,
    (more) => {
      if (!isChanged && has(world.things)(more)) {
        isChanged = true;
        world.remove(deleted, "deleted");
        world.remove(removed, "removed");
        world.edit(edited);
        world.endAccount("Dora");
      }
      const found = at.events(more);
      return found.some((event) => event.type === "erase") && found.some((event) => event.type === "delete");
    },
    20_000,
  );
  const events = at.events(pages);
  assert.ok(clock.now() - began <= 48 * 60 * minuteMs);
  assert.deepEqual(events.flatMap((event) => (event.type === "delete" ? [event.id] : [])).toSorted(), [fullname(deleted), fullname(removed)]);
  assert.deepEqual(
    events.flatMap((event) => (event.type === "erase" ? [event.author] : [])),
    ["u/dora"],
  );
  const again = postsOf(events).findLast((post) => post.id === fullname(edited));
  assert.ok(again?.text.endsWith("(edited)") && again.editedAt === again.revision && again.revision > 0);
  assert.equal(postsOf(events).filter((post) => post.id === fullname(orphaned)).length, 1);
});

test("a deletion is noticed after a restart too", async () => {
  await using at = await openWorld({ more: { startAt: "oldest", refreshMinutes: 60 } });
  const { world, clock } = at;
  const comment = world.comment(world.post());
  await clock.advance(2_000);
  const first = await at.read(undefined, has(world.things));
  world.remove(comment, "deleted");
  const pages = await at.read(first.at(-1)?.cursor, (more) => at.events(more).some((event) => event.type === "delete" && event.id === fullname(comment)), 20_000);
  assert.ok(pages.length > 0 && clock.now() - now < 2 * 60 * minuteMs);
});

test("a search brings posts and their whole threads, through more nodes and branches that go on elsewhere", async () => {
  await using at = await openWorld({ treeSize: 40, more: { subreddits: [], searches: ["quokka"], startAt: "oldest", refreshMinutes: 0 } });
  const { world, clock } = at;
  const post = world.post({ title: "A quokka", subreddit: "coffee" });
  for (let i = 0; i < 130; i++) world.comment(post);
  let deep = world.comment(post);
  for (let i = 0; i < 25; i++) deep = world.comment(deep);
  const other = world.post({ title: "Something else", body: "no" });
  const narrow = world.post({ title: "Another quokka" });
  let chain = world.comment(narrow);
  for (let i = 0; i < 30; i++) chain = world.comment(chain);
  await clock.advance(2_000);
  const wanted = world.things.filter((thing) => thing !== other);
  const pages = await at.read(undefined, has(wanted));
  const replies = postsOf(at.events(pages)).filter((one) => one.replyTo !== undefined);
  for (const reply of replies) assert.equal(reply.replyTo, world.find(reply.id)?.parent && fullname(world.find(reply.id)?.parent ?? post));
  assert.ok((world.asked.get("/api/morechildren") ?? 0) >= 2);
  assert.equal(world.violations, 0);
});

test("an account's posts, comments and crossposts are read; the original of a crosspost is a post of its own", async () => {
  await using at = await openWorld({ more: { subreddits: [], users: ["Bob"], threads: false, startAt: "oldest", refreshMinutes: 0 } });
  const { world, clock } = at;
  const original = world.post({ author: "Ann_B" });
  const crosspost = world.post({ author: "Bob", reshared: original });
  const comment = world.comment(original, { author: "Bob" });
  await clock.advance(2_000);
  const posts = postsOf(at.events(await at.read(undefined, has([original, crosspost, comment]))));
  assert.equal(posts.find((post) => post.id === fullname(crosspost))?.reshareOf, fullname(original));
});

test("a restart from any page's cursor loses nothing", async () => {
  await using at = await openWorld({ more: { startAt: "oldest", refreshMinutes: 0 } });
  const { world, clock } = at;
  await history(world, (ms) => clock.advance(ms), 150, 2);
  const pages = await at.read(undefined, has(world.things));
  for (const [cut, page] of pages.entries()) {
    const got = keysOf(pages.slice(0, cut + 1));
    const rest = world.things.filter((thing) => !got.has(fullname(thing)));
    if (rest.length > 0) await at.read(page.cursor, has(rest));
  }
});

test("banned, private and unknown subreddits are left out, the others go on; alone, each says what it is", async () => {
  await using at = await openWorld({ more: { subreddits: ["shut", "gone", "tea"], refreshMinutes: 0 } });
  const { world, clock } = at;
  world.setSubreddit("shut", "private");
  world.setSubreddit("gone", "banned");
  const post = world.post();
  await clock.advance(2_000);
  await at.read(undefined, has([post]));
  for (const [name, code] of [
    ["shut", "UPSTREAM_REFUSED"],
    ["gone", "UPSTREAM_NOT_FOUND"],
  ] as const) {
    const { open } = openWith(reddit, { ...at.chosen, subreddits: [name], comments: false });
    const source = await open(at.context);
    await assert.rejects(
      drive(
        clock,
        readUntil(source, undefined, () => false),
        250,
      ),
      (error) => error instanceof EarshotError && error.code === code,
    );
  }
});

test("never more calls than Reddit's window allows, and the time waited is little more than that forces", async () => {
  const callsAWindow = 60;
  await using at = await openWorld({ callsAWindow, more: { startAt: "oldest", refreshMinutes: 0, comments: false, subreddits: ["tea", "coffee"], requestsPerMinute: 100 } });
  const { world, clock } = at;
  let count = 0;
  const began = clock.now();
  let last: string | undefined;
  // Each round is nine pages of each listing anew; 18 calls a round against 60 in ten minutes.
  await history(world, async () => clock.advance(0), 850, 0);
  for (let round = 0; round < 10; round++) {
    const pages = await at.read(undefined, (more) => keysOf(more).size >= 850);
    count += pages.length;
    last = pages.at(-1)?.cursor;
  }
  assert.ok(last !== undefined && count >= 90);
  assert.equal(world.violations, 0);
  const asked = world.asked.get("/r/*/new") ?? 0;
  const forcedMs = Math.max(0, Math.ceil(asked / callsAWindow) - 1) * 10 * minuteMs;
  const waitedMs = clock.now() - began;
  assert.ok(waitedMs <= 1.2 * Math.max(forcedMs, minuteMs), `${waitedMs} ms for ${asked} calls, forced ${forcedMs}`);
});

test("each type of app gets its token, the canary tells a dead one, and the forecast tells posts and calls a day", async () => {
  await using at = await openWorld();
  const { world, clock, context, chosen } = at;
  for (let i = 0; i < 20; i++) {
    world.post();
    await clock.advance(minuteMs);
  }
  const base = { ...chosen, username: undefined, password: undefined };
  const apps = [chosen, { ...base, app: "web", refreshToken: "env:REFRESH" }, { ...base, app: "installed", clientSecret: undefined }, { ...base, app: "userless" }];
  for (const app of apps) {
    const made = reddit.options.parse(app);
    await drive(clock, reddit.canary?.(made, context) ?? Promise.reject(new Error("no canary")), 250);
  }
  assert.equal(world.tokensGiven, 4);
  const wrong = makeContext({ clock, secrets: { ...secrets, "env:PASSWORD": "coffee" } });
  await assert.rejects(
    drive(clock, reddit.canary?.(reddit.options.parse(chosen), wrong) ?? Promise.resolve(), 250),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH",
  );
  await wrong[Symbol.asyncDispose]();
  const forecast = await drive(clock, reddit.forecast?.(reddit.options.parse({ ...chosen, comments: false }), context) ?? Promise.reject(new Error("no forecast")), 250);
  assert.equal(forecast.perDay, 1_440);
  assert.equal(forecast.costs[0]?.allowedPerDay, 98 * 1_440);
  const authorization = reddit.authorization?.(reddit.options.parse({ ...base, app: "web", account: "a" }));
  assert.deepEqual(authorization?.fields, { duration: "permanent" });
});

test("an outage is waited for, and what came meanwhile is read after it", async () => {
  await using at = await openWorld({ more: { refreshMinutes: 0, comments: false } });
  const { world, clock } = at;
  world.post();
  await clock.advance(2_000);
  const first = await at.read(undefined, has(world.things));
  world.outageUntil(clock.now() + 10 * minuteMs);
  await history(world, (ms) => clock.advance(ms), 60, 0);
  await at.read(first.at(-1)?.cursor, (pages) => has(world.things)([...first, ...pages]));
});
