import { z } from "zod";
import { openCatalog } from "../catalog/catalog.ts";
import { makeFakeClock, systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { BudgetUse } from "../core/http.ts";
import { makeBudgets } from "../http/budget.ts";
import { openBudgetPositions } from "./budget-positions.ts";
import { registerMigrations } from "./migrations.ts";

/** What the test tells a process of its own that shares a catalog with another. */
export const beginSchema = z.object({ database: z.string(), nowMs: z.number() });
export type Begin = z.output<typeof beginSchema>;
/** Time goes on so far, then calls go out until a budget is used up, `most` at most. */
export const roundSchema = z.object({
  advanceMs: z.number(),
  uses: z.array(z.object({ name: z.string(), cost: z.number(), limit: z.looseObject({}) })),
  most: z.int(),
  close: z.boolean(),
});
export const doneSchema = z.object({ calls: z.int(), queries: z.int(), codes: z.array(z.string()) });

const limitSchema = z.object({ requests: z.number(), perMs: z.number(), resets: z.enum(["sliding", "utc-day", "pacific-day", "utc-month"]) });

async function run(begin: Begin): Promise<void> {
  const clock = makeFakeClock(begin.nowMs);
  const catalog = await openCatalog({ folder: "unused", url: begin.database, clock: systemClock, report: () => undefined, migrations: registerMigrations, maxConnections: 3 });
  const kept = openBudgetPositions(catalog.sql, () => clock.now());
  let queries = 0;
  const budgets = makeBudgets({
    store: {
      update(names, change) {
        queries++;
        return kept.update(names, change);
      },
    },
    clock,
    report: () => undefined,
  });
  process.on("message", (message) => {
    void (async () => {
      const round = roundSchema.parse(message);
      const uses: readonly BudgetUse[] = round.uses.map(({ limit, ...use }) => ({ ...use, limit: limitSchema.parse(limit) }));
      await clock.advance(round.advanceMs);
      queries = 0;
      let calls = 0;
      const codes: string[] = [];
      while (calls < round.most && codes.length === 0) {
        try {
          (await budgets.draw(uses, clock.monotonicMs(), "test")).ended();
          calls++;
        } catch (thrown) {
          codes.push(thrown instanceof EarshotError ? thrown.code : String(thrown));
        }
      }
      if (round.close) await budgets.close();
      process.send?.({ calls, queries, codes } satisfies z.output<typeof doneSchema>);
    })();
  });
  process.once("disconnect", () => process.exit());
  process.send?.("ready");
}

if (process.send !== undefined && process.argv[2] === "draw") process.once("message", (message) => void run(beginSchema.parse(message)));
