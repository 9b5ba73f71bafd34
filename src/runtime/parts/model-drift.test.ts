import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFakeClock } from "../../core/clock.ts";
import { configSchema, usedModels } from "../../core/config.ts";
import type { ModelDriftRow } from "../../registers/model-drift.ts";
import { makeModelDrift, type ModelDriftOptions } from "./model-drift.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const start = Date.parse("2026-11-26T00:00:00Z");

function daily() {
  const clock = makeFakeClock(start);
  const spans: string[] = [];
  const expired: number[] = [];
  let latest: number | undefined;
  const part = makeModelDrift({
    clock,
    report: () => undefined,
    models: () => usedModels(configSchema.parse({ models: { social: true } }).models),
    labelSets: {} as ModelDriftOptions["labelSets"],
    reading: {
      facets: async ({ q }: { readonly q: string }) => {
        spans.push(/created:(\S+?)T/.exec(q)?.[1] ?? "");
        return { facets: {} };
      },
      // A quiet day: nothing to compare.
      search: async () => ({ items: [] }),
    } as unknown as ModelDriftOptions["reading"],
    register: {
      put: async (_rows: readonly ModelDriftRow[]) => undefined,
      latestDay: async () => latest,
      list: async () => [],
      expire: async (beforeMs: number) => {
        expired.push(beforeMs);
        return 0;
      },
    },
  });
  return { part, clock, spans, expired, setLatest: (day: number) => (latest = day) };
}

test("a day is looked at once it is over for three hours, once, and the days since another start are not made up for", async () => {
  const { part, clock, spans, expired } = daily();
  await clock.advance(2 * hourMs);
  await part.daily();
  assert.deepEqual(spans, ["2026-11-24"], "the 25th may still come in");
  await part.daily();
  assert.equal(spans.length, 1, "once, though a day without posts leaves no row");
  await clock.advance(hourMs);
  await part.daily();
  assert.deepEqual(spans, ["2026-11-24", "2026-11-25"]);
  await clock.advance(5 * dayMs);
  await part.daily();
  assert.deepEqual(spans, ["2026-11-24", "2026-11-25", "2026-11-30"], "the newest alone");
  assert.equal(expired.at(-1), Date.parse("2026-11-30T00:00:00Z") - 400 * dayMs);
});

test("a day that was looked at before a restart is not looked at again", async () => {
  const { part, clock, spans, setLatest } = daily();
  setLatest(Date.parse("2026-11-25T00:00:00Z"));
  await clock.advance(4 * hourMs);
  await part.daily();
  assert.deepEqual(spans, []);
});
