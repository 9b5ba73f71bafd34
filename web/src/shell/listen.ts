import { useEffect, useMemo, useState } from "react";
import { usePlace } from "./place.ts";

export const ranges = { "1h": 3_600_000, "24h": 86_400_000, "7d": 7 * 86_400_000, "30d": 30 * 86_400_000 } as const;
export type Range = keyof typeof ranges;

/** What the bar above the pages of Listen holds; all of it stands in the address. */
export interface Listen {
  /** Milliseconds UTC: from inclusive, to exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent: a span of its own. */
  readonly range: Range | undefined;
  readonly platforms: readonly string[];
  readonly terms: readonly string[];
  readonly languages: readonly string[];
}

const isRange = (text: string): text is Range => Object.hasOwn(ranges, text);
const listOf = (text: string | null): readonly string[] => (text ?? "").split(",").filter((part) => part !== "");
const tickMs = 30_000;

const heldNames: ReadonlySet<string> = new Set(["range", "from", "to", "platform", "term", "language"]);
/** What of an address the bar holds: it goes along to the other pages that have the bar. */
export function listenPart(query: URLSearchParams): string {
  const held = new URLSearchParams([...query].filter(([name]) => heldNames.has(name)));
  return held.size === 0 ? "" : `?${held.toString()}`;
}

export function useListen(): Listen {
  const { query } = usePlace();
  const [nowMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return useMemo(() => {
    const asked = query.get("range") ?? "24h";
    const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
    const own = !Number.isNaN(from) && !Number.isNaN(to) && from < to;
    const range = isRange(asked) ? asked : "24h";
    return {
      fromMs: own ? from : nowMs - ranges[range],
      toMs: own ? to : nowMs,
      range: own ? undefined : range,
      platforms: listOf(query.get("platform")),
      terms: listOf(query.get("term")),
      languages: listOf(query.get("language")),
    };
  }, [query, nowMs]);
}
