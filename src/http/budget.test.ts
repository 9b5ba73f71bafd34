import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeClock, makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { BudgetLimit, BudgetUse } from "../core/http.ts";
import { makeBudgets } from "./budget.ts";
import { slotAt } from "./budget-position.ts";
import { makeMemoryBudgetStore } from "./budget-store.ts";
import { drive, quiet } from "./loopback.fixtures.ts";

const start = Date.UTC(2026, 5, 1, 12);

function open(clock: FakeClock = makeFakeClock(start), store = makeMemoryBudgetStore()) {
  const budgets = makeBudgets({ store, clock, report: quiet });
  const draw = (uses: readonly BudgetUse[], withinMs = 0, signal?: AbortSignal) => budgets.draw(uses, clock.monotonicMs() + withinMs, "test", signal);
  return { clock, store, budgets, draw };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (thrown) {
    return thrown instanceof EarshotError ? thrown.code : String(thrown);
  }
}

test("within any stretch of its length a sliding budget never gives more than its limit, and nearly all of it", async () => {
  const { clock, draw } = open();
  const use = { name: "b", limit: { requests: 20, perMs: 10_000 } };
  const at: number[] = [];
  const calls = Array.from({ length: 200 }, async () => {
    const drawn = await draw([use], 1_000_000);
    at.push(clock.now());
    drawn.ended();
  });
  await drive(clock, Promise.all(calls), 37);
  for (const [index, time] of at.entries()) assert.ok((at[index + 20] ?? Infinity) - time >= 10_000, `call ${index + 20}`);
  const tookMs = (at.at(-1) ?? 0) - start;
  assert.ok(tookMs <= 9 * 10_000 * 1.1, `${tookMs} ms for what takes 90 s`);
});

test("of several budgets all are taken or none", async () => {
  const { budgets, draw } = open();
  const wide: BudgetUse = { name: "wide", limit: { requests: 10, perMs: 60_000 } };
  const narrow: BudgetUse = { name: "narrow", limit: { requests: 1, perMs: 60_000 } };
  await draw([wide, narrow]);
  for (let i = 0; i < 5; i++) assert.equal(await codeOf(draw([wide, narrow])), "UPSTREAM_RATE_LIMITED");
  assert.equal(budgets.state("wide")?.left, 9);
  for (let i = 0; i < 9; i++) await draw([wide]);
  assert.equal(await codeOf(draw([wide])), "UPSTREAM_RATE_LIMITED");
});

test("who waits longer goes first, and who wants something else is not held up", async () => {
  const { clock, draw } = open();
  const use = (name: string, cost = 1): BudgetUse => ({ name, cost, limit: { requests: 4, perMs: 10_000 } });
  await draw([use("a", 4)]);
  const order: string[] = [];
  const calls = [
    draw([use("a", 3), use("b")], 100_000).then(() => order.push("large")),
    ...["first", "second", "third"].map((name) => draw([use("a")], 100_000).then(() => order.push(name))),
    draw([use("b")], 100_000).then(() => order.push("other")),
  ];
  await drive(clock, Promise.all(calls), 100);
  assert.deepEqual(order, ["other", "large", "first", "second", "third"]);
});

test("one that waits can be given up, and the next goes on", async () => {
  const { clock, draw } = open();
  const use: BudgetUse = { name: "a", limit: { requests: 1, perMs: 10_000 } };
  await draw([use]);
  const abort = new AbortController();
  const first = codeOf(draw([use], 100_000, abort.signal));
  const second = draw([use], 100_000);
  await clock.advance(5_000);
  abort.abort(new Error("enough"));
  assert.match(await first, /enough/);
  await drive(clock, second, 100);
  assert.ok(clock.now() - start < 11_000);
});

test("days and months are counted by the calendar that the platform names", () => {
  const limit = (resets: BudgetLimit["resets"]): BudgetLimit => ({ requests: 1, perMs: 86_400_000, ...(resets && { resets }) });
  const noon = Date.UTC(2026, 2, 8, 12);
  assert.equal(slotAt(limit("utc-day"), noon).startMs, Date.UTC(2026, 2, 8));
  assert.equal(slotAt(limit("utc-month"), noon).startMs, Date.UTC(2026, 2, 1));
  const from = (monthDay: number, at: number) => slotAt({ ...limit("utc-month"), monthDay }, at);
  assert.equal(from(17, noon).startMs, Date.UTC(2026, 1, 17));
  assert.equal(from(17, noon).endMs, Date.UTC(2026, 2, 17) + 2_000);
  assert.equal(from(8, noon).startMs, Date.UTC(2026, 2, 8));
  // A month without that day begins on its last one.
  assert.deepEqual([from(31, noon).startMs, from(31, noon).endMs], [Date.UTC(2026, 1, 28), Date.UTC(2026, 2, 31) + 2_000]);
  assert.equal(from(31, Date.UTC(2026, 0, 5)).startMs, Date.UTC(2025, 11, 31));
  // The clocks of Los Angeles change on 8 March 2026: that day has 23 hours.
  assert.equal(slotAt(limit("pacific-day"), noon).startMs, Date.UTC(2026, 2, 8, 8));
  assert.equal(slotAt(limit("pacific-day"), noon).endMs, Date.UTC(2026, 2, 9, 7) + 2_000);
  assert.equal(slotAt(limit("pacific-day"), Date.UTC(2026, 10, 1, 12)).endMs, Date.UTC(2026, 10, 2, 8) + 2_000);
});

