import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { toEarshotError } from "../core/errors.ts";
import type { Change } from "../core/event.ts";
import type { Delivery, Log } from "../core/log.ts";
import type { Store, StorePosition } from "../core/store.ts";
import { parseChange } from "./change-frame.ts";

/**
 * Reads `posts` once for all stores that stand at one place, and once more for each that lags, be it slow or after a failure:
 * no store waits for another. The first store sets the pace of the common reading.
 * A store's own position decides what it is given; a repeat (`from` not above the highest applied) is never handed on.
 */
export interface Lane {
  readonly store: Store;
  /** Next offset of `posts` to hand over, a partition. */
  readonly next: Map<number, StorePosition>;
  state: "attached" | "catching-up" | "failed";
  lastError: string | undefined;
  applied: number;
  repeats: number;
  /** Deliveries that wait for it. */
  pending: number;
  /** Resolves when what waits now is done, or the lane has failed. */
  tail: Promise<void>;
}

export interface Delivering {
  readonly lanes: readonly Lane[];
  /** Rejects when our own corruption is met. */
  readonly finished: Promise<void>;
}

export interface DeliverOptions {
  readonly log: Log;
  readonly stores: readonly Store[];
  readonly clock: Clock;
  readonly report: Report;
  readonly group?: string;
  /** Runs before any store is handed the delivery, again after a crash. */
  readonly beforeApply?: (delivery: Delivery) => Promise<void>;
  readonly onApplied?: (changes: readonly Change[]) => void;
}

const start: StorePosition = { offset: 0, from: { offset: -1, index: -1 }, generation: 0 };
const maxBatchBytes = 2 * 1024 * 1024;
/** A store that is further behind goes on alone. */
const mostPending = 4;
const graceMs = 150;

function isAbove(generation: number, offset: number, index: number, than: StorePosition): boolean {
  if (generation !== than.generation) return generation > than.generation;
  if (offset !== than.from.offset) return offset > than.from.offset;
  return index > than.from.index;
}

/** What of a delivery a lane has not had: the changes, and where it then stands. */
function select(delivery: Delivery, position: StorePosition, parsed: (Change | undefined)[]): { changes: Change[]; upTo: StorePosition; repeats: number } {
  const { frames, firstOffset } = delivery;
  const changes: Change[] = [];
  let repeats = 0;
  let upTo = position;
  let { from, generation } = position;
  for (let i = Math.max(0, position.offset - firstOffset); i < frames.count; i++) {
    const frameGeneration = frames.generations[i] ?? 0;
    const fromOffset = frames.fromOffsets[i] ?? 0;
    const fromIndex = frames.fromIndexes[i] ?? 0;
    if (!isAbove(frameGeneration, fromOffset, fromIndex, { offset: 0, from, generation })) {
      repeats++;
      continue;
    }
    from = { offset: fromOffset, index: fromIndex };
    generation = frameGeneration;
    const change = changeAt(delivery, i, parsed);
    if (change !== undefined) changes.push(change);
  }
  upTo = { offset: firstOffset + frames.count, from, generation };
  return { changes, upTo, repeats };
}

