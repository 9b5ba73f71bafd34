import type { AuthorId, PostId } from "../core/ids.ts";
import { authorKey, lakeFormat, overlaidColumns, postColumns, timeLiteral, uuidLiteral } from "./lake-columns.ts";
import { quoted, quotedList } from "./lake-engine.ts";
import type { LakeFile, LakeRule, LakeState } from "./lake-manifest.ts";

/** What a read may leave out by the manifest alone. */
export interface LakeSpan {
  /** createdAt, milliseconds UTC: from inclusive, to exclusive. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly platforms?: readonly string[];
  /** Only the author's bucket of each date is read. */
  readonly author?: AuthorId;
}

export interface LakeView {
  /** Files of posts that are read. */
  readonly files: readonly LakeFile[];
  /** Statement prefix `WITH …` that defines `visible`: the columns of posts as they now stand, and `file` where asked for. */
  readonly with: string;
}

export interface ViewOptions {
  readonly folder: string;
  readonly span?: LakeSpan;
  /** Posts files to read instead of those that the span selects. */
  readonly files?: readonly LakeFile[];
  /** Removed since the newest commit. */
  readonly hidden?: Iterable<PostId>;
  /** Gives what is hidden instead of what is shown. */
  readonly inverted?: boolean;
  /** Adds the column `file`: the path that DuckDB read. */
  readonly withFile?: boolean;
  /** A condition on `p`, the rows as stored: only what no later change alters. */
  readonly where?: string;
  /** A condition on the patches that may matter. */
  readonly patchWhere?: string;
  /** Only which posts are there matters: later counts and terms are not read. */
  readonly asStored?: boolean;
}

export const authorBuckets = 8;

/** Bucket of an author among `buckets` (1 or 8): the highest bits of the first byte. */
export function bucketOf(author: AuthorId, buckets: number): number {
  const [first = 0] = Buffer.from(author.slice(author.indexOf("_") + 1), "base64url");
  return Math.floor((first * buckets) / 256);
}

export const bucketSql = "(strpos('0123456789abcdef', left(author::VARCHAR, 1)) - 1) // 2";

export function filesInSpan(state: LakeState, dataset: LakeFile["dataset"], span: LakeSpan = {}): readonly LakeFile[] {
  const { fromMs = -Infinity, toMs = Infinity, platforms, author } = span;
  return state.files.filter(
    (file) =>
      file.dataset === dataset &&
      file.toMs >= fromMs &&
      file.fromMs < toMs &&
      (file.level === 0 || platforms === undefined || platforms.includes(file.platform)) &&
      (author === undefined || file.buckets === 1 || file.bucket === bucketOf(author, file.buckets)),
  );
}

/** The WHERE conditions of a span, on the columns of posts or patches. */
export function spanConditions(span: LakeSpan, prefix = ""): string[] {
  return [
    ...(span.fromMs === undefined || span.fromMs === -Infinity ? [] : [`${prefix}created_at >= ${timeLiteral(span.fromMs)}`]),
    ...(span.toMs === undefined || span.toMs === Infinity ? [] : [`${prefix}created_at < ${timeLiteral(span.toMs)}`]),
    ...(span.platforms === undefined ? [] : [span.platforms.length === 0 ? "false" : `${prefix}platform IN (${span.platforms.map(quoted).join(", ")})`]),
  ];
}

