import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { BudgetLimit, BudgetUse } from "../core/http.ts";
import { counted, emptyPosition, joinWindows, leftIn, type Position, slotAt, waitFor } from "./budget-position.ts";
import type { BudgetStore } from "./budget-store.ts";
import type { RateLimit } from "./rate-limit.ts";
import { makeToldLimit, type ToldLimit } from "./told-limit.ts";

/** How much of a budget is left. Times are milliseconds UTC. */
export interface BudgetState {
  /** As declared. */
  readonly limit?: BudgetLimit;
  /** Units that may go out at once by the declared limit. */
  readonly left?: number;
  /** What the server told last, and when its window ends. */
  readonly toldLeft?: number;
  readonly resetAt?: number;
  /** No call before then: the server asked for it. */
  readonly blockedUntil?: number;
}

/** What one call drew. */
export interface Drawn {
  /** What the answer told of the first budget. */
  learn(told: RateLimit): void;
  /** To be called once, when the call is over. */
  ended(): void;
}

export interface Budgets {
  /** Waits until all of them have room, and takes from all or none; who waits longer goes first. Throws UPSTREAM_RATE_LIMITED or UPSTREAM_QUOTA (retryAt) where that is after `deadlineAt` (monotonic), and the signal's reason. */
  draw(uses: readonly BudgetUse[], deadlineAt: number, where: string, signal?: AbortSignal): Promise<Drawn>;
  /** Counts what an answer brought, whether there was room or not. Throws STORE_UNAVAILABLE; it is then counted with the next one. */
  charge(use: BudgetUse): Promise<{ readonly left: number; readonly fullAt: number }>;
  /** Undefined: no call has drawn on it yet. */
  state(name: string): BudgetState | undefined;
  /** Units taken in advance go back to the store. */
  close(): Promise<void>;
}

/** A budget as this process knows it. */
interface Local {
  readonly name: string;
  limit: BudgetLimit | undefined;
  readonly told: ToldLimit;
  blockedUntil: number;
  /** Units taken from the store and not spent, for the slot that starts then. */
  lease: { readonly startMs: number; readonly endMs: number; left: number } | undefined;
  /** As the store told it last. */
  position: Position;
  exchangedAt: number | undefined;
  /** Units spent in the slot of the lease: what is taken in advance follows it. */
  spent: { startMs: number; units: number };
  /** Units charged that the store does not know of. */
  owed: number;
}

interface Waiter {
  readonly names: ReadonlySet<string>;
  /** Budgets that it waits for, and until when (milliseconds UTC). */
  short: ReadonlySet<string>;
  until: number;
  readonly gone: Promise<void>;
}

interface Draw {
  readonly local: Local;
  readonly cost: number;
  /** What must be left beside. */
  readonly room: number;
}

type Short = { readonly short: ReadonlySet<string>; readonly waitMs: number };

interface Decision {
  readonly positions: readonly Position[];
  readonly short: Short | undefined;
  /** Units that each budget gave. */
  readonly granted: readonly number[];
}

const mostBudgets = 2_000;
/** So often the store is asked what others were told. */
const exchangeMs = 5_000;
/** Most of a limit that is taken in advance. */
const advanceShare = 0.02;
const noDrawn: Drawn = { learn: () => undefined, ended: () => undefined };

