import type { Sensitivity } from "./event.ts";

/**
 * What a reader may see, as lists of what is allowed: the part of policies that every store can compile into its own query.
 * Absent: all. Empty: none.
 */
export interface ReadFilter {
  readonly sources?: readonly string[];
  readonly platforms?: readonly string[];
  readonly sensitivities?: readonly Sensitivity[];
  readonly regions?: readonly string[];
}

export interface Filterable {
  readonly source: string;
  readonly platform: string;
  readonly sensitivity: string;
  readonly region: string;
}

export function isAllowed(filter: ReadFilter, row: Filterable): boolean {
  return (
    (filter.sources === undefined || filter.sources.includes(row.source)) &&
    (filter.platforms === undefined || filter.platforms.includes(row.platform)) &&
    (filter.sensitivities === undefined || filter.sensitivities.some((sensitivity) => sensitivity === row.sensitivity)) &&
    (filter.regions === undefined || filter.regions.includes(row.region))
  );
}
