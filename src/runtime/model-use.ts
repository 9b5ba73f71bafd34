import type { SwitchedModel } from "../core/config.ts";

/** What a model costs here, measured on posts that are stored. */
export interface ModelCost {
  /** CPU, of a post that it judges. */
  readonly microsecondsPerPost: number;
  /** Posts that this was measured on. */
  readonly posts: number;
  /** Of all stored posts that were looked at, those in its languages, 0 to 1. */
  readonly share: number;
  /** Of all cores, at the pace of the last 24 hours, 0 to 1. */
  readonly machineShare: number;
}

/** An embedded model, whether it is asked, and what that costs. */
export interface ModelUseView {
  readonly model: SwitchedModel;
  /** What it judges. */
  readonly tasks: readonly string[];
  /** Absent: all. */
  readonly languages?: readonly string[];
  /** part: of some sources or languages alone, as the configuration says. */
  readonly state: "on" | "part" | "off";
  /** configuration: what the file says is changed there alone. page: it was switched. default: nobody has said anything. */
  readonly origin: "configuration" | "page" | "default";
  /** Absent: not measured yet, or there is no post that it would judge. */
  readonly cost?: ModelCost;
}

/** Stored posts judged anew by what is on. */
export interface HistoryRun {
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Posts that the search holds. */
  readonly looked: number;
  readonly of: number;
  readonly changed: number;
  readonly message?: string;
}

export interface ModelUses {
  readonly models: readonly ModelUseView[];
  /** Who says whether a post is positive or negative, by its language; other languages are not scored. */
  readonly sentiment: readonly { readonly language: string; readonly by: "social" | "multilingual" | "lexicon" }[];
  readonly postsPerSecond: number;
  readonly cores: number;
  readonly isMeasuring: boolean;
  /** Absent: none since the start. */
  readonly history?: HistoryRun;
}

/** The switch of the embedded models. */
export interface ModelUseBook {
  /** Begins to measure what models cost where that is not known yet. */
  uses(): Promise<ModelUses>;
  /** Takes effect with the next batch of each refining thread. @throws CONFLICT for what the configuration file says */
  switch(changes: Readonly<Partial<Record<SwitchedModel, boolean>>>, actor: string): Promise<ModelUses>;
  /** Judges what is stored anew, by what is on; goes on by itself, after a restart from the beginning. */
  judgeHistory(actor: string): Promise<ModelUses>;
  cancelHistory(actor: string): Promise<void>;
}
