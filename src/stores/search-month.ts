import { statSync } from "node:fs";
import type { Post } from "../core/event.ts";
import { type AuthorId, idBytes, type PostId, postIdFrom } from "../core/ids.ts";
import { maskText } from "../core/mask.ts";
import { toIndexText } from "../core/tokens.ts";
import { bodyLine, openRecentWriter } from "./recent.ts";
import type { Mark, MonthBatch, Operation } from "./search-batch.ts";
import { openSearchNames } from "./search-names.ts";
import { openSearchRows, type StoredRow } from "./search-rows.ts";
import {
  corrupt,
  flags,
  flagsOf,
  homeRow,
  isCorrupt,
  linkWords,
  type MonthName,
  numberIn,
  openSearchFile,
  packCounts,
  packNumbers,
  profileOf,
  referenceWords,
  tagWord,
} from "./search-schema.ts";

/** The writing end of one month's file. Calls must not overlap. Throws STORE_CORRUPT. */
/** The index knows what everybody is shown: a search cannot confirm personal data. */
function shownText(post: Post): string {
  return post.pii === undefined ? post.text : maskText(post.text, post.pii).text;
}

export interface SearchMonth {
  readonly month: MonthName;
  readonly marks: ReadonlyMap<number, Mark>;
  /** One transaction; `breathe` lets others run between parts of it. */
  apply(batch: MonthBatch, nowMs: number, breathe: () => Promise<void>): Promise<void>;
  /** Takes posts out of results now; their removal comes with a later `apply`. */
  hide(posts: readonly { readonly id: PostId; readonly createdAt: number }[]): void;
  /** Posts of the author, by a scan that does not ask the index. */
  find(author: AuthorId, upToMs?: number): readonly PostId[];
  /** Each removes at most `most` posts; returns how many. */
  removeAuthor(author: AuthorId, upToMs: number, most: number): number;
  removeSource(source: string, most: number): number;
  /** There is no post of another source. */
  holdsOnly(source: string): boolean;
  removeBefore(beforeMs: number, most: number): number;
  posts(): number;
  oldestAt(): number | undefined;
  /** Deleted posts whose bytes may still be in the file. */
  owesForget(): boolean;
  /** Makes them unreadable in the file: one long step. False: a reader held the old pages, try again. */
  forget(): boolean;
  /** One step of merging the index or giving room back to the file system; true: more is owed. */
  tidy(): boolean;
  releaseBodies(beforeMs: number): number;
  close(): void;
}

const breatheEveryRows = 1_000;
const mergePages = 1_000;
const shrinkPages = 4_000;
const pageBytes = 4_096;
const largestIdleWalBytes = 1024 * 1024;

