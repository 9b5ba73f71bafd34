import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { makeFakeClock, systemClock } from "../core/clock.ts";
import { egressSchema } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import { openHttp } from "./client.ts";
import { callFor } from "./counted.ts";
import type { EgressRefusal } from "./egress.ts";
import { drive, listen, listenAsProxy, quiet } from "./loopback.fixtures.ts";

const start = Date.parse("2026-03-01T00:00:00Z");

async function openPool(
  rotation: "each-call" | "sticky" | "none",
  { count = 3, fixed = false, answer = () => 200 }: { count?: number; fixed?: boolean; answer?: () => number } = {},
) {
  const clock = makeFakeClock(start);
  const refusals: EgressRefusal[] = [];
  const asked: string[][] = Array.from({ length: count }, () => []);
  const broken = new Set<number>();
  const proxies = await Promise.all(asked.map((list, number) => listenAsProxy(list, () => !broken.has(number))));
  const calls: string[] = [];
  const site = await listen((request, response) => {
    calls.push(request.url ?? "");
    // A connection of its own for each call: its tunnel tells which proxy it took.
    response.writeHead(answer(), { connection: "close" }).end("well");
  });
  const profile = egressSchema.parse({ proxies: proxies.map(({ url }) => url), rotation, fixed });
  const http = openHttp({
    clock,
    report: quiet,
    env: {},
    random: () => 0,
    egress: { profiles: { pool: profile }, readSecret: async () => "", onRefused: (refusal) => refusals.push(refusal) },
  });
  return {
    clock,
    refusals,
    broken,
    http,
    site,
    calls,
    proxies,
    taken: () => asked.map((list) => list.length),
    of: (source: string, isStraight = false) => callFor(http, { source, ...(!isStraight && { egress: "pool" }) }),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
      await site[Symbol.asyncDispose]();
    },
  };
}

const isCode = (code: string, failure?: string) => (error: unknown) =>
  error instanceof EarshotError && error.code === code && (failure === undefined || error.failure?.id === failure);

test("each call takes the next proxy of its profile, and calls without a profile go straight", async () => {
  await using pool = await openPool("each-call");
  const http = pool.of("one");
  for (let call = 0; call < 6; call++) await drive(pool.clock, http.request(`${pool.site.url}/${call}`));
  assert.deepEqual(pool.taken(), [2, 2, 2]);
  await drive(pool.clock, pool.of("other", true).request(pool.site.url));
  await drive(pool.clock, pool.http.request(pool.site.url));
  assert.deepEqual(pool.taken(), [2, 2, 2]);
  assert.equal(pool.calls.length, 8);
});

test("a source keeps its proxy where the profile is sticky, and another source gets another", async () => {
  await using pool = await openPool("sticky");
  for (let call = 0; call < 3; call++) {
    await drive(pool.clock, pool.of("one").request(`${pool.site.url}/${call}`));
    await drive(pool.clock, pool.of("two").request(`${pool.site.url}/${call}`));
  }
  assert.deepEqual(pool.taken(), [3, 3, 0]);
});

test("a proxy that fails is left out, its call takes another at once, and it is tried again after its time", async () => {
  await using pool = await openPool("each-call");
  pool.broken.add(1);
  for (let call = 0; call < 5; call++) await drive(pool.clock, pool.of("one").request(`${pool.site.url}/${call}`, { method: "POST" }));
  assert.equal(pool.calls.length, 5);
  assert.equal(pool.taken()[1], 1);
  const [figures] = pool.http.egress();
  assert.equal(figures?.proxies[1]?.failed, 1);
  assert.equal(figures?.proxies[1]?.outUntil, pool.clock.now() + 60_000 - (pool.clock.now() - start));
  pool.broken.delete(1);
  await pool.clock.advance(60_000);
  for (let call = 0; call < 3; call++) await drive(pool.clock, pool.of("one").request(`${pool.site.url}/${call}`));
  assert.equal(pool.taken()[1], 2);
  assert.equal(pool.http.egress()[0]?.proxies[1]?.outUntil, undefined);
});

test("while it fails its time is doubled", async () => {
  await using pool = await openPool("none", { count: 2 });
  pool.broken.add(0);
  await drive(pool.clock, pool.of("one").request(pool.site.url));
  await pool.clock.advance(60_000);
  await drive(pool.clock, pool.of("one").request(pool.site.url));
  assert.equal(pool.taken()[0], 2);
  await pool.clock.advance(61_000);
  await drive(pool.clock, pool.of("one").request(pool.site.url));
  assert.equal(pool.taken()[0], 2);
  await pool.clock.advance(60_000);
  await drive(pool.clock, pool.of("one").request(pool.site.url));
  assert.equal(pool.taken()[0], 3);
});

