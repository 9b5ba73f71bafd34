import type { DeprecationChange, DeprecationRecord } from "../registers/deprecations.ts";

/** A notice, and who depends on what it ends. */
export interface DeprecationView extends DeprecationRecord {
  /** Ids of terms with posts from its sources in the last 30 days. */
  readonly terms: readonly string[];
  /** Names of shared views that are kept to its sources or their platforms. */
  readonly views: readonly string[];
}

/** What platforms are about to end. */
export interface DeprecationBook {
  deprecations(): Promise<readonly DeprecationView[]>;
  /** @throws NOT_FOUND */
  setDeprecation(id: number, change: DeprecationChange, actor: string): Promise<DeprecationView>;
}
