import type { Clock } from "../../core/clock.ts";
import type { BudgetState } from "../../http/budget.ts";
import type { Cursors } from "../../registers/cursors.ts";
import type { Gaps } from "../../registers/gaps.ts";
import type { HourCount, HourName, SourceHours } from "../../registers/source-hours.ts";
import type { Collector, RunningSource } from "../collect.ts";
import type { Engine } from "../engine.ts";
import { describeCursor } from "../describe-cursor.ts";
import type { SourceActivity, SourceHistory } from "../source-activity.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const keptDays = 31;

export interface SourceActivityOptions {
  readonly register: SourceHours;
  readonly gaps: Pick<Gaps, "within">;
  readonly cursors: Pick<Cursors, "all">;
  readonly collector: Pick<Collector, "running">;
  readonly rollups: Engine["rollups"];
  readonly budget: (name: string) => BudgetState | undefined;
  readonly clock: Clock;
}

/** Counts by the hour what sources do, from the counters that they keep in memory. */
export function makeSourceActivity(options: SourceActivityOptions) {
  const { register, collector, clock } = options;
  /** What was written already, of each run of counters. */
  const written = new WeakMap<RunningSource["counters"], Map<HourName, number>>();
  let expiredAt = 0;

  function now(source: RunningSource): Map<HourName, number> {
    const { counters, calls, codes } = source;
    const counts = new Map<HourName, number>([
      ["messages", counters.items],
      ["bytes", counters.bytes],
      ["gaps", counters.gaps],
      ["requests", calls.requests],
      ["saved", calls.notModified],
    ]);
    for (const [code, count] of codes) counts.set(`error:${code}`, count);
    return counts;
  }

  async function flush(): Promise<void> {
    const at = Math.floor(clock.now() / hourMs) * hourMs;
    const counts: HourCount[] = [];
    const marks: (readonly [RunningSource["counters"], Map<HourName, number>])[] = [];
    for (const [id, source] of collector.running) {
      const is = now(source);
      const was = written.get(source.counters);
      for (const [name, value] of is) {
        const more = value - (was?.get(name) ?? 0);
        if (more > 0) counts.push({ source: id, hourMs: at, name, value: more });
      }
      marks.push([source.counters, is]);
    }
    await register.add(counts);
    for (const [counters, is] of marks) written.set(counters, is);
    if (clock.now() - expiredAt > hourMs) {
      expiredAt = clock.now();
      await register.expire(expiredAt - keptDays * dayMs);
    }
  }

  return {
    flush,
    async activity(): Promise<readonly SourceActivity[]> {
      await flush();
      const fromMs = Math.floor(clock.now() / hourMs) * hourMs - dayMs;
      const [sums, cursors, posts] = await Promise.all([
        register.sums(fromMs),
        options.cursors.all(),
        options.rollups({ fromMs, toMs: clock.now() + hourMs, grain: "all", by: ["source"], filter: {} }),
      ]);
      const sumOf = (id: string, isMeant: (name: HourName) => boolean) => sums.reduce((sum, row) => sum + (row.source === id && isMeant(row.name) ? row.value : 0), 0);
      return [...collector.running].map(([id, source]): SourceActivity => {
        const cursor = cursors.find((row) => row.source === id);
        const { lastItemAt } = source.counters;
        return {
          id,
          ...(cursor?.cursor !== undefined && { position: { text: describeCursor(cursor.cursor), savedAt: cursor.savedAt } }),
          ...(lastItemAt !== undefined && { lastItemAt }),
          day: {
            messages: sumOf(id, (name) => name === "messages"),
            bytes: sumOf(id, (name) => name === "bytes"),
            requests: sumOf(id, (name) => name === "requests"),
            saved: sumOf(id, (name) => name === "saved"),
            gaps: sumOf(id, (name) => name === "gaps"),
            errors: sumOf(id, (name) => name.startsWith("error:")),
            posts: posts.rows.reduce((sum, row) => sum + (row.source === id ? row.posts : 0), 0),
          },
          budgets: [...source.calls.budgets].flatMap((name) => {
            const state = options.budget(name);
            return state === undefined ? [] : [{ name, ...state }];
          }),
        };
      });
    },
    async history(id: string, days: number): Promise<SourceHistory> {
      await flush();
      const fromMs = Math.floor(clock.now() / hourMs) * hourMs - days * dayMs;
      const hours = new Map<number, Partial<Record<HourName, number>>>();
      for (const { hourMs: at, name, value } of await register.of(id, fromMs)) {
        const counts = hours.get(at) ?? {};
        counts[name] = value;
        hours.set(at, counts);
      }
      const gaps = (await options.gaps.within(fromMs, clock.now() + hourMs)).filter((gap) => gap.source === id);
      return { hours: [...hours].map(([at, counts]) => ({ at, counts })), gaps };
    },
  };
}
