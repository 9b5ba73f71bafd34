import type { Outcome, PiiSpan, Sensitivity, Sentiment, SourcePost } from "./event.ts";

/** A post on its way through the stages: what came, and what stages add. Mutable by stages only. */
export interface Draft {
  readonly platform: string;
  readonly source: string;
  readonly post: SourcePost;
  readonly receivedAt: number;
  /** Plain text, NFC, accounts masked as @m_… by the pseudonym step; set by `normalise`. */
  text: string;
  /** Lower-cased, diacritics kept, for matching; recomputed, never stored. */
  folded: string;
  hashtags: readonly string[];
  links: readonly string[];
  /** Accounts in the text, half open in UTF-16 units of `text`, ascending. */
  accountSpans: readonly { readonly start: number; readonly end: number; readonly nativeId?: string; readonly handle: string }[];
  language: string;
  sentiment: Sentiment | undefined;
  terms: readonly string[];
  sensitivity: Sensitivity;
  region: string;
  pii: readonly PiiSpan[];
}

/** A batch in, one outcome for each item out, in order. A stage never throws for an item: it rejects it. */
export interface Stage extends Disposable {
  readonly name: string;
  run(batch: readonly Draft[]): readonly Outcome<Draft>[];
}
