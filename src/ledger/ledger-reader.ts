import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { AuthorId, PostId } from "../core/ids.ts";
import type { Row } from "./row.ts";
import { openTable, type StoredRow, type Table } from "./table.ts";

/**
 * Reads the ledgers of all partitions from any thread, as of their last flush: a few seconds behind, never ahead of `posts`.
 * Files that come later are found.
 */
export interface LedgerReader extends Disposable {
  /** The row, or the tombstone; undefined where the post is not known. */
  lookup(id: PostId): Row | undefined;
  postsOf(author: AuthorId): readonly StoredRow[];
}

export function openLedgerReader(options: { readonly folder: string }): LedgerReader {
  const { folder } = options;
  const tables = new Map<string, Table>();

  function all(): Iterable<Table> {
    if (existsSync(folder)) {
      for (const name of readdirSync(folder)) {
        if (!/^\d{3,}\.sqlite$/.test(name) || tables.has(name)) continue;
        try {
          tables.set(name, openTable(path.join(folder, name), { readOnly: true, cacheBytes: 1024 * 1024 }));
        } catch {
          // It is being made just now, or damaged, which its owner says; it is tried again.
        }
      }
    }
    return tables.values();
  }

  return {
    lookup(id) {
      for (const table of all()) {
        const row = table.get(id);
        if (row && row.status !== "pending") return row;
      }
      return undefined;
    },
    postsOf: (author) => [...all()].flatMap((table) => table.postsOf(author)),
    [Symbol.dispose]() {
      for (const table of tables.values()) table.close();
      tables.clear();
    },
  };
}
