import { parseInstant } from "../json/fields.ts";

/** Minutes east of UTC of the zone names that feeds use; where one name has several meanings, the one of RFC 822, else the usual one in feeds. */
const zones: Readonly<Record<string, number>> = {
  z: 0, ut: 0, gmt: 0, utc: 0, wet: 0, est: -300, edt: -240, cst: -360, cdt: -300, mst: -420, mdt: -360, pst: -480, pdt: -420, akst: -540, akdt: -480, hst: -600,
  ast: -240, adt: -180, nst: -210, ndt: -150, brt: -180, art: -180, clt: -240, bst: 60, cet: 60, cest: 120, mez: 60, mesz: 120, met: 60, mest: 120, west: 60, ist: 330,
  eet: 120, eest: 180, msk: 180, msd: 240, sast: 120, pkt: 300, ict: 420, wib: 420, sgt: 480, hkt: 480, awst: 480, jst: 540, kst: 540, acst: 570, aest: 600, aedt: 660, nzst: 720, nzdt: 780,
}; // prettier-ignore

const monthLocales = ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "ru", "uk", "cs", "tr", "ro", "hu", "id", "el", "ca"];
let months: ReadonlyMap<string, number> | undefined;

function fold(word: string): string {
  return word
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .replace(/\./g, "")
    .toLowerCase();
}

/** Month names, long and short, of many languages; an earlier language wins where two differ. */
function monthOf(word: string): number | undefined {
  if (months === undefined) {
    const made = new Map<string, number>();
    for (const locale of monthLocales) {
      for (const style of ["long", "short"] as const) {
        const format = new Intl.DateTimeFormat(locale, { day: "numeric", month: style, timeZone: "UTC" });
        for (let month = 0; month < 12; month++) {
          const name = format.formatToParts(Date.UTC(2026, month, 15)).find((part) => part.type === "month")?.value;
          const folded = fold(name ?? "");
          if (folded.length >= 3 && !made.has(folded)) made.set(folded, month);
        }
      }
    }
    made.set("sept", 8);
    months = made;
  }
  const folded = fold(word);
  const known = months.get(folded);
  if (known !== undefined) return known;
  return folded.length > 3 ? months.get(folded.slice(0, 3)) : undefined;
}

