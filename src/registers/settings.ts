import { textIn, type Migration, type Sql } from "../core/sql.ts";

export const settingsMigrations: readonly Migration[] = [
  { name: "settings-1", sql: "create table settings (name text primary key, value text not null, changed_at_ms bigint not null)" },
];

/** Facts about the whole: written once (format, partitions, creation, key checks) or seldom. Values are JSON. */
export interface Settings {
  get(name: string): Promise<unknown>;
  set(name: string, value: unknown): Promise<void>;
  /** Writes it where it is missing; returns what stands there then. */
  setOnce(name: string, value: unknown): Promise<unknown>;
  all(): Promise<ReadonlyMap<string, unknown>>;
}

export function openSettings(sql: Sql, now: () => number): Settings {
  const get = async (name: string): Promise<unknown> => {
    const { rows } = await sql.query("select value from settings where name = $1", [name]);
    return rows[0] && JSON.parse(textIn(rows[0], "value"));
  };
  return {
    get,
    async set(name, value) {
      await sql.query("insert into settings values ($1, $2, $3) on conflict (name) do update set value = excluded.value, changed_at_ms = excluded.changed_at_ms", [
        name,
        JSON.stringify(value),
        now(),
      ]);
    },
    async setOnce(name, value) {
      await sql.query("insert into settings values ($1, $2, $3) on conflict do nothing", [name, JSON.stringify(value), now()]);
      return get(name);
    },
    async all() {
      const { rows } = await sql.query("select name, value from settings order by name");
      return new Map(rows.map((row) => [textIn(row, "name"), JSON.parse(textIn(row, "value"))]));
    },
  };
}
