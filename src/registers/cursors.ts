import { numberIn, optionalTextIn, type Migration, type Sql } from "../core/sql.ts";

export const cursorsMigrations: readonly Migration[] = [
  {
    name: "cursors-1",
    sql: `create table cursors (source text primary key, cursor text not null, saved_at_ms bigint not null) with (fillfactor = 50)`,
  },
];

/** Where each source goes on after a restart. Saved after the items are durable in the log, never before. */
export interface Cursors {
  load(source: string): Promise<string | undefined>;
  save(source: string, cursor: string): Promise<void>;
  remove(source: string): Promise<void>;
  all(): Promise<readonly { readonly source: string; readonly cursor: string | undefined; readonly savedAt: number }[]>;
}

export function openCursors(sql: Sql, now: () => number): Cursors {
  return {
    async load(source) {
      const { rows } = await sql.query("select cursor from cursors where source = $1", [source]);
      return rows[0] && optionalTextIn(rows[0], "cursor");
    },
    async save(source, cursor) {
      await sql.query(
        `insert into cursors values ($1, $2, $3)
         on conflict (source) do update set cursor = excluded.cursor, saved_at_ms = excluded.saved_at_ms`,
        [source, cursor, now()],
      );
    },
    async remove(source) {
      await sql.query("delete from cursors where source = $1", [source]);
    },
    async all() {
      const { rows } = await sql.query("select source, cursor, saved_at_ms from cursors order by source");
      return rows.map((row) => ({ source: String(row["source"]), cursor: optionalTextIn(row, "cursor"), savedAt: numberIn(row, "saved_at_ms") }));
    },
  };
}
