import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import { configSchema } from "../core/config.ts";
import type { TextJudge } from "../core/judgement.ts";
import { makeDeepDesk } from "./deep-desk.ts";

const oneText = 0.01;

function open({ budgetShare = 0.5, textSeconds = oneText, fails = false } = {}) {
  const clock = makeFakeClock(0);
  const reports: string[] = [];
  let cpu = 0;
  const judge: TextJudge = {
    task: "sentiment",
    version: "big@1",
    labels: ["negative", "positive"],
    async judge(texts) {
      if (fails) throw new TypeError("no");
      cpu += texts.length * textSeconds;
      await clock.advance(texts.length * textSeconds * 1_000);
      return texts.map(() => ({ task: "sentiment", model: "big@1", label: "positive", probabilities: { positive: 1 } }));
    },
  };
  const [config] = configSchema.parse({ models: { deep: [{ task: "sentiment", model: "big", budgetShare }] } }).models.deep;
  assert.ok(config);
  const desk = makeDeepDesk([{ judge, config }], { clock, report: (_level, message) => reports.push(message), cpuSeconds: () => cpu });
  const ask = async (count: number, withinMs = 60_000) => {
    const answers = await desk.ask(0, Array.from<string>({ length: count }).fill("a"), clock.monotonicMs() + withinMs);
    assert.equal(answers.length, count);
    return Object.groupBy(answers, (answer) => (typeof answer === "string" ? answer : "judged"));
  };
  return { clock, desk, ask, reports };
}

test("a stream of more than the budget is judged as far as that goes, and told of the rest", async () => {
  const { clock, ask, desk } = open();
  const startedAt = clock.monotonicMs();
  let judged = 0;
  let passed = 0;
  for (let second = 0; second < 60; second++) {
    const answers = await ask(200);
    judged += answers.judged?.length ?? 0;
    passed += answers.budget?.length ?? 0;
    await clock.advance(500);
  }
  const seconds = (clock.monotonicMs() - startedAt) / 1_000;
  const most = (seconds * 0.5 + 4 * 0.5) / oneText + 16;
  assert.ok(judged <= most && judged >= most * 0.9, `${judged} of at most ${most}`);
  assert.equal(judged + passed, 60 * 200);
  const [figures] = desk.figures();
  assert.equal(figures?.judged, judged);
  assert.equal(figures.unanswered.budget, passed);
  assert.ok(Math.abs(figures.seconds - judged * oneText) < 1e-6);
});

test("what is not answered in time is late, and a bite is the most that it is late by", async () => {
  const { ask, clock } = open({ budgetShare: 16, textSeconds: 0.5 });
  const answers = await ask(100, 10_000);
  assert.deepEqual([answers.judged?.length, answers.late?.length], [32, 68]);
  assert.equal(clock.monotonicMs(), 16_000);
});

test("a model that fails because its time is up is late, not broken", async () => {
  const clock = makeFakeClock(0);
  const reports: string[] = [];
  const judge: TextJudge = {
    task: "sentiment",
    version: "big@1",
    labels: [],
    async judge() {
      await clock.advance(2_000);
      throw new TypeError("aborted");
    },
  };
  const [config] = configSchema.parse({ models: { deep: [{ task: "sentiment", model: "big", budgetShare: 16 }] } }).models.deep;
  assert.ok(config);
  const desk = makeDeepDesk([{ judge, config }], { clock, report: (_level, message) => reports.push(message), cpuSeconds: () => 0 });
  assert.deepEqual(await desk.ask(0, ["a", "b"], 1_000), ["late", "late"]);
  assert.deepEqual(reports, []);
  assert.deepEqual(await desk.ask(7, ["a"], 9_000), ["failed"]);
});

test("a model that fails leaves the answer to the others, and says so once a minute", async () => {
  const { ask, reports, clock } = open({ fails: true });
  for (let i = 0; i < 5; i++) assert.equal((await ask(3)).failed?.length, 3);
  assert.equal(reports.length, 1);
  assert.match(reports[0] ?? "", /big@1: sentiment: no/);
  await clock.advance(61_000);
  await ask(1);
  assert.equal(reports.length, 2);
});
