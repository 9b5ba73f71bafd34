import { randomUUID } from "node:crypto";
import { EarshotError } from "../core/errors.ts";
import { fingerprint, isPostId, type PostId } from "../core/ids.ts";
import type { LabelledText, LabelPart, LabelSpan } from "../core/label-set.ts";
import { labelParts } from "../core/label-set.ts";
import { firstRow, numberIn, oneOfIn, optionalNumberIn, optionalTextIn, textIn, type Sql, type SqlRow, type SqlValue } from "../core/sql.ts";

/** Salted by the set: no table of texts finds it. */
export const hashOfText = (set: string, text: string): string => fingerprint(`${set}\n${text}`);

export const itemStates = ["open", "settled", "conflict"] as const;
export type ItemState = (typeof itemStates)[number];

/** How a text came into its set, in words that the labelling page shows. */
export interface ItemOrigin {
  readonly by: "import" | "correction" | "random" | "uncertain" | "diverse";
  /** Of the model whose doubt chose it. */
  readonly model?: string;
  /** 0: the model is sure, 1: all classes are alike. */
  readonly doubt?: number;
  /** What the model would say. */
  readonly guess?: string;
  /** Texts of the sample that it was chosen from. */
  readonly of?: number;
}

export type LabelValue = { readonly label: string } | { readonly spans: readonly LabelSpan[] };

export interface NewItem extends Omit<LabelledText, "id" | "part" | "label" | "spans"> {
  readonly post?: PostId;
  readonly part?: LabelPart;
  readonly origin: ItemOrigin;
  /** Lower ones are labelled first. */
  readonly rank: number;
  /** What somebody said of it elsewhere. */
  readonly said?: { readonly annotator: string; readonly value: LabelValue };
}

export interface LabelItem extends Omit<LabelledText, "part"> {
  readonly set: string;
  readonly post?: PostId;
  /** Absent: no version has placed it yet. */
  readonly part?: LabelPart;
  readonly origin: ItemOrigin;
  readonly addedAt: number;
  readonly state: ItemState;
  /** Who chose the label; absent: its annotators agree, or none is settled. */
  readonly settledBy?: string;
}

export interface Annotation {
  readonly item: string;
  readonly annotator: string;
  readonly skipped: boolean;
  readonly label?: string;
  readonly spans?: readonly LabelSpan[];
  readonly at: number;
  /** Between the showing and the answer. */
  readonly tookMs: number;
}

export interface LabelProgress {
  readonly items: number;
  readonly byState: Readonly<Record<ItemState, number>>;
  /** Texts that this annotator can still label. */
  readonly left: number;
  readonly annotators: readonly { readonly name: string; readonly labelled: number; readonly skipped: number; readonly medianMs: number }[];
  /** Settled texts by class; of spans, texts that hold a kind. */
  readonly byClass: Readonly<Record<string, number>>;
}

