import { EarshotError } from "../../core/errors.ts";
import { type Json, nameOf } from "./decode.ts";

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const earliestMs = Date.UTC(1990, 0, 1);
const latestMs = Date.UTC(2100, 0, 1);
export const dayMs = 86_400_000;
const longestId = 2_048;

/** A needed string that identifies: printable, no space, at most 2,048 long. */
export function readId(object: Json, name: string, where: string): string {
  const value = object[name];
  if (value === undefined || value === null) throw new EarshotError("FIELD_MISSING", `${where}.${name}: expected an id, came nothing`);
  return checkId(value, `${where}.${name}`);
}

export function checkId(value: unknown, where: string): string {
  if (typeof value !== "string") throw new EarshotError("FIELD_INVALID", `${where}: expected a string, came ${nameOf(value)}`);
  // oxlint-disable-next-line no-control-regex
  if (value === "" || value.length > longestId || /[\u0000-\u0020\u007f-\u00a0]/.test(value) || !value.isWellFormed()) {
    throw new EarshotError("FIELD_INVALID", `${where}: expected 1 to ${longestId} printable characters`);
  }
  return value;
}

/** A text as it came; control characters, which no writer means and some stores refuse, become spaces (offsets stay). */
export function checkText(value: unknown, where: string): string {
  if (typeof value !== "string") throw new EarshotError(value === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `${where}: expected a string, came ${nameOf(value)}`);
  if (!value.isWellFormed()) throw new EarshotError("UTF8_INVALID", `${where}: expected Unicode text, came a lone surrogate`);
  // oxlint-disable-next-line no-control-regex
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(value) ? value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, " ") : value;
}

/** A string where one is told and usable, else undefined. */
export function softText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.isWellFormed() ? checkText(value, "") : undefined;
}

/** A count: whole, 0 to 2^53 - 1, as a number or its digits; anything else is "not told". */
export function softCount(value: unknown): number | undefined {
  if (typeof value === "string" && /^\d{1,15}$/.test(value)) return Number(value);
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function softUrl(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= 8_192 && /^https?:\/\/[^\s]+$/i.test(value) && value.isWellFormed() ? value : undefined;
}

const isoPattern = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?)?$/;
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `Wed, 10 Oct 2018 20:19:24 GMT` (RFC 5322) and `Wed Oct 10 20:19:24 +0000 2018`, which older versions of APIs write, in ISO form. */
function isoOfWords(text: string): string | undefined {
  const mail = /^(?:[A-Za-z]{3}, ?)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d:\d\d(?::\d\d)?) ?(GMT|UTC|Z|[+-]\d{4})?$/.exec(text);
  const unix = mail === null ? /^[A-Za-z]{3} ([A-Za-z]{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) (GMT|UTC|[+-]\d{4}) (\d{4})$/.exec(text) : null;
  const [day, name, year, time, zone = "Z"] = mail !== null ? mail.slice(1) : unix !== null ? [unix[2], unix[1], unix[5], unix[3], unix[4]] : [];
  const month = name === undefined ? -1 : months.indexOf(name);
  return month < 0 || day === undefined ? undefined : `${year}-${String(month + 1).padStart(2, "0")}-${day.padStart(2, "0")}T${time}${zone}`;
}

/** ISO 8601 (no zone: UTC), the forms of `isoOfWords`, or epoch seconds, milliseconds or microseconds as a number. Undefined: cannot be read. */
export function parseInstant(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? scaled(value) : undefined;
  if (typeof value !== "string" || value.length > 40) return undefined;
  const usual = usualInstant(value);
  if (usual !== undefined) return usual;
  const parts = isoPattern.exec(value);
  if (!parts) {
    if (/^\d{9,16}(?:\.\d+)?$/.test(value)) return scaled(Number(value));
    const iso = isoOfWords(value);
    return iso === undefined ? undefined : parseInstant(iso);
  }
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = parts;
  const monthNumber = Number(month);
  const dayNumber = Number(day);
  if (monthNumber < 1 || monthNumber > 12 || dayNumber < 1 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (dayNumber > 28 && dayNumber > new Date(Date.UTC(Number(year), monthNumber, 0)).getUTCDate()) return undefined;
  const milliseconds = fraction === "" ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
  const at = Date.UTC(Number(year), monthNumber - 1, dayNumber, Number(hour), Number(minute), Number(second), milliseconds);
  if (zone === "Z" || zone === "z" || zone === "UTC" || zone === "GMT") return at;
  const offsetMinutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return at - (zone.startsWith("-") ? -offsetMinutes : offsetMinutes) * 60_000;
}

/** `2026-05-01T12:00:00.000Z` (with or without milliseconds), the form that nearly all have, for a tenth of the pattern's cost. */
function usualInstant(text: string): number | undefined {
  const length = text.length;
  if ((length !== 24 && length !== 20) || text.charCodeAt(length - 1) !== 0x5a || text.charCodeAt(10) !== 0x54 || text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d)
    return undefined;
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a || (length === 24 && text.charCodeAt(19) !== 0x2e)) return undefined;
  const day = twoDigits(text, 8);
  const month = twoDigits(text, 5);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const milliseconds = length === 24 ? twoDigits(text, 20) * 10 + (twoDigits(text, 21) % 10) : 0;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  // Short months, and anything that is no digit (NaN), are the pattern's matter.
  if (!(day >= 1 && day <= 28 && month >= 1 && month <= 12 && hour <= 23 && minute <= 59 && second <= 59 && milliseconds >= 0 && year >= 1_000)) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function scaled(value: number): number {
  if (value < 1e11) return Math.round(value * 1000);
  return Math.floor(value < 1e14 ? value : value / 1000);
}

/** @param latest milliseconds UTC that the message itself gives as its time; a day later is still believed. */
export function checkInstant(value: unknown, where: string, latest = latestMs): number {
  if (value === undefined || value === null) throw new EarshotError("FIELD_MISSING", `${where}: expected a date, came nothing`);
  const at = parseInstant(value);
  if (at === undefined) throw new EarshotError("DATE_INVALID", `${where}: expected an ISO 8601 date, came ${typeof value === "string" ? "another text" : nameOf(value)}`);
  if (at < earliestMs || at > latest + dayMs) throw new EarshotError("DATE_INVALID", `${where}: expected a date from 1990 to tomorrow`);
  return at;
}
