import assert from "node:assert/strict";
import { test } from "node:test";
import { functionalCases, testFunctionally, worseThan } from "./functional.ts";
import type { Judge } from "./linear-model.ts";
import { openLibrary } from "./library.ts";

const judgeBy = (task: string, names: readonly string[], chosenOf: (text: string) => number): Judge => {
  const one = (text: string) => {
    const chosen = chosenOf(text);
    return { chosen, probabilities: names.map((_, c) => (c === chosen ? 0.9 : 0.1 / (names.length - 1))) };
  };
  return {
    heads: new Map([[task, { task, isBase: true, classes: names.length, temperature: 1, shifts: names.map(() => 0), names }]]),
    judge: (text) => new Map([[task, one(text)]]),
    one: (_task, text) => one(text),
  };
};

test("there are three hundred cases and more, none twice, over five tasks, each capability with several", () => {
  assert.ok(functionalCases.length >= 300, String(functionalCases.length));
  assert.equal(new Set(functionalCases.map(({ task, text, expect }) => `${task} ${text} ${JSON.stringify(expect)}`)).size, functionalCases.length);
  assert.deepEqual([...new Set(functionalCases.map(({ task }) => task))].sort(), ["hate", "irony", "offensive", "sentiment", "spam"]);
  const counts = Map.groupBy(functionalCases, ({ task, capability }) => `${task}: ${capability}`);
  for (const [name, cases] of counts) assert.ok(cases.length >= 3, `${name}: ${cases.length}`);
});

test("who always says one class fails what another class must be, and shows what failed", () => {
  const { cases, passed, capabilities } = testFunctionally(
    judgeBy("hate", ["no", "yes"], () => 0),
    "hate",
  );
  const of = (name: string) => capabilities.find(({ capability }) => capability === name);
  assert.equal(of("threat")?.passed, 0);
  assert.equal(of("counter-speech")?.passed, of("counter-speech")?.cases);
  assert.equal(of("threat")?.failed[0]?.said, "no");
  assert.ok(passed > 0 && passed < cases);
});

test("a judge of words alone falls for counter-speech and for a mention without hate", () => {
  const naive = judgeBy("hate", ["no", "yes"], (text) => (/women|immigrants|refugees|muslims|worthless/iu.test(text) ? 1 : 0));
  const { capabilities } = testFunctionally(naive, "hate");
  const share = (name: string) => {
    const one = capabilities.find(({ capability }) => capability === name);
    return (one?.passed ?? 0) / (one?.cases ?? 1);
  };
  assert.equal(share("derogation"), 1);
  assert.ok(share("counter-speech") < 0.5 && share("identity mention without hate") < 0.7);
});

test("a task of its own is asked what must not change a judgement, on its own texts, of which nothing is kept", () => {
  const shouting = judgeBy("complaint", ["yes", "no"], (text) => (/^\p{Lu}/u.test(text) ? 0 : 1));
  const text = "where is @ann when the heater in my kitchen breaks http://a.example";
  const { capabilities } = testFunctionally(shouting, "complaint", [text]);
  const passed = Object.fromEntries(capabilities.map(({ capability, passed: count }) => [capability, count]));
  assert.equal(passed["own texts: capitals at the start"], 0);
  assert.equal(passed["own texts: another account"], 1);
  assert.equal(passed["own texts: another link"], 1);
  assert.equal(passed["own texts: a stretched word"], 1);
  assert.ok(!JSON.stringify(capabilities).includes("heater"));
});

test("a task of the same name with other classes is not asked the project's cases", () => {
  assert.equal(
    testFunctionally(
      judgeBy("hate", ["none", "some", "much"], () => 0),
      "hate",
    ).cases,
    0,
  );
});

test("what got worse is named: all together, and a capability that fell by more than a case", () => {
  const result = (passed: readonly number[]) => ({
    cases: 20 * passed.length,
    passed: passed.reduce((sum, one) => sum + one, 0),
    capabilities: passed.map((one, i) => ({ capability: `c${i}`, cases: 20, passed: one, failed: [] })),
  });
  assert.deepEqual(worseThan(result([10, 10]), result([10, 10])), []);
  assert.deepEqual(worseThan(result([10, 10]), result([9, 12])), []);
  assert.deepEqual(worseThan(result([10, 10]), result([8, 14])), ["c0: 10 of 20 passed, now 8"]);
  assert.deepEqual(worseThan(result([10, 10]), result([10, 9])), ["20 of 40 cases passed, now 19"]);
});

test("the embedded models pass most of the cases of most tasks", () => {
  const library = openLibrary();
  const shares = Object.fromEntries(
    ["sentiment", "hate", "offensive", "spam"].map((task) => {
      const { cases, passed } = testFunctionally(library.judge(task === "spam" ? "spam" : "social"), task);
      return [task, passed / cases];
    }),
  );
  for (const [task, share] of Object.entries(shares)) assert.ok(share > 0.65, `${task} ${share}`);
});
