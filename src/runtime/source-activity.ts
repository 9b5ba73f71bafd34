import type { BudgetState } from "../http/budget.ts";
import type { GapRecord } from "../registers/gaps.ts";
import type { HourName } from "../registers/source-hours.ts";

/** What a source did of late. */
export interface SourceActivity {
  readonly id: string;
  /** Where it goes on after a restart, as people read it; absent: nothing is saved yet. */
  readonly position?: { readonly text: string; readonly savedAt: number };
  /** When the last message came, milliseconds UTC; absent: none since the start. */
  readonly lastItemAt?: number;
  /** Of the last 24 whole hours and this one so far. */
  readonly day: {
    readonly messages: number;
    readonly bytes: number;
    readonly requests: number;
    readonly saved: number;
    readonly gaps: number;
    readonly errors: number;
    readonly posts: number;
  };
  readonly budgets: readonly ({ readonly name: string } & BudgetState)[];
}

export interface SourceHistory {
  readonly hours: readonly { readonly at: number; readonly counts: Readonly<Partial<Record<HourName, number>>> }[];
  readonly gaps: readonly GapRecord[];
}
