import type { Report } from "../../core/component.ts";
import type { TermConfig } from "../../core/config.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import { idBytes, type PostId } from "../../core/ids.ts";
import { type Log, makeFrameBatchBuilder } from "../../core/log.ts";
import type { Query } from "../../core/query.ts";
import { parseQuery } from "../../core/query-parser.ts";
import type { Audit } from "../../registers/audit.ts";
import type { TermChange, TermRecord, Terms } from "../../registers/terms.ts";
import type { Threads } from "../boot.ts";
import { encodeCommand } from "../commands.ts";
import type { RemovedTermView, TermView } from "../engine.ts";
import { queryFault } from "../load-config.ts";
import { encodeRaw } from "../raw-frame.ts";
import type { WorkerTerm } from "../worker-data.ts";

export interface TermsOptions {
  readonly register: Terms;
  readonly audit: Audit;
  readonly log: Log;
  readonly threads: () => Threads;
  readonly report: Report;
  readonly signal: AbortSignal;
}

const progressEveryMs = 500;

/** The user's brands and queries: new posts bear their tags at once, stored history is tagged again in the background. */
export function makeTermsPart(options: TermsOptions) {
  const { register, log, report, signal } = options;
  let jobs: Promise<void> = Promise.resolve();
  /** The newest way through history of each term; an older one ends where it stands. */
  const newest = new Map<string, number>();

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

  async function countOf(query: Query): Promise<number> {
    return (await options.threads().read.caller.call("count", { query, filter: {} })).posts;
  }

  async function sendAll(query: Query, add: readonly string[], remove: readonly string[], onSent: (posts: number) => Promise<boolean>): Promise<void> {
    const { caller } = options.threads().read;
    const job = await caller.call("openExport", { query, filter: {} });
    try {
      for (;;) {
        if (signal.aborted) throw new EarshotError("STORE_UNAVAILABLE", "retag: stopping; it goes on at the next start");
        const page = await caller.call("nextExport", job);
        if (page === undefined) return;
        await send(
          page.map((post) => post.id),
          add,
          remove,
        );
        if (!(await onSent(page.length))) return;
      }
    } finally {
      await caller.call("closeExport", job);
    }
  }

  /** After the threads know the term: whatever they see from then on bears it already. Undefined query: its tags go. */
  function retag(id: string, query: Query | undefined, version: number): void {
    newest.set(id, version);
    jobs = jobs.then(async () => {
      const isNewest = () => newest.get(id) === version;
      if (!isNewest()) return;
      try {
        // What an earlier way has sent must be findable, or this one would pass it by.
        await options.threads().stores.caller.call("drain", undefined);
        const tagged: Query = { kind: "field", field: "term", value: id };
        const untagged: Query = { kind: "not", part: tagged };
        const toAdd: Query | undefined = query === undefined ? undefined : { kind: "and", parts: [query, untagged] };
        const toRemove: Query = query === undefined ? tagged : { kind: "and", parts: [tagged, { kind: "not", part: query }] };
        const total = (toAdd === undefined ? 0 : await countOf(toAdd)) + (await countOf(toRemove));
        let sent = 0;
        let toldAtMs = performance.now();
        const onSent = async (posts: number) => {
          sent += posts;
          if (performance.now() - toldAtMs >= progressEveryMs) {
            toldAtMs = performance.now();
            await register.setRetagged(id, version, Math.min(sent / Math.max(total, 1), 0.99));
          }
          return isNewest();
        };
        if (toAdd !== undefined) await sendAll(toAdd, [id], [], onSent);
        if (isNewest()) await sendAll(toRemove, [], [id], onSent);
        if (!isNewest()) return;
        await register.setRetagged(id, version, 1);
        if (sent > 0) report("info", `term ${id}: ${sent} stored posts tagged again`);
      } catch (thrown) {
        if (!signal.aborted) report("error", `term ${id}: history could not be tagged again: ${toEarshotError(thrown, "STORE_UNAVAILABLE", "retag").message}`);
      }
    });
  }

  const viewOf = ({ id, name, kind, query, handles, colour, version, origin, retagged }: TermRecord): TermView => ({
    id,
    name,
    kind,
    query,
    handles,
    ...(colour !== undefined && { colour }),
    version,
    origin,
    retagged,
  });

  async function put(id: string, term: TermConfig, by: TermChange): Promise<TermView> {
    const fault = queryFault(term.query);
    if (fault !== undefined) throw new EarshotError("QUERY_INVALID", fault);
    const known = (await register.history(id)).at(-1)?.version ?? 0;
    const record = await register.put(id, term, by);
    if (record.version > known) {
      const action = by.restoredFrom === undefined ? "term.put" : "term.restore";
      const details = { version: record.version, ...(by.restoredFrom !== undefined && { from: by.restoredFrom }) };
      await options.audit.append({ actor: by.actor, action, subject: id, details });
    }
    await tellThreads();
    if (record.retagged < 1) retag(id, parseQuery(term.query), record.version);
    return viewOf(record);
  }

  async function history(id: string) {
    const versions = await register.history(id);
    if (versions.length === 0) throw new EarshotError("NOT_FOUND", `term ${id}: there is none, and never was`);
    return versions;
  }

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
      for (const term of await register.removed()) if (term.retagged < 1) retag(term.id, undefined, term.version);
    },
    engine: {
      async terms() {
        return (await register.all()).map(viewOf);
      },
      async removedTerms(): Promise<readonly RemovedTermView[]> {
        return (await register.removed()).map((term) => ({ ...viewOf(term), removedAt: term.removedAt }));
      },
      termVersions: history,
      putTerm: (id: string, term: TermConfig, actor: string) => put(id, term, { origin: "dashboard", actor }),
      async restoreTerm(id: string, version: number, actor: string): Promise<TermView> {
        const found = (await history(id)).find((known) => known.version === version);
        if (found === undefined) throw new EarshotError("NOT_FOUND", `term ${id}: there is no version ${version}`);
        const { name, kind, query, handles, colour } = found;
        return put(id, { name, kind, query, handles, ...(colour !== undefined && { colour }) }, { origin: "dashboard", actor, restoredFrom: version });
      },
      async removeTerm(id: string, actor: string): Promise<void> {
        const version = await register.remove(id, { origin: "dashboard", actor });
        await options.audit.append({ actor, action: "term.remove", subject: id, details: { version } });
        await tellThreads();
        retag(id, undefined, version);
      },
    },
    settled: () => jobs,
  };
}
