import type { Report } from "../../core/component.ts";
import type { TermConfig } from "../../core/config.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import { idBytes, type PostId } from "../../core/ids.ts";
import { type Log, makeFrameBatchBuilder } from "../../core/log.ts";
import type { Query } from "../../core/query.ts";
import { parseQuery } from "../../core/query-parser.ts";
import type { Terms } from "../../registers/terms.ts";
import type { Threads } from "../boot.ts";
import { encodeCommand } from "../commands.ts";
import type { TermView } from "../engine.ts";
import { queryFault } from "../load-config.ts";
import { encodeRaw } from "../raw-frame.ts";
import type { WorkerTerm } from "../worker-data.ts";

export interface TermsOptions {
  readonly register: Terms;
  readonly log: Log;
  readonly threads: () => Threads;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** The user's brands and queries: new posts bear their tags at once, stored history is tagged again in the background. */
export function makeTermsPart(options: TermsOptions) {
  const { register, log, report, signal } = options;
  let jobs: Promise<void> = Promise.resolve();

  async function workerTerms(): Promise<WorkerTerm[]> {
    return (await register.all()).map(({ id, name, kind, query, handles }) => ({ id, name, kind, query, handles: [...handles] }));
  }

  async function tellThreads(): Promise<void> {
    const terms = await workerTerms();
    await Promise.all(options.threads().refine.map((thread) => thread.caller.call("setTerms", terms)));
  }

  async function send(ids: readonly PostId[], add: readonly string[], remove: readonly string[]): Promise<void> {
    const builders = new Map<number, ReturnType<typeof makeFrameBatchBuilder>>();
    for (const id of ids) {
      const bytes = idBytes(id);
      const keyHigh = bytes.readUInt32BE(0);
      const partition = keyHigh % log.partitions;
      let builder = builders.get(partition);
      if (builder === undefined) builders.set(partition, (builder = makeFrameBatchBuilder()));
      builder.add(
        { keyHigh, keyLow: bytes.readUInt32BE(4), actorHigh: 0, actorLow: 0, time: Date.now() },
        encodeRaw("command", "earshot", encodeCommand({ command: "retag", id, add: [...add], remove: [...remove] })),
      );
    }
    await Promise.all(
      [...builders].map(async ([partition, builder]) => {
        const { count } = builder;
        const first = await log.append("events", partition, builder.take());
        // Paced by the refiner: a long history must not fill the log ahead of it.
        await options
          .threads()
          .refineOf(partition)
          .caller.call("outcomes", { partition, offsets: [first + count - 1] });
      }),
    );
  }

  async function sendAll(query: Query, add: readonly string[], remove: readonly string[]): Promise<number> {
    const { caller } = options.threads().read;
    const job = await caller.call("openExport", { query, filter: {} });
    let sent = 0;
    try {
      for (;;) {
        if (signal.aborted) throw new EarshotError("STORE_UNAVAILABLE", "retag: stopping; it goes on at the next start");
        const page = await caller.call("nextExport", job);
        if (page === undefined) return sent;
        await send(
          page.map((post) => post.id),
          add,
          remove,
        );
        sent += page.length;
      }
    } finally {
      await caller.call("closeExport", job);
    }
  }

  /** After the threads know the term: whatever they see from then on bears it already. */
  function retag(id: string, query: Query | undefined, version: number): void {
    jobs = jobs.then(async () => {
      try {
        const tagged: Query = { kind: "field", field: "term", value: id };
        const wanted = query ?? ({ kind: "not", part: { kind: "all" } } satisfies Query);
        let count = 0;
        if (query !== undefined) count += await sendAll({ kind: "and", parts: [wanted, { kind: "not", part: tagged }] }, [id], []);
        count += await sendAll(query === undefined ? tagged : { kind: "and", parts: [tagged, { kind: "not", part: wanted }] }, [], [id]);
        if (query !== undefined) await register.setRetagged(id, version, 1);
        if (count > 0) report("info", `term ${id}: ${count} stored posts tagged again`);
      } catch (thrown) {
        if (!signal.aborted) report("error", `term ${id}: history could not be tagged again: ${toEarshotError(thrown, "STORE_UNAVAILABLE", "retag").message}`);
      }
    });
  }

  const viewOf = ({ id, name, kind, query, handles, version, origin, retagged }: TermView): TermView => ({ id, name, kind, query, handles, version, origin, retagged });

  return {
    workerTerms,
    /** Brings the register to what the configuration file says. */
    async adopt(configured: Readonly<Record<string, TermConfig>>): Promise<void> {
      for (const [id, term] of Object.entries(configured)) await register.put(id, term, { origin: "configuration", actor: "configuration" });
      for (const known of await register.all()) {
        if (known.origin === "configuration" && configured[known.id] === undefined) await register.remove(known.id, { origin: "configuration", actor: "configuration" });
      }
    },
    /** Takes up what an earlier run left undone. */
    async resume(): Promise<void> {
      for (const term of await register.all()) if (term.retagged < 1) retag(term.id, parseQuery(term.query), term.version);
    },
    async terms() {
      return (await register.all()).map(viewOf);
    },
    async putTerm(id: string, term: TermConfig) {
      const fault = queryFault(term.query);
      if (fault !== undefined) throw new EarshotError("QUERY_INVALID", fault);
      const put = await register.put(id, term, { origin: "dashboard", actor: "api" });
      await tellThreads();
      if (put.retagged < 1) retag(id, parseQuery(term.query), put.version);
      return viewOf(put);
    },
    async removeTerm(id: string): Promise<void> {
      await register.remove(id, { origin: "dashboard", actor: "api" });
      await tellThreads();
      retag(id, undefined, 0);
    },
    settled: () => jobs,
  };
}