test("a day's allowance is full again at its midnight, and its end is told as a quota", async () => {
  const { clock, draw, budgets } = open();
  const use: BudgetUse = { name: "y", cost: 100, limit: { requests: 300, perMs: 86_400_000, resets: "pacific-day" } };
  for (let i = 0; i < 3; i++) await draw([use]);
  assert.equal(await codeOf(draw([use])), "UPSTREAM_QUOTA");
  assert.equal(budgets.state("y")?.left, 0);
  await clock.advance(Date.UTC(2026, 5, 2, 7) + 2_000 - start);
  assert.equal(budgets.state("y")?.left, 300);
  await draw([use]);
  assert.equal(await codeOf(draw([{ ...use, cost: 301 }])), "UPSTREAM_QUOTA");
});

test("what the server says is left holds for calls on their way too", async () => {
  const { clock, draw } = open();
  const use: BudgetUse = { name: "t" };
  const first = await draw([use]);
  const onTheWay = await draw([use]);
  first.learn({ remaining: 3, resetAt: start + 60_000 });
  first.ended();
  await draw([use]);
  await draw([use]);
  assert.equal(await codeOf(draw([use])), "UPSTREAM_RATE_LIMITED");
  onTheWay.learn({ remaining: 2, resetAt: start + 60_000 });
  onTheWay.ended();
  assert.equal(await codeOf(draw([use])), "UPSTREAM_RATE_LIMITED");
  await clock.advance(61_000);
  await draw([use]);
});

test("two clients on one store share the limit and what servers ask for, and a closed one gives back what it did not spend", async () => {
  const clock = makeFakeClock(start);
  const store = makeMemoryBudgetStore();
  const one = open(clock, store);
  const other = open(clock, store);
  const use: BudgetUse = { name: "m", limit: { requests: 1_000, perMs: 30 * 86_400_000, resets: "utc-month" } };
  for (let i = 0; i < 400; i++) await one.draw([use]);
  for (let i = 0; i < 100; i++) await other.draw([use]);
  await one.budgets.close();
  let more = 0;
  while ((await codeOf(other.draw([use]))) === "none") more++;
  assert.equal(more, 500);
  const blocked = await one.draw([{ name: "r" }]);
  blocked.learn({ retryAt: start + 3_600_000 });
  await clock.advance(6_000);
  assert.equal(await codeOf(other.draw([{ name: "r" }])), "UPSTREAM_RATE_LIMITED");
});

test("a refusal that tells of an empty window does not slow down a server that else tells nothing", async () => {
  const { clock, draw } = open();
  const use: BudgetUse = { name: "q" };
  const refused = await draw([use]);
  refused.learn({ remaining: 0, resetAt: start + 1_000 });
  refused.ended();
  assert.equal(await codeOf(draw([use])), "UPSTREAM_RATE_LIMITED");
  await clock.advance(1_100);
  for (let i = 0; i < 20; i++) await draw([use]);
});

test("in a new window no more calls go out at once than the last one had, until the server tells more", async () => {
  const { clock, draw } = open();
  const use: BudgetUse = { name: "w" };
  const first = await draw([use]);
  first.learn({ limit: 5, remaining: 0, resetAt: start + 60_000 });
  first.ended();
  await clock.advance(62_000);
  const calls = await Promise.all(Array.from({ length: 5 }, () => draw([use])));
  assert.equal(await codeOf(draw([use])), "UPSTREAM_RATE_LIMITED");
  calls[0]?.learn({ limit: 5, remaining: 4, resetAt: clock.now() + 60_000 });
  calls[0]?.ended();
  assert.equal(await codeOf(draw([use])), "UPSTREAM_RATE_LIMITED");
});

test("who wants much is not overtaken for ever by those who want little", async () => {
  const { clock, draw } = open();
  const use = (cost: number): BudgetUse => ({ name: "a", cost, limit: { requests: 4, perMs: 10_000 } });
  await draw([use(2)]);
  await clock.advance(5_000);
  await draw([use(2)]);
  const order: string[] = [];
  const large = draw([use(4)], 100_000).then(() => order.push("large"));
  await clock.advance(1_000);
  const small = draw([use(1)], 100_000).then(() => order.push("small"));
  await drive(clock, Promise.all([large, small]), 100);
  assert.deepEqual(order, ["large", "small"]);
});

