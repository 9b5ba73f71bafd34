import type { Bakeoff } from "./bakeoff-contest.ts";
import type { DeepFigures } from "./deep-desk.ts";

export type BakeoffGold =
  | { readonly set: string; readonly version: number }
  /** Lines of a label, a tab, a text. */
  | { readonly tsv: string };

export interface BakeoffRequest {
  readonly task: string;
  readonly gold: BakeoffGold;
}

export interface BakeoffView {
  readonly task: string;
  readonly state: "running" | "done" | "failed";
  /** Of a label set: which version, and its hash. */
  readonly gold: { readonly kind: "set"; readonly set: string; readonly name: string; readonly version: number; readonly hash: string } | { readonly kind: "upload" };
  readonly actor: string;
  readonly startedAt: number;
  readonly finishedAt?: number;
  /** Models done, of all that may know the task. */
  readonly done: number;
  readonly of: number;
  readonly result?: Bakeoff;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface BakeoffBook {
  /** The one that runs, or was held last; undefined: none yet. */
  last(): Promise<BakeoffView | undefined>;
  /** @throws CONFLICT while one runs, or where the version has no gold part; USAGE, NOT_FOUND */
  start(request: BakeoffRequest, actor: string): Promise<BakeoffView>;
  cancel(): void;
  /** The larger models that are asked, and what they did since the start. */
  deepModels(): Promise<readonly DeepFigures[]>;
}
