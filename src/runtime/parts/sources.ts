import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { type ConfigFault, type EgressProfile, refuseFaults, type SourceConfig } from "../../core/config.ts";
import { EarshotError } from "../../core/errors.ts";
import type { CredentialState } from "../../core/credential.ts";
import type { ReadFilter } from "../../core/filter.ts";
import { type Log, makeFrameBatchBuilder } from "../../core/log.ts";
import type { Raw } from "../../core/source.ts";
import type { Sql } from "../../core/sql.ts";
import { importLineKey } from "../../connectors/files/import-line.ts";
import { type FieldRename, openDrift } from "../../registers/drift.ts";
import type { Settings } from "../../registers/settings.ts";
import type { Sources } from "../../registers/sources.ts";
import type { Threads } from "../boot.ts";
import { type Collector, defineSource, egressFaults, type RunningSource, type SourceDefinition } from "../collect.ts";
import { credentialWarnings } from "../credential-warnings.ts";
import { encodeCommand } from "../commands.ts";
import type { SourceView } from "../engine.ts";
import { importPlatformOf, importSource } from "../import.ts";
import { encodeRaw } from "../raw-frame.ts";
import { makeRenamer } from "../renames.ts";
import type { WorkerSource } from "../worker-data.ts";

export interface SourcesOptions {
  readonly sql: Sql;
  readonly register: Sources;
  readonly settings: Settings;
  readonly log: Log;
  readonly collector: Collector;
  readonly threads: () => Threads;
  readonly clock: Clock;
  readonly report: Report;
  readonly forgetCursor: (id: string) => Promise<void>;
  /** Writes what the sources did so far: one that goes takes its counters along. */
  readonly noteActivity: () => Promise<void>;
  /** Failures and drift of a source whose data goes. */
  readonly forgetRecords: (id: string) => Promise<unknown>;
  /** A source was refused the profile. */
  readonly refusedEgress: (source: string, egress: string, actor: string) => Promise<unknown>;
  readonly egress: Readonly<Record<string, EgressProfile>>;
  readonly credentialState: (name: string) => CredentialState | undefined;
}

export const importedSetting = "import.used";

function workerSource(definition: SourceDefinition, renames: readonly FieldRename[]): WorkerSource {
  return {
    renames: renames.filter((rule) => rule.source === definition.id).map(({ entity, from, to }) => ({ entity, from, to })),
    id: definition.id,
    connector: definition.connector.name,
    options: definition.options,
    keep: definition.keep,
    region: definition.region,
  };
}

