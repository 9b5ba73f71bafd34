import { booleanIn, bytesIn, numberIn, textIn, type Sql } from "../core/sql.ts";
import type { StorePositions } from "../core/store.ts";
import { addAuthor, makeAuthorSet, makeAuthorUnion, readAuthorSet, setOfUnion, uniteAuthors, writeAuthorSet, type AuthorSet } from "./rollups-authors.ts";
import { keyRoom, type RollupKey } from "./rollups-batch.ts";
import { decodeDeltas, lockState, numberList, readPositions, type BucketDeltas } from "./rollups-flush.ts";
import { grainMs } from "./rollups-schema.ts";

const journalRowsPerFold = 64;
const bucketsPerStatement = 2_000;
const daysPerStep = 500;
const rebuiltPerStep = 32;

/** Folds the oldest part of the journal into the sets of its hours. Returns the count of its rows. */
export async function foldJournal(sql: Sql): Promise<number> {
  return sql.transaction(async (inside) => {
    const state = await lockState(inside);
    const { rows } = await inside.query("delete from rollup_author_journal where id in (select id from rollup_author_journal order by id limit $1) returning deltas", [
      journalRowsPerFold,
    ]);
    if (rows.length === 0) return 0;
    const deltas = decodeDeltas(rows);
    const names = [...deltas.keys()].filter((name) => hourOf(name) >= state.from.hour && (deltas.get(name)?.size ?? 0) > 0).sort((a, b) => a - b);
    for (let i = 0; i < names.length; i += bucketsPerStatement) await foldBuckets(inside, names.slice(i, i + bucketsPerStatement), deltas);
    return rows.length;
  });
}

function keyOf(name: number): number {
  return ((name % keyRoom) + keyRoom) % keyRoom;
}
function hourOf(name: number): number {
  return (name - keyOf(name)) / keyRoom;
}

async function foldBuckets(sql: Sql, names: readonly number[], deltas: BucketDeltas): Promise<void> {
  const sets = await readHours(sql, names);
  for (const name of names) {
    let set = sets.get(name);
    if (set === undefined) sets.set(name, (set = makeAuthorSet()));
    for (const [hash, net] of deltas.get(name) ?? []) addAuthor(set, hash, net);
  }
  await writeHours(sql, sets);
  await markStale(sql, names);
}

export async function readHours(sql: Sql, names: readonly number[]): Promise<Map<number, AuthorSet>> {
  const { rows } = await sql.query(
    `select h.start, h.key, h.form, h.dirty, h.bytes from unnest($1::int[], $2::int[]) as want(start, key) join rollup_author_hour h using (start, key)`,
    [numberList(names.map(hourOf)), numberList(names.map(keyOf))],
  );
  return new Map(rows.map((row) => [numberIn(row, "start") * keyRoom + numberIn(row, "key"), setIn(row)]));
}

export function setIn(row: Readonly<Record<string, unknown>>): AuthorSet {
  return readAuthorSet(numberIn(row, "form"), bytesIn(row, "bytes"), booleanIn(row, "dirty"));
}

async function writeHours(sql: Sql, sets: ReadonlyMap<number, AuthorSet>): Promise<void> {
  const kept = [...sets].filter(([, set]) => set.dirty || set.registers !== undefined || (set.exact?.size ?? 0) > 0);
  const keptNames = new Set(kept.map(([name]) => name));
  const gone = [...sets.keys()].filter((name) => !keptNames.has(name));
  const written = kept.map(([, set]) => writeAuthorSet(set));
  if (kept.length > 0) {
    await sql.query(
      `insert into rollup_author_hour (start, key, form, dirty, bytes) select * from unnest($1::int[], $2::int[], $3::smallint[], $4::boolean[], $5::bytea[])
       on conflict (start, key) do update set form = excluded.form, dirty = excluded.dirty, bytes = excluded.bytes`,
      [
        numberList(kept.map(([name]) => hourOf(name))),
        numberList(kept.map(([name]) => keyOf(name))),
        numberList(written.map(({ form }) => form)),
        `{${kept.map(([, set]) => set.dirty).join(",")}}`,
        written.map(({ bytes }) => bytes),
      ],
    );
  }
  if (gone.length === 0) return;
  await sql.query("delete from rollup_author_hour h using unnest($1::int[], $2::int[]) as gone(start, key) where h.start = gone.start and h.key = gone.key", [
    numberList(gone.map(hourOf)),
    numberList(gone.map(keyOf)),
  ]);
}

/** A day is united from its hours when it is over; until then, and after each change of one of its hours, readers unite the hours. */
async function markStale(sql: Sql, names: readonly number[]): Promise<void> {
  await sql.query(
    `insert into rollup_author_day (start, key, form, stale, dirty, bytes)
     select distinct floor(start / 24.0)::int, key, 0, true, false, ''::bytea from unnest($1::int[], $2::int[]) as touched(start, key)
     on conflict (start, key) do update set stale = true where not rollup_author_day.stale`,
    [numberList(names.map(hourOf)), numberList(names.map(keyOf))],
  );
}

