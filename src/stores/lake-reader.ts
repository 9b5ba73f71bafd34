import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import { type AuthorId, isAuthorId, type PostId } from "../core/ids.ts";
import { timeLiteral, uuidLiteral } from "./lake-columns.ts";
import { type LakeEngine, type LakeRow, numberOf, quoted } from "./lake-engine.ts";
import type { LakeFile, LakeState } from "./lake-manifest.ts";
import { authorSelect, compileLakeQuery, exportSelect, groupSelect, hourName, type LakeGroup, type LakeGrouping, type LakeQuery } from "./lake-query.ts";
import { parsePostRow, postSelect } from "./lake-rows.ts";
import { makeScanMeter } from "./lake-scan.ts";
import { bucketOf, filesInSpan, type LakeSpan, type LakeView, makeView, type ViewOptions } from "./lake-view.ts";

/** What a read cost; shown to users. */
export interface LakeScan {
  /** Of the column chunks that could not be left out. */
  readonly bytesScanned: number;
  readonly filesScanned: number;
  readonly filesTotal: number;
}

export interface WantedBody {
  readonly id: PostId;
  readonly createdAt: number;
  /** Where known, fewer files are read. */
  readonly author?: AuthorId;
  readonly platform?: string;
}

export interface LakeReader {
  /** Posts that are shown, and createdAt of the oldest. */
  extent(): Promise<{ readonly posts: number; readonly oldestAt?: number }>;
  /** Newest first. */
  posts(query: LakeQuery, limit: number): Promise<LakeScan & { readonly posts: readonly Post[] }>;
  /** Posts by id and exact createdAt, as the search knows them; those that are gone are left out. */
  bodies(wanted: readonly WantedBody[]): Promise<LakeScan & { readonly posts: ReadonlyMap<PostId, Post> }>;
  /** The file, row group and row that hold a post; undefined: none yet, or no longer. */
  place(wanted: WantedBody): Promise<{ readonly file: string; readonly rowGroup: number; readonly row: number } | undefined>;
  /** Counts and sums, exact to the last change that is in a file. */
  groups(query: LakeQuery, grouping: LakeGrouping): Promise<LakeScan & LakeGroups>;
  /** Who wrote in a time, by what rollups are kept by. */
  authors(query: LakeQuery): AsyncIterable<readonly LakeAuthor[]>;
  /** All posts of one snapshot, in no order, some thousands at a time; memory does not grow with their number. */
  all(query: LakeQuery): AsyncIterable<readonly Post[]>;
  /** Writes them to a file, ids as the API writes them; returns their number. The path is the caller's to make durable. */
  copyTo(query: LakeQuery, path: string, format: "parquet" | "csv" | "ndjson"): Promise<{ readonly posts: number }>;
}

export interface LakeGroups {
  readonly groups: readonly LakeGroup[];
  /** Of the first dimension, those that are not told included; absent where all are. */
  readonly values?: number;
}

/** An author with the key of a rollup under which posts of theirs stand; term "": whatever the terms. */
export interface LakeAuthor {
  readonly author: AuthorId;
  readonly source: string;
  readonly language: string;
  readonly sensitivity: string;
  readonly region: string;
  readonly term: string;
}

export interface ReaderOptions {
  readonly engine: LakeEngine;
  readonly folder: string;
  readonly load: () => Promise<LakeState>;
  /** Deleted since the last commit. */
  readonly hidden?: () => readonly PostId[];
  /** Keeps the files of a state on disk until the returned function is called. */
  readonly hold?: (state: LakeState) => () => void;
}

/** Tries of a read whose files were compacted away meanwhile. */
const readTries = 4;
const copyOptions = { parquet: "FORMAT parquet, COMPRESSION zstd", csv: "FORMAT csv, HEADER", ndjson: "FORMAT json" } as const;
const groupColumns = ["id", "seq", "created_at", "sentiment", "likes", "shares", "replies", "views"];
/** Columns that dimensions are read from, where they bear another name. */
const listColumns: Readonly<Record<string, string>> = { term: "terms", hashtag: "hashtags", entity: "notes", "hour-of-week": "created_at" };

