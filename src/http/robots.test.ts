import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import { openHttp } from "./client.ts";
import { drive, listen, quiet } from "./loopback.fixtures.ts";
import { parseRobots } from "./robots.ts";

const start = Date.parse("2026-03-01T00:00:00Z");
const isForbidden = (error: unknown) => error instanceof EarshotError && error.code === "UPSTREAM_REFUSED" && error.failure?.id === "client.robots";

test("the longest rule wins, and Allow where two are as long", () => {
  const rules = parseRobots("User-agent: *\nDisallow: /blog\nAllow: /blog/feed\nDisallow: /both\nAllow: /both\nDisallow:\n");
  assert.equal(rules.allows("/blog/post"), false);
  assert.equal(rules.allows("/blog/feed.xml"), true);
  assert.equal(rules.allows("/both"), true);
  assert.equal(rules.allows("/elsewhere"), true);
  assert.equal(rules.delayMs, undefined);
  assert.equal(parseRobots("User-agent: *\nAllow: /\nDisallow: /closed").allows("/closed/feed"), false);
});

test("a group that names this user agent holds in place of the one for all; several are taken together", () => {
  const rules = parseRobots(
    "user-agent: *\r\ndisallow: /\r\n\r\nUSER-AGENT: other\r\nUser-Agent: EarShot/2.0\r\nDisallow: /a # not this\r\nCrawl-delay: 2.5\r\n\r\nuser-agent: earshot\r\ndisallow: /b\r\n",
  );
  assert.deepEqual(
    ["/", "/a", "/b", "/c"].map((path) => rules.allows(path)),
    [true, false, false, true],
  );
  assert.equal(rules.delayMs, 2_500);
  assert.equal(parseRobots("user-agent: earshotter\ndisallow: /").allows("/"), true);
});

test("wildcards, ends and spellings of a path", () => {
  const rules = parseRobots("User-agent: *\nDisallow: /*.xml$\nDisallow: /search?*q=\nDisallow: /caf%C3%A9\nDisallow: /%7Euser\nDisallow: *draft\n");
  assert.equal(rules.allows("/a/feed.xml"), false);
  assert.equal(rules.allows("/a/feed.xml?x=1"), true);
  assert.equal(rules.allows("/search?page=1&q=x"), false);
  assert.equal(rules.allows("/café"), false);
  assert.equal(rules.allows("/~user/feed"), false);
  assert.equal(rules.allows("/my/draft/1"), false);
  assert.equal(parseRobots("user-agent: *\ndisallow: /a*b*a$").allows("/aba"), false);
  assert.equal(parseRobots("user-agent: *\ndisallow: /a*a$").allows("/a"), true);
  assert.equal(parseRobots("user-agent: *\ndisallow: /").allows("/robots.txt"), true);
});

test("what is no robots.txt forbids nothing, and a hostile one costs little", () => {
  assert.equal(parseRobots("<html><body>Disallow: /</body></html>").allows("/"), true);
  assert.equal(parseRobots("Disallow: /").allows("/"), true);
  const slow = parseRobots(`user-agent: *\ndisallow: /${"*a".repeat(2_000)}$`);
  const before = process.hrtime.bigint();
  assert.equal(slow.allows(`/${"a".repeat(3_000)}b`), true);
  assert.ok(process.hrtime.bigint() - before < 500_000_000n);
});

async function openSite(robots: () => { readonly status: number; readonly body: string }) {
  const clock = makeFakeClock(start);
  const asked: string[] = [];
  const site = await listen((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/robots.txt") return void response.writeHead(robots().status).end(robots().body);
    if (request.url === "/moved") return void response.writeHead(302, { location: "/private/feed" }).end();
    response.end("feed");
  });
  const http = openHttp({ clock, report: quiet, env: {}, random: () => 0 });
  return {
    clock,
    asked,
    ask: (path: string) => drive(clock, http.request(`${site.url}${path}`, { robots: true })),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await site[Symbol.asyncDispose]();
    },
  };
}

test("a site is asked for its rules once a day; what they forbid is not asked, a redirect's end neither", async () => {
  await using site = await openSite(() => ({ status: 200, body: "User-agent: *\nDisallow: /private" }));
  assert.equal(Buffer.from((await site.ask("/feed")).bytes).toString(), "feed");
  await assert.rejects(site.ask("/private/feed"), isForbidden);
  await assert.rejects(site.ask("/moved"), isForbidden);
  assert.deepEqual(site.asked, ["/robots.txt", "/feed", "/moved"]);
  await site.clock.advance(24 * 3_600_000);
  await site.ask("/feed");
  assert.deepEqual(site.asked.slice(3), ["/robots.txt", "/feed"]);
});

test("rules that are not there forbid nothing; rules that cannot be had forbid all, unless older ones are known", async () => {
  let status = 404;
  await using site = await openSite(() => ({ status, body: "User-agent: *\nDisallow: /private" }));
  await site.ask("/private/feed");
  await site.clock.advance(24 * 3_600_000);
  status = 200;
  await assert.rejects(site.ask("/private/feed"), isForbidden);
  await site.clock.advance(24 * 3_600_000);
  status = 503;
  await assert.rejects(site.ask("/private/feed"), isForbidden);
  // The host itself is left alone for a while after so many failures.
  await site.clock.advance(300_000);
  await site.ask("/feed");
  await assert.rejects(site.ask("/private/feed"), isForbidden);
  await using other = await openSite(() => ({ status: 503, body: "" }));
  await assert.rejects(other.ask("/feed"), (error) => error instanceof EarshotError && error.code === "UPSTREAM_UNAVAILABLE");
  assert.ok(other.asked.every((path) => path === "/robots.txt"));
});

test("a crawl delay is kept between two calls", async () => {
  await using site = await openSite(() => ({ status: 200, body: "User-agent: *\nCrawl-delay: 10" }));
  await site.ask("/1");
  const before = site.clock.now();
  await site.ask("/2");
  assert.ok(site.clock.now() - before >= 9_900);
});
