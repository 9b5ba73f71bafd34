const number = new Intl.NumberFormat();
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: "UTC" });
const languages = new Intl.DisplayNames(undefined, { type: "language", fallback: "code" });

export const formatNumber = (value: number): string => number.format(value);
/** All times of the pages are UTC. */
export const formatDay = (at: string): string => day.format(new Date(at));
export const formatClock = (at: string | number): string => clock.format(new Date(at));

export function languageName(tag: string): string {
  try {
    return languages.of(tag) ?? tag;
  } catch {
    return tag;
  }
}
