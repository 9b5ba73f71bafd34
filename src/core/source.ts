import type { Outcome, SourceEvent } from "./event.ts";

/** One message of a platform, as it came. `parse` sees `bytes` alone. */
export interface Raw {
  /** Native id of the post it is about: decides the partition. "all": for every partition (an account deletion, an unreaction). Unreadable: undefined, any partition. */
  readonly key: string | undefined | { readonly all: true };
  /** Native id of the account that acts, where told: lets an erasure find the frame without a parse. */
  readonly actor?: string;
  readonly bytes: Uint8Array;
  readonly receivedAt: number;
}

export interface SourcePage {
  readonly items: readonly Raw[];
  /** Saved after the items are durable; given back to `read` after a restart. */
  readonly cursor: string;
  /** Said aloud: a gap that the platform made (cursor too old, a cut without backfill). */
  readonly gap?: { readonly fromMs?: number; readonly toMs: number; readonly reason: string };
}

export interface SourceStatus {
  readonly state: "connecting" | "live" | "polling" | "backfilling" | "waiting" | "done";
  readonly detail?: string;
  readonly retryAt?: number;
}

/** An opened source. Parsers live apart, so that worker threads hold them without a connection. */
export interface Source extends AsyncDisposable {
  /** Ends when the signal aborts or a finite source is read; throws an EarshotError (transient: the runtime opens it again with backoff). Pages are small (≤ 1,000 items or 1 MB). */
  read(cursor: string | undefined, signal: AbortSignal): AsyncIterable<SourcePage>;
}

/** Pure: bytes to events, one outcome each; never throws. The same bytes give the same events. */
export type Parse = (bytes: Uint8Array) => readonly Outcome<SourceEvent>[];