export function makeLakeReader(options: ReaderOptions): LakeReader {
  const { engine, folder, hold = () => () => {} } = options;
  const meter = makeScanMeter(engine, folder);

  interface Reading {
    readonly view: (state: LakeState) => Omit<ViewOptions, "folder" | "hidden">;
    readonly spans: readonly LakeSpan[];
    readonly columns?: readonly string[];
  }

  /** Runs on one snapshot of the manifest; on the next when a file of it is gone. */
  async function read<T>(reading: Reading, run: (view: LakeView) => Promise<T>): Promise<LakeScan & { readonly value: T }> {
    for (let tried = 1; ; tried++) {
      const state = await options.load();
      const release = hold(state);
      try {
        const view = makeView(state, { ...reading.view(state), folder, hidden: options.hidden?.() ?? [] });
        const value = await run(view);
        const bytesScanned = await meter.bytes(view.files, reading.spans, reading.columns);
        return { value, bytesScanned, filesScanned: view.files.length, filesTotal: state.files.filter((file) => file.dataset === "posts").length };
      } catch (thrown) {
        const error = toEarshotError(thrown, "STORE_UNAVAILABLE", "lake");
        if (error.code !== "NOT_FOUND" || tried === readTries) throw error;
      } finally {
        release();
      }
    }
  }

  const rows =
    (select: (query: string) => string) =>
    (view: LakeView): Promise<LakeRow[]> =>
      engine.rows(select(view.with));
  const reading = (query: LakeQuery): Reading & { readonly shown: string } => {
    const { span, where, shown } = compileLakeQuery(query);
    return { view: () => ({ span, ...(where !== undefined && { where }) }), spans: [span], shown };
  };

  async function* streamed<T>(query: LakeQuery, select: (shown: string) => string, parse: (row: LakeRow) => T): AsyncGenerator<readonly T[]> {
    const { view, shown } = reading(query);
    const state = await options.load();
    const release = hold(state);
    try {
      const made = makeView(state, { ...view(state), folder, hidden: options.hidden?.() ?? [] });
      for await (const some of engine.stream(`${made.with} ${select(shown)}`)) yield some.map(parse);
    } finally {
      release();
    }
  }

  return {
    async extent() {
      const { value } = await read(
        { view: () => ({ asStored: true }), spans: [] },
        rows((prefix) => `${prefix} SELECT count(*) AS posts, epoch_ms(min(created_at)) AS oldest FROM visible`),
      );
      const oldest = value[0]?.["oldest"];
      return { posts: numberOf(value[0]?.["posts"]), ...(oldest !== null && oldest !== undefined && { oldestAt: numberOf(oldest) }) };
    },
    async posts(query, limit) {
      const { shown, ...what } = reading(query);
      const { value, ...scan } = await read(
        what,
        rows((prefix) => `${prefix} SELECT ${postSelect} FROM visible WHERE ${shown} ORDER BY visible.created_at DESC, visible.id LIMIT ${Math.max(0, Math.trunc(limit))}`),
      );
      return { ...scan, posts: value.map(parsePostRow) };
    },
    async bodies(wanted) {
      if (wanted.length === 0) return { posts: new Map(), bytesScanned: 0, filesScanned: 0, filesTotal: 0 };
      // Pairs, not two lists: row groups are left out by the time of each.
      const where = `(${wanted.map(({ id, createdAt }) => `(p.created_at = ${timeLiteral(createdAt)} AND p.id = ${uuidLiteral(id)})`).join(" OR ")})`;
      const patchWhere = `id IN (${wanted.map(({ id }) => uuidLiteral(id)).join(", ")})`;
      const view = (state: LakeState) => ({ files: filesInSpan(state, "posts").filter((file) => wanted.some((one) => mayHold(file, one))), where, patchWhere });
      const spans = wanted.map(({ createdAt }) => ({ fromMs: createdAt, toMs: createdAt + 1 }));
      const { value, ...scan } = await read(
        { view, spans },
        rows((prefix) => `${prefix} SELECT ${postSelect} FROM visible`),
      );
      return { ...scan, posts: new Map(value.map(parsePostRow).map((post) => [post.id, post])) };
    },
    async place(wanted) {
      const where = `p.created_at = ${timeLiteral(wanted.createdAt)} AND p.id = ${uuidLiteral(wanted.id)}`;
      const view = (state: LakeState) => ({ files: filesInSpan(state, "posts").filter((file) => mayHold(file, wanted)), where, withFile: true, asStored: true });
      const { value } = await read({ view, spans: [] }, async (made) => {
        const [found] = await engine.rows(`${made.with} SELECT file FROM visible LIMIT 1`);
        if (found === undefined) return undefined;
        const file = String(found["file"]);
        const source = `read_parquet(${quoted(file)}, file_row_number = true, hive_partitioning = false)`;
        const [row] = await engine.rows(`SELECT file_row_number::DOUBLE AS row FROM ${source} WHERE id = ${uuidLiteral(wanted.id)} ORDER BY seq DESC LIMIT 1`);
        if (row === undefined) return undefined;
        const at = numberOf(row["row"]);
        const groups = await engine.rows(
          `SELECT row_group_id::DOUBLE AS number, any_value(row_group_num_rows)::DOUBLE AS rows FROM parquet_metadata(${quoted(file)}) GROUP BY 1 ORDER BY 1`,
        );
        let before = 0;
        let rowGroup = 0;
        for (const group of groups) {
          rowGroup = numberOf(group["number"]);
          before += numberOf(group["rows"]);
          if (at < before) break;
        }
        return { file: file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file, rowGroup, row: at };
      });
      return value;
    },
    async groups(query, grouping) {
      const { shown, ...what } = reading(query);
      const columns = [
        ...groupColumns,
        ...(grouping.withoutAuthors === true ? [] : ["author", "author_key"]),
        ...grouping.by.map((dimension) => listColumns[dimension] ?? dimension),
      ];
      const { value, ...scan } = await read(
        { ...what, columns },
        rows((prefix) => groupSelect(grouping, shown, prefix)),
      );
      const groups = value.map((row) => groupOf(row, grouping));
      return { ...scan, groups, ...(grouping.top !== undefined && { values: numberOf(value[0]?.["values"] ?? 0) }) };
    },
    authors: (query) => streamed(query, authorSelect, parseAuthorRow),
    all: (query) => streamed(query, (shown) => `SELECT ${postSelect} FROM visible WHERE ${shown}`, parsePostRow),
    async copyTo(query, path, format) {
      const { shown, ...what } = reading(query);
      const { value } = await read(
        what,
        rows((prefix) => `COPY (${prefix} SELECT ${exportSelect} FROM visible WHERE ${shown} ORDER BY visible.created_at) TO ${quoted(path)} (${copyOptions[format]})`),
      );
      return { posts: numberOf(value[0]?.["Count"]) };
    },
  };
}