const clock = String.raw`(?:[,T\s]*(?:at|um|à|a las|kl\.?)?\s*(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?\s*([AaPp]\.?[Mm]\.?)?)?`;
const zone = String.raw`\s*([A-Za-z]{1,5}(?:[+-]\d{1,2}:?(?:\d{2})?)?|[+-]\d{1,2}:?(?:\d{2})?|[+-]\d{4})?`;
const word = String.raw`(\p{L}[\p{L}\p{M}]{2,20})\.?`;
const dayFirst = new RegExp(
  String.raw`^(?:[\p{L}\p{M}.]{2,20},?\s+)?(\d{1,2})(?:st|nd|rd|th|er|º|\.)?[\s-]+(?:de\s+|of\s+)?${word}[\s,-]+(?:de\s+)?(\d{4}|\d{2})${clock}${zone}(?:\s*(?:\([^)]*\)|GMT|UTC|Z))?$`,
  "u",
);
const monthFirst = new RegExp(String.raw`^(?:[\p{L}\p{M}.]{2,20},?\s+)?${word}\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})${clock}${zone}$`, "u");
const ctime = /^[A-Za-z]{3,9},?\s+([A-Za-z]{3,9})\s+(\d{1,2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s+([A-Za-z]{1,5}|[+-]\d{2}:?\d{2}))?\s+(\d{4})$/;
const numbersYearFirst = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?${clock}${zone}$`, "u");
const numbersYearLast = new RegExp(String.raw`^(?:[\p{L}\p{M}.]{2,20},?\s+)?(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})${clock}${zone}$`, "u");
const eastAsian = /^(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일](?:\s*(\d{1,2})(?:[:時时시]\s*(\d{1,2}))?(?:[:分분]\s*(\d{1,2}))?\s*[分分분秒초]?)?$/;
const compact = /^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{4})?$/;

/** RFC 822 in the form that nearly all feeds use, without the cost of a general pattern. */
const usual = /^(?:[A-Za-z]{3}, ?)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (GMT|UTC|[+-]\d{4})$/;
const english = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A date of a feed, of whatever kind, in milliseconds UTC; undefined: cannot be read. Without a zone: UTC. Relative ones count from `nowMs`. */
export function parseFeedDate(given: string, nowMs: number): number | undefined {
  if (given.length > 120) return undefined;
  const short = usual.exec(given);
  const monthIndex = short === null ? -1 : english.indexOf(short[2] ?? "");
  // Other languages' months may have three letters too.
  if (short !== null && monthIndex >= 0) {
    const [, day, , year, hour, minute, second, named] = short;
    return instant(Number(year), monthIndex, day, hour, minute, second, undefined, named);
  }
  const text = given.replace(/[\s\u00a0\u2009\u202f]+/g, " ").trim();
  if (text === "") return undefined;
  const iso = parseInstant(text.replace(/^(\d{4}-\d\d-\d\d)t/, "$1T"));
  if (iso !== undefined) return iso;
  // The time may stand first: `12:00 1 May 2026`.
  const turned = text.replace(/^(\d{1,2}:\d{2}(?::\d{2})?),? (?=\S.*\d{4}$)(.*)$/, "$2 $1");
  return parseNamed(turned) ?? parseNumbers(turned) ?? parseRelative(text, nowMs);
}

/** Whether a text tells a time only by its distance from when it is read. */
export function isRelative(text: string): boolean {
  return parseRelative(text.trim(), 0) !== undefined;
}

function parseNamed(text: string): number | undefined {
  const first = dayFirst.exec(text);
  if (first !== null) {
    const [, day, month = "", year = "", hour, minute, second, half, named] = first;
    return instant(fullYear(year), monthOf(month), day, hour, minute, second, half, named);
  }
  const american = monthFirst.exec(text);
  if (american !== null) {
    const [, month = "", day, year = "", hour, minute, second, half, named] = american;
    return instant(Number(year), monthOf(month), day, hour, minute, second, half, named);
  }
  const unix = ctime.exec(text);
  if (unix === null) return undefined;
  const [, month = "", day, hour, minute, second, named, year] = unix;
  return instant(Number(year), monthOf(month), day, hour, minute, second, undefined, named);
}

function parseNumbers(text: string): number | undefined {
  const packed = compact.exec(text);
  if (packed !== null) {
    const [, year, month, day, hour, minute, second, named] = packed;
    return instant(Number(year), Number(month) - 1, day, hour, minute, second, undefined, named);
  }
  const sorted = numbersYearFirst.exec(text);
  if (sorted !== null) {
    const [, year, month, day = "1", hour, minute, second, half, named] = sorted;
    return instant(Number(year), Number(month) - 1, day, hour, minute, second, half, named);
  }
  const last = numbersYearLast.exec(text);
  if (last !== null) {
    const [, one = "", mark, two = "", year = "", hour, minute, second, half, named] = last;
    // Slashes are American unless that cannot be; dots and hyphens put the day first.
    const monthLeads = mark === "/" ? Number(one) <= 12 : Number(two) > 12;
    const [day, month] = monthLeads ? [two, one] : [one, two];
    return instant(fullYear(year), Number(month) - 1, day, hour, minute, second, half, named);
  }
  const asian = eastAsian.exec(text);
  if (asian !== null) {
    const [, year, month, day, hour, minute, second] = asian;
    return instant(Number(year), Number(month) - 1, day, hour, minute, second, undefined, undefined);
  }
  if (/^\d{4}$/.test(text)) return instant(Number(text), 0, "1", undefined, undefined, undefined, undefined, undefined);
  return undefined;
}

/** Two digits mean 1970 to 2069, three (RFC 2822, 4.3) years since 1900. */
function fullYear(text: string): number {
  const year = Number(text);
  return text.length > 2 ? year : year < 70 ? 2000 + year : 1900 + year;
}

type Part = string | undefined;

function instant(year: number, month: number | undefined, day: Part, hour: Part, minute: Part, second: Part, half: Part, named: Part): number | undefined {
  if (month === undefined || month < 0 || month > 11) return undefined;
  const dayNumber = Number(day);
  if (dayNumber < 1 || dayNumber > new Date(Date.UTC(year, month + 1, 0)).getUTCDate()) return undefined;
  let hours = Number(hour ?? 0);
  if (half !== undefined) hours = (hours % 12) + (/^p/i.test(half) ? 12 : 0);
  const minutes = Number(minute ?? 0);
  const seconds = Math.min(59, Number(second ?? 0));
  if (hours > 24 || minutes > 59 || (hours === 24 && minutes > 0)) return undefined;
  return Date.UTC(year, month, dayNumber, hours, minutes, seconds) - offsetOf(named) * 60_000;
}

/** Minutes east of UTC; a name that is not known counts as UTC (RFC 2822, 4.3). */
function offsetOf(named: Part): number {
  if (named === undefined) return 0;
  const parts = /^([A-Za-z]{1,5})?(?:([+-])(\d{1,2}):?(\d{2})?)?$/.exec(named);
  if (parts === null) return 0;
  const [, name, sign, hours, minutes] = parts;
  if (sign !== undefined) return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0));
  return zones[(name ?? "").toLowerCase()] ?? 0;
}

const relative =
  /^(?:about |vor |il y a |hace |há |ha |cirka |ca\.? )?(\d{1,4}|an?|one|eine[rmn]?|une?|una?|um) ?(\p{L}{1,12})(?: ago| fa| geleden| sedan| siden| temu| назад|前)?$/iu;
const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:s|secs?|seconds?|sekunden?|secondes?|segundos?|secondi|秒)$/i, 1_000],
  [/^(?:m|mins?|minutes?|minuten?|minutos?|minuti|minut[ay]?|минут[аы]?|分|分钟)$/i, 60_000],
  [/^(?:h|hrs?|hours?|stunden?|heures?|horas?|ore|ora|uur|uren|timmar|timer|godzin[ay]?|час(?:а|ов)?|時間|小时)$/i, 3_600_000],
  [/^(?:d|days?|tage?n?|jours?|d[ií]as?|giorn[io]|dias?|dagen|dagar|dage|dni|дн(?:я|ей)|день|日|天)$/i, 86_400_000],
  [/^(?:w|wks?|weeks?|wochen?|semaines?|semanas?|settiman[ae]|weken|недел[яиь])$/i, 7 * 86_400_000],
  [/^(?:months?|monate?n?|mois|mes(?:es)?|mes[ei]|maanden)$/i, 30 * 86_400_000],
  [/^(?:y|yrs?|years?|jahre?n?|ans?|a[ñn]os?|anni|jaar)$/i, 365 * 86_400_000],
];

function parseRelative(text: string, nowMs: number): number | undefined {
  if (/^(?:just now|now|moments? ago|today|gerade eben|heute|à l'instant|ahora)$/i.test(text)) return nowMs;
  if (/^(?:yesterday|gestern|hier|ayer|ieri|ontem)$/i.test(text)) return nowMs - 86_400_000;
  const found = relative.exec(text);
  if (found === null) return undefined;
  const [, count = "", name = ""] = found;
  // Something must say that it lies in the past: a lone "5 days" does not.
  if (/^\d+ ?\p{L}+$/u.test(text) && !text.endsWith("前")) return undefined;
  const unit = units.find(([pattern]) => pattern.test(name.replace(/前$/, "")))?.[1];
  return unit === undefined ? undefined : nowMs - (/^\d/.test(count) ? Number(count) : 1) * unit;
}
