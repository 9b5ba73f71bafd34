import { ask, type PostView } from "../shell/api.ts";

export interface MovedWord {
  readonly word: string;
  readonly before: number;
  readonly after: number;
  readonly z: number;
}
export interface Look {
  readonly day: string;
  readonly task: string;
  readonly slice: string;
  readonly model: string;
  readonly kind: "none" | "balance" | "text";
  readonly classes: readonly string[];
  readonly reference: { readonly from: string; readonly texts: number; readonly shares: readonly number[] };
  readonly current: { readonly texts: number; readonly shares: readonly number[] };
  readonly psi: number;
  readonly chance: number;
  readonly jensenShannon: number;
  readonly auc: number;
  readonly chanceUpTo: number;
  readonly aucWithinClasses: number;
  readonly correctedShares?: readonly number[];
  readonly words: readonly MovedWord[];
  readonly at: string;
}

export const looksOf = (days: number): Promise<{ readonly tasks: readonly string[]; readonly items: readonly Look[] }> => ask(`/api/v1/models/drift?days=${days}`);
export const examplesOf = ({ day, task, slice }: Look): Promise<{ readonly items: readonly PostView[] }> =>
  ask(`/api/v1/models/drift/examples?${new URLSearchParams({ day: day.slice(0, 10), task, slice })}`);
export const lookAt = (day: string): Promise<{ readonly items: readonly Look[] }> =>
  ask("/api/v1/models/drift/look", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ day }) });

export interface SliceLine {
  readonly slice: string;
  /** In the order of the days; undefined: not looked at, or too few posts. */
  readonly looks: readonly (Look | undefined)[];
}

/** A task's looks as lines of days, oldest first; all posts stand first. */
export function linesOf(items: readonly Look[], task: string): { readonly days: readonly string[]; readonly lines: readonly SliceLine[] } {
  const of = items.filter((look) => look.task === task);
  const days = [...new Set(of.map(({ day }) => day))].toSorted();
  const slices = [...new Set(of.map(({ slice }) => slice))].toSorted((a, b) => Number(b === "all") - Number(a === "all") || a.localeCompare(b));
  return { days, lines: slices.map((slice) => ({ slice, looks: days.map((day) => of.find((look) => look.day === day && look.slice === slice)) })) };
}
