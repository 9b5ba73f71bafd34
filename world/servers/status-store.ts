import type { Delivery } from "../delivery.ts";

/** What a Mastodon server would show now: each status as it was told last. Bounded; the oldest fall out. */
export interface StatusStore {
  take(delivery: Delivery): void;
  get(id: string): string | undefined;
  /** Newest first. */
  page(query: PageQuery): StatusRow[];
}

export interface PageQuery {
  readonly limit: number;
  readonly maxId?: string;
  readonly sinceId?: string;
  readonly minId?: string;
  readonly fits?: (row: StatusRow) => boolean;
}

export interface StatusRow {
  readonly id: string;
  json: string;
}

const idPattern = /^\{"id":"(\d+)"/u;
const boostPattern = /"filtered":\[\],"reblog":\{"id":"(\d+)"/u;

export function makeStatusStore(statusesAtMost: number): StatusStore {
  let rows: StatusRow[] = [];
  const byId = new Map<string, StatusRow>();
  /** Ids whose deletion came first. */
  const gone = new Set<string>();
  const indexFrom = (id: string): number => {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareIds(rows[middle]?.id ?? "", id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  /** A boost shows its original as it is now. */
  const shown = (row: StatusRow): StatusRow => {
    const original = byId.get(boostPattern.exec(row.json)?.[1] ?? "");
    if (original === undefined) return row;
    const status: Record<string, unknown> = JSON.parse(row.json);
    return { id: row.id, json: JSON.stringify({ ...status, reblog: JSON.parse(original.json) }) };
  };
  const add = (row: StatusRow): void => {
    byId.set(row.id, row);
    const last = rows.at(-1);
    if (last === undefined || compareIds(last.id, row.id) < 0) rows.push(row);
    else rows.splice(indexFrom(row.id), 0, row);
    if (rows.length <= statusesAtMost * 1.25) return;
    for (const old of rows.slice(0, rows.length - statusesAtMost)) byId.delete(old.id);
    rows = rows.slice(rows.length - statusesAtMost);
  };
  const remove = (id: string): void => {
    gone.add(id);
    if (gone.size > statusesAtMost) {
      const oldest = gone.keys().next();
      if (!oldest.done) gone.delete(oldest.value);
    }
    if (byId.delete(id)) rows.splice(indexFrom(id), 1);
  };
  return {
    take({ kind, payload, redelivered }) {
      if (redelivered || payload === undefined) return;
      if (kind === "delete") remove(payload);
      if (kind !== "post" && kind !== "edit" && kind !== "counts") return;
      const id = idPattern.exec(payload)?.[1];
      if (id === undefined || gone.has(id)) return;
      const known = byId.get(id);
      if (known === undefined) add({ id, json: payload });
      // A post that comes after its own edit is an old form.
      else if (kind !== "post") known.json = payload;
    },
    get(id) {
      const row = byId.get(id);
      return row === undefined ? undefined : shown(row).json;
    },
    page({ limit, maxId, sinceId, minId, fits }) {
      const from = minId ?? sinceId;
      let low = from === undefined ? 0 : indexFrom(from);
      if (from !== undefined && rows[low]?.id === from) low += 1;
      const high = maxId === undefined ? rows.length : indexFrom(maxId);
      const found: StatusRow[] = [];
      const step = minId === undefined ? -1 : 1;
      for (let index = step < 0 ? high - 1 : low; index >= low && index < high && found.length < limit; index += step) {
        const row = rows[index];
        if (row !== undefined && (fits === undefined || fits(row))) found.push(shown(row));
      }
      return step < 0 ? found : found.toReversed();
    },
  };
}

/** Ids are numbers too long for a double: the longer is greater, else the later in the alphabet. */
export function compareIds(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
