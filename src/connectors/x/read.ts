import type { SourceContext } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Api, postFields } from "./api.ts";
import { withCompliance } from "./beside.ts";
import { type Cursor, parseCursor } from "./cursor.ts";
import { idInstant, idOf, isNewer, objectsIn } from "./ids.ts";
import { makeJobs } from "./jobs.ts";
import { messagesIn } from "./messages.ts";
import { rawsOf } from "./parse.ts";
import { syncRules } from "./rules.ts";
import { makeBackoff, readLines } from "./stream.ts";
import { type Target, type WalkOptions, isNoProblem, makeWalker, searchTarget, timelineTarget } from "./walk.ts";

export interface ReadOptions extends WalkOptions {
  readonly mode: "search" | "archive" | "stream";
  readonly queries: readonly string[];
  readonly users: readonly string[];
  readonly mentions: readonly string[];
  readonly pollSeconds: number;
  /** 0 to 5: X fills a cut of so many minutes itself, where the plan has it. */
  readonly backfillMinutes: number;
  /** So often X is asked which posts are to be forgotten; 0: never. */
  readonly complianceHours: number;
  readonly complianceStreams: boolean;
}

const slowestFactor = 8;
/** A failed call is made again so often before the source is opened anew. */
const mostFailures = 6;
const longestWaitMs = 3_600_000;