export function makeBudgets({ store, clock, report }: { readonly store: BudgetStore; readonly clock: Clock; readonly report: Report }): Budgets {
  const locals = new Map<string, Local>();
  const waiters = new Set<Waiter>();
  let exchanging: Promise<unknown> = Promise.resolve();

  function localOf({ name, limit }: BudgetUse): Local {
    const known = locals.get(name);
    if (known) {
      if (limit !== undefined) known.limit = limit;
      return known;
    }
    if (locals.size >= mostBudgets) {
      const idle = [...locals.values()].find((one) => (one.lease?.left ?? 0) === 0) ?? locals.values().next().value;
      if (idle) locals.delete(idle.name);
    }
    const made: Local = {
      name,
      limit,
      told: makeToldLimit(),
      blockedUntil: 0,
      lease: undefined,
      position: emptyPosition,
      exchangedAt: undefined,
      spent: { startMs: 0, units: 0 },
      owed: 0,
    };
    locals.set(name, made);
    return made;
  }

  const leased = (local: Local, nowMs: number) => (local.lease !== undefined && nowMs < local.lease.endMs ? local.lease.left : 0);

  /** What servers told holds the call back; undefined: nothing. */
  function shortAsTold(draws: readonly Draw[], nowMs: number): Short | undefined {
    const short = new Set<string>();
    let waitMs = 0;
    for (const { local } of draws) {
      const ms = Math.max(local.blockedUntil - nowMs, local.told.waitMs(nowMs));
      if (ms <= 0) continue;
      short.add(local.name);
      waitMs = Math.max(waitMs, ms);
    }
    return short.size > 0 ? { short, waitMs } : undefined;
  }

  /** Takes from all at once where everything is at hand; false: something has to come from the store first. */
  function takeAtHand(draws: readonly Draw[], nowMs: number): boolean {
    const isMissing = ({ local, cost, room }: Draw) =>
      local.exchangedAt === undefined ||
      nowMs - local.exchangedAt > exchangeMs ||
      room > 0 ||
      // What only the server's headers bound is drawn from what all know together.
      (local.limit === undefined ? isTold(local, nowMs) : leased(local, nowMs) < cost);
    if (draws.some(isMissing)) return false;
    take(draws, nowMs);
    return true;
  }

  function take(draws: readonly Draw[], nowMs: number): void {
    for (const { local, cost } of draws) {
      local.told.take(nowMs);
      if (local.lease === undefined || local.limit === undefined) continue;
      local.lease.left -= cost;
      if (local.spent.startMs !== local.lease.startMs) local.spent = { startMs: local.lease.startMs, units: 0 };
      local.spent.units += cost;
    }
  }

  const isTold = (local: Local, nowMs: number) => local.told.window(nowMs) !== undefined || (local.position.told?.resetAt ?? 0) > nowMs;

  /** What the positions allow at that time, and how they are then. */
  function decide(draws: readonly Draw[], found: readonly Position[], nowMs: number): { readonly positions: readonly Position[]; readonly result: Decision } {
    const positions = draws.map(({ local: { lease, limit, blockedUntil } }, index) => {
      const position = found[index] ?? emptyPosition;
      const latest = { ...position, blockedUntil: Math.max(position.blockedUntil, blockedUntil) };
      // What an ended slot leaves unspent was never used.
      const isOver = lease !== undefined && nowMs >= lease.endMs && lease.left > 0;
      return isOver && limit ? counted(latest, limit, lease.startMs, -lease.left, nowMs) : latest;
    });
    const short = new Set<string>();
    let waitMs = 0;
    for (const [index, { local, cost, room }] of draws.entries()) {
      const missing = cost + room + local.owed - leased(local, nowMs);
      const position = positions[index] ?? emptyPosition;
      const window = local.limit === undefined ? joinWindows(position.told, local.told.window(nowMs), nowMs) : undefined;
      if (window !== undefined) positions[index] = { ...position, told: window };
      const toldMs = window !== undefined && window.left < 1 ? window.resetAt - nowMs : 0;
      const ms = local.limit === undefined || missing <= 0 ? toldMs : waitFor(position, local.limit, missing, nowMs);
      if (ms <= 0) continue;
      short.add(local.name);
      waitMs = Math.max(waitMs, ms);
    }
    if (short.size > 0) return { positions, result: { positions, short: { short, waitMs }, granted: [] } };
    const granted = draws.map(({ local, cost }, index) => {
      const missing = cost - leased(local, nowMs);
      const position = positions[index] ?? emptyPosition;
      if (local.limit === undefined && position.told !== undefined) positions[index] = { ...position, told: { ...position.told, left: position.told.left - 1 } };
      if (local.limit === undefined || missing <= 0) return 0;
      const advance = Math.min(local.spent.units, Math.floor(local.limit.requests * advanceShare));
      const units = Math.min(leftIn(position, local.limit, nowMs), missing + advance);
      positions[index] = counted(position, local.limit, slotAt(local.limit, nowMs).startMs, units, nowMs);
      return units;
    });
    return { positions, result: { positions, short: undefined, granted } };
  }

  /** Takes with what is missing from the store: from each budget, or from none. */
  async function takeFromStore(draws: readonly Draw[]): Promise<Short | undefined> {
    const mine = exchanging.then(() => takeAlone(draws));
    exchanging = mine.catch(() => undefined);
    return mine;
  }

  async function takeAlone(draws: readonly Draw[]): Promise<Short | undefined> {
    const nowMs = clock.now();
    // Another call may have brought enough along.
    if (takeAtHand(draws, nowMs)) return undefined;
    const outcome = await store.update(
      draws.map(({ local }) => local.name),
      (found) => decide(draws, found, nowMs),
    );
    for (const [index, { local }] of draws.entries()) {
      local.position = outcome.positions[index] ?? emptyPosition;
      local.blockedUntil = Math.max(local.blockedUntil, local.position.blockedUntil);
      local.exchangedAt = nowMs;
      const { told } = local.position;
      // The call itself is taken below.
      if (local.limit === undefined && told !== undefined) local.told.adopt(outcome.short === undefined ? { ...told, left: told.left + 1 } : told, nowMs);
      if (local.lease !== undefined && nowMs >= local.lease.endMs) local.lease = undefined;
      const units = outcome.granted[index] ?? 0;
      if (units === 0 || local.limit === undefined) continue;
      const { startMs, endMs } = slotAt(local.limit, nowMs);
      local.lease = { startMs, endMs, left: (local.lease?.left ?? 0) + units };
    }
    const short = outcome.short ?? shortAsTold(draws, clock.now());
    if (short === undefined) take(draws, nowMs);
    return short;
  }

  /** What is new here is told to all; no caller waits for it. */
  function tell(local: Local, change: (position: Position) => Position): void {
    local.position = change(local.position);
    const told = store.update([local.name], ([position = emptyPosition]) => ({ positions: [change(position)], result: undefined }));
    exchanging = Promise.allSettled([exchanging, told]);
    told.catch((thrown: unknown) => report("warn", toEarshotError(thrown, "STORE_UNAVAILABLE", `budget ${local.name}`).message));
  }

  function tellWindow(local: Local, nowMs: number): void {
    const window = local.limit === undefined ? local.told.window(nowMs) : undefined;
    if (window === undefined) return;
    const known = joinWindows(local.position.told, window, nowMs);
    if (known === undefined || (known.left === local.position.told?.left && known.resetAt - local.position.told.resetAt < exchangeMs)) return;
    tell(local, (position) => {
      const told = joinWindows(position.told, window, nowMs);
      return told === undefined ? position : { ...position, told };
    });
  }

  function drawnOf(draws: readonly Draw[]): Drawn {
    return {
      learn(told) {
        const first = draws[0]?.local;
        if (first === undefined) return;
        const nowMs = clock.now();
        first.told.learn(told, nowMs);
        tellWindow(first, nowMs);
        if (told.retryAt === undefined || told.retryAt <= Math.max(nowMs, first.blockedUntil)) return;
        const blockedUntil = (first.blockedUntil = told.retryAt);
        tell(first, (position) => ({ ...position, blockedUntil: Math.max(position.blockedUntil, blockedUntil) }));
      },
      ended() {
        for (const { local } of draws) local.told.ended();
      },
    };
  }

  async function charge(use: BudgetUse): Promise<{ readonly left: number; readonly fullAt: number }> {
    const local = localOf(use);
    const { limit } = local;
    if (limit === undefined) throw new TypeError(`budget ${use.name}: expected a limit`);
    local.owed += Math.max(0, use.cost ?? 1);
    const counting = exchanging.then(async () => {
      const { owed } = local;
      const nowMs = clock.now();
      local.position = await store.update([local.name], ([position = emptyPosition]) => {
        const next = counted(position, limit, slotAt(limit, nowMs).startMs, owed, nowMs);
        return { positions: [next], result: next };
      });
      local.owed -= owed;
    });
    exchanging = counting.catch(() => undefined);
    await counting;
    return { left: leftIn(local.position, limit, clock.now()), fullAt: slotAt(limit, clock.now()).endMs };
  }

  function refuse(where: string, draws: readonly Draw[], { short, waitMs }: Short): never {
    const names = [...short].join(", ");
    if (waitMs === Infinity) throw new EarshotError("UPSTREAM_QUOTA", `${where}: the call costs more than the whole of ${names}`);
    const isQuota = draws.some(({ local }) => short.has(local.name) && (local.limit?.resets ?? "sliding") !== "sliding");
    const retryAt = clock.now() + waitMs;
    throw new EarshotError(isQuota ? "UPSTREAM_QUOTA" : "UPSTREAM_RATE_LIMITED", `${where}: the budget ${names} is used up for ${Math.ceil(waitMs / 1_000)} s`, { retryAt });
  }

  function drawsOf(uses: readonly BudgetUse[]): readonly Draw[] {
    const draws = new Map<string, Draw>();
    for (const use of uses) {
      const known = draws.get(use.name);
      draws.set(use.name, { local: localOf(use), cost: (known?.cost ?? 0) + Math.max(0, use.cost ?? 1), room: Math.max(known?.room ?? 0, use.room ?? 0) });
    }
    return [...draws.values()];
  }

  async function goneOrLate(ahead: Waiter, deadlineAt: number, signal: AbortSignal | undefined): Promise<void> {
    const timer = new AbortController();
    const late = clock.sleep(Math.max(1, deadlineAt - clock.monotonicMs()), signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]));
    try {
      await Promise.race([ahead.gone, late]);
    } finally {
      late.catch(() => undefined);
      timer.abort();
    }
  }

  /** The eldest who waits for something that this call wants too. */
  function aheadOf(waiter: Waiter): Waiter | undefined {
    for (const other of waiters) {
      if (other === waiter) return undefined;
      for (const name of other.short) if (waiter.names.has(name)) return other;
    }
    return undefined;
  }

  return {
    async draw(uses, deadlineAt, where, signal) {
      if (uses.length === 0) return noDrawn;
      const draws = drawsOf(uses);
      const left = Promise.withResolvers<void>();
      const waiter: Waiter = { names: new Set(draws.map(({ local }) => local.name)), short: new Set(), until: 0, gone: left.promise };
      waiters.add(waiter);
      try {
        for (;;) {
          const ahead = aheadOf(waiter);
          if (ahead !== undefined) {
            const waitMs = Math.max(1, ahead.until - clock.now());
            if (clock.monotonicMs() + waitMs > deadlineAt) refuse(where, draws, { short: new Set([...ahead.short].filter((name) => waiter.names.has(name))), waitMs });
            await goneOrLate(ahead, deadlineAt, signal);
            continue;
          }
          const short = shortAsTold(draws, clock.now()) ?? (takeAtHand(draws, clock.now()) ? undefined : await takeFromStore(draws));
          if (short === undefined) return drawnOf(draws);
          signal?.throwIfAborted();
          if (clock.monotonicMs() + short.waitMs > deadlineAt) refuse(where, draws, short);
          waiter.short = short.short;
          waiter.until = clock.now() + short.waitMs;
          await clock.sleep(short.waitMs, signal);
        }
      } finally {
        waiters.delete(waiter);
        left.resolve();
      }
    },
    charge,
    state(name) {
      const local = locals.get(name);
      if (local === undefined) return undefined;
      const nowMs = clock.now();
      const { limit } = local;
      const told = local.told.state(nowMs);
      const resets = limit?.resets ?? "sliding";
      return {
        ...(limit && { limit, left: Math.max(0, Math.floor(leftIn(local.position, limit, nowMs) + leased(local, nowMs))) }),
        ...(limit && resets !== "sliding" && { resetAt: slotAt(limit, nowMs).endMs }),
        ...told,
        ...(local.blockedUntil > nowMs && { blockedUntil: local.blockedUntil }),
      };
    },
    async close() {
      await exchanging;
      const back = [...locals.values()].flatMap(({ name, limit, lease }) => (limit !== undefined && lease !== undefined && lease.left > 0 ? [{ name, limit, lease }] : []));
      if (back.length === 0) return;
      const nowMs = clock.now();
      await store.update(
        back.map(({ name }) => name),
        (found) => ({ positions: back.map(({ limit, lease }, index) => counted(found[index] ?? emptyPosition, limit, lease.startMs, -lease.left, nowMs)), result: undefined }),
      );
      for (const { name } of back) locals.delete(name);
    },
  };
}
