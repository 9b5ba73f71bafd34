import { emptyPosition, type Position } from "./budget-position.ts";

/** Where the positions of budgets are kept for all who share them. */
export interface BudgetStore {
  /**
   * Gives the positions of these names, in their order, to `change` while nobody else changes them, and keeps what it gives back.
   * `change` has no effects of its own: it may run more than once. Throws STORE_UNAVAILABLE.
   */
  update<T>(names: readonly string[], change: (positions: readonly Position[]) => { readonly positions: readonly Position[]; readonly result: T }): Promise<T>;
}

const mostPositions = 2_000;

/** Positions of one process, gone with it. */
export function makeMemoryBudgetStore(): BudgetStore {
  const kept = new Map<string, Position>();
  return {
    async update(names, change) {
      const { positions, result } = change(names.map((name) => kept.get(name) ?? emptyPosition));
      for (const [index, name] of names.entries()) {
        kept.delete(name);
        kept.set(name, positions[index] ?? emptyPosition);
      }
      while (kept.size > mostPositions) kept.delete(kept.keys().next().value ?? "");
      return result;
    },
  };
}
