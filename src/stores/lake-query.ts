import type { Sentiment } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { authorKey, uuidLiteral } from "./lake-columns.ts";
import { quoted } from "./lake-engine.ts";
import type { LakeSpan } from "./lake-view.ts";

/** Which posts. Every given field must hold; an empty list matches nothing. */
export interface LakeQuery {
  /** What the reader may see at all. */
  readonly filter?: ReadFilter;
  /** createdAt, milliseconds UTC: from inclusive, to exclusive. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly platforms?: readonly string[];
  readonly sources?: readonly string[];
  readonly languages?: readonly string[];
  /** "none": not scored. */
  readonly sentiments?: readonly (Sentiment["label"] | "none")[];
  /** Any of them. */
  readonly terms?: readonly string[];
  readonly author?: AuthorId;
  readonly ids?: readonly PostId[];
  /** Further conditions, as `lakeCondition` gives them. */
  readonly condition?: string;
}

export interface CompiledQuery {
  readonly span: LakeSpan;
  /** On rows as stored; nothing that a later change may alter. */
  readonly where?: string;
  /** On what the rows now are. */
  readonly shown: string;
}

export function compileLakeQuery(query: LakeQuery): CompiledQuery {
  const { filter = {}, fromMs, toMs, author, ids } = query;
  const platforms = both(query.platforms, filter.platforms);
  const sources = both(query.sources, filter.sources);
  const stored = [
    ...(sources === undefined ? [] : [oneOf("p.source", sources)]),
    ...(author === undefined ? [] : [`p.author = ${uuidLiteral(author)} AND p.author_key = ${authorKey(author)}`]),
    ...(ids === undefined ? [] : [ids.length === 0 ? "false" : `p.id IN (${ids.map(uuidLiteral).join(", ")})`]),
  ];
  const shown = [
    ...(filter.sensitivities === undefined ? [] : [oneOf("sensitivity", filter.sensitivities)]),
    ...(filter.regions === undefined ? [] : [oneOf("region", filter.regions)]),
    ...(query.languages === undefined ? [] : [oneOf("language", query.languages)]),
    ...(query.sentiments === undefined ? [] : [oneOf("coalesce(sentiment, 'none')", query.sentiments)]),
    ...(query.condition === undefined ? [] : [`(${query.condition})`]),
    ...[query.terms, filter.terms].flatMap((terms) => (terms === undefined ? [] : [`list_has_any(terms, [${terms.map(quoted).join(", ")}]::VARCHAR[])`])),
  ];
  return {
    span: { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }), ...(platforms !== undefined && { platforms }), ...(author !== undefined && { author }) },
    ...(stored.length > 0 && { where: stored.join(" AND ") }),
    shown: shown.length === 0 ? "true" : shown.join(" AND "),
  };
}

/** What both lists allow; absent: all. */
function both(one: readonly string[] | undefined, other: readonly string[] | undefined): readonly string[] | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : one.filter((value) => other.includes(value));
}

function oneOf(column: string, values: readonly string[]): string {
  return values.length === 0 ? "false" : `${column} IN (${values.map(quoted).join(", ")})`;
}

export const lakeDimensions = ["platform", "source", "language", "sentiment", "term", "sensitivity", "region", "hashtag", "entity", "hour-of-week"] as const;
export type LakeDimension = (typeof lakeDimensions)[number];

export interface LakeGroup {
  /** Start of the bucket, milliseconds UTC; 0 without buckets. */
  readonly at: number;
  /** "none" for not scored and for no term, "" for no linked name. A post of two terms or hashtags counts under both; one without hashtags under none. hour-of-week: 1-00 (Monday) to 7-23. */
  readonly keys: Readonly<Partial<Record<LakeDimension, string>>>;
  readonly posts: number;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  /** 0 where they were not to be counted. */
  readonly authors: number;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  readonly views: number;
}

export interface LakeGrouping {
  readonly by: readonly LakeDimension[];
  /** Length of a bucket of createdAt; absent: one bucket. */
  readonly everyMs?: number;
  /** Values of the first dimension that are told, those with the most posts over all the time; absent: all. */
  readonly top?: number;
  /** Leaves out what is not needed: distinct authors cost more than sums. */
  readonly withoutAuthors?: boolean;
}

/** Names of dimensions that are no columns. */
const dimensionSql: Partial<Record<LakeDimension, string>> = {
  hashtag: "strip_accents(lower(hashtag))",
  entity: "coalesce(entity, '')",
  // 1970-01-01 was a Thursday.
  "hour-of-week": "((epoch_ms(created_at) // 3600000 + 72) % 168)::VARCHAR",
};

/** 1-00 (Monday, midnight) to 7-23, of what the SQL gives: hours since Monday. */
export function hourName(hours: string): string {
  return `${Math.floor(Number(hours) / 24) + 1}-${String(Number(hours) % 24).padStart(2, "0")}`;
}

/** Entries of the register of names that a post's names are linked to, once each link. */
export const linkedNames = "json_extract_string(coalesce(notes, '{}'), '$.entities.spans[*].link.entity')";

const dayMs = 86_400_000;
const labels = ["negative", "neutral", "positive"] as const;
const counts = ["likes", "shares", "replies", "views"] as const;

