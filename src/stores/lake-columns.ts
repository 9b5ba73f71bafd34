import { EarshotError } from "../core/errors.ts";
import { type AuthorId, authorIdFrom, isAuthorId, isPostId, type PostId, postIdFrom } from "../core/ids.ts";

/** Written as `earshot.format` into each file's key-value metadata. Additive changes raise it; readers fill what is missing with null. */
export const lakeFormat = 1;

/** Columns of `posts`, in order, with DuckDB's types. Ids are the 16 bytes behind ours, as UUIDs; times UTC without a zone. */
export const postColumns = {
  id: "UUID",
  author: "UUID",
  author_key: "INTEGER",
  platform: "VARCHAR",
  source: "VARCHAR",
  created_at: "TIMESTAMP_MS",
  received_at: "TIMESTAMP_MS",
  edited_at: "TIMESTAMP_MS",
  revision: "BIGINT",
  text: "VARCHAR",
  language: "VARCHAR",
  sentiment: "VARCHAR",
  sentiment_score: "DOUBLE",
  terms: "VARCHAR[]",
  hashtags: "VARCHAR[]",
  mentions: "VARCHAR[]",
  links: "VARCHAR[]",
  reply_to: "UUID",
  root: "UUID",
  reshare_of: "UUID",
  quote_of: "UUID",
  likes: "BIGINT",
  shares: "BIGINT",
  replies: "BIGINT",
  views: "BIGINT",
  sensitivity: "VARCHAR",
  region: "VARCHAR",
  media: "VARCHAR",
  pii: "VARCHAR",
  notes: "VARCHAR",
  extra: "VARCHAR",
  seq: "BIGINT",
} as const;
export type PostColumn = keyof typeof postColumns;

/** What a later change may alter without the body: a patch carries all of it. */
export const overlaidColumns = ["language", "sentiment", "terms", "likes", "shares", "replies", "views", "sensitivity", "region"] as const satisfies readonly PostColumn[];

/** Columns of `patches`. gone_seq: rows below it are gone. seq: the overlaid columns hold for rows below it. */
export const patchColumns = {
  id: "UUID",
  platform: "VARCHAR",
  created_at: "TIMESTAMP_MS",
  gone_seq: "BIGINT",
  seq: "BIGINT",
  language: "VARCHAR",
  sentiment: "VARCHAR",
  terms: "VARCHAR[]",
  likes: "BIGINT",
  shares: "BIGINT",
  replies: "BIGINT",
  views: "BIGINT",
  sensitivity: "VARCHAR",
  region: "VARCHAR",
} as const;

const hex = (bytes: Buffer): string => bytes.toString("hex");

/** A SQL literal of the 16 bytes behind an id. */
export function uuidLiteral(id: PostId | AuthorId): string {
  if (!isPostId(id) && !isAuthorId(id)) throw new EarshotError("INVARIANT", `lake: an id was expected, came ${JSON.stringify(id)}`);
  return `'${hex(Buffer.from(id.slice(id.indexOf("_") + 1), "base64url"))}'::UUID`;
}

/** Version of the key that an AuthorId was made with. */
export function authorKey(author: AuthorId): number {
  return Number(author.slice(1, author.indexOf("_")));
}

/** @param uuid as DuckDB prints it */
export function postIdOf(uuid: string): PostId {
  return postIdFrom(Buffer.from(uuid.replaceAll("-", ""), "hex"));
}

export function authorIdOf(uuid: string, key: number): AuthorId {
  return authorIdFrom(key, Buffer.from(uuid.replaceAll("-", ""), "hex"));
}

/** A SQL literal of a time. @param ms milliseconds UTC */
export function timeLiteral(ms: number): string {
  return `make_timestamp_ms(${Math.trunc(ms)})`;
}

/** COPY options of every file that the lake writes. Row groups of ten vectors: a search hit's body costs one of them. */
export const parquetOptions = `FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE 20480, RETURN_STATS, KV_METADATA {'earshot.format': '${lakeFormat}'}`;
