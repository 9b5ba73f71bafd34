import type { ErrorCode } from "./errors.ts";

/** What a failed call to a platform is about; counts and alarms are kept by class. */
export const failureClasses = {
  auth: "The credential is wrong, expired or revoked.",
  permission: "The credential lives, and does not allow this.",
  "rate-limit": "Too many calls in a window; the platform names or implies when to go on.",
  quota: "The allowance of a day, a month or a plan is used up.",
  request: "The platform does not accept what was asked (a query, a parameter, a cursor).",
  "not-found": "What was asked for is not there, or not for us.",
  version: "The version or endpoint of the API is retired.",
  blocked: "The platform, or its terms, bar us.",
  server: "The platform failed.",
  network: "No answer: connection, name, certificate, time.",
  content: "An answer came, and it cannot be read as expected.",
} as const;

export type FailureClass = keyof typeof failureClasses;

/** One kind of failure that a connector knows. */
export interface FailureKind {
  /** Stable, `connector.name`: `x.usage-capped`. */
  readonly id: string;
  readonly class: FailureClass;
  /** The code of the error that it becomes. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without anybody doing anything. */
  readonly retryable: boolean;
  readonly doc: string;
  /** What the operator does about it. */
  readonly todo: string;
}
