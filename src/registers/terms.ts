import type { TermConfig } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import { firstRow, numberIn, oneOfIn, textIn, textsIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const termsMigrations: readonly Migration[] = [
  {
    name: "terms-1",
    sql: `create table terms (
      id text primary key, name text not null, kind text not null check (kind in ('brand', 'competitor', 'topic')),
      query text not null, handles text[] not null, version int not null,
      origin text not null check (origin in ('configuration', 'dashboard')),
      removed boolean not null default false,
      retagged double precision not null default 0 check (retagged between 0 and 1),
      created_at_ms bigint not null, changed_at_ms bigint not null);
    create table term_versions (
      id text not null, version int not null, name text not null, kind text not null, query text not null, handles text[] not null,
      removed boolean not null, actor text not null, at_ms bigint not null, primary key (id, version))`,
  },
];

const kinds = ["brand", "competitor", "topic"] as const;
const origins = ["configuration", "dashboard"] as const;

export interface TermRecord extends TermConfig {
  readonly id: string;
  /** Rises with each change; what history was tagged with is told by `term_versions`. */
  readonly version: number;
  readonly origin: (typeof origins)[number];
  /** Share of the stored history that bears this version's tags, 0 to 1. */
  readonly retagged: number;
}

export interface TermVersion extends TermConfig {
  readonly version: number;
  readonly removed: boolean;
  readonly actor: string;
  readonly at: number;
}

/** Brands and queries of the user. */
export interface Terms {
  all(): Promise<readonly TermRecord[]>;
  /** A change makes a new version, to be tagged through history again; the same again changes nothing. @throws CONFLICT where the configuration file defines it and this does not come from there */
  put(id: string, term: TermConfig, by: { readonly origin: TermRecord["origin"]; readonly actor: string }): Promise<TermRecord>;
  /** @throws NOT_FOUND, CONFLICT */
  remove(id: string, by: { readonly origin: TermRecord["origin"]; readonly actor: string }): Promise<void>;
  setRetagged(id: string, version: number, share: number): Promise<void>;
  history(id: string): Promise<readonly TermVersion[]>;
}

function configIn(row: SqlRow): TermConfig {
  return { name: textIn(row, "name"), kind: oneOfIn(row, "kind", kinds), query: textIn(row, "query"), handles: [...textsIn(row, "handles")] };
}

function termIn(row: SqlRow): TermRecord {
  return { id: textIn(row, "id"), ...configIn(row), version: numberIn(row, "version"), origin: oneOfIn(row, "origin", origins), retagged: numberIn(row, "retagged") };
}

export function openTerms(sql: Sql, now: () => number): Terms {
  return {
    async all() {
      const { rows } = await sql.query("select * from terms where not removed order by id");
      return rows.map(termIn);
    },
    put: (id, term, by) =>
      sql.transaction(async (inside) => {
        const { rows } = await inside.query("select * from terms where id = $1 for update", [id]);
        const known = rows[0];
        if (known !== undefined && known["removed"] === false) {
          refuseForeign(id, termIn(known), by.origin);
          const { name, kind, query, handles, origin } = termIn(known);
          const same = name === term.name && kind === term.kind && query === term.query && JSON.stringify(handles) === JSON.stringify(term.handles);
          if (same && origin === by.origin) return termIn(known);
          // Only what it matches makes history stale.
          if (query === term.query && JSON.stringify(handles) === JSON.stringify(term.handles)) {
            const result = await inside.query("update terms set name = $2, kind = $3, origin = $4, changed_at_ms = $5 where id = $1 returning *", [
              id,
              term.name,
              term.kind,
              by.origin,
              now(),
            ]);
            return termIn(firstRow(result, `term ${id}`));
          }
        }
        const version = (known === undefined ? 0 : numberIn(known, "version")) + 1;
        const result = await inside.query(
          `insert into terms (id, name, kind, query, handles, version, origin, created_at_ms, changed_at_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
           on conflict (id) do update set name = excluded.name, kind = excluded.kind, query = excluded.query, handles = excluded.handles, version = excluded.version,
             origin = excluded.origin, removed = false, retagged = 0, changed_at_ms = excluded.changed_at_ms returning *`,
          [id, term.name, term.kind, term.query, term.handles, version, by.origin, now()],
        );
        await addVersion(inside, id, version, term, false, by.actor);
        return termIn(firstRow(result, `term ${id}`));
      }),
    remove: (id, by) =>
      sql.transaction(async (inside) => {
        const known = termIn(firstRow(await inside.query("select * from terms where id = $1 and not removed for update", [id]), `term ${id}`));
        refuseForeign(id, known, by.origin);
        await inside.query("update terms set removed = true, retagged = 0, version = version + 1, changed_at_ms = $2 where id = $1", [id, now()]);
        await addVersion(inside, id, known.version + 1, known, true, by.actor);
      }),
    async setRetagged(id, version, share) {
      // A newer version has its own way to go.
      await sql.query("update terms set retagged = $3 where id = $1 and version = $2", [id, version, Math.min(Math.max(share, 0), 1)]);
    },
    async history(id) {
      const { rows } = await sql.query("select * from term_versions where id = $1 order by version", [id]);
      return rows.map((row) => ({
        ...configIn(row),
        version: numberIn(row, "version"),
        removed: row["removed"] === true,
        actor: textIn(row, "actor"),
        at: numberIn(row, "at_ms"),
      }));
    },
  };

  async function addVersion(inside: Sql, id: string, version: number, term: TermConfig, removed: boolean, actor: string): Promise<void> {
    await inside.query("insert into term_versions values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", [
      id,
      version,
      term.name,
      term.kind,
      term.query,
      term.handles,
      removed,
      actor,
      now(),
    ]);
  }
}

function refuseForeign(id: string, known: TermRecord, origin: TermRecord["origin"]): void {
  if (known.origin === "configuration" && origin !== "configuration") throw new EarshotError("CONFLICT", `term ${id}: the configuration file defines it; change it there`);
}
