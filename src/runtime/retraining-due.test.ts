import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetrainingSchedule } from "../registers/retraining.ts";
import { dueOf, slotAfter, slotBefore } from "./retraining-due.ts";

const at = (text: string): number => Date.parse(text);
const shown = (ms: number | undefined): string => (ms === undefined ? "never" : new Date(ms).toISOString().slice(0, 16));
const schedule = (more: Partial<RetrainingSchedule>): RetrainingSchedule => ({
  set: "s",
  every: "never",
  onDrift: false,
  promotes: false,
  actor: "ann",
  at: at("2026-11-01T00:00Z"),
  ...more,
});
const none = { labelsThen: 0, labelsNow: 0 };

test("periods name moments of three o'clock, of Mondays, of firsts of months", () => {
  const now = at("2026-11-26T10:00Z"); // A Thursday.
  assert.deepEqual(
    (["daily", "weekly", "monthly", "never"] as const).map((every) => [shown(slotBefore(every, now)), shown(slotAfter(every, now))]),
    [
      ["2026-11-26T03:00", "2026-11-27T03:00"],
      ["2026-11-23T03:00", "2026-11-30T03:00"],
      ["2026-11-01T03:00", "2026-12-01T03:00"],
      ["never", "never"],
    ],
  );
  assert.equal(shown(slotBefore("daily", at("2026-11-26T02:59Z"))), "2026-11-25T03:00");
  assert.equal(shown(slotBefore("weekly", at("2026-11-23T02:59Z"))), "2026-11-16T03:00");
  assert.equal(shown(slotBefore("monthly", at("2026-12-01T02:59Z"))), "2026-11-01T03:00");
  assert.equal(shown(slotAfter("monthly", at("2026-12-31T12:00Z"))), "2027-01-01T03:00");
});

test("a moment is due once, and not before it was set", () => {
  const weekly = schedule({ every: "weekly", at: at("2026-11-24T12:00Z") });
  assert.equal(dueOf(weekly, none, at("2026-11-30T02:59Z")), undefined);
  assert.equal(dueOf(weekly, none, at("2026-11-30T03:00Z")), "schedule");
  assert.equal(dueOf(weekly, { ...none, lastAt: at("2026-11-30T03:00Z") }, at("2026-11-30T03:01Z")), undefined);
});

test("moments that passed while nothing ran are due once, all together", () => {
  const daily = schedule({ every: "daily" });
  const back = at("2026-11-20T10:00Z");
  assert.equal(dueOf(daily, { ...none, lastAt: at("2026-11-10T03:00Z") }, back), "schedule");
  assert.equal(dueOf(daily, { ...none, lastAt: back }, back + 60_000), undefined);
});

test("so many new labels are due, counted from what was there the last time", () => {
  const after = schedule({ afterLabels: 50 });
  assert.equal(dueOf(after, { labelsThen: 100, labelsNow: 149 }, 0), undefined);
  assert.equal(dueOf(after, { labelsThen: 100, labelsNow: 150 }, 0), "labels");
  assert.equal(dueOf(schedule({}), { labelsThen: 100, labelsNow: 900 }, 0), undefined);
});

test("posts that moved are due once for each look that says so, where that was asked for", () => {
  const facts = { ...none, lastAt: at("2026-11-10T03:00Z"), driftAt: at("2026-11-11T06:00Z") };
  assert.equal(dueOf(schedule({ onDrift: true }), facts, at("2026-11-11T07:00Z")), "drift");
  assert.equal(dueOf(schedule({ onDrift: true }), { ...facts, lastAt: at("2026-11-11T07:00Z") }, at("2026-11-11T08:00Z")), undefined);
  assert.equal(dueOf(schedule({}), facts, at("2026-11-11T07:00Z")), undefined);
});
