import type { FailureKind } from "../core/failure.ts";
import type { FailureClass } from "../core/failure-class.ts";
import type { FailureFilter, FailureRecord } from "../registers/failures.ts";

export interface ConnectorFailureKind extends FailureKind {
  /** Which connector knows it; `client`: every one. */
  readonly connector: string;
}

/** Something that an operator should look at now. */
export type Alarm =
  | { readonly kind: "failures"; readonly source: string; readonly class: FailureClass; readonly count: number; readonly limit: number; readonly since: number }
  | { readonly kind: "deprecation"; readonly source: string; readonly text: string; readonly effectiveAt: number; readonly limit: number; readonly since: number }
  | {
      readonly kind: "model-drift";
      /** The slice: all, or a condition of the query language. */
      readonly source: string;
      readonly task: string;
      readonly moved: "balance" | "text";
      /** How well the day's texts are told apart from those before, 0.5 to 1; `limit`: chance reaches as far. */
      readonly share: number;
      readonly limit: number;
      readonly since: number;
    }
  | {
      readonly kind: "model-better";
      /** A candidate that was trained by itself, and is better than who judges. */
      readonly source: string;
      readonly task: string;
      /** Of the difference, 95%. */
      readonly value: number;
      readonly low: number;
      readonly high: number;
      readonly limit: number;
      readonly since: number;
    }
  | {
      readonly kind: "model-stopped";
      /** The model that was promoted, and judges nothing. */
      readonly source: string;
      readonly task: string;
      readonly text: string;
      readonly limit: number;
      readonly since: number;
    }
  | {
      readonly kind: "drift";
      readonly source: string;
      readonly entity: string;
      readonly field: string;
      readonly change: "unknown" | "type" | "missing";
      /** 0 to 1, of the messages of the last hours. */
      readonly share: number;
      readonly limit: number;
      readonly since: number;
    };

/** What failed, and what is to be looked at. */
export interface FailureBook {
  /** The client's kinds, and those of every connector. */
  failureKinds(): Promise<readonly ConnectorFailureKind[]>;
  /** Newest hour first. */
  failures(filter: FailureFilter, limit: number): Promise<readonly FailureRecord[]>;
  failureCounts(filter: FailureFilter): Promise<readonly { readonly hourMs: number; readonly source: string; readonly class: FailureClass; readonly count: number }[]>;
  alarms(): Promise<readonly Alarm[]>;
}
