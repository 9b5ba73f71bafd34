import assert from "node:assert/strict";
import { test } from "node:test";
import { startOAuth } from "../../world/servers/oauth.ts";
import { oauthStyles } from "../../world/servers/oauth-styles.ts";
import { type FakeClock, makeFakeClock, systemClock } from "../core/clock.ts";
import type { ConfigFault } from "../core/config.ts";
import { makeVolatileFiles } from "../core/volatile-files.ts";
import { openHttp } from "../http/client.ts";
import { makeCredentials } from "../http/credentials.ts";
import { listen } from "../http/loopback.fixtures.ts";
import { openEmbeddedLog } from "../logs/embedded.ts";
import { type Collector, defineSource, makeCollector } from "./collect.ts";

const startMs = Date.UTC(2026, 10, 1);
const minuteMs = 60_000;

/** A collector over a log in memory and the real client, under a clock of the test's. */
async function openCollector(token: () => string) {
  const clock = makeFakeClock(startMs);
  const log = await openEmbeddedLog({ folder: "/log", files: makeVolatileFiles(1), partitions: 1, clock: systemClock });
  const http = openHttp({ clock, report: () => undefined, env: {} });
  const readSecret = async () => token();
  const { credential } = makeCredentials({ readSecret, http, clock });
  const collector = makeCollector({
    log,
    files: makeVolatileFiles(2),
    http,
    clock,
    report: () => undefined,
    hashes: { post: () => ({ high: 1, low: 1 }), actor: () => ({ high: 1, low: 1 }) },
    cursors: { load: async () => undefined, save: async () => undefined },
    readSecret,
    credential,
    mayCollect: async () => undefined,
    onFault: (error) => assert.fail(error.message),
  });
  return {
    clock,
    collector,
    async [Symbol.asyncDispose]() {
      await collector.stop();
      await http[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

async function startSource(collector: Collector, use: string, options: Record<string, unknown>) {
  const faults: ConfigFault[] = [];
  const definition = await defineSource("watched", { use, paused: false, ...options }, "dashboard", faults);
  assert.ok(definition, JSON.stringify(faults));
  return collector.start(definition, false);
}

/** The network runs, and time in steps of five seconds, until it holds; how long that took on the clock. */
async function passUntil(clock: FakeClock, holds: () => boolean, mostMs: number): Promise<number> {
  const from = clock.now();
  for (;;) {
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (holds()) return clock.now() - from;
    assert.ok(clock.now() - from < mostMs, "it did not come to hold");
    await clock.advance(5_000);
  }
}

for (const [which, afterMs] of [
  ["right after a poll", 1_000],
  ["long after a poll", 37 * minuteMs],
] as const) {
  test(`a token that dies silently ${which} shows in the source's status within five minutes, and its coming back too`, async () => {
    let now = () => startMs;
    await using platform = await startOAuth({
      nowMs: () => now(),
      style: { ...oauthStyles.rotating, accessSeconds: 10 * 86_400 },
      clients: [{ id: "app" }],
      resource: (path) => (path.includes("/timelines/") ? [] : {}),
    });
    let token = platform.makeAccessToken("app");
    await using at = await openCollector(() => token);
    now = () => at.clock.now();
    const source = await startSource(at.collector, "mastodon", { server: platform.url, token: "env:TOKEN", transport: "polling", pollSeconds: 3_600 });
    await passUntil(at.clock, () => source.status.state === "polling" && (platform.asked.get(200) ?? 0) > 0, minuteMs);
    await passUntil(at.clock, () => at.clock.now() - startMs >= afterMs, 40 * minuteMs);
    assert.deepEqual([source.status.state, source.lastError], ["polling", undefined]);
    platform.revokeAll();
    const noticedMs = await passUntil(at.clock, () => source.lastError !== undefined, 5 * minuteMs);
    assert.equal(source.lastError?.code, "UPSTREAM_AUTH");
    assert.equal(source.status.state, "waiting");
    assert.match(source.status.detail ?? "", /401/);
    assert.ok(noticedMs <= 5 * minuteMs, `${noticedMs} ms`);
    token = platform.makeAccessToken("app");
    await passUntil(at.clock, () => source.status.state === "polling", 5 * minuteMs);
  });
}

test("a source that gets answers is not asked beside them, and one without a canary never", async () => {
  await using platform = await startOAuth({
    nowMs: () => startMs,
    style: { ...oauthStyles.rotating, accessSeconds: 10 * 86_400 },
    clients: [{ id: "app" }],
    resource: (path) => (path.includes("/timelines/") ? [] : {}),
  });
  const paths: string[] = [];
  await using front = await listen((request, response) => {
    paths.push(request.url ?? "");
    void fetch(`${platform.url}${request.url ?? ""}`, { headers: { authorization: request.headers.authorization ?? "" } }).then(async (answer) =>
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text()),
    );
  });
  const token = platform.makeAccessToken("app");
  await using at = await openCollector(() => token);
  const source = await startSource(at.collector, "mastodon", { server: front.url, token: "env:TOKEN", transport: "polling", pollSeconds: 20 });
  await passUntil(at.clock, () => at.clock.now() - startMs > 30 * minuteMs, 31 * minuteMs);
  assert.ok(paths.length > 10, `${paths.length} polls`);
  assert.deepEqual(
    paths.filter((path) => path.includes("verify_credentials")),
    [],
  );
  assert.equal(source.lastError, undefined);
  await at.collector.remove("watched");
  const feed = `<rss version="2.0"><channel><title>t</title></channel></rss>`;
  let asked = 0;
  await using feeds = await listen((request, response) => {
    if (request.url === "/feed.xml") asked += 1;
    response.writeHead(200, { "content-type": "application/rss+xml" }).end(feed);
  });
  await startSource(at.collector, "rss", { feeds: [`${feeds.url}/feed.xml`], pollSeconds: 3_600 });
  const from = at.clock.now();
  await passUntil(at.clock, () => at.clock.now() - from > 20 * minuteMs, 21 * minuteMs);
  assert.equal(asked, 1);
});
