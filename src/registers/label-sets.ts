import { createHash, randomBytes } from "node:crypto";
import { EarshotError } from "../core/errors.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { type LabelledText, type LabelPart, labelParts, type LabelSetReading, type LabelSetVersion, type LabelTask } from "../core/label-set.ts";
import { firstRow, numberIn, oneOfIn, optionalNumberIn, optionalTextIn, textIn, textsIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";
import { hashOfText, spansIn } from "./label-items.ts";

export const labelSetsMigrations: readonly Migration[] = [
  {
    name: "label-sets-1",
    sql: `create table label_sets (
      id text primary key, name text not null unique, kind text not null check (kind in ('classes', 'spans')), classes text[] not null, guidelines text not null,
      per_text integer not null, split_by text not null check (split_by in ('author', 'time')), validation_from_ms bigint, gold_from_ms bigint,
      owner text not null, created_at_ms bigint not null, changed_at_ms bigint not null);
    create table label_items (
      id text primary key, label_set text not null references label_sets (id) on delete cascade, text text not null, text_hash text not null,
      post text, author text, created_at_ms bigint, platform text, language text, origin jsonb not null, rank double precision not null,
      part text check (part in ('train', 'validation', 'gold')), added_at_ms bigint not null,
      state text not null check (state in ('open', 'settled', 'conflict')), label text, spans jsonb, settled_by text, unique (label_set, text_hash));
    create index label_items_author on label_items (author);
    create index label_items_post on label_items (post);
    create index label_items_next on label_items (label_set, state, rank);
    create table label_annotations (
      item text not null references label_items (id) on delete cascade, annotator text not null, skipped boolean not null, label text, spans jsonb,
      at_ms bigint not null, took_ms bigint not null, primary key (item, annotator));
    create index label_annotations_annotator on label_annotations (annotator, at_ms);
    create table label_versions (
      label_set text not null references label_sets (id) on delete cascade, version integer not null, hash text not null, created_at_ms bigint not null, created_by text not null,
      name text not null, kind text not null, classes text[] not null, guidelines text not null, items integer not null, left_out integer not null, primary key (label_set, version));
    create table label_version_items (
      label_set text not null, version integer not null, item text not null references label_items (id) on delete cascade, label text, spans jsonb, part text not null,
      primary key (label_set, version, item), foreign key (label_set, version) references label_versions (label_set, version) on delete cascade);
    create index label_version_items_item on label_version_items (item)`,
  },
];

export const splitWays = ["author", "time"] as const;

export interface LabelSetFields {
  readonly name: string;
  readonly kind: LabelTask["kind"];
  readonly classes: readonly string[];
  readonly guidelines: string;
  /** How many people label each text. */
  readonly perText: number;
  /** author: all texts of an author are in one part, by its hash. time: what is tested is later than what is learnt from. */
  readonly splitBy: (typeof splitWays)[number];
}

export interface LabelSet extends LabelSetFields {
  readonly id: string;
  readonly owner: string;
  readonly createdAt: number;
  readonly changedAt: number;
  /** Where the parts by time begin; they never move back, so that no older model has learnt what a newer gold part holds. */
  readonly validationFrom?: number;
  readonly goldFrom?: number;
}

/** A version as lists show it. */
export interface LabelVersionRow extends LabelSetVersion {
  readonly createdBy: string;
  /** Labelled texts that were left out, because they would have joined two parts. */
  readonly leftOut: number;
  readonly gone: number;
  readonly parts: Readonly<Record<LabelPart, number>>;
}

export interface FrozenText extends LabelledText {
  /** The part was not chosen before: it stays with the text from now on. */
  readonly isNew: boolean;
}

export interface LabelSets {
  list(): Promise<readonly LabelSet[]>;
  /** @throws NOT_FOUND */
  get(id: string): Promise<LabelSet>;
  /** @throws CONFLICT for a name that is taken; LIMIT_REACHED */
  add(fields: LabelSetFields, owner: string): Promise<LabelSet>;
  /** @throws NOT_FOUND, CONFLICT (a name that is taken, or a class that labels still use) */
  change(id: string, fields: Partial<Omit<LabelSetFields, "kind">>): Promise<LabelSet>;
  /** With texts, labels and versions. @throws NOT_FOUND */
  remove(id: string): Promise<LabelSet>;
  /** Newest first. */
  versions(id: string): Promise<readonly LabelVersionRow[]>;
  /** @throws LIMIT_REACHED; CONFLICT where nothing is labelled, or nothing changed since the newest version */
  freeze(
    id: string,
    content: { readonly texts: readonly FrozenText[]; readonly leftOut: number; readonly cuts?: { readonly validationFrom: number; readonly goldFrom: number } },
    by: string,
  ): Promise<LabelSetVersion>;
  /** @throws NOT_FOUND; STORE_CORRUPT where what is left does not give the hash that was frozen */
  readVersion(set: string, version: number): Promise<LabelSetReading>;
  /** Texts, labels and frozen rows of these authors; returns how many texts went. */
  removeAuthors(authors: readonly AuthorId[]): Promise<number>;
  removePosts(posts: readonly PostId[]): Promise<number>;
  countOf(authors: readonly AuthorId[]): Promise<number>;
  /** Writes the tables anew, so that no removed row is left in their files. */
  forget(): Promise<void>;
}

const mostSets = 200;
const mostVersions = 200;

const taskOf = (row: SqlRow, id: string): LabelTask => ({
  id,
  name: textIn(row, "name"),
  kind: oneOfIn(row, "kind", ["classes", "spans"]),
  classes: textsIn(row, "classes"),
  guidelines: textIn(row, "guidelines"),
});

function setIn(row: SqlRow): LabelSet {
  const { id, ...task } = taskOf(row, textIn(row, "id"));
  const [validationFrom, goldFrom] = [optionalNumberIn(row, "validation_from_ms"), optionalNumberIn(row, "gold_from_ms")];
  return {
    id,
    ...task,
    perText: numberIn(row, "per_text"),
    splitBy: oneOfIn(row, "split_by", splitWays),
    owner: textIn(row, "owner"),
    createdAt: numberIn(row, "created_at_ms"),
    changedAt: numberIn(row, "changed_at_ms"),
    ...(validationFrom !== undefined && { validationFrom }),
    ...(goldFrom !== undefined && { goldFrom }),
  };
}

const versionIn = (row: SqlRow): LabelSetVersion => ({
  set: textIn(row, "label_set"),
  version: numberIn(row, "version"),
  hash: textIn(row, "hash"),
  createdAt: numberIn(row, "created_at_ms"),
  task: taskOf(row, textIn(row, "label_set")),
  count: numberIn(row, "items"),
});

function textOf(row: SqlRow): LabelledText {
  const label = optionalTextIn(row, "label");
  const spans = spansIn(row, "spans");
  const author = optionalTextIn(row, "author");
  const createdAt = optionalNumberIn(row, "created_at_ms");
  const platform = optionalTextIn(row, "platform");
  const language = optionalTextIn(row, "language");
  return {
    id: textIn(row, "id"),
    text: textIn(row, "text"),
    ...(label !== undefined && { label }),
    ...(spans !== undefined && { spans }),
    ...(author !== undefined && { author }),
    ...(createdAt !== undefined && { createdAt }),
    ...(platform !== undefined && { platform }),
    ...(language !== undefined && { language }),
    part: oneOfIn(row, "part", labelParts),
  };
}

function hashOf(set: string, task: Pick<LabelTask, "kind" | "classes">, texts: readonly LabelledText[]): string {
  const hash = createHash("sha256").update(`${JSON.stringify([task.kind, task.classes])}\n`);
  for (const { id, text, label, spans, part } of texts.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const placed = spans?.map(({ start, end, kind }) => [start, end, kind]);
    hash.update(`${JSON.stringify([id, hashOfText(set, text), label ?? null, placed ?? null, part])}\n`);
  }
  return hash.digest("hex");
}

export function openLabelSets(sql: Sql, now: () => number): LabelSets {
  const get = async (inside: Sql, id: string) => setIn(firstRow(await inside.query("select * from label_sets where id = $1", [id]), `label set ${id}`));
  const refuseTaken = async (inside: Sql, name: string, but: string) => {
    const { count } = await inside.query("select 1 from label_sets where name = $1 and id <> $2", [name, but]);
    if (count > 0) throw new EarshotError("CONFLICT", `label set ${name}: there is one of this name already`);
  };
  /** A class that goes must bear no label; frozen versions keep theirs. */
  const refuseUsed = async (inside: Sql, set: LabelSet, classes: readonly string[]) => {
    const removed = set.classes.filter((name) => !classes.includes(name));
    if (removed.length === 0) return;
    const { rows } = await inside.query(
      `select count(*)::int as used from label_items i left join label_annotations a on a.item = i.id
       where i.label_set = $1 and (i.label = any($2::text[]) or a.label = any($2::text[])
         or exists (select from jsonb_array_elements(coalesce(i.spans, '[]') || coalesce(a.spans, '[]')) s where s ->> 'kind' = any($2::text[])))`,
      [set.id, removed],
    );
    const used = rows[0] ? numberIn(rows[0], "used") : 0;
    if (used > 0) throw new EarshotError("CONFLICT", `classes: ${removed.join(", ")} bear ${used} labels; label those texts anew before the class goes`);
  };
  const versionRow = async (inside: Sql, set: string, version: number) =>
    firstRow(await inside.query("select * from label_versions where label_set = $1 and version = $2", [set, version]), `label set ${set}, version ${version}`);

  return {
    async list() {
      return (await sql.query("select * from label_sets order by lower(name), id")).rows.map(setIn);
    },
    get: (id) => get(sql, id),
    add: (fields, owner) =>
      sql.transaction(async (inside) => {
        const { count } = await inside.query("select 1 from label_sets");
        if (count >= mostSets) throw new EarshotError("LIMIT_REACHED", `label sets: ${mostSets} are kept; remove one first`);
        await refuseTaken(inside, fields.name, "");
        const id = randomBytes(9).toString("base64url");
        await inside.query(
          `insert into label_sets (id, name, kind, classes, guidelines, per_text, split_by, owner, created_at_ms, changed_at_ms) values ($1, $2, $3, $4::text[], $5, $6, $7, $8, $9, $9)`,
          [id, fields.name, fields.kind, fields.classes, fields.guidelines, fields.perText, fields.splitBy, owner, Math.round(now())],
        );
        return get(inside, id);
      }),
    change: (id, fields) =>
      sql.transaction(async (inside) => {
        const set = await get(inside, id);
        const { name, classes, guidelines, perText, splitBy } = { ...set, ...fields };
        await refuseTaken(inside, name, id);
        await refuseUsed(inside, set, classes);
        await inside.query("update label_sets set name = $2, classes = $3::text[], guidelines = $4, per_text = $5, split_by = $6, changed_at_ms = $7 where id = $1", [
          id,
          name,
          classes,
          guidelines,
          perText,
          splitBy,
          Math.round(now()),
        ]);
        return get(inside, id);
      }),
    remove: (id) =>
      sql.transaction(async (inside) => {
        const set = await get(inside, id);
        await inside.query("delete from label_sets where id = $1", [id]);
        return set;
      }),
    async versions(id) {
      const { rows } = await sql.query(
        `select v.*, count(i.item)::int as held, count(*) filter (where i.part = 'train')::int as train, count(*) filter (where i.part = 'validation')::int as validation,
           count(*) filter (where i.part = 'gold')::int as gold
         from label_versions v left join label_version_items i on i.label_set = v.label_set and i.version = v.version
         where v.label_set = $1 group by v.label_set, v.version order by v.version desc`,
        [id],
      );
      return rows.map((row) => ({
        ...versionIn(row),
        createdBy: textIn(row, "created_by"),
        leftOut: numberIn(row, "left_out"),
        gone: numberIn(row, "items") - numberIn(row, "held"),
        parts: { train: numberIn(row, "train"), validation: numberIn(row, "validation"), gold: numberIn(row, "gold") },
      }));
    },
    freeze: (id, { texts, leftOut, cuts }, by) =>
      sql.transaction(async (inside) => {
        // Whoever freezes the same set waits here for the other.
        await inside.query("select 1 from label_sets where id = $1 for update", [id]);
        const set = await get(inside, id);
        if (texts.length === 0) throw new EarshotError("CONFLICT", `label set ${set.name}: nothing is labelled yet; label some texts, then freeze`);
        const newest = (await inside.query("select version, hash from label_versions where label_set = $1 order by version desc limit 1", [id])).rows[0];
        const hash = hashOf(id, set, texts);
        if (newest !== undefined && textIn(newest, "hash") === hash)
          throw new EarshotError("CONFLICT", `label set ${set.name}: nothing has changed since version ${numberIn(newest, "version")}; use that one`);
        const version = newest === undefined ? 1 : numberIn(newest, "version") + 1;
        if (version > mostVersions) throw new EarshotError("LIMIT_REACHED", `label set ${set.name}: ${mostVersions} versions are kept; go on in a new set`);
        await inside.query("insert into label_versions values ($1, $2, $3, $4, $5, $6, $7, $8::text[], $9, $10, $11)", [
          id,
          version,
          hash,
          Math.round(now()),
          by,
          set.name,
          set.kind,
          set.classes,
          set.guidelines,
          texts.length,
          leftOut,
        ]);
        const rows = JSON.stringify(texts.map(({ id: item, label, spans, part }) => ({ item, label, spans, part })));
        const { count } = await inside.query(
          `insert into label_version_items select $1, $2, r.item, r.label, r.spans, r.part from jsonb_to_recordset($3::jsonb) as r (item text, label text, spans jsonb, part text)
           join label_items i on i.id = r.item and i.label_set = $1`,
          [id, version, rows],
        );
        if (count !== texts.length) throw new EarshotError("CONFLICT", `label set ${set.name}: texts were removed while it was frozen; freeze it again`);
        const placed = JSON.stringify(texts.filter((text) => text.isNew).map(({ id: item, part }) => ({ item, part })));
        await inside.query("update label_items i set part = r.part from jsonb_to_recordset($2::jsonb) as r (item text, part text) where i.id = r.item and i.label_set = $1", [
          id,
          placed,
        ]);
        if (cuts !== undefined) await inside.query("update label_sets set validation_from_ms = $2, gold_from_ms = $3 where id = $1", [id, cuts.validationFrom, cuts.goldFrom]);
        return versionIn(await versionRow(inside, id, version));
      }),
    async readVersion(set, version) {
      const frozen = versionIn(await versionRow(sql, set, version));
      const { rows } = await sql.query(
        `select i.id, i.text, i.author, i.created_at_ms, i.platform, i.language, v.label, v.spans, v.part
         from label_version_items v join label_items i on i.id = v.item where v.label_set = $1 and v.version = $2 order by i.id`,
        [set, version],
      );
      const texts = rows.map(textOf);
      const gone = frozen.count - texts.length;
      if (gone === 0 && hashOf(set, frozen.task, texts) !== frozen.hash)
        throw new EarshotError("STORE_CORRUPT", `label set ${frozen.task.name}, version ${version}: its texts or labels are not those that were frozen`);
      return { version: frozen, texts, gone };
    },
    async removeAuthors(authors) {
      return (await sql.query("delete from label_items where author = any($1::text[])", [authors])).count;
    },
    async removePosts(posts) {
      return (await sql.query("delete from label_items where post = any($1::text[])", [posts])).count;
    },
    async countOf(authors) {
      const { rows } = await sql.query("select count(*) as count from label_items where author = any($1::text[])", [authors]);
      return rows[0] ? numberIn(rows[0], "count") : 0;
    },
    async forget() {
      for (const table of ["label_items", "label_annotations", "label_version_items"]) await sql.query(`vacuum (full) ${table}`);
    },
  };
}
