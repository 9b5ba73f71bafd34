import { isIPv6 } from "node:net";
import { isValidIBAN } from "ibantools";
import { parsePhoneNumberFromString, type CountryCode } from "libphonenumber-js/max";
import type { PiiSpan } from "../core/event.ts";
import type { Draft, Stage } from "../core/stage.ts";

const maxSpans = 100;
/** Numbers looked at closely in one post: a text of nothing but digits must not cost more than others. */
const maxAttempts = 200;

/** Marks personal data in the final text, and makes the post "personal" when there is any. */
export function makePii(): Stage {
  return {
    name: "pii",
    run: (batch) =>
      batch.map((draft) => {
        const spans = findPii(draft.text, countryOf(draft));
        if (spans.length > 0) draft.pii = spans;
        if ((spans.length > 0 || isPrecisePlace(draft)) && draft.sensitivity === "public") draft.sensitivity = "personal";
        return { keep: draft };
      }),
    [Symbol.dispose]() {},
  };
}

function isPrecisePlace(draft: Draft): boolean {
  const { latitude, longitude } = draft.post.place ?? {};
  return latitude !== undefined && longitude !== undefined && isPrecise(latitude) && isPrecise(longitude);
}

/** More than two decimals: within some hundred metres. */
function isPrecise(degrees: number): boolean {
  return Math.abs(degrees * 100 - Math.round(degrees * 100)) > 1e-6;
}

const countryOfLanguage: Readonly<Record<string, CountryCode>> = {
  en: "US",
  de: "DE",
  fr: "FR",
  es: "ES",
  it: "IT",
  pt: "BR",
  nl: "NL",
  pl: "PL",
  sv: "SE",
  da: "DK",
  no: "NO",
  fi: "FI",
  ja: "JP",
  ko: "KR",
  hi: "IN",
  tr: "TR",
  ru: "RU",
  uk: "UA",
  cs: "CZ",
  el: "GR",
  he: "IL",
  hu: "HU",
  ro: "RO",
  zh: "CN",
  id: "ID",
  ms: "MY",
  th: "TH",
  vi: "VN",
};

function countryOf(draft: Draft): CountryCode {
  return countryOfLanguage[draft.language] ?? "US";
}

/** Spans of personal data, ascending, without overlap. `country`: where numbers without a country code are from. */
export function findPii(text: string, country: CountryCode): readonly PiiSpan[] {
  const spans: PiiSpan[] = [];
  const hasAt = text.includes("@");
  const digits = countDigits(text);
  if (hasAt) findMail(text, spans);
  if (digits >= 4) {
    if (digits >= 12) {
      findIbans(text, spans);
      findCards(text, spans);
    }
    if (text.includes(".")) {
      findIpv4(text, spans);
      if (digits >= 8) findCoordinates(text, spans);
    }
    if (digits >= 7) findPhones(text, country, spans);
  }
  if (text.includes(":")) findIpv6(text, spans);
  if (spans.length < 2) return spans;
  return spans.toSorted((a, b) => a.start - b.start);
}

function countDigits(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length && count < 12; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) count++;
  }
  return count;
}

function isFree(spans: readonly PiiSpan[], start: number, end: number): boolean {
  return spans.length < maxSpans && !spans.some((span) => span.start < end && start < span.end);
}

function isLocalUnit(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 46 || code === 95 || code === 43 || code === 45 || code === 37;
}

const mailDomain = /[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?){0,8}\.[A-Za-z]{2,24}(?![A-Za-z0-9])/y;

function findMail(text: string, spans: PiiSpan[]): void {
  let floor = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (start > floor && at - start < 64 && isLocalUnit(text.charCodeAt(start - 1))) start--;
    while (start < at && (text.charCodeAt(start) === 46 || text.charCodeAt(start) === 45)) start++;
    // @m_…@server is a masked account.
    if (start === at || (text.charCodeAt(start - 1) === 64 && text.startsWith("m_", start))) continue;
    mailDomain.lastIndex = at + 1;
    const domain = mailDomain.exec(text)?.[0];
    if (domain === undefined) continue;
    const end = at + 1 + domain.length;
    if (isFree(spans, start, end)) spans.push({ start, end, kind: "email" });
    floor = end;
  }
}

const ibanLike = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g;

function findIbans(text: string, spans: PiiSpan[]): void {
  for (const match of text.matchAll(ibanLike)) {
    // A word in capitals may follow the number: the longest valid beginning counts.
    let candidate = match[0];
    while (candidate.length >= 15) {
      if (isValidIBAN(candidate.replaceAll(" ", ""))) {
        const end = match.index + candidate.length;
        if (isFree(spans, match.index, end)) spans.push({ start: match.index, end, kind: "iban" });
        break;
      }
      const cut = candidate.lastIndexOf(" ");
      if (cut < 0) break;
      candidate = candidate.slice(0, cut);
    }
  }
}

const cardLike = /(?<![\dA-Za-z.,/_=-])[2-6](?:[ -]?\d){11,18}(?![\dA-Za-z])/g;

