import type { Clock } from "../../core/clock.ts";
import type { IncomingRequest, ReadSecret, Report } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Raw } from "../../core/source.ts";
import type { Collector, SourceDefinition } from "../collect.ts";
import { type KeyHashes, makeFrameRouter } from "../ingest.ts";

export interface ReceiveOptions {
  readonly definitions: ReadonlyMap<string, SourceDefinition>;
  readonly collector: Collector;
  readonly log: Log;
  readonly hashes: KeyHashes;
  readonly clock: Clock;
  readonly readSecret: ReadSecret;
  readonly report: Report;
  readonly mayCollect: (signal: AbortSignal) => Promise<void>;
  readonly onFailure: (source: SourceDefinition, error: EarshotError) => void;
}

export interface ReceiveAnswer {
  readonly status: number;
  readonly body?: string;
  /** Messages that are durable now; of a repeated delivery: those of the first. */
  readonly received: number;
}

/** A sender that is answered later than this gives up and comes again. */
const longestWaitMs = 10_000;
/** Deliveries are remembered so long: twice the longest tolerance of a signature. */
const rememberMs = 2 * 3_600_000;
const mostRemembered = 100_000;

interface Delivery {
  readonly at: number;
  readonly done: Promise<number>;
}

/** What platforms and other systems send to us: checked by the source's connector, answered once the log has it durably. */
export function makeReceive(options: ReceiveOptions): (id: string, request: IncomingRequest) => Promise<ReceiveAnswer> {
  const { clock, log } = options;
  const deliveries = new Map<string, Delivery>();

  async function append({ id, platform }: SourceDefinition, raws: readonly Raw[]): Promise<number> {
    const patience = AbortSignal.timeout(longestWaitMs);
    await options.mayCollect(patience).catch(() => undefined);
    if (patience.aborted) throw new EarshotError("STORE_UNAVAILABLE", "collection waits for room: send it again later", { retryAt: clock.now() + 60_000 });
    const router = makeFrameRouter({ source: id, platform, partitions: log.partitions, hashes: options.hashes });
    for (const raw of raws) router.add(raw);
    await Promise.all(router.builders.map(async (builder, partition) => (builder.count > 0 ? log.append("events", partition, builder.take()) : undefined)));
    const counters = options.collector.running.get(id)?.counters;
    if (counters !== undefined) {
      counters.pages++;
      counters.items += raws.length;
      counters.bytes += raws.reduce((sum, { bytes }) => sum + bytes.length, 0);
      counters.lastItemAt = clock.now();
    }
    return raws.length;
  }

  function once(key: string, run: () => Promise<number>): Promise<number> {
    const now = clock.now();
    for (const [old, { at }] of deliveries) {
      if (at > now - rememberMs && deliveries.size < mostRemembered) break;
      deliveries.delete(old);
    }
    const known = deliveries.get(key);
    if (known !== undefined) return known.done;
    const done = run();
    deliveries.set(key, { at: now, done });
    // What failed is taken when it comes again.
    done.catch(() => deliveries.delete(key));
    return done;
  }

  return async (id, request) => {
    const definition = options.definitions.get(id);
    const { connector, parsedOptions } = definition ?? {};
    if (definition === undefined || connector?.receive === undefined) throw new EarshotError("NOT_FOUND", `source ${id}: there is none that receives`);
    const { status, body, raws, delivery, failure } = await connector.receive(parsedOptions, request, options.readSecret).catch((thrown: unknown) => {
      // What is wrong with our keys is the operator's matter, not the sender's.
      const error = toEarshotError(thrown, "PARSER_FAILED", id);
      options.report("error", `${id}: what was sent could not be checked: ${error.message}`, { source: id, code: error.code });
      throw new EarshotError("STORE_UNAVAILABLE", `source ${id}: it cannot receive now; send it again later`, { retryAt: clock.now() + 60_000 });
    });
    if (failure !== undefined) options.onFailure(definition, failure);
    const answer = { status, ...(body !== undefined && { body }) };
    if (status >= 300 || raws.length === 0) return { ...answer, received: 0 };
    if (options.collector.running.get(id)?.paused !== false)
      throw new EarshotError("STORE_UNAVAILABLE", `source ${id}: it is paused; send it again later`, { retryAt: clock.now() + 60_000 });
    const received = await (delivery === undefined ? append(definition, raws) : once(`${id} ${delivery}`, () => append(definition, raws)));
    return { ...answer, received };
  };
}
