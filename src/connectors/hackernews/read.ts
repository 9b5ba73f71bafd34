import type { SourceContext } from "../../core/component.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { decodeJson, isJson } from "../json/decode.ts";
import type { HackerNews } from "./api.ts";
import { headOf, rawOf } from "./parse.ts";

export interface HackerNewsOptions {
  readonly pollSeconds: number;
  readonly backfillItems: number;
  readonly frontPageItems: number;
}

/** The next id to read, and ids below it that had no item when they were asked for. */
interface Cursor {
  next: number;
  missing: Map<number, Missing>;
}

interface Missing {
  tries: number;
  /** Milliseconds UTC. */
  at: number;
}

const mostAtOnce = 16;
const batchItems = 200;
const firstRetryMs = 15_000;
/** 15 seconds, doubled each time: after two hours an id has no item. */
const mostTries = 9;
const mostMissing = 2_000;
const mostKnown = 50_000;
/** A change to an item is told by `updates` for minutes: the same is read once. */
const mostUpdatesATurn = 200;

/** Follows the ids upward, each read once whatever happens, and reads what is told to have changed. */
export async function* readHackerNews(
  options: HackerNewsOptions,
  api: HackerNews,
  context: SourceContext,
  saved: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const { clock, status } = context;
  /** Items that were given to the log, with the hash of their words: the root of their conversation (0: not known). */
  const roots = new Map<number, number>();
  const bodies = new Map<number, string>();
  let newest = await api.maxItem(signal);
  const cursor = parseCursor(saved);
  const firstSeen = cursor?.next ?? newest + 1;
  const position: Cursor = cursor ?? { next: Math.max(1, newest + 1 - options.backfillItems), missing: new Map() };

  if (cursor === undefined && options.frontPageItems > 0) {
    status({ state: "backfilling", detail: "front page" });
    const ids = await api.frontPage(signal);
    yield* readItems(ids.slice(0, options.frontPageItems).filter((id) => id < position.next));
  }
  for (;;) {
    while (position.next <= newest) {
      if (signal.aborted) return;
      const left = newest - position.next + 1;
      status({ state: left > batchItems ? "backfilling" : "polling", detail: `${left} items to read` });
      yield* readItems(
        Array.from({ length: Math.min(batchItems, left) }, (_, i) => position.next + i),
        (id) => (position.next = id + 1),
      );
    }
    yield* readItems(dueMissing());
    yield* readItems((await api.updates(signal)).filter((id) => id < position.next && !position.missing.has(id)).slice(0, mostUpdatesATurn));
    status({ state: "polling" });
    try {
      await clock.sleep(options.pollSeconds * 1_000, signal);
    } catch {
      return;
    }
    newest = Math.max(newest, await api.maxItem(signal));
  }

  /** In the order of the ids, up to the first that could not be asked for: what came before a failure is kept, then it is thrown. */
  async function* readItems(ids: readonly number[], passed?: (id: number) => void): AsyncGenerator<SourcePage> {
    const { found, error } = await fetchAll(ids);
    const items: Raw[] = [];
    for (const id of ids) {
      const bytes = found.get(id);
      if (bytes === undefined) break;
      if (bytes === null) noteMissing(id);
      else {
        position.missing.delete(id);
        const raw = take(id, bytes);
        if (raw !== undefined) items.push(raw);
      }
      passed?.(id);
    }
    yield { items, cursor: formatCursor(position) };
    if (error !== undefined) throw error;
  }

  /** null: there is no item under the id. After a failure no further ones are asked for. */
  async function fetchAll(ids: readonly number[]): Promise<{ found: ReadonlyMap<number, Uint8Array | null>; error?: unknown }> {
    const found = new Map<number, Uint8Array | null>();
    const waiting = ids.values();
    const failures: unknown[] = [];
    const worker = async (): Promise<void> => {
      for (const id of waiting) {
        try {
          found.set(id, (await api.item(id, signal)) ?? null);
        } catch (thrown) {
          failures.push(thrown);
        }
        if (failures.length > 0) return;
      }
    };
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, ids.length) }, worker));
    return failures.length > 0 ? { found, error: failures[0] } : { found };
  }

  /** Undefined: nothing that the log does not have. */
  function take(id: number, bytes: Uint8Array): Raw | undefined {
    const head = headOf(bytes);
    // Garbage, or another item than was asked for: the parser says what is wrong.
    if (head === undefined || head.id !== id) return { key: undefined, bytes, receivedAt: clock.now() };
    const body = Buffer.from(bytes).toString("latin1");
    const known = bodies.get(id);
    const digest = String(hashOf(body));
    if (known === digest) return undefined;
    // Dead from birth: it may come to life, which a deletion before its post would forbid for ever.
    if (head.isGone && known === undefined && id >= firstSeen) return undefined;
    const root = head.parent === undefined ? id : roots.get(head.parent);
    put(roots, id, root ?? 0);
    put(bodies, id, digest);
    return rawOf(bytes, clock.now(), root === 0 ? undefined : root);
  }

  function noteMissing(id: number): void {
    const tries = (position.missing.get(id)?.tries ?? 0) + 1;
    position.missing.delete(id);
    if (tries > mostTries) return;
    position.missing.set(id, { tries, at: clock.now() + firstRetryMs * 2 ** (tries - 1) });
    if (position.missing.size > mostMissing) position.missing.delete(position.missing.keys().next().value ?? 0);
  }

  function dueMissing(): number[] {
    const now = clock.now();
    return [...position.missing]
      .filter(([, { at }]) => at <= now)
      .map(([id]) => id)
      .slice(0, batchItems);
  }
}

function put<V>(map: Map<number, V>, id: number, value: V): void {
  map.delete(id);
  map.set(id, value);
  if (map.size > mostKnown) map.delete(map.keys().next().value ?? 0);
}

/** FNV-1a over 32 bits, twice with the text's length: to see whether an item is as it was. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) * 65_536 + (text.length & 0xffff);
}

function formatCursor({ next, missing }: Cursor): string {
  return JSON.stringify({ next, ...(missing.size > 0 && { missing: [...missing].map(([id, { tries, at }]) => [id, tries, at]) }) });
}

function parseCursor(saved: string | undefined): Cursor | undefined {
  if (saved === undefined || saved === "") return undefined;
  try {
    const value = decodeJson(Buffer.from(saved), "cursor");
    if (!isJson(value)) return undefined;
    const { next } = value;
    if (typeof next !== "number" || !Number.isSafeInteger(next) || next < 1) return undefined;
    const missing = new Map<number, Missing>();
    const list: unknown[] = Array.isArray(value["missing"]) ? value["missing"] : [];
    for (const one of list.slice(0, mostMissing)) {
      if (!Array.isArray(one)) continue;
      const [id, tries, at]: unknown[] = one;
      if (typeof id === "number" && typeof tries === "number" && typeof at === "number" && Number.isSafeInteger(id)) missing.set(id, { tries, at });
    }
    return { next, missing };
  } catch {
    return undefined;
  }
}
