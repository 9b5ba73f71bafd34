import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { schnorr } from "@noble/curves/secp256k1.js";
import { WebSocketServer } from "ws";
import { type NostrRelay, signEvent, startNostrRelay, type WorldEvent } from "../../world/servers/nostr.ts";
import { type FakeClock, makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { Source, SourcePage } from "../core/source.ts";
import { drive } from "../http/loopback.fixtures.ts";
import nostr from "./nostr.ts";
import { itemsOf, makeContext, openWith, readUntil, holdStorm } from "./source.fixtures.ts";

const now = Date.UTC(2026, 8, 1, 12);
const nowSec = now / 1_000;

async function openReader(relays: readonly NostrRelay[], clock: FakeClock, more: Record<string, unknown> = {}, secrets: Readonly<Record<string, string>> = {}) {
  const context = makeContext({ clock, secrets });
  const { open, parse } = openWith(nostr, { relays: relays.map((relay) => relay.url), simulated: true, ...more });
  const source = await open(context);
  return {
    context,
    parse,
    readFor: (forMs: number, enough: (pages: readonly SourcePage[]) => boolean) => drive(clock, readFor(source, clock, forMs, enough), 25),
    read: (cursor: string | undefined, enough: (pages: readonly SourcePage[]) => boolean) => drive(clock, readUntil(source, cursor, enough), 25),
  };
}

/** None where it is not enough within so long. */
function readFor(source: Source, clock: FakeClock, forMs: number, enough: (pages: readonly SourcePage[]) => boolean): Promise<readonly SourcePage[]> {
  return Promise.race([readUntil(source, undefined, enough), clock.sleep(forMs).then((): readonly SourcePage[] => [])]);
}

const keysOf = (pages: readonly SourcePage[]) => itemsOf(pages).flatMap(({ key }) => (typeof key === "string" ? [key] : []));
const hasAll = (events: Iterable<WorldEvent>) => (pages: readonly SourcePage[]) => {
  const keys = new Set(keysOf(pages));
  return [...events].every(({ id }) => keys.has(id));
};
const note = (account: number, createdSec: number, content: string) => signEvent(account, { kind: 1, createdSec, content });

/** Notes over the last hours, several in some seconds, on one or both relays. */
function fill(relays: readonly NostrRelay[], count: number): WorldEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const event = note(index % 7, nowSec - Math.floor(index / 3) * 60, `note ${index}`);
    for (const [place, relay] of relays.entries()) if (index % 3 === 2 || index % 3 === place % 3) relay.publish(event);
    return event;
  }).filter((event) => relays.some((relay) => relay.events.includes(event)));
}

for (const [name, faults] of [
  ["none", {}],
  ["half of the requests refused as too many, connections cut", { rateLimited: 0.5, cutAfterMessages: 300 }],
] as const) {
  test(`every stored event of two relays is read, once, with its signature, with faults: ${name}`, async (t) => {
    const clock = makeFakeClock(now);
    await using one = await startNostrRelay({ seed: `${name} one`, nowMs: () => clock.now(), maxLimit: 7, ...faults });
    await using other = await startNostrRelay({ seed: `${name} other`, nowMs: () => clock.now(), maxLimit: 7, ...faults });
    const events = fill([one, other], 180);
    const reader = await openReader([one, other], clock);
    await using _ = reader.context;
    const pages = await reader.read(undefined, hasAll(events));
    const keys = keysOf(pages);
    const forcedMs = Math.max(one.forcedMs, other.forcedMs);
    if (name !== "none")
      holdStorm(t, { platform: "nostr", wanted: events.length, read: new Set(keys).size, beyond: one.beyond + other.beyond, tookMs: clock.now() - now, forcedMs });
    assert.equal(new Set(keys).size, keys.length, "none twice");
    assert.deepEqual(new Set(keys), new Set(events.map(({ id }) => id)));
    for (const { bytes } of itemsOf(pages)) assert.ok("keep" in (reader.parse(bytes)[0] ?? {}));
  });
}

test("what comes while it is read is given, late and future events too; what came during a cut is read after it", async () => {
  const clock = makeFakeClock(now);
  await using relay = await startNostrRelay({ seed: "live", maxLimit: 7 });
  const old = note(1, nowSec - 60, "old");
  relay.publish(old);
  const reader = await openReader([relay], clock);
  await using _ = reader.context;
  const live = [note(1, nowSec, "now"), note(2, nowSec - 7_200, "dated two hours ago"), note(3, nowSec + 600, "dated ahead")];
  const cut = [note(4, nowSec + 5, "during the cut"), note(5, nowSec - 600, "during the cut, dated before")];
  let step = 0;
  const pages = await reader.read(undefined, (all) => {
    if (step === 0 && hasAll([old])(all)) {
      step = 1;
      for (const event of live) relay.publish(event);
    }
    if (step === 1 && hasAll(live)(all)) {
      step = 2;
      relay.cutAll();
      for (const event of cut) relay.publish(event);
    }
    return step === 2 && hasAll([old, ...live, ...cut])(all);
  });
  assert.equal(keysOf(pages).length, 6);
  assert.equal(relay.connections, 2);
});

