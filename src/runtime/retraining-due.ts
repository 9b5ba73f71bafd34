import type { RetrainingCause, RetrainingSchedule } from "../registers/retraining.ts";

const dayMs = 86_400_000;
/** When posts of the night are in, and before people come. */
const hourOfDayMs = 3 * 3_600_000;
/** 1970-01-05 was a Monday. */
const mondayMs = 4 * dayMs;

/** The newest moment that the period names, up to now: 03:00 UTC of each day, of Mondays, of the first of a month; undefined: never. */
export function slotBefore(every: RetrainingSchedule["every"], nowMs: number): number | undefined {
  switch (every) {
    case "never":
      return undefined;
    case "daily":
      return Math.floor((nowMs - hourOfDayMs) / dayMs) * dayMs + hourOfDayMs;
    case "weekly":
      return Math.floor((nowMs - mondayMs - hourOfDayMs) / (7 * dayMs)) * 7 * dayMs + mondayMs + hourOfDayMs;
    case "monthly": {
      const at = new Date(nowMs - hourOfDayMs);
      return Date.UTC(at.getUTCFullYear(), at.getUTCMonth()) + hourOfDayMs;
    }
  }
}

/** The next moment after now; undefined: never. */
export function slotAfter(every: RetrainingSchedule["every"], nowMs: number): number | undefined {
  const before = slotBefore(every, nowMs);
  if (before === undefined) return undefined;
  if (every !== "monthly") return before + (every === "daily" ? dayMs : 7 * dayMs);
  const at = new Date(before);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1) + hourOfDayMs;
}

export interface RetrainingFacts {
  /** When it last looked, whatever came of it; absent: never. */
  readonly lastAt?: number;
  /** Settled labels at that time, and now. */
  readonly labelsThen: number;
  readonly labelsNow: number;
  /** When a look last said that posts of the task moved; absent: none did. */
  readonly driftAt?: number;
}

/** Why to train now; undefined: there is no reason. A moment that passed while nothing ran counts once. */
export function dueOf(schedule: RetrainingSchedule, { lastAt, labelsThen, labelsNow, driftAt }: RetrainingFacts, nowMs: number): RetrainingCause | undefined {
  const since = Math.max(lastAt ?? -Infinity, schedule.at);
  if (schedule.onDrift && driftAt !== undefined && driftAt > since) return "drift";
  if (schedule.afterLabels !== undefined && labelsNow - labelsThen >= schedule.afterLabels) return "labels";
  const slot = slotBefore(schedule.every, nowMs);
  return slot !== undefined && slot > since ? "schedule" : undefined;
}
