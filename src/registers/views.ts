import { randomBytes } from "node:crypto";
import { EarshotError } from "../core/errors.ts";
import { booleanIn, firstRow, numberIn, oneOfIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const viewsMigrations: readonly Migration[] = [
  {
    name: "views-1",
    sql: `create table views (
      id text primary key, name text not null, path text not null, query text not null, shared boolean not null, owner text not null,
      created_at_ms bigint not null, changed_at_ms bigint not null, unique (owner, path, name));
    create table view_pins (view text not null references views (id) on delete cascade, owner text not null, primary key (view, owner))`,
  },
];

/** Pages whose state can be kept under a name. */
export const viewPaths = ["/explore", "/search", "/live"] as const;
export type ViewPath = (typeof viewPaths)[number];

export interface ViewFields {
  readonly name: string;
  readonly path: ViewPath;
  /** The page's whole state, as it stands in the address behind the question mark. */
  readonly query: string;
  /** All may open it; false: its owner alone. */
  readonly shared: boolean;
}

export interface ViewRecord extends ViewFields {
  readonly id: string;
  readonly owner: string;
  /** By the one who asks. */
  readonly pinned: boolean;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** States of pages under a name; they hold no data, so who opens one sees what is his. */
export interface Views {
  /** One's own and the shared ones: pinned first, then by name. */
  visible(user: string): Promise<readonly ViewRecord[]>;
  /** @throws CONFLICT for a name that the owner has on this page already */
  add(fields: ViewFields, owner: string): Promise<ViewRecord>;
  /** @throws NOT_FOUND also for another's private one; FORBIDDEN; CONFLICT for a name that is taken */
  change(id: string, fields: Partial<Omit<ViewFields, "path">>, by: { readonly user: string; readonly isAdmin: boolean }): Promise<ViewRecord>;
  /** @throws NOT_FOUND, FORBIDDEN */
  remove(id: string, by: { readonly user: string; readonly isAdmin: boolean }): Promise<ViewRecord>;
  /** @throws NOT_FOUND */
  pin(id: string, user: string, pinned: boolean): Promise<ViewRecord>;
}

/** Of one owner. */
const most = 500;

function viewIn(row: SqlRow): ViewRecord {
  return {
    id: textIn(row, "id"),
    name: textIn(row, "name"),
    path: oneOfIn(row, "path", viewPaths),
    query: textIn(row, "query"),
    shared: booleanIn(row, "shared"),
    owner: textIn(row, "owner"),
    pinned: booleanIn(row, "pinned"),
    createdAt: numberIn(row, "created_at_ms"),
    changedAt: numberIn(row, "changed_at_ms"),
  };
}

const seenBy = "select v.*, exists (select from view_pins p where p.view = v.id and p.owner = $1) as pinned from views v where (v.owner = $1 or v.shared)";

export function openViews(sql: Sql, now: () => number): Views {
  const seen = async (inside: Sql, id: string, user: string) => viewIn(firstRow(await inside.query(`${seenBy} and v.id = $2`, [user, id]), `view ${id}`));
  const owned = async (inside: Sql, id: string, by: { readonly user: string; readonly isAdmin: boolean }) => {
    const view = await seen(inside, id, by.user);
    if (view.owner !== by.user && !by.isAdmin) throw new EarshotError("FORBIDDEN", `view ${view.name}: it belongs to ${view.owner}; save it under a name of your own`);
    return view;
  };
  const refuseTaken = async (inside: Sql, owner: string, path: string, name: string, but: string) => {
    const { count } = await inside.query("select 1 from views where owner = $1 and path = $2 and name = $3 and id <> $4", [owner, path, name, but]);
    if (count > 0) throw new EarshotError("CONFLICT", `view ${name}: there is one of this name already`);
  };

  return {
    async visible(user) {
      const { rows } = await sql.query(`${seenBy} order by pinned desc, lower(v.name), v.id limit 5000`, [user]);
      return rows.map(viewIn);
    },
    add: (fields, owner) =>
      sql.transaction(async (inside) => {
        const { count } = await inside.query("select 1 from views where owner = $1", [owner]);
        if (count >= most) throw new EarshotError("LIMIT_REACHED", `views: ${most} are kept for each user; remove one first`);
        await refuseTaken(inside, owner, fields.path, fields.name, "");
        const id = randomBytes(9).toString("base64url");
        await inside.query("insert into views values ($1, $2, $3, $4, $5, $6, $7, $7)", [id, fields.name, fields.path, fields.query, fields.shared, owner, now()]);
        return seen(inside, id, owner);
      }),
    change: (id, fields, by) =>
      sql.transaction(async (inside) => {
        const view = await owned(inside, id, by);
        const { name, query, shared } = { ...view, ...fields };
        await refuseTaken(inside, view.owner, view.path, name, id);
        await inside.query("update views set name = $2, query = $3, shared = $4, changed_at_ms = $5 where id = $1", [id, name, query, shared, now()]);
        return { ...view, name, query, shared, changedAt: now() };
      }),
    remove: (id, by) =>
      sql.transaction(async (inside) => {
        const view = await owned(inside, id, by);
        await inside.query("delete from views where id = $1", [id]);
        return view;
      }),
    pin: (id, user, pinned) =>
      sql.transaction(async (inside) => {
        await seen(inside, id, user);
        if (pinned) await inside.query("insert into view_pins values ($1, $2) on conflict do nothing", [id, user]);
        else await inside.query("delete from view_pins where view = $1 and owner = $2", [id, user]);
        return seen(inside, id, user);
      }),
  };
}
