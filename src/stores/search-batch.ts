import type { Change, Counts, From, Post } from "../core/event.ts";
import type { PostId } from "../core/ids.ts";
import { type MonthName, monthOf } from "./search-schema.ts";

/** What a batch does to one post in one month's file: several changes become one. */
export interface Operation {
  readonly id: PostId;
  /** createdAt under which the file may hold the post from before the batch; undefined: it cannot. */
  readonly wasAt: number | undefined;
  put: Post | undefined;
  gone: boolean;
  counts: Counts | undefined;
  terms: readonly string[] | undefined;
}

export interface Mark {
  readonly generation: number;
  readonly from: From;
}

export interface MonthBatch {
  readonly month: MonthName;
  readonly operations: Map<PostId, Operation>;
  readonly marks: Map<number, Mark>;
}

export function isAbove(change: Mark, mark: Mark | undefined): boolean {
  if (mark === undefined) return true;
  if (change.generation !== mark.generation) return change.generation > mark.generation;
  if (change.from.offset !== mark.from.offset) return change.from.offset > mark.from.offset;
  return change.from.index > mark.from.index;
}

/** Parts changes by month, in order; an edit that moves a post to another month is a removal in one and a put in the other. */
export function batchByMonth(changes: readonly Change[], marksOf: (month: MonthName) => ReadonlyMap<number, Mark>): MonthBatch[] {
  const batches = new Map<string, MonthBatch & { readonly before: ReadonlyMap<number, Mark> }>();
  const touch = (month: MonthName, change: Change): MonthBatch | undefined => {
    let batch = batches.get(month.name);
    if (batch === undefined) {
      batch = { month, operations: new Map(), marks: new Map(), before: marksOf(month) };
      batches.set(month.name, batch);
    }
    if (!isAbove(change, batch.before.get(change.partition))) return undefined;
    batch.marks.set(change.partition, { generation: change.generation, from: change.from });
    return batch;
  };
  for (const change of changes) {
    const wasMonth = change.was && monthOf(change.was.createdAt);
    const isMonth = change.post && monthOf(change.post.createdAt);
    const wasBatch = wasMonth && touch(wasMonth, change);
    if (wasBatch) operate(wasBatch, change, isMonth?.name === wasMonth.name);
    if (isMonth && isMonth.name !== wasMonth?.name) {
      const isBatch = touch(isMonth, change);
      if (isBatch) operate(isBatch, change, true);
    }
  }
  return [...batches.values()].filter(({ marks }) => marks.size > 0);
}

function operate({ month, operations }: MonthBatch, change: Change, stays: boolean): void {
  const { id, was, post } = change;
  let operation = operations.get(id);
  if (operation === undefined) {
    const wasAt = was && was.createdAt >= month.startMs && was.createdAt < month.endMs ? was.createdAt : undefined;
    operation = { id, wasAt, put: undefined, gone: false, counts: undefined, terms: undefined };
    operations.set(id, operation);
  }
  if (change.kind === "post") {
    operation.put = stays ? post : undefined;
    operation.gone = !stays;
    operation.counts = undefined;
    operation.terms = undefined;
  } else if (change.is === undefined) {
    operation.put = undefined;
    operation.gone = true;
  } else if (!operation.gone) {
    if (operation.put) operation.put = { ...operation.put, counts: change.is.counts, terms: change.is.terms };
    else {
      operation.counts = change.is.counts;
      if (change.kind === "terms") operation.terms = change.is.terms;
    }
  }
}
