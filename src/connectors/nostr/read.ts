import { createHash } from "node:crypto";
import type { SourceContext } from "../../core/component.ts";
import { type EarshotError, toEarshotError } from "../../core/errors.ts";
import type { SourcePage } from "../../core/source.ts";
import type { Json } from "../json/decode.ts";
import { type Gap, type NostrCursor, type RelayState, addGap, parseCursor } from "./cursor.ts";
import { hasOwnId, hex64 } from "./event.ts";
import { makeQueue } from "../json/queue.ts";
import { rawsOfEvent } from "./raws.ts";
import type { SignIn } from "./sign-in.ts";
import { type Filter, type Limits, noteOf, readLimits } from "./limits.ts";
import { makePace } from "./pace.ts";
import { type Relay, createdSec, openRelay } from "./relay.ts";

export interface NostrOptions {
  readonly relays: readonly string[];
  readonly overlapMinutes: number;
  readonly backfillHours: number;
  readonly signIn?: SignIn | undefined;
}

interface Batch {
  readonly events: readonly Json[];
  /** Moves the cursor, once these events are in a page. */
  readonly advance: () => void;
}

const mostHeld = 16;
const mostSeen = 50_000;
const mostEvents = 500;
const mostNotes = 5;
const daySec = 86_400;
const firstWaitMs = 500;
const longestWaitMs = 300_000;
/** A relay that refuses is asked again after so long. */
const refusedMs = 3_600_000;

