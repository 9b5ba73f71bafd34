import type { EarshotError } from "./errors.ts";
import type { AuthorId, MentionId, PostId } from "./ids.ts";

/** Absolute numbers as the platform counts them; absent = not told. */
export interface Counts {
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  readonly views: number;
}
export const countNames = ["likes", "shares", "replies", "views"] as const satisfies readonly (keyof Counts)[];
export const noCounts: Counts = { likes: 0, shares: 0, replies: 0, views: 0 };

// ---- what a connector makes of a raw message: native ids, plain or HTML text ----

/** A native id is unique within its platform (an at:// uri, a status uri, a tweet id), never within a source only. */
export type NativeId = string;

export interface SourceAuthor {
  readonly id: NativeId;
  readonly handle?: string;
  readonly name?: string;
  readonly avatarUrl?: string;
  readonly profileUrl?: string;
  readonly bot?: boolean;
  readonly followers?: number;
}

export interface SourceSpan {
  /** UTF-16 code units into `text` of a plain-text post; half open. */
  readonly start: number;
  readonly end: number;
  readonly kind: "mention" | "hashtag" | "link";
  /** Mention: the native id of the account; hashtag: without #; link: the whole address. */
  readonly value: string;
}

export interface SourceMedia {
  readonly kind: "image" | "video" | "audio" | "link" | "other";
  readonly url?: string;
  readonly alt?: string;
  readonly mimeType?: string;
  readonly sizeBytes?: number;
}

