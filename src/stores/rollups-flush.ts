import { EarshotError } from "../core/errors.ts";
import { bytesIn, numberIn, optionalNumberIn, textIn, type Sql } from "../core/sql.ts";
import type { StorePosition, StorePositions } from "../core/store.ts";
import { keyRoom, width, type AuthorDeltas, type RollupBatch, type RollupKey } from "./rollups-batch.ts";
import { figures, figureTypes, grains, type Grain } from "./rollups-schema.ts";

export interface RollupState {
  readonly freshAt: number | undefined;
  /** First bucket that is kept, a grain: earlier ones were expired and take nothing any more. */
  readonly from: Readonly<Record<Grain, number>>;
}

/** Locks the one row that every writer takes first: writers of any process stand in line, so none deadlocks. */
export async function lockState(sql: Sql): Promise<RollupState> {
  const { rows } = await sql.query("select fresh_at_ms, minute_from, hour_from, day_from from rollup_state for update");
  const row = rows[0];
  if (row === undefined) throw new EarshotError("STORE_CORRUPT", "rollups: the row of state is missing");
  return {
    freshAt: optionalNumberIn(row, "fresh_at_ms"),
    from: { minute: numberIn(row, "minute_from"), hour: numberIn(row, "hour_from"), day: numberIn(row, "day_from") },
  };
}

/** A list as Postgres reads it; numbers only. */
export function numberList(values: ArrayLike<number | bigint>): string {
  return `{${Array.prototype.join.call(values, ",")}}`;
}

/** Numbers of the keys in the catalog, made where missing; outside a transaction, so that a rollback leaves what is remembered true. */
export async function resolveKeys(sql: Sql, keys: readonly RollupKey[]): Promise<readonly number[]> {
  if (keys.length === 0) return [];
  const values = (["platform", "source", "language", "sensitivity", "region", "term"] as const).map((field) => keys.map((key) => key[field]));
  const given = "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) with ordinality as g(platform, source, language, sensitivity, region, term, place)";
  await sql.query(
    `insert into rollup_key (platform, source, language, sensitivity, region, term)
    select platform, source, language, sensitivity, region, term from ${given} order by place on conflict do nothing`,
    values,
  );
  const { rows } = await sql.query(`select k.id from ${given} join rollup_key k using (platform, source, language, sensitivity, region, term) order by g.place`, values);
  if (rows.length !== keys.length) throw new EarshotError("INVARIANT", `rollups: expected ${keys.length} keys, came ${rows.length}`);
  return rows.map((row) => numberIn(row, "id"));
}

export async function readPositions(sql: Sql, lock: boolean): Promise<Map<number, StorePosition>> {
  const { rows } = await sql.query(`select partition, next_offset, from_offset, from_index, generation from rollup_position${lock ? " for update" : ""}`);
  return new Map(
    rows.map((row) => [
      numberIn(row, "partition"),
      { offset: numberIn(row, "next_offset"), from: { offset: numberIn(row, "from_offset"), index: numberIn(row, "from_index") }, generation: numberIn(row, "generation") },
    ]),
  );
}

export async function readRemovedSources(sql: Sql): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query("select source from rollup_removed_source");
  return new Set(rows.map((row) => textIn(row, "source")));
}

export interface FlushInput {
  readonly batch: RollupBatch;
  readonly keys: readonly RollupKey[];
  /** Catalog number of each key. */
  readonly ids: ArrayLike<number>;
  readonly positions: StorePositions;
  /** What the catalog must hold for the partitions of `positions`, or another process has applied in between. */
  readonly expected: StorePositions;
}

