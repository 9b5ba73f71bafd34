import type { EntityNotes } from "./judgement.ts";
import type { Notes, Outcome, PiiSpan, Sensitivity, Sentiment, SourcePost } from "./event.ts";
import { type Tokens, tokensOf } from "./tokens.ts";

/** An account that the text names, half open in UTF-16 units of `Draft.text`; `handle` without its leading @. */
export interface AccountSpan {
  readonly start: number;
  readonly end: number;
  readonly nativeId?: string;
  readonly handle: string;
}

/** A post on its way through the stages: what came, and what stages add. Mutable by stages only. */
export interface Draft {
  readonly platform: string;
  readonly source: string;
  readonly post: SourcePost;
  readonly receivedAt: number;
  /** Plain text, NFC, accounts masked as @m_… by the pseudonym step; set by `normalise`. */
  text: string;
  /** Words of `text` with their places, for matching; recomputed, never stored. Set together with `text` by `setText`. */
  tokens: Tokens;
  hashtags: readonly string[];
  links: readonly string[];
  /** Accounts in the text, half open in UTF-16 units of `text`, ascending. */
  accountSpans: readonly AccountSpan[];
  language: string;
  sentiment: Sentiment | undefined;
  terms: readonly string[];
  sensitivity: Sensitivity;
  region: string;
  pii: readonly PiiSpan[];
  notes: Notes | undefined;
}

/** A batch in, one outcome for each item out, in order. A stage never throws for an item: it rejects it. */
export interface Stage extends Disposable {
  readonly name: string;
  run(batch: readonly Draft[]): readonly Outcome<Draft>[];
}

const noTokens: Tokens = { words: [], starts: [] };

/** What the stages start from. The region is that of the post's place where told. */
export function makeDraft(platform: string, source: string, post: SourcePost, receivedAt: number): Draft {
  return {
    platform,
    source,
    post,
    receivedAt,
    text: "",
    tokens: noTokens,
    hashtags: [],
    links: [],
    accountSpans: [],
    language: "und",
    sentiment: undefined,
    terms: [],
    sensitivity: "public",
    region: post.place?.countryCode?.toLowerCase() ?? "zz",
    pii: [],
    notes: undefined,
  };
}

/** Of what is known of a stored post: its text, what it names, and where it came from. */
export function draftOfText({
  text,
  platform,
  source,
  language,
  terms,
  entities,
}: Pick<Draft, "text" | "platform" | "source" | "language" | "terms"> & { readonly entities?: EntityNotes }): Draft {
  const draft = makeDraft(platform, source, { id: "", author: { id: "" }, createdAt: 0, revision: 0, text, format: "text", visibility: "public" }, 0);
  setText(draft, text);
  draft.language = language;
  draft.terms = terms;
  if (entities !== undefined) draft.notes = { entities };
  return draft;
}

/** The final text and its words. */
export function setText(draft: Draft, text: string): void {
  draft.text = text;
  draft.tokens = tokensOf(text);
}