/** Reads several relays at once: what was missed, then what comes. An event that several relays have is given once. */
export async function* readNostr(
  options: NostrOptions,
  filters: readonly Filter[],
  context: SourceContext,
  saved: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const { clock, status } = context;
  const cursor: NostrCursor = parseCursor(saved, JSON.stringify(filters));
  const nowSec = () => Math.floor(clock.now() / 1_000);
  const queue = makeQueue<Batch>(mostHeld);
  const seen = new Set<string>();
  /** Who wrote what was seen: deletions are believed by it. */
  const authors = new Map<string, string>();
  /** What a relay tells of itself that changes how it is read. */
  const notes = new Map<string, string>();
  const states = new Map<string, "connecting" | "backfilling" | "live" | "waiting" | "refused">();
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  both.addEventListener("abort", () => queue.fail(both.reason), { once: true });

  try {
    for (const url of options.relays) void follow(url).catch((thrown: unknown) => queue.fail(thrown));
    while (!signal.aborted) {
      const batch = await queue.take();
      const receivedAt = clock.now();
      const items = batch.events.flatMap((event) => rawsOfEvent(event, receivedAt, (id) => authors.get(id)));
      batch.advance();
      yield { items, cursor: JSON.stringify(cursor) };
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    own.abort();
  }

  function tell(url: string, state: "connecting" | "backfilling" | "live" | "waiting" | "refused", error?: EarshotError): void {
    states.set(url, state);
    const all = [...states.values()];
    const live = all.filter((one) => one === "live").length;
    const overall = all.includes("backfilling") ? "backfilling" : live > 0 ? "live" : all.includes("connecting") ? "connecting" : "waiting";
    const told = [...notes].slice(0, mostNotes).map(([host, note]) => `; ${host}: ${note}`);
    status({ state: overall, detail: `${live} of ${options.relays.length} relays${error === undefined ? "" : `, ${error.code}`}${told.join("")}` });
  }

  async function follow(url: string): Promise<void> {
    const host = new URL(url).host;
    const pace = makePace(clock);
    let failures = 0;
    while (!both.aborted) {
      tell(url, "connecting");
      try {
        const limits = await readLimits(url, mostEvents, context, both);
        const note = noteOf(limits);
        if (note === undefined) notes.delete(host);
        else notes.set(host, note);
        const relay = await openRelay(url, context, both, { limits, pace, signIn: options.signIn });
        const state = stateOf(url, limits);
        const reader = makeReader(url, state, relay, limits.maxLimit, () => {
          failures = 0;
        });
        await reader();
      } catch (thrown) {
        if (both.aborted) return;
        const error = toEarshotError(thrown, "UPSTREAM_CUT", host);
        const refused = error.code === "UPSTREAM_AUTH" || error.code === "UPSTREAM_REFUSED";
        tell(url, refused ? "refused" : "waiting", error);
        if (refused) context.report("warn", "a relay refuses to be read (it may want a sign-in, NIP-42: secretKey of the source)", { relay: host, code: error.code });
        if (options.relays.every((one) => states.get(one) === "refused")) throw error;
        const waitMs = refused ? refusedMs : Math.min(longestWaitMs, firstWaitMs * 2 ** failures++);
        await clock.sleep(Math.max(waitMs, Math.max(error.retryAt ?? 0, pace.freeAt) - clock.now()), both).catch(() => undefined);
      }
    }
  }

  /** Everything since the last connection is unread; events may be dated some minutes late, or in the future. */
  function stateOf(url: string, { oldestSec, aheadSec }: Limits): RelayState {
    const now = nowSec();
    const state = (cursor.relays[url] ??= { doneSec: now - Math.round(options.backfillHours * 3_600), gaps: [] });
    // What the relay says that it never takes is not asked for.
    addGap(state, Math.max(state.doneSec - options.overlapMinutes * 60, now - oldestSec), now + Math.min(daySec, aheadSec));
    state.doneSec = Math.max(state.doneSec, now);
    return state;
  }

  function makeReader(url: string, state: RelayState, relay: Relay, most: number, worked: () => void): () => Promise<void> {
    /** Deletions whose targets' authors are being asked for: what is read is not beyond them. */
    const open = new Set<number>();

    async function give(events: readonly Json[], advance: () => void): Promise<void> {
      const fresh = events.filter(isNew);
      await queue.put({ events: fresh, advance });
    }

    /** Asks the relay who wrote what the deletions name, where nobody told yet. What it no longer holds, it has deleted itself. */
    async function askAuthors(deletions: readonly Json[]): Promise<void> {
      const ids = deletions.flatMap(targetIds).filter((id) => !authors.has(id));
      for (let from = 0; from < ids.length; from += Math.min(100, most)) {
        for (const event of await relay.fetch({ ids: ids.slice(from, from + Math.min(100, most)), limit: Math.min(100, most) })) remember(event);
      }
    }

    async function onLive(events: readonly Json[]): Promise<void> {
      worked();
      const fresh = events.filter((event) => !seen.has(keyOf(event)));
      const unsure = fresh.filter((event) => targetIds(event).some((id) => !authors.has(id)));
      const sure = fresh.filter((event) => !unsure.includes(event));
      for (const event of sure) remember(event);
      const newest = Math.min(nowSec(), Math.max(0, ...events.map(createdSec)));
      // The connection is read on while the relay is asked.
      if (unsure.length > 0) void later(unsure).catch(() => undefined);
      if (sure.length > 0) await give(sure, () => (state.doneSec = Math.max(state.doneSec, Math.min(newest, relay.unreadSinceSec(), ...open))));
    }

    async function later(deletions: readonly Json[]): Promise<void> {
      const oldest = Math.min(...deletions.map(createdSec));
      open.add(oldest);
      await askAuthors(deletions);
      // Cut before the answer, it stays open, and the next connection reads it again.
      open.delete(oldest);
      await give(deletions, () => undefined);
    }

    async function walk(gap: Gap): Promise<void> {
      let until = gap.until;
      for (let index = gap.filter; index < filters.length; index++) {
        for (let last = new Set<string>(); until >= gap.from;) {
          const events = await relay.fetch({ ...filters[index], since: gap.from, until, limit: most });
          worked();
          if (events.length === 0) break;
          const fresh = events.some((event) => !last.has(idOf(event)));
          last = new Set(events.map(idOf));
          const oldest = Math.min(until, ...events.map(createdSec).filter((at) => at >= gap.from));
          // The oldest second may go on in the next page; one that fills a whole page is left behind.
          until = fresh ? oldest : oldest - 1;
          const next = until;
          await askAuthors(events);
          await give(events, () => (gap.until = next));
        }
        until = gap.to;
        await queue.put({
          events: [],
          advance() {
            gap.filter = index + 1;
            gap.until = gap.to;
            if (gap.filter === filters.length) state.gaps = state.gaps.filter((one) => one !== gap);
          },
        });
      }
    }

    return async () => {
      let more = Promise.withResolvers<void>();
      const pumping = relay.pump(filters, onLive, (sinceSec) => {
        addGap(state, sinceSec, nowSec() + daySec);
        more.resolve();
      });
      const backfill = async (): Promise<never> => {
        const walked = new Set<Gap>();
        const unwalked = () => state.gaps.find((one) => !walked.has(one));
        for (;;) {
          tell(url, "backfilling");
          for (let gap = unwalked(); gap !== undefined; gap = unwalked()) {
            walked.add(gap);
            await walk(gap);
          }
          tell(url, "live");
          await more.promise;
          more = Promise.withResolvers<void>();
        }
      };
      try {
        await Promise.race([pumping, Promise.all([pumping, backfill()])]);
      } finally {
        state.doneSec = Math.min(state.doneSec, relay.unreadSinceSec(), ...open);
        relay.close();
      }
    };
  }

  /** Only what is true is noted: a relay that bends an event must not hide it where another one has it, nor name another author for it. */
  function isNew(event: Json): boolean {
    const key = keyOf(event);
    if (seen.has(key)) return false;
    if (!remember(event)) return true;
    seen.add(key);
    if (seen.size > mostSeen) seen.delete(seen.values().next().value ?? "");
    return true;
  }

  function remember(event: Json): boolean {
    const { id, pubkey } = event;
    if (typeof id !== "string" || typeof pubkey !== "string" || !hasOwnId(event)) return false;
    authors.set(id, pubkey);
    if (authors.size > mostSeen) authors.delete(authors.keys().next().value ?? "");
    return true;
  }
}

function idOf(event: Json): string {
  return typeof event["id"] === "string" ? event["id"] : JSON.stringify(event);
}

/** With the signature, which the id does not tell of, and the words, which it tells of only where they are its own. */
function keyOf(event: Json): string {
  const { id, pubkey, created_at: at, kind, tags, content, sig } = event;
  return createHash("sha256")
    .update(JSON.stringify([id, pubkey, at, kind, tags, content, sig]))
    .digest("base64");
}

function targetIds(event: Json): string[] {
  if (event["kind"] !== 5 || !Array.isArray(event["tags"])) return [];
  return event["tags"].flatMap((tag: unknown) => (Array.isArray(tag) && tag[0] === "e" && typeof tag[1] === "string" && hex64.test(tag[1]) ? [tag[1]] : []));
}

/** What is asked of the relays: kinds, narrowed by hashtags or authors (either is enough); deletions bear no hashtag, so all of them are read. */
export function filtersOf(kinds: readonly number[], hashtags: readonly string[], authors: readonly string[]): Filter[] {
  const ending = [5, 62];
  const filters: Filter[] = [];
  if (hashtags.length > 0) filters.push({ kinds: kinds.filter((kind) => !ending.includes(kind)), "#t": hashtags });
  if (authors.length > 0) filters.push({ kinds: [...new Set([...kinds, ...ending])], authors });
  if (hashtags.length > 0) filters.push({ kinds: ending });
  return filters.length > 0 ? filters : [{ kinds: [...new Set([...kinds, ...ending])] }];
}
