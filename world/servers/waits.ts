/** What a platform's limits make a reader wait, as told by each "no, not before", and the calls that come all the same. */
export interface Waits {
  /** Said now: nothing before `untilMs`; `who`: to one account, feed or connection alone, absent: to everybody. */
  hold(untilMs: number, who?: string): void;
  /** A call comes; false: too early. A hold that is over by then counts as waited for. */
  comes(who?: string): boolean;
  /** Calls that came too early. */
  readonly beyond: number;
  /** Milliseconds that nobody who wanted all of it could have done without: of whoever waited longest, together with the waits of everybody. */
  readonly forcedMs: number;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** @param underWayMs a call that comes so soon after a "no" may have been sent before it was heard: it is refused, and not counted as beyond */
export function makeWaits(nowMs: () => number, underWayMs = 0): Waits {
  const held = new Map<string, Span>();
  const waited = new Map<string, Span[]>();
  const everybody = "";
  let beyond = 0;

  /** Undefined: `who` may come; otherwise since when it may not. */
  function pass(who: string): Span | undefined {
    const hold = held.get(who);
    if (hold === undefined) return undefined;
    if (nowMs() < hold.toMs) return hold;
    held.delete(who);
    let spans = waited.get(who);
    if (spans === undefined) waited.set(who, (spans = []));
    spans.push(hold);
    return undefined;
  }

  return {
    hold(untilMs, who = everybody) {
      const before = held.get(who);
      held.set(who, { fromMs: before?.fromMs ?? nowMs(), toMs: Math.max(before?.toMs ?? 0, untilMs) });
    },
    comes(who = everybody) {
      const holds = [pass(everybody), ...(who === everybody ? [] : [pass(who)])].filter((one) => one !== undefined);
      if (holds.length === 0) return true;
      if (holds.some(({ fromMs }) => nowMs() > fromMs + underWayMs)) beyond += 1;
      return false;
    },
    get beyond() {
      return beyond;
    },
    get forcedMs() {
      const shared = waited.get(everybody) ?? [];
      return Math.max(lengthOf(shared), ...[...waited].filter(([who]) => who !== everybody).map(([, spans]) => lengthOf([...shared, ...spans])));
    },
  };
}

/** Of spans that may overlap. */
function lengthOf(spans: readonly Span[]): number {
  let length = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { fromMs, toMs } of spans.toSorted((one, other) => one.fromMs - other.fromMs)) {
    length += Math.max(0, toMs - Math.max(fromMs, reached));
    reached = Math.max(reached, toMs);
  }
  return length;
}
