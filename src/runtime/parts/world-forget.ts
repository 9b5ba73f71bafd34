import { wordsHex } from "../../core/ids.ts";
import { EarshotError } from "../../core/errors.ts";
import type { ForgetRequest, Log } from "../../core/log.ts";
import type { Threads } from "../boot.ts";
import { decodeRaw, sourceOfRaw } from "../raw-frame.ts";

const nobody = "0000000000000000";

/**
 * Empties the frames of sources that were removed with their posts, in `events`, `posts` and `rejected` (offsets stay), and
 * writes ledgers and stores anew, so that no freed page keeps their bytes.
 * Posts and accounts are told by the hashes in the frames' headers, and those by the sources' own raw: a source of real
 * posts shares none with a simulated one.
 * @throws STORE_UNAVAILABLE a store has not seen all deletions yet
 */
export async function forgetSources(ids: ReadonlySet<string>, { log, threads }: { readonly log: Log; readonly threads: Threads }): Promise<void> {
  await threads.stores.caller.call("drain", undefined);
  const lagging = (await threads.stores.caller.call("state", undefined)).filter((store) => store.state !== "attached");
  if (lagging.length > 0) throw new EarshotError("STORE_UNAVAILABLE", `${lagging.map((store) => store.store).join(", ")} lags: the log keeps its frames until retention`);
  for (const thread of threads.refine) await thread.caller.call("flush", undefined);
  const keys = new Set<string>();
  const actors = new Map<string, number>();
  const names = new Map<string, string>();
  let found = false;
  for (let partition = 0; partition < log.partitions; partition++) {
    for await (const { frames } of log.read("events", partition, 0)) {
      for (let i = 0; i < frames.count; i++) {
        const raw = decodeRaw(frames, i, names);
        if (raw === undefined || raw.kind !== "raw" || !ids.has(raw.source)) continue;
        found = true;
        const key = wordsHex(frames.keys[i * 2] ?? 0, frames.keys[i * 2 + 1] ?? 0);
        const actor = wordsHex(frames.actors[i * 2] ?? 0, frames.actors[i * 2 + 1] ?? 0);
        if (key !== nobody) keys.add(key);
        if (actor !== nobody) actors.set(actor, Number.MAX_SAFE_INTEGER);
      }
    }
  }
  if (!found) return;
  // What could not be read bears neither post nor author, only its source.
  const remove: ForgetRequest["remove"] = (keyHigh, keyLow, actorHigh, actorLow, _time, payload) =>
    keys.has(wordsHex(keyHigh, keyLow)) || actors.has(wordsHex(actorHigh, actorLow)) || ((keyHigh | keyLow | actorHigh | actorLow) === 0 && ids.has(sourceOfRaw(payload()) ?? ""));
  for (let partition = 0; partition < log.partitions; partition++) await log.forget("events", partition, { remove, needles: [] });
  for (const thread of threads.refine) await thread.caller.call("forget", { keys, actors, needles: [], sources: ids });
  for (const thread of threads.refine) await thread.caller.call("forgetLedger", undefined);
  await threads.stores.caller.call("settle", { forget: true });
}