function changeAt(delivery: Delivery, index: number, parsed: (Change | undefined)[]): Change | undefined {
  const known = parsed[index];
  if (known !== undefined) return known;
  const { ends, bytes } = delivery.frames;
  const from = ends[index] ?? 0;
  const to = ends[index + 1] ?? from;
  if (from === to) return undefined;
  const change = parseChange(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8"));
  parsed[index] = change;
  return change;
}

export async function deliver(options: DeliverOptions, signal: AbortSignal): Promise<Delivering> {
  const { log, clock, report } = options;
  const group = options.group ?? "stores";
  const shared = new Map<number, number>();
  const lanes = await Promise.all(
    options.stores.map(async (store): Promise<Lane> => {
      const next = new Map(await store.positions());
      return { store, next, state: "attached", lastError: undefined, applied: 0, repeats: 0, pending: 0, tail: Promise.resolve() };
    }),
  );
  for (let partition = 0; partition < log.partitions; partition++) {
    shared.set(partition, Math.min(...lanes.map((lane) => lane.next.get(partition)?.offset ?? 0)));
  }
  const catchingUp = new Set<Promise<void>>();

  const hand = async (lane: Lane, delivery: Delivery, parsed: (Change | undefined)[]) => {
    const position = lane.next.get(delivery.partition) ?? start;
    if (delivery.firstOffset + delivery.frames.count <= position.offset) return;
    const { changes, upTo, repeats } = select(delivery, position, parsed);
    await lane.store.apply(changes, new Map([[delivery.partition, upTo]]));
    lane.next.set(delivery.partition, upTo);
    lane.applied += changes.length;
    lane.repeats += repeats;
    if (lane === lanes[0]) options.onApplied?.(changes);
  };

  /** A store goes on alone until it stands where the others do: after a failure from what it has durably, else from where it is. */
  const catchUp = async (lane: Lane, afterFailure: boolean) => {
    let waitMs = 500;
    let forget = afterFailure;
    await lane.tail;
    while (!signal.aborted) {
      try {
        if (forget) {
          await clock.sleep(waitMs, signal);
          lane.next.clear();
          for (const [partition, position] of await lane.store.positions()) lane.next.set(partition, position);
        }
        lane.state = "catching-up";
        for (;;) {
          const behind = [...shared].filter(([partition, offset]) => (lane.next.get(partition)?.offset ?? 0) < offset);
          if (behind.length === 0) break;
          for (const [partition, offset] of behind) {
            for await (const delivery of log.read("posts", partition, lane.next.get(partition)?.offset ?? 0, offset)) {
              if (signal.aborted) return;
              await hand(lane, delivery, []);
            }
          }
        }
        lane.state = "attached";
        lane.lastError = undefined;
        if (forget) report("info", `${lane.store.name} has caught up`);
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toEarshotError(thrown, "STORE_UNAVAILABLE", lane.store.name);
        if (error.kind === "fault") throw error;
        lane.state = "failed";
        lane.lastError = `${error.code}: ${error.message}`;
        waitMs = Math.min(forget ? waitMs * 2 : waitMs, 30_000);
        forget = true;
      }
    }
  };

  const goAlone = (lane: Lane, afterFailure: boolean) => {
    const alone = catchUp(lane, afterFailure).finally(() => catchingUp.delete(alone));
    catchingUp.add(alone);
    alone.catch(stop);
  };

  const queue = (lane: Lane, delivery: Delivery, parsed: (Change | undefined)[]) => {
    lane.pending++;
    lane.tail = lane.tail.then(async () => {
      try {
        // What waited behind a failure is read again.
        if (lane.state !== "failed") await hand(lane, delivery, parsed);
      } catch (thrown) {
        const error = toEarshotError(thrown, "STORE_UNAVAILABLE", lane.store.name);
        if (error.kind === "fault") return stop(error);
        const wasAlone = lane.state === "catching-up";
        lane.state = "failed";
        lane.lastError = `${error.code}: ${error.message}`;
        report("error", `${lane.store.name} failed and goes on alone: ${error.message}`, { code: error.code });
        if (!wasAlone) goAlone(lane, true);
      } finally {
        lane.pending--;
      }
    });
  };

  /** The others are waited for a moment, so that one reading serves all while none stands still. */
  const graceFor = async (attached: readonly Lane[]) => {
    const over = new AbortController();
    const moment = clock.sleep(graceMs, over.signal).catch(() => undefined);
    await Promise.race([Promise.all(attached.map((lane) => lane.tail)), moment]);
    over.abort();
  };

  const takeDelivery = async (delivery: Delivery) => {
    const parsed: (Change | undefined)[] = [];
    await options.beforeApply?.(delivery);
    // Lanes that attach during this delivery have read it themselves: it ends at or before `shared`.
    shared.set(delivery.partition, delivery.firstOffset + delivery.frames.count);
    const attached = lanes.filter((lane) => lane.state === "attached");
    for (const lane of attached) {
      if (lane.pending < mostPending) queue(lane, delivery, parsed);
      else {
        lane.state = "catching-up";
        goAlone(lane, false);
      }
    }
    await attached[0]?.tail;
    await graceFor(attached);
    await delivery.commit();
  };

  const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
  stopped.catch(() => undefined);
  const read = async () => {
    const from = (partition: number) => Promise.resolve(shared.get(partition));
    for await (const delivery of log.subscribe("posts", group, { from, maxBatchBytes }, signal)) await takeDelivery(delivery);
    await Promise.all(lanes.map((lane) => lane.tail));
    await Promise.allSettled(catchingUp);
  };
  return { lanes, finished: Promise.race([read(), stopped]) };
}
