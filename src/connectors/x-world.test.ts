import assert from "node:assert/strict";
import { test } from "node:test";
import { type XWorld, startX } from "../../world/servers/x.ts";
import { type XPost, matchesQuery } from "../../world/wire/x.ts";
import { type FakeClock, makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { SourcePost } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { drive } from "../http/loopback.fixtures.ts";
import { itemsOf, makeContext, openWith, readThrough, readUntil, holdStorm } from "./source.fixtures.ts";
import x from "./x.ts";

const now = Date.UTC(2026, 8, 1, 12);
const hourMs = 3_600_000;
const query = "ham -is:quote";

async function openReader(world: XWorld, clock: FakeClock, more: Record<string, unknown> = {}) {
  const context = makeContext({ clock, secrets: { "env:X_SECRET": world.clientSecret } });
  const options = { server: world.url, queries: [query], clientId: world.clientId, clientSecret: "env:X_SECRET", pollSeconds: 60, simulated: true, ...more };
  const { open, parse } = openWith(x, options);
  const source = await open(context);
  const posts = (pages: readonly SourcePage[]): SourcePost[] =>
    itemsOf(pages).flatMap(({ bytes, key }) => {
      const [outcome] = parse(bytes);
      assert.ok(outcome !== undefined && "keep" in outcome && outcome.keep.type === "post", JSON.stringify(outcome));
      assert.equal(key, outcome.keep.post.id);
      return [outcome.keep.post];
    });
  return {
    context,
    source,
    parse,
    options,
    posts,
    read: async (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean, stepMs = 100) => drive(clock, readThrough(source, clock, cursor, enough), stepMs),
  };
}

/** Posts of the last hours: some that match, some that do not, some that speak of others. */
function fill(world: XWorld, clock: FakeClock, count: number, hours = 100): void {
  for (let index = 0; index < count; index++) {
    const atMs = clock.now() - ((count - index) / count) * hours * hourMs;
    const about = world.posts.at(-7);
    const text = index % 10 === 9 ? `no match ${index}` : `👍 ham & eggs ${index} #Ham https://t.co/a${String(index).padStart(6, "0")}`;
    world.publish(text, { atMs, ...(about && index % 5 === 1 && { about, kind: index % 2 === 0 ? "reply" : index % 3 === 0 ? "quote" : "retweet" }) });
  }
}

const wanted = (world: XWorld) => world.posts.filter((post) => post.state === "live" && matchesQuery(post, query));

function missing(world: XWorld, posts: readonly SourcePost[]): XPost[] {
  const got = new Set(posts.map((post) => post.id));
  return wanted(world).filter((post) => !got.has(post.id));
}

test("under a storm of 429, 5xx, cuts, expired tokens and a clock that differs, every post is read, within the budgets, and little time is lost", async (t) => {
  const clock = makeFakeClock(now);
  const faults = { tooManyRequests: 0.3, limitedMs: 30_000, serverErrors: 0.1, resets: 0.05, garbage: 0.02 };
  await using world = await startX({ seed: "storm", nowMs: () => clock.now(), skewMs: 90_000, faults, drift: true });
  fill(world, clock, 3_000);
  const reader = await openReader(world, clock, { startAt: "oldest", backfillHours: 120 });
  await using _ = reader.context;
  let expired = 0;
  const pages = await reader.read(undefined, (all) => {
    if (all.length % 7 === 3) {
      world.expireTokens();
      expired++;
    }
    return missing(world, reader.posts(all)).length === 0;
  });
  const posts = reader.posts(pages);
  assert.deepEqual(missing(world, posts), []);
  assert.ok(expired >= 3);
  assert.equal(world.beyond, 0);
  const lostMs = clock.now() - now;
  holdStorm(t, {
    platform: "x",
    wanted: wanted(world).length,
    read: wanted(world).length - missing(world, posts).length,
    beyond: world.beyond,
    tookMs: lostMs,
    forcedMs: world.forcedMs,
  });
  assert.ok(world.forcedMs > 100_000, String(world.forcedMs));
  assert.ok(lostMs <= world.forcedMs * 1.2, `${lostMs} ms lost, ${world.forcedMs} forced`);
  for (const post of posts) {
    const truth = world.posts.find((one) => one.id === post.id);
    assert.ok(truth);
    assert.equal(post.createdAt, truth.createdMs);
    assert.equal(post.author.id, truth.author.id);
    assert.equal(post.text, truth.kind === "retweet" ? `RT @${truth.about?.author.username}: ${truth.about?.text}` : truth.text);
    assert.equal(post.replyTo ?? post.reshareOf ?? post.quoteOf, truth.about?.id);
    assert.ok(post.extra?.["a_field_of_tomorrow"]);
    for (const span of post.spans ?? []) if (span.kind === "hashtag") assert.equal(post.text.slice(span.start, span.end), "#Ham");
  }
});

test("a restart from any page's cursor loses no post", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "restart", nowMs: () => clock.now() });
  fill(world, clock, 700);
  const reader = await openReader(world, clock, { startAt: "oldest", backfillHours: 120 });
  await using _ = reader.context;
  const pages = await reader.read(undefined, (all) => missing(world, reader.posts(all)).length === 0);
  assert.ok(pages.length >= 5);
  for (const cut of pages.keys()) {
    const before = pages.slice(0, cut + 1);
    world.publish(`ham after page ${cut}`);
    const more = await reader.read(before.at(-1)?.cursor, (all) => missing(world, reader.posts([...before, ...all])).length === 0);
    assert.deepEqual(missing(world, reader.posts([...before, ...more])), [], `cut after page ${cut}`);
    await clock.advance(1_000);
    for (const post of world.posts.splice(700)) world.remove(post);
  }
});