test("a restart from any page's cursor loses nothing", async () => {
  const clock = makeFakeClock(now);
  await using relay = await startNostrRelay({ seed: "restart", maxLimit: 7 });
  const events = fill([relay], 120);
  const reader = await openReader([relay], clock, { hashtags: ["x"], accounts: [...new Set(events.map(({ pubkey }) => pubkey))] });
  await using _ = reader.context;
  const pages = await reader.read(undefined, hasAll(events));
  assert.ok(pages.length > 3);
  for (const [cut, page] of pages.entries()) {
    const got = new Set(keysOf(pages.slice(0, cut + 1)));
    const missing = events.filter(({ id }) => !got.has(id));
    if (missing.length > 0) await reader.read(page.cursor, hasAll(missing));
    else assert.equal(cut, pages.length - 1);
  }
});

test("a deletion is believed of the event's own author alone, and a forged event is rejected", async () => {
  const clock = makeFakeClock(now);
  await using relay = await startNostrRelay({ seed: "deletions" });
  const [kept, gone, lonely] = [note(1, nowSec - 30, "kept"), note(1, nowSec - 20, "gone"), note(3, nowSec - 200_000, "older than what is read")];
  relay.publish(kept);
  relay.publish(lonely);
  const reader = await openReader([relay], clock, { backfillHours: 1 });
  await using _ = reader.context;
  const remove = (account: number, target: WorldEvent) =>
    signEvent(account, {
      kind: 5,
      createdSec: nowSec,
      tags: [
        ["e", target.id],
        ["k", "1"],
      ],
    });
  const outcomes: string[] = [];
  let step = 0;
  await reader.read(undefined, (all) => {
    if (step === 0 && hasAll([kept])(all)) {
      step = 1;
      relay.publish(remove(2, kept));
      relay.publish(remove(2, lonely));
      relay.publish(gone);
      relay.publish(remove(1, gone));
      relay.push({ ...kept, id: "f".repeat(64), content: "forged" });
    }
    outcomes.length = 0;
    for (const { bytes } of itemsOf(all)) {
      const [outcome] = reader.parse(bytes);
      assert.ok(outcome);
      outcomes.push(
        "reject" in outcome ? outcome.reject.code : "keep" in outcome ? `${outcome.keep.type}${outcome.keep.type === "delete" ? ` ${outcome.keep.id}` : ""}` : outcome.drop,
      );
    }
    return outcomes.length >= 6;
  });
  assert.deepEqual(outcomes.toSorted(), ["FORBIDDEN", "FORBIDDEN", "SIGNATURE_INVALID", `delete ${gone.id}`, "post", "post"].toSorted());
});

test("a relay is asked within all that it tells of itself, what comes while it is asked is not missed, and the source's state says so", async () => {
  const clock = makeFakeClock(now);
  const limitation = { max_subscriptions: 1, max_filters: 1, max_message_length: 900, max_subid_length: 16, created_at_lower_limit: 3_600, created_at_upper_limit: 900 };
  await using relay = await startNostrRelay({ seed: "narrow", nowMs: () => clock.now(), maxLimit: 7, limitation });
  const events = Array.from({ length: 120 }, (_, index) => note(index % 30, nowSec - index * 20, `note ${index}`));
  for (const event of events) relay.publish(event);
  // It stands there by mistake: the relay says that it takes nothing so old.
  relay.publish(note(1, nowSec - 7_200, "too old"));
  const reader = await openReader([relay], clock, { accounts: [...new Set(events.map(({ pubkey }) => pubkey))], hashtags: ["x"] });
  await using _ = reader.context;
  const live: WorldEvent[] = [];
  const gone = signEvent(3, { kind: 5, createdSec: nowSec + 1, tags: [["e", "c".repeat(64)]] });
  let pagesBefore = 0;
  const pages = await reader.read(undefined, (all) => {
    if (live.length < 6 && all.length > pagesBefore + 2) {
      pagesBefore = all.length;
      const event = note(live.length * 5, nowSec + 1, `live ${live.length}`);
      live.push(event);
      relay.publish(event);
      if (live.length === 3) relay.publish(gone);
    }
    return live.length === 6 && hasAll([...events, ...live])(all) && keysOf(all).includes("c".repeat(64));
  });
  assert.deepEqual(new Set(keysOf(pages)), new Set([...events, ...live].map(({ id }) => id).concat("c".repeat(64))));
  assert.equal(relay.beyond, 0);
  assert.equal(relay.connections, 1);
  assert.match(reader.context.states.at(-1)?.detail ?? "", /1 subscription at once, 1 filter each, messages of 900 bytes, nothing older than 1 h/);
});

