import { EarshotError } from "../core/errors.ts";

/** The cause of an EarshotError that an HTTP status led to. */
export class UpstreamStatus extends Error {
  readonly status: number;
  /** The first 2,000 characters of the answer; may hold personal data: for decisions, not for logs. */
  readonly excerpt: string;
  constructor(status: number, excerpt: string) {
    super(`HTTP ${status}`);
    this.status = status;
    this.excerpt = excerpt;
  }
}

/** The HTTP status behind an error of the client, where there was one. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof EarshotError && error.cause instanceof UpstreamStatus ? error.cause.status : undefined;
}