/** Unites the hours of stale days that are over. Returns how many stale days of the past are left. */
export async function uniteDays(sql: Sql, nowMs: number): Promise<number> {
  const today = Math.floor(nowMs / grainMs.day);
  return sql.transaction(async (inside) => {
    await lockState(inside);
    const stale = await inside.query("select start, key from rollup_author_day where stale and start < $1 order by start, key limit $2", [today, daysPerStep]);
    if (stale.rows.length === 0) return 0;
    const days = stale.rows.map((row) => ({ start: numberIn(row, "start"), key: numberIn(row, "key") }));
    const { rows } = await inside.query(
      `select d.start as day, h.key, h.form, h.dirty, h.bytes from unnest($1::int[], $2::int[]) as d(start, key)
       join rollup_author_hour h on h.key = d.key and h.start >= d.start * 24 and h.start < d.start * 24 + 24`,
      [numberList(days.map((day) => day.start)), numberList(days.map((day) => day.key))],
    );
    const unions = new Map<number, { readonly union: ReturnType<typeof makeAuthorUnion>; dirty: boolean }>();
    for (const row of rows) {
      const name = numberIn(row, "day") * keyRoom + numberIn(row, "key");
      const found = unions.get(name) ?? { union: makeAuthorUnion(), dirty: false };
      unions.set(name, found);
      const set = setIn(row);
      uniteAuthors(found.union, set);
      found.dirty ||= set.dirty;
    }
    const built = [...unions].map(([name, { union, dirty }]) => ({ name, dirty, ...writeAuthorSet(setOfUnion(union, dirty)) }));
    await inside.query("delete from rollup_author_day d using unnest($1::int[], $2::int[]) as done(start, key) where d.start = done.start and d.key = done.key", [
      numberList(days.map((day) => day.start)),
      numberList(days.map((day) => day.key)),
    ]);
    if (built.length > 0) {
      await inside.query(
        "insert into rollup_author_day (start, key, form, stale, dirty, bytes) select start, key, form, false, dirty, bytes from unnest($1::int[], $2::int[], $3::smallint[], $4::boolean[], $5::bytea[]) as b(start, key, form, dirty, bytes)",
        [
          numberList(built.map(({ name }) => hourOf(name))),
          numberList(built.map(({ name }) => keyOf(name))),
          numberList(built.map(({ form }) => form)),
          `{${built.map(({ dirty }) => dirty).join(",")}}`,
          built.map(({ bytes }) => bytes),
        ],
      );
    }
    const left = await inside.query("select count(*) as left from rollup_author_day where stale and start < $1", [today]);
    return left.rows[0] ? numberIn(left.rows[0], "left") : 0;
  });
}

/** An hour whose authors must be read from the lake again. */
export interface RollupBucket extends RollupKey {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Authors who have posts in each bucket, from a store of posts that stands at or after `atLeast`; undefined where it does not stand there yet.
 * Each author once; the order is free.
 */
export type AuthorsOf<Author> = (buckets: readonly RollupBucket[], atLeast: StorePositions) => Promise<readonly (Iterable<Author> | undefined)[]>;

/** Rebuilds a few of the sets that lost an author they could not give back. Returns how many are left. */
export async function rebuildDirty<Author>(sql: Sql, authorsOf: AuthorsOf<Author>, authorHash: (author: Author) => bigint): Promise<number> {
  return sql.transaction(async (inside) => {
    await lockState(inside);
    const { rows } = await inside.query(
      `select h.start, h.key, k.platform, k.source, k.language, k.sensitivity, k.region, k.term
       from rollup_author_hour h join rollup_key k on k.id = h.key where h.dirty order by h.start desc, h.key limit $1`,
      [rebuiltPerStep],
    );
    if (rows.length === 0) return 0;
    const buckets = rows.map((row): RollupBucket => {
      const fromMs = numberIn(row, "start") * grainMs.hour;
      const text = (column: keyof RollupKey) => textIn(row, column);
      return {
        fromMs,
        toMs: fromMs + grainMs.hour,
        platform: text("platform"),
        source: text("source"),
        language: text("language"),
        sensitivity: text("sensitivity"),
        region: text("region"),
        term: text("term"),
      };
    });
    const answers = await authorsOf(buckets, await readPositions(inside, false));
    const sets = new Map<number, AuthorSet>();
    for (const [i, row] of rows.entries()) {
      const authors = answers[i];
      if (authors === undefined) continue;
      const set = makeAuthorSet();
      // Counts stay unknown: the lake may already hold posts that the log brings here again.
      for (const author of authors) addAuthor(set, authorHash(author), 0);
      sets.set(numberIn(row, "start") * keyRoom + numberIn(row, "key"), set);
    }
    if (sets.size > 0) {
      await writeHours(inside, sets);
      await markStale(inside, [...sets.keys()]);
    }
    const left = await inside.query("select count(*) as left from rollup_author_hour where dirty");
    // What the lake cannot answer yet is no step that could be done now.
    return sets.size === 0 || !left.rows[0] ? 0 : numberIn(left.rows[0], "left");
  });
}
