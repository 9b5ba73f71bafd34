import type { Post } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import type { Assessment } from "../models/assess.ts";
import type { Explanation } from "../models/explain.ts";
import type { Interval } from "../models/bootstrap.ts";
import type { ModelMove, ModelRecord, ModelShadow } from "../registers/models.ts";
import type { ShadowDifference } from "./model-shadow.ts";
import type { RetrainingBook } from "./retraining.ts";

/** Who judges a task, and who could. */
export interface TaskView {
  readonly task: string;
  /** Absent: nobody judges it. */
  readonly judge?: {
    readonly model: string;
    readonly isEmbedded: boolean;
    readonly since?: number;
    /** Why it judges nothing, though it was promoted: the embedded models that it builds on are others now. */
    readonly stopped?: string;
    /** An embedded model that the configuration asks of no post: it is what a candidate is held against. */ readonly isOff: boolean;
  };
  /** The version that ships with the program; absent: the task is people's own. */
  readonly embedded?: string;
  /** Newest first. */
  readonly versions: readonly ModelRecord[];
  /** Newest first. */
  readonly moves: readonly ModelMove[];
}

/** A training, or what is measured in its thread. */
export interface TrainingRun {
  readonly id: string;
  readonly set: string;
  readonly task: string;
  readonly version: number;
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly startedAt: number;
  readonly endedAt?: number;
  /** What it is at: of `fits` trainings of up to `epochs` epochs each. */
  readonly step?: { readonly fit: number; readonly fits: number; readonly epoch: number; readonly epochs: number; readonly loss: number; readonly heldBackLoss?: number };
  readonly model?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface TrainRequest {
  readonly set: string;
  /** Absent: the newest. */
  readonly version?: number;
  /** Look at what the embedded models say too. */
  readonly stacked: boolean;
  readonly seed: number;
  readonly thresholds?: Readonly<Record<string, number>>;
}

export interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly task: string;
  readonly headline: string;
  /** The texts: the gold part of this version. */
  readonly labelSet: { readonly id: string; readonly version: number };
  readonly n: number;
  /** Of the gold part, those that one of the two had learnt from. */
  readonly leftOut: number;
  readonly figures: { readonly a: Interval; readonly b: Interval };
  /** b minus a, on the same texts. */
  readonly difference: Interval;
  /** Texts of each class. */
  readonly perClass: Readonly<Record<string, number>>;
  readonly slices: readonly { readonly by: string; readonly value: string; readonly n: number; readonly difference: Interval }[];
  readonly functional: { readonly a: { readonly cases: number; readonly passed: number }; readonly b: { readonly cases: number; readonly passed: number } };
  /** What b does worse in the functional tests. */
  readonly worse: readonly string[];
}

export interface PromotionCheck {
  readonly comparison: Comparison;
  readonly allowed: boolean;
  /** Why not; empty: it may be promoted. */
  readonly reasons: readonly string[];
  /** Only that there are too few gold texts speaks against it: an admin may promote it with a reason. */
  readonly overridable: boolean;
}

/** From when to when which model judged what came; by the time when a post came. */
export interface JudgingPeriod {
  readonly task: string;
  /** Absent: nobody judged. */
  readonly model?: string;
  /** Absent: since the start. */
  readonly from?: number;
  /** Absent: until now. */
  readonly to?: number;
}

export interface ShadowView extends Omit<ModelShadow, "begunAt"> {
  /** Absent: it never judged beside. */
  readonly begunAt?: number;
  /** Judged by both, and of them alike. */
  readonly judged: number;
  readonly agreed: number;
  /** The newest; posts that the viewer may not see, or that are gone, are left out. */
  readonly differences: readonly (ShadowDifference & { readonly about: Post })[];
}

/** The registry of models: trained, compared, promoted, rolled back here. */
export interface ModelBook extends RetrainingBook {
  tasks(): Promise<readonly TaskView[]>;
  /** @throws NOT_FOUND */
  get(id: string): Promise<ModelRecord>;
  /** Begins; one at a time. @throws NOT_FOUND, CONFLICT (one is running), USAGE (a set that cannot be learnt from) */
  train(request: TrainRequest, actor: string): Promise<TrainingRun>;
  /** Newest first, since the start of the process. */
  runs(): readonly TrainingRun[];
  /** @throws NOT_FOUND */
  cancel(run: string, actor: string): void;
  /** `embedded` names the embedded model of the task. @throws NOT_FOUND; CONFLICT where they cannot be compared */
  compare(a: string, b: string): Promise<Comparison>;
  /** Runs the functional tests anew and keeps what they say. */
  test(id: string, actor: string): Promise<ModelRecord>;
  /** On texts of whoever asks, which are kept nowhere. @throws NOT_FOUND; USAGE for a label that is no class of it */
  evaluate(id: string, texts: readonly { readonly text: string; readonly label: string; readonly author?: string; readonly language?: string }[]): Promise<Assessment>;
  /** Why it judges a text as it does: what each word adds, exactly, since the text is judged without it. @throws NOT_FOUND */
  explain(id: string, text: string): Promise<Explanation>;
  /** Whether it may be promoted, and what speaks against it. */
  check(id: string): Promise<PromotionCheck>;
  /**
   * @param reason why it is promoted though there are fewer gold texts than `models.promotion` asks for; it is written down
   * @throws CONFLICT where the interval of the difference is not above zero, or the functional tests got worse: nobody can force that
   */
  promote(id: string, actor: string, reason?: string): Promise<ModelMove>;
  /** Trains a model anew on the version of the label set that it was trained on, on today's embedded models. @throws as `train` */
  retrain(id: string, actor: string): Promise<TrainingRun>;
  /** Who judged before judges again, at once. @throws CONFLICT where nobody did */
  rollback(task: string, actor: string): Promise<ModelMove>;
  /** Judges what is kept anew, by who judges now; runs on. @throws CONFLICT where a replay runs */
  rescore(task: string, actor: string): Promise<ModelMove>;
  setShadow(id: string, share: number | undefined, actor: string): Promise<void>;
  /** @throws NOT_FOUND */
  shadow(id: string, filter: ReadFilter): Promise<ShadowView>;
  periods(task?: string): Promise<readonly JudgingPeriod[]>;
  /** Posts that a query finds and a model judged so, newest first. */
  judged(
    asked: { readonly task: string; readonly label?: string; readonly model?: string; readonly q: string; readonly limit: number },
    filter: ReadFilter,
  ): Promise<{ readonly items: readonly Post[]; readonly looked: number; readonly all: boolean }>;
}
