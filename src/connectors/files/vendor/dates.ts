import { parseInstant } from "../../json/fields.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const formats = new Map<string, Intl.DateTimeFormat>();

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

/**
 * A date as exports write it: `2023-01-05 14:03:22.0`, `07-Jul-2025 05:12PM`, `27-Mar-20` with a time beside, `Jul 7, 2025 5:12 PM`, `07/08/2025 17:12`,
 * ISO 8601 and epochs. Milliseconds UTC. Undefined: none of these, or day and month cannot be told apart.
 * @param zone of dates that bear none
 * @param dayFirst of 07/08/2025; undefined: not known
 */
export function readVendorDate(date: string, time: string | undefined, zone: string, dayFirst: boolean | undefined): number | undefined {
  const text = `${date.trim()} ${time?.trim() ?? ""}`.trim();
  if (/^\d{9,16}$/.test(text) || /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:?\d\d)$/i.test(text)) return parseInstant(text);
  const day = dayOf(text, dayFirst);
  if (day === undefined) return undefined;
  const clock = /(?:^|[\sT])(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*([AP])?\.?M?\b/i.exec(text);
  const [, hourText = "0", minute = "0", second = "0", half] = clock ?? [];
  const hour = half === undefined ? Number(hourText) : (Number(hourText) % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  if (hour > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const local = day + ((hour * 60 + Number(minute)) * 60 + Number(second)) * 1_000;
  const offset = /\d\s*(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d))$/i.exec(text.replace(/^\d{4}-\d\d?-\d\d?/, ""));
  if (offset?.[1] !== undefined) return local;
  if (offset?.[2] !== undefined) return local - (offset[2] === "-" ? -1 : 1) * (Number(offset[3]) * 60 + Number(offset[4])) * 60_000;
  return local - offsetAt(local - offsetAt(local, zone), zone);
}

function dayOf(text: string, dayFirst: boolean | undefined): number | undefined {
  const iso = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})/.exec(text);
  if (iso) return utcDay(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const named = /^(\d{1,2})[-. ]([A-Za-z]{3})[A-Za-z]*[-., ]+(\d{4}|\d\d)\b/.exec(text);
  if (named) return utcDay(yearOf(named[3] ?? ""), months.indexOf((named[2] ?? "").toLowerCase()) + 1, Number(named[1]));
  const american = /^(?:[A-Za-z]{3,9},? )?([A-Za-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})/.exec(text);
  if (american) return utcDay(Number(american[3]), months.indexOf((american[1] ?? "").toLowerCase()) + 1, Number(american[2]));
  const numeric = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d\d)\b/.exec(text);
  if (!numeric) return undefined;
  const [first, second] = [Number(numeric[1]), Number(numeric[2])];
  const isDayFirst = first > 12 ? true : second > 12 ? false : first === second ? true : dayFirst;
  if (isDayFirst === undefined) return undefined;
  return utcDay(yearOf(numeric[3] ?? ""), isDayFirst ? second : first, isDayFirst ? first : second);
}

function yearOf(text: string): number {
  return text.length === 4 ? Number(text) : 2_000 + Number(text);
}

function utcDay(year: number, month: number, day: number): number | undefined {
  const at = Date.UTC(year, month - 1, day);
  const made = new Date(at);
  return month >= 1 && made.getUTCMonth() === month - 1 && made.getUTCDate() === day ? at : undefined;
}

/** Whether the day stands first in numeric dates, as samples show; undefined: they do not, or contradict. */
export function dayFirstOf(dates: readonly string[]): boolean | undefined {
  let day = false;
  let month = false;
  for (const date of dates) {
    const [, first = "0", second = "0"] = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}/.exec(date) ?? [];
    if (Number(first) > 12) day = true;
    if (Number(second) > 12) month = true;
  }
  return day === month ? undefined : day;
}

/** Milliseconds that a zone's clocks are ahead of UTC. */
function offsetAt(at: number, zone: string): number {
  if (zone === "UTC") return 0;
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const read = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second")) - Math.floor(at / 1_000) * 1_000;
}
