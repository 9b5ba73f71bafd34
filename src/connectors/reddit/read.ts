import type { SourceContext } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { softCount, softText } from "../json/fields.ts";
import type { Api } from "./api.ts";
import { type Feed, catchUp } from "./catch-up.ts";
import { mostThreads, parseCursor } from "./cursor.ts";
import { rawsOfAnswer } from "./parse.ts";
import { makeRefresh } from "./refresh.ts";
import { readThread } from "./threads.ts";
import type { Found } from "./things.ts";

export interface ReadOptions {
  readonly subreddits: readonly string[];
  readonly comments: boolean;
  readonly searches: readonly string[];
  readonly users: readonly string[];
  readonly threads: boolean;
  readonly threadCalls: number;
  readonly fillCalls: number;
  readonly pollSeconds: number;
  readonly refreshMinutes: number;
  readonly startAt: "now" | "oldest";
}

export function feedsOf(options: Pick<ReadOptions, "subreddits" | "comments" | "searches" | "users">): readonly Feed[] {
  const feeds: Feed[] = [];
  for (const name of options.subreddits) {
    feeds.push({ id: `new ${name.toLowerCase()}`, path: `/r/${name}/new`, query: {}, subreddit: { name, kind: "t3" } });
    if (options.comments) feeds.push({ id: `comments ${name.toLowerCase()}`, path: `/r/${name}/comments`, query: {}, subreddit: { name, kind: "t1" } });
  }
  for (const query of options.searches) feeds.push({ id: `search ${query}`, path: "/search", query: { q: query, sort: "new", type: "link", t: "all" } });
  for (const name of options.users) feeds.push({ id: `user ${name.toLowerCase()}`, path: `/user/${name}/overview`, query: { sort: "new" } });
  return feeds;
}

const mostSeen = 50_000;
const slowestFactor = 8;
/** A listing is asked again before so many things are expected in it: well below what it shows. */
const wantedAPoll = 300;
const threadsATurn = 3;
const mostFailures = 8;

interface Turn {
  readonly feed: Feed;
  dueAt: number;
  factor: number;
}

