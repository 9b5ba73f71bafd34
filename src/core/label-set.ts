/** A piece of a text and what it is, half open in UTF-16 units. */
export interface LabelSpan {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
}

/** What people label: one class a text, or spans of kinds. */
export interface LabelTask {
  /** Of the set. */
  readonly id: string;
  readonly name: string;
  readonly kind: "classes" | "spans";
  /** Names of the classes, or of the kinds of spans, in the order of their keys. */
  readonly classes: readonly string[];
  readonly guidelines: string;
}

/** Models learn from train, are tuned on validation, and are compared on gold. */
export const labelParts = ["train", "validation", "gold"] as const;
export type LabelPart = (typeof labelParts)[number];

/** A text with the label that its annotators agree on, or that somebody chose. */
export interface LabelledText {
  readonly id: string;
  /** Accounts and personal data stand in it masked. */
  readonly text: string;
  /** Of a task of classes. */
  readonly label?: string;
  /** Of a task of spans; empty: there is none in the text. In order, none overlaps another. */
  readonly spans?: readonly LabelSpan[];
  /** Pseudonym. */
  readonly author?: string;
  /** Milliseconds UTC, of the post. */
  readonly createdAt?: number;
  readonly platform?: string;
  readonly language?: string;
  readonly part: LabelPart;
}

/** A frozen state of a set. */
export interface LabelSetVersion {
  readonly set: string;
  /** From 1, without gaps. */
  readonly version: number;
  /** SHA-256 over kind and classes of the task, and over id, hash of the text, label and part of each text, 64 hex digits. */
  readonly hash: string;
  readonly createdAt: number;
  readonly task: LabelTask;
  /** Texts that were frozen, those erased since too. */
  readonly count: number;
}

/** What a version still holds. */
export interface LabelSetReading {
  readonly version: LabelSetVersion;
  readonly texts: readonly LabelledText[];
  /** Texts that were erased since. */
  readonly gone: number;
}
