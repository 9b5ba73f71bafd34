import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { type Begin, doneSchema } from "./budget-positions.fixtures.ts";
import { registerMigrations } from "./migrations.ts";

const start = Date.UTC(2026, 5, 14, 12);

let postgres: TestPostgres;
before(async () => {
  postgres = await startTestPostgres();
});
after(() => postgres[Symbol.asyncDispose]());

/** A process of its own; each message is answered by one. */
async function startProcess(begin: Begin) {
  const child = fork(fileURLToPath(new URL("./budget-positions.fixtures.ts", import.meta.url)), ["draw"], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  let pending: PromiseWithResolvers<unknown> | undefined;
  const exited = new Promise<void>((resolve) => {
    child.on("exit", (code) => {
      pending?.reject(new Error(`the process ended with ${code}`));
      resolve();
    });
  });
  child.on("message", (message) => pending?.resolve(message));
  const ask = (message: object): Promise<unknown> => {
    pending = Promise.withResolvers();
    child.send(message);
    return pending.promise;
  };
  await ask(begin);
  return {
    ask: async (round: object): Promise<z.output<typeof doneSchema>> => doneSchema.parse(await ask({ advanceMs: 0, most: 1_000_000, close: false, ...round })),
    /** Without any farewell. */
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async end() {
      child.disconnect();
      await exited;
    },
  };
}

async function startTwo(name: string) {
  await postgres.database(name, registerMigrations);
  const begin = { database: postgres.addressOf(name), nowMs: start };
  const [one, other] = await Promise.all([startProcess(begin), startProcess(begin)]);
  return { one, other, begin };
}

test("two processes at once never spend more than the limit within any stretch of its length, and nearly all of it", async (context) => {
  const { one, other } = await startTwo("sliding");
  const uses = [{ name: "x/app/search", cost: 1, limit: { requests: 300, perMs: 15_000, resets: "sliding" } }];
  const perStep: number[] = [];
  let queries = 0;
  try {
    for (let step = 0; step < 120; step++) {
      // Unequal shares that change: one of them is greedy, the other takes a little.
      const [greedy, modest] = step % 20 < 10 ? [one, other] : [other, one];
      const done = await Promise.all([greedy.ask({ advanceMs: 500, uses }), modest.ask({ advanceMs: 500, uses, most: 7 })]);
      perStep.push(done[0].calls + done[1].calls);
      queries += done[0].queries + done[1].queries;
    }
  } finally {
    await Promise.all([one.end(), other.end()]);
  }
  let most = 0;
  for (let at = 0; at < perStep.length; at++) {
    const sum = perStep.slice(at, at + 30).reduce((a, b) => a + b, 0);
    most = Math.max(most, sum);
    assert.ok(sum <= 300, `${sum} within the 15 s from step ${at}`);
  }
  const calls = perStep.reduce((a, b) => a + b, 0);
  context.diagnostic(`60 s: ${calls} calls of 1200 possible, at most ${most} of 300 within 15 s, ${(queries / calls).toFixed(2)} store updates a call`);
  assert.ok(calls >= 1_200 / 1.2, `${calls} of 1200`);
});

test("a month's count goes on after a restart, a crash loses no more than what was taken in advance, and together they never exceed it", async (context) => {
  const { one, other, begin } = await startTwo("month");
  const use = { name: "x/app/month", cost: 10, limit: { requests: 50_000, perMs: 30 * 86_400_000, resets: "utc-month" } };
  const first = await one.ask({ uses: [use], most: 1_000 });
  const second = await other.ask({ uses: [use], most: 500, close: true });
  await one.kill();
  await other.end();
  const again = await startProcess(begin);
  const rest = await again.ask({ uses: [use] });
  const calls = first.calls + second.calls + rest.calls;
  context.diagnostic(`${calls * 10} of 50000 units, ${first.queries + second.queries + rest.queries} store updates for ${calls} calls`);
  assert.deepEqual(rest.codes, ["UPSTREAM_QUOTA"]);
  assert.ok(calls * 10 <= 50_000 && calls * 10 >= 49_000 - 10, `${calls * 10} units`);
  const next = await again.ask({ advanceMs: 17 * 86_400_000, uses: [use], most: 5 });
  assert.equal(next.calls, 5);
  await again.end();
});

test("where one of two budgets is used up, the other one loses nothing", async () => {
  const { one, other } = await startTwo("both");
  const day = (name: string, requests: number) => ({ name, cost: 1, limit: { requests, perMs: 86_400_000, resets: "utc-day" } });
  const spent = await Promise.all([one, other].map((each) => each.ask({ uses: [day("wide", 1_000), day("narrow", 30)], close: true })));
  assert.equal(
    spent.reduce((sum, { calls }) => sum + calls, 0),
    30,
  );
  assert.equal((await one.ask({ uses: [day("wide", 1_000)] })).calls, 970);
  await Promise.all([one.end(), other.end()]);
});
