import { EarshotError, type ErrorCode } from "../../core/errors.ts";
import type { FailureKind } from "../../core/failure.ts";
import type { FailureClass } from "../../core/failure-class.ts";
import type { Reaction } from "../../core/http.ts";

/** Class, code, whether it passes by itself, what it is, what the operator does. */
export type FailureRow = readonly [FailureClass, ErrorCode, boolean, string, string];

export interface FailureTable<N extends string> {
  readonly kinds: readonly FailureKind[];
  /** What an answer of this kind is taken for. */
  reaction(name: N, more?: Pick<Reaction, "message" | "retryAt" | "renew" | "requestId">): Reaction;
  /** A failure that no HTTP answer told. `request`: what was asked, without secrets. */
  error(name: N, message: string, request: string, cause?: unknown): EarshotError;
}

/** The kinds of failure of one connector, by their names without its own. */
export function makeFailureTable<N extends string>(connector: string, rows: Readonly<Record<N, FailureRow>>): FailureTable<N> {
  const names = Object.keys(rows).filter((name): name is N => Object.hasOwn(rows, name));
  return {
    kinds: names.map((name) => {
      const [kind, code, retryable, doc, todo] = rows[name];
      return { id: `${connector}.${name}`, class: kind, code, retryable, doc, todo };
    }),
    reaction: (name, more = {}) => ({ code: rows[name][1], failure: `${connector}.${name}`, ...more }),
    error(name, message, request, cause) {
      const [kind, code] = rows[name];
      return new EarshotError(code, message, { failure: { id: `${connector}.${name}`, class: kind, request: request.slice(0, 500) }, ...(cause !== undefined && { cause }) });
    },
  };
}
