import type { Listen } from "../shell/listen.ts";
import { anyOf, closed } from "../shell/query.ts";
import type { DimensionName } from "./explore-api.ts";

const createdIn = (fromMs: number, toMs: number): string => `created:${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`;
const hourMs = 3_600_000;
/** More would be no query that people can read. */
const mostHours = 60;

/** 1-00 (Monday, midnight) to 7-23, UTC. */
export function hourOfWeek(ms: number): string {
  const at = new Date(ms);
  return `${((at.getUTCDay() + 6) % 7) + 1}-${String(at.getUTCHours()).padStart(2, "0")}`;
}

function hoursOf(key: string, fromMs: number, toMs: number): readonly number[] {
  const hours: number[] = [];
  for (let at = Math.floor(fromMs / hourMs) * hourMs; at < toMs && hours.length <= mostHours; at += hourMs) if (hourOfWeek(at) === key) hours.push(at);
  return hours;
}

/** The query of the search that finds exactly the posts that a figure counts; undefined where no query says them. */
export function queryOf(options: {
  readonly listen: Pick<Listen, "platforms" | "terms" | "languages">;
  readonly fromMs: number;
  readonly toMs: number;
  /** What narrows the figures. */
  readonly q?: string;
  readonly by?: DimensionName;
  readonly value?: string;
}): string | undefined {
  const { listen, fromMs, toMs, q = "", by, value } = options;
  const own = (name: DimensionName, values: readonly string[]) => anyOf(name, by === name && value !== undefined ? [value] : values);
  const hours = by === "hour-of-week" && value !== undefined ? hoursOf(value, fromMs, toMs) : undefined;
  if (hours !== undefined && hours.length > mostHours) return undefined;
  const ranges = hours?.map((at) => createdIn(Math.max(at, fromMs), Math.min(at + hourMs, toMs)));
  return [
    ...closed(q),
    ...own("platform", listen.platforms),
    ...own("term", listen.terms),
    ...own("language", listen.languages),
    ...own("source", []),
    ...own("sentiment", []),
    ...own("hashtag", []),
    ...own("judged", []),
    ...own("entity", []),
    ...(ranges === undefined || ranges.length === 0 ? [] : ranges.length === 1 ? ranges : [`(${ranges.join(" OR ")})`]),
    ...(ranges?.length === 1 ? [] : [createdIn(fromMs, toMs)]),
  ].join(" ");
}