/** The sources: those of the configuration file, those of the dashboard, and the simulated ones. */
export function makeSourcesPart(options: SourcesOptions) {
  const { sql, register, settings, log, collector } = options;
  const definitions = new Map<string, SourceDefinition>();
  let allowed: readonly string[] | undefined;
  let imported = false;
  let renames: readonly FieldRename[] = [];

  /** While there is a real source, the simulated ones are left out of every answer. */
  async function refreshAllowed(): Promise<void> {
    imported = (await settings.get(importedSetting)) === true;
    const { rows } = await sql.query("select id, simulated, state from sources");
    const known = rows.map((row) => ({ id: String(row["id"]), simulated: row["simulated"] === true, isRemoved: row["state"] === "removed" }));
    const hasReal = imported || known.some((source) => !source.simulated && !source.isRemoved);
    const hasSimulated = known.some((source) => source.simulated);
    allowed = hasReal && hasSimulated ? [importSource, ...known.filter((source) => !source.simulated).map((source) => source.id)] : undefined;
  }

  async function enrol(definition: SourceDefinition): Promise<void> {
    definitions.set(definition.id, definition);
    await register.put({
      id: definition.id,
      connector: definition.connector.name,
      platform: definition.platform,
      options: definition.options,
      keep: definition.keep,
      origin: definition.origin,
      simulated: definition.simulated,
      ...(definition.region !== "zz" && { region: definition.region }),
      ...(definition.egress !== undefined && { egress: definition.egress }),
    });
    await refreshAllowed();
  }

  async function tellThreads(): Promise<void> {
    const list = [...definitions.values()].map((definition) => workerSource(definition, renames));
    await Promise.all(options.threads().refine.map((thread) => thread.caller.call("setSources", list)));
  }

  async function viewOf(id: string): Promise<SourceView> {
    const record = await register.get(id);
    const definition = definitions.get(id);
    if (record === undefined || definition === undefined) throw new EarshotError("NOT_FOUND", `source ${id}: there is none`);
    const running = collector.running.get(id);
    const lastError = running?.lastError ?? record.lastError;
    const states = [...(running?.credentials.keys() ?? [])].map(options.credentialState).filter((state) => state !== undefined);
    const warnings = credentialWarnings(states, options.clock.now());
    return {
      id,
      connector: record.connector,
      platform: record.platform,
      keep: record.keep,
      ...(definition.egress !== undefined && { egress: definition.egress }),
      simulated: record.simulated,
      origin: definition.origin,
      paused: running?.paused ?? record.state === "paused",
      status: running?.status ?? { state: "waiting", detail: "not collecting" },
      collected: record.collected + (running?.counters.items ?? 0),
      errors: record.errors + (running?.counters.errors ?? 0),
      gaps: record.gaps + (running?.counters.gaps ?? 0),
      ...gbPerDayOf(running),
      ...(lastError !== undefined && { lastError }),
      options: record.options,
      ...(warnings.length > 0 && { warnings }),
    };
  }

  function gbPerDayOf(running: RunningSource | undefined): { readonly gbPerDay?: number } {
    if (running === undefined || running.paused) return {};
    const seconds = (options.clock.monotonicMs() - running.startedAt) / 1_000;
    return seconds < 60 ? {} : { gbPerDay: (running.counters.bytes / seconds) * (86_400 / 1e9) };
  }

  /** Every partition forgets what the source brought, in the order of the log; resolves when it is refined. */
  async function forgetData(id: string): Promise<number> {
    const before = await countPosts(id);
    await Promise.all(
      Array.from({ length: log.partitions }, async (_, partition) => {
        const builder = makeFrameBatchBuilder();
        builder.add(
          { keyHigh: 0, keyLow: 0, actorHigh: 0, actorLow: 0, time: Date.now() },
          encodeRaw("command", "earshot", encodeCommand({ command: "remove-source", source: id })),
        );
        const offset = await log.append("events", partition, builder.take());
        await options
          .threads()
          .refineOf(partition)
          .caller.call("outcomes", { partition, offsets: [offset] });
      }),
    );
    await options.threads().stores.caller.call("drain", undefined);
    await options.forgetRecords(id);
    return before - (await countPosts(id));
  }

  async function countPosts(id: string): Promise<number> {
    return (await options.threads().read.caller.call("count", { query: { kind: "field", field: "source", value: id }, filter: {} })).posts;
  }

  async function removeSource(id: string, { withData }: { readonly withData: boolean }): Promise<{ readonly removedPosts: number }> {
    const definition = definitions.get(id);
    if (definition === undefined) throw new EarshotError("NOT_FOUND", `source ${id}: there is none`);
    if (definition.origin === "configuration") throw new EarshotError("CONFLICT", `source ${id}: the configuration file defines it; remove it there`);
    await options.noteActivity();
    await collector.remove(id);
    const removedPosts = withData ? await forgetData(id) : 0;
    definitions.delete(id);
    await register.setState(id, "removed");
    await options.forgetCursor(id);
    await refreshAllowed();
    return { removedPosts };
  }

  return {
    definitions,
    enrol,
    tellThreads,
    /** Rules that hold before the parsers; the threads are told. */
    async setRenames(rules: readonly FieldRename[]): Promise<void> {
      renames = rules;
      await tellThreads();
    },
    workerSources: () => [...definitions.values()].map((definition) => workerSource(definition, renames)),
    hasReal: () => [...definitions.values()].some((definition) => !definition.simulated),
    async noteImport(): Promise<void> {
      if (imported) return;
      await settings.set(importedSetting, true);
      await refreshAllowed();
    },
    /** The configuration's sources, and those of the dashboard that are stored. */
    async adopt(configured: readonly SourceDefinition[]): Promise<void> {
      renames = await openDrift(sql).renames();
      for (const definition of configured) await enrol(definition);
      for (const record of await register.all()) {
        if (definitions.has(record.id)) continue;
        if (record.origin !== "dashboard") {
          // The file no longer has it (or it is the world of an earlier start): what it brought stays.
          await register.setState(record.id, "removed");
          continue;
        }
        const faults: ConfigFault[] = [];
        const config: SourceConfig = {
          ...record.options,
          use: record.connector,
          keep: record.keep,
          paused: record.state === "paused",
          ...(record.region !== undefined && { region: record.region }),
          ...(record.egress !== undefined && { egress: record.egress }),
        };
        const definition = await defineSource(record.id, config, "dashboard", faults);
        if (definition !== undefined) faults.push(...egressFaults(definition, options.egress));
        // Without its profile it must not go out another way.
        if (definition !== undefined && faults.length === 0) definitions.set(record.id, definition);
        else options.report("error", `source ${record.id}: ${faults.map((fault) => `${fault.place}: ${fault.message}`).join("; ")}`);
      }
      await refreshAllowed();
    },
    async startAll({ builtIn }: { readonly builtIn: boolean }): Promise<void> {
      for (const definition of definitions.values()) {
        if (definition.origin === "built-in" && !builtIn) continue;
        const record = await register.get(definition.id);
        if (!collector.running.has(definition.id)) collector.start(definition, record?.state === "paused");
      }
    },
    narrow(filter: ReadFilter): ReadFilter {
      const names = allowed;
      if (names === undefined) return filter;
      return { ...filter, sources: filter.sources === undefined ? names : filter.sources.filter((source) => names.includes(source)) };
    },
    rawsOf(source: string, bytes: Uint8Array, receivedAt: number): { readonly platform: string; readonly raws: readonly Raw[] } | undefined {
      const imported = importPlatformOf(source);
      if (imported !== undefined) {
        const { key, actor } = importLineKey()(bytes);
        return { platform: imported, raws: [{ key, ...(actor !== undefined && { actor }), bytes, receivedAt }] };
      }
      const definition = definitions.get(source);
      if (definition === undefined) return undefined;
      const rules = renames.filter((rule) => rule.source === source);
      const { raws: rawsOf } = definition.connector;
      const expected = rules.length === 0 ? undefined : definition.connector.expected?.(definition.parsedOptions);
      const known = expected === undefined ? bytes : makeRenamer(expected, rules)(bytes);
      const made = rawsOf?.(definition.parsedOptions, known, receivedAt) ?? [{ key: undefined, bytes, receivedAt }];
      // Keyed by what the rules make of it, kept as it came.
      const raws = known !== bytes && made.length === 1 ? made.map((raw) => ({ ...raw, bytes })) : made;
      return { platform: definition.platform, raws };
    },
    async sources(): Promise<readonly SourceView[]> {
      return Promise.all([...definitions.keys()].sort().map(viewOf));
    },
    async putSource(id: string, config: SourceConfig, actor: string): Promise<SourceView> {
      const known = definitions.get(id);
      if (known !== undefined && known.origin !== "dashboard") throw new EarshotError("CONFLICT", `source ${id}: the configuration file defines it; change it there`);
      const faults: ConfigFault[] = [];
      const definition = await defineSource(id, config, "dashboard", faults);
      if (definition !== undefined) faults.push(...egressFaults(definition, options.egress));
      if (definition?.egress !== undefined && faults.length > 0) await options.refusedEgress(id, definition.egress, actor);
      refuseFaults(`source ${id}`, faults);
      if (definition === undefined) throw new EarshotError("CONFIG_INVALID", `source ${id}`);
      await options.noteActivity();
      await collector.remove(id);
      await enrol(definition);
      if (config.paused) await register.setState(id, "paused");
      await tellThreads();
      collector.start(definition, config.paused);
      return viewOf(id);
    },
    async setSourcePaused(id: string, paused: boolean): Promise<SourceView> {
      if (!definitions.has(id)) throw new EarshotError("NOT_FOUND", `source ${id}: there is none`);
      await register.setState(id, paused ? "paused" : "active");
      await collector.setPaused(id, paused);
      return viewOf(id);
    },
    removeSource,
    /** Ids of all simulated sources, those of earlier starts too. */
    async simulated(): Promise<readonly string[]> {
      return (await sql.query("select id from sources where simulated order by id")).rows.map((row) => String(row["id"]));
    },
    /** Ends a source and deletes what it brought, wherever it is defined. */
    async drop(id: string): Promise<number> {
      await options.noteActivity();
      await collector.remove(id);
      const removedPosts = await forgetData(id);
      definitions.delete(id);
      await register.setState(id, "removed");
      await options.forgetCursor(id);
      await refreshAllowed();
      return removedPosts;
    },
  };
}
export type SourcesPart = ReturnType<typeof makeSourcesPart>;
