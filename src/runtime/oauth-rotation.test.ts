import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { startOAuth } from "../../world/servers/oauth.ts";
import { oauthStyles } from "../../world/servers/oauth-styles.ts";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { registerMigrations } from "../registers/migrations.ts";
import { type Begin, doneSchema } from "./oauth-rotation.fixtures.ts";

const rounds = Number(process.env["EARSHOT_ROTATION_ROUNDS"] ?? 100);
const hourMs = 3_600_000;

let postgres: TestPostgres;
before(async () => {
  postgres = await startTestPostgres();
  await postgres.database("rotation", registerMigrations);
});
after(() => postgres[Symbol.asyncDispose]());

/** A process of its own; each message is answered by one. */
async function startProcess(begin: Begin): Promise<{ readonly ask: (message: object) => Promise<unknown>; readonly end: () => void }> {
  const child = fork(fileURLToPath(new URL("./oauth-rotation.fixtures.ts", import.meta.url)), ["rotate"], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  let pending: PromiseWithResolvers<unknown> | undefined;
  child.on("message", (message) => pending?.resolve(message));
  child.on("exit", (code) => pending?.reject(new Error(`the process ended with ${code}`)));
  const ask = (message: object): Promise<unknown> => {
    pending = Promise.withResolvers();
    child.send(message);
    return pending.promise;
  };
  await ask(begin);
  return { ask, end: () => child.disconnect() };
}

test(`two processes with one refresh token that works once: one refresh a round, ${rounds} rounds, nobody is logged out`, { timeout: 600_000 }, async (context) => {
  let nowMs = Date.UTC(2026, 10, 1);
  await using server = await startOAuth({ nowMs: () => nowMs, style: oauthStyles.rotating, clients: [{ id: "app" }] });
  const begin: Begin = { database: postgres.addressOf("rotation"), server: server.url, refreshToken: server.makeRefreshToken("app"), nowMs, answersAtOnce: 2 };
  const children = await Promise.all([startProcess(begin), startProcess(begin)]);
  const tookMs: number[] = [];
  let failures = 0;
  try {
    for (let count = 0; count < rounds; count++) {
      // In turn the token ends by its time, and is refused before.
      const advanceMs = count % 2 === 0 ? 3 * hourMs : 60_000;
      nowMs += advanceMs;
      if (count % 2 === 1) server.expireAccess();
      const done = await Promise.all(children.map((child) => child.ask({ advanceMs })));
      for (const each of done.map((message) => doneSchema.parse(message))) {
        tookMs.push(each.tookMs);
        failures += each.statuses.filter((status) => status !== 200).length;
        assert.equal(each.failure, undefined, `round ${count}`);
      }
      assert.equal(server.granted.get("refresh_token"), count + 1, `round ${count}: one refresh`);
    }
  } finally {
    for (const child of children) child.end();
  }
  assert.equal(server.reuses, 0);
  assert.equal(failures, 0);
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  context.diagnostic(`${rounds} rounds, ${failures} failures; a process had its answer after ${at(0.5)} ms (median), ${at(0.99)} ms (99 of 100)`);
});
