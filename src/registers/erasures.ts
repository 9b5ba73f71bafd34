import { randomUUID } from "node:crypto";
import type { ErasureReason } from "../core/event.ts";
import { EarshotError } from "../core/errors.ts";
import { isAuthorId, type AuthorId } from "../core/ids.ts";
import { booleanIn, firstRow, numberIn, oneOfIn, optionalNumberIn, textIn, textsIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";
import type { ErasureProof } from "../core/store.ts";

export const erasuresMigrations: readonly Migration[] = [
  {
    name: "erasures-1",
    sql: `create table erasures (
      id text primary key, authors text[] not null, up_to_ms bigint not null, at_ms bigint not null, reason text not null, objection boolean not null,
      state text not null check (state in ('requested', 'hidden', 'gone')), posts bigint not null default 0,
      due_at_ms bigint not null, hidden_at_ms bigint, gone_at_ms bigint, actor text not null);
    create index erasures_authors on erasures using gin (authors);
    create index erasures_owed on erasures (due_at_ms) where state <> 'gone';
    create table erasure_proofs (
      erasure text not null references erasures (id), store text not null, removed_posts bigint not null, physical boolean not null, at_ms bigint not null,
      primary key (erasure, store))`,
  },
];

const reasons = ["account-deleted", "subject-request", "objection", "platform-takedown", "retention"] as const satisfies readonly ErasureReason[];
const states = ["requested", "hidden", "gone"] as const;

export interface ErasureRecord {
  readonly id: string;
  /** The author's pseudonym under every live key. */
  readonly authors: readonly AuthorId[];
  /** Posts made up to then. */
  readonly upToMs: number;
  readonly at: number;
  readonly reason: ErasureReason;
  /** Later posts are refused too. */
  readonly objection: boolean;
  readonly state: (typeof states)[number];
  readonly posts: number;
  readonly proofs: readonly ErasureProof[];
  /** When no byte may be left, by the promise. */
  readonly dueAt: number;
  readonly goneAt?: number;
  readonly actor: string;
}

/** Who is to be forgotten: asked by refine, import, backfill, replay and restore. It outlives what it forgets, and is never shortened. */
export interface Erasures {
  request(fields: Pick<ErasureRecord, "authors" | "upToMs" | "reason" | "objection" | "dueAt" | "actor">): Promise<ErasureRecord>;
  /** The same, where nothing asks more of this author already: what a platform tells again changes nothing. */
  note(fields: Pick<ErasureRecord, "authors" | "upToMs" | "reason" | "objection" | "dueAt" | "actor">): Promise<void>;
  /** Adds what a store has done; a later proof of the same store takes the place of the earlier one, its posts are added. */
  prove(id: string, proof: ErasureProof): Promise<void>;
  /** Onward only: requested, hidden, gone. @throws CONFLICT, also for gone while a store's proof is not physical */
  advance(id: string, state: "hidden" | "gone"): Promise<ErasureRecord>;
  get(id: string): Promise<ErasureRecord | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly ErasureRecord[]>;
  /** Not gone yet, the most urgent first. */
  owed(): Promise<readonly ErasureRecord[]>;
  /** What refine must know: every author ever erased, the latest time, and whether they objected. */
  forgotten(): Promise<readonly { readonly author: AuthorId; readonly upToMs: number; readonly objection: boolean }[]>;
}

const select = `select e.*, coalesce((select json_agg(json_build_object('store', p.store, 'removedPosts', p.removed_posts, 'physical', p.physical) order by p.store)
  from erasure_proofs p where p.erasure = e.id), '[]'::json)::text as proofs from erasures e`;

function authorsIn(row: SqlRow): readonly AuthorId[] {
  const texts = textsIn(row, "authors");
  if (!texts.every((text) => isAuthorId(text))) throw new EarshotError("STORE_CORRUPT", "erasures: a pseudonym is none");
  return texts;
}

function proofsIn(text: string): readonly ErasureProof[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null || !("store" in item) || !("removedPosts" in item) || !("physical" in item)) return [];
    const { store, removedPosts, physical } = item;
    return typeof store === "string" && typeof removedPosts === "number" && typeof physical === "boolean" ? [{ store, removedPosts, physical }] : [];
  });
}