function parseAuthorRow(row: LakeRow): LakeAuthor {
  const text = (column: string) => String(row[column]);
  const author = text("author");
  if (!isAuthorId(author)) throw new EarshotError("STORE_CORRUPT", `lake: an author was expected, came ${author.slice(0, 40)}`);
  return { author, source: text("source"), language: text("language"), sensitivity: text("sensitivity"), region: text("region"), term: text("term") };
}

function mayHold(file: LakeFile, { createdAt, author, platform }: WantedBody): boolean {
  return (
    file.fromMs <= createdAt &&
    file.toMs >= createdAt &&
    (file.level === 0 || platform === undefined || file.platform === platform) &&
    (file.buckets === 1 || author === undefined || file.bucket === bucketOf(author, file.buckets))
  );
}

function groupOf(row: LakeRow, { by }: LakeGrouping): LakeGroup {
  const keys: Partial<Record<LakeGrouping["by"][number], string>> = {};
  for (const dimension of by) keys[dimension] = dimension === "hour-of-week" ? hourName(String(row[dimension])) : String(row[dimension]);
  const sum = (column: string): number => {
    const value = row[column];
    if (typeof value !== "number") throw new EarshotError("STORE_CORRUPT", `lake group ${column}: a number was expected, came ${typeof value}`);
    return value;
  };
  const [negative, neutral, positive] = [sum("negative"), sum("neutral"), sum("positive")];
  const counts = { likes: sum("likes"), shares: sum("shares"), replies: sum("replies"), views: sum("views") };
  return { at: sum("at"), keys, posts: sum("posts"), authors: sum("authors"), negative, neutral, positive, ...counts };
}
