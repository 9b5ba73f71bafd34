import { DatabaseSync } from "node:sqlite";
import { EarshotError } from "../core/errors.ts";
import type { Contribution, Post, Sensitivity } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import { type AuthorId, idBytes, isAuthorId, type PostId, postIdFrom } from "../core/ids.ts";
import type { Query } from "../core/query.ts";
import { type DayRows, dayRowsFrom } from "./search-strata.ts";
import { openWordCost, type SoughtWord } from "./search-cost.ts";
import { openRecentReader, postFrom } from "./recent.ts";
import { compileSearch, type Names, type SearchPlan, type SqlValue } from "./search-compile.ts";
import {
  authorFrom,
  authorKey,
  bytesIn,
  corrupt,
  flags,
  homeRow,
  isCorrupt,
  type MonthName,
  numberIn,
  type Profile,
  profileFrom,
  type Row,
  sampleScale,
  sampleSql,
  searchVersion,
  textIn,
  timeOfHome,
  unpackCounts,
  unpackNumbers,
  windowRows,
  withinSql,
} from "./search-schema.ts";

/** A found post; `post` is absent while its body is sought elsewhere. */
export interface FoundPost {
  readonly row: number;
  readonly id: PostId;
  readonly contribution: Contribution & { readonly author: AuthorId };
  readonly post: Post | undefined;
}

export interface MonthBounds {
  /** Lowest and highest row. */
  readonly lo: number;
  readonly hi: number;
  /** How far crowding moves a row from its millisecond at most. */
  readonly maxShift: number;
  readonly posts: number;
}

/** The lowest row of a window that ends at `hi` and holds about `rows` posts, were they spread evenly; never below `lo`. */
export function windowFrom(bounds: MonthBounds, lo: number, hi: number, rows: number): number {
  const rowsAPost = (bounds.hi - bounds.lo + 1) / Math.max(1, bounds.posts);
  return Math.max(lo, Math.ceil(hi - rowsAPost * rows) + 1);
}

/** The highest row of a window that begins at `lo` and holds about `rows` posts; never above `hi`. */
export function windowTo(bounds: MonthBounds, lo: number, hi: number, rows: number): number {
  const rowsAPost = (bounds.hi - bounds.lo + 1) / Math.max(1, bounds.posts);
  return Math.min(hi, Math.floor(lo + rowsAPost * rows) - 1);
}

/** The reading end of one month's file; its own connection, in any thread. */
export interface MonthReading {
  readonly month: MonthName;
  plan(query: Query, filter: ReadFilter): SearchPlan | undefined;
  /** undefined when empty. */
  bounds(): MonthBounds | undefined;
  /** Rows of the plan in [lo, hi], newest first, or oldest. asArrays: twice as fast; columns are then named "0", "1" … */
  select(
    plan: SearchPlan,
    columns: string,
    lo: number,
    hi: number,
    options: { readonly limit?: number; readonly group?: string; readonly sampled?: number; readonly asArrays?: boolean; readonly ascending?: boolean },
  ): Row[];
  /** Matches of words alone, without a look at `docs`. */
  countWords(match: string, lo: number, hi: number): number;
  /** Row and BM25 (the lower the better) of the newest matches of words alone, as arrays; those that are hidden too. */
  scored(match: string, lo: number, hi: number, limit: number): Row[];
  /** Rows of a term. */
  countTerm(term: number, lo: number, hi: number): number;
  /** About how many entries of the index's lists words read, all over the month. */
  wordCost(words: readonly SoughtWord[]): number;
  /** Rows and posts by day, in order. */
  days(): readonly DayRows[];
  found(rows: readonly Row[]): FoundPost[];
  /** With the columns of `foundColumns`; rows that are gone are left out. */
  rowsAt(rows: readonly number[]): Row[];
  findId(id: PostId, createdAt: number | undefined): Row | undefined;
  profiles(): ReadonlyMap<number, Profile>;
  summary(): readonly { readonly day: number; readonly profile: number; readonly posts: number }[];
  tagText(tag: number): { readonly kind: string; readonly text: string } | undefined;
  /** What an author's number of this month stands for in every month. */
  authorName(author: number): string;
  close(): void;
}

export const foundColumns = "d.row AS row, d.id AS id, d.author AS author, d.profile AS profile, d.shift AS shift, d.body AS body, d.terms AS terms, d.counts AS counts";

const sensitivities: readonly Sensitivity[] = ["public", "personal", "special", "private"];
const labels = ["negative", "neutral", "positive"] as const;
const dayMs = 86_400_000;
const mostStatements = 40;
/** Queries whose counts are remembered, and windows of each. */
const mostCounted = 16;
const mostWordCounts = 1_000;

