/** What a language model says of a text for one task. */
export interface Judgement {
  /** sentiment, emotion, irony, offensive, hate, spam. */
  readonly task: string;
  /** Name and fingerprint of its weights, `social@1f2e3d4c`: only judgements of one version compare. */
  readonly model: string;
  /** The class that it chooses; absent: it is not sure enough. */
  readonly label?: string;
  /** By class, calibrated, to three digits. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** A larger model was to answer in its place and did not, so that this one stands: its budget was spent, it was too slow, it failed. */
  readonly stood?: Unanswered;
}

export type Unanswered = "budget" | "late" | "failed";

/** A model of one task, wherever it runs; slow against the embedded ones. */
export interface TextJudge {
  readonly task: string;
  /** Name and fingerprint, as in `Judgement.model`. */
  readonly version: string;
  readonly labels: readonly string[];
  /** One judgement a text, in order; without a label where the model gave no usable answer. */
  judge(texts: readonly string[], signal?: AbortSignal): Promise<readonly Judgement[]>;
}

/** A name in a text, half open in UTF-16 units. */
export interface EntitySpan {
  readonly start: number;
  readonly end: number;
  readonly kind: "person" | "organisation" | "place";
}

declare module "./event.ts" {
  interface Notes {
    /** What language models say of the text; each says which model it was. */
    readonly judgements?: readonly Judgement[];
    readonly entities?: { readonly model: string; readonly spans: readonly EntitySpan[] };
  }
}

/** The embedded language models, as stages ask them; one for each thread. */
export interface TextModels {
  /** English. Always with a label. */
  social(text: string): readonly Judgement[];
  /** Always with a label. */
  spam(text: string): Judgement;
  entities(text: string): { readonly model: string; readonly spans: readonly EntitySpan[] };
}
