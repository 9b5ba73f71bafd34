import type { Migration, Sql, SqlRow } from "../core/sql.ts";
import { numberIn, textIn } from "../core/sql.ts";
import type { Position } from "../http/budget-position.ts";
import type { BudgetStore } from "../http/budget-store.ts";

export const budgetPositionsMigrations: readonly Migration[] = [
  {
    name: "budget-positions-1",
    sql: `create table budget_positions (
      name text primary key, slots jsonb not null, blocked_until bigint not null, changed_at bigint not null)`,
  },
];

export const toldWindowsMigrations: readonly Migration[] = [
  { name: "budget-positions-2", sql: "alter table budget_positions add column told_left double precision not null default 0, add column told_reset_at bigint not null default 0" },
];

/** The longest window is a month. */
const keptMs = 40 * 86_400_000;
const expireEveryMs = 3_600_000;
const empty: Position = { slots: [], blockedUntil: 0 };

/** Positions of budgets in the catalog: all processes of it share them, and they outlive each. */
export function openBudgetPositions(sql: Sql, now: () => number): BudgetStore {
  let expiredAt = now();
  return {
    async update(names, change) {
      const outcome = await sql.transaction(async (inside) => {
        // Always locked in one order, so that two who want the same never wait for each other.
        const sorted = [...new Set(names)].toSorted();
        await inside.query(
          `insert into budget_positions (name, slots, blocked_until, changed_at) select name, '[]', 0, $2 from unnest($1::text[]) as name order by name on conflict do nothing`,
          [sorted, now()],
        );
        const { rows } = await inside.query(
          "select name, slots, blocked_until, told_left, told_reset_at from budget_positions where name = any($1::text[]) order by name for update",
          [sorted],
        );
        const found = new Map(rows.map((row) => [textIn(row, "name"), positionIn(row)]));
        const before = names.map((name) => found.get(name) ?? empty);
        const { positions, result } = change(before);
        const changed = names.flatMap((name, index) => {
          const position = positions[index];
          return position === undefined || position === before[index] ? [] : [{ name, ...position }];
        });
        await inside.query(
          `update budget_positions as b set slots = n.slots::jsonb, blocked_until = n.blocked, told_left = n.told_left, told_reset_at = n.told_reset, changed_at = $4
           from unnest($1::text[], $2::text[], $3::bigint[], $5::double precision[], $6::bigint[]) as n(name, slots, blocked, told_left, told_reset) where b.name = n.name`,
          [
            changed.map(({ name }) => name),
            changed.map(({ slots }) => JSON.stringify(slots)),
            changed.map(({ blockedUntil }) => Math.round(blockedUntil)),
            now(),
            changed.map(({ told }) => told?.left ?? 0),
            changed.map(({ told }) => Math.ceil(told?.resetAt ?? 0)),
          ],
        );
        return result;
      });
      if (now() - expiredAt > expireEveryMs) {
        expiredAt = now();
        await sql.query("delete from budget_positions where changed_at < $1", [expiredAt - keptMs]);
      }
      return outcome;
    },
  };
}

function positionIn(row: SqlRow): Position {
  const { slots } = row;
  const read = Array.isArray(slots)
    ? slots.filter((slot): slot is [number, number] => Array.isArray(slot) && slot.length === 2 && slot.every((value) => typeof value === "number"))
    : [];
  const resetAt = numberIn(row, "told_reset_at");
  return { slots: read, blockedUntil: numberIn(row, "blocked_until"), ...(resetAt > 0 && { told: { left: numberIn(row, "told_left"), resetAt } }) };
}
