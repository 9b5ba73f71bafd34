import type { BudgetLimit } from "../core/http.ts";

/** What is known of a budget by all who share it. A plain JSON value. */
export interface Position {
  /** Units counted, by the start of their slot: [milliseconds UTC, units], oldest first. */
  readonly slots: readonly (readonly [number, number])[];
  /** No call before then, milliseconds UTC; 0: none. */
  readonly blockedUntil: number;
  /** What the server told of its window, less what was drawn since by anybody; absent: nothing. */
  readonly told?: ToldWindow;
}

export interface ToldWindow {
  readonly left: number;
  /** Milliseconds UTC. */
  readonly resetAt: number;
}

export const emptyPosition: Position = { slots: [], blockedUntil: 0 };

/** A told end of a window moves by the seconds it is rounded to. */
export const sameWindowMs = 2_000;

/** Of two that were told, what is known together: within one window the least that is left and the latest end, else the later window. */
export function joinWindows(one: ToldWindow | undefined, other: ToldWindow | undefined, nowMs: number): ToldWindow | undefined {
  const [a, b] = [one, other].map((window) => (window !== undefined && window.resetAt > nowMs ? window : undefined));
  if (a === undefined || b === undefined) return a ?? b;
  if (Math.abs(a.resetAt - b.resetAt) > sameWindowMs) return a.resetAt > b.resetAt ? a : b;
  return { left: Math.min(a.left, b.left), resetAt: Math.max(a.resetAt, b.resetAt) };
}

/** Where units that are taken now are counted. */
export interface Slot {
  readonly startMs: number;
  /** Units taken for this slot must be spent before, milliseconds UTC. */
  readonly endMs: number;
  /** When they are free again. */
  readonly freeMs: number;
}

const slotsPerWindow = 60;
/** A calendar's window opens so much late: a server's clock is known to the second. */
const boundaryMs = 2_000;

/**
 * A sliding window counts in slots of a sixtieth of its length: never more than the limit within any stretch of `perMs`, so a server may count
 * fixed or sliding windows as it likes. A slot is free a little late (1 s at most), since calls reach the server sooner or later than others.
 */
export function slotAt(limit: BudgetLimit, nowMs: number): Slot {
  const resets = limit.resets ?? "sliding";
  if (resets === "sliding") {
    const slotMs = Math.max(1, Math.ceil(limit.perMs / slotsPerWindow));
    const startMs = Math.floor(nowMs / slotMs) * slotMs;
    return { startMs, endMs: startMs + slotMs, freeMs: startMs + slotMs + limit.perMs + Math.min(1_000, Math.ceil(limit.perMs / 50)) };
  }
  const [startMs, endMs] = calendarAt(resets, nowMs - boundaryMs, limit.monthDay ?? 1);
  return { startMs, endMs: endMs + boundaryMs, freeMs: endMs + boundaryMs };
}

function calendarAt(resets: "utc-day" | "pacific-day" | "utc-month", atMs: number, monthDay: number): readonly [number, number] {
  const at = new Date(atMs);
  if (resets === "pacific-day") {
    const [year, month, day] = pacificDate(atMs);
    return [pacificMidnight(year, month, day), pacificMidnight(year, month, day + 1)];
  }
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  if (resets === "utc-day") return [Date.UTC(year, month, day), Date.UTC(year, month, day + 1)];
  const startMs = monthStart(year, month, monthDay);
  return atMs >= startMs ? [startMs, monthStart(year, month + 1, monthDay)] : [monthStart(year, month - 1, monthDay), startMs];
}

function monthStart(year: number, month: number, day: number): number {
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(day, days));
}

const pacific = new Intl.DateTimeFormat("en-US", { timeZone: "America/Los_Angeles", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", hourCycle: "h23" });

function pacificParts(atMs: number): Readonly<Record<string, number>> {
  return Object.fromEntries(pacific.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
}

function pacificDate(atMs: number): readonly [number, number, number] {
  const { year = 0, month = 1, day = 1 } = pacificParts(atMs);
  return [year, month - 1, day];
}

/** Midnight is 7:00 UTC in summer and 8:00 in winter; the clocks change at 2:00, so midnight itself is never doubtful. */
function pacificMidnight(year: number, month: number, day: number): number {
  const summer = Date.UTC(year, month, day, 7);
  return pacificParts(summer)["hour"] === 0 ? summer : Date.UTC(year, month, day, 8);
}

/** When the units of the slot that starts then are free again. */
function freeMsOf(limit: BudgetLimit, startMs: number): number {
  return slotAt(limit, (limit.resets ?? "sliding") === "sliding" ? startMs : startMs + boundaryMs).freeMs;
}

/** Slots that still count now. */
function counting(position: Position, limit: BudgetLimit, nowMs: number): readonly (readonly [number, number])[] {
  return position.slots.filter(([startMs]) => freeMsOf(limit, startMs) > nowMs);
}

export function leftIn(position: Position, limit: BudgetLimit, nowMs: number): number {
  return limit.requests - counting(position, limit, nowMs).reduce((sum, [, units]) => sum + units, 0);
}

/** Milliseconds until `units` are left; 0: they are. More than the whole limit: Infinity. */
export function waitFor(position: Position, limit: BudgetLimit, units: number, nowMs: number): number {
  if (units > limit.requests) return Infinity;
  let left = leftIn(position, limit, nowMs);
  if (left >= units) return 0;
  for (const [startMs, count] of counting(position, limit, nowMs)) {
    left += count;
    if (left >= units) return Math.max(1, freeMsOf(limit, startMs) - nowMs);
  }
  return Infinity;
}

/** The position with so many more (or fewer) units in a slot; what no longer counts is left out. */
export function counted(position: Position, limit: BudgetLimit, startMs: number, units: number, nowMs: number): Position {
  const slots = new Map(counting(position, limit, nowMs));
  const sum = Math.max(0, (slots.get(startMs) ?? 0) + units);
  if (sum === 0) slots.delete(startMs);
  else slots.set(startMs, sum);
  return { ...position, slots: [...slots].toSorted(([a], [b]) => a - b) };
}