/** Sums, authors and positions in one transaction. @throws STORE_UNAVAILABLE when another process has moved a position */
export async function writeBatch(sql: Sql, input: FlushInput): Promise<void> {
  const { batch } = input;
  await sql.transaction(async (inside) => {
    const state = await lockState(inside);
    const durable = await readPositions(inside, false);
    for (const partition of input.positions.keys()) {
      if ((durable.get(partition)?.offset ?? 0) === (input.expected.get(partition)?.offset ?? 0)) continue;
      throw new EarshotError("STORE_UNAVAILABLE", `rollups: another process applies partition ${partition}`);
    }
    const removed = await readRemovedSources(inside);
    const isKept = keepsOf(input.keys, removed);
    if (batch.cells.size > 0) {
      let level = minuteLevel(batch, input.ids, isKept);
      for (const grain of grains) {
        if (grain !== "minute") level = coarser(level, grain === "hour" ? 60 : 24);
        await upsert(inside, grain, level, state.from[grain]);
      }
    }
    const deltas = encodeDeltas(batch.authors, input.ids, isKept, state.from.hour);
    if (deltas.length > 0) await inside.query("insert into rollup_author_journal (deltas) values ($1)", [deltas]);
    await writePositions(inside, input.positions);
    if (batch.freshAt !== undefined) await inside.query("update rollup_state set fresh_at_ms = greatest(fresh_at_ms, $1::bigint)", [Math.round(batch.freshAt)]);
  });
}

function keepsOf(keys: readonly RollupKey[], removed: ReadonlySet<string>): (key: number) => boolean {
  if (removed.size === 0) return () => true;
  return (key) => !removed.has(keys[key]?.source ?? "");
}

async function writePositions(sql: Sql, positions: StorePositions): Promise<void> {
  const list = [...positions];
  await sql.query(
    `insert into rollup_position select * from unnest($1::int[], $2::bigint[], $3::bigint[], $4::int[], $5::int[])
     on conflict (partition) do update set next_offset = excluded.next_offset, from_offset = excluded.from_offset, from_index = excluded.from_index, generation = excluded.generation`,
    [
      numberList(list.map(([partition]) => partition)),
      numberList(list.map(([, at]) => at.offset)),
      numberList(list.map(([, at]) => at.from.offset)),
      numberList(list.map(([, at]) => at.from.index)),
      numberList(list.map(([, at]) => at.generation)),
    ],
  );
}

/** Buckets of one grain, ascending by start and key (the order of the index), with `width` sums each. */
interface Level {
  readonly starts: Int32Array;
  readonly keys: Int32Array;
  readonly sums: Float64Array;
  readonly count: number;
}

function minuteLevel(batch: RollupBatch, ids: ArrayLike<number>, isKept: (key: number) => boolean): Level {
  const order = new Float64Array(batch.cells.size);
  const places = new Map<number, number>();
  let count = 0;
  for (const [cell, at] of batch.cells) {
    const key = cell % keyRoom;
    if (!isKept(key)) continue;
    const name = cell - key + (ids[key] ?? 0);
    order[count++] = name;
    places.set(name, at);
  }
  const sorted = order.subarray(0, count).sort();
  const level = makeLevel(count);
  for (let i = 0; i < count; i++) {
    const name = sorted[i] ?? 0;
    const key = name % keyRoom;
    level.keys[i] = key;
    level.starts[i] = (name - key) / keyRoom;
    const at = places.get(name) ?? 0;
    level.sums.set(batch.sums.subarray(at, at + width), i * width);
  }
  return level;
}

function makeLevel(count: number): Level {
  return { starts: new Int32Array(count), keys: new Int32Array(count), sums: new Float64Array(count * width), count };
}

function coarser(fine: Level, factor: number): Level {
  const places = new Map<number, number>();
  const names = new Float64Array(fine.count);
  const sums = new Float64Array(fine.count * width);
  let count = 0;
  for (let i = 0; i < fine.count; i++) {
    const name = Math.floor((fine.starts[i] ?? 0) / factor) * keyRoom + (fine.keys[i] ?? 0);
    let place = places.get(name);
    if (place === undefined) {
      place = count++;
      places.set(name, place);
      names[place] = name;
    }
    for (let figure = 0; figure < width; figure++) sums[place * width + figure] = (sums[place * width + figure] ?? 0) + (fine.sums[i * width + figure] ?? 0);
  }
  const level = makeLevel(count);
  const sorted = names.subarray(0, count).sort();
  for (let i = 0; i < count; i++) {
    const name = sorted[i] ?? 0;
    const key = name % keyRoom;
    level.keys[i] = key;
    level.starts[i] = (name - key) / keyRoom;
    const at = (places.get(name) ?? 0) * width;
    level.sums.set(sums.subarray(at, at + width), i * width);
  }
  return level;
}