test("a start from now reads the newest page and then what is new, edits too", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "now", nowMs: () => clock.now() });
  fill(world, clock, 300);
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const first = await reader.read(undefined, (all) => all.length > 0);
  const fresh = world.publish("a fresh ham");
  const edited = world.posts[290];
  assert.ok(edited);
  world.edit(edited, "ham, edited");
  const later = reader.posts(await reader.read(first.at(-1)?.cursor, (all) => all.length > 0));
  assert.ok(later.some((post) => post.id === fresh.id));
  assert.deepEqual(
    later.filter((post) => post.id === edited.id).map((post) => [post.text, post.revision]),
    [["ham, edited", 1]],
  );
});

test("a window smaller than documented is kept to as the headers tell, and the month's cap is never passed", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "window", nowMs: () => clock.now(), windows: { "search/recent": 4 }, postCap: 900 });
  fill(world, clock, 2_000);
  const reader = await openReader(world, clock, { startAt: "oldest", backfillHours: 120, postsPerMonth: 900 });
  await using _ = reader.context;
  await assert.rejects(
    drive(
      clock,
      readUntil(reader.source, undefined, () => false),
      1_000,
    ),
    (error) =>
      error instanceof EarshotError &&
      ["UPSTREAM_QUOTA", "UPSTREAM_RATE_LIMITED"].includes(error.code) &&
      error.failure === undefined &&
      (error.retryAt ?? 0) > clock.now() + 24 * hourMs,
  );
  assert.equal(world.beyond, 0);
  assert.equal(world.answered.get("search/recent 429"), undefined);
  assert.ok(world.given >= 700 && world.given <= 900, String(world.given));
});

test("a source that was away for longer than the search reaches back tells the gap", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "gap", nowMs: () => clock.now() });
  fill(world, clock, 50);
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const first = await reader.read(undefined, (all) => all.length > 0);
  await clock.advance(9 * 24 * hourMs);
  const fresh = world.publish("ham again");
  const [page] = await reader.read(first.at(-1)?.cursor, (all) => all.length > 0);
  assert.ok(page?.gap);
  assert.ok(Math.abs((page.gap.fromMs ?? 0) - now) < 12 * hourMs);
  assert.ok(Math.abs(page.gap.toMs - (clock.now() - 7 * 24 * hourMs)) < hourMs);
  assert.ok(reader.posts([page]).some((post) => post.id === fresh.id));
});

test("an account's posts are read to the end of what X gives, and the rest is told as a gap", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "timeline", nowMs: () => clock.now() });
  const [author] = world.users;
  assert.ok(author);
  const write = (count: number) => {
    for (let index = 0; index < count; index++) world.publish(`post ${index}`, { author, atMs: clock.now() - (count - index) * 1_000 });
  };
  write(120);
  const reader = await openReader(world, clock, { queries: [], users: [author.id], startAt: "oldest" });
  await using _ = reader.context;
  const first = await reader.read(undefined, (all) => itemsOf(all).length >= 120);
  assert.equal(new Set(reader.posts(first).map((post) => post.id)).size, 120);
  await clock.advance(48 * hourMs);
  write(3_300);
  const later = await reader.read(first.at(-1)?.cursor, (all) => all.some((page) => page.gap !== undefined));
  assert.equal(new Set(reader.posts(later).map((post) => post.id)).size, 3_200);
  assert.match(later.at(-1)?.gap?.reason ?? "", /3200/);
});

