/** What an answer's headers say of the end of what was asked. */
export interface ToldDeprecation {
  /** In the platform's words where it has some. */
  readonly text: string;
  /** When it stops working (Sunset), else since or from when it is deprecated; milliseconds UTC; absent: not told. */
  readonly effectiveAt?: number;
  /** Where it says more. */
  readonly link?: string;
}

const longestText = 500;
const ending = /deprecat|sunset|retir|end[- ]of[- ](?:life|support)|no longer|will be (?:removed|shut)|upgraded to/i;

/**
 * Deprecation (RFC 9745: `@` and epoch seconds; older drafts: `true`, an HTTP date, or `date="…"`), Sunset (RFC 8594: an HTTP date), the links
 * `deprecation` and `sunset` that go with them (alone they say nothing: RFC 9745, 3), Warning 299 (RFC 7234, 5.5.7, where it speaks of an end),
 * X-API-Warn, and X-Ad-Api-Version-Warning of Meta (developers.facebook.com, Marketing API, "Versioning").
 */
export function readDeprecation(headers: Headers, url: string): ToldDeprecation | undefined {
  const deprecation = headers.get("deprecation")?.trim();
  const isDeprecated = deprecation !== undefined && deprecation !== "" && !/^(?:false|\?0)$/i.test(deprecation);
  const deprecatedAt = isDeprecated ? deprecationDate(deprecation) : undefined;
  const sunsetAt = instantOf(headers.get("sunset"));
  const warning = warningOf(headers);
  if (!isDeprecated && sunsetAt === undefined && warning === undefined) return undefined;
  const links = linksOf(headers.get("link"), url);
  const link = links.get("deprecation") ?? links.get("sunset") ?? links.get("successor-version");
  const effectiveAt = sunsetAt ?? deprecatedAt;
  const text = warning ?? (sunsetAt === undefined ? "The platform says that it is deprecated." : "The platform says when it stops working.");
  return { text: text.slice(0, longestText).toWellFormed(), ...(effectiveAt !== undefined && { effectiveAt }), ...(link !== undefined && { link }) };
}

function deprecationDate(text: string): number | undefined {
  const seconds = /^@(-?\d{1,12})(?:;|$)/.exec(text)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1_000;
  return instantOf(/\bdate\s*=\s*"([^"]+)"/i.exec(text)?.[1] ?? text);
}

function instantOf(text: string | null): number | undefined {
  // Date.parse takes bare numbers for years.
  if (text === null || !/[a-z-]/i.test(text)) return undefined;
  const at = Date.parse(text.trim().replace(/^"|"$/g, ""));
  return Number.isFinite(at) ? at : undefined;
}

function warningOf(headers: Headers): string | undefined {
  const told = headers.get("x-ad-api-version-warning") ?? headers.get("x-api-warn");
  if (told !== null && told.trim() !== "") return told.trim();
  for (const [, text = ""] of (headers.get("warning") ?? "").slice(0, 4_000).matchAll(/\b299 [^\s"]+ "((?:[^"\\]|\\.)*)"/g)) {
    const plain = text.replaceAll(/\\(.)/g, "$1");
    if (ending.test(plain)) return plain;
  }
  return undefined;
}

/** Addresses by relation (RFC 8288); those that are no web address are left out. */
function linksOf(text: string | null, base: string): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const [, target = "", parameters = ""] of (text ?? "").slice(0, 8_000).matchAll(/<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:"[^"]*"|[^\s";,]+))*)/g)) {
    const relations = /\brel\s*=\s*(?:"([^"]*)"|([^\s";,]+))/i.exec(parameters);
    if (!URL.canParse(target, base)) continue;
    const { href, protocol } = new URL(target, base);
    if (!/^https?:$/.test(protocol) || href.length > 1_000) continue;
    for (const relation of (relations?.[1] ?? relations?.[2] ?? "").toLowerCase().split(/\s+/)) if (!links.has(relation)) links.set(relation, href);
  }
  return links;
}

/** Host and path without the ids in it: what a platform ends is an endpoint, not an address. */
export function endpointOf(method: string, url: string): string {
  const { host, pathname } = new URL(url);
  const segments = pathname.split("/").map((segment) => (/^\d+$|^(?=.*\d).{16,}$|^\d[\d_]+$|^[@%~]/.test(segment) && !/^v?\d{1,2}(?:\.\d+)*$/.test(segment) ? "*" : segment));
  return `${method} ${host}${segments.join("/")}`.slice(0, 300);
}

/** The words speak of an end. */
export function speaksOfEnd(text: string): boolean {
  return ending.test(text);
}

const months = "january|february|march|april|may|june|july|august|september|october|november|december";
const written = new RegExp(
  String.raw`\b(?:(\d{4}-\d{2}-\d{2})|((?:${months})\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})|(\d{1,2}(?:st|nd|rd|th)? (?:of )?(?:${months}),? \d{4}))\b`,
  "gi",
);

/** The first day after `afterMs` that a text names, at its start in UTC. */
export function dayNamedIn(text: string, afterMs: number): number | undefined {
  for (const [day] of text.slice(0, 20_000).matchAll(written)) {
    const at = Date.parse(`${day.replace(/(\d)(?:st|nd|rd|th)/i, "$1").replace(/\bof /i, "")}${/^\d{4}-/.test(day) ? "" : " UTC"}`);
    if (Number.isFinite(at) && at > afterMs) return at;
  }
  return undefined;
}
