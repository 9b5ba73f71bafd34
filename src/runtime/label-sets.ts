import type { LabelPart, LabelSetReading, LabelSetVersion, LabelSpan } from "../core/label-set.ts";
import type { Agreement } from "../models/agreement.ts";
import type { Annotation, ItemState, LabelItem, LabelProgress, LabelValue } from "../registers/label-items.ts";
import type { LabelSet, LabelSetFields, LabelVersionRow } from "../registers/label-sets.ts";
import type { LabelFault } from "./label-files/row.ts";
import type { Viewer } from "./viewer.ts";

export const labelFormats = ["csv", "jsonl", "conll"] as const;
export type LabelFormat = (typeof labelFormats)[number];

export interface LabelSetView extends LabelSet {
  readonly progress: LabelProgress;
  /** May change, adjudicate and remove it: its owner, or an admin. */
  readonly mayManage: boolean;
}

/** What others said of a text: told to who has said something of it, and to who adjudicates. */
export interface OtherLabel {
  readonly annotator: string;
  readonly label?: string;
  readonly spans?: readonly LabelSpan[];
}

export interface LabelItemView extends LabelItem {
  /** What the viewer said; absent: nothing yet. */
  readonly mine?: Pick<Annotation, "label" | "spans" | "skipped" | "at">;
  /** Absent: the viewer has said nothing of it yet. */
  readonly others?: readonly OtherLabel[];
}

export interface LabelDraw {
  /** As in Search. */
  readonly q: string;
  readonly count: number;
  readonly how: "uncertain" | "diverse" | "random";
  /** Newest posts that match of which is chosen. */
  readonly sample: number;
}

export interface LabelDrawAnswer {
  readonly added: number;
  /** Texts that were looked at. */
  readonly of: number;
  /** Whose doubt chose; absent: nobody's. */
  readonly model?: string;
}

export interface LabelImportAnswer {
  readonly added: number;
  /** Texts that the set has already. */
  readonly known: number;
  readonly labels: number;
  readonly rejected: number;
  /** The first of them. */
  readonly faults: readonly LabelFault[];
}

/** Label sets: what people label for models to learn from. Not for who is kept to a part of the data. */
export interface LabelSetBook {
  list(viewer: Viewer): Promise<readonly LabelSetView[]>;
  get(set: string, viewer: Viewer): Promise<LabelSetView>;
  add(fields: LabelSetFields, viewer: Viewer): Promise<LabelSetView>;
  /** @throws NOT_FOUND, FORBIDDEN, CONFLICT */
  change(set: string, fields: Partial<Omit<LabelSetFields, "kind">>, viewer: Viewer): Promise<LabelSetView>;
  remove(set: string, viewer: Viewer): Promise<void>;

  /** Texts for this viewer to label, in order; what others said of them is not told. */
  next(set: string, limit: number, viewer: Viewer): Promise<readonly LabelItemView[]>;
  items(
    set: string,
    filter: { readonly state?: ItemState; readonly limit: number; readonly cursor?: string },
    viewer: Viewer,
  ): Promise<{ readonly items: readonly LabelItemView[]; readonly next?: string }>;
  item(set: string, item: string, viewer: Viewer): Promise<LabelItemView>;
  /** @throws USAGE where the label is none of the set's, or spans lie outside of the text */
  annotate(set: string, item: string, said: LabelValue | "skipped", tookMs: number, viewer: Viewer): Promise<LabelItemView>;
  /** Takes back what the viewer said last; undefined: there is nothing left. */
  undo(set: string, viewer: Viewer): Promise<LabelItemView | undefined>;
  settle(set: string, item: string, value: LabelValue | undefined, viewer: Viewer): Promise<LabelItemView>;
  place(set: string, item: string, part: LabelPart | undefined, viewer: Viewer): Promise<LabelItemView>;
  removeItem(set: string, item: string, viewer: Viewer): Promise<void>;

  import(set: string, file: string, format: LabelFormat, viewer: Viewer): Promise<LabelImportAnswer>;
  /** Corrections of posts whose text is still the one that was read, where the set has the class. */
  importCorrections(set: string, what: "sentiment" | "language", viewer: Viewer): Promise<LabelImportAnswer>;
  /** Chooses stored posts to label next. */
  draw(set: string, asked: LabelDraw, viewer: Viewer): Promise<LabelDrawAnswer>;
  /** Puts the texts that wait into the order in which the model doubts them. */
  reorder(set: string, viewer: Viewer): Promise<LabelDrawAnswer>;
  agreement(set: string): Promise<Agreement>;

  freeze(set: string, viewer: Viewer): Promise<LabelSetVersion>;
  versions(set: string): Promise<readonly LabelVersionRow[]>;
  readVersion(set: string, version: number): Promise<LabelSetReading>;
  /** A frozen version, or all texts as they are now; the pieces of a file. */
  export(set: string, version: number | undefined, format: LabelFormat, viewer: Viewer): Promise<Iterable<string>>;
}