test("more than one answer brings that came while a subscription was closed is read all the same", async () => {
  const clock = makeFakeClock(now);
  await using relay = await startNostrRelay({ seed: "burst", nowMs: () => clock.now(), maxLimit: 7, limitation: { max_subscriptions: 1 } });
  const events = Array.from({ length: 60 }, (_, index) => note(index % 30, nowSec - 60 - index * 20, `note ${index}`));
  for (const event of events) relay.publish(event);
  const reader = await openReader([relay], clock);
  await using _ = reader.context;
  const burst = Array.from({ length: 25 }, (_unused, index) => note(index, nowSec + 1 + index, `burst ${index}`));
  let isSent = false;
  const pages = await reader.readFor(60_000, (all) => {
    if (!isSent && all.length > 2) {
      isSent = true;
      for (const event of burst) relay.publish(event);
    }
    return hasAll([...events, ...burst])(all);
  });
  assert.deepEqual(new Set(keysOf(pages)), new Set([...events, ...burst].map(({ id }) => id)));
  assert.equal(relay.beyond, 0);
});

test("what a relay says of a subscription after it was closed is not taken for an answer to the next one", async () => {
  const clock = makeFakeClock(now);
  const missed = note(2, nowSec + 5, "came while it was closed");
  const deletion = signEvent(3, { kind: 5, createdSec: nowSec, tags: [["e", "d".repeat(64)]] });
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/nostr+json" }).end(JSON.stringify({ limitation: { max_subscriptions: 1 } }));
  });
  const late = new WebSocketServer({ server });
  let opened = 0;
  late.on("connection", (socket) => {
    socket.on("message", (data) => {
      const [word, id, filter]: readonly [string, string, { readonly limit?: number }?] = JSON.parse(String(data));
      const say = (...parts: readonly unknown[]) => socket.send(JSON.stringify(parts));
      if (!id.startsWith("live")) {
        if (word === "REQ") say("EOSE", id);
      } else if (word === "CLOSE") {
        if (opened > 0) say("EOSE", id);
        say("CLOSED", id, "");
      } else if (++opened === 1) say("EVENT", id, deletion);
      else if (filter?.limit !== 0) say("EVENT", id, missed);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const context = makeContext({ clock });
  const { open } = openWith(nostr, { relays: [`ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}`], simulated: true });
  const source = await open(context);
  const pages = await drive(
    clock,
    readFor(source, clock, 60_000, (all) => keysOf(all).includes(missed.id)),
    25,
  );
  for (const socket of late.clients) socket.terminate();
  late.close();
  server.closeAllConnections();
  server.close();
  await context[Symbol.asyncDispose]();
  assert.ok(keysOf(pages).includes(missed.id));
});

test("a relay that wants a sign-in before anything else gets it first, and without an account it is told as such and asked for nothing", async () => {
  const clock = makeFakeClock(now);
  const key = "11".repeat(32);
  const pubkey = Buffer.from(schnorr.getPublicKey(Buffer.from(key, "hex"))).toString("hex");
  await using relay = await startNostrRelay({
    seed: "first",
    nowMs: () => clock.now(),
    authRequired: true,
    members: [pubkey],
    limitation: { auth_required: true, payment_required: true },
  });
  const events = fill([relay], 20);
  const member = await openReader([relay], clock, { secretKey: "env:NOSTR" }, { "env:NOSTR": key });
  await using _ = member.context;
  await member.read(undefined, hasAll(events));
  assert.equal(relay.beyond, 0);
  assert.match(member.context.states.at(-1)?.detail ?? "", /sign-in needed, payment wanted/);
  const stranger = await openReader([relay], clock);
  await using __ = stranger.context;
  await assert.rejects(
    stranger.read(undefined, () => false),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH" && error.message.includes("before anything else"),
  );
  assert.equal(relay.beyond, 0);
});

test("a hostile relay neither hides what another one has nor names another author for it", async () => {
  const clock = makeFakeClock(now);
  await using honest = await startNostrRelay({ seed: "honest" });
  await using hostile = await startNostrRelay({ seed: "hostile" });
  const [first, target] = [note(3, nowSec - 60, "both are read"), note(1, nowSec - 30, "kept")];
  honest.publish(first);
  const reader = await openReader([honest, hostile], clock);
  await using _ = reader.context;
  const attacker = note(2, nowSec - 10, "attacker").pubkey;
  const forged = [
    { ...target, content: "forged" },
    { ...target, pubkey: attacker },
    { ...target, sig: "0".repeat(128) },
  ];
  let outcomes: string[] = [];
  let step = 0;
  await reader.read(undefined, (all) => {
    outcomes = itemsOf(all).flatMap(({ bytes }) =>
      reader.parse(bytes).map((outcome) => ("reject" in outcome ? outcome.reject.code : "keep" in outcome ? outcome.keep.type : outcome.drop)),
    );
    const count = (name: string) => outcomes.filter((one) => one === name).length;
    if (step === 0 && hasAll([first])(all)) {
      step = 1;
      for (const event of forged) hostile.push(event);
    }
    if (step === 1 && count("SIGNATURE_INVALID") === 3) {
      step = 2;
      honest.publish(target);
    }
    if (step === 2 && count("post") === 2) {
      step = 3;
      for (const event of forged) hostile.push(event);
      hostile.publish(
        signEvent(2, {
          kind: 5,
          createdSec: nowSec,
          tags: [
            ["e", target.id],
            ["k", "1"],
          ],
        }),
      );
    }
    return count("FORBIDDEN") + count("delete") > 0;
  });
  assert.ok(outcomes.includes("FORBIDDEN") && !outcomes.includes("delete"), outcomes.join());
});

test("a relay that wants a sign-in is told as such; another beside it is read all the same", async () => {
  const clock = makeFakeClock(now);
  await using closed = await startNostrRelay({ seed: "closed", authRequired: true });
  await using open = await startNostrRelay({ seed: "open" });
  const event = note(1, nowSec - 10, "x");
  open.publish(event);
  const both = await openReader([closed, open], clock);
  await using _ = both.context;
  await both.read(undefined, hasAll([event]));
  const alone = await openReader([closed], clock);
  await using __ = alone.context;
  await assert.rejects(
    alone.read(undefined, () => false),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH",
  );
  const options = nostr.options.parse({ relays: [open.url] });
  await drive(clock, nostr.canary?.(options, alone.context) ?? Promise.reject(new Error("no canary")));
});

test("a relay that asks who reads is told by a signed answer, and read through cuts; a stranger is refused", async () => {
  const clock = makeFakeClock(now);
  const key = "11".repeat(32);
  const pubkey = Buffer.from(schnorr.getPublicKey(Buffer.from(key, "hex"))).toString("hex");
  await using relay = await startNostrRelay({ seed: "members", authRequired: true, members: [pubkey], cutAfterMessages: 60, maxLimit: 7 });
  const events = fill([relay], 60);
  const member = await openReader([relay], clock, { secretKey: "env:NOSTR" }, { "env:NOSTR": key });
  await using _ = member.context;
  const pages = await member.read(undefined, hasAll(events));
  assert.deepEqual(new Set(keysOf(pages)), new Set(events.map(({ id }) => id)));
  relay.setFaults({});
  const stranger = await openReader([relay], clock, { secretKey: "env:NOSTR" }, { "env:NOSTR": "22".repeat(32) });
  await using __ = stranger.context;
  await assert.rejects(
    stranger.read(undefined, () => false),
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH",
  );
});

test("a relay that answers without end is left, and memory stays", async () => {
  const clock = makeFakeClock(now);
  const endless = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(endless, "listening");
  let sentBytes = 0;
  const left = Promise.withResolvers<void>();
  const event = JSON.stringify({ ...note(1, nowSec - 30, "x"), content: "x".repeat(1 << 19) });
  endless.on("connection", (socket) => {
    socket.on("close", () => left.resolve());
    socket.on("message", (data) => {
      const [word, id]: readonly unknown[] = JSON.parse(String(data));
      if (word !== "REQ" || String(id).startsWith("live")) return;
      const more = () => {
        const text = `["EVENT",${JSON.stringify(id)},${event}]`;
        sentBytes += text.length;
        if (socket.readyState === socket.OPEN) socket.send(text, more);
      };
      more();
    });
  });
  const address = endless.address();
  const context = makeContext({ clock });
  const { open } = openWith(nostr, { relays: [`ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}`], simulated: true });
  const source = await open(context);
  const stop = new AbortController();
  const reading = drive(
    clock,
    (async () => {
      for await (const _ of source.read(undefined, stop.signal)) assert.fail("nothing was answered");
    })(),
    100,
  );
  await left.promise;
  stop.abort();
  await reading;
  assert.ok(sentBytes < 160 << 20, `${sentBytes} bytes were taken`);
  endless.close();
  await context[Symbol.asyncDispose]();
});