test("the stream's rules follow the queries, other rules and what they match are left alone, and cuts of every kind lose nothing", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "stream", nowMs: () => clock.now() });
  world.addRule("cheese", "somebody else");
  world.addRule("an old query", "earshot:test");
  const reader = await openReader(world, clock, { mode: "stream" });
  await using _ = reader.context;
  fill(world, clock, 20);
  const trouble = [() => world.cutStreams(), () => world.disconnectStreams(), () => world.setSilent(true)];
  let step = 0;
  const published: XPost[] = [];
  const seen = new Set<string>();
  const abort = new AbortController();
  const reading = (async () => {
    for await (const page of reader.source.read(undefined, abort.signal)) {
      for (const post of reader.posts([page])) seen.add(post.id);
      if (published.length === 7 && published.every((post) => seen.has(post.id))) return;
    }
  })();
  const acting = (async () => {
    const live = async () => {
      while (world.openStreams !== 1 || reader.context.states.at(-1)?.state !== "live") await clock.sleep(200);
    };
    for (const make of trouble) {
      await live();
      published.push(world.publish(`ham on the stream ${step}`));
      world.publish("cheese for somebody else");
      await clock.sleep(1_000);
      make();
      published.push(world.publish(`ham while it was cut ${step++}`));
      if (make === trouble[2]) {
        await clock.sleep(29_000);
        assert.equal(world.openStreams, 1);
        await clock.sleep(5_000);
        world.setSilent(false);
      }
      await clock.sleep(2_000);
    }
    await live();
    published.push(world.publish("ham at last"));
  })();
  // Whatever is lost, the test ends.
  const late = clock.sleep(hourMs).then(() => assert.fail("not all was read within an hour"));
  await drive(clock, Promise.race([Promise.all([reading, acting]), late]), 50);
  abort.abort();
  assert.deepEqual(
    world.rules.map(({ value, tag }) => [value, tag]),
    [
      ["cheese", "somebody else"],
      [query, "earshot:test"],
    ],
  );
  assert.equal(world.posts.filter((post) => post.text.startsWith("cheese") && seen.has(post.id)).length, 0);
  assert.equal(world.beyond, 0);
});

test("before anything is spent the counts tell what it would be, and a dead token is told by a call that reads no post", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "forecast", nowMs: () => clock.now() });
  fill(world, clock, 140, 120);
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const options = x.options.parse(reader.options);
  const told = await drive(clock, x.forecast?.(options, reader.context) ?? Promise.reject(new Error("none")));
  assert.equal(told.posts, wanted(world).length);
  assert.equal(told.perDay, Math.ceil(wanted(world).length / 7));
  assert.ok(told.costs.some((cost) => cost.budget === "posts" && cost.perDay === told.perDay));
  await drive(clock, x.canary?.(options, reader.context) ?? Promise.reject(new Error("none")));
  assert.equal(world.given, 0);
  const dead = makeContext({ clock, secrets: { "env:DEAD": "nothing" } });
  await using __ = dead;
  await assert.rejects(
    drive(clock, x.canary?.(x.options.parse({ server: world.url, token: "env:DEAD" }), dead) ?? Promise.resolve()),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH" && error.failure?.id === "x.unauthorized",
  );
});

test("posts that are gone from X are found by a compliance job and deleted", async () => {
  const clock = makeFakeClock(now);
  await using world = await startX({ seed: "jobs", nowMs: () => clock.now() });
  fill(world, clock, 60);
  const reader = await openReader(world, clock, { complianceHours: 1, pollSeconds: 600 });
  await using _ = reader.context;
  const gone: string[] = [];
  let removed: string[] = [];
  await reader.read(
    undefined,
    (all) => {
      if (removed.length === 0) {
        const some = wanted(world).slice(0, 3);
        for (const post of some) world.remove(post);
        removed = some.map((post) => post.id);
      }
      for (const { bytes, key } of all.at(-1)?.items ?? []) {
        const [outcome] = reader.parse(bytes);
        if (outcome === undefined || !("keep" in outcome) || outcome.keep.type !== "delete") continue;
        assert.equal(key, outcome.keep.id);
        gone.push(outcome.keep.id);
      }
      return gone.length > 0;
    },
    1_000,
  );
  assert.deepEqual(gone.toSorted(), removed.toSorted());
  assert.ok((world.uploads[0]?.length ?? 0) >= 50);
});
