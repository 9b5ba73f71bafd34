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
