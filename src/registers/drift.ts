import { z } from "zod";
import { addShape, emptyShape, type Shape, textForms, valueKinds } from "../core/shape.ts";
import { firstRow, numberIn, oneOfIn, optionalNumberIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const driftMigrations: readonly Migration[] = [
  {
    name: "drift-1",
    sql: `create table drift_hours (
      source text not null, entity text not null, field text not null, change text not null, hour_ms bigint not null,
      weight bigint not null, rejected bigint not null, shape text not null, primary key (source, entity, field, change, hour_ms));
    create index drift_hours_at on drift_hours (hour_ms);
    create table drift_fields (
      source text not null, entity text not null, field text not null, change text not null,
      first_ms bigint not null, last_ms bigint not null, known_ms bigint, primary key (source, entity, field, change));
    create table field_renames (
      id bigint generated always as identity primary key, source text not null, entity text not null, from_field text not null, to_field text not null,
      actor text not null, at_ms bigint not null, removed_ms bigint);
    create unique index field_renames_active on field_renames (source, entity, from_field) where removed_ms is null`,
  },
];

/** unknown: no declaration names it. type: of another kind than declared. missing: required, and not there. present: as declared. */
export const driftChanges = ["unknown", "type", "missing", "present"] as const;
export type DriftChange = (typeof driftChanges)[number];

/** Which field changed how. */
export interface DriftKey {
  readonly source: string;
  readonly entity: string;
  readonly field: string;
  readonly change: DriftChange;
}

/** What was met of one field. */
export interface DriftCount extends DriftKey {
  /** Messages of the sample, each weighted by how many it stands for. */
  readonly weight: number;
  /** Messages with it that were set aside, of those that were looked at. */
  readonly rejected: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly shape: Shape;
}

/** How much of an entity was looked at. */
export interface DriftSeen {
  readonly source: string;
  readonly entity: string;
  readonly weight: number;
  readonly rejected: number;
  readonly lastAt: number;
}

export interface DriftHour extends DriftKey {
  readonly hourMs: number;
  readonly weight: number;
  readonly rejected: number;
  readonly shape: Shape;
}

export interface DriftField extends DriftKey {
  readonly firstAt: number;
  readonly lastAt: number;
  /** Since when somebody has said that it is right so. */
  readonly knownAt?: number;
}

export interface FieldRename {
  readonly id: number;
  readonly source: string;
  readonly entity: string;
  /** A dot leads into an object. */
  readonly from: string;
  readonly to: string;
  readonly actor: string;
  readonly at: number;
}

export interface Drift {
  /** Adds to the hours; one writer at a time. */
  add(seen: readonly DriftSeen[], counts: readonly DriftCount[]): Promise<void>;
  /** Sums of the hours since then. */
  hours(filter: { readonly source?: string; readonly fromMs: number }): Promise<readonly DriftHour[]>;
  /** How much of each entity was looked at, by hour. */
  seen(filter: {
    readonly source?: string;
    readonly fromMs: number;
  }): Promise<readonly { readonly source: string; readonly entity: string; readonly hourMs: number; readonly weight: number }[]>;
  fields(source?: string): Promise<readonly DriftField[]>;
  /** @throws NOT_FOUND */
  setKnown(key: DriftKey, knownAt: number | undefined): Promise<void>;
  renames(): Promise<readonly FieldRename[]>;
  addRename(rename: Omit<FieldRename, "id">): Promise<FieldRename>;
  /** Undefined: there is none. */
  removeRename(id: number, at: number): Promise<FieldRename | undefined>;
  /** What was as declared is kept for a shorter time; what somebody knows of, for good. Answers with the hours that went. */
  expire(beforeMs: number, presentBeforeMs: number): Promise<number>;
  /** Figures and rules of a source that is gone together with its data. */
  removeSource(source: string): Promise<void>;
}

const hourMs = 3_600_000;
const seenField = "";
const mostRows = 20_000;
const counted = z.number().nonnegative().optional();
const shapeSchema = z.object({
  kinds: z.object(Object.fromEntries(valueKinds.map((kind) => [kind, counted]))),
  forms: z.object(Object.fromEntries(textForms.map((form) => [form, counted]))),
  low: z.number(),
  high: z.number(),
  lengths: z.number(),
});

function shapeIn(row: SqlRow): Shape {
  const shape = emptyShape();
  const parsed = shapeSchema.safeParse(JSON.parse(textIn(row, "shape")));
  if (parsed.success) addShape(shape, parsed.data);
  return shape;
}

const keyIn = (row: SqlRow): DriftKey => ({
  source: textIn(row, "source"),
  entity: textIn(row, "entity"),
  field: textIn(row, "field"),
  change: oneOfIn(row, "change", driftChanges),
});
const renameIn = (row: SqlRow): FieldRename => ({
  id: numberIn(row, "id"),
  source: textIn(row, "source"),
  entity: textIn(row, "entity"),
  from: textIn(row, "from_field"),
  to: textIn(row, "to_field"),
  actor: textIn(row, "actor"),
  at: numberIn(row, "at_ms"),
});
const hourOf = (at: number): number => Math.floor(at / hourMs) * hourMs;
const clean = (text: string): string => text.replaceAll("\0", "").toWellFormed();

function joinedShape(a: Shape, b: Shape): Shape {
  const shape = emptyShape();
  addShape(shape, a);
  addShape(shape, b);
  return shape;
}

/** Counts as rows of their hours, each key once: names that differ only in what the catalog cannot hold are one. */
function inHours(counts: readonly DriftCount[]): readonly DriftHour[] {
  const rows = new Map<string, DriftHour>();
  for (const { firstAt: _firstAt, lastAt, ...count } of counts) {
    const row: DriftHour = { ...count, field: clean(count.field), hourMs: hourOf(lastAt) };
    const key = JSON.stringify([row.hourMs, row.source, row.entity, row.change, row.field]);
    const was = rows.get(key);
    rows.set(key, was === undefined ? row : { ...row, weight: was.weight + row.weight, rejected: was.rejected + row.rejected, shape: joinedShape(was.shape, row.shape) });
  }
  return [...rows.values()];
}

export function openDrift(sql: Sql): Drift {
  /** Rows of an hour, by key. */
  async function known(within: Sql, source: string, hour: number): Promise<ReadonlyMap<string, SqlRow>> {
    const { rows } = await within.query("select * from drift_hours where source = $1 and hour_ms = $2", [source, hour]);
    return new Map(rows.map((row) => [`${textIn(row, "entity")} ${textIn(row, "change")} ${textIn(row, "field")}`, row]));
  }

  async function put(within: Sql, rows: readonly (Omit<DriftHour, "change"> & { readonly change: string })[]): Promise<void> {
    await within.query(
      `insert into drift_hours as d select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
       on conflict (source, entity, field, change, hour_ms) do update set weight = d.weight + excluded.weight, rejected = d.rejected + excluded.rejected, shape = excluded.shape`,
      [
        rows.map(({ source }) => source),
        rows.map(({ entity }) => entity),
        rows.map(({ field }) => field),
        rows.map(({ change }) => change),
        rows.map((row) => row.hourMs),
        rows.map(({ weight }) => weight),
        rows.map(({ rejected }) => rejected),
        rows.map(({ shape }) => JSON.stringify(shape)),
      ],
    );
  }

  return {
    add: (seen, counts) =>
      sql.transaction(async (within) => {
        for (const [, rows] of Map.groupBy(inHours(counts), ({ source, hourMs: hour }) => `${hour} ${source}`)) {
          const [first] = rows;
          if (first === undefined) continue;
          const before = await known(within, first.source, first.hourMs);
          await put(
            within,
            rows.map((row) => {
              const was = before.get(`${row.entity} ${row.change} ${row.field}`);
              return was === undefined ? row : { ...row, shape: joinedShape(shapeIn(was), row.shape) };
            }),
          );
        }
        if (seen.length > 0)
          await put(
            within,
            seen.map(({ lastAt, ...row }) => ({ ...row, field: seenField, change: "seen", hourMs: hourOf(lastAt), shape: emptyShape() })),
          );
        const changed = counts.filter(({ change }) => change !== "present");
        if (changed.length === 0) return;
        // One field may come in several hours.
        await within.query(
          `insert into drift_fields as d (source, entity, field, change, first_ms, last_ms)
           select source, entity, field, change, min(first_ms), max(last_ms)
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) as t (source, entity, field, change, first_ms, last_ms) group by 1, 2, 3, 4
           on conflict (source, entity, field, change) do update set first_ms = least(d.first_ms, excluded.first_ms), last_ms = greatest(d.last_ms, excluded.last_ms)`,
          [
            changed.map(({ source }) => source),
            changed.map(({ entity }) => entity),
            changed.map(({ field }) => clean(field)),
            changed.map(({ change }) => change),
            changed.map(({ firstAt }) => Math.round(firstAt)),
            changed.map(({ lastAt }) => Math.round(lastAt)),
          ],
        );
      }),
    async hours({ source, fromMs }) {
      const { rows } = await sql.query(
        `select * from drift_hours where change <> 'seen' and hour_ms >= $1 and ($2::text is null or source = $2) order by hour_ms desc, source, entity, field, change limit ${mostRows}`,
        [Math.floor(fromMs), source ?? null],
      );
      return rows.map((row) => ({ ...keyIn(row), hourMs: numberIn(row, "hour_ms"), weight: numberIn(row, "weight"), rejected: numberIn(row, "rejected"), shape: shapeIn(row) }));
    },
    async seen({ source, fromMs }) {
      const { rows } = await sql.query(
        `select source, entity, hour_ms, weight from drift_hours where change = 'seen' and hour_ms >= $1 and ($2::text is null or source = $2) order by hour_ms limit ${mostRows}`,
        [Math.floor(fromMs), source ?? null],
      );
      return rows.map((row) => ({ source: textIn(row, "source"), entity: textIn(row, "entity"), hourMs: numberIn(row, "hour_ms"), weight: numberIn(row, "weight") }));
    },
    async fields(source) {
      const { rows } = await sql.query(`select * from drift_fields where $1::text is null or source = $1 order by last_ms desc, source, entity, field limit ${mostRows}`, [
        source ?? null,
      ]);
      return rows.map((row) => {
        const knownAt = optionalNumberIn(row, "known_ms");
        return { ...keyIn(row), firstAt: numberIn(row, "first_ms"), lastAt: numberIn(row, "last_ms"), ...(knownAt !== undefined && { knownAt }) };
      });
    },
    async setKnown({ source, entity, field, change }, knownAt) {
      firstRow(
        await sql.query("update drift_fields set known_ms = $5 where source = $1 and entity = $2 and field = $3 and change = $4 returning 1 as one", [
          source,
          entity,
          field,
          change,
          knownAt ?? null,
        ]),
        "the field",
      );
    },
    async renames() {
      return (await sql.query("select * from field_renames where removed_ms is null order by id")).rows.map(renameIn);
    },
    async addRename({ source, entity, from, to, actor, at }) {
      const made = await sql.query(
        `insert into field_renames (source, entity, from_field, to_field, actor, at_ms) values ($1, $2, $3, $4, $5, $6)
         on conflict (source, entity, from_field) where removed_ms is null do update set to_field = excluded.to_field, actor = excluded.actor, at_ms = excluded.at_ms returning *`,
        [source, entity, from, to, actor, Math.round(at)],
      );
      return renameIn(firstRow(made, "the rule"));
    },
    async removeRename(id, at) {
      const { rows } = await sql.query("update field_renames set removed_ms = $2 where id = $1 and removed_ms is null returning *", [id, Math.round(at)]);
      return rows[0] && renameIn(rows[0]);
    },
    async removeSource(source) {
      for (const table of ["drift_hours", "drift_fields", "field_renames"] as const) await sql.query(`delete from ${table} where source = $1`, [source]);
    },
    async expire(beforeMs, presentBeforeMs) {
      await sql.query("delete from drift_fields where last_ms < $1 and known_ms is null", [Math.floor(beforeMs)]);
      return (await sql.query("delete from drift_hours where hour_ms < $1 or (hour_ms < $2 and change = 'present')", [Math.floor(beforeMs), Math.floor(presentBeforeMs)])).count;
    },
  };
}
