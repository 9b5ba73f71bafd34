import type { RetrainingRun, RetrainingSchedule } from "../registers/retraining.ts";
import type { Viewer } from "./viewer.ts";

export interface RetrainingView {
  readonly schedule: RetrainingSchedule;
  /** Of the label set. */
  readonly name: string;
  /** Labels that were settled since it last looked. */
  readonly newLabels: number;
  /** When the schedule names the next moment; absent: it names none. */
  readonly nextAt?: number;
  /** Newest first. */
  readonly runs: readonly RetrainingRun[];
}

/** Candidates that are trained by themselves. */
export interface RetrainingBook {
  retraining(): Promise<readonly RetrainingView[]>;
  /** @throws NOT_FOUND; USAGE for a set of spans */
  setRetraining(schedule: Omit<RetrainingSchedule, "actor" | "at">, viewer: Viewer): Promise<RetrainingSchedule>;
  /** @throws NOT_FOUND */
  removeRetraining(set: string, viewer: Viewer): Promise<void>;
  /** Begins; the history tells what comes of it. @throws NOT_FOUND, CONFLICT while one runs */
  retrainNow(set: string, viewer: Viewer): Promise<void>;
}
