import { EarshotError, type ErrorCode } from "../../core/errors.ts";
import type { FailureKind } from "../../core/failure.ts";
import type { FailureClass } from "../../core/failure-class.ts";
import { type Json, isJson } from "../json/decode.ts";
import { objectsIn } from "./ids.ts";

const kind = (id: string, failureClass: FailureClass, code: ErrorCode, retryable: boolean, doc: string, todo: string): FailureKind => ({
  id,
  class: failureClass,
  code,
  retryable,
  doc,
  todo,
});

/** What X's answers are told apart by: problem types of v2 (docs.x.com/x-api/fundamentals/response-codes-and-errors, 2026-11) and codes of v1.1. */
export const failures: readonly FailureKind[] = [
  kind("x.unauthorized", "auth", "UPSTREAM_AUTH", false, "The token is wrong, expired or revoked.", "Make a new token in the developer console, or grant access again."),
  kind(
    "x.token-kind",
    "auth",
    "UPSTREAM_AUTH",
    false,
    "The endpoint wants another kind of token (app or user).",
    "Use an app's token for search and streams, a user's for the home timeline and bookmarks.",
  ),
  kind(
    "x.not-enrolled",
    "permission",
    "UPSTREAM_REFUSED",
    false,
    "The app or its plan has no access to this endpoint.",
    "Attach the app to a project, or choose a plan with this endpoint.",
  ),
  kind(
    "x.forbidden",
    "permission",
    "UPSTREAM_REFUSED",
    false,
    "The token may not see this: protected, blocked, withheld or suspended.",
    "Nothing, or follow the account with the user of the token.",
  ),
  kind("x.rate-limited", "rate-limit", "UPSTREAM_RATE_LIMITED", true, "The window of the endpoint is used up.", "Nothing: collection goes on when the window ends."),
  kind("x.too-many-connections", "rate-limit", "UPSTREAM_RATE_LIMITED", true, "Another connection of the app to the stream is open.", "Stop the other reader, or use another app."),
  kind("x.usage-capped", "quota", "UPSTREAM_QUOTA", true, "The posts or the credits of the billing cycle are used up.", "Wait for the next cycle, raise the cap or buy credits."),
  kind("x.invalid-request", "request", "UPSTREAM_REFUSED", false, "X does not accept the query, a rule or a parameter.", "Mend the query; operators depend on the plan."),
  kind("x.rule-cap", "request", "UPSTREAM_REFUSED", false, "The stream has no room for another rule.", "Remove rules of other programs, or use fewer queries."),
  kind("x.not-found", "not-found", "UPSTREAM_NOT_FOUND", false, "The post or account is not there, or not any more.", "Nothing."),
  kind("x.retired", "version", "UPSTREAM_VERSION", false, "The endpoint or version of the API is retired.", "Update Earshot."),
  kind("x.cut", "network", "UPSTREAM_CUT", true, "X closed the stream.", "Nothing: it is opened again and the cut is filled."),
  kind("x.unavailable", "server", "UPSTREAM_UNAVAILABLE", true, "X failed or is over capacity.", "Nothing."),
  kind("x.unreadable", "content", "UPSTREAM_UNAVAILABLE", true, "An answer came that is no JSON.", "Look at the network between: proxies answer in HTML."),
];

const byId = new Map(failures.map((failure) => [failure.id, failure]));
const unknown: FailureKind = failures.find((failure) => failure.id === "x.unavailable") ?? kind("x.unavailable", "server", "UPSTREAM_UNAVAILABLE", true, "", "");

const byType: Readonly<Record<string, string>> = {
  "resource-not-found": "x.not-found",
  "not-authorized-for-resource": "x.forbidden",
  "resource-unavailable": "x.forbidden",
  "disallowed-resource": "x.forbidden",
  "not-authorized-for-field": "x.forbidden",
  "invalid-request": "x.invalid-request",
  "invalid-rules": "x.invalid-request",
  "duplicate-rules": "x.invalid-request",
  "noncompliant-rules": "x.invalid-request",
  "unsupported-authentication": "x.token-kind",
  "oauth1-permissions": "x.token-kind",
  "client-forbidden": "x.not-enrolled",
  "usage-capped": "x.usage-capped",
  credits: "x.usage-capped",
  "streaming-connection": "x.too-many-connections",
  "rule-cap": "x.rule-cap",
  "operational-disconnect": "x.cut",
  conflict: "x.invalid-request",
};

