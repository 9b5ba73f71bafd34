import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeClock, makeFakeClock } from "../core/clock.ts";
import type { Credential } from "../core/credential.ts";
import { EarshotError } from "../core/errors.ts";
import type { BudgetLimit } from "../core/http.ts";
import { openHttp } from "./client.ts";
import { drive, listen, quiet } from "./loopback.fixtures.ts";

const start = Date.UTC(2026, 0, 1, 0, 0, 7, 250);
const windowMs = 60_000;
const windowCalls = 100;
const wanted = 450;
const atOnce = 8;
const stepMs = 10;

/** Reproducible, 0 to 1 (mulberry32). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Windows = "fixed" | "sliding";
type Style = "x" | "reddit" | "mastodon";

/** Counts every call that arrives, whatever it answers; its clock is wrong by `skewMs`. */
async function startPlatform(clock: FakeClock, how: { readonly windows: Windows; readonly style: Style; readonly skewMs: number; readonly seed: number }) {
  const random = makeRandom(how.seed);
  let arrivals: number[] = [];
  let windowEndsAt = 0;
  let token = 1;
  let tokenCalls = 0;
  let quietFrom = 0;
  let quietUntil = 0;
  const figures = { arrived: 0, beyond: 0, early: 0, limited: 0, failed: 0, reset: 0, expired: 0 };
  /** Times in which the platform let nobody in. */
  const closed: [number, number][] = [];

  /** Calls left after this one, and when there are more. */
  function count(now: number): { readonly left: number; readonly resetAt: number } {
    if (how.windows === "fixed" && now >= windowEndsAt) {
      windowEndsAt = now + windowMs;
      arrivals = [];
    }
    if (how.windows === "sliding") arrivals = arrivals.filter((at) => at > now - windowMs);
    arrivals.push(now);
    const resetAt = how.windows === "fixed" ? windowEndsAt : (arrivals[0] ?? now) + windowMs;
    return { left: windowCalls - arrivals.length, resetAt };
  }

  const server = await listen((request, response) => {
    const now = clock.now();
    figures.arrived++;
    const { left, resetAt } = count(now);
    if (left === 0) closed.push([now, resetAt]);
    if (now > quietFrom + 10 * stepMs && now < quietUntil) figures.early++;
    response.sendDate = false;
    response.setHeader("date", new Date(now + how.skewMs).toUTCString());
    const told = Math.max(0, left);
    if (how.style === "x") {
      response.setHeader("x-rate-limit-limit", windowCalls);
      response.setHeader("x-rate-limit-remaining", told);
      response.setHeader("x-rate-limit-reset", Math.ceil((resetAt + how.skewMs) / 1_000));
    } else if (how.style === "reddit") {
      response.setHeader("x-ratelimit-used", (windowCalls - told).toFixed(1));
      response.setHeader("x-ratelimit-remaining", told.toFixed(1));
      response.setHeader("x-ratelimit-reset", Math.ceil((resetAt - now) / 1_000));
    } else {
      response.setHeader("x-ratelimit-limit", windowCalls);
      response.setHeader("x-ratelimit-remaining", told);
      response.setHeader("x-ratelimit-reset", new Date(resetAt + how.skewMs).toISOString());
    }
    if (left < 0) {
      figures.beyond++;
      response.writeHead(429).end();
      return;
    }
    const dice = random();
    if (dice < 0.3) {
      const seconds = 1 + Math.floor(random() * 3);
      figures.limited++;
      // A date has no fractions of a second.
      const until = random() < 0.5 ? now + seconds * 1_000 : Math.ceil((now + how.skewMs) / 1_000) * 1_000 + seconds * 1_000 - how.skewMs;
      closed.push([now, until]);
      if (until > quietUntil) [quietFrom, quietUntil] = [now, until];
      response.writeHead(429, { "retry-after": until === now + seconds * 1_000 ? String(seconds) : new Date(until + how.skewMs).toUTCString() }).end();
    } else if (dice < 0.4) {
      figures.failed++;
      response.writeHead(dice < 0.35 ? 500 : 503).end("<html>busy</html>");
    } else if (dice < 0.45) {
      figures.reset++;
      request.socket.resetAndDestroy();
    } else if (request.headers.authorization !== `Bearer token-${token}` || ++tokenCalls > 150) {
      figures.expired++;
      if (tokenCalls > 150) {
        token++;
        tokenCalls = 0;
      }
      response.writeHead(401).end();
    } else {
      response.end(request.url);
    }
  });

  const forcedMs = () => {
    let sum = 0;
    let until = 0;
    for (const [from, to] of closed.toSorted(([a], [b]) => a - b)) {
      sum += Math.max(0, to - Math.max(from, until));
      until = Math.max(until, to);
    }
    return sum;
  };
  const credential: Credential & { renewals: number } = {
    name: "storm",
    renewals: 0,
    headers: async () => ({ authorization: `Bearer ${await credential.token()}` }),
    token: async () => `token-${credential.renewals + 1}`,
    async refused(_signal, given) {
      // Others may have renewed it meanwhile.
      if (given?.["authorization"] === `Bearer ${await credential.token()}`) credential.renewals = token - 1;
      return true;
    },
  };
  return { server, figures, forcedMs, credential, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const limit: BudgetLimit = { requests: windowCalls, perMs: windowMs };
const storms: readonly { readonly windows: Windows; readonly style: Style; readonly skewMs: number; readonly declared: boolean }[] = [
  { windows: "fixed", style: "x", skewMs: 300_000, declared: true },
  { windows: "fixed", style: "x", skewMs: -300_000, declared: false },
  { windows: "fixed", style: "reddit", skewMs: 300_000, declared: false },
  { windows: "fixed", style: "mastodon", skewMs: -300_000, declared: false },
  { windows: "sliding", style: "mastodon", skewMs: 300_000, declared: true },
];

for (const [index, storm] of storms.entries()) {
  const name = `${storm.windows} windows, headers like ${storm.style}, clock ${storm.skewMs / 60_000} min off, limit ${storm.declared ? "declared" : "learnt"}`;
  test(`in a storm everything arrives, no call goes beyond a window, and no time is lost: ${name}`, async (context) => {
    const clock = makeFakeClock(start);
    await using platform = await startPlatform(clock, { ...storm, seed: 17 + index });
    await using http = openHttp({ clock, report: quiet, env: {}, random: makeRandom(5) });
    const arrived = new Set<string>();
    let next = 0;
    let errors = 0;

    async function work(): Promise<void> {
      while (next < wanted) {
        const path = `/${next++}`;
        while (!arrived.has(path)) {
          try {
            const { bytes } = await http.request(platform.server.url + path, {
              credential: platform.credential,
              budgets: [{ name: "storm/app/search", ...(storm.declared && { limit }) }],
            });
            arrived.add(Buffer.from(bytes).toString());
          } catch (thrown) {
            // As the runtime does with a source: what is transient is waited for.
            if (!(thrown instanceof EarshotError) || thrown.kind !== "transient") throw thrown;
            errors++;
            await clock.sleep(Math.max(100, (thrown.retryAt ?? 0) - clock.now()));
          }
        }
      }
    }
    await drive(clock, Promise.all(Array.from({ length: atOnce }, work)), stepMs);

    const tookMs = clock.now() - start;
    const forcedMs = platform.forcedMs();
    const { figures } = platform;
    context.diagnostic(
      `${arrived.size} of ${wanted} in ${figures.arrived} calls (${figures.limited} × 429, ${figures.failed} × 5xx, ${figures.reset} resets, ${figures.expired} × 401), ${figures.beyond} beyond a window, ${figures.early} before Retry-After, ${errors} errors to the caller; took ${(tookMs / 1_000).toFixed(1)} s, forced ${(forcedMs / 1_000).toFixed(1)} s: ${(tookMs / forcedMs).toFixed(3)}`,
    );
    assert.equal(arrived.size, wanted);
    assert.equal(figures.beyond, 0);
    assert.equal(figures.early, 0);
    assert.ok(figures.arrived > windowCalls * 4 && figures.expired > 0, "the storm is one");
    assert.ok(tookMs <= forcedMs * 1.2, `${tookMs} ms where ${forcedMs} ms are forced`);
  });
}
