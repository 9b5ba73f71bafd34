import { randomUUID } from "node:crypto";
import { EarshotError } from "../core/errors.ts";
import { type AuthorId, isAuthorId, isPostId, type PostId } from "../core/ids.ts";
import { firstRow, numberIn, oneOfIn, textIn, type Migration, type Sql, type SqlRow, type SqlValue } from "../core/sql.ts";

export const labelsMigrations: readonly Migration[] = [
  {
    name: "labels-1",
    sql: `create table labels (
      id text primary key, post text not null, author text not null, what text not null check (what in ('sentiment', 'language')),
      from_value text not null, to_value text not null, actor text not null, at_ms bigint not null, stage_version text not null, text_hash text not null,
      unique (post, what));
    create index labels_at on labels (at_ms, id);
    create index labels_author on labels (author)`,
  },
];

export const labelReasonsMigrations: readonly Migration[] = [{ name: "labels-2", sql: "alter table labels add column reasons jsonb" }];

/** Why a model judged the post as it did, when a person decided otherwise: places in the text as it was shown, never its words. */
export interface LabelReasons {
  readonly model: string;
  readonly chosen: string;
  readonly probability: number;
  /** The words that add most, or take most away; difference of log odds. */
  readonly words: readonly { readonly start: number; readonly end: number; readonly adds: number }[];
  /** The smallest edit that flips: the words that are left out, and what is chosen then. */
  readonly counterfactual?: { readonly without: readonly { readonly start: number; readonly end: number }[]; readonly chosen: string };
  readonly faithfulness: { readonly ranked: number; readonly random: number; readonly words: number };
}

export const labelKinds = ["sentiment", "language"] as const;
export type LabelKind = (typeof labelKinds)[number];

/** What a person says that a post's sentiment or language is. Figures do not change by it. */
export interface Label {
  readonly id: string;
  readonly post: PostId;
  readonly author: AuthorId;
  readonly what: LabelKind;
  /** What the stage said; "none": not scored. */
  readonly from: string;
  readonly to: string;
  readonly actor: string;
  /** Milliseconds UTC. */
  readonly at: number;
  /** Of the stage whose word is corrected. */
  readonly stageVersion: string;
  /** Whether the text is still the one that was read: 16 hex digits over the post's id and text. */
  readonly textHash: string;
  /** Absent: no model had judged it. */
  readonly reasons?: LabelReasons;
}

export interface LabelPage {
  readonly items: readonly Label[];
  readonly next?: string;
}

/** The corrections of people: a store of data about posts, which goes with their authors. */
export interface Labels {
  /** A second one of the same post and kind takes the place of the first. */
  put(fields: Omit<Label, "id" | "at">): Promise<Label>;
  of(post: PostId): Promise<readonly Label[]>;
  get(id: string): Promise<Label | undefined>;
  /** Newest first. @throws USAGE for a cursor that is none */
  list(filter: { readonly what?: LabelKind; readonly actor?: string }, page: { readonly limit: number; readonly cursor?: string }): Promise<LabelPage>;
  /** @throws NOT_FOUND */
  withdraw(id: string): Promise<Label>;
  /** Those about posts of these authors; returns how many went. */
  removeAuthors(authors: readonly AuthorId[]): Promise<number>;
  /** Those about posts that are gone. */
  removePosts(posts: readonly PostId[]): Promise<number>;
  countOf(authors: readonly AuthorId[]): Promise<number>;
  /** Writes the table anew, so that no removed row is left in its file. */
  forget(): Promise<void>;
}

function labelIn(row: SqlRow): Label {
  const post = textIn(row, "post");
  const author = textIn(row, "author");
  if (!isPostId(post) || !isAuthorId(author)) throw new EarshotError("STORE_CORRUPT", "labels: a row bears no post or no author");
  return {
    id: textIn(row, "id"),
    post,
    author,
    what: oneOfIn(row, "what", labelKinds),
    from: textIn(row, "from_value"),
    to: textIn(row, "to_value"),
    actor: textIn(row, "actor"),
    at: numberIn(row, "at_ms"),
    stageVersion: textIn(row, "stage_version"),
    textHash: textIn(row, "text_hash"),
    ...(row["reasons"] !== null && { reasons: row["reasons"] as LabelReasons }),
  };
}

export function openLabels(sql: Sql, now: () => number): Labels {
  return {
    async put({ post, author, what, from, to, actor, stageVersion, textHash, reasons }) {
      const result = await sql.query(
        `insert into labels (id, post, author, what, from_value, to_value, actor, at_ms, stage_version, text_hash, reasons) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb)
         on conflict (post, what) do update set author = excluded.author, from_value = excluded.from_value, to_value = excluded.to_value, actor = excluded.actor,
           at_ms = excluded.at_ms, stage_version = excluded.stage_version, text_hash = excluded.text_hash, reasons = excluded.reasons
         returning *`,
        [randomUUID(), post, author, what, from, to, actor, Math.round(now()), stageVersion, textHash, reasons === undefined ? null : JSON.stringify(reasons)],
      );
      return labelIn(firstRow(result, `label of ${post}`));
    },
    async of(post) {
      return (await sql.query("select * from labels where post = $1 order by what", [post])).rows.map(labelIn);
    },
    async get(id) {
      const { rows } = await sql.query("select * from labels where id = $1", [id]);
      return rows[0] && labelIn(rows[0]);
    },
    async list({ what, actor }, { limit, cursor }) {
      const values: SqlValue[] = [];
      const conditions = ["true"];
      const given = (value: SqlValue) => `$${values.push(value)}`;
      if (what !== undefined) conditions.push(`what = ${given(what)}`);
      if (actor !== undefined) conditions.push(`actor = ${given(actor)}`);
      if (cursor !== undefined) {
        const match = /^(\d{1,16})\.([0-9a-f-]{36})$/.exec(cursor);
        if (match?.[1] === undefined || match[2] === undefined) throw new EarshotError("USAGE", "cursor: expected one that a page gave");
        conditions.push(`(at_ms, id) < (${given(Number(match[1]))}::bigint, ${given(match[2])}::text)`);
      }
      const { rows } = await sql.query(`select * from labels where ${conditions.join(" and ")} order by at_ms desc, id desc limit ${given(limit + 1)}`, values);
      const items = rows.slice(0, limit).map(labelIn);
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last !== undefined && { next: `${last.at}.${last.id}` }) };
    },
    async withdraw(id) {
      return labelIn(firstRow(await sql.query("delete from labels where id = $1 returning *", [id]), `label ${id}`));
    },
    async removeAuthors(authors) {
      return (await sql.query("delete from labels where author = any($1::text[])", [authors])).count;
    },
    async removePosts(posts) {
      return (await sql.query("delete from labels where post = any($1::text[])", [posts])).count;
    },
    async countOf(authors) {
      const { rows } = await sql.query("select count(*) as count from labels where author = any($1::text[])", [authors]);
      return rows[0] ? numberIn(rows[0], "count") : 0;
    },
    async forget() {
      await sql.query("vacuum (full) labels");
    },
  };
}
