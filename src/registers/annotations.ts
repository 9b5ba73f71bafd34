import { randomBytes } from "node:crypto";
import { firstRow, numberIn, optionalTextIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const annotationsMigrations: readonly Migration[] = [
  {
    name: "annotations-1",
    sql: `create table annotations (
      id text primary key, at_ms bigint not null, text text not null, term text, actor text not null, created_at_ms bigint not null, changed_at_ms bigint not null);
    create index annotations_at on annotations (at_ms)`,
  },
];

export interface AnnotationFields {
  /** What it speaks of, milliseconds UTC. */
  readonly at: number;
  readonly text: string;
  /** The brand or topic that it belongs to; absent: all. */
  readonly term?: string;
}

export interface AnnotationRecord extends AnnotationFields {
  readonly id: string;
  /** Who changed it last. */
  readonly actor: string;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** What people know of a time: a launch, a failure, a campaign. */
export interface Annotations {
  /** By time; from inclusive, to exclusive; at most 1,000. */
  within(fromMs: number, toMs: number): Promise<readonly AnnotationRecord[]>;
  get(id: string): Promise<AnnotationRecord | undefined>;
  add(fields: AnnotationFields, actor: string): Promise<AnnotationRecord>;
  /** @throws NOT_FOUND */
  change(id: string, fields: AnnotationFields, actor: string): Promise<AnnotationRecord>;
  /** @throws NOT_FOUND */
  remove(id: string): Promise<void>;
}

const most = 1_000;

function annotationIn(row: SqlRow): AnnotationRecord {
  const term = optionalTextIn(row, "term");
  return {
    id: textIn(row, "id"),
    at: numberIn(row, "at_ms"),
    text: textIn(row, "text"),
    ...(term !== undefined && { term }),
    actor: textIn(row, "actor"),
    createdAt: numberIn(row, "created_at_ms"),
    changedAt: numberIn(row, "changed_at_ms"),
  };
}

export function openAnnotations(sql: Sql, now: () => number): Annotations {
  return {
    async within(fromMs, toMs) {
      const { rows } = await sql.query(`select * from annotations where at_ms >= $1 and at_ms < $2 order by at_ms, id limit ${most}`, [Math.floor(fromMs), Math.ceil(toMs)]);
      return rows.map(annotationIn);
    },
    async get(id) {
      const { rows } = await sql.query("select * from annotations where id = $1", [id]);
      return rows[0] && annotationIn(rows[0]);
    },
    async add({ at, text, term }, actor) {
      const id = randomBytes(9).toString("base64url");
      const result = await sql.query("insert into annotations values ($1, $2, $3, $4, $5, $6, $6) returning *", [id, at, text, term ?? null, actor, now()]);
      return annotationIn(firstRow(result, `annotation ${id}`));
    },
    async change(id, { at, text, term }, actor) {
      const result = await sql.query("update annotations set at_ms = $2, text = $3, term = $4, actor = $5, changed_at_ms = $6 where id = $1 returning *", [
        id,
        at,
        text,
        term ?? null,
        actor,
        now(),
      ]);
      return annotationIn(firstRow(result, `annotation ${id}`));
    },
    async remove(id) {
      firstRow(await sql.query("delete from annotations where id = $1 returning id", [id]), `annotation ${id}`);
    },
  };
}