/** undefined: the file is only being made. Throws STORE_CORRUPT, FORMAT_UNKNOWN. */
export function openMonthReading(path: string, month: MonthName): MonthReading | undefined {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    db.exec("PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456");
    const version = numberIn(db.prepare("PRAGMA user_version").get(), "user_version");
    if (version !== searchVersion) {
      db.close();
      if (version === 0) return undefined;
      throw new EarshotError("FORMAT_UNKNOWN", `${path}: expected a search file of version ${searchVersion}, came ${version}`);
    }
  } catch (thrown) {
    throw isCorrupt(thrown) ? corrupt(path, thrown) : thrown;
  }
  const guarded = <T>(run: () => T): T => {
    try {
      return run();
    } catch (thrown) {
      throw isCorrupt(thrown) ? corrupt(path, thrown) : thrown;
    }
  };
  return guarded(() => reading(db, month, guarded));
}

function reading(db: DatabaseSync, month: MonthName, guarded: <T>(run: () => T) => T): MonthReading {
  const recent = openRecentReader(db);
  const dataVersion = db.prepare("PRAGMA data_version");
  const allProfiles = db.prepare("SELECT * FROM profiles");
  const findAuthor = db.prepare("SELECT author FROM authors WHERE key = ?");
  const authorOf = db.prepare("SELECT key FROM authors WHERE author = ?");
  const findTag = db.prepare("SELECT tag FROM tags WHERE kind = ? AND text = ?");
  const tagOf = db.prepare("SELECT kind, text FROM tags WHERE tag = ?");
  const ends = db.prepare(
    "SELECT (SELECT min(row) FROM docs) AS lo, (SELECT max(row) FROM docs) AS hi, coalesce((SELECT value FROM meta WHERE name = 'max_shift'), 0) AS shift, (SELECT coalesce(sum(posts), 0) FROM summary) AS posts",
  );
  const near = db.prepare(`SELECT ${foundColumns}, d.flags AS flags FROM docs d WHERE row >= ? AND row < ? AND id = ?`);
  const crowded = db.prepare(`SELECT ${foundColumns}, d.flags AS flags FROM docs d WHERE row = (SELECT row FROM crowded WHERE id = ?1) AND id = ?1`);
  const anywhere = db.prepare(`SELECT ${foundColumns}, d.flags AS flags FROM docs d WHERE id = ?`);
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const wordCost = openWordCost(db);
  const postsByDay = db.prepare("SELECT day, sum(posts) AS posts FROM summary GROUP BY day ORDER BY day");
  /** By words, then by rows. */
  const wordCounts = new Map<string, Map<string, number>>();
  let days: readonly DayRows[] | undefined;
  let profiles = new Map<number, Profile>();
  let version = -1;

  const profilesNow = () => {
    const now = numberIn(dataVersion.get(), "data_version");
    if (now !== version) {
      profiles = new Map(allProfiles.all().map((row) => [numberIn(row, "profile"), profileFrom(row)]));
      // What was counted is forgotten with every change of the file, erasures too.
      wordCounts.clear();
      days = undefined;
    }
    version = now;
    return profiles;
  };
  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statement.setAllowUnknownNamedParameters(true);
      const oldest = statements.keys().next();
      if (statements.size >= mostStatements && !oldest.done) statements.delete(oldest.value);
      statements.set(sql, statement);
    }
    return statement;
  };
  const tagText = (tag: number) => {
    const row = tagOf.get(tag);
    return row && { kind: textIn(row, "kind"), text: textIn(row, "text") };
  };

  const foundPost = (row: Row): FoundPost | undefined => {
    const profile = profiles.get(numberIn(row, "profile"));
    const key = bytesIn(authorOf.get(numberIn(row, "author")), "key");
    const id = bytesIn(row, "id");
    // Removed between the two reads.
    if (profile === undefined || key === undefined || id === undefined) return undefined;
    const { platform, source, language, sensitivity, region } = profile;
    const sentiment = labels.find((label) => label === profile.sentiment);
    const contribution = {
      createdAt: timeOfHome(month, numberIn(row, "row") + numberIn(row, "shift")),
      author: authorFrom(key),
      platform,
      source,
      language,
      ...(sentiment && { sentiment }),
      terms: unpackNumbers(bytesIn(row, "terms")).flatMap((term) => tagText(term)?.text ?? []),
      sensitivity: sensitivities.find((one) => one === sensitivity) ?? "private",
      region,
      counts: unpackCounts(bytesIn(row, "counts")),
    } satisfies Contribution;
    const line = recent.line(numberIn(row, "body"));
    const postId = postIdFrom(id);
    return { row: numberIn(row, "row"), id: postId, contribution, post: line === undefined ? undefined : postFrom(line, postId, contribution) };
  };

  return {
    month,
    plan: (query, filter) =>
      guarded(() => {
        const names: Names = {
          profiles: [...profilesNow().values()],
          author(id) {
            const row = isAuthorId(id) ? findAuthor.get(authorKey(id)) : undefined;
            return row && numberIn(row, "author");
          },
          tag(kind, text) {
            const row = findTag.get(kind, text);
            return row && numberIn(row, "tag");
          },
          row: (timeMs) => homeRow(month, timeMs),
        };
        return compileSearch(query, filter, names);
      }),
    bounds: () =>
      guarded(() => {
        const row = ends.get();
        return typeof row?.["lo"] === "number" ? { lo: row["lo"], hi: numberIn(row, "hi"), maxShift: numberIn(row, "shift"), posts: numberIn(row, "posts") } : undefined;
      }),
    select: (plan, columns, lo, hi, { limit, group, sampled = sampleScale, asArrays = false, ascending = false }) =>
      guarded(() => {
        const key = plan.match !== undefined ? "fts.rowid" : plan.term !== undefined ? "t.row" : "d.row";
        const from =
          plan.match !== undefined ? "fts CROSS JOIN docs d ON d.row = fts.rowid" : plan.term !== undefined ? "term_rows t CROSS JOIN docs d ON d.row = t.row" : "docs d";
        const driver = plan.match !== undefined ? "fts MATCH :match AND " : plan.term !== undefined ? "t.term = :term AND " : "";
        const sample = sampled === sampleScale ? "" : ` AND ${sampleSql(key)} < :sampled`;
        const where = [`(d.flags & ${flags.hidden}) = 0`, ...plan.where].join(" AND ");
        const order = group === undefined ? `ORDER BY ${key} ${ascending ? "ASC" : "DESC"} LIMIT :limit` : `GROUP BY ${group}`;
        const values: Record<string, SqlValue> = { ...plan.values, lo, hi, limit: limit ?? -1, sampled, match: plan.match ?? "", term: plan.term ?? 0 };
        const statement = prepared(`SELECT ${columns} FROM ${from} WHERE ${driver}${withinSql(key)}${sample} AND ${where} ${order}`);
        statement.setReturnArrays(asArrays);
        return statement.all(values);
      }),
    countWords: (match, lo, hi) =>
      guarded(() => {
        profilesNow();
        // A page asks for the number and for the facets of the same words at once.
        const counted = wordCounts.get(match) ?? new Map<string, number>();
        const key = `${lo} ${hi}`;
        const known = counted.get(key);
        if (known !== undefined) return known;
        const posts = numberIn(prepared(`SELECT count(*) AS posts FROM fts WHERE fts MATCH :match AND ${withinSql("rowid")}`).get({ match, lo, hi }), "posts");
        if (counted.size >= mostWordCounts) counted.clear();
        counted.set(key, posts);
        const oldest = wordCounts.keys().next();
        if (!wordCounts.has(match) && wordCounts.size >= mostCounted && !oldest.done) wordCounts.delete(oldest.value);
        wordCounts.set(match, counted);
        return posts;
      }),
    scored: (match, lo, hi, limit) =>
      guarded(() => {
        const statement = prepared(`SELECT rowid, bm25(fts) FROM fts WHERE fts MATCH :match AND ${withinSql("rowid")} ORDER BY rowid DESC LIMIT :limit`);
        statement.setReturnArrays(true);
        return statement.all({ match, lo, hi, limit });
      }),
    countTerm: (term, lo, hi) =>
      guarded(() => numberIn(prepared(`SELECT count(*) AS posts FROM term_rows WHERE term = :term AND ${withinSql("row")}`).get({ term, lo, hi }), "posts")),
    wordCost: (words) => guarded(() => wordCost(words)),
    days: () =>
      guarded(() => {
        profilesNow();
        const rowsOfDay = (day: number) => ({ lo: homeRow(month, day * dayMs), hi: homeRow(month, (day + 1) * dayMs) - 1 });
        return (days ??= dayRowsFrom(postsByDay.all(), rowsOfDay));
      }),
    found: (rows) => guarded(() => (profilesNow(), rows.flatMap((row) => foundPost(row) ?? []))),
    rowsAt: (rows) =>
      guarded(() =>
        prepared(`SELECT ${foundColumns} FROM docs d WHERE d.row IN (SELECT value FROM json_each(:rows)) AND (d.flags & ${flags.hidden}) = 0`).all({ rows: JSON.stringify(rows) }),
      ),
    findId: (id, createdAt) =>
      guarded(() => {
        const bytes = idBytes(id);
        const home = createdAt === undefined ? 0 : homeRow(month, createdAt);
        const row = createdAt === undefined ? anywhere.get(bytes) : (near.get(home, home + windowRows, bytes) ?? crowded.get(bytes));
        return row && (numberIn(row, "flags") & flags.hidden) === 0 ? row : undefined;
      }),
    profiles: () => guarded(profilesNow),
    summary: () =>
      guarded(() =>
        prepared("SELECT day, profile, posts FROM summary")
          .all()
          .map((row) => ({ day: numberIn(row, "day"), profile: numberIn(row, "profile"), posts: numberIn(row, "posts") })),
      ),
    tagText: (tag) => guarded(() => tagText(tag)),
    authorName: (author) => guarded(() => Buffer.from(bytesIn(authorOf.get(author), "key") ?? []).toString("latin1")),
    close() {
      db.close();
    },
  };
}