export interface LabelItems {
  /** Texts that the set has already are not added again; what was said of them is. @throws LIMIT_REACHED */
  add(set: string, items: readonly NewItem[]): Promise<{ readonly added: number; readonly known: number; readonly labels: number }>;
  /** Which of these texts the set has. */
  known(set: string, texts: readonly string[]): Promise<ReadonlySet<string>>;
  /** Texts that this annotator has not seen and that need a label still. */
  next(set: string, annotator: string, limit: number): Promise<readonly LabelItem[]>;
  /** @throws NOT_FOUND */
  get(set: string, item: string): Promise<LabelItem>;
  list(
    set: string,
    filter: { readonly state?: ItemState },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly items: readonly LabelItem[]; readonly next?: string }>;
  /** One for each annotator and text: a second takes the place of the first. */
  annotate(set: string, item: string, annotator: string, said: LabelValue | "skipped", tookMs: number): Promise<LabelItem>;
  /** Takes back the annotator's newest word in this set; undefined: there is none. */
  undo(set: string, annotator: string): Promise<LabelItem | undefined>;
  /** Chooses the label, whatever annotators say; undefined: what they say counts again. */
  settle(set: string, item: string, value: LabelValue | undefined, by: string): Promise<LabelItem>;
  place(set: string, item: string, part: LabelPart | undefined): Promise<LabelItem>;
  remove(set: string, item: string): Promise<void>;
  /** Works out anew which texts are settled. */
  resettle(set: string): Promise<void>;
  annotationsOf(set: string, items?: readonly string[]): Promise<readonly Annotation[]>;
  /** All that are settled, with the part that they have. */
  settled(set: string): Promise<readonly LabelItem[]>;
  /** The newest texts of which nobody disagrees, settled or not: to learn from what there is so far. */
  labelled(set: string, limit: number): Promise<readonly { readonly text: string; readonly label?: string }[]>;
  /** Texts that need a label, most urgent first. */
  open(set: string, limit: number): Promise<readonly LabelItem[]>;
  /** New places in the queue. */
  rank(set: string, ranked: readonly { readonly item: string; readonly rank: number; readonly origin: ItemOrigin }[]): Promise<void>;
  progress(set: string, annotator: string): Promise<LabelProgress>;
  /** Posts of all sets that were added before a time, to see which are gone; `after`: the last of the page before. */
  posts(after: string, addedBefore: number, limit: number): Promise<readonly PostId[]>;
}

const mostItems = 50_000;

/** As `jsonb` gives it; undefined for null. */
export function spansIn(row: SqlRow, column: string): readonly LabelSpan[] | undefined {
  const value = row[column];
  if (value === null) return undefined;
  if (!Array.isArray(value)) throw new EarshotError("INVARIANT", `catalog column ${column}: expected a list of spans`);
  return value.map(({ start, end, kind }: LabelSpan) => ({ start, end, kind }));
}

function originIn(row: SqlRow): ItemOrigin {
  const value = row["origin"];
  if (typeof value !== "object" || value === null || !("by" in value)) throw new EarshotError("INVARIANT", "catalog column origin: expected an object");
  return value as ItemOrigin;
}

function itemIn(row: SqlRow): LabelItem {
  const label = optionalTextIn(row, "label");
  const spans = spansIn(row, "spans");
  const post = optionalTextIn(row, "post");
  const author = optionalTextIn(row, "author");
  const createdAt = optionalNumberIn(row, "created_at_ms");
  const platform = optionalTextIn(row, "platform");
  const language = optionalTextIn(row, "language");
  const settledBy = optionalTextIn(row, "settled_by");
  return {
    id: textIn(row, "id"),
    set: textIn(row, "label_set"),
    text: textIn(row, "text"),
    ...(label !== undefined && { label }),
    ...(spans !== undefined && { spans }),
    ...(isPostId(post) && { post }),
    ...(author !== undefined && { author }),
    ...(createdAt !== undefined && { createdAt }),
    ...(platform !== undefined && { platform }),
    ...(language !== undefined && { language }),
    ...(row["part"] !== null && { part: oneOfIn(row, "part", labelParts) }),
    origin: originIn(row),
    addedAt: numberIn(row, "added_at_ms"),
    state: oneOfIn(row, "state", itemStates),
    ...(settledBy !== undefined && { settledBy }),
  };
}

function annotationIn(row: SqlRow): Annotation {
  const label = optionalTextIn(row, "label");
  const spans = spansIn(row, "spans");
  return {
    item: textIn(row, "item"),
    annotator: textIn(row, "annotator"),
    skipped: row["skipped"] === true,
    ...(label !== undefined && { label }),
    ...(spans !== undefined && { spans }),
    at: numberIn(row, "at_ms"),
    tookMs: numberIn(row, "took_ms"),
  };
}

const labelOf = (value: LabelValue): string | null => ("label" in value ? value.label : null);
const spansOf = (value: LabelValue): string | null => ("spans" in value ? JSON.stringify(value.spans) : null);