export function openSearchMonth(path: string, month: MonthName): SearchMonth {
  const db = openSearchFile(path);
  const guarded = <T>(run: () => T): T => {
    try {
      return run();
    } catch (thrown) {
      throw isCorrupt(thrown) ? corrupt(path, thrown) : thrown;
    }
  };
  return guarded(() => {
    const names = openSearchNames(db);
    const recent = openRecentWriter(db);
    const rows = openSearchRows(db, month);
    const insertWords = db.prepare("INSERT INTO fts (rowid, text) VALUES (?, ?)");
    const deleteWords = db.prepare("DELETE FROM fts WHERE rowid = ?");
    const addSummary = db.prepare("INSERT INTO summary (day, profile, posts) VALUES (?, ?, ?) ON CONFLICT (day, profile) DO UPDATE SET posts = posts + excluded.posts");
    const setMark = db.prepare("INSERT OR REPLACE INTO applied (partition, generation, from_offset, from_index) VALUES (?, ?, ?, ?)");
    const getMeta = db.prepare("SELECT value FROM meta WHERE name = ?");
    const addMeta = db.prepare("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value");
    const setMeta = db.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)");
    const countPosts = db.prepare("SELECT coalesce(sum(posts), 0) AS posts FROM summary");
    const marks = new Map<number, Mark>();
    for (const row of db.prepare("SELECT * FROM applied").all()) {
      marks.set(numberIn(row, "partition"), { generation: numberIn(row, "generation"), from: { offset: numberIn(row, "from_offset"), index: numberIn(row, "from_index") } });
    }
    const otherSources = db.prepare("SELECT 1 FROM summary JOIN profiles USING (profile) WHERE source != ? AND posts > 0 LIMIT 1");
    const totalChanges = db.prepare("SELECT total_changes() AS changes");
    const summary = new Map<string, { day: number; profile: number; posts: number }>();

    const meta = (name: string) => {
      const row = getMeta.get(name);
      return row ? numberIn(row, "value") : 0;
    };
    const count = (createdAt: number, profile: number, posts: 1 | -1) => {
      const day = Math.floor(createdAt / 86_400_000);
      const key = `${day} ${profile}`;
      const sum = summary.get(key);
      if (sum) sum.posts += posts;
      else summary.set(key, { day, profile, posts });
    };
    const writeSummary = () => {
      for (const { day, profile, posts } of summary.values()) if (posts !== 0) addSummary.run(day, profile, posts);
      if ([...summary.values()].some(({ posts }) => posts < 0)) db.exec("DELETE FROM summary WHERE posts <= 0");
    };
    const rollback = () => {
      if (db.isTransaction) db.exec("ROLLBACK");
      names.reset();
      recent.reload();
      rows.reset();
    };
    /** False: a reader holds on to pages in it. */
    const truncateWal = (): boolean => {
      db.exec("PRAGMA busy_timeout=300");
      const busy = numberIn(db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get(), "busy");
      db.exec("PRAGMA busy_timeout=10000");
      return busy === 0;
    };
    const transaction = <T>(run: () => T): T => {
      summary.clear();
      db.exec("BEGIN IMMEDIATE");
      try {
        const result = guarded(run);
        db.exec("COMMIT");
        return result;
      } catch (thrown) {
        rollback();
        throw thrown;
      }
    };

    /** Everything but the words, which are removed in ascending order. */
    const unlist = (row: StoredRow) => {
      count(row.createdAt, row.profile, -1);
      rows.setTerms(row.row, row.terms, []);
      recent.drop(row.body);
    };
    const removeRows = (gone: readonly StoredRow[]) => {
      for (const row of gone) deleteWords.run(row.row);
      for (const row of gone) {
        unlist(row);
        rows.remove(row);
      }
      if (gone.length > 0) addMeta.run("deleted", gone.length);
    };
    const removeFound = (found: readonly StoredRow[]): number => {
      if (found.length === 0) return 0;
      transaction(() => {
        removeRows(found);
        writeSummary();
      });
      return found.length;
    };

    const applyTo = (known: readonly { readonly operation: Operation; readonly row: StoredRow }[]): Map<Operation, StoredRow> => {
      const gone: StoredRow[] = [];
      const stays = new Map<Operation, StoredRow>();
      for (const { operation, row } of known) {
        const { put } = operation;
        if (operation.gone || (put && put.createdAt !== row.createdAt)) gone.push(row);
        else if (put) stays.set(operation, row);
        else {
          if (operation.counts) rows.setCounts(row.row, packCounts(operation.counts));
          if (operation.terms)
            rows.setTerms(
              row.row,
              row.terms,
              operation.terms.map((term) => names.term(term)),
              true,
            );
        }
      }
      const words = [...gone, ...stays.values()].sort((a, b) => a.row - b.row);
      for (const row of words) deleteWords.run(row.row);
      for (const row of gone) {
        unlist(row);
        rows.remove(row);
      }
      for (const row of stays.values()) unlist(row);
      if (words.length > 0) addMeta.run("deleted", words.length);
      return stays;
    };

    const put = (post: Post, stays: StoredRow | undefined): { readonly row: number; readonly words: string } => {
      const author = names.author(post.author);
      const profile = names.profile(profileOf(post, post.sentiment?.label));
      const tags = names.tagsOf(post);
      const terms = post.terms.map((term) => names.term(term));
      const body = recent.add(bodyLine(post));
      const fields = {
        id: idBytes(post.id),
        author,
        profile,
        flags: flagsOf(post),
        body,
        tags: packNumbers(tags.numbers),
        terms: packNumbers(terms),
        counts: packCounts(post.counts),
      };
      const row = stays ? rows.replace(stays, fields) : rows.insert(homeRow(month, post.createdAt), fields);
      count(post.createdAt, profile, 1);
      rows.setTerms(row, [], terms);
      return { row, words: `${toIndexText(shownText(post))} ${tagWord("a", author)}${tags.words}${referenceWords(post)}${linkWords(post.links)}` };
    };

    return {
      month,
      marks,
      async apply(batch, nowMs, breathe) {
        summary.clear();
        db.exec("BEGIN IMMEDIATE");
        try {
          const operations = [...batch.operations.values()];
          const known: { operation: Operation; row: StoredRow }[] = [];
          for (const operation of operations) {
            const row = operation.wasAt === undefined ? undefined : rows.find(operation.id, operation.wasAt);
            if (row) known.push({ operation, row });
          }
          const stays = applyTo(known);
          const puts = operations.flatMap((operation) => (operation.put ? [{ post: operation.put, row: stays.get(operation) }] : []));
          puts.sort((a, b) => a.post.createdAt - b.post.createdAt);
          const words: { row: number; words: string }[] = [];
          for (const [index, { post, row }] of puts.entries()) {
            words.push(put(post, row));
            if (index % breatheEveryRows === breatheEveryRows - 1) await breathe();
          }
          words.sort((a, b) => a.row - b.row);
          for (const [index, entry] of words.entries()) {
            insertWords.run(entry.row, entry.words);
            if (index % breatheEveryRows === breatheEveryRows - 1) await breathe();
          }
          rows.write();
          recent.write(nowMs);
          writeSummary();
          for (const [partition, { generation, from }] of batch.marks) setMark.run(partition, generation, from.offset, from.index);
          addMeta.run("unmerged", words.length);
          db.exec("COMMIT");
          for (const [partition, mark] of batch.marks) marks.set(partition, mark);
        } catch (thrown) {
          rollback();
          throw isCorrupt(thrown) ? corrupt(path, thrown) : thrown;
        }
      },
      hide(posts) {
        const found = posts.flatMap(({ id, createdAt }) => guarded(() => rows.find(id, createdAt)) ?? []);
        if (found.length === 0) return;
        // Not synced: after a crash the deletion comes again through the log.
        db.exec("PRAGMA synchronous=NORMAL");
        transaction(() => {
          for (const row of found) rows.setFlags(row.row, row.flags | flags.hidden);
        });
        db.exec("PRAGMA synchronous=FULL");
      },
      find(author, upToMs) {
        return guarded(() => {
          const number = names.knownAuthor(author);
          return number === undefined ? [] : rows.ofAuthor(number, upToMs, -1).map((row) => postIdFrom(row.id));
        });
      },
      removeAuthor(author, upToMs, most) {
        const number = names.knownAuthor(author);
        return number === undefined ? 0 : removeFound(guarded(() => rows.ofAuthorWord(tagWord("a", number), number, upToMs, most)));
      },
      removeSource(source, most) {
        const profiles = names.profiles().filter((profile) => profile.source === source);
        return profiles.length === 0
          ? 0
          : removeFound(
              guarded(() =>
                rows.ofProfiles(
                  profiles.map(({ profile }) => profile),
                  most,
                ),
              ),
            );
      },
      holdsOnly: (source) => guarded(() => otherSources.get(source) === undefined),
      removeBefore: (beforeMs, most) => removeFound(guarded(() => rows.before(beforeMs, most))),
      posts: () => numberIn(countPosts.get(), "posts"),
      oldestAt: () => rows.oldestAt(),
      owesForget: () => meta("deleted") > 0,
      forget() {
        transaction(() => {
          recent.forget();
          names.removeUnused();
          db.exec("INSERT INTO fts(fts) VALUES ('optimize')");
          setMeta.run("unmerged", 0);
        });
        // Pages that were freed, and room inside pages, still hold what was there: the file is written anew.
        return guarded(() => {
          db.exec("VACUUM");
          if (!truncateWal()) return false;
          setMeta.run("deleted", 0);
          return true;
        });
      },
      tidy() {
        const unmerged = meta("unmerged");
        const started = meta("merging") !== 0;
        // Each merge writes the index once: it waits until half as much is new as is there.
        if (started || (unmerged >= 1_000 && unmerged >= 0.5 * numberIn(countPosts.get(), "posts"))) {
          return transaction(() => {
            const before = numberIn(totalChanges.get(), "changes");
            db.prepare("INSERT INTO fts(fts, rank) VALUES ('merge', ?)").run(started ? mergePages : -mergePages);
            // FTS5's own sign that nothing was left to merge: fewer than two changes.
            const more = numberIn(totalChanges.get(), "changes") - before >= 2;
            setMeta.run("merging", more ? 1 : 0);
            if (!started) setMeta.run("unmerged", 0);
            return true;
          });
        }
        const pages = numberIn(db.prepare("PRAGMA page_count").get(), "page_count");
        const free = numberIn(db.prepare("PRAGMA freelist_count").get(), "freelist_count");
        if (free > 100 && free > 0.1 * pages) {
          guarded(() => db.exec(`PRAGMA incremental_vacuum(${shrinkPages})`));
          return true;
        }
        const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
        // Pages given back leave the file with a checkpoint only.
        if (walBytes > largestIdleWalBytes || statSync(path).size > pages * pageBytes) truncateWal();
        return false;
      },
      releaseBodies: (beforeMs) => transaction(() => recent.release(beforeMs)),
      close() {
        db.close();
      },
    };
  });
}