test("a fixed address is never left, and its failure says nothing of the platform", async () => {
  await using pool = await openPool("none", { count: 1, fixed: true });
  pool.broken.add(0);
  for (let call = 0; call < 6; call++) await assert.rejects(drive(pool.clock, pool.of("one").request(pool.site.url, { deadlineMs: 100 })), isCode("UPSTREAM_UNAVAILABLE"));
  assert.equal(pool.calls.length, 0);
  assert.equal(pool.http.hosts()[0]?.state, "closed");
  pool.broken.delete(0);
  await drive(pool.clock, pool.of("one").request(pool.site.url));
  assert.equal(pool.calls.length, 1);
});

test("after a 403 without a credential the address is not changed, not even when its proxy fails: refused, and told once", async () => {
  let status = 200;
  await using pool = await openPool("each-call", { answer: () => status });
  status = 403;
  await assert.rejects(drive(pool.clock, pool.of("one").request(pool.site.url)), isCode("UPSTREAM_AUTH"));
  status = 200;
  for (let call = 0; call < 3; call++) await drive(pool.clock, pool.of("one").request(pool.site.url));
  assert.deepEqual(pool.taken(), [4, 0, 0]);
  // Others were not barred.
  await drive(pool.clock, pool.of("two").request(pool.site.url));
  assert.deepEqual(pool.taken(), [4, 1, 0]);
  pool.broken.add(0);
  const before = pool.calls.length;
  for (let call = 0; call < 2; call++) await assert.rejects(drive(pool.clock, pool.of("one").request(pool.site.url)), isCode("UPSTREAM_REFUSED", "client.address-change"));
  assert.equal(pool.calls.length, before);
  assert.deepEqual(pool.refusals, [{ source: "one", host: new URL(pool.site.url).host, egress: "pool" }]);
});

test("a source that was barred without a profile is not let through one", async () => {
  let status = 451;
  await using pool = await openPool("none", { answer: () => status });
  await assert.rejects(drive(pool.clock, pool.of("one", true).request(pool.site.url)), isCode("UPSTREAM_REFUSED"));
  status = 200;
  await assert.rejects(drive(pool.clock, pool.of("one").request(pool.site.url)), isCode("UPSTREAM_REFUSED", "client.address-change"));
  assert.deepEqual(pool.taken(), [0, 0, 0]);
  await pool.clock.advance(24 * 3_600_000 + 1);
  await drive(pool.clock, pool.of("one").request(pool.site.url));
  assert.deepEqual(pool.taken(), [1, 0, 0]);
});

test("a limit is waited for at the same address", async () => {
  let status = 429;
  await using pool = await openPool("each-call", { answer: () => status });
  await assert.rejects(drive(pool.clock, pool.of("one").request(pool.site.url, { deadlineMs: 100 })), isCode("UPSTREAM_RATE_LIMITED"));
  status = 200;
  await drive(pool.clock, pool.of("one").request(pool.site.url));
  assert.deepEqual(pool.taken(), [2, 0, 0]);
});

test("a WebSocket goes through the profile too, past a proxy that fails", async () => {
  const asked: string[][] = [[], []];
  await using broken = await listenAsProxy(asked[0] ?? [], () => false);
  await using well = await listenAsProxy(asked[1] ?? []);
  await using site = await listen(() => undefined);
  new WebSocketServer({ server: site.server }).on("connection", (socket) => socket.send("well"));
  const profile = egressSchema.parse({ proxies: ["env:BROKEN", well.url] });
  const login = broken.url.replace("//", "//user:secret-word@");
  await using http = openHttp({
    clock: systemClock,
    report: (_level, message) => assert.doesNotMatch(message, /secret-word/),
    env: {},
    egress: { profiles: { pool: profile }, readSecret: async (reference) => (reference === "env:BROKEN" ? login : ""), onRefused: () => undefined },
  });
  for await (const bytes of await callFor(http, { source: "one", egress: "pool" }).webSocket(site.ws)) {
    assert.equal(Buffer.from(bytes).toString(), "well");
    break;
  }
  assert.deepEqual(
    asked.map((list) => list.length),
    [1, 1],
  );
});

test("a login does not stand in the configuration, and a fixed address is one", () => {
  assert.match(String(egressSchema.safeParse({ proxies: ["http://user:word@proxy.example:3128"] }).error?.message), /without login|reference/);
  assert.match(String(egressSchema.safeParse({ proxies: ["http://a.example:1", "http://b.example:1"], fixed: true }).error?.message), /expected one proxy/);
  assert.equal(egressSchema.parse({ proxies: ["file:/run/proxy"] }).rotation, "none");
});
