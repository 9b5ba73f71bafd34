import { EarshotError } from "../core/errors.ts";
import { type EntityConfig, entityConfigSchema } from "../core/linking.ts";
import { firstRow, numberIn, optionalNumberIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";
import { foldText } from "../core/tokens.ts";

export const entitiesMigrations: readonly Migration[] = [
  {
    name: "entities-1",
    sql: `create table entities (
      id text primary key, definition text not null, version int not null, removed boolean not null default false, changed_at_ms bigint not null);
    create table entity_versions (
      id text not null, version int not null, definition text not null, removed boolean not null, restored_from int, actor text not null, at_ms bigint not null,
      primary key (id, version))`,
  },
];

/** What was linked before the column came stays as it is: 1. */
export const relinkedMigrations: readonly Migration[] = [
  { name: "entities-2", sql: "alter table entities add column relinked double precision not null default 1 check (relinked between 0 and 1)" },
];

export interface EntityRecord extends EntityConfig {
  readonly id: string;
  /** Rises with each change. */
  readonly version: number;
  /** Milliseconds UTC. */
  readonly changedAt: number;
  /** Stored posts are being linked again while this is below 1. */
  readonly relinked: number;
}

export interface EntityVersion extends EntityConfig {
  readonly version: number;
  readonly removed: boolean;
  readonly restoredFrom?: number;
  readonly actor: string;
  readonly at: number;
}

export interface EntityChange {
  readonly actor: string;
  readonly restoredFrom?: number;
}

/** More would be a gazetteer: it has its own place. */
export const mostEntities = 20_000;

/** Brands, people, places, products and organisations that names in texts are linked to. */
export interface Entities {
  all(): Promise<readonly EntityRecord[]>;
  /** The same again changes nothing. @throws LIMIT_REACHED */
  put(id: string, entity: EntityConfig, by: EntityChange): Promise<EntityRecord>;
  /** @throws NOT_FOUND */
  remove(id: string, by: EntityChange): Promise<void>;
  /** Entries, removed ones too, that stored posts are not linked by yet. */
  unlinked(): Promise<readonly { readonly id: string; readonly version: number }[]>;
  /** Where it is still this version. @param share of the posts that may bear the name, 0 to 1 */
  setRelinked(entries: readonly { readonly id: string; readonly version: number }[], share: number): Promise<void>;
  /** Oldest first; none: there never was one. */
  history(id: string): Promise<readonly EntityVersion[]>;
  /** Takes these accounts out of every entry and version, as if they had never been named; returns how many entries had one. */
  forgetHandles(handles: readonly string[]): Promise<number>;
  /** Entries and versions that name one of these accounts. */
  countOfHandles(handles: readonly string[]): Promise<number>;
}

const definitionIn = (row: SqlRow): EntityConfig => entityConfigSchema.parse(JSON.parse(textIn(row, "definition")));

function recordIn(row: SqlRow): EntityRecord {
  return { id: textIn(row, "id"), ...definitionIn(row), version: numberIn(row, "version"), changedAt: numberIn(row, "changed_at_ms"), relinked: numberIn(row, "relinked") };
}

const bareHandle = (handle: string): string => foldText(handle.replace(/^@/u, ""));

export function openEntities(sql: Sql, now: () => number): Entities {
  const at = () => Math.round(now());
  async function addVersion(inside: Sql, id: string, version: number, definition: string, removed: boolean, by: EntityChange): Promise<void> {
    await inside.query("insert into entity_versions (id, version, definition, removed, restored_from, actor, at_ms) values ($1, $2, $3, $4, $5, $6, $7)", [
      id,
      version,
      definition,
      removed,
      by.restoredFrom ?? null,
      by.actor,
      at(),
    ]);
  }
  /** Rows of both tables whose accounts are among these. */
  async function naming(
    inside: Sql,
    handles: readonly string[],
  ): Promise<readonly { readonly table: string; readonly id: string; readonly version: number; readonly config: EntityConfig }[]> {
    const sought = new Set(handles.map(bareHandle));
    const found: { table: string; id: string; version: number; config: EntityConfig }[] = [];
    for (const table of ["entities", "entity_versions"]) {
      const { rows } = await inside.query(`select id, version, definition from ${table} where definition like '%"handles":["%'`);
      for (const row of rows) {
        const config = definitionIn(row);
        if (config.handles.some((handle) => sought.has(bareHandle(handle)))) found.push({ table, id: textIn(row, "id"), version: numberIn(row, "version"), config });
      }
    }
    return found;
  }
  return {
    async all() {
      return (await sql.query("select * from entities where not removed order by id")).rows.map(recordIn);
    },
    put: (id, entity, by) =>
      sql.transaction(async (inside) => {
        const definition = JSON.stringify(entity);
        const row = (await inside.query("select * from entities where id = $1 for update", [id])).rows[0];
        if (row !== undefined && row["removed"] === false && textIn(row, "definition") === definition) return recordIn(row);
        if (row === undefined) {
          const count = numberIn(firstRow(await inside.query("select count(*) as count from entities where not removed"), "entities"), "count");
          if (count >= mostEntities) throw new EarshotError("LIMIT_REACHED", `entities: ${mostEntities} are the most; remove some first`);
        }
        const version = (row === undefined ? 0 : numberIn(row, "version")) + 1;
        const result = await inside.query(
          `insert into entities (id, definition, version, changed_at_ms, relinked) values ($1, $2, $3, $4, 0)
           on conflict (id) do update set definition = excluded.definition, version = excluded.version, removed = false, changed_at_ms = excluded.changed_at_ms, relinked = 0 returning *`,
          [id, definition, version, at()],
        );
        await addVersion(inside, id, version, definition, false, by);
        return recordIn(firstRow(result, `entity ${id}`));
      }),
    remove: (id, by) =>
      sql.transaction(async (inside) => {
        const row = firstRow(await inside.query("select * from entities where id = $1 and not removed for update", [id]), `entity ${id}`);
        const version = numberIn(row, "version") + 1;
        await inside.query("update entities set removed = true, version = $2, changed_at_ms = $3, relinked = 0 where id = $1", [id, version, at()]);
        await addVersion(inside, id, version, textIn(row, "definition"), true, by);
      }),
    async unlinked() {
      return (await sql.query("select id, version from entities where relinked < 1 order by id")).rows.map((row) => ({ id: textIn(row, "id"), version: numberIn(row, "version") }));
    },
    async setRelinked(entries, share) {
      await sql.query("update entities e set relinked = $3 from unnest($1::text[], $2::int[]) as n (id, version) where e.id = n.id and e.version = n.version", [
        entries.map(({ id }) => id),
        entries.map(({ version }) => version),
        Math.min(Math.max(share, 0), 1),
      ]);
    },
    async history(id) {
      const { rows } = await sql.query("select * from entity_versions where id = $1 order by version", [id]);
      return rows.map((row) => {
        const restoredFrom = optionalNumberIn(row, "restored_from");
        return {
          ...definitionIn(row),
          version: numberIn(row, "version"),
          removed: row["removed"] === true,
          ...(restoredFrom !== undefined && { restoredFrom }),
          actor: textIn(row, "actor"),
          at: numberIn(row, "at_ms"),
        };
      });
    },
    async forgetHandles(handles) {
      const sought = new Set(handles.map(bareHandle));
      const changed = await sql.transaction(async (inside) => {
        const found = await naming(inside, handles);
        for (const { table, id, version, config } of found) {
          const left = { ...config, handles: config.handles.filter((handle) => !sought.has(bareHandle(handle))) };
          await inside.query(`update ${table} set definition = $3 where id = $1 and version = $2`, [id, version, JSON.stringify(left)]);
        }
        return found;
      });
      if (changed.length > 0) {
        // So that no changed row is left in their files.
        await sql.query("vacuum (full) entities");
        await sql.query("vacuum (full) entity_versions");
      }
      return new Set(changed.map(({ id }) => id)).size;
    },
    async countOfHandles(handles) {
      return handles.length === 0 ? 0 : (await naming(sql, handles)).length;
    },
  };
}
