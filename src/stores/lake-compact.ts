import type { Clock } from "../core/clock.ts";
import type { Files } from "../core/files.ts";
import type { LakeEngine } from "./lake-engine.ts";
import type { LakeEdit, LakeState } from "./lake-manifest.ts";

export interface CompactionLimits {
  /** Rows that one step reads at most; a single larger file is a step of its own. */
  readonly stepRows: number;
  readonly graceMs: number;
}

export const defaultCompactionLimits: CompactionLimits = { stepRows: 400_000, graceMs: 60_000 };

export interface Maintenance {
  readonly engine: LakeEngine;
  readonly files: Files;
  readonly folder: string;
  readonly clock: Clock;
  readonly limits: CompactionLimits;
  readonly state: () => LakeState;
  readonly commit: (edit: (state: LakeState) => Omit<LakeEdit, "version">) => Promise<LakeState>;
  readonly fileName: (seq: number) => string;
  readonly forget: boolean;
}

export async function maintainLake(_: Maintenance): Promise<{ readonly owed: number }> {
  return { owed: 0 };
}