export interface SourcePost {
  readonly id: NativeId;
  readonly author: SourceAuthor;
  /** Milliseconds UTC. */
  readonly createdAt: number;
  readonly editedAt?: number;
  /** Rises with every edit of the post; 0 for the first form. A lower one than the ledger's is stale and dropped. */
  readonly revision: number;
  readonly text: string;
  readonly format: "text" | "html";
  /** BCP 47 tags that the platform or the author gave; a hint only. */
  readonly languages?: readonly string[];
  readonly spans?: readonly SourceSpan[];
  /** Accounts mentioned where spans are not known (HTML): native id and the handle as it stands in the text, without @. */
  readonly mentions?: readonly { readonly id: NativeId; readonly handle: string; readonly url?: string }[];
  readonly hashtags?: readonly string[];
  readonly links?: readonly string[];
  readonly replyTo?: NativeId;
  readonly root?: NativeId;
  readonly reshareOf?: NativeId;
  readonly quoteOf?: NativeId;
  readonly counts?: Partial<Counts>;
  readonly media?: readonly SourceMedia[];
  readonly permalink?: string;
  readonly visibility: "public" | "unlisted" | "private";
  readonly sensitive?: boolean;
  readonly place?: { readonly name?: string; readonly countryCode?: string; readonly latitude?: number; readonly longitude?: number };
  /** Fields that the parser does not know, kept whole. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export type ErasureReason = "account-deleted" | "subject-request" | "objection" | "platform-takedown" | "retention";

/** What `parse` gives. Ids are native; the pseudonym stage turns them into ours. */
export type SourceEvent =
  | { readonly type: "post"; readonly post: SourcePost }
  /** Absolute counts at a time; lower `at` than the ledger's is stale. */
  | { readonly type: "engagement"; readonly id: NativeId; readonly at: number; readonly counts: Partial<Counts> }
  /** One account's like or reshare: counted once per mark, however often it is delivered. `actor` is the native id of who did it. */
  | { readonly type: "reaction"; readonly id: NativeId; readonly mark: NativeId; readonly actor: NativeId; readonly at: number; readonly count: keyof Counts }
  /** The reaction is withdrawn; the message names no post, so it goes to every partition. */
  | { readonly type: "unreaction"; readonly mark: NativeId; readonly at: number }
  /** `by`: whoever deletes it; a post of another author stays. Absent: the platform's own word. */
  | { readonly type: "delete"; readonly id: NativeId; readonly at: number; readonly by?: NativeId }
  | { readonly type: "erase"; readonly author: NativeId; readonly reason: ErasureReason; readonly at: number }
  /** Handles change: the identity record follows. */
  | { readonly type: "identity"; readonly author: SourceAuthor; readonly at: number }
  /** How many posts the platform counts for a query in a span of time, without giving them. */
  | { readonly type: "volume"; readonly query: string; readonly fromMs: number; readonly toMs: number; readonly posts: number };

// ---- what the posts log carries: keyed ids, no identity ----

export type Sensitivity = "public" | "personal" | "special" | "private";

export interface Sentiment {
  readonly label: "negative" | "neutral" | "positive";
  /** -1 to 1. */
  readonly score: number;
}

export interface PiiSpan {
  readonly start: number;
  readonly end: number;
  readonly kind: "email" | "phone" | "card" | "iban" | "ip" | "location";
}

/** Notes that stages add beside the common fields; each stage augments this interface in its own file. */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type
export interface Notes {
  readonly towards?: TowardsNote;
}

/** What a post says of a target; none: it names it, and what it says of it is not sure enough. */
export type TowardsLabel = Sentiment["label"] | "none";
export const towardsLabels = ["none", "negative", "neutral", "positive"] as const satisfies readonly TowardsLabel[];

/**
 * What a post says of each brand, person or thing that it names. As it is stored: for each target its key (`t:` and the id of a term, `e:` and the id of
 * an entry of the register of names), the number of its label (1 negative, 2 neutral, 3 positive; 0: not sure enough), its score in hundredths, and the
 * stretches of the text that speak of it, half open in UTF-16 units, one after the other.
 */
export interface TowardsNote {
  /** What judged: the stage, and the model that it asked or the lexicon. Only judgements of one version compare. */
  readonly by: string;
  readonly of: readonly (readonly [key: string, label: number, score: number, places: readonly number[]])[];
}

export interface Post {
  readonly id: PostId;
  readonly author: AuthorId;
  readonly platform: string;
  /** Id of the configured source. */
  readonly source: string;
  readonly createdAt: number;
  readonly receivedAt: number;
  readonly editedAt?: number;
  readonly revision: number;
  /** Plain text, NFC. Accounts stand in it as @m_… (MentionId). */
  readonly text: string;
  /** BCP 47 primary tag of the text; "und" when unsure or empty. */
  readonly language: string;
  /** Absent: not scored, which is not neutral. */
  readonly sentiment?: Sentiment;
  /** Ids of the user's terms (brands, queries) that match. */
  readonly terms: readonly string[];
  readonly hashtags: readonly string[];
  readonly mentions: readonly MentionId[];
  readonly links: readonly string[];
  readonly replyTo?: PostId;
  readonly root?: PostId;
  readonly reshareOf?: PostId;
  readonly quoteOf?: PostId;
  readonly counts: Counts;
  readonly media?: readonly SourceMedia[];
  readonly sensitivity: Sensitivity;
  /** ISO 3166-1 alpha-2 of the subject where told, else "zz". */
  readonly region: string;
  readonly pii?: readonly PiiSpan[];
  readonly notes?: Notes;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What one post adds to the rollups, and where to find it in the stores: enough to subtract it again exactly. */
export interface Contribution {
  readonly createdAt: number;
  readonly author: AuthorId;
  readonly platform: string;
  readonly source: string;
  readonly language: string;
  readonly sentiment?: Sentiment["label"];
  /** By term, what the post says of it, where it names it; a term that is not here has the sentiment of the post. */
  readonly towards?: Readonly<Record<string, TowardsLabel>>;
  readonly terms: readonly string[];
  readonly sensitivity: Sensitivity;
  readonly region: string;
  readonly counts: Counts;
}

/** Where in `events` (same partition number) a change came from: frame offset, and index of the outcome within the frame. */
export interface From {
  readonly offset: number;
  readonly index: number;
}

/**
 * What the posts log carries, one a frame (src/runtime/change-frame.ts).
 * post: new (no `was`) or replaced (`was`), with the whole `post`; `is` is not written, `contributionOf(post)` gives it.
 * counts, terms: only `is` differs from `was`; the body is untouched.
 * delete, erase: `was` without `is`; a post that was never stored has neither, and readers remember nothing.
 */
export interface Change {
  readonly kind: "post" | "counts" | "terms" | "delete" | "erase";
  readonly id: PostId;
  /** When it happened upstream, milliseconds UTC. */
  readonly at: number;
  readonly partition: number;
  readonly from: From;
  readonly generation: number;
  readonly was?: Contribution;
  readonly is?: Contribution;
  readonly post?: Post;
  /** erase, with the id of no post: whose posts go, for the register of erasures. */
  readonly erased?: { readonly author: AuthorId; readonly upToMs: number; readonly reason: ErasureReason };
  /** What the ledger alone needs beside `was` and `is` to be rebuilt from `posts`: base64url, opaque to every other reader. */
  readonly ledger?: string;
}

export type Outcome<T> = { readonly keep: T } | { readonly drop: string } | { readonly reject: EarshotError };

export function contributionOf(post: Post): Contribution {
  const { createdAt, author, platform, source, language, sentiment, terms, sensitivity, region, counts } = post;
  const made: { -readonly [K in keyof Contribution]: Contribution[K] } = { createdAt, author, platform, source, language, terms, sensitivity, region, counts };
  if (sentiment !== undefined) made.sentiment = sentiment.label;
  const towards = terms.length === 0 || post.notes === undefined ? undefined : towardsAmong(termLabelsOf(post.notes), terms);
  if (towards !== undefined) made.towards = towards;
  return made;
}

/** Of these terms alone, so that a term that went takes along what was said of it. */
export function towardsAmong(towards: Contribution["towards"], terms: readonly string[]): Contribution["towards"] {
  if (towards === undefined) return undefined;
  const left = Object.entries(towards).filter(([term]) => terms.includes(term));
  return left.length === 0 ? undefined : Object.fromEntries(left.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** By term, what the post says of it, "none" where that is not sure enough; undefined: it names no term, or was not looked at. */
export function termLabelsOf(notes: Notes | undefined): Readonly<Record<string, TowardsLabel>> | undefined {
  const of = notes?.towards?.of;
  if (of === undefined) return undefined;
  let found: Record<string, TowardsLabel> | undefined;
  for (const [key, label] of of) if (key.startsWith("t:")) (found ??= {})[key.slice(2)] = towardsLabels[label] ?? "none";
  return found;
}
