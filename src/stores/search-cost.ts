import type { DatabaseSync } from "node:sqlite";
import { numberIn } from "./search-schema.ts";

/** A word that a query makes the index look up, as it stands there. */
export interface SoughtWord {
  readonly word: string;
  /** All words that begin so. */
  readonly prefix: boolean;
  /** Every match has it. */
  readonly isNeeded: boolean;
}

/** Posts that a page of the index lists, where a word fills pages: 790 to 970 were counted. */
const postsAPage = 900;
/** A look for the next post of one list at or after another's costs as much as so many entries read in a row. */
const entriesALook = 20;
const probedPosts = 4_000;

/**
 * Tells about how many entries of the index's lists a query of words reads, without reading one. Lists of one post each go through
 * together; where one of them that every match is in is short, the others are looked into for its posts alone.
 *
 * `fts_idx` tells the first word of every page that has one (fts5_index.c, SQLite 3.53), so that pages between two entries belong
 * to one word, the last on its page: a word that stands before it there is told apart by a look at its first posts. What fills
 * no page of a segment counts as none.
 */
export function openWordCost(db: DatabaseSync): (words: readonly SoughtWord[]) => number {
  const pages = db.prepare(`WITH RECURSIVE segments(id) AS
      (SELECT min(segid) FROM fts_idx UNION ALL SELECT (SELECT min(segid) FROM fts_idx WHERE segid > id) FROM segments WHERE id IS NOT NULL)
    SELECT coalesce(sum(max(0, coalesce((SELECT pgno >> 1 FROM fts_idx WHERE segid = id AND term > ?2 ORDER BY term LIMIT 1), (SELECT pgno >> 1 FROM fts_idx WHERE segid = id ORDER BY term DESC LIMIT 1) + 1)
      - coalesce((SELECT pgno >> 1 FROM fts_idx WHERE segid = id AND term <= ?1 ORDER BY term DESC LIMIT 1), 1) - 1)), 0) AS pages FROM segments WHERE id IS NOT NULL`);
  const first = db.prepare("SELECT count(*) AS posts FROM (SELECT rowid FROM fts WHERE fts MATCH ? LIMIT ?)");
  const entriesOf = ({ word, prefix }: SoughtWord): number => {
    // "0" is the index of whole words; there is no other.
    const start = Buffer.from(`0${word}`);
    const entries = postsAPage * numberIn(pages.get(start, prefix ? Buffer.concat([start, Buffer.from([0xff])]) : start), "pages");
    if (prefix || entries === 0) return entries;
    const probed = numberIn(first.get(`"${word.replaceAll('"', '""')}"`, probedPosts), "posts");
    return probed < probedPosts ? probed : entries;
  };
  return (words) => {
    let all = 0;
    let fewest = Infinity;
    for (const sought of words) {
      const entries = entriesOf(sought);
      all += entries;
      if (sought.isNeeded && !sought.prefix) fewest = Math.min(fewest, Math.max(postsAPage, entries));
    }
    return words.some(({ prefix }) => prefix) ? all : Math.min(all, fewest * words.length * entriesALook);
  };
}
