import { z } from "zod";
import { type AuthorId, isPostId, type PostId } from "../core/ids.ts";
import { numberIn, optionalTextIn, textIn, textsIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const topicsMigrations: readonly Migration[] = [
  {
    name: "topics-1",
    sql: `create table topic_lines (
      id text primary key, language text not null, words text not null, born_at_ms bigint not null, last_at_ms bigint not null,
      parents text[] not null, into_line text, simulated boolean not null);
    create index topic_lines_last on topic_lines (last_at_ms);
    create table topic_hours (
      line text not null, at_ms bigint not null, posts int not null, authors int not null,
      negative int not null, neutral int not null, positive int not null, unscored int not null, primary key (line, at_ms));
    create index topic_hours_at on topic_hours (at_ms);
    create table topic_posts (line text not null, at_ms bigint not null, post text not null, author text not null, primary key (line, post));
    create index topic_posts_author on topic_posts (author);
    create table topic_runs (at_ms bigint not null, simulated boolean not null, posts int not null, read_posts int not null, none_share double precision not null, primary key (at_ms, simulated))`,
  },
];

const wordsSchema = z.array(z.object({ word: z.string(), weight: z.number() }));

export interface LineRecord {
  readonly id: string;
  readonly language: string;
  readonly words: readonly { readonly word: string; readonly weight: number }[];
  readonly bornAt: number;
  readonly lastAt: number;
  readonly parents: readonly string[];
  readonly into?: string;
}

export interface LineHour {
  readonly line: string;
  readonly at: number;
  readonly posts: number;
  readonly authors: number;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  readonly unscored: number;
}

/** What one hour adds. */
export interface HourOfTopics {
  readonly at: number;
  readonly simulated: boolean;
  readonly posts: number;
  readonly read: number;
  readonly none: number;
  readonly lines: readonly LineRecord[];
  readonly hours: readonly LineHour[];
  readonly middle: readonly { readonly line: string; readonly post: PostId; readonly author: string }[];
  /** Lines that end in another. */
  readonly ended: readonly { readonly id: string; readonly into: string }[];
}

/** Topics over time: words and figures of groups of authors, and the ids of some posts, which go with their authors. */
export interface Topics {
  /** Lines that were met at or after a time and did not end in another. */
  open(sinceMs: number, simulated: boolean): Promise<readonly LineRecord[]>;
  runs(fromMs: number, toMs: number, simulated: boolean): Promise<readonly { readonly at: number; readonly posts: number; readonly read: number; readonly none: number }[]>;
  save(hour: HourOfTopics): Promise<void>;
  /** The largest first. */
  within(
    fromMs: number,
    toMs: number,
    simulated: boolean,
    limit: number,
  ): Promise<readonly (LineRecord & { readonly hours: readonly LineHour[]; readonly middle: readonly PostId[] })[]>;
  posts(afterLine: string | undefined, limit: number): Promise<readonly { readonly key: string; readonly post: PostId }[]>;
  removePosts(posts: readonly PostId[]): Promise<number>;
  removeAuthors(authors: readonly AuthorId[]): Promise<number>;
  countOf(authors: readonly AuthorId[]): Promise<number>;
  forget(): Promise<void>;
  /** What is older goes. */
  expire(beforeMs: number): Promise<void>;
}

function lineIn(row: SqlRow): LineRecord {
  const into = optionalTextIn(row, "into_line");
  return {
    id: textIn(row, "id"),
    language: textIn(row, "language"),
    words: wordsSchema.parse(JSON.parse(textIn(row, "words"))),
    bornAt: numberIn(row, "born_at_ms"),
    lastAt: numberIn(row, "last_at_ms"),
    parents: textsIn(row, "parents"),
    ...(into !== undefined && { into }),
  };
}

const hourNames = ["posts", "authors", "negative", "neutral", "positive", "unscored"] as const;

function hourIn(row: SqlRow): LineHour {
  const figure = (name: (typeof hourNames)[number]) => numberIn(row, name);
  return {
    line: textIn(row, "line"),
    at: numberIn(row, "at_ms"),
    posts: figure("posts"),
    authors: figure("authors"),
    negative: figure("negative"),
    neutral: figure("neutral"),
    positive: figure("positive"),
    unscored: figure("unscored"),
  };
}

const postIn = (row: SqlRow): PostId[] => {
  const post = textIn(row, "post");
  return isPostId(post) ? [post] : [];
};

export function openTopics(sql: Sql): Topics {
  return {
    async open(sinceMs, simulated) {
      const { rows } = await sql.query("select * from topic_lines where last_at_ms >= $1 and into_line is null and simulated = $2 order by born_at_ms, id", [
        Math.floor(sinceMs),
        simulated,
      ]);
      return rows.map(lineIn);
    },
    async runs(fromMs, toMs, simulated) {
      const { rows } = await sql.query("select * from topic_runs where at_ms >= $1 and at_ms < $2 and simulated = $3 order by at_ms", [
        Math.floor(fromMs),
        Math.ceil(toMs),
        simulated,
      ]);
      return rows.map((row) => ({ at: numberIn(row, "at_ms"), posts: numberIn(row, "posts"), read: numberIn(row, "read_posts"), none: numberIn(row, "none_share") }));
    },
    save: (hour) =>
      sql.transaction(async (inside) => {
        await inside.query("insert into topic_runs (at_ms, simulated, posts, read_posts, none_share) values ($1, $2, $3, $4, $5) on conflict do nothing", [
          hour.at,
          hour.simulated,
          hour.posts,
          hour.read,
          hour.none,
        ]);
        for (const { id, language, words, bornAt, lastAt, parents } of hour.lines)
          await inside.query(
            `insert into topic_lines (id, language, words, born_at_ms, last_at_ms, parents, simulated) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (id) do update set words = excluded.words, last_at_ms = greatest(topic_lines.last_at_ms, excluded.last_at_ms), parents = excluded.parents`,
            [id, language, JSON.stringify(words), bornAt, lastAt, parents, hour.simulated],
          );
        for (const { line, at, posts, authors, negative, neutral, positive, unscored } of hour.hours)
          await inside.query(
            "insert into topic_hours (line, at_ms, posts, authors, negative, neutral, positive, unscored) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (line, at_ms) do nothing",
            [line, at, posts, authors, negative, neutral, positive, unscored],
          );
        for (const { line, post, author } of hour.middle)
          await inside.query("insert into topic_posts (line, at_ms, post, author) values ($1, $2, $3, $4) on conflict do nothing", [line, hour.at, post, author]);
        for (const { id, into } of hour.ended) await inside.query("update topic_lines set into_line = $2 where id = $1", [id, into]);
      }),
    async within(fromMs, toMs, simulated, limit) {
      const span = [Math.floor(fromMs), Math.ceil(toMs)];
      const { rows } = await sql.query(
        `select l.* from topic_lines l join (select line, sum(posts) as posts from topic_hours where at_ms >= $1 and at_ms < $2 group by line) h on h.line = l.id
         where l.simulated = $3 order by h.posts desc, l.id limit $4`,
        [...span, simulated, limit],
      );
      const lines = rows.map(lineIn);
      const ids = lines.map(({ id }) => id);
      const hours = (await sql.query("select * from topic_hours where line = any($3::text[]) and at_ms >= $1 and at_ms < $2 order by at_ms", [...span, ids])).rows.map(hourIn);
      const posts = await sql.query("select line, post from topic_posts where line = any($3::text[]) and at_ms >= $1 and at_ms < $2 order by at_ms desc, post", [...span, ids]);
      const byLine = Map.groupBy(posts.rows, (row) => textIn(row, "line"));
      const hoursOf = Map.groupBy(hours, ({ line }) => line);
      return lines.map((line) => ({ ...line, hours: hoursOf.get(line.id) ?? [], middle: (byLine.get(line.id) ?? []).flatMap(postIn).slice(0, 5) }));
    },
    async posts(after, limit) {
      const { rows } = await sql.query("select line || ' ' || post as key, post from topic_posts where line || ' ' || post > $1 order by 1 limit $2", [after ?? "", limit]);
      return rows.flatMap((row) => postIn(row).map((post) => ({ key: textIn(row, "key"), post })));
    },
    async removePosts(posts) {
      return (await sql.query("delete from topic_posts where post = any($1::text[])", [posts])).count;
    },
    async removeAuthors(authors) {
      return (await sql.query("delete from topic_posts where author = any($1::text[])", [authors])).count;
    },
    async countOf(authors) {
      const { rows } = await sql.query("select count(*) as count from topic_posts where author = any($1::text[])", [authors]);
      return rows[0] ? numberIn(rows[0], "count") : 0;
    },
    async forget() {
      await sql.query("vacuum (full) topic_posts");
    },
    async expire(beforeMs) {
      const before = Math.floor(beforeMs);
      for (const table of ["topic_hours", "topic_posts", "topic_runs"]) await sql.query(`delete from ${table} where at_ms < $1`, [before]);
      await sql.query("delete from topic_lines where last_at_ms < $1", [before]);
    },
  };
}
