import type { DuckDBConnection } from "@duckdb/node-api";
import type { Change, Contribution, Post } from "../core/event.ts";
import type { PostId } from "../core/ids.ts";
import { authorKey } from "./lake-columns.ts";
import { quoted, quotedList } from "./lake-engine.ts";
import { type Codes, double, integer, listSeparator, makeCodes, makeStageTable, text, uuid, type StagedPatch, type StageTable } from "./lake-stage.ts";

const stagedPost = {
  n: integer(0),
  id: uuid(1),
  author: uuid(2),
  author_key: integer(3),
  platform: integer(4),
  source: integer(5),
  language: integer(6),
  sentiment: integer(7),
  sensitivity: integer(8),
  region: integer(9),
  created: double(10),
  received: double(11),
  edited: double(12),
  revision: double(13),
  score: double(14),
  likes: double(15),
  shares: double(16),
  replies: double(17),
  views: double(18),
  text: text(19),
  terms: text(20),
  hashtags: text(21),
  mentions: text(22),
  links: text(23),
  reply_to: uuid(24),
  root: uuid(25),
  reshare_of: uuid(26),
  quote_of: uuid(27),
  media: text(28),
  pii: text(29),
  notes: text(30),
  extra: text(31),
};

/** `n`: the staged post that it overlays, or -1 for one in an older file. */
const stagedPatch = {
  n: integer(0),
  id: uuid(1),
  platform: integer(2),
  created: double(3),
  gone: integer(4),
  overlays: integer(5),
  language: integer(6),
  sentiment: integer(7),
  sensitivity: integer(8),
  region: integer(9),
  likes: double(10),
  shares: double(11),
  replies: double(12),
  views: double(13),
  terms: text(14),
};

/** Changes that are not yet in a file: at most one row and one patch for each post, the last of them. */
export interface LakeBuffer {
  readonly changes: number;
  readonly sizeBytes: number;
  add(change: Change): void;
  /** Posts of older files that are deleted and not stored anew. */
  gone(): readonly PostId[];
  /** No more is added; what is staged can be written. */
  seal(): SealedBuffer;
  drop(): Promise<void>;
}

export interface SealedBuffer {
  /** Rows of the `posts` dataset, sorted; undefined when there are none. */
  posts(seq: number): string | undefined;
  patches(seq: number): string | undefined;
}