export async function* readX(options: ReadOptions, api: Api, context: SourceContext, saved: string | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const { clock, status } = context;
  const searches = options.queries.map((query) => searchTarget(query, options.mode === "archive"));
  const timelines = [...options.users.map((id) => timelineTarget("posts", id)), ...options.mentions.map((id) => timelineTarget("mentions", id))];
  const targets = [...searches, ...timelines];
  const cursor: Cursor = parseCursor(
    saved,
    targets.map((target) => target.name),
  );
  const walker = makeWalker(options, cursor, api, context);
  const jobs = makeJobs(options.complianceHours, api, context);
  const main = () => (options.mode === "stream" && searches.length > 0 ? stream() : poll());
  for await (const page of options.complianceStreams ? withCompliance(main, saved, JSON.stringify(cursor), api, context, signal) : main()) {
    for (const { key, actor } of page.items) if (typeof key === "string" && actor !== undefined) jobs.seen(key);
    yield page;
  }

  async function* poll(): AsyncGenerator<SourcePage> {
    let factor = 1;
    while (!signal.aborted) {
      let count = 0;
      for (const target of targets) {
        for await (const page of insist(target)) {
          count += page.items.length;
          yield page;
        }
        if (signal.aborted) return;
      }
      const gone = await jobs.due(signal);
      if (gone.length > 0) yield { items: gone, cursor: JSON.stringify(cursor) };
      status({ state: "polling" });
      factor = count > 0 ? 1 : Math.min(factor * 2, slowestFactor);
      if (!(await rest(options.pollSeconds * factor * 1_000))) return;
    }
  }

  /** A walk that goes on after failures from where it came to. */
  async function* insist(target: Target): AsyncGenerator<SourcePage> {
    let failures = 0;
    for (;;) {
      try {
        for await (const page of walker.catchUp(target, signal)) {
          failures = 0;
          yield page;
        }
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "x");
        const passes = error.code === "UPSTREAM_UNAVAILABLE" || error.code === "UPSTREAM_RATE_LIMITED" || error.code === "UPSTREAM_CUT";
        const waitMs = Math.max((error.retryAt ?? 0) - clock.now(), error.code === "UPSTREAM_RATE_LIMITED" ? 0 : 1_000 * 2 ** failures);
        if (!passes || ++failures > mostFailures || waitMs > longestWaitMs) throw error;
        status({ state: "waiting", detail: error.code, retryAt: clock.now() + waitMs });
        if (!(await rest(waitMs))) return;
      }
    }
  }

  async function* stream(): AsyncGenerator<SourcePage> {
    const backoff = makeBackoff();
    let cutAt: number | undefined;
    while (!signal.aborted) {
      const own = new AbortController();
      const both = AbortSignal.any([signal, own.signal]);
      try {
        status({ state: "backfilling" });
        // What is older than a moment is read before the stream is opened, so that it need not wait for long.
        for (const target of targets) yield* insist(target);
        status({ state: "connecting" });
        const rules = await syncRules(api, options.queries, `earshot:${context.id}`, both);
        const minutes = cutAt === undefined ? 0 : Math.min(options.backfillMinutes, Math.ceil((clock.now() - cutAt) / 60_000));
        const body = await api.stream("stream", minutes > 0 ? { ...postFields, backfill_minutes: String(minutes) } : postFields, both);
        for (const target of searches) yield* insist(target);
        status({ state: "live", detail: "stream" });
        let timelinesAt = clock.monotonicMs() + options.pollSeconds * 1_000;
        for await (const messages of readLines(body, clock)) {
          backoff.succeeded();
          cutAt = clock.now();
          const posts = messages.filter((message) => typeof message !== "string" && isOurs(message, rules) && postIdOf(message) !== undefined).length;
          const month = posts === 0 ? undefined : await api.charge(posts);
          const items = [...messages.flatMap((message) => rawsOfLine(message, rules)), ...(await jobs.due(both))];
          if (items.length > 0) yield { items, cursor: JSON.stringify(cursor) };
          if (month !== undefined && month.left <= 0) throw new EarshotError("UPSTREAM_QUOTA", "x: the posts of the month are used up", { retryAt: month.fullAt });
          if (timelines.length > 0 && clock.monotonicMs() >= timelinesAt) {
            for (const target of timelines) yield* insist(target);
            timelinesAt = clock.monotonicMs() + options.pollSeconds * 1_000;
          }
        }
        throw new EarshotError("UPSTREAM_CUT", "x: the stream ended");
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toEarshotError(thrown, "UPSTREAM_CUT", "x");
        if (error.code !== "UPSTREAM_CUT" && error.code !== "UPSTREAM_UNAVAILABLE" && error.code !== "UPSTREAM_RATE_LIMITED") throw error;
        const waitMs = backoff.failed(error, clock.now());
        if (waitMs > longestWaitMs) throw error;
        status({ state: "waiting", detail: error.code, retryAt: clock.now() + waitMs });
        if (waitMs > 0 && !(await rest(waitMs))) return;
      } finally {
        own.abort();
      }
    }
  }

  function rawsOfLine(message: Json | string, rules: ReadonlySet<string>): readonly Raw[] {
    const receivedAt = clock.now();
    if (typeof message === "string") return [{ key: undefined, bytes: Buffer.from(message), receivedAt }];
    if (!isOurs(message, rules)) return [];
    const id = postIdOf(message);
    if (id !== undefined) {
      // What came on the stream is not searched for again, but for the moments before, in which others may have been on their way.
      for (const target of searches) {
        const place = cursor.places[target.name] ?? {};
        cursor.places[target.name] = place;
        if (idInstant(id) !== undefined && (place.since === undefined || isNewer(id, place.since))) place.since = id;
      }
    }
    return rawsOf(messagesIn(message).filter(isNoProblem), receivedAt);
  }

  async function rest(ms: number): Promise<boolean> {
    await clock.sleep(ms, signal).catch(() => undefined);
    return !signal.aborted;
  }
}

/** Posts that other rules of the app matched are not ours. */
function isOurs(message: Json, rules: ReadonlySet<string>): boolean {
  const matched = objectsIn(message["matching_rules"]);
  return matched.length === 0 || matched.some((rule) => rules.has(idOf(rule["id"]) ?? ""));
}

function postIdOf(message: Json): string | undefined {
  return isJson(message["data"]) ? idOf(message["data"]["id"]) : undefined;
}
