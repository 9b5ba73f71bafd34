import type { Migration } from "../core/sql.ts";

/** Length of a bucket, milliseconds; a bucket's `start` is its number since 1970 UTC. */
export const grainMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
export type Grain = keyof typeof grainMs;
export const grains = ["minute", "hour", "day"] as const satisfies readonly Grain[];

const firstFigures = ["posts", "negative", "neutral", "positive", "likes", "shares", "replies", "views"] as const;
const firstTypes = ["int", "int", "int", "int", "bigint", "bigint", "bigint", "bigint"] as const;
/**
 * By how much more posts speak so of the term than are so as a whole (`labelTowards`), which may be less: of what came before terms were looked at, and
 * without a term, 0.
 */
const shifts = ["negative_shift", "neutral_shift", "positive_shift"] as const;
/** What is summed, in the order of the columns. A post that is in none of negative, neutral, positive is not scored. */
export const figures = [...firstFigures, ...shifts] as const;
export const figureTypes = [...firstTypes, "int", "int", "int"] as const;

const labels = ["negative", "neutral", "positive"] as const;

const columns = firstFigures.map((figure, i) => `${figure} ${firstTypes[i]} not null`).join(", ");

function bucketTable(grain: Grain): string {
  // Room on each page: a bucket is updated in place while it is live.
  return `create table rollup_${grain} (start int not null, key int not null, ${columns}, primary key (start, key)) with (fillfactor = 75);`;
}

function bucketView(grain: Grain): string {
  return `create view rollups_by_${grain} as select to_timestamp(b.start::bigint * ${grainMs[grain] / 1000}) as at,
    k.platform, k.source, k.language, k.sensitivity, k.region, k.term, ${firstFigures.map((figure) => `b.${figure}`).join(", ")},
    b.posts - b.negative - b.neutral - b.positive as unscored from rollup_${grain} b join rollup_key k on k.id = b.key;`;
}

/**
 * A bucket's key (platform to term; term '' counts every post once) is a number, so that rows and index entries are narrow.
 * Authors stand apart: counts change with each flush, sets by the journal, in bulk.
 */
export const rollupsMigrations: readonly Migration[] = [
  {
    name: "rollups-1",
    sql: `
create table rollup_key (
  id int primary key generated always as identity,
  platform text not null, source text not null, language text not null, sensitivity text not null, region text not null, term text not null,
  unique (platform, source, language, sensitivity, region, term));
create index rollup_key_source on rollup_key (source);
create index rollup_key_term on rollup_key (term) where term <> '';
${grains.map(bucketTable).join("\n")}
${grains.map(bucketView).join("\n")}
create table rollup_position (partition int primary key, next_offset bigint not null, from_offset bigint not null, from_index int not null, generation int not null) with (fillfactor = 50);
create table rollup_state (
  only_one boolean primary key default true check (only_one),
  fresh_at_ms bigint,
  minute_from int not null default -2147483648, hour_from int not null default -2147483648, day_from int not null default -2147483648) with (fillfactor = 50);
insert into rollup_state default values;
create table rollup_removed_source (source text primary key);
create table rollup_author_journal (id bigint primary key generated always as identity, deltas bytea not null);
alter table rollup_author_journal alter column deltas set storage external;
create table rollup_author_hour (start int not null, key int not null, form smallint not null, dirty boolean not null, bytes bytea not null, primary key (start, key));
create index rollup_author_hour_dirty on rollup_author_hour (start, key) where dirty;
create table rollup_author_day (start int not null, key int not null, form smallint not null, stale boolean not null, dirty boolean not null, bytes bytea not null, primary key (start, key));
create index rollup_author_day_stale on rollup_author_day (start, key) where stale;`,
  },
  {
    name: "rollups-2",
    sql: grains
      .map(
        (grain) => `alter table rollup_${grain} ${shifts.map((shift) => `add column ${shift} int not null default 0`).join(", ")};
create or replace view rollups_by_${grain} as select to_timestamp(b.start::bigint * ${grainMs[grain] / 1000}) as at,
    k.platform, k.source, k.language, k.sensitivity, k.region, k.term, ${firstFigures.map((figure) => `b.${figure}`).join(", ")},
    b.posts - b.negative - b.neutral - b.positive as unscored, ${labels.map((label) => `b.${label} + b.${label}_shift as ${label}_towards`).join(", ")}
  from rollup_${grain} b join rollup_key k on k.id = b.key;`,
      )
      .join("\n"),
  },
];