/**
 * Rows are grouped as they are stored, by label and by hashtags as they are written, and the groups are then turned: a tenth of the
 * comparisons of texts and of the folding of letters. Where authors are wanted rows are folded, since authors of two groups do not add up.
 * @param prefix WITH …, which defines `visible`
 */
export function groupSelect({ by, everyMs, top, withoutAuthors }: LakeGrouping, shown: string, prefix: string): string {
  const isTurned = withoutAuthors === true;
  const names = by.map((dimension) => `"${dimension}"`);
  const foldLater = (dimension: LakeDimension) => isTurned && dimension === "hashtag";
  const keys = by.map((dimension, index) => `coalesce(${foldLater(dimension) ? dimension : (dimensionSql[dimension] ?? dimension)}, 'none') AS ${names[index]}`);
  const folded = by.map((dimension, index) => (foldLater(dimension) ? `${dimensionSql[dimension]} AS ${names[index]}` : (names[index] ?? "")));
  const isDay = everyMs === dayMs;
  const bucket = everyMs === undefined ? "0" : isDay ? "created_at::DATE" : `epoch_ms(created_at) // ${Math.trunc(everyMs)}`;
  const at = everyMs === undefined ? "0::DOUBLE" : isDay ? "epoch_ms(bucket)::DOUBLE" : `(bucket * ${Math.trunc(everyMs)})::DOUBLE`;
  const lists = [
    ...(by.includes("term") ? ["unnest(CASE WHEN len(terms) = 0 THEN [NULL] ELSE terms END) AS term"] : []),
    ...(by.includes("entity") ? [`unnest(CASE WHEN len(${linkedNames}) = 0 THEN [NULL] ELSE list_distinct(${linkedNames}) END) AS entity`] : []),
    ...(by.includes("hashtag")
      ? ["unnest(CASE WHEN len(hashtags) < 2 THEN hashtags ELSE list_distinct(list_transform(hashtags, lambda tag: strip_accents(lower(tag)))) END) AS hashtag"]
      : []),
  ];
  const figures = isTurned
    ? ["sentiment AS label", "count(*) AS posts"]
    : ["count(*) AS posts", "count(DISTINCT (author, author_key)) AS authors", ...labels.map((label) => `count(*) FILTER (sentiment = '${label}') AS ${label}`)];
  const positions = (many: number) => Array.from({ length: many }, (_, index) => index + 1).join(", ");
  const sums = counts.map((count) => `sum(${count}) AS ${count}`);
  const grouped = `SELECT ${[`${bucket} AS bucket`, ...keys, ...figures, ...sums].join(", ")}
    FROM (SELECT ${["*", ...lists].join(", ")} FROM visible WHERE ${[shown, ...(by.includes("hashtag") ? ["len(hashtags) > 0"] : [])].join(" AND ")})
    GROUP BY ${positions(1 + by.length + (isTurned ? 1 : 0))}`;
  const turned = !isTurned
    ? "SELECT * FROM grouped"
    : `SELECT ${["bucket", ...folded, "sum(posts) AS posts", "0 AS authors", ...labels.map((label) => `coalesce(sum(posts) FILTER (label = '${label}'), 0) AS ${label}`), ...sums].join(", ")}
    FROM grouped GROUP BY ${positions(1 + by.length)}`;
  const [first] = names;
  const isTop = top !== undefined && first !== undefined;
  const best = isTop
    ? `, best AS (SELECT ${first}, count(*) OVER ()::DOUBLE AS "values" FROM turned GROUP BY ${first} ORDER BY sum(posts) DESC, ${first} LIMIT ${Math.trunc(top)})`
    : "";
  const told = ["posts", "authors", ...labels, ...counts].map((name) => `${name}::DOUBLE AS ${name}`);
  return `${prefix}, grouped AS (${grouped}), turned AS MATERIALIZED (${turned})${best}
    SELECT ${[`${at} AS at`, ...names, ...told, ...(isTop ? [`"values"`] : [])].join(", ")} FROM turned ${isTop ? `JOIN best USING (${first})` : ""} ORDER BY ALL`;
}

const textId = (prefix: string, column: string) => `${prefix} || rtrim(replace(replace(to_base64(unhex(replace(${column}::VARCHAR, '-', ''))), '+', '-'), '/', '_'), '=')`;
const optionalId = (column: string) => `CASE WHEN ${column} IS NOT NULL THEN ${textId("'p_'", column)} END AS ${column}`;

/** Each author once with each combination of what rollups are kept by; term "": whatever the terms. */
export const authorSelect = (shown: string): string =>
  `SELECT DISTINCT ${textId("'a' || author_key || '_'", "author")} AS author, source, language, sensitivity, region, unnest(list_append(terms, '')) AS term FROM visible WHERE ${shown}`;

/** The columns of an export: ids as the API writes them, times UTC. */
export const exportSelect = `${textId("'p_'", "id")} AS id, ${textId("'a' || author_key || '_'", "author")} AS author, platform, source,
  created_at, received_at, edited_at, revision, text, language, sentiment, sentiment_score, terms, hashtags, mentions, links,
  ${["reply_to", "root", "reshare_of", "quote_of"].map(optionalId).join(", ")}, likes, shares, replies, views, sensitivity, region, media, pii, notes, extra`;
