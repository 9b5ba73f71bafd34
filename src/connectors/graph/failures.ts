import type { FailureKind } from "../../core/failure.ts";
import { type Json, isJson } from "../json/decode.ts";

interface Kind extends Omit<FailureKind, "id"> {
  readonly name: string;
}

const kinds = [
  {
    name: "token-expired",
    class: "auth",
    code: "UPSTREAM_AUTH",
    retryable: false,
    doc: "The access token has ended, was revoked, or its user changed the password (190, 102; subcodes 460, 463, 467).",
    todo: "Make a new token; a long-lived one lasts 60 days, a page token made from it does not end.",
  },
  {
    name: "user-action",
    class: "auth",
    code: "UPSTREAM_AUTH",
    retryable: false,
    doc: "The token's user must do something at the platform first: install the app again, pass a checkpoint, confirm the account (190; subcodes 458, 459, 464, 492).",
    todo: "Let the user whose token it is sign in at the platform, then grant access again.",
  },
  {
    name: "secret-proof",
    class: "auth",
    code: "UPSTREAM_AUTH",
    retryable: false,
    doc: "appsecret_proof is missing or does not fit the token.",
    todo: "Give the app secret of the app that the token was made for.",
  },
  {
    name: "permission",
    class: "permission",
    code: "UPSTREAM_AUTH",
    retryable: false,
    doc: "The token lives and lacks a permission or feature (3, 10, 200 to 299).",
    todo: "Grant the permission that the message names, or have the app reviewed for it.",
  },
  {
    name: "rate-limit",
    class: "rate-limit",
    code: "UPSTREAM_RATE_LIMITED",
    retryable: true,
    doc: "Too many calls of the app, user, page or business use case (4, 17, 32, 341, 613, 80000 to 80014).",
    todo: "Nothing: collection goes on when the window allows. Poll less often when it keeps happening.",
  },
  {
    name: "hashtag-quota",
    class: "quota",
    code: "UPSTREAM_QUOTA",
    retryable: true,
    doc: "The account has asked for 30 different hashtags in seven days (18).",
    todo: "Follow fewer hashtags with this account, or wait until the oldest is a week old.",
  },
  {
    name: "blocked",
    class: "blocked",
    code: "UPSTREAM_REFUSED",
    retryable: false,
    doc: "The platform holds the app or account to be abusive for now (368).",
    todo: "Look at the app's alerts at the platform.",
  },
  {
    name: "not-found",
    class: "not-found",
    code: "UPSTREAM_NOT_FOUND",
    retryable: false,
    doc: "The object does not exist, or not for this token (100 with subcode 33, 803, 110).",
    todo: "Check the id; check that the token's user sees the object.",
  },
  {
    name: "version",
    class: "version",
    code: "UPSTREAM_VERSION",
    retryable: false,
    doc: "The version, endpoint or field is retired (12, 2635).",
    todo: "Set a newer apiVersion.",
  },
  {
    name: "too-much-data",
    class: "request",
    code: "UPSTREAM_REFUSED",
    retryable: true,
    doc: "The platform asks for smaller pages (1 with the words 'reduce the amount of data').",
    todo: "Nothing: pages are halved.",
  },
  {
    name: "request",
    class: "request",
    code: "UPSTREAM_REFUSED",
    retryable: false,
    doc: "A parameter, field or path is not accepted (100, 2500).",
    todo: "Check the options of the source against the message.",
  },
  {
    name: "server",
    class: "server",
    code: "UPSTREAM_UNAVAILABLE",
    retryable: true,
    doc: "The platform failed (1, 2, or an answer of 5xx).",
    todo: "Nothing, unless it lasts.",
  },
] as const satisfies readonly Kind[];

export type FailureName = (typeof kinds)[number]["name"];
const byName = new Map<FailureName, (typeof kinds)[number]>(kinds.map((kind) => [kind.name, kind]));

/** The table, under the connector's name. */
export function graphFailures(connector: string): readonly FailureKind[] {
  return kinds.map(({ name, ...kind }) => ({ id: `${connector}.${name}`, ...kind }));
}

