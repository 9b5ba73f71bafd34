import { type TermConfig, termKinds } from "../core/config.ts";
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

/** Every change is a version; `matches_since` is the version that last changed what the term matches. */
export const termVersionsMigrations: readonly Migration[] = [
  {
    name: "terms-2",
    sql: `alter table terms drop constraint terms_kind_check;
      alter table terms add constraint terms_kind_check check (kind in ('brand', 'competitor', 'campaign', 'topic'));
      alter table terms add column colour text;
      alter table terms add column matches_since int;
      update terms set matches_since = version;
      alter table terms alter column matches_since set not null;
      alter table term_versions add column colour text;
      alter table term_versions add column restored_from int`,
  },
];

const origins = ["configuration", "dashboard"] as const;

export interface TermRecord extends TermConfig {
  readonly id: string;
  /** Rises with each change; `history` tells what each version said. */
  readonly version: number;
  readonly origin: (typeof origins)[number];
  /** Share of the stored history that bears the tags of today's query, 0 to 1. */
  readonly retagged: number;
}

export interface TermVersion extends TermConfig {
  readonly version: number;
  /** The term was removed by this version; what it said last still stands here. */
  readonly removed: boolean;
  /** This version says again what that one said. */
  readonly restoredFrom?: number;
  readonly actor: string;
  readonly at: number;
}

/** A term that is gone: what it said last, and its tags as far as they are still there. */
export interface RemovedTerm extends TermRecord {
  readonly removedAt: number;
}

export interface TermChange {
  readonly origin: TermRecord["origin"];
  readonly actor: string;
  readonly restoredFrom?: number;
}

/** Brands and queries of the user. */
export interface Terms {
  all(): Promise<readonly TermRecord[]>;
  /** Newest first; `retagged` below 1: its tags are still being taken from history. */
  removed(): Promise<readonly RemovedTerm[]>;
  /** A change makes a new version; one of what it matches is to be tagged through history again; the same again changes nothing. @throws CONFLICT where the configuration file defines it and this does not come from there */
  put(id: string, term: TermConfig, by: TermChange): Promise<TermRecord>;
  /** The number of the version that removed it. @throws NOT_FOUND, CONFLICT */
  remove(id: string, by: TermChange): Promise<number>;
  /** For the query as it stood at that version: a newer one has its own way to go. */
  setRetagged(id: string, version: number, share: number): Promise<void>;
  /** Oldest first; none: there never was such a term. */
  history(id: string): Promise<readonly TermVersion[]>;
}

function configIn(row: SqlRow): TermConfig {
  const colour = row["colour"];
  return {
    name: textIn(row, "name"),
    kind: oneOfIn(row, "kind", termKinds),
    query: textIn(row, "query"),
    handles: [...textsIn(row, "handles")],
    ...(typeof colour === "string" && { colour }),
  };
}

function termIn(row: SqlRow): TermRecord {
  return { id: textIn(row, "id"), ...configIn(row), version: numberIn(row, "version"), origin: oneOfIn(row, "origin", origins), retagged: numberIn(row, "retagged") };
}

function matchesSame(a: TermConfig, b: TermConfig): boolean {
  return a.query === b.query && JSON.stringify(a.handles) === JSON.stringify(b.handles);
}

export function openTerms(sql: Sql, now: () => number): Terms {
  return {
    async all() {
      const { rows } = await sql.query("select * from terms where not removed order by id");
      return rows.map(termIn);
    },
    async removed() {
      const { rows } = await sql.query("select * from terms where removed order by changed_at_ms desc, id");
      return rows.map((row) => ({ ...termIn(row), removedAt: numberIn(row, "changed_at_ms") }));
    },
    put: (id, term, by) =>
      sql.transaction(async (inside) => {
        const { rows } = await inside.query("select * from terms where id = $1 for update", [id]);
        const row = rows[0];
        const version = (row === undefined ? 0 : numberIn(row, "version")) + 1;
        if (row !== undefined && row["removed"] === false) {
          const known = termIn(row);
          refuseForeign(known, by.origin);
          const isSame = matchesSame(known, term);
          if (isSame && known.name === term.name && known.kind === term.kind && known.colour === term.colour) {
            if (known.origin === by.origin) return known;
            // The file and the dashboard say the same: only the owner changes.
            return termIn(firstRow(await inside.query("update terms set origin = $2 where id = $1 returning *", [id, by.origin]), `term ${id}`));
          }
          if (isSame) {
            const result = await inside.query("update terms set name = $2, kind = $3, colour = $4, origin = $5, version = $6, changed_at_ms = $7 where id = $1 returning *", [
              id,
              term.name,
              term.kind,
              term.colour ?? null,
              by.origin,
              version,
              now(),
            ]);
            await addVersion(inside, id, version, term, false, by);
            return termIn(firstRow(result, `term ${id}`));
          }
        }
        const result = await inside.query(
          `insert into terms (id, name, kind, query, handles, colour, version, matches_since, origin, created_at_ms, changed_at_ms)
             values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $9)
           on conflict (id) do update set name = excluded.name, kind = excluded.kind, query = excluded.query, handles = excluded.handles, colour = excluded.colour,
             version = excluded.version, matches_since = excluded.matches_since, origin = excluded.origin, removed = false, retagged = 0,
             changed_at_ms = excluded.changed_at_ms returning *`,
          [id, term.name, term.kind, term.query, term.handles, term.colour ?? null, version, by.origin, now()],
        );
        await addVersion(inside, id, version, term, false, by);
        return termIn(firstRow(result, `term ${id}`));
      }),
    remove: (id, by) =>
      sql.transaction(async (inside) => {
        const known = termIn(firstRow(await inside.query("select * from terms where id = $1 and not removed for update", [id]), `term ${id}`));
        refuseForeign(known, by.origin);
        const version = known.version + 1;
        await inside.query("update terms set removed = true, retagged = 0, version = $2, matches_since = $2, changed_at_ms = $3 where id = $1", [id, version, now()]);
        await addVersion(inside, id, version, known, true, by);
        return version;
      }),
    async setRetagged(id, version, share) {
      await sql.query("update terms set retagged = $3 where id = $1 and matches_since <= $2", [id, version, Math.min(Math.max(share, 0), 1)]);
    },
    async history(id) {
      const { rows } = await sql.query("select * from term_versions where id = $1 order by version", [id]);
      return rows.map((row) => ({
        ...configIn(row),
        version: numberIn(row, "version"),
        removed: row["removed"] === true,
        ...(typeof row["restored_from"] === "number" && { restoredFrom: row["restored_from"] }),
        actor: textIn(row, "actor"),
        at: numberIn(row, "at_ms"),
      }));
    },
  };

  async function addVersion(inside: Sql, id: string, version: number, term: TermConfig, removed: boolean, by: TermChange): Promise<void> {
    await inside.query(
      "insert into term_versions (id, version, name, kind, query, handles, colour, removed, restored_from, actor, at_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      [id, version, term.name, term.kind, term.query, term.handles, term.colour ?? null, removed, by.restoredFrom ?? null, by.actor, now()],
    );
  }
}

function refuseForeign(known: TermRecord, origin: TermRecord["origin"]): void {
  if (known.origin === "configuration" && origin !== "configuration") throw new EarshotError("CONFLICT", `term ${known.id}: the configuration file defines it; change it there`);
}
