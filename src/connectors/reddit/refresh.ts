import type { SourceContext } from "../../core/component.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { Raw } from "../../core/source.ts";
import { softText } from "../json/fields.ts";
import { type Api, thingsACall } from "./api.ts";
import { deletionRaw, erasureRaw, rawsOfAnswer } from "./parse.ts";
import { isWithdrawn, readAuthor } from "./post.ts";
import type { Found } from "./things.ts";

/**
 * Looks at recent posts and comments again: counts, edits, and what was deleted, which is to be gone here too
 * (Reddit Data API wiki, 2024: within 48 hours). The last look is 48 times the given minutes after the first.
 */
export interface Refresh {
  seen(found: Found): void;
  /** What is due, as it is now, and deletions of what is gone; a few calls at most. Failures are reported and tried again later. */
  due(signal: AbortSignal): Promise<readonly Raw[]>;
  /** The newest of what waits, for the cursor: `fullname:round:minute due`. No names of people: an account's end is noticed only of posts seen since the start. */
  waiting(): readonly string[];
}

const factors = [1, 4, 16, 27];
/** Oldest first out: what is over the limit is not looked at again. */
const mostWaiting = 20_000;
const callsATurn = 3;
const mostKept = 2_000;
const keptPattern = /^(t[13]_[0-9a-z]{1,20}):([0-3]):([0-9a-z]{1,9})$/;

interface Waiting {
  readonly dueAt: number;
  readonly author: string | undefined;
  /** The last look did not find it; a second time it is gone. */
  readonly missed: boolean;
}

/**
 * @param kept what an earlier start left waiting
 * @param onAgain hears of what is still there, each time it was looked at
 */
export function makeRefresh(everyMinutes: number, api: Api, context: SourceContext, kept: readonly string[], onAgain: (found: Found) => void): Refresh {
  const { clock } = context;
  const queues = factors.map(() => new Map<string, Waiting>());
  const ended = new Set<string>();
  let pausedUntil = 0;
  if (everyMinutes <= 0) return { seen() {}, due: async () => [], waiting: () => [] };

  function put(round: number, name: string, author: string | undefined, missed = false): void {
    const queue = queues[round];
    const factor = factors[round];
    if (!queue || factor === undefined) return;
    queue.delete(name);
    queue.set(name, { dueAt: clock.monotonicMs() + (missed ? 60_000 : everyMinutes * 60_000 * factor), author, missed });
    if (queue.size > mostWaiting) queue.delete(queue.keys().next().value ?? "");
  }

  /** Not answered this time: due again at once, when the pause is over. */
  function again(round: number, name: string, waiting: Waiting): void {
    queues[round]?.set(name, { ...waiting, dueAt: clock.monotonicMs() });
  }

  function takeDue(): { name: string; round: number; waiting: Waiting }[] {
    const taken: { name: string; round: number; waiting: Waiting }[] = [];
    const now = clock.monotonicMs();
    for (const [round, queue] of queues.entries()) {
      for (const [name, waiting] of queue) {
        if (taken.length >= thingsACall) return taken;
        if (waiting.dueAt > now) {
          continue;
        }
        taken.push({ name, round, waiting });
        queue.delete(name);
      }
    }
    return taken;
  }

  /** An author who is gone from a post that stays: the account ended, or the author left the post; either way it goes here. */
  async function orphan(name: string, author: string, at: number, signal: AbortSignal): Promise<Raw[]> {
    if (ended.has(author)) return [];
    if (await api.accountExists(author, signal)) return [deletionRaw(name, at)];
    ended.add(author);
    if (ended.size > mostWaiting) ended.delete(ended.values().next().value ?? "");
    return [erasureRaw(author, at)];
  }

  for (const entry of kept) {
    const [, name, round = "", minute = ""] = keptPattern.exec(entry) ?? [];
    const dueMs = Number.parseInt(minute, 36) * 60_000;
    if (name !== undefined) queues[Number(round)]?.set(name, { dueAt: clock.monotonicMs() + dueMs - clock.now(), author: undefined, missed: false });
  }

  return {
    waiting() {
      const each = Math.floor(mostKept / queues.length);
      return queues.flatMap((queue, round) =>
        [...queue].slice(-each).map(([name, { dueAt }]) => `${name}:${round}:${Math.max(0, Math.floor((clock.now() + dueAt - clock.monotonicMs()) / 60_000)).toString(36)}`),
      );
    },
    seen(found) {
      const name = softText(found.data["name"]);
      if (name === undefined || !/^t[13]_/.test(name) || queues.some((queue) => queue.has(name))) return;
      put(0, name, readAuthor(found.data["author"]).handle);
    },
    async due(signal) {
      const raws: Raw[] = [];
      for (let call = 0; call < callsATurn && clock.monotonicMs() >= pausedUntil; call++) {
        const taken = takeDue();
        if (taken.length === 0) break;
        let done = 0;
        try {
          const found = new Map(
            (
              await api.info(
                taken.map(({ name }) => name),
                signal,
              )
            ).map((one) => [softText(one.data["name"]) ?? "", one]),
          );
          const at = clock.now();
          for (const { name, round, waiting } of taken) {
            done++;
            const one = found.get(name);
            const author = one && readAuthor(one.data["author"]).handle;
            const isGone = one !== undefined && (one.kind === "t1" || one.kind === "t3") && isWithdrawn(one.kind, one.data);
            if (one === undefined) {
              if (waiting.missed) raws.push(deletionRaw(name, at));
              else put(round, name, waiting.author, true);
            } else if (!isGone && author === undefined && waiting.author !== undefined) raws.push(...(await orphan(name, waiting.author, at, signal)));
            else {
              raws.push(...rawsOfAnswer({ kind: one.kind, data: one.data }, { escaped: false, at }, at));
              if (isGone) continue;
              put(round + 1, name, author ?? waiting.author);
              onAgain(one);
            }
          }
        } catch (thrown) {
          if (signal.aborted) break;
          const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "refresh");
          for (const { name, round, waiting } of taken.slice(done)) again(round, name, waiting);
          pausedUntil = clock.monotonicMs() + Math.max(60_000, (error.retryAt ?? 0) - clock.now());
          context.report("warn", "posts are looked at again later", { code: error.code });
          break;
        }
      }
      return raws;
    },
  };
}
