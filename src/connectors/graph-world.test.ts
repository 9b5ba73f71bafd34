import assert from "node:assert/strict";
import { test } from "node:test";
import { type GraphOptions, type GraphWorld, startGraph } from "../../world/servers/graph.ts";
import { makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { SourcePage } from "../core/source.ts";
import { driveCalls } from "../http/loopback.fixtures.ts";
import facebook from "./facebook.ts";
import { facebookExpected } from "./facebook/expected.ts";
import instagram from "./instagram.ts";
import { instagramExpected } from "./instagram/expected.ts";
import { itemsOf, makeContext, openWith, readThrough, readUntil, holdStorm } from "./source.fixtures.ts";

const now = Date.UTC(2026, 10, 1, 12);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const storm = { limits: 0.3, serverErrors: 0.1, cuts: 0.05 };

/** A world with posts over some days, comments and replies; its clock may be another than ours. */
async function start(options: Partial<GraphOptions> & { readonly seed: string; readonly skewMs?: number; readonly posts?: number; readonly commentsEach?: number }) {
  const clock = makeFakeClock(now);
  const nowMs = () => clock.now() + (options.skewMs ?? 0);
  const world = await startGraph({ nowMs, ...options });
  const { posts = 60, commentsEach = 4 } = options;
  for (let left = posts; left > 0; left--) {
    const atMs = nowMs() - (left * 6 * dayMs) / posts;
    for (const owner of [...world.pages, world.account]) {
      const post = world.content.publish(owner, atMs);
      for (let comment = 0; comment < commentsEach; comment++) world.content.comment(post, atMs + comment * 60_000);
    }
    world.content.publish(world.other.id, atMs);
    world.content.publish("1", nowMs() - (left * dayMs) / posts / 2, "ham");
  }
  const context = makeContext({ clock, secrets: { "env:TOKEN": world.token, "env:SECRET": world.appSecret } });
  return { clock, world, context, nowMs };
}

async function openReader(at: Awaited<ReturnType<typeof start>>, connector: typeof facebook | typeof instagram, more: Record<string, unknown> = {}) {
  const { world, clock, context } = at;
  const own = connector === facebook ? { pages: world.pages } : { account: world.account };
  const { open, parse } = openWith(connector, { ...own, token: "env:TOKEN", appSecret: "env:SECRET", server: world.url, requestsPerHour: 100_000, simulated: true, ...more });
  const source = await open(context);
  return {
    source,
    read: (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean) => driveCalls(clock, readThrough(source, clock, cursor, enough)),
    events: (pages: readonly SourcePage[]): SourceEvent[] =>
      itemsOf(pages).flatMap(({ bytes, key }) => {
        const [outcome] = parse(bytes);
        assert.ok(outcome !== undefined && "keep" in outcome, JSON.stringify(outcome));
        if (outcome.keep.type === "post") assert.equal(key, outcome.keep.post.id);
        return [outcome.keep];
      }),
  };
}

const keys = (pages: readonly SourcePage[]): Set<unknown> => new Set(itemsOf(pages).map(({ key }) => key));

/** Ids of all that living posts of the owners hold, with their comments. */
function wantedOf(world: GraphWorld, owners: readonly string[]): Set<unknown> {
  const wanted = new Set<unknown>();
  for (const post of owners.flatMap((owner) => world.content.of(owner))) {
    wanted.add(post.id);
    for (const comment of post.comments) wanted.add(comment.id);
  }
  return wanted;
}

const has = (wanted: ReadonlySet<unknown>) => (pages: readonly SourcePage[]) => wanted.isSubsetOf(keys(pages));
const posts = (events: readonly SourceEvent[]) => new Map(events.flatMap((event) => (event.type === "post" ? [[event.post.id, event.post] as const] : [])));

for (const [name, options] of [
  ["in calm", {}],
  ["in a storm", { faults: storm, driftShare: 0.1, posts: 40 }],
  ["in a storm, the platform's clock five minutes ahead", { faults: storm, skewMs: 300_000, posts: 20 }],
  ["in a storm, the platform's clock five minutes behind", { faults: storm, skewMs: -300_000, posts: 20 }],
] as const) {
  test(`every post, comment and reply of the pages is read as it is, ${name}, with no call that the platform forbids`, async (t) => {
    const at = await start({ seed: `pages ${name}`, ...options });
    const { world, clock } = at;
    await using _world = world;
    await using _context = at.context;
    const reader = await openReader(at, facebook);
    const wanted = wantedOf(world, world.pages);
    const pages = await reader.read(undefined, has(wanted));
    const waitedMs = clock.now() - now;
    if (name === "in a storm")
      holdStorm(t, {
        platform: "facebook",
        wanted: wanted.size,
        read: keys(pages).intersection(wanted).size,
        beyond: world.figures.beyond,
        tookMs: waitedMs,
        forcedMs: world.figures.forcedMs,
      });
    assert.deepEqual(keys(pages), wanted);
    const found = posts(reader.events(pages));
    for (const page of world.pages) {
      for (const post of world.content.of(page)) {
        const read = found.get(post.id);
        assert.deepEqual(
          [read?.author.id, read?.text, read?.createdAt, read?.counts?.likes, read?.counts?.replies],
          [page, post.text, post.createdMs, post.likes, post.comments.length],
        );
        for (const comment of post.comments) {
          const one = found.get(comment.id);
          assert.deepEqual(
            [one?.author.id, one?.text, one?.createdAt, one?.replyTo, one?.root],
            [comment.from.id, comment.text, comment.createdMs, comment.parent ?? post.id, post.id],
          );
        }
      }
    }
    assert.equal(world.figures.beyond, 0);
    assert.equal(world.figures.unproven, 0);
    if (world.figures.forcedMs > 0) assert.ok(waitedMs <= world.figures.forcedMs * 1.2, `${waitedMs} of ${world.figures.forcedMs} ms`);
    assert.equal(pages[0]?.gap?.reason, "older posts are not read on a first start");
  });
}

test("a restart from any page's cursor loses nothing", async () => {
  const at = await start({ seed: "restart", posts: 250, commentsEach: 1 });
  await using _world = at.world;
  await using _context = at.context;
  const [page = ""] = at.world.pages;
  const wanted = wantedOf(at.world, [page]);
  const first = await (await openReader(at, facebook, { pages: [page] })).read(undefined, has(wanted));
  assert.ok(first.length > 20);
  for (let cut = 0; cut < first.length; cut += 17) {
    const before = first.slice(0, cut + 1);
    const left = new Set([...wanted].filter((id) => !keys(before).has(id)));
    const reader = await openReader(at, facebook, { pages: [page] });
    if (cut % 2 === 1) at.world.forgetCursors();
    const after = await reader.read(before.at(-1)?.cursor, has(left));
    assert.ok(wanted.isSubsetOf(new Set([...keys(before), ...keys(after)])), String(cut));
  }
});

test("new posts and comments, edits and counts come with the next poll, what did not change does not, and what is gone is told", async () => {
  const at = await start({ seed: "changes" });
  const { world, nowMs } = at;
  await using _world = world;
  await using _context = at.context;
  const [page = ""] = world.pages;
  const reader = await openReader(at, facebook, { pages: [page] });
  const wanted = wantedOf(world, [page]);
  const [edited, removed, commented] = world.content.of(page);
  assert.ok(edited && removed && commented);
  let sent = -1;
  let fresh: readonly unknown[] = [];
  const pages = await reader.read(undefined, (all) => {
    if (sent < 0 && has(wanted)(all) && !(all.at(-1)?.cursor ?? "").includes('"next"')) {
      sent = itemsOf(all).length;
      world.content.edit(edited);
      world.content.remove(removed);
      fresh = [world.content.comment(commented, nowMs()).id, world.content.publish(page, nowMs()).id];
    }
    const more = sent < 0 ? [] : itemsOf(all).slice(sent);
    return sent >= 0 && more.length >= 5;
  });
  const later = reader.events(pages.slice()).slice(sent);
  const kinds = later.map((event) => (event.type === "post" ? event.post.id : event.type === "delete" ? `gone ${event.id}` : event.type));
  assert.deepEqual(new Set(kinds), new Set([edited.id, commented.id, `gone ${removed.id}`, ...fresh]));
  const edit = posts(later).get(edited.id);
  assert.ok(edit?.text.endsWith("(edited)") && edit.revision > edit.createdAt);
});

test("older posts and comments are read again in turn: edits are found, and what is gone is told, and nothing else", async () => {
  for (const connector of [facebook, instagram] as const) {
    const at = await start({ seed: `again ${connector.name}`, posts: 12 });
    const { world } = at;
    await using _world = world;
    await using _context = at.context;
    const [page = ""] = world.pages;
    const owner = connector === facebook ? page : world.account;
    const more = connector === facebook ? { pages: [page] } : {};
    const reader = await openReader(at, connector, { ...more, refreshDays: 0, rereadPosts: 4, pollSeconds: 60, backfillDays: 30 });
    const wanted = wantedOf(world, [owner]);
    const old = world.content.of(owner).toReversed();
    const [edited, removed, talked] = old;
    // Replies go with what they answer: these two stand alone.
    const [changed, dropped] = talked?.comments.filter(({ id }) => !talked.comments.some(({ parent }) => parent === id)) ?? [];
    assert.ok(edited && removed && changed && dropped);
    let isChanged = false;
    const gone = (pages: readonly SourcePage[]) => new Set(reader.events(pages).flatMap((event) => (event.type === "delete" ? [event.id] : [])));
    const textOf = (pages: readonly SourcePage[], id: string) => posts(reader.events(pages)).get(id)?.text;
    const pages = await reader.read(undefined, (all) => {
      // A whole round of reading again: what the posts had is known.
      if (!isChanged && has(wanted)(all) && at.clock.now() - now > 5 * 60_000) {
        isChanged = true;
        world.content.edit(edited);
        world.content.remove(removed);
        world.content.editComment(changed);
        world.content.removeComment(dropped);
        world.content.publish(owner, at.nowMs());
      }
      if (isChanged && all.length % 5 === 0) world.content.publish(owner, at.nowMs());
      return isChanged && gone(all).size >= 2 && textOf(all, edited.id) === edited.text && textOf(all, changed.id) === changed.text;
    });
    assert.deepEqual(gone(pages), new Set([removed.id, dropped.id]), connector.name);
    assert.equal(world.figures.beyond, 0);
  }
});

test("an expired page token is fetched anew, and a dead user token is said to be dead", async () => {
  const at = await start({ seed: "tokens", posts: 10 });
  await using _world = at.world;
  await using _context = at.context;
  const reader = await openReader(at, facebook);
  const wanted = wantedOf(at.world, at.world.pages);
  let renewed = false;
  const pages = await reader.read(undefined, (all) => {
    if (!renewed && all.length === 3) {
      renewed = true;
      at.world.renewPageTokens();
    }
    return has(wanted)(all);
  });
  assert.ok(renewed && pages.length > 3);
  const dead = makeContext({ clock: at.clock, secrets: { "env:TOKEN": "EAAdead", "env:SECRET": at.world.appSecret } });
  await using _dead = dead;
  const source = await openWith(facebook, { pages: at.world.pages, token: "env:TOKEN", appSecret: "env:SECRET", server: at.world.url }).open(dead);
  await assert.rejects(
    driveCalls(
      at.clock,
      readUntil(source, undefined, () => false),
    ),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH" && error.failure?.id === "facebook.token-expired" && error.failure.requestId !== undefined,
  );
});

test("a retired version, a wrong secret and a dead token each have their code; the canary tells a token that is about to end", async () => {
  const at = await start({ seed: "codes", posts: 1 });
  await using _world = at.world;
  const said: string[] = [];
  const open = async (more: Record<string, unknown>, secret = at.world.appSecret, token = at.world.token) => {
    const context = makeContext({ clock: at.clock, secrets: { "env:TOKEN": token, "env:SECRET": secret } });
    const chosen = facebook.options.parse({ pages: at.world.pages, token: "env:TOKEN", appSecret: "env:SECRET", server: at.world.url, ...more });
    return { chosen, context: { ...context, report: (_level: string, message: string) => void said.push(message) }, [Symbol.asyncDispose]: () => context[Symbol.asyncDispose]() };
  };
  const codeOf = async (of: Awaited<ReturnType<typeof open>>) => {
    await using _of = of;
    const source = await facebook.open(of.chosen, of.context);
    try {
      await driveCalls(
        at.clock,
        readUntil(source, undefined, () => true),
      );
    } catch (thrown) {
      return thrown instanceof EarshotError ? `${thrown.code} ${thrown.failure?.id ?? ""}` : String(thrown);
    }
    return "read";
  };
  assert.equal(await codeOf(await open({})), "read");
  assert.equal(await codeOf(await open({ version: "v19.0" })), "UPSTREAM_VERSION facebook.version");
  assert.equal(await codeOf(await open({}, "wrong")), "UPSTREAM_AUTH facebook.secret-proof");
  await using ending = await open({ appId: at.world.appId });
  await driveCalls(at.clock, facebook.canary?.(ending.chosen, ending.context) ?? Promise.resolve());
  assert.ok(said.some((message) => message.includes("ends in 3 days")));
  await using dead = await open({}, at.world.appSecret, "EAAdead");
  await assert.rejects(
    driveCalls(at.clock, facebook.canary?.(dead.chosen, dead.context) ?? Promise.resolve()),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH",
  );
  const forecast = await driveCalls(at.clock, facebook.forecast?.(ending.chosen, ending.context) ?? Promise.reject(new Error("none")));
  assert.equal(forecast.posts, 1);
});

for (const [name, faults] of [
  ["in calm", {}],
  ["in a storm", storm],
] as const) {
  test(`Instagram ${name}: the account's posts with comments and all replies, posts by hashtag, and those of another account`, async (t) => {
    const at = await start({ seed: `instagram ${name}`, faults, posts: 55, commentsEach: 9 });
    const { world, clock } = at;
    await using _world = world;
    await using _context = at.context;
    const reader = await openReader(at, instagram, { hashtags: ["Ham"], discover: [world.other.name] });
    const wanted = wantedOf(world, [world.account, world.other.id]);
    for (const post of world.content.tagged("ham")) wanted.add(post.id);
    const pages = await reader.read(undefined, (all) => has(wanted)(all));
    const waitedMs = clock.now() - now;
    if (name === "in a storm")
      holdStorm(t, {
        platform: "instagram",
        wanted: wanted.size,
        read: keys(pages).intersection(wanted).size,
        beyond: world.figures.beyond,
        tookMs: waitedMs,
        forcedMs: world.figures.forcedMs,
      });
    const found = posts(reader.events(pages));
    for (const post of world.content.of(world.account)) {
      assert.deepEqual([found.get(post.id)?.text, found.get(post.id)?.author.id, found.get(post.id)?.counts?.replies], [post.text, world.account, post.comments.length]);
      for (const comment of post.comments) assert.deepEqual([found.get(comment.id)?.replyTo, found.get(comment.id)?.root], [comment.parent ?? post.id, post.id]);
    }
    for (const post of world.content.of(world.other.id)) assert.equal(found.get(post.id)?.author.id, world.other.id);
    assert.equal(world.figures.beyond, 0);
    assert.deepEqual([...world.figures.hashtagsAsked], ["ham"]);
    if (world.figures.forcedMs > 0) assert.ok(waitedMs <= world.figures.forcedMs * 1.2, `${waitedMs} of ${world.figures.forcedMs} ms`);
  });
}

test("figures that the platform cannot give of one post keep nothing else away", async () => {
  const at = await start({ seed: "withheld", posts: 12, commentsEach: 0 });
  await using _world = at.world;
  await using _context = at.context;
  const young = at.world.pages.flatMap((page) => at.world.content.of(page)).filter((post) => post.createdMs > now - 2.9 * dayMs);
  const [, broken] = young;
  assert.ok(broken !== undefined && young.length > 3);
  at.world.withhold(broken.id);
  const reader = await openReader(at, facebook, { collect: ["insights"], pollSeconds: 900 });
  const told = (pages: readonly SourcePage[]) =>
    new Set(reader.events(pages).flatMap((event) => (event.type === "engagement" && event.counts.views !== undefined ? [event.id] : [])));
  const others = new Set(young.filter((post) => post !== broken).map(({ id }) => id));
  const pages = await reader.read(undefined, (all) => {
    assert.ok(at.clock.now() - now < 6 * hourMs);
    return told(all).isSupersetOf(others);
  });
  assert.equal(told(pages).has(broken.id), false);
  assert.deepEqual(at.context.failures, []);
});

for (const connector of [facebook, instagram]) {
  test(`${connector.name}: figures of young posts are asked for with the others and again when they changed, also where one metric is retired`, async () => {
    const at = await start({ seed: `insights ${connector.name}`, posts: 12, commentsEach: 1, driftShare: 0.2 });
    const { world, clock } = at;
    await using _world = world;
    await using _context = at.context;
    const owners = connector === facebook ? world.pages : [world.account];
    const reader = await openReader(at, connector, { collect: ["insights"], insightsHours: 2, refreshDays: 3, pollSeconds: 900 });
    const young = () => owners.flatMap((owner) => world.content.of(owner)).filter((post) => post.createdMs > now - 2.9 * dayMs);
    const told = (pages: readonly SourcePage[]) => new Map(reader.events(pages).flatMap((event) => (event.type === "engagement" ? [[event.id, event.counts] as const] : [])));
    const [changed] = young();
    assert.ok(changed);
    let changedAt = 0;
    let asked = 0;
    const before = new Map<string, number | undefined>();
    const pages = await reader.read(undefined, (all) => {
      const figures = told(all);
      if (changedAt === 0 && young().every(({ id }) => figures.has(id))) {
        for (const [id, { views }] of figures) before.set(id, views);
        changedAt = clock.now();
        asked = world.figures.insights;
        world.retire(connector === facebook ? "post_reactions_by_type_total" : "likes");
        changed.likes += 7;
      }
      return changedAt > 0 && figures.get(changed.id)?.views === 10 * changed.likes + 3 && clock.now() - changedAt > 9 * hourMs;
    });
    for (const post of young().filter((one) => one !== changed)) assert.equal(told(pages).get(post.id)?.views, before.get(post.id));
    const seenAt =
      itemsOf(pages).find(({ bytes }) =>
        Buffer.from(bytes)
          .toString()
          .includes(`:${10 * changed.likes + 3}`),
      )?.receivedAt ?? Infinity;
    assert.ok(seenAt - changedAt <= 2.2 * hourMs, `${(seenAt - changedAt) / hourMs} hours`);
    // In nine hours four looks at each, the first three of them in vain, and no more.
    const looks = world.figures.insights - asked;
    assert.ok(looks >= 4 * young().length && looks <= 5 * (young().length + world.pages.length) + 2 * 3 + 2, `${looks} looks at ${young().length}`);
    const followers = reader.events(pages).flatMap((event) => (event.type === "identity" ? [[event.author.id, event.author.followers] as const] : []));
    assert.deepEqual(new Map(followers), new Map(connector === facebook ? world.pages.map((page) => [page, 1_200] as const) : []));
    assert.equal(world.figures.beyond, 0);
  });
}

test("the allowance of an hour is kept, however much there is to read", async () => {
  const at = await start({ seed: "hour", posts: 70, commentsEach: 1, callsPerHour: 60 });
  const { world, clock } = at;
  await using _world = world;
  await using _context = at.context;
  const reader = await openReader(at, facebook, { pages: world.pages.slice(0, 1), requestsPerHour: 60 });
  const wanted = wantedOf(world, world.pages.slice(0, 1));
  await reader.read(undefined, has(wanted));
  assert.equal(world.figures.beyond, 0);
  assert.ok(world.figures.calls > 70);
  assert.ok(clock.now() - now < 1.5 * hourMs, String(clock.now() - now));
});

test("what a drifted post brings is unknown to the declared fields, and what others bring is not", async () => {
  const at = await start({ seed: "drift", posts: 30, driftShare: 0.5 });
  await using _world = at.world;
  await using _context = at.context;
  for (const [connector, expected, owners] of [
    [facebook, facebookExpected, at.world.pages],
    [instagram, instagramExpected, [at.world.account]],
  ] as const) {
    const reader = await openReader(at, connector);
    const pages = await reader.read(undefined, has(wantedOf(at.world, owners)));
    const unknown = new Map<string, Set<string>>();
    for (const { bytes } of itemsOf(pages)) {
      for (const [entity, value] of expected.find(JSON.parse(Buffer.from(bytes).toString()))) {
        const { required = {}, optional = {} } = expected.entities[entity] ?? {};
        for (const name of Object.keys(value)) if (!(name in required) && !(name in optional)) unknown.set(name, (unknown.get(name) ?? new Set()).add(String(value["id"])));
      }
    }
    const drifted = new Set(owners.flatMap((owner) => at.world.content.of(owner)).flatMap(({ id, drifted: is }) => (is ? [id] : [])));
    assert.deepEqual(unknown, new Map([[connector === facebook ? "mood_hint" : "boost_eligibility", drifted]]));
  }
});
