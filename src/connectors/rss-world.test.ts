import assert from "node:assert/strict";
import { test } from "node:test";
import { type FeedsWorld, startFeeds } from "../../world/servers/feeds.ts";
import { articleGuid } from "../../world/wire/feeds.ts";
import { makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { SourcePost } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { drive } from "../http/loopback.fixtures.ts";
import { decodeReferences } from "./rss/entities.ts";
import rss from "./rss.ts";
import { itemsOf, makeContext, openWith, readThrough, readUntil, holdStorm } from "./source.fixtures.ts";

const now = Date.UTC(2026, 8, 1, 12);
const minuteMs = 60_000;

/** Reads the world's feeds; each call goes on from the last cursor. */
async function openReader(world: FeedsWorld, clock = makeFakeClock(now), more: Record<string, unknown> = {}) {
  const context = makeContext({ clock });
  const { open, parse } = openWith(rss, { feeds: world.blogs.map((blog) => world.feedUrl(blog)), pollSeconds: 900, simulated: true, ...more });
  const source = await open(context);
  return {
    clock,
    context,
    read: async (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean, stepMs = 100) => drive(clock, readThrough(source, clock, cursor, enough), stepMs),
    source,
    posts: (pages: readonly SourcePage[]): SourcePost[] =>
      itemsOf(pages).flatMap(({ bytes }) => {
        const [outcome] = parse(bytes);
        assert.ok(outcome !== undefined && "keep" in outcome && outcome.keep.type === "post", JSON.stringify(outcome));
        return [outcome.keep.post];
      }),
  };
}

const count = (pages: readonly SourcePage[]) => itemsOf(pages).length;

/** Slow answers take real time, which a fake clock does not wait for. */
const storm = { serverErrors: 0.1, tooManyRequests: 0.3, limitedMs: 1_000, resets: 0.05, garbage: 0.02 };
for (const [name, faults] of [
  ["none", "off"],
  ["5xx, 429, resets and garbage", storm],
] as const) {
  test(`every article of feeds of all formats is read once, as its author wrote it, with faults: ${name}`, async () => {
    const clock = makeFakeClock(now);
    await using world = await startFeeds({ seed: `read ${name}`, nowMs: () => clock.now(), blogs: 12, faults });
    const reader = await openReader(world, clock);
    await using _ = reader.context;
    const pages = await reader.read(undefined, (all) => count(all) >= 120);
    const posts = reader.posts(pages);
    assert.equal(new Set(posts.map((post) => post.id)).size, posts.length);
    assert.equal(posts.length, 120);
    for (const blog of world.blogs) {
      for (const article of blog.articles) {
        const post = posts.find((one) => one.id.endsWith(`/${blog.index}/feed#${articleGuid(article)}`));
        assert.ok(post, articleGuid(article));
        assert.equal(post.createdAt, article.publishedMs);
        assert.equal(post.revision, 0);
        assert.ok(decodeReferences(post.text).includes(decodeReferences(article.html)), `${post.text}\n${article.html}`);
        assert.deepEqual(post.languages, [blog.language]);
        assert.equal(post.author.name, blog.format === "rss091" ? blog.title : article.author);
      }
    }
  });
}

test("in a storm, feeds that ask to be left alone are, each as long as it says, and what is new in the meantime is read as soon as it may be", async (t) => {
  const clock = makeFakeClock(now);
  await using world = await startFeeds({ seed: "pauses", nowMs: () => clock.now(), blogs: 12, pauses: true, faults: storm });
  const reader = await openReader(world, clock, { pollSeconds: 60 });
  await using _ = reader.context;
  let wanted = 120;
  const first = await reader.read(undefined, (all) => count(all) >= wanted);
  for (const blog of world.blogs) world.publish(blog);
  wanted += 12;
  // A restart in between does not make them forget what they were told.
  const second = await reader.read(first.at(-1)?.cursor, (all) => count(first) + count(all) >= wanted, 1_000);
  for (const blog of world.blogs.slice(0, 6)) world.publish(blog);
  wanted += 6;
  const third = await reader.read(second.at(-1)?.cursor, (all) => count(first) + count(second) + count(all) >= wanted, 1_000);
  const read = new Set(itemsOf([...first, ...second, ...third]).map((item) => item.key)).size;
  holdStorm(t, { platform: "rss", wanted, read, beyond: world.beyond, tookMs: clock.now() - now, forcedMs: world.forcedMs });
});

test("what has not changed is not read again: 304 by ETag and by date, nothing twice", async () => {
  const clock = makeFakeClock(now);
  await using world = await startFeeds({ seed: "unchanged", nowMs: () => clock.now() });
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const pages = await reader.read(undefined, (all) => all.length >= 18);
  assert.equal(count(pages), 60);
  assert.deepEqual([world.answered.get(200), world.answered.get(304)], [6, 12]);
  assert.ok(clock.now() - now >= 30 * minuteMs);
});

test("an edited article comes again: with its time where the feed tells it, by its words where not; a new one comes alone", async () => {
  const clock = makeFakeClock(now);
  await using world = await startFeeds({ seed: "edits", nowMs: () => clock.now() });
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const first = await reader.read(undefined, (all) => all.length >= 6);
  await clock.advance(minuteMs);
  const edited = world.blogs.map((blog) => {
    const article = blog.articles.at(-2);
    assert.ok(article);
    world.edit(article);
    return article;
  });
  const rss2 = world.blogs[0];
  assert.ok(rss2);
  const fresh = world.publish(rss2);
  const posts = reader.posts(await reader.read(first.at(-1)?.cursor, (all) => all.length >= 6));
  assert.equal(posts.length, 7);
  for (const article of edited) {
    const post = posts.find((one) => one.id.endsWith(`/${article.blog.index}/feed#${articleGuid(article)}`));
    assert.ok(post !== undefined && post.text.includes("(edited 1)"), articleGuid(article));
    assert.equal(post.createdAt, article.publishedMs);
    assert.equal(post.revision, ["atom1", "atom03", "json"].includes(article.blog.format) ? article.updatedMs : 0);
  }
  assert.ok(posts.some((post) => post.id.endsWith(articleGuid(fresh))));
});

test("a feed that moved for good is asked at its new address after a restart too", async () => {
  const clock = makeFakeClock(now);
  await using world = await startFeeds({ seed: "moves", nowMs: () => clock.now(), blogs: 1 });
  const [blog] = world.blogs;
  assert.ok(blog);
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  world.move(blog);
  const first = await reader.read(undefined, (all) => all.length >= 1);
  assert.equal(count(first), 10);
  assert.equal(world.answered.get(301), 1);
  world.publish(blog);
  const later = await reader.read(first.at(-1)?.cursor, (all) => all.length >= 3);
  assert.equal(count(later), 1);
  assert.equal(world.answered.get(301), 1);
  const [post] = reader.posts(later);
  assert.ok(post?.id.startsWith("simulated.example/blog/0/feed#"), "the id stays that of the configured address");
});

test("a feed that is gone is not asked again, the others go on; when all are gone the source says so", async () => {
  const clock = makeFakeClock(now);
  await using world = await startFeeds({ seed: "gone", nowMs: () => clock.now(), blogs: 2 });
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const [one, other] = world.blogs;
  assert.ok(one && other);
  world.end(one);
  const pages = await reader.read(undefined, (all) => all.length >= 4);
  assert.equal(count(pages), 10);
  assert.equal(world.answered.get(410), 1);
  assert.match(reader.context.states.findLast((state) => state.state === "polling")?.detail ?? "", /1 gone/);
  world.end(other);
  await assert.rejects(
    drive(
      clock,
      readUntil(reader.source, pages.at(-1)?.cursor, () => false),
      100,
    ),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_NOT_FOUND" && error.message.includes("410"),
  );
  assert.equal(world.answered.get(410), 2);
});

test("an answer that breaks off in the middle is asked for again, and a 429 is waited for as told", async () => {
  const clock = makeFakeClock(now);
  await using world = await startFeeds({ seed: "cuts", nowMs: () => clock.now(), blogs: 1 });
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  world.cutNext(3);
  assert.equal(count(await reader.read(undefined, (all) => count(all) > 0)), 10);
  world.setFaults({ tooManyRequests: 1, limitedMs: 20 * minuteMs });
  const asked = world.answered.get(429) ?? 0;
  await assert.rejects(
    drive(
      clock,
      readUntil(reader.source, undefined, () => false),
      100,
    ),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_RATE_LIMITED" && (error.retryAt ?? 0) >= clock.now() + 19 * minuteMs,
  );
  assert.equal((world.answered.get(429) ?? 0) - asked, 1);
});

test("a restart from any page's cursor loses no article", async () => {
  const clock = makeFakeClock(now);
  await using world = await startFeeds({ seed: "restart", nowMs: () => clock.now(), blogs: 6 });
  const reader = await openReader(world, clock);
  await using _ = reader.context;
  const pages = await reader.read(undefined, (all) => all.length >= 6);
  const all = new Set(itemsOf(pages).map((item) => item.key));
  for (const [cut, page] of pages.entries()) {
    const got = new Set(itemsOf(pages.slice(0, cut + 1)).map((item) => item.key));
    if (got.size < all.size) for (const item of itemsOf(await reader.read(page.cursor, (more) => got.size + count(more) >= all.size))) got.add(item.key);
    assert.deepEqual(got, all, `cut after page ${cut}`);
  }
});
