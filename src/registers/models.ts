import { EarshotError } from "../core/errors.ts";
import { firstRow, numberIn, oneOfIn, optionalNumberIn, optionalTextIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const modelsMigrations: readonly Migration[] = [
  {
    name: "models-1",
    sql: `create table models (
      id text primary key, task text not null, classes text[] not null, weights_sha256 text not null, weights_bytes bigint not null,
      label_set text not null, label_set_name text not null, label_set_version integer not null, label_set_hash text not null, code_version text not null,
      parameters jsonb not null, figures jsonb, functional jsonb, state text not null check (state in ('candidate', 'shadow', 'promoted', 'retired')),
      actor text not null, at_ms bigint not null);
    create index models_task on models (task, at_ms);
    create table model_moves (
      number bigint primary key generated always as identity, task text not null, kind text not null check (kind in ('promote', 'rollback')),
      model text references models (id), was text references models (id), actor text not null, at_ms bigint not null, evidence jsonb,
      rescored_from_ms bigint, rescored_at_ms bigint);
    create index model_moves_task on model_moves (task, number);
    create table model_shadows (
      model text primary key references models (id), share double precision not null, begun_at_ms bigint not null, ended_at_ms bigint, pairs jsonb not null)`,
  },
];

export const modelStates = ["candidate", "shadow", "promoted", "retired"] as const;
export type ModelState = (typeof modelStates)[number];

export interface ModelFields {
  /** Task and the first 8 hex digits of the weights' hash, `spam@1f2e3d4c`. */
  readonly id: string;
  readonly task: string;
  readonly classes: readonly string[];
  readonly weightsSha256: string;
  readonly weightsBytes: number;
  /** What it was trained on: the label set, its name then, version, and the version's hash. */
  readonly labelSet: { readonly id: string; readonly name: string; readonly version: number; readonly hash: string };
  readonly codeVersion: string;
  /** As the training gave them; plain data. */
  readonly parameters: unknown;
  /** On the gold part; null: it has none. */
  readonly figures: unknown;
  readonly functional: unknown;
}

export interface ModelRecord extends ModelFields {
  readonly state: ModelState;
  readonly actor: string;
  /** Milliseconds UTC. */
  readonly at: number;
}

/** A change of who judges a task. */
export interface ModelMove {
  readonly number: number;
  readonly task: string;
  readonly kind: "promote" | "rollback";
  /** Absent: the embedded model, or nobody where the task has none. */
  readonly model?: string;
  readonly was?: string;
  readonly actor: string;
  readonly at: number;
  /** What spoke for it: the paired interval and the functional tests; plain data. */
  readonly evidence: unknown;
  /** Posts that came from then on, up to the move, were judged anew. */
  readonly rescoredFrom?: number;
  readonly rescoredAt?: number;
}

export interface ModelShadow {
  readonly model: string;
  /** Of the posts that come. */
  readonly share: number;
  readonly begunAt: number;
  readonly endedAt?: number;
  /** How often which judgement met which: `said now`, a tab, `said by the candidate`. "": not sure, or nobody judges. */
  readonly pairs: Readonly<Record<string, number>>;
}

/** Models that were trained here; their weights are files of the data folder. Nothing of it holds a text. */
export interface Models {
  /** Newest first. */
  list(task?: string): Promise<readonly ModelRecord[]>;
  /** @throws NOT_FOUND */
  get(id: string): Promise<ModelRecord>;
  /** One that is there already is given back as it is: the same weights are the same model. @throws LIMIT_REACHED */
  add(fields: ModelFields, actor: string): Promise<ModelRecord>;
  setFunctional(id: string, functional: unknown): Promise<void>;
  /** Oldest first. */
  moves(task?: string): Promise<readonly ModelMove[]>;
  /** Makes it the one that judges, in one transaction. @param was who judged until now @throws CONFLICT where it is another by now */
  move(
    fields: { readonly task: string; readonly kind: ModelMove["kind"]; readonly model?: string; readonly was?: string; readonly evidence: unknown },
    actor: string,
  ): Promise<ModelMove>;
  setRescored(number: number, fromMs: number): Promise<void>;
  shadow(model: string): Promise<ModelShadow | undefined>;
  beginShadow(model: string, share: number): Promise<ModelShadow>;
  endShadow(model: string): Promise<void>;
  addPairs(model: string, pairs: Readonly<Record<string, number>>): Promise<void>;
}

const mostModels = 2_000;

function textsOf(row: SqlRow, column: string): readonly string[] {
  const value = row[column];
  if (!Array.isArray(value)) throw new EarshotError("STORE_CORRUPT", `models: ${column} is no list`);
  return value.map(String);
}

function modelIn(row: SqlRow): ModelRecord {
  return {
    id: textIn(row, "id"),
    task: textIn(row, "task"),
    classes: textsOf(row, "classes"),
    weightsSha256: textIn(row, "weights_sha256"),
    weightsBytes: numberIn(row, "weights_bytes"),
    labelSet: { id: textIn(row, "label_set"), name: textIn(row, "label_set_name"), version: numberIn(row, "label_set_version"), hash: textIn(row, "label_set_hash") },
    codeVersion: textIn(row, "code_version"),
    parameters: row["parameters"],
    figures: row["figures"],
    functional: row["functional"],
    state: oneOfIn(row, "state", modelStates),
    actor: textIn(row, "actor"),
    at: numberIn(row, "at_ms"),
  };
}

function moveIn(row: SqlRow): ModelMove {
  const [model, was] = [optionalTextIn(row, "model"), optionalTextIn(row, "was")];
  const [rescoredFrom, rescoredAt] = [optionalNumberIn(row, "rescored_from_ms"), optionalNumberIn(row, "rescored_at_ms")];
  return {
    number: numberIn(row, "number"),
    task: textIn(row, "task"),
    kind: oneOfIn(row, "kind", ["promote", "rollback"]),
    ...(model !== undefined && { model }),
    ...(was !== undefined && { was }),
    actor: textIn(row, "actor"),
    at: numberIn(row, "at_ms"),
    evidence: row["evidence"],
    ...(rescoredFrom !== undefined && { rescoredFrom }),
    ...(rescoredAt !== undefined && { rescoredAt }),
  };
}

function pairsIn(value: unknown): Readonly<Record<string, number>> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([pair, count]) => [pair, Number(count)])) : {};
}

