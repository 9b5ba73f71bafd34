import type { From } from "../core/event.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import type { ErasedAuthor } from "./note.ts";
import type { Row } from "./row.ts";
import { erasedWord, type LedgerPosition, type PlacedMark, type Progress, type StoredRow, type Table } from "./table.ts";

interface Layer {
  readonly rows: Map<PostId, Row | undefined>;
  /** Of the rows that are posts, and more: an erasure looks through the rows only where its author is among them. */
  readonly authors: Set<AuthorId>;
  readonly marks: Map<string, PlacedMark>;
  readonly erased: Map<string, ErasedAuthor>;
  readonly unlinked: { readonly id: PostId; readonly author: AuthorId }[];
}

function makeLayer(): Layer {
  return { rows: new Map(), authors: new Set(), marks: new Map(), erased: new Map(), unlinked: [] };
}

/**
 * Three layers, the upper ones first: the batch (until commit), what is held (until flush), the file. A batch that fails is
 * dropped without touching the file, and the file is written in large sorted transactions.
 */
export function makeOverlay(table: Table, maxHeldRows: number) {
  let batch = makeLayer();
  let held = makeLayer();
  /** What the file answered within this batch; undefined: not there. */
  const read = new Map<PostId, Row | undefined>();
  const erasedWords = new Set<number>(table.erasedWords());
  let progress: Progress = table.progress();
  let next: Progress = progress;

  function row(id: PostId): Row | undefined {
    if (batch.rows.has(id)) return batch.rows.get(id);
    if (held.rows.has(id)) return held.rows.get(id);
    if (read.has(id)) return read.get(id);
    const found = table.get(id);
    read.set(id, found);
    return found;
  }

  function mark(id: string): PlacedMark | undefined {
    return batch.marks.get(id) ?? held.marks.get(id) ?? table.mark(id);
  }

  function flush(): void {
    if (held.rows.size + held.marks.size + held.erased.size === 0 && progress === stored) return;
    table.write({ ...held, progress });
    stored = progress;
    held = makeLayer();
    readAnew();
  }
  let stored = progress;

  /** After a write the file has forgotten where the rows of the batch lie, which it must know to write them. */
  function readAnew(): void {
    read.clear();
    for (const id of batch.rows.keys()) table.get(id);
  }

  function rollback(): void {
    batch = makeLayer();
    next = progress;
    read.clear();
  }

  /** @param author only the posts of this one, of which `below` are those in the file */
  function* merged(below: Iterable<StoredRow>, author?: AuthorId): Iterable<StoredRow> {
    const wanted = (row: Row) => author === undefined || (row.status === "post" && row.contribution.author === author);
    const mayHold = (layer: Layer) => author === undefined || layer.authors.has(author);
    for (const found of below) {
      if (!batch.rows.has(found.id) && !held.rows.has(found.id)) yield found;
    }
    if (mayHold(held)) for (const [id, row] of held.rows) if (row && !batch.rows.has(id) && wanted(row)) yield { id, row };
    if (mayHold(batch)) for (const [id, row] of batch.rows) if (row && wanted(row)) yield { id, row };
  }

  return {
    row,
    mark,
    setRow(id: PostId, is: Row | undefined): void {
      const was = row(id);
      const more = (is?.status === "pending" ? 1 : 0) - (was?.status === "pending" ? 1 : 0);
      if (more !== 0) next = { ...next, pendingRows: next.pendingRows + more };
      if (was?.status === "post" && (is?.status !== "post" || is.contribution.author !== was.contribution.author)) {
        batch.unlinked.push({ id, author: was.contribution.author });
      }
      batch.rows.set(id, is);
      if (is?.status === "post") batch.authors.add(is.contribution.author);
    },
    setMark(placed: PlacedMark): void {
      const known = mark(placed.mark);
      if (known === undefined && placed.post === undefined) next = { ...next, loneMarks: next.loneMarks + 1 };
      batch.marks.set(placed.mark, placed);
    },
    mayBeErased: () => erasedWords.size > 0,
    erased(author: string): ErasedAuthor | undefined {
      if (!erasedWords.has(erasedWord(author))) return undefined;
      return batch.erased.get(author) ?? held.erased.get(author) ?? table.erased(author);
    },
    setErased(erased: ErasedAuthor): void {
      erasedWords.add(erasedWord(erased.author));
      batch.erased.set(erased.author, erased);
    },
    postsOf(author: AuthorId): StoredRow[] {
      return [...merged(table.postsOf(author), author)];
    },
    /** Rows that are there may be set meanwhile. */
    scan: (): Iterable<StoredRow> => merged(table.scan()),
    applied: () => next.applied,
    setApplied(from: From, generation: number): void {
      next = { ...next, applied: { from, generation } };
    },
    progress: () => progress,
    pendingRows: () => next.pendingRows,
    loneMarks: () => next.loneMarks,
    heldRows: () => held.rows.size,
    commit(position: LedgerPosition): void {
      const { postsOffset, events, generation } = position;
      progress = { ...next, postsOffset, events, generation };
      next = progress;
      for (const [id, row] of batch.rows) held.rows.set(id, row);
      for (const author of batch.authors) held.authors.add(author);
      for (const [id, placed] of batch.marks) held.marks.set(id, placed);
      for (const [author, erased] of batch.erased) held.erased.set(author, erased);
      held.unlinked.push(...batch.unlinked);
      batch = makeLayer();
      read.clear();
      if (held.rows.size + held.marks.size >= maxHeldRows) flush();
    },
    rollback,
    flush,
    expire(before: { readonly postsMs: number; readonly tombstonesMs: number; readonly pendingMs: number }): number {
      flush();
      const gone = new Map<PostId, Row | undefined>();
      const unlinked: { id: PostId; author: AuthorId }[] = [];
      let pending = 0;
      let count = 0;
      const drop = (): void => {
        progress = { ...progress, pendingRows: progress.pendingRows - pending };
        next = progress;
        table.write({ rows: gone, marks: new Map(), erased: new Map(), unlinked, progress });
        unlinked.length = 0;
        count += gone.size;
        pending = 0;
        gone.clear();
      };
      for (const { id, row } of table.scan()) {
        const at = row.status === "post" ? row.contribution.createdAt : row.at;
        const limit = row.status === "post" ? before.postsMs : row.status === "pending" ? before.pendingMs : before.tombstonesMs;
        if (at >= limit) continue;
        table.get(id);
        gone.set(id, undefined);
        if (row.status === "post") unlinked.push({ id, author: row.contribution.author });
        if (row.status === "pending") pending++;
        if (gone.size >= 5_000) drop();
      }
      drop();
      const lone = table.expireMarks(before.tombstonesMs, before.pendingMs);
      progress = { ...progress, loneMarks: Math.max(0, progress.loneMarks - lone) };
      next = progress;
      table.write({ rows: gone, marks: new Map(), erased: new Map(), unlinked, progress });
      stored = progress;
      readAnew();
      return count;
    },
  };
}