function erasureIn(row: SqlRow): ErasureRecord {
  const goneAt = optionalNumberIn(row, "gone_at_ms");
  return {
    id: textIn(row, "id"),
    authors: authorsIn(row),
    upToMs: numberIn(row, "up_to_ms"),
    at: numberIn(row, "at_ms"),
    reason: oneOfIn(row, "reason", reasons),
    objection: booleanIn(row, "objection"),
    state: oneOfIn(row, "state", states),
    posts: numberIn(row, "posts"),
    proofs: proofsIn(textIn(row, "proofs")),
    dueAt: numberIn(row, "due_at_ms"),
    ...(goneAt !== undefined && { goneAt }),
    actor: textIn(row, "actor"),
  };
}

export function openErasures(sql: Sql, now: () => number): Erasures {
  const get = async (id: string) => {
    const { rows } = await sql.query(`${select} where e.id = $1`, [id]);
    return rows[0] && erasureIn(rows[0]);
  };
  const must = async (id: string) => {
    const found = await get(id);
    if (found === undefined) throw new EarshotError("NOT_FOUND", `erasure ${id}: there is none`);
    return found;
  };
  return {
    get,
    async request(fields) {
      const id = `e_${randomUUID()}`;
      await sql.query("insert into erasures (id, authors, up_to_ms, at_ms, reason, objection, state, due_at_ms, actor) values ($1, $2, $3, $4, $5, $6, 'requested', $7, $8)", [
        id,
        fields.authors,
        fields.upToMs,
        now(),
        fields.reason,
        fields.objection,
        fields.dueAt,
        fields.actor,
      ]);
      return must(id);
    },
    async note(fields) {
      await sql.query(
        `insert into erasures (id, authors, up_to_ms, at_ms, reason, objection, state, due_at_ms, actor)
         select $1, $2, $3, $4, $5, $6, 'requested', $7, $8
         where not exists (select from erasures where authors && $2 and up_to_ms >= $3 and (objection or not $6))`,
        [`e_${randomUUID()}`, fields.authors, fields.upToMs, now(), fields.reason, fields.objection, fields.dueAt, fields.actor],
      );
    },
    prove: (id, proof) =>
      sql.transaction(async (inside) => {
        firstRow(await inside.query("select id from erasures where id = $1 for update", [id]), `erasure ${id}`);
        await inside.query(
          `insert into erasure_proofs as p values ($1, $2, $3, $4, $5)
           on conflict (erasure, store) do update set removed_posts = p.removed_posts + excluded.removed_posts, physical = excluded.physical, at_ms = excluded.at_ms`,
          [id, proof.store, proof.removedPosts, proof.physical, now()],
        );
        // Each store holds the same posts: the fullest tells how many they were.
        await inside.query("update erasures set posts = (select max(removed_posts) from erasure_proofs where erasure = $1) where id = $1", [id]);
      }),
    async advance(id, state) {
      const column = state === "hidden" ? "hidden_at_ms" : "gone_at_ms";
      const allowed =
        state === "hidden" ? "state = 'requested'" : "state = 'hidden' and not exists (select from erasure_proofs p where p.erasure = erasures.id and not p.physical)";
      const { count } = await sql.query(`update erasures set state = $2, ${column} = $3 where id = $1 and ${allowed}`, [id, state, now()]);
      const found = await must(id);
      if (count === 0 && found.state !== state) throw new EarshotError("CONFLICT", `erasure ${id}: it is ${found.state}, and cannot become ${state} now`);
      return found;
    },
    async list(limit) {
      const { rows } = await sql.query(`${select} order by e.at_ms desc, e.id limit $1`, [limit]);
      return rows.map(erasureIn);
    },
    async owed() {
      const { rows } = await sql.query(`${select} where e.state <> 'gone' order by e.due_at_ms`);
      return rows.map(erasureIn);
    },
    async forgotten() {
      const { rows } = await sql.query(
        "select array[author] as authors, max(up_to_ms)::bigint as up_to_ms, bool_or(objection) as objection from erasures, unnest(authors) as author group by author order by author",
      );
      return rows.flatMap((row) => authorsIn(row).map((author) => ({ author, upToMs: numberIn(row, "up_to_ms"), objection: booleanIn(row, "objection") })));
    },
  };
}
