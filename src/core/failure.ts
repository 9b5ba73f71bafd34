import type { ErrorCode } from "./errors.ts";
import type { FailureClass } from "./failure-class.ts";

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