test("what was taken in advance and not spent in its slot is free again", async () => {
  const { clock, draw, budgets } = open();
  const use: BudgetUse = { name: "a", limit: { requests: 1_000, perMs: 60_000 } };
  for (let i = 0; i < 30; i++) await draw([use]);
  await clock.advance(2_000);
  await draw([use]);
  assert.ok((budgets.state("a")?.left ?? 0) === 969, String(budgets.state("a")?.left));
});

test("what answers brought is counted at once for all, also beyond the limit, and a call that needs room waits for it", async () => {
  const clock = makeFakeClock(start);
  const store = makeMemoryBudgetStore();
  const one = open(clock, store);
  const other = open(clock, store);
  const limit = { requests: 300, perMs: 30 * 86_400_000, resets: "utc-month" } as const;
  const use: BudgetUse = { name: "posts", limit, cost: 0, room: 100 };
  (await one.draw([use])).ended();
  assert.deepEqual(await one.budgets.charge({ name: "posts", limit, cost: 150 }), { left: 150, fullAt: Date.UTC(2026, 6, 1) + 2_000 });
  (await other.draw([use])).ended();
  assert.equal((await other.budgets.charge({ name: "posts", limit, cost: 60 })).left, 90);
  for (const { draw } of [one, other]) assert.equal(await codeOf(draw([use])), "UPSTREAM_QUOTA");
  (await one.draw([{ ...use, room: 90 }])).ended();
  assert.equal((await one.budgets.charge({ name: "posts", limit, cost: 100 })).left, -10);
  await clock.advance(Date.UTC(2026, 6, 1) + 2_000 - clock.now());
  (await one.draw([use])).ended();
});

test("what cannot be counted now is counted with the next, and holds until then", async () => {
  const clock = makeFakeClock(start);
  const kept = makeMemoryBudgetStore();
  let isDown = false;
  const { budgets, draw } = open(clock, { update: (names, change) => (isDown ? Promise.reject(new EarshotError("STORE_UNAVAILABLE", "down")) : kept.update(names, change)) });
  const limit = { requests: 100, perMs: 86_400_000, resets: "utc-day" } as const;
  isDown = true;
  assert.equal(await codeOf(budgets.charge({ name: "p", limit, cost: 70 })), "STORE_UNAVAILABLE");
  isDown = false;
  assert.equal(await codeOf(draw([{ name: "p", limit, cost: 0, room: 50 }])), "UPSTREAM_QUOTA");
  assert.equal((await budgets.charge({ name: "p", limit, cost: 10 })).left, 20);
});

test("a window that only headers tell is drawn from by two clients together, never beyond it, and to its end", async () => {
  const clock = makeFakeClock(start);
  const store = makeMemoryBudgetStore();
  const clients = [open(clock, store), open(clock, store)];
  const use: BudgetUse = { name: "told" };
  let served = 0;
  let windowAt = start;
  const total = 40;
  const lengthMs = 60_000;
  const call = async ({ draw }: (typeof clients)[number]) => {
    const drawn = await draw([use]);
    if (clock.now() >= windowAt + lengthMs) {
      windowAt = clock.now();
      served = 0;
    }
    served++;
    assert.ok(served <= total, `${served} calls in one window`);
    drawn.learn({ limit: total, remaining: total - served, resetAt: windowAt + lengthMs });
    drawn.ended();
  };
  for (let window = 0; window < 4; window++) {
    // Unequal shares: the first is greedy, and the second comes back after a while of silence.
    for (let i = 0; i < total; i++) await call(clients[i % 5 === window ? 1 : 0] ?? open(clock, store));
    for (const client of clients) assert.equal(await codeOf(call(client)), "UPSTREAM_RATE_LIMITED");
    await clock.advance(lengthMs + 1_100);
  }
  const late = open(clock, store);
  await call(late);
  assert.equal(await codeOf(call(late)), "none");
});

test("what one client was told last holds for another one within seconds, though the first draws no more", async () => {
  const clock = makeFakeClock(start);
  const store = makeMemoryBudgetStore();
  const one = open(clock, store);
  const other = open(clock, store);
  const use: BudgetUse = { name: "told" };
  (await other.draw([use])).ended();
  const drawn = await one.draw([use]);
  drawn.learn({ limit: 10, remaining: 0, resetAt: start + 60_000 });
  drawn.ended();
  await clock.advance(6_000);
  assert.equal(await codeOf(other.draw([use])), "UPSTREAM_RATE_LIMITED");
  await clock.advance(55_000);
  assert.equal(await codeOf(other.draw([use])), "none");
});