const parameters = ["int", "int", ...figureTypes].map((type, i) => `$${i + 1}::${type}[]`).join(", ");
const additions = figures.map((figure) => `${figure} = b.${figure} + excluded.${figure}`).join(", ");

async function upsert(sql: Sql, grain: Grain, level: Level, keptFrom: number): Promise<void> {
  const columns: number[][] = Array.from({ length: 2 + width }, () => []);
  const emptied: [number[], number[]] = [[], []];
  for (let i = 0; i < level.count; i++) {
    const start = level.starts[i] ?? 0;
    const at = i * width;
    if (start < keptFrom || isZero(level.sums, at)) continue;
    columns[0]?.push(start);
    columns[1]?.push(level.keys[i] ?? 0);
    for (let figure = 0; figure < width; figure++) columns[2 + figure]?.push(level.sums[at + figure] ?? 0);
    if ((level.sums[at] ?? 0) < 0) {
      emptied[0].push(start);
      emptied[1].push(level.keys[i] ?? 0);
    }
  }
  if (columns[0]?.length === 0) return;
  await sql.query(
    `insert into rollup_${grain} as b (start, key, ${figures.join(", ")}) select * from unnest(${parameters}) on conflict (start, key) do update set ${additions}`,
    columns.map(numberList),
  );
  if (emptied[0].length === 0) return;
  await sql.query(
    `delete from rollup_${grain} b using unnest($1::int[], $2::int[]) as gone(start, key) where b.start = gone.start and b.key = gone.key and b.posts = 0`,
    emptied.map(numberList),
  );
}

function isZero(sums: Float64Array, at: number): boolean {
  for (let figure = 0; figure < width; figure++) if (sums[at + figure] !== 0) return false;
  return true;
}

// ---- the journal of authors: hour int32, key int32, author's hash 8 bytes, +1 or -1 ----

export const deltaBytes = 17;

function encodeDeltas(authors: AuthorDeltas, ids: ArrayLike<number>, isKept: (key: number) => boolean, keptFrom: number): Buffer {
  const bytes = Buffer.allocUnsafe(authors.count * deltaBytes);
  let at = 0;
  for (let i = 0; i < authors.count; i++) {
    const key = authors.keys[i] ?? 0;
    const hour = authors.hours[i] ?? 0;
    if (hour < keptFrom || !isKept(key)) continue;
    bytes.writeInt32BE(hour, at);
    bytes.writeInt32BE(ids[key] ?? 0, at + 4);
    bytes.writeBigUInt64BE(authors.hashes[i] ?? 0n, at + 8);
    bytes.writeInt8(authors.signs[i] ?? 0, at + 16);
    at += deltaBytes;
  }
  return bytes.subarray(0, at);
}

/** Net change of posts by author, by bucket (hour × `keyRoom` + key). */
export type BucketDeltas = Map<number, Map<bigint, number>>;

export function decodeDeltas(rows: readonly Readonly<Record<string, unknown>>[]): BucketDeltas {
  const buckets: BucketDeltas = new Map();
  for (const row of rows) {
    const bytes = bytesIn(row, "deltas");
    for (let at = 0; at + deltaBytes <= bytes.length; at += deltaBytes) {
      const name = bytes.readInt32BE(at) * keyRoom + bytes.readInt32BE(at + 4);
      let authors = buckets.get(name);
      if (authors === undefined) buckets.set(name, (authors = new Map<bigint, number>()));
      const hash = bytes.readBigUInt64BE(at + 8);
      const net = (authors.get(hash) ?? 0) + bytes.readInt8(at + 16);
      if (net === 0) authors.delete(hash);
      else authors.set(hash, net);
    }
  }
  return buckets;
}
