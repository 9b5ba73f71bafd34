import type { DatabaseSync } from "node:sqlite";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Contribution, Post } from "../core/event.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { bytesIn, numberIn } from "./search-schema.ts";

/**
 * Bodies of recent posts beside their index: what `docs` does not hold, as JSON lines, zstd by blocks of up to 128 in order of
 * arrival. A body's number is block × 128 + line. The last block stays open until it is full and is written again with each flush.
 * A block's age is the time of its writing: once the lake holds everything handed over before a time, blocks written before it may go.
 */
export const linesPerBlock = 128;
const blockBytes = 64 * 1024;
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Fields of a post that its row in `docs` does not hold, by place; absent at the end, null between. */
export function bodyLine(post: Post): string {
  const fields: unknown[] = [
    post.text,
    post.receivedAt - post.createdAt,
    post.revision,
    post.sentiment?.score,
    post.editedAt,
    some(post.hashtags),
    some(post.mentions),
    some(post.links),
    post.replyTo,
    post.root,
    post.reshareOf,
    post.quoteOf,
    post.media,
    post.pii,
    post.notes,
    post.extra,
  ];
  while (fields.length > 0 && (fields.at(-1) === undefined || fields.at(-1) === 0)) fields.pop();
  return JSON.stringify(fields);
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Written by `bodyLine` and guarded by SQLite's and zstd's own checks: read without another. */
function parseLine(
  line: string,
): [
  string,
  number?,
  number?,
  number?,
  number?,
  Post["hashtags"]?,
  Post["mentions"]?,
  Post["links"]?,
  PostId?,
  PostId?,
  PostId?,
  PostId?,
  Post["media"]?,
  Post["pii"]?,
  Post["notes"]?,
  Post["extra"]?,
] {
  return JSON.parse(line);
}

export function postFrom(line: string, id: PostId, row: Contribution & { readonly author: AuthorId }): Post {
  const [text, delayMs, revision, score, editedAt, hashtags, mentions, links, replyTo, root, reshareOf, quoteOf, media, pii, notes, extra] = parseLine(line);
  const { author, platform, source, createdAt, language, sentiment, terms, counts, sensitivity, region } = row;
  return {
    id,
    author,
    platform,
    source,
    createdAt,
    receivedAt: createdAt + (delayMs ?? 0),
    ...(editedAt && { editedAt }),
    revision: revision ?? 0,
    text,
    language,
    ...(sentiment && { sentiment: { label: sentiment, score: score ?? 0 } }),
    terms,
    hashtags: hashtags ?? [],
    mentions: mentions ?? [],
    links: links ?? [],
    ...(replyTo && { replyTo }),
    ...(root && { root }),
    ...(reshareOf && { reshareOf }),
    ...(quoteOf && { quoteOf }),
    counts,
    ...(media && { media }),
    sensitivity,
    region,
    ...(pii && { pii }),
    ...(notes && { notes }),
    ...(extra && { extra }),
  };
}

function pack(lines: readonly string[]): Buffer {
  return zstdCompressSync(lines.join("\n"), compression);
}

function unpack(data: Uint8Array): string[] {
  return zstdDecompressSync(data, { maxOutputLength: 512 * 1024 * 1024 })
    .toString("utf8")
    .split("\n");
}

export interface RecentWriter {
  /** The number under which the body is found once the transaction commits. */
  add(line: string): number;
  /** Its bytes go with the next `forget`. */
  drop(body: number): void;
  /** Writes the open block; before each commit. */
  write(nowMs: number): void;
  /** Call after a rollback: what is open is read again from the file. */
  reload(): void;
  /** Rewrites blocks that hold dropped lines. */
  forget(): void;
  /** Removes full blocks that were written before a time; returns how many. */
  release(beforeMs: number): number;
}

export function openRecentWriter(db: DatabaseSync): RecentWriter {
  const put = db.prepare("INSERT INTO bodies (block, written_at, data) VALUES (?, ?, ?) ON CONFLICT (block) DO UPDATE SET written_at = excluded.written_at, data = excluded.data");
  const get = db.prepare("SELECT data FROM bodies WHERE block = ?");
  const replace = db.prepare("UPDATE bodies SET data = ? WHERE block = ?");
  const last = db.prepare("SELECT block, data FROM bodies ORDER BY block DESC LIMIT 1");
  const drop = db.prepare("INSERT OR IGNORE INTO forgotten (body) VALUES (?)");
  const dropped = db.prepare("SELECT body FROM forgotten ORDER BY body");
  const keepNumber = db.prepare("INSERT INTO meta (name, value) VALUES ('next_block', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
  const nextNumber = db.prepare("SELECT value FROM meta WHERE name = 'next_block'");
  const remove = db.prepare("DELETE FROM bodies WHERE written_at < ? AND block < ?");
  let block = 1;
  let lines: string[] = [];
  let lengthUnits = 0;
  let full: { block: number; lines: string[] }[] = [];

  const load = () => {
    full = [];
    const row = last.get();
    const next = nextNumber.get();
    block = next ? numberIn(next, "value") : 1;
    const data = bytesIn(row, "data");
    lines = row !== undefined && data !== undefined && numberIn(row, "block") === block ? unpack(data) : [];
    lengthUnits = lines.reduce((sum, line) => sum + line.length, 0);
  };
  load();

  return {
    add(line) {
      if (lines.length === linesPerBlock || (lengthUnits + line.length > blockBytes && lines.length > 0)) {
        full.push({ block, lines });
        block++;
        lines = [];
        lengthUnits = 0;
      }
      lines.push(line);
      lengthUnits += line.length;
      return block * linesPerBlock + lines.length - 1;
    },
    drop(body) {
      drop.run(body);
    },
    write(nowMs) {
      for (const done of full) put.run(done.block, nowMs, pack(done.lines));
      full = [];
      if (lines.length > 0) put.run(block, nowMs, pack(lines));
      keepNumber.run(block);
    },
    reload: load,
    forget() {
      for (const [number, rows] of Map.groupBy(dropped.all(), (row) => Math.floor(numberIn(row, "body") / linesPerBlock))) {
        const data = bytesIn(get.get(number), "data");
        if (data === undefined) continue;
        const kept = unpack(data);
        for (const row of rows) {
          const index = numberIn(row, "body") % linesPerBlock;
          kept[index] = "";
          if (number === block && index < lines.length) lines[index] = "";
        }
        replace.run(pack(kept), number);
      }
      db.exec("DELETE FROM forgotten");
    },
    release: (beforeMs) => Number(remove.run(beforeMs, block).changes),
  };
}

export interface RecentReader {
  /** undefined: the body is no longer here. */
  line(body: number): string | undefined;
}

/** Keeps the last blocks that were read, within bounds; a block that changed is noticed by `data_version`. */
export function openRecentReader(db: DatabaseSync, maxBlocks = 32): RecentReader {
  const get = db.prepare("SELECT data FROM bodies WHERE block = ?");
  const version = db.prepare("PRAGMA data_version");
  const cache = new Map<number, string[]>();
  let seen = -1;
  return {
    line(body) {
      const now = numberIn(version.get(), "data_version");
      if (now !== seen) cache.clear();
      seen = now;
      const block = Math.floor(body / linesPerBlock);
      let lines = cache.get(block);
      if (lines === undefined) {
        const data = bytesIn(get.get(block), "data");
        if (data === undefined) return undefined;
        lines = unpack(data);
        const oldest = cache.keys().next();
        if (cache.size >= maxBlocks && !oldest.done) cache.delete(oldest.value);
        cache.set(block, lines);
      }
      return lines[body % linesPerBlock] || undefined;
    },
  };
}
