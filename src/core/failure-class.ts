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

/** What is known of one failed call; nothing in it is secret, and each text is bounded. */
export interface FailureDetail {
  /** Id of one of the connector's failures (its own class then holds); absent: the status alone was understood. */
  readonly id?: string;
  readonly class: FailureClass;
  /** The HTTP status; absent: no answer came. */
  readonly status?: number;
  /** The platform's id of the call, for its support. */
  readonly requestId?: string;
  /** Method and address without secrets. */
  readonly request: string;
  /** The beginning of the answer, 500 characters at most, without secrets and addresses of mail. */
  readonly excerpt?: string;
}
