import assert from "node:assert/strict";
import { test } from "node:test";
import { killRounds } from "./kill-rounds.ts";
import { plantedFaults } from "./planted.ts";
import { powerCuts } from "./power-cuts.ts";
import { isClean, summarise } from "./summary.ts";

test("after power cuts at any write nothing is lost, doubled, out of order or revived", async () => {
  const told: string[] = [];
  const cuts = await powerCuts({ cuts: 10, seed: 7, say: (line) => void told.push(line) });
  const figures = summarise(undefined, cuts);
  assert.equal(figures.cuts, 10);
  assert.ok(isClean(figures), `${JSON.stringify(figures)}\n${told.join("\n")}`);
});

for (const planted of plantedFaults) {
  test(`a planted ${planted} is told as lost posts`, async () => {
    const figures = summarise(undefined, await powerCuts({ cuts: 10, seed: 7, say: () => undefined, planted }));
    assert.ok(figures.lost > 0, JSON.stringify(figures));
  });
}

test("after kills of the whole system every store equals what the oracle says", async () => {
  const told: string[] = [];
  const kills = await killRounds({ rounds: 2, seed: 7, postsARound: 1_000, say: (line) => void told.push(line) });
  const figures = summarise(kills, undefined);
  assert.equal(figures.rounds, 2);
  assert.ok(isClean(figures), `${JSON.stringify(figures)}\n${told.join("\n")}`);
});