export async function* readReddit(options: ReadOptions, api: Api, context: SourceContext, saved: string | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const { clock, status } = context;
  const feeds = feedsOf(options);
  const cursor = parseCursor(
    saved,
    feeds.map(({ id }) => id),
  );
  const seen = new Set<string>();
  /** Posts whose comments no subreddit's listing brings. */
  const threaded = new Set<string>();
  const refresh = makeRefresh(options.refreshMinutes, api, context, cursor.again, (found) => queueThread(found));
  let turns: Turn[] = feeds.map((feed) => ({ feed, dueAt: 0, factor: 1 }));
  let failures = 0;

  while (!signal.aborted) {
    const now = clock.monotonicMs();
    try {
      for (const turn of turns.filter(({ dueAt }) => dueAt <= now)) yield* poll(turn);
      yield* readThreads();
      const refreshed = await refresh.due(signal);
      if (refreshed.length > 0) yield page(refreshed);
      failures = 0;
      status({ state: "polling" });
      const nextAt = cursor.threads.length > 0 ? clock.monotonicMs() : Math.min(...turns.map(({ dueAt }) => dueAt));
      await clock.sleep(Math.max(1_000, nextAt - clock.monotonicMs()), signal);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "reddit");
      if (error.kind !== "transient" || error.code === "UPSTREAM_AUTH" || error.code === "UPSTREAM_REFUSED" || ++failures > mostFailures) throw error;
      status({ state: "waiting", detail: error.code, ...(error.retryAt !== undefined && { retryAt: error.retryAt }) });
      await clock.sleep(Math.max(1_000, (error.retryAt ?? 0) - clock.now()), signal).catch(() => undefined);
    }
  }

  function page(items: readonly Raw[], gap?: SourcePage["gap"]): SourcePage {
    return { items, cursor: JSON.stringify({ ...cursor, again: refresh.waiting() }), ...(gap && { gap }) };
  }

  async function* poll(turn: Turn): AsyncGenerator<SourcePage> {
    const { feed } = turn;
    let count = 0;
    try {
      const how = { wholeListing: options.startAt === "oldest", fillCalls: options.fillCalls };
      for await (const step of catchUp(feed, cursor.feeds[feed.id], how, api, signal)) {
        const fresh = take(step.things);
        count += fresh.length;
        if (feed.subreddit === undefined && options.threads) for (const found of step.things) if (found.kind === "t3") startThread(found);
        const moved = step.position !== undefined;
        if (step.position !== undefined) cursor.feeds[feed.id] = step.position;
        if (fresh.length > 0 || moved || step.gap) yield page(rawsOf(fresh), step.gap);
      }
    } catch (thrown) {
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", feed.path);
      // What is private, banned or misspelt stays so; the others go on.
      const isShut = error.code === "UPSTREAM_NOT_FOUND" || error.code === "UPSTREAM_REFUSED";
      if (!isShut || turns.length === 1) throw error;
      context.report("warn", "a listing cannot be read and is left out until the next start", { source: context.id, listing: feed.path, code: error.code, message: error.message });
      turns = turns.filter((one) => one !== turn);
      return;
    }
    turn.factor = count > 0 ? Math.min(1, wantedAPoll / count) : Math.min(Math.max(1, turn.factor) * 2, slowestFactor);
    turn.dueAt = clock.monotonicMs() + options.pollSeconds * 1_000 * turn.factor;
  }

  /** What was not given yet. Closed subreddits that the account may read are no one else's to see. */
  function take(things: readonly Found[]): readonly Found[] {
    const fresh: Found[] = [];
    for (const found of things) {
      const name = softText(found.data["name"]);
      const type = found.data["subreddit_type"];
      if (name === undefined || seen.has(name)) continue;
      if (type === "private" || type === "employees_only" || type === "gold_restricted") {
        context.report("warn", "a post of a closed subreddit is left out", { source: context.id, code: "PRIVATE_REFUSED" });
        continue;
      }
      seen.add(name);
      if (seen.size > mostSeen) seen.delete(seen.values().next().value ?? "");
      refresh.seen(found);
      fresh.push(found);
    }
    return fresh;
  }

  function rawsOf(things: readonly Found[]): Raw[] {
    const at = clock.now();
    return things.flatMap(({ kind, data }) => rawsOfAnswer({ kind, data }, { escaped: false, at }, at));
  }

  function startThread(found: Found): void {
    const name = softText(found.data["name"]);
    if (name === undefined || threaded.has(name)) return;
    threaded.add(name);
    if (threaded.size > mostSeen) threaded.delete(threaded.values().next().value ?? "");
    queueThread(found);
  }

  function queueThread({ data }: Found): void {
    const name = softText(data["name"]);
    if (name === undefined || !threaded.has(name) || cursor.threads.includes(name) || (softCount(data["num_comments"]) ?? 0) === 0) return;
    cursor.threads.push(name);
    if (cursor.threads.length > mostThreads) {
      cursor.threads.shift();
      context.report("warn", "more threads wait than can be read; the oldest is left out", { source: context.id });
    }
  }

  async function* readThreads(): AsyncGenerator<SourcePage> {
    for (const link of cursor.threads.slice(0, threadsATurn)) {
      try {
        for await (const found of readThread(link, options.threadCalls, api, context, signal)) {
          const fresh = take(found);
          if (fresh.length > 0) yield page(rawsOf(fresh));
        }
      } catch (thrown) {
        if (!(thrown instanceof EarshotError) || (thrown.code !== "UPSTREAM_NOT_FOUND" && thrown.code !== "UPSTREAM_REFUSED")) throw thrown;
      }
      cursor.threads.splice(cursor.threads.indexOf(link), 1);
      yield page([]);
    }
  }
}
