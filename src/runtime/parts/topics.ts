import type { Clock } from "../../core/clock.ts";
import type { ReadFilter } from "../../core/filter.ts";
import { fingerprint } from "../../core/ids.ts";
import { parseQuery } from "../../core/query-parser.ts";
import type { Sql } from "../../core/sql.ts";
import { linkTopics } from "../../models/topic-lines.ts";
import { type TopicWord, topicWords } from "../../models/topics.ts";
import { type LineRecord, openTopics } from "../../registers/topics.ts";
import type { Threads } from "../boot.ts";
import type { SampledTopic, SampledTopics, TopicBook, TopicChange } from "../topics.ts";

export interface TopicsOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly threads: Pick<Threads, "read">;
  readonly narrow: (filter: ReadFilter) => ReadFilter;
  readonly simulated: () => Promise<"none" | "shown" | "hidden">;
  readonly signal: AbortSignal;
}

const hourMs = 3_600_000;
/** Posts come late: an hour is looked at some minutes after its end. */
const settledAfterMs = 3 * 60_000;
/** Hours that are made up for after a stop. */
const mostHours = 24;
const postsOfHour = 4_000;
const leastPostsOfHour = 50;
/** A line that was not met for so long has ended. */
const endsAfterMs = 24 * hourMs;
const keptMs = 31 * 24 * hourMs;
/** How much of a line's words is what they were before. */
const inertia = 0.6;
const sweepPage = 500;
const shownWords = 6;

export function makeTopics({ sql, clock, threads, narrow, simulated, signal }: TopicsOptions) {
  const register = openTopics(sql);
  const { caller } = threads.read;
  const sample = (q: string, filter: ReadFilter, fromMs: number, toMs: number, most: number): Promise<SampledTopics> =>
    caller.call("topics", { query: q.trim() === "" ? { kind: "all" } : parseQuery(q), filter: narrow(filter), fromMs, toMs, most });

  async function followHour(at: number, isSimulated: boolean): Promise<void> {
    const found = await sample("", {}, at, at + hourMs, postsOfHour);
    const topics = found.posts < leastPostsOfHour ? [] : found.topics;
    const before = await register.open(at - endsAfterMs, isSimulated);
    const earlier = before.filter(({ bornAt }) => bornAt < at);
    const { continues, from } = linkTopics(earlier, topics);
    const lines: LineRecord[] = topics.map((topic, i) =>
      lineOf(
        topic,
        at,
        isSimulated,
        earlier[continues[i] ?? -1],
        (from[i] ?? []).flatMap((j) => earlier[j] ?? []),
        continues,
      ),
    );
    const going = new Set(continues);
    const ended = topics.flatMap((_, i) =>
      (from[i] ?? []).flatMap((j) => {
        const into = lines[i]?.id;
        const gone = earlier[j];
        return into === undefined || gone === undefined || going.has(j) || gone.id === into ? [] : [{ id: gone.id, into }];
      }),
    );
    await register.save({
      at,
      simulated: isSimulated,
      posts: found.posts,
      read: found.read,
      none: found.none,
      lines,
      hours: topics.map(({ posts, authors, sentiment }, i) => ({ line: lines[i]?.id ?? "", at, posts, authors, ...sentiment })),
      middle: topics.flatMap(({ middle }, i) => middle.map(({ post, author }) => ({ line: lines[i]?.id ?? "", post, author }))),
      ended,
    });

    function lineOf(
      topic: SampledTopic,
      now: number,
      isOfWorld: boolean,
      goesOn: LineRecord | undefined,
      kin: readonly LineRecord[],
      taken: readonly (number | undefined)[],
    ): LineRecord {
      if (goesOn !== undefined) return { ...goesOn, words: blend(goesOn.words, topic.words), lastAt: now };
      const id = `t_${fingerprint(`${now} ${isOfWorld} ${topic.language} ${topic.words.map(({ word }) => word).join(" ")}`).slice(0, 12)}`;
      const parents = kin.filter((line) => taken.includes(earlier.indexOf(line))).map((line) => line.id);
      return { id, language: topic.language, words: topic.words, bornAt: now, lastAt: now, parents };
    }
  }

  const book: TopicBook = {
    async sample({ q, filter, fromMs, toMs, most, compare }) {
      const now = await sample(q, filter, fromMs, toMs, most);
      if (!compare) return now;
      const before = await sample(q, filter, fromMs - (toMs - fromMs), fromMs, most);
      const { continues, from } = linkTopics(before.topics, now.topics);
      const met = new Set([...continues, ...from.flat()]);
      const changes = now.topics.map((_, i): TopicChange => {
        const line = continues[i];
        if (line !== undefined) return { is: "goes-on", before: before.topics[line]?.posts ?? 0 };
        return { is: (from[i] ?? []).some((j) => continues.includes(j)) ? "split" : "new", before: 0 };
      });
      return { ...now, changes, ended: before.topics.filter((_, i) => !met.has(i)), postsBefore: before.posts };
    },
    async lines({ fromMs, toMs, limit }) {
      const isSimulated = (await simulated()) === "shown";
      const [lines, hours] = await Promise.all([register.within(fromMs, toMs, isSimulated, limit), register.runs(fromMs, toMs, isSimulated)]);
      return { lines: lines.map(({ words, ...line }) => ({ ...line, words: words.slice(0, shownWords).map(({ word }) => word) })), hours };
    },
  };

  return {
    book,
    personal: [{ store: "topics", noun: "posts of theirs that stand for topics", ...register }],
    /** Follows the topics through the hours that have ended, the oldest first. */
    async follow(): Promise<void> {
      const last = Math.floor((clock.now() - settledAfterMs) / hourMs) * hourMs - hourMs;
      const first = last - (mostHours - 1) * hourMs;
      const isSimulated = (await simulated()) === "shown";
      const done = new Set((await register.runs(first, last + hourMs, isSimulated)).map(({ at }) => at));
      for (let at = first; at <= last && !signal.aborted; at += hourMs) if (!done.has(at)) await followHour(at, isSimulated);
    },
    /** Posts that are deleted, or older than what is kept, stand for no topic. */
    async sweep(): Promise<void> {
      await register.expire(clock.now() - keptMs);
      let removed = 0;
      let after: string | undefined;
      for (;;) {
        const page = await register.posts(after, sweepPage);
        if (page.length === 0) break;
        const gone = await caller.call(
          "gone",
          page.map(({ post }) => post),
        );
        if (gone.length > 0) removed += await register.removePosts(gone);
        after = page.at(-1)?.key;
      }
      if (removed > 0) await register.forget();
    },
  };
}

function blend(before: readonly TopicWord[], now: readonly TopicWord[]): readonly TopicWord[] {
  const weights = new Map(before.map(({ word, weight }) => [word, weight * inertia]));
  for (const { word, weight } of now) weights.set(word, (weights.get(word) ?? 0) + weight * (1 - inertia));
  return [...weights]
    .map(([word, weight]) => ({ word, weight }))
    .toSorted((a, b) => b.weight - a.weight || (a.word < b.word ? -1 : 1))
    .slice(0, topicWords);
}
