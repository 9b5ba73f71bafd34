import type { ReadFilter } from "../core/filter.ts";
import type { AnnotationFields, AnnotationRecord } from "../registers/annotations.ts";
import type { GapRecord } from "../registers/gaps.ts";
import type { ViewFields, ViewRecord } from "../registers/views.ts";
import type { Viewer } from "./viewer.ts";

/** What is known of a time, and what is not: beside every figure. */
export interface Coverage {
  readonly posts: number;
  readonly unscored: number;
  /** When the oldest post was made that is stored, to the day; absent: none is. */
  readonly since?: number;
  /** When the newest change that is counted came in. */
  readonly freshAt?: number;
  /** Messages that could not be read, by when they came, most frequent reason first. */
  readonly rejected: { readonly messages: number; readonly reasons: readonly { readonly code: string; readonly messages: number }[] };
  /** Times that a platform could no longer give. */
  readonly gaps: readonly GapRecord[];
  readonly sources: readonly { readonly id: string; readonly state: string; readonly detail?: string; readonly simulated: boolean; readonly keep: string }[];
}

/** What people add to the figures: words to a time, names for states of a page. */
export interface Analysis {
  coverage(request: { readonly fromMs: number; readonly toMs: number; readonly filter: ReadFilter }): Promise<Coverage>;

  /** Those of no term, and of terms that the viewer may know. */
  annotations(request: { readonly fromMs: number; readonly toMs: number; readonly by: Viewer }): Promise<readonly AnnotationRecord[]>;
  /** @throws FORBIDDEN for a term that is not the viewer's */
  addAnnotation(fields: AnnotationFields, by: Viewer): Promise<AnnotationRecord>;
  /** @throws NOT_FOUND, FORBIDDEN */
  changeAnnotation(id: string, fields: AnnotationFields, by: Viewer): Promise<AnnotationRecord>;
  /** @throws NOT_FOUND */
  removeAnnotation(id: string, by: Viewer): Promise<void>;

  /** One's own and the shared ones, pinned first. */
  views(by: Viewer): Promise<readonly ViewRecord[]>;
  /** @throws CONFLICT for a name that is taken; FORBIDDEN for a viewer who would share */
  addView(fields: ViewFields, by: Viewer): Promise<ViewRecord>;
  /** By its owner, or an admin. @throws NOT_FOUND, FORBIDDEN, CONFLICT */
  changeView(id: string, fields: Partial<Omit<ViewFields, "path">>, by: Viewer): Promise<ViewRecord>;
  /** @throws NOT_FOUND, FORBIDDEN */
  removeView(id: string, by: Viewer): Promise<void>;
  /** @throws NOT_FOUND */
  pinView(id: string, pinned: boolean, by: Viewer): Promise<ViewRecord>;
}