function findCards(text: string, spans: PiiSpan[]): void {
  for (const match of text.matchAll(cardLike)) {
    const number = match[0].replaceAll(/[ -]/g, "");
    const end = match.index + match[0].length;
    if (isCard(number) && isFree(spans, match.index, end)) spans.push({ start: match.index, end, kind: "card" });
  }
}

/** ISO/IEC 7812: issuer ranges of the card schemes, and the Luhn digit. */
function isCard(number: string): boolean {
  if (
    !/^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}|35\d{14}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}|(?:5[06-9]|6[0379])\d{10,17})$/.test(
      number,
    )
  )
    return false;
  let sum = 0;
  for (let i = 0; i < number.length; i++) {
    const digit = number.charCodeAt(number.length - 1 - i) - 48;
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

const ipv4 = /(?<![\w.-])(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}(?![\w-]|\.\d)/g;
/** Version numbers look alike. */
const versionBefore = /(?:version|ver|v|release|firmware|build|section|chapter|§)[.: ]{0,2}$/i;

function findIpv4(text: string, spans: PiiSpan[]): void {
  for (const match of text.matchAll(ipv4)) {
    const start = match.index;
    const end = start + match[0].length;
    if (!versionBefore.test(text.slice(Math.max(0, start - 12), start)) && isFree(spans, start, end)) spans.push({ start, end, kind: "ip" });
  }
}

const ipv6Like = /(?<![\w:.])[0-9A-Fa-f:]{3,39}(?:\.\d{1,3}){0,3}(?![\w:])/g;

function findIpv6(text: string, spans: PiiSpan[]): void {
  for (const match of text.matchAll(ipv6Like)) {
    const [candidate] = match;
    // "::" alone or a time of day is no address.
    if (candidate.length < 6 || candidate.indexOf(":") === candidate.lastIndexOf(":") || !isIPv6(candidate)) continue;
    const end = match.index + candidate.length;
    if (isFree(spans, match.index, end)) spans.push({ start: match.index, end, kind: "ip" });
  }
}

const decimalPair = /(?<![\d.\w])[-+]?(?:90|[0-8]?\d)\.\d{3,10}°? ?[NSns]?[,;/ ] ?[-+]?(?:180|1[0-7]\d|\d{1,2})\.\d{3,10}°?(?: ?[EWOewo](?![a-z]))?(?![\d.]\d|\d)/g;
const degreesMinutes = /(?<!\d)\d{1,2}° ?\d{1,2}['′’] ?(?:\d{1,2}(?:\.\d{1,4})?["″”] ?)?[NS][,; ]{0,2}\d{1,3}° ?\d{1,2}['′’] ?(?:\d{1,2}(?:\.\d{1,4})?["″”] ?)?[EWO]/g;

function findCoordinates(text: string, spans: PiiSpan[]): void {
  for (const pattern of [decimalPair, degreesMinutes]) {
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (isFree(spans, match.index, end)) spans.push({ start: match.index, end, kind: "location" });
    }
  }
}

const phoneLike = /(?<![\w#$€£¥.,/=&?%:@-])(?:\+|00)?\(?\d(?:[ \u00a0./()-]{0,3}\d){6,14}(?: ?(?:x|ext\.?) ?\d{1,6})?(?![\w%€£$¥°]|[.,:/]\d)/g;
/** Said before a number, it makes a phone number of one whose area no plan knows (yet). */
const phoneCue = /(?:call|phone|tel|mobile|cell|fax|whatsapp|number|reach|ring|text me|contact|anruf|telefon|handy|appel|llam|telef|cellulare|ligue|numero)[^\n]{0,30}$/i;
/** Dates, years and plain numbers look like national numbers: without a country code some form is asked for. */
const dateLike = /^(?:(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{4}|(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d)/;
const amountLike = /^\d{1,3}(?:[., ]\d{3})+$/;

function findPhones(text: string, country: CountryCode, spans: PiiSpan[]): void {
  let attempts = 0;
  for (const match of text.matchAll(phoneLike)) {
    const [candidate] = match;
    if (++attempts > maxAttempts) return;
    const start = match.index;
    const end = start + candidate.length;
    if (dateLike.test(candidate) || amountLike.test(candidate) || !isFree(spans, start, end) || isInUrl(text, start)) continue;
    const international = candidate.startsWith("+") || candidate.startsWith("00");
    const digits = candidate.replace(/ ?(?:x|ext).*$/, "").replaceAll(/\D/g, "");
    if (!international && !candidate.includes("(") && digits.length < 9 && !/[ -]/.test(candidate)) continue;
    const number = parsePhoneNumberFromString(candidate.startsWith("00") ? `+${candidate.slice(2)}` : candidate, country);
    const said = digits.length >= 8 && digits.length <= 15 && phoneCue.test(text.slice(Math.max(0, start - 40), start));
    if (number?.isValid() === true || (international && number?.isPossible() === true) || said) spans.push({ start, end, kind: "phone" });
  }
}

function isInUrl(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && at - start < 2_048 && text.charCodeAt(start - 1) > 32) start--;
  return text.slice(start, at).includes("://");
}
