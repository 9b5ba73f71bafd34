import type { FailureDetail } from "./failure-class.ts";

/** How the program reacts. config: refuse to start. transient: retry with backoff. reject: this item to the quarantine, go on. fault: an invariant of ours broke, stop. */
export type ErrorKind = "config" | "transient" | "reject" | "fault";

/** The one table of codes. A code never changes; what it says may. */
export const errorCodes = {
  // configuration and start
  CONFIG_INVALID: { kind: "config", doc: "The configuration has faults; each is named with its place." },
  CONFIG_SECRET_MISSING: { kind: "config", doc: "A secret that the configuration refers to is not there." },
  FOLDER_IN_USE: { kind: "config", doc: "Another Earshot holds the data folder." },
  FOLDER_UNUSABLE: { kind: "config", doc: "The data folder cannot be used: permission, space, or a wrong kind of file." },
  FORMAT_UNKNOWN: { kind: "config", doc: "A file was written by a newer version, or is none of ours." },
  MODEL_RUNTIME_MISSING: { kind: "config", doc: "A model is to run that needs onnxruntime-node, which is not installed." },
  PORT_IN_USE: { kind: "config", doc: "The port is taken by another program." },
  POSTGRES_UNUSABLE: { kind: "config", doc: "The embedded Postgres cannot start here." },
  POSTGRES_VERSION: { kind: "config", doc: "The folder belongs to another major version of Postgres." },
  USAGE: { kind: "config", doc: "The command line or the request was not understood." },
  // upstream and engines, worth another try
  UPSTREAM_UNAVAILABLE: { kind: "transient", doc: "The platform did not answer or answered 5xx." },
  UPSTREAM_RATE_LIMITED: { kind: "transient", doc: "The platform asks us to wait." },
  UPSTREAM_CUT: { kind: "transient", doc: "The connection broke." },
  UPSTREAM_AUTH: { kind: "transient", doc: "The platform refused the credential; it is tried again, slowly." },
  UPSTREAM_REFUSED: { kind: "transient", doc: "The platform refused the request (4xx)." },
  UPSTREAM_QUOTA: { kind: "transient", doc: "The allowance of a day, a month or a plan is used up; collection goes on when it is full again." },
  UPSTREAM_NOT_FOUND: { kind: "transient", doc: "The platform has nothing under this id or address." },
  UPSTREAM_VERSION: { kind: "transient", doc: "The platform retired this version or endpoint of its API." },
  CURSOR_TOO_OLD: { kind: "transient", doc: "The platform no longer holds what follows the cursor; there is a gap." },
  DISK_FULL: { kind: "transient", doc: "No space is left; collection pauses until there is." },
  STORE_UNAVAILABLE: { kind: "transient", doc: "A store or the catalog did not answer." },
  LIMIT_REACHED: { kind: "transient", doc: "A limit of age or size was reached; collection pauses." },
  // one item
  JSON_INVALID: { kind: "reject", doc: "Not JSON." },
  UTF8_INVALID: { kind: "reject", doc: "Not UTF-8." },
  CBOR_INVALID: { kind: "reject", doc: "Not CBOR, or not the CAR expected." },
  PARQUET_INVALID: { kind: "reject", doc: "Not Parquet, or a row of it that cannot be read." },
  CSV_INVALID: { kind: "reject", doc: "Not CSV as RFC 4180 has it, or a column is missing." },
  ITEM_TOO_LARGE: { kind: "reject", doc: "The item is larger than the limit." },
  ITEM_TOO_DEEP: { kind: "reject", doc: "The item is nested deeper than the limit." },
  FIELD_MISSING: { kind: "reject", doc: "A field that is needed is missing." },
  FIELD_INVALID: { kind: "reject", doc: "A field has another type or range than expected." },
  DATE_INVALID: { kind: "reject", doc: "A date cannot be read, or lies outside 1990 to tomorrow." },
  SOURCE_UNKNOWN: { kind: "reject", doc: "The item belongs to a source that is not configured." },
  PRIVATE_REFUSED: { kind: "reject", doc: "Private content; no right allows it." },
  SIGNATURE_INVALID: { kind: "reject", doc: "The hash or signature that an item bears is not its own." },
  STAGE_FAILED: { kind: "reject", doc: "A stage failed on this item." },
  PARSER_FAILED: { kind: "reject", doc: "The parser failed on this item." },
  QUERY_INVALID: { kind: "reject", doc: "The query cannot be read; the place is named." },
  NOT_FOUND: { kind: "reject", doc: "There is nothing under this id." },
  FORBIDDEN: { kind: "reject", doc: "The role or the token does not allow this." },
  UNAUTHENTICATED: { kind: "reject", doc: "Sign in, or send a token." },
  CONFLICT: { kind: "reject", doc: "The record is not in a state that allows this." },
  SIGN_IN_EXPIRED: { kind: "reject", doc: "The sign-in was begun too long ago or in another browser, or is over already." },
  SIGN_IN_REFUSED: { kind: "reject", doc: "The provider did not sign the user in." },
  SIGN_IN_INVALID: { kind: "reject", doc: "What the provider answered to a sign-in does not hold: code, nonce, signature or issuer." },
  SIGN_IN_NO_ROLE: { kind: "reject", doc: "The provider knows the user, and none of the user's values gives a role here." },
  SIGN_IN_REMOVED: { kind: "reject", doc: "An admin has removed the user here." },
  // our own
  LOG_CORRUPT: { kind: "fault", doc: "A batch inside the log fails its checksum." },
  LEDGER_CORRUPT: { kind: "fault", doc: "The ledger contradicts the log." },
  STORE_CORRUPT: { kind: "fault", doc: "A store's file is damaged." },
  KEY_MISSING: { kind: "fault", doc: "A key that data was written under is gone." },
  INVARIANT: { kind: "fault", doc: "An invariant of the program broke." },
} as const satisfies Record<string, { kind: ErrorKind; doc: string }>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Milliseconds UTC before which another try is useless. */
  readonly retryAt?: number;
  /** The failed call behind it. */
  readonly failure?: FailureDetail;
}

/** The one class of error. message: `where: what was expected, what came`; never holds a secret. */
export class EarshotError extends Error {
  override readonly name = "EarshotError";
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryAt: number | undefined;
  /** Absent: no call to a platform went out and failed. */
  readonly failure: FailureDetail | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.kind = errorCodes[code].kind;
    this.retryAt = options.retryAt;
    this.failure = options.failure;
  }
}

export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === "string" && Object.hasOwn(errorCodes, text);
}

/** Anything thrown, as an EarshotError: itself, or wrapped under the given code. */
export function toEarshotError(thrown: unknown, code: ErrorCode, where: string): EarshotError {
  if (thrown instanceof EarshotError) return thrown;
  if (isDiskFull(thrown)) return new EarshotError("DISK_FULL", `${where}: no space is left on the disk`, { cause: thrown });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EarshotError(code, `${where}: ${message}`, { cause: thrown });
}

function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = "code" in thrown ? thrown.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT" || /database or disk is full/.test(thrown.message);
}
