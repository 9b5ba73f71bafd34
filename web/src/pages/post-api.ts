import type { TraceView } from "../../../src/api/provenance-view.ts";
import type { ExplanationView } from "../../../src/api/judgement-schemas.ts";
import { ask, type PostView } from "../shell/api.ts";

export type { TraceView };
export interface SaidNow {
  readonly now: readonly (NonNullable<PostView["towards"]>["targets"][number] & {
    readonly words: readonly { readonly start: number; readonly end: number; readonly adds: number }[];
  })[];
}
export type Sentiment = "negative" | "neutral" | "positive";

export interface Conversation {
  readonly root?: PostView;
  readonly ancestors: readonly PostView[];
  readonly ancestorMissing?: string;
  readonly replies: readonly { readonly depth: number; readonly post: PostView }[];
  readonly quotes: readonly PostView[];
  readonly reshares: readonly PostView[];
  readonly copies: readonly PostView[];
  readonly more: boolean;
}

export type SpreadKind = "repost" | "boost" | "retweet" | "crosspost" | "quote" | "copy" | "link";

export interface SpreadItem {
  readonly kind: SpreadKind;
  readonly post: PostView;
}

export interface Spread {
  readonly original?: PostView;
  readonly originalMissing?: string;
  readonly links: readonly string[];
  readonly posts: number;
  readonly exact: boolean;
  readonly kinds: readonly { readonly kind: SpreadKind; readonly posts: number }[];
  readonly platforms: readonly { readonly platform: string; readonly posts: number }[];
  readonly everySeconds: number;
  readonly buckets: readonly { readonly at: string; readonly platform: string; readonly kind: SpreadKind; readonly posts: number }[];
  readonly items: readonly SpreadItem[];
}

export interface Label {
  readonly id: string;
  readonly what: "sentiment" | "language";
  readonly from: string;
  readonly to: string;
  readonly actor: string;
  readonly at: string;
  /** Why a model judged so when it was corrected; places are those of the text as it is shown. */
  readonly reasons?: {
    readonly model: string;
    readonly chosen: string;
    readonly probability: number;
    readonly words: readonly { readonly start: number; readonly end: number; readonly adds: number }[];
    readonly counterfactual?: { readonly without: readonly { readonly start: number; readonly end: number }[]; readonly chosen: string };
    readonly faithfulness: { readonly ranked: number; readonly random: number };
  };
}

export interface WholeRaw {
  readonly encoding: "utf8" | "base64";
  readonly text: string;
}

/** Places are half open, in UTF-16 units. */
export interface Reading {
  readonly text: string;
  readonly normal: string;
  readonly spans: readonly {
    readonly start: number;
    readonly end: number;
    readonly normalStart: number;
    readonly normalEnd: number;
    readonly original: string;
    readonly kinds: readonly string[];
  }[];
}

export interface AuthorLikeness {
  readonly posts: number;
  readonly more: boolean;
  readonly from: string;
  readonly to: string;
  readonly score: number | null;
  readonly features: readonly { readonly name: string; readonly value: number; readonly adds: number; readonly everySeconds?: number; readonly spreadSeconds?: number }[];
}

export const postPath = (id: string): string => `/api/v1/posts/${encodeURIComponent(id)}`;
export const traceOf = (id: string): Promise<TraceView> => ask(`${postPath(id)}/trace`);
export const conversationOf = (id: string): Promise<Conversation> => ask(`${postPath(id)}/conversation`);
export const spreadOf = (id: string): Promise<Spread> => ask(`${postPath(id)}/spread`);
export const explanationOf = (id: string, task: string): Promise<ExplanationView> => ask(`${postPath(id)}/judgements?${new URLSearchParams({ task }).toString()}`);
export const towardsOf = (id: string): Promise<SaidNow> => ask(`${postPath(id)}/towards`);
export const labelsOf = (id: string): Promise<{ readonly items: readonly Label[] }> => ask(`${postPath(id)}/labels`);
export const wholeRawOf = (id: string, purpose: string): Promise<WholeRaw> => ask(`${postPath(id)}/raw?${new URLSearchParams({ reveal: purpose }).toString()}`);
export const putLabel = (id: string, what: Label["what"], to: string): Promise<Label> =>
  ask(`${postPath(id)}/labels/${what}`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ to }) });
export const withdrawLabel = (id: string): Promise<void> => ask(`/api/v1/labels/${encodeURIComponent(id)}`, { method: "DELETE" });