function shadowIn(row: SqlRow): ModelShadow {
  const endedAt = optionalNumberIn(row, "ended_at_ms");
  const share = Number(row["share"]);
  return { model: textIn(row, "model"), share, begunAt: numberIn(row, "begun_at_ms"), ...(endedAt !== undefined && { endedAt }), pairs: pairsIn(row["pairs"]) };
}

/** Who judges after these moves, oldest first, of one task: a promotion goes on top, a rollback takes the top off. */
export function judgesAfter(moves: readonly ModelMove[]): readonly string[] {
  const stack: string[] = [];
  for (const { kind, model } of moves) {
    if (kind === "rollback") stack.pop();
    else if (model !== undefined) stack.push(model);
  }
  return stack;
}

export function openModels(sql: Sql, now: () => number): Models {
  return {
    async list(task) {
      const { rows } = await sql.query(`select * from models where $1::text is null or task = $1 order by at_ms desc, id limit ${mostModels}`, [task ?? null]);
      return rows.map(modelIn);
    },
    async get(id) {
      return modelIn(firstRow(await sql.query("select * from models where id = $1", [id]), `model ${id}`));
    },
    async add({ id, task, classes, weightsSha256, weightsBytes, labelSet, codeVersion, parameters, figures, functional }, actor) {
      const held = numberIn((await sql.query("select count(*) as held from models")).rows[0] ?? {}, "held");
      if (held >= mostModels) throw new EarshotError("LIMIT_REACHED", `models: ${mostModels} are kept at most; remove retired ones first`);
      const { rows } = await sql.query(
        `insert into models (id, task, classes, weights_sha256, weights_bytes, label_set, label_set_name, label_set_version, label_set_hash, code_version, parameters, figures, functional,
           state, actor, at_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb, $13::jsonb, 'candidate', $14, $15) on conflict (id) do nothing returning *`,
        [
          id,
          task,
          classes,
          weightsSha256,
          weightsBytes,
          labelSet.id,
          labelSet.name,
          labelSet.version,
          labelSet.hash,
          codeVersion,
          JSON.stringify(parameters),
          figures === undefined || figures === null ? null : JSON.stringify(figures),
          functional === undefined || functional === null ? null : JSON.stringify(functional),
          actor,
          Math.round(now()),
        ],
      );
      if (rows[0] !== undefined) return modelIn(rows[0]);
      const known = modelIn(firstRow(await sql.query("select * from models where id = $1", [id]), `model ${id}`));
      if (known.weightsSha256 !== weightsSha256) throw new EarshotError("CONFLICT", `model ${id}: another one has these first digits; train with another seed`);
      return known;
    },
    async setFunctional(id, functional) {
      firstRow(await sql.query("update models set functional = $2::jsonb where id = $1 returning id", [id, JSON.stringify(functional)]), `model ${id}`);
    },
    async moves(task) {
      return (await sql.query("select * from model_moves where $1::text is null or task = $1 order by number", [task ?? null])).rows.map(moveIn);
    },
    async move({ task, kind, model, was, evidence }, actor) {
      return sql.transaction(async (inside) => {
        await inside.query("select pg_advisory_xact_lock(hashtext($1))", [`model ${task}`]);
        const before = (await inside.query("select * from model_moves where task = $1 order by number", [task])).rows.map(moveIn);
        const judges = judgesAfter(before).at(-1);
        if (judges !== was) throw new EarshotError("CONFLICT", `${task}: ${judges ?? "no model of the registry"} judges by now; look again`);
        if (was !== undefined) await inside.query("update models set state = 'retired' where id = $1", [was]);
        if (model !== undefined) {
          firstRow(await inside.query("update models set state = 'promoted' where id = $1 and task = $2 returning id", [model, task]), `model ${model} of ${task}`);
          await inside.query("update model_shadows set ended_at_ms = $2 where model = $1 and ended_at_ms is null", [model, Math.round(now())]);
        }
        const result = await inside.query("insert into model_moves (task, kind, model, was, actor, at_ms, evidence) values ($1, $2, $3, $4, $5, $6, $7::jsonb) returning *", [
          task,
          kind,
          model ?? null,
          was ?? null,
          actor,
          Math.round(now()),
          evidence === undefined ? null : JSON.stringify(evidence),
        ]);
        return moveIn(firstRow(result, `move of ${task}`));
      });
    },
    async setRescored(number, fromMs) {
      await sql.query("update model_moves set rescored_from_ms = $2, rescored_at_ms = $3 where number = $1", [number, Math.round(fromMs), Math.round(now())]);
    },
    async shadow(model) {
      const { rows } = await sql.query("select * from model_shadows where model = $1", [model]);
      return rows[0] && shadowIn(rows[0]);
    },
    async beginShadow(model, share) {
      return sql.transaction(async (inside) => {
        firstRow(
          await inside.query("update models set state = 'shadow' where id = $1 and state in ('candidate', 'retired', 'shadow') returning id", [model]),
          `candidate ${model}`,
        );
        const result = await inside.query(
          `insert into model_shadows (model, share, begun_at_ms, pairs) values ($1, $2, $3, '{}'::jsonb)
           on conflict (model) do update set share = excluded.share, begun_at_ms = excluded.begun_at_ms, ended_at_ms = null, pairs = excluded.pairs returning *`,
          [model, share, Math.round(now())],
        );
        return shadowIn(firstRow(result, `shadow of ${model}`));
      });
    },
    async endShadow(model) {
      await sql.transaction(async (inside) => {
        await inside.query("update models set state = 'candidate' where id = $1 and state = 'shadow'", [model]);
        firstRow(
          await inside.query("update model_shadows set ended_at_ms = $2 where model = $1 and ended_at_ms is null returning model", [model, Math.round(now())]),
          `shadow of ${model}`,
        );
      });
    },
    async addPairs(model, pairs) {
      await sql.transaction(async (inside) => {
        const { rows } = await inside.query("select pairs from model_shadows where model = $1 for update", [model]);
        if (rows[0] === undefined) return;
        const sums = new Map(Object.entries(pairsIn(rows[0]["pairs"])));
        for (const [pair, count] of Object.entries(pairs)) sums.set(pair, (sums.get(pair) ?? 0) + count);
        await inside.query("update model_shadows set pairs = $2::jsonb where model = $1", [model, JSON.stringify(Object.fromEntries(sums))]);
      });
    },
  };
}