export async function openLakeBuffer(connection: DuckDBConnection, number: number): Promise<LakeBuffer> {
  const posts = await makeStageTable(connection, `posts_${number}`, stagedPost);
  const patchTable = await makeStageTable(connection, `patches_${number}`, stagedPatch);
  const codes = makeCodes();
  /** Row of the post as it now stands in this buffer; -1: it was here and is gone. */
  const rowOf = new Map<PostId, number>();
  const overlays = new Map<number, Contribution>();
  const patches = new Map<PostId, StagedPatch>();
  const dead: number[] = [];
  let changes = 0;
  let sizeBytes = 0;

  function addPost(id: PostId, post: Post, was: Contribution | undefined): void {
    const prior = rowOf.get(id);
    if (prior === undefined) {
      if (was !== undefined) patch(id, was, undefined, true);
    } else if (prior >= 0) bury(prior);
    rowOf.set(id, posts.rows);
    sizeBytes += stagePost(posts, codes, post);
  }

  function bury(row: number): void {
    dead.push(row);
    overlays.delete(row);
  }

  function patch(id: PostId, was: Contribution, is: Contribution | undefined, gone: boolean): void {
    const known = patches.get(id);
    if (known === undefined) {
      patches.set(id, { gone, was, is });
      sizeBytes += 200;
      return;
    }
    known.gone ||= gone;
    known.is = is;
  }

  return {
    get changes() {
      return changes;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    add(change) {
      changes++;
      const { id, was, is } = change;
      if (change.post !== undefined) {
        addPost(id, change.post, was);
        return;
      }
      const row = rowOf.get(id);
      if (is !== undefined) {
        if (row === undefined) patch(id, was ?? is, is, false);
        else if (row >= 0) overlays.set(row, is);
        return;
      }
      if (row !== undefined) {
        if (row >= 0) bury(row);
        rowOf.set(id, -1);
      } else if (was !== undefined) patch(id, was, undefined, true);
    },
    gone() {
      return [...patches].filter(([id, staged]) => staged.gone && (rowOf.get(id) ?? -1) < 0).map(([id]) => id);
    },
    seal() {
      for (const [row, is] of overlays) stagePatch(patchTable, codes, row, undefined, { gone: false, was: is, is });
      for (const [id, staged] of patches) stagePatch(patchTable, codes, -1, id, staged);
      posts.seal();
      patchTable.seal();
      return {
        posts: (seq) => (posts.rows === dead.length ? undefined : postsSelect(posts.name, patchTable.name, codes, seq, dead, overlays.size > 0)),
        patches: (seq) => (patches.size === 0 ? undefined : patchesSelect(patchTable.name, codes, seq)),
      };
    },
    async drop() {
      await posts.drop();
      await patchTable.drop();
    },
  };
}

/** Returns about how many bytes the row holds. */
function stagePost(table: StageTable, codes: Codes, post: Post): number {
  table.number(stagedPost.n, table.rows);
  table.uuid(stagedPost.id, post.id);
  table.uuid(stagedPost.author, post.author);
  table.number(stagedPost.author_key, authorKey(post.author));
  table.number(stagedPost.platform, codes.of(post.platform));
  table.number(stagedPost.source, codes.of(post.source));
  table.number(stagedPost.language, codes.of(post.language));
  table.number(stagedPost.sentiment, codes.of(post.sentiment?.label));
  table.number(stagedPost.sensitivity, codes.of(post.sensitivity));
  table.number(stagedPost.region, codes.of(post.region));
  table.number(stagedPost.created, post.createdAt);
  table.number(stagedPost.received, post.receivedAt);
  table.number(stagedPost.edited, post.editedAt ?? Number.NaN);
  table.number(stagedPost.revision, post.revision);
  table.number(stagedPost.score, post.sentiment?.score ?? Number.NaN);
  table.number(stagedPost.likes, post.counts.likes);
  table.number(stagedPost.shares, post.counts.shares);
  table.number(stagedPost.replies, post.counts.replies);
  table.number(stagedPost.views, post.counts.views);
  table.text(stagedPost.text, post.text);
  table.list(stagedPost.terms, post.terms);
  table.list(stagedPost.hashtags, post.hashtags);
  table.list(stagedPost.mentions, post.mentions);
  table.list(stagedPost.links, post.links);
  table.uuid(stagedPost.reply_to, post.replyTo);
  table.uuid(stagedPost.root, post.root);
  table.uuid(stagedPost.reshare_of, post.reshareOf);
  table.uuid(stagedPost.quote_of, post.quoteOf);
  const media = json(post.media);
  const extra = json(post.extra);
  table.text(stagedPost.media, media);
  table.text(stagedPost.pii, json(post.pii));
  table.text(stagedPost.notes, json(post.notes));
  table.text(stagedPost.extra, extra);
  table.endRow();
  let listed = 0;
  for (const link of post.links) listed += link.length;
  return 400 + post.text.length + listed + (media?.length ?? 0) + (extra?.length ?? 0);
}

function json(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function stagePatch(table: StageTable, codes: Codes, row: number, id: PostId | undefined, { gone, was, is }: StagedPatch): void {
  const shown = is ?? was;
  table.number(stagedPatch.n, row);
  table.uuid(stagedPatch.id, id);
  table.number(stagedPatch.platform, codes.of(was.platform));
  table.number(stagedPatch.created, was.createdAt);
  table.number(stagedPatch.gone, gone ? 1 : 0);
  table.number(stagedPatch.overlays, is === undefined ? 0 : 1);
  table.number(stagedPatch.language, codes.of(shown.language));
  table.number(stagedPatch.sentiment, codes.of(shown.sentiment));
  table.number(stagedPatch.sensitivity, codes.of(shown.sensitivity));
  table.number(stagedPatch.region, codes.of(shown.region));
  table.number(stagedPatch.likes, shown.counts.likes);
  table.number(stagedPatch.shares, shown.counts.shares);
  table.number(stagedPatch.replies, shown.counts.replies);
  table.number(stagedPatch.views, shown.counts.views);
  table.list(stagedPatch.terms, shown.terms);
  table.endRow();
}

function postsSelect(table: string, patchTable: string, codes: Codes, seq: number, dead: readonly number[], overlaid: boolean): string {
  const label = (column: string) => `list_extract(${quotedList(codes.values)}, ${column})`;
  const whole = (column: string) => `${column}::BIGINT`;
  const list = (column: string) => `CASE WHEN ${column} IS NULL THEN []::VARCHAR[] ELSE string_split(${column}, ${quoted(listSeparator)}) END`;
  const time = (column: string) => `make_timestamp_ms(${column}::BIGINT)::TIMESTAMP_MS`;
  const over = (column: string) => (overlaid ? `CASE WHEN o.n IS NULL THEN s.${column} ELSE o.${column} END` : `s.${column}`);
  const score = "CASE WHEN isnan(s.score) THEN NULL ELSE s.score END";
  return `SELECT s.id, s.author, s.author_key, ${label("s.platform")} AS platform, ${label("s.source")} AS source,
    ${time("s.created")} AS created_at, ${time("s.received")} AS received_at,
    CASE WHEN isnan(s.edited) THEN NULL ELSE ${time("CASE WHEN isnan(s.edited) THEN 0 ELSE s.edited END")} END AS edited_at,
    ${whole("s.revision")} AS revision, s.text, ${label(over("language"))} AS language, ${label(over("sentiment"))} AS sentiment,
    ${overlaid ? `CASE WHEN o.n IS NULL OR o.sentiment = s.sentiment THEN ${score} ELSE NULL END` : score} AS sentiment_score,
    ${list(over("terms"))} AS terms, ${list("s.hashtags")} AS hashtags, ${list("s.mentions")} AS mentions, ${list("s.links")} AS links,
    s.reply_to, s.root, s.reshare_of, s.quote_of,
    ${whole(over("likes"))} AS likes, ${whole(over("shares"))} AS shares, ${whole(over("replies"))} AS replies, ${whole(over("views"))} AS views,
    ${label(over("sensitivity"))} AS sensitivity, ${label(over("region"))} AS region, s.media, s.pii, s.notes, s.extra, ${seq}::BIGINT AS seq
    FROM ${table} s${overlaid ? ` LEFT JOIN ${patchTable} o ON o.n = s.n` : ""}
    ${dead.length > 0 ? `WHERE s.n NOT IN (SELECT unnest([${dead.join(", ")}]))` : ""}
    ORDER BY platform, created_at`;
}

function patchesSelect(table: string, codes: Codes, seq: number): string {
  const label = (column: string) => `list_extract(${quotedList(codes.values)}, ${column})`;
  return `SELECT id, ${label("platform")} AS platform, make_timestamp_ms(created::BIGINT)::TIMESTAMP_MS AS created_at,
    CASE WHEN gone = 1 THEN ${seq}::BIGINT END AS gone_seq, CASE WHEN overlays = 1 THEN ${seq}::BIGINT END AS seq,
    ${label("language")} AS language, ${label("sentiment")} AS sentiment,
    CASE WHEN terms IS NULL THEN []::VARCHAR[] ELSE string_split(terms, ${quoted(listSeparator)}) END AS terms,
    likes::BIGINT AS likes, shares::BIGINT AS shares, replies::BIGINT AS replies, views::BIGINT AS views,
    ${label("sensitivity")} AS sensitivity, ${label("region")} AS region
    FROM ${table} WHERE n = -1 ORDER BY platform, created_at`;
}
