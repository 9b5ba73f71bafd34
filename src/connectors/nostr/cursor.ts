import { z } from "zod";

const seconds = z.number().int();

/** Read up to `doneSec`, but for the gaps: each is walked filter by filter from `until` down to `from`. Seconds UTC, as the protocol counts. */
const relayShape = z.object({
  doneSec: seconds,
  gaps: z.array(z.object({ from: seconds, filter: z.number().int().nonnegative(), until: seconds, to: seconds })),
});
const shape = z.object({ filters: z.string(), relays: z.record(z.string(), relayShape) });

export type NostrCursor = z.output<typeof shape>;
export type RelayState = z.output<typeof relayShape>;
export type Gap = RelayState["gaps"][number];

/** Unreadable, or of other filters: as if absent. */
export function parseCursor(saved: string | undefined, filters: string): NostrCursor {
  try {
    const parsed = shape.safeParse(JSON.parse(saved ?? ""));
    if (parsed.success && parsed.data.filters === filters) return parsed.data;
  } catch {
    // As if absent.
  }
  return { filters, relays: {} };
}

const mostGaps = 20;

/** Notes an interval as unread; many short ones become one. */
export function addGap(state: RelayState, from: number, to: number): void {
  const last = state.gaps.at(-1);
  // What has not been begun grows; what has keeps its place.
  if (last !== undefined && last.filter === 0 && last.until === last.to && last.to >= from) {
    const top = Math.max(last.to, to);
    // Another object: pages of the last connection that are still on their way must not move this one.
    state.gaps[state.gaps.length - 1] = { from: Math.min(last.from, from), filter: 0, until: top, to: top };
    return;
  }
  state.gaps.push({ from, filter: 0, until: to, to });
  while (state.gaps.length > mostGaps) {
    const [one, other] = state.gaps.splice(0, 2);
    if (!one || !other) return;
    const top = Math.max(one.to, other.to);
    state.gaps.unshift({ from: Math.min(one.from, other.from), filter: 0, until: top, to: top });
  }
}