const byCode: Readonly<Record<number, string>> = {
  17: "x.not-found",
  34: "x.not-found",
  50: "x.not-found",
  144: "x.not-found",
  421: "x.not-found",
  422: "x.not-found",
  63: "x.forbidden",
  136: "x.forbidden",
  179: "x.forbidden",
  261: "x.forbidden",
  32: "x.unauthorized",
  64: "x.unauthorized",
  89: "x.unauthorized",
  99: "x.unauthorized",
  135: "x.unauthorized",
  215: "x.unauthorized",
  326: "x.unauthorized",
  88: "x.rate-limited",
  420: "x.rate-limited",
  130: "x.unavailable",
  131: "x.unavailable",
  68: "x.retired",
  251: "x.retired",
  93: "x.not-enrolled",
  220: "x.token-kind",
  453: "x.not-enrolled",
};

function byStatus(status: number | undefined): string | undefined {
  if (status === undefined || status < 400) return undefined;
  if (status === 401) return "x.unauthorized";
  if (status === 402) return "x.usage-capped";
  if (status === 403) return "x.forbidden";
  if (status === 404) return "x.not-found";
  if (status === 410) return "x.retired";
  if (status === 420 || status === 429) return "x.rate-limited";
  return status >= 500 ? "x.unavailable" : "x.invalid-request";
}

/** True for a body, or a part of one, that says what went wrong. */
export function isProblem(value: Json): boolean {
  if (typeof value["title"] === "string" && (typeof value["detail"] === "string" || typeof value["type"] === "string")) return true;
  if (typeof value["message"] === "string" && (typeof value["code"] === "number" || Object.keys(value).length === 1)) return true;
  if (typeof value["error"] === "string" && value["data"] === undefined) return true;
  return false;
}

/** The kind of failure that a problem document or an error of v1.1 stands for. */
export function failureOf(problem: unknown, status: number | undefined): FailureKind {
  const body = isJson(problem) ? problem : {};
  const type = typeof body["type"] === "string" ? (/problems\/([a-z0-9-]+)$/.exec(body["type"])?.[1] ?? "") : "";
  const told = typeof body["status"] === "number" ? body["status"] : undefined;
  // A stream without room answers with the same type for too many connections and for rules that are missing.
  const title = typeof body["title"] === "string" ? body["title"] : "";
  let id = byType[type] ?? (title === "UsageCapExceeded" || title === "CreditsDepleted" ? "x.usage-capped" : title === "operational-disconnect" ? "x.cut" : undefined);
  if (type === "streaming-connection" && body["connection_issue"] === "ProvisioningSubscription") id = "x.unavailable";
  id ??= typeof body["code"] === "number" ? byCode[body["code"]] : undefined;
  if (id === undefined && typeof body["error"] === "string")
    id = /not authorized/i.test(body["error"]) ? "x.forbidden" : /invalid|expired|unauthorized/i.test(body["error"]) ? "x.unauthorized" : undefined;
  if (id === undefined && /not found/i.test(title)) id = "x.not-found";
  id ??= byStatus(status) ?? byStatus(told);
  id ??= typeof problem === "string" ? "x.unreadable" : isJson(problem) && objectsIn(body["errors"]).length === 0 ? "x.invalid-request" : undefined;
  return byId.get(id ?? "") ?? unknown;
}

/** A failed answer or a part of one as an error: kind of failure, and the platform's words for it where they name no person. */
export function problemError(failure: Json): EarshotError {
  const body = failure["body"];
  const status = typeof failure["status"] === "number" ? failure["status"] : undefined;
  const found = failureOf(body, status);
  const words: string[] = [found.doc];
  if (status !== undefined) words.push(`HTTP ${status}`);
  if (isJson(body)) {
    for (const name of ["title", "code", "resource_type", "parameter", "resource_id"] as const) {
      const value = body[name];
      // A resource that is no id may be somebody's handle.
      if (name === "resource_id" && !/^\d{1,20}$/.test(String(value))) continue;
      if ((typeof value === "string" && value.length <= 100) || typeof value === "number") words.push(`${name} ${value}`);
    }
  }
  return new EarshotError(found.code, `${found.id}: ${words.join(", ")}`);
}

/** The problems of a failed body: those in its list, else itself. */
export function problemsIn(body: unknown): readonly unknown[] {
  if (!isJson(body)) return [body];
  const list = Array.isArray(body["errors"]) ? body["errors"] : [];
  const inner = objectsIn(list).filter((one) => isProblem(one));
  // v2's parameter errors only say what is wrong with a parameter; the document around them has the type.
  return inner.length > 0 && typeof body["title"] !== "string" ? inner : [body];
}