/** Builds the statement that reads the lake as it stands: whole files, minus what is gone, with later counts and terms. */
export function makeView(state: LakeState, options: ViewOptions): LakeView {
  const span = options.span ?? {};
  const files = options.files ?? filesInSpan(state, "posts", span);
  const lowestSeq = files.reduce((lowest, file) => Math.min(lowest, file.seq), Infinity);
  const range = options.files === undefined ? span : { fromMs: lowestOf(files), toMs: highestOf(files) + 1 };
  const patches = filesInSpan(state, "patches", { ...(range.fromMs !== undefined && { fromMs: range.fromMs }), ...(range.toMs !== undefined && { toMs: range.toMs }) }).filter(
    (file) => file.seq > lowestSeq,
  );
  const rules = state.rules.filter((rule) => rule.seq > lowestSeq);
  const conditions = [...(options.files === undefined ? spanConditions(span, "p.") : []), ...(options.where === undefined ? [] : [options.where])];
  const hiding = [...rulesHiding(rules), ...hiddenIds(options.hidden)];
  const joins: string[] = [];
  const parts: string[] = [];

  parts.push(`raw AS (SELECT * ${options.withFile ? "EXCLUDE (filename), filename AS file" : ""} FROM ${readFiles(options.folder, files, options.withFile ?? false)})`);
  if (patches.length > 0) {
    const over = overlaidColumns.map((column) => `, arg_max(${column}, seq) FILTER (seq IS NOT NULL) AS ${column}`);
    const within = [...spanConditions(range), ...(options.patchWhere === undefined ? [] : [options.patchWhere]), ...(options.asStored === true ? ["gone_seq IS NOT NULL"] : [])];
    parts.push(`patch AS (SELECT id AS patch_id, max(gone_seq) AS gone_seq, max(seq) AS patch_seq${options.asStored === true ? "" : over.join("")}
      FROM ${readList(options.folder, patches)} ${within.length > 0 ? `WHERE ${within.join(" AND ")}` : ""} GROUP BY id)`);
    joins.push("LEFT JOIN patch c ON c.patch_id = p.id");
    hiding.push("coalesce(c.gone_seq > p.seq, false)");
  }
  const hidden = hiding.length === 0 ? "false" : `(${hiding.join(" OR ")})`;
  conditions.push(options.inverted ? hidden : `NOT ${hidden}`);
  parts.push(
    `visible AS (SELECT ${patches.length > 0 && options.asStored !== true ? `p.* REPLACE (${replaced()})` : "p.*"} FROM raw p ${joins.join(" ")} WHERE ${conditions.join(" AND ")})`,
  );
  return { files, with: `WITH ${parts.join(",\n")}` };
}

function replaced(): string {
  const newer = "coalesce(c.patch_seq > p.seq, false)";
  const over = overlaidColumns.map((column) => `CASE WHEN ${newer} THEN c.${column} ELSE p.${column} END AS ${column}`);
  // A patch knows the label alone; the score holds as long as the label does.
  const score = `CASE WHEN ${newer} AND c.sentiment IS DISTINCT FROM p.sentiment THEN NULL ELSE p.sentiment_score END AS sentiment_score`;
  return [...over, score].join(", ");
}

function rulesHiding(rules: readonly LakeRule[]): string[] {
  const hiding: string[] = [];
  const authors: string[] = [];
  for (const { seq, author, source, upToMs } of rules) {
    const upTo = upToMs === undefined ? "'infinity'::TIMESTAMP" : timeLiteral(upToMs);
    if (author !== undefined) authors.push(`(${uuidLiteral(author)}, ${authorKey(author)}, ${seq}::BIGINT, ${upTo})`);
    else hiding.push(`(p.seq < ${seq}${source === undefined ? "" : ` AND p.source = ${quoted(source)}`} AND p.created_at <= ${upTo})`);
  }
  if (authors.length > 0) {
    hiding.push(`EXISTS (SELECT 1 FROM (VALUES ${authors.join(", ")}) r(author, author_key, seq, up_to)
      WHERE r.author = p.author AND r.author_key = p.author_key AND p.seq < r.seq AND p.created_at <= r.up_to)`);
  }
  return hiding;
}

function hiddenIds(hidden: Iterable<PostId> | undefined): string[] {
  const ids = hidden === undefined ? [] : [...hidden];
  return ids.length === 0 ? [] : [`p.id IN (${ids.map(uuidLiteral).join(", ")})`];
}

/** A table expression over posts files, with all columns of the newest format. */
export function readFiles(folder: string, files: readonly LakeFile[], withFile = false): string {
  const columns = Object.entries(postColumns).map(([name, type]) => `NULL::${type} AS ${name}`);
  const none = `SELECT ${columns.join(", ")}${withFile ? ", NULL::VARCHAR AS filename" : ""} WHERE false`;
  if (files.length === 0) return `(${none})`;
  const list = readList(folder, files, withFile);
  return files.some(isOlder) ? `(SELECT * FROM ${list} UNION ALL BY NAME ${none})` : list;
}

/** Files of an older format lack columns; asking for the union costs a look into each footer, so it is asked for only then. */
function isOlder(file: LakeFile): boolean {
  return file.format !== lakeFormat;
}

export function readList(folder: string, files: readonly LakeFile[], withFile = false): string {
  const paths = files.map((file) => `${folder}/${file.path}`);
  const union = files.some(isOlder) ? ", union_by_name = true" : "";
  return `read_parquet(${quotedList(paths)}, hive_partitioning = false${union}${withFile ? ", filename = true" : ""})`;
}

function lowestOf(files: readonly LakeFile[]): number {
  return files.reduce((lowest, file) => Math.min(lowest, file.fromMs), Infinity);
}

function highestOf(files: readonly LakeFile[]): number {
  return files.reduce((highest, file) => Math.max(highest, file.toMs), -Infinity);
}