export function failureKind(name: FailureName): Kind {
  const found = byName.get(name);
  if (found === undefined) throw new TypeError(`failure: ${name} is not in the table`);
  return found;
}

/** Subcodes of 190 that only the user can mend (Graph API, Handling Errors, read 2026-11). */
const userSubcodes = new Set([458, 459, 464, 492]);
const limitCodes = new Set([4, 17, 32, 341, 613]);

/**
 * What an error of the Graph API is about, by its own code, which says more than the HTTP status (nearly always 400).
 * Codes: Graph API, Handling Errors and Rate Limits; Instagram Platform, Error Codes (read 2026-11).
 */
export function failureOf(error: Json, status: number | undefined): FailureName {
  const code = numberOf(error["code"]);
  const subcode = numberOf(error["error_subcode"]);
  const message = typeof error["message"] === "string" ? error["message"] : "";
  if (/appsecret_proof/i.test(message)) return "secret-proof";
  if (code === 190 || code === 102) return subcode !== undefined && userSubcodes.has(subcode) ? "user-action" : "token-expired";
  if (code !== undefined && (limitCodes.has(code) || (code >= 80_000 && code <= 80_014))) return "rate-limit";
  if (code === 18 || subcode === 2_207_034) return "hashtag-quota";
  if (code === 368) return "blocked";
  if (code === 12 || code === 2635 || /(?:is|are|was|been) deprecated|version.{0,40}(?:no longer|not) (?:available|supported)/i.test(message)) return "version";
  if (code === 803 || code === 110 || (code === 24 && status !== 429) || (code === 100 && (subcode === 33 || /does not exist/i.test(message)))) return "not-found";
  if (code === 3 || code === 10 || (code !== undefined && code >= 200 && code <= 299) || /Public Content Access|app secret proof|permission/i.test(message)) return "permission";
  if (/reduce the amount of data/i.test(message)) return "too-much-data";
  if (code === 1 || code === 2 || code === -1 || code === -2 || error["is_transient"] === true) return "server";
  if (code === undefined || !(code === 100 || code === 2500))
    return failureOfStatus(status) ?? (error["type"] === "OAuthException" && code === undefined ? "token-expired" : "request");
  return "request";
}

/** An answer without a word of the platform's own. */
export function failureOfStatus(status: number | undefined): FailureName | undefined {
  if (status === undefined || status < 400) return undefined;
  if (status === 401) return "token-expired";
  if (status === 403) return "permission";
  if (status === 404 || status === 410) return "not-found";
  if (status === 429) return "rate-limit";
  return status >= 500 || status === 408 ? "server" : "request";
}

/** The error in an answer: `{error: {...}}`, or as Instagram's older API had it, `{meta: {error_type, code, error_message}}` or the bare fields. */
export function errorIn(body: unknown): Json | undefined {
  if (!isJson(body)) return undefined;
  const { error, meta } = body;
  if (isJson(error)) return error;
  if (typeof error === "string") return { message: softMessage(body) ?? error };
  const old = isJson(meta) && typeof meta["error_type"] === "string" ? meta : typeof body["error_type"] === "string" ? body : undefined;
  if (old === undefined) return undefined;
  const type = String(old["error_type"]);
  const code = /AccessToken/i.test(type) ? 190 : /RateLimit/i.test(type) ? 4 : /Permission/i.test(type) ? 10 : /NotFound/i.test(type) ? 803 : old["code"];
  return { type, code, message: softMessage(old) ?? type };
}

function softMessage(body: Json): string | undefined {
  const text = body["error_message"] ?? body["error_description"] ?? body["message"];
  return typeof text === "string" ? text : undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "string" && /^-?\d{1,9}$/.test(value)) return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
/** Minutes until a use case is let in again, the longest named (Graph API, Rate Limits: `estimated_time_to_regain_access`). */
export function regainMinutes(usage: string | null | undefined): number | undefined {
  if (usage === null || usage === undefined || usage.length > 100_000) return undefined;
  let longest: number | undefined;
  for (const found of usage.matchAll(/"estimated_time_to_regain_access"\s*:\s*(\d{1,6})/g)) longest = Math.max(longest ?? 0, Number(found[1]));
  return longest;
}