/** Settled: as many as the set asks for say the same. Conflict: two say different things. What an adjudicator chose stays. */
const settling = `update label_items i set state = r.state, label = case when r.state = 'settled' then r.label end, spans = case when r.state = 'settled' then r.spans end from (
  select i.id, min(a.label) as label, min(a.spans::text)::jsonb as spans,
    case when count(distinct coalesce(a.label, a.spans::text)) > 1 then 'conflict' when count(a.item) >= min(s.per_text) then 'settled' else 'open' end as state
  from label_items i join label_sets s on s.id = i.label_set left join label_annotations a on a.item = i.id and not a.skipped
  where i.label_set = $1 and i.settled_by is null and ($2::text[] is null or i.id = any($2::text[])) group by i.id) r where r.id = i.id`;

/** Texts of set $1 that annotator $2 has not seen and that fewer than enough have labelled. */
const wanted = `from label_items i join label_sets s on s.id = i.label_set
  where i.label_set = $1 and i.state = 'open' and not exists (select from label_annotations a where a.item = i.id and a.annotator = $2)`;

export function openLabelItems(sql: Sql, now: () => number): LabelItems {
  const get = async (inside: Sql, set: string, item: string) =>
    itemIn(firstRow(await inside.query("select * from label_items where label_set = $1 and id = $2", [set, item]), `text ${item} of the label set`));
  const settleAnew = (inside: Sql, set: string, items: readonly string[] | null) => inside.query(settling, [set, items]);
  /** So that two annotators of one text settle it one after the other. */
  const lock = (inside: Sql, set: string, item: string) => inside.query("select 1 from label_items where label_set = $1 and id = $2 for update", [set, item]);

  async function add(set: string, items: readonly NewItem[]) {
    return sql.transaction(async (inside) => {
      // Sets are filled one batch after the other, so that the limit holds.
      firstRow(await inside.query("select 1 as one from label_sets where id = $1 for update", [set]), `label set ${set}`);
      const { rows: counted } = await inside.query("select count(*)::int as items from label_items where label_set = $1", [set]);
      const before = counted[0] ? numberIn(counted[0], "items") : 0;
      const distinct = new Map(items.map((item) => [hashOfText(set, item.text), item]));
      const rows = JSON.stringify(
        [...distinct].map(([hash, { text, post, author, createdAt, platform, language, part, origin, rank }]) => ({
          id: randomUUID(),
          hash,
          text,
          post,
          author,
          created: createdAt === undefined ? undefined : Math.round(createdAt),
          platform,
          language,
          part,
          origin,
          rank,
        })),
      );
      const { count: added } = await inside.query(
        `insert into label_items (id, label_set, text, text_hash, post, author, created_at_ms, platform, language, origin, rank, part, added_at_ms, state)
         select r.id, $1, r.text, r.hash, r.post, r.author, r.created, r.platform, r.language, r.origin, r.rank, r.part, $3, 'open'
         from jsonb_to_recordset($2::jsonb) as r (id text, hash text, text text, post text, author text, created bigint, platform text, language text, part text, origin jsonb, rank float8)
         on conflict (label_set, text_hash) do nothing`,
        [set, rows, Math.round(now())],
      );
      if (before + added > mostItems)
        throw new EarshotError("LIMIT_REACHED", `label set: ${mostItems.toLocaleString("en")} texts at most; it has ${before.toLocaleString("en")} already`);
      const said = items.flatMap(({ text, said: one }) =>
        one === undefined ? [] : [{ hash: hashOfText(set, text), annotator: one.annotator, label: labelOf(one.value), spans: "spans" in one.value ? one.value.spans : null }],
      );
      // The last word of an annotator on a text counts.
      const last = [...new Map(said.map((one) => [`${one.hash} ${one.annotator}`, one])).values()];
      if (last.length > 0) {
        const { rows: touched } = await inside.query(
          `insert into label_annotations select i.id, r.annotator, false, r.label, case when jsonb_typeof(r.spans) = 'array' then r.spans end, $3, 0
           from jsonb_to_recordset($2::jsonb) as r (hash text, annotator text, label text, spans jsonb) join label_items i on i.label_set = $1 and i.text_hash = r.hash
           on conflict (item, annotator) do update set skipped = false, label = excluded.label, spans = excluded.spans, at_ms = excluded.at_ms returning item`,
          [set, JSON.stringify(last), Math.round(now())],
        );
        await settleAnew(inside, set, [...new Set(touched.map((row) => textIn(row, "item")))]);
      }
      return { added, known: items.length - added, labels: last.length };
    });
  }

  return {
    add,
    async next(set, annotator, limit) {
      return (await sql.query(`select i.* ${wanted} order by i.rank, i.id limit $3`, [set, annotator, limit])).rows.map(itemIn);
    },
    async known(set, texts) {
      const byHash = new Map(texts.map((text) => [hashOfText(set, text), text]));
      const { rows } = await sql.query("select text_hash from label_items where label_set = $1 and text_hash = any($2::text[])", [set, [...byHash.keys()]]);
      return new Set(rows.map((row) => byHash.get(textIn(row, "text_hash")) ?? ""));
    },
    get: (set, item) => get(sql, set, item),
    async list(set, { state }, { limit, cursor }) {
      const values: SqlValue[] = [set];
      const given = (value: SqlValue) => `$${values.push(value)}`;
      const conditions = ["label_set = $1"];
      if (state !== undefined) conditions.push(`state = ${given(state)}`);
      if (cursor !== undefined) {
        if (!/^[0-9a-f-]{36}$/.test(cursor)) throw new EarshotError("USAGE", "cursor: expected one that a page gave");
        conditions.push(`id > ${given(cursor)}`);
      }
      const { rows } = await sql.query(`select * from label_items where ${conditions.join(" and ")} order by id limit ${given(limit + 1)}`, values);
      const items = rows.slice(0, limit).map(itemIn);
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last !== undefined && { next: last.id }) };
    },
    annotate: (set, item, annotator, said, tookMs) =>
      sql.transaction(async (inside) => {
        await lock(inside, set, item);
        await get(inside, set, item);
        const [label, spans] = said === "skipped" ? [null, null] : [labelOf(said), spansOf(said)];
        await inside.query(
          `insert into label_annotations values ($1, $2, $3, $4, $5::jsonb, $6, $7) on conflict (item, annotator) do update
           set skipped = excluded.skipped, label = excluded.label, spans = excluded.spans, at_ms = excluded.at_ms, took_ms = excluded.took_ms`,
          [item, annotator, said === "skipped", label, spans, Math.round(now()), Math.round(tookMs)],
        );
        await settleAnew(inside, set, [item]);
        return get(inside, set, item);
      }),
    undo: (set, annotator) =>
      sql.transaction(async (inside) => {
        const { rows } = await inside.query(
          `delete from label_annotations where (item, annotator) in (
             select a.item, a.annotator from label_annotations a join label_items i on i.id = a.item where i.label_set = $1 and a.annotator = $2 order by a.at_ms desc, a.ctid desc limit 1)
           returning item`,
          [set, annotator],
        );
        if (rows[0] === undefined) return undefined;
        const item = textIn(rows[0], "item");
        await settleAnew(inside, set, [item]);
        return get(inside, set, item);
      }),
    settle: (set, item, value, by) =>
      sql.transaction(async (inside) => {
        await lock(inside, set, item);
        await get(inside, set, item);
        if (value === undefined) await inside.query("update label_items set settled_by = null where id = $1", [item]);
        else
          await inside.query("update label_items set state = 'settled', settled_by = $2, label = $3, spans = $4::jsonb where id = $1", [item, by, labelOf(value), spansOf(value)]);
        await settleAnew(inside, set, [item]);
        return get(inside, set, item);
      }),
    async place(set, item, part) {
      return itemIn(
        firstRow(await sql.query("update label_items set part = $3 where label_set = $1 and id = $2 returning *", [set, item, part ?? null]), `text ${item} of the label set`),
      );
    },
    async remove(set, item) {
      firstRow(await sql.query("delete from label_items where label_set = $1 and id = $2 returning id", [set, item]), `text ${item} of the label set`);
    },
    async resettle(set) {
      await settleAnew(sql, set, null);
    },
    async annotationsOf(set, items) {
      const { rows } = await sql.query(
        "select a.* from label_annotations a join label_items i on i.id = a.item where i.label_set = $1 and ($2::text[] is null or i.id = any($2::text[])) order by a.item, a.annotator",
        [set, items ?? null],
      );
      return rows.map(annotationIn);
    },
    async settled(set) {
      return (await sql.query("select * from label_items where label_set = $1 and state = 'settled' order by id", [set])).rows.map(itemIn);
    },
    async labelled(set, limit) {
      const { rows } = await sql.query(
        `select i.text, coalesce(i.label, min(a.label)) as label from label_items i left join label_annotations a on a.item = i.id and not a.skipped
         where i.label_set = $1 and i.state <> 'conflict' and (i.state = 'settled' or a.item is not null) group by i.id order by max(a.at_ms) desc nulls last limit $2`,
        [set, limit],
      );
      return rows.map((row) => {
        const label = optionalTextIn(row, "label");
        return { text: textIn(row, "text"), ...(label !== undefined && { label }) };
      });
    },
    async open(set, limit) {
      return (await sql.query("select * from label_items where label_set = $1 and state = 'open' order by rank, id limit $2", [set, limit])).rows.map(itemIn);
    },
    async rank(set, ranked) {
      await sql.query(
        `update label_items i set rank = r.rank, origin = r.origin from jsonb_to_recordset($2::jsonb) as r (item text, rank float8, origin jsonb) where i.id = r.item and i.label_set = $1`,
        [set, JSON.stringify(ranked)],
      );
    },
    async progress(set, annotator) {
      const counted = await sql.query("select state, count(*)::int as items from label_items where label_set = $1 group by state", [set]);
      const states = new Map(counted.rows.map((row) => [textIn(row, "state"), numberIn(row, "items")]));
      const byState = { open: states.get("open") ?? 0, settled: states.get("settled") ?? 0, conflict: states.get("conflict") ?? 0 };
      const left = await sql.query(`select count(*)::int as items ${wanted}`, [set, annotator]);
      const annotators = await sql.query(
        `select a.annotator, count(*) filter (where not a.skipped)::int as labelled, count(*) filter (where a.skipped)::int as skipped,
           coalesce(percentile_disc(0.5) within group (order by a.took_ms) filter (where a.took_ms > 0), 0)::int as median
         from label_annotations a join label_items i on i.id = a.item where i.label_set = $1 group by a.annotator order by 2 desc, 1`,
        [set],
      );
      const classes = await sql.query(
        `select c.name, count(*)::int as items from label_items i cross join lateral (
           select i.label as name where i.label is not null union select distinct s ->> 'kind' from jsonb_array_elements(coalesce(i.spans, '[]')) s) c
         where i.label_set = $1 and i.state = 'settled' group by c.name`,
        [set],
      );
      return {
        items: byState.open + byState.settled + byState.conflict,
        byState,
        left: left.rows[0] ? numberIn(left.rows[0], "items") : 0,
        annotators: annotators.rows.map((row) => ({
          name: textIn(row, "annotator"),
          labelled: numberIn(row, "labelled"),
          skipped: numberIn(row, "skipped"),
          medianMs: numberIn(row, "median"),
        })),
        byClass: Object.fromEntries(classes.rows.map((row) => [textIn(row, "name"), numberIn(row, "items")])),
      };
    },
    async posts(after, addedBefore, limit) {
      const { rows } = await sql.query("select distinct post from label_items where post > $1 and added_at_ms < $2 order by post limit $3", [
        after,
        Math.round(addedBefore),
        limit,
      ]);
      return rows.map((row) => textIn(row, "post")).filter(isPostId);
    },
  };
}
