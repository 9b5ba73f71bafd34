import type { SourceContext } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { type Cursor, formatCursor, parseCursor, remember } from "./cursor.ts";
import { type Fetch, type FeedAddress, fetchFeed } from "./fetch.ts";

/** Feeds that are asked at once. */
const mostAtOnce = 4;
const maxPageItems = 1_000;
const maxPageBytes = 1 << 20;

/** Asks each feed when it is due; one that fails waits alone. When none answers, the newest failure is thrown. */
export async function* readFeeds(
  feeds: readonly FeedAddress[],
  pollMs: number,
  context: SourceContext,
  saved: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const { clock, report, status } = context;
  const cursor: Cursor = parseCursor(
    saved,
    feeds.map(({ key }) => key),
  );
  const errors = new Map<string, EarshotError>();
  // A pause that was set for a longer interval must not outlive it; one that the feed asked for does.
  for (const state of cursor.values()) if (state.failures === 0) state.nextAt = Math.min(state.nextAt, Math.max(clock.now() + pollMs, state.freeAt ?? 0));

  for (;;) {
    const now = clock.now();
    const living = feeds.filter(({ key }) => cursor.get(key)?.gone !== true);
    if (living.length === 0)
      throw new EarshotError("UPSTREAM_REFUSED", "feeds: all of them are gone for good (HTTP 410): take them out, or give their new addresses", { retryAt: now + 86_400_000 });
    const due = living.filter(({ key }) => (cursor.get(key)?.nextAt ?? 0) <= now).slice(0, mostAtOnce);
    for (const fetch of await Promise.all(due.flatMap((of) => ask(of)))) {
      yield* take(fetch);
      if (signal.aborted) return;
    }
    if (due.length === mostAtOnce) continue;
    tellStatus(living);
    const nextAt = Math.min(...living.map(({ key }) => cursor.get(key)?.nextAt ?? 0));
    const failure = living.map(({ key }) => errors.get(key)).findLast((error) => error !== undefined);
    if (failure !== undefined && due.length > 0 && living.every(({ key }) => errors.has(key)))
      throw new EarshotError(failure.code, failure.message, { cause: failure, retryAt: nextAt, ...(failure.failure && { failure: failure.failure }) });
    try {
      await clock.sleep(Math.max(0, nextAt - clock.now()), signal);
    } catch {
      return;
    }
  }

  function ask(of: FeedAddress): Promise<Fetch>[] {
    const state = cursor.get(of.key);
    return state === undefined ? [] : [fetchFeed(of, state, pollMs, context, signal)];
  }

  /** New items as pages; the feed's state goes with the last of them, so that a crash reads the feed again. */
  async function* take({ of, entries, state, error }: Fetch): AsyncGenerator<SourcePage> {
    let items: Raw[] = [];
    let sizeBytes = 0;
    for (const entry of entries) {
      if (!entry.isNew) continue;
      if (items.length >= maxPageItems || (items.length > 0 && sizeBytes + entry.raw.bytes.length > maxPageBytes)) {
        yield { items, cursor: formatCursor(cursor) };
        items = [];
        sizeBytes = 0;
      }
      items.push(entry.raw);
      sizeBytes += entry.raw.bytes.length;
    }
    const moved = state.address !== undefined && state.address !== cursor.get(of.key)?.address;
    if (moved) report("info", `${of.key}: the feed is read from ${state.address} from now on`, { source: context.id });
    if (error === undefined) errors.delete(of.key);
    else {
      errors.set(of.key, error);
      report("warn", state.gone === true ? `${of.key}: the feed is gone for good (HTTP 410) and is not asked again` : error.message, { source: context.id, code: error.code });
    }
    // Documents have the newest first; what is remembered last is forgotten last.
    for (const { id, known } of entries.toReversed()) if (id !== undefined) remember(state, id, known, feeds.length);
    cursor.set(of.key, state);
    yield { items, cursor: formatCursor(cursor) };
  }

  function tellStatus(living: readonly FeedAddress[]): void {
    const failing = living.filter(({ key }) => errors.has(key));
    const gone = feeds.length - living.length;
    const first = failing[0];
    const parts = [
      `${living.length - failing.length} of ${feeds.length} ${feeds.length === 1 ? "feed" : "feeds"}`,
      ...(gone > 0 ? [`${gone} gone`] : []),
      ...(first === undefined ? [] : [`${first.key}: ${errors.get(first.key)?.code ?? ""}`]),
    ];
    status({ state: "polling", detail: parts.join("; ") });
  }
}
