import type { Clock } from "../core/clock.ts";
import type { Connector, ReadSecret, Report, SourceContext } from "../core/component.ts";
import type { CredentialSpec } from "../core/credential.ts";
import { type ConfigFault, type EgressProfile, faultsOf, type SourceConfig } from "../core/config.ts";
import { type EarshotError, toEarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import type { Caller, Http } from "../core/http.ts";
import type { Log } from "../core/log.ts";
import type { Parse, SourceStatus } from "../core/source.ts";
import type { Credentials } from "../http/credentials.ts";
import { callFor, countHttp, type HttpCounts, type SeenAnswer } from "../http/counted.ts";
import { loadConnector } from "../connectors/directory.ts";
import type { GapFields } from "../registers/gaps.ts";
import { watchCredential } from "./canary.ts";
import { ingest, type Cursors, type IngestCounters, type KeyHashes } from "./ingest.ts";

export type SourceOrigin = "configuration" | "dashboard" | "built-in";

/** A source whose options have been read: ready to run, or to be shown. */
export interface SourceDefinition {
  readonly id: string;
  readonly connector: Connector;
  /** As they stand in the configuration, secrets by reference. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly parsedOptions: unknown;
  readonly platform: string;
  readonly keep: "everything" | "matching";
  readonly simulated: boolean;
  readonly region: string;
  /** Name of its egress profile. */
  readonly egress?: string;
  readonly origin: SourceOrigin;
  readonly parse: Parse;
}

/** Reads one source's configuration; faults go to `faults`, and then there is no definition. */
export async function defineSource(id: string, config: SourceConfig, origin: SourceOrigin, faults: ConfigFault[], simulated = false): Promise<SourceDefinition | undefined> {
  const { use, keep, paused: _paused, region, egress, ...options } = config;
  let connector: Connector;
  try {
    connector = await loadConnector(use);
  } catch (thrown) {
    faults.push({ place: `sources.${id}.use`, message: toEarshotError(thrown, "CONFIG_INVALID", use).message });
    return undefined;
  }
  const parsed = connector.options.safeParse(options);
  if (!parsed.success) {
    faults.push(...faultsOf(parsed.error, ["sources", id]));
    return undefined;
  }
  return {
    id,
    connector,
    options,
    parsedOptions: parsed.data,
    platform: connector.platform(parsed.data),
    keep: keep ?? connector.keepDefault,
    simulated: simulated || (connector.simulated?.(parsed.data) ?? false),
    region: region ?? "zz",
    ...(egress !== undefined && { egress }),
    origin,
    parse: connector.parser(parsed.data),
  };
}

export function callerOf({ id, egress }: Pick<SourceDefinition, "id" | "egress">): Caller {
  return { source: id, ...(egress !== undefined && { egress }) };
}

/** What stands against the way that a source's calls are to take. */
export function egressFaults(
  { id, egress, connector }: Pick<SourceDefinition, "id" | "egress" | "connector">,
  profiles: Readonly<Record<string, EgressProfile>>,
): readonly ConfigFault[] {
  if (egress === undefined) return [];
  const place = `sources.${id}.egress`;
  const profile = Object.hasOwn(profiles, egress) ? profiles[egress] : undefined;
  if (profile === undefined) return [{ place, message: `expected a profile that stands under egress, came ${egress}` }];
  const rotates = profile.rotation !== "none" && profile.proxies.length > 1;
  if (!rotates || connector.egress !== "one-address") return [];
  return [{ place, message: `${connector.name} is asked from one address: expected a profile that does not rotate, came ${egress} (${profile.rotation})` }];
}

export interface RunningSource {
  readonly definition: SourceDefinition;
  readonly counters: IngestCounters;
  readonly calls: HttpCounts;
  /** How often it failed, by stable code. */
  readonly codes: Map<string, number>;
  /** What it proves itself with, by the credential's name. */
  readonly credentials: Map<string, CredentialSpec>;
  status: SourceStatus;
  lastError: { readonly code: string; readonly message: string; readonly at: number } | undefined;
  paused: boolean;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  stop: () => Promise<void>;
}

export interface CollectOptions {
  readonly log: Log;
  readonly files: Files;
  readonly http: Http;
  readonly clock: Clock;
  readonly report: Report;
  readonly hashes: KeyHashes;
  readonly cursors: Cursors;
  readonly readSecret: ReadSecret;
  readonly credential: Credentials["credential"];
  readonly mayCollect: (signal: AbortSignal) => Promise<void>;
  /** Each failed call, and each error that ended a reading. */
  readonly onFailure?: (source: SourceDefinition, error: EarshotError) => void;
  readonly onAnswer?: (source: SourceDefinition, answer: SeenAnswer) => void;
  readonly onGap?: (gap: GapFields) => Promise<void>;
  /** Called when our own corruption is met. */
  readonly onFault: (error: EarshotError) => void;
}

/** Runs the sources side by side; each fails, waits and goes on alone. */
export function makeCollector(options: CollectOptions) {
  const running = new Map<string, RunningSource>();

  function start(definition: SourceDefinition, paused: boolean): RunningSource {
    const known = running.get(definition.id);
    const source: RunningSource = {
      definition,
      counters: known?.counters ?? { items: 0, bytes: 0, pages: 0, gaps: 0, errors: 0 },
      calls: known?.calls ?? { requests: 0, notModified: 0, budgets: new Set() },
      codes: known?.codes ?? new Map(),
      credentials: new Map(),
      status: { state: "waiting", ...(paused && { detail: "paused" }) },
      lastError: known?.lastError,
      paused,
      startedAt: options.clock.monotonicMs(),
      stop: () => Promise.resolve(),
    };
    running.set(definition.id, source);
    if (paused) return source;
    const abort = new AbortController();
    const fail = (error: EarshotError) => {
      const { code, message } = error;
      options.onFailure?.(definition, error);
      source.lastError = { code, message, at: options.clock.now() };
      source.codes.set(code, (source.codes.get(code) ?? 0) + 1);
    };
    let answeredAt = options.clock.monotonicMs();
    const context: SourceContext = {
      id: definition.id,
      clock: options.clock,
      files: options.files,
      http: countHttp(
        callFor(options.http, callerOf(definition)),
        source.calls,
        (error) => options.onFailure?.(definition, error),
        (answer) => {
          answeredAt = options.clock.monotonicMs();
          if (answer !== undefined) options.onAnswer?.(definition, answer);
        },
      ),
      readSecret: options.readSecret,
      credential: async (spec: CredentialSpec) => {
        const credential = await options.credential(spec, callerOf(definition));
        source.credentials.set(credential.name, spec);
        return credential;
      },
      report: options.report,
      status: (status: SourceStatus) => {
        source.status = status;
      },
      failed: (error) => options.onFailure?.(definition, error),
    };
    const finished = ingest(
      {
        id: definition.id,
        platform: definition.platform,
        open: () => definition.connector.open(definition.parsedOptions, context),
        log: options.log,
        hashes: options.hashes,
        cursors: options.cursors,
        clock: options.clock,
        report: options.report,
        mayCollect: options.mayCollect,
        onGap: async (gap) => options.onGap?.({ source: definition.id, ...gap }),
        onStatus: ({ error, ...status }) => {
          source.status = status;
          if (error !== undefined) fail(error);
        },
      },
      source.counters,
      abort.signal,
    ).then(
      () => undefined,
      (thrown: unknown) => {
        const error = toEarshotError(thrown, "INVARIANT", definition.id);
        source.status = { state: "waiting", detail: error.message };
        fail(error);
        if (error.kind === "fault") options.onFault(error);
        else options.report("error", error.message, { source: definition.id, code: error.code });
      },
    );
    let before: SourceStatus | undefined;
    let refused: SourceStatus | undefined;
    const { connector, parsedOptions } = definition;
    const watched =
      connector.canary &&
      watchCredential(
        {
          id: definition.id,
          clock: options.clock,
          ask: async () => connector.canary?.(parsedOptions, context),
          answeredAt: () => answeredAt,
          onRefused(error) {
            if (source.status !== refused) before = source.status;
            refused = { state: "waiting", detail: error.message };
            source.status = refused;
            fail(error);
            options.report("warn", error.message, { source: definition.id, code: error.code });
          },
          onWell() {
            // What the source itself said since stays.
            if (source.status === refused && before !== undefined) source.status = before;
          },
        },
        abort.signal,
      );
    source.stop = async () => {
      abort.abort();
      await Promise.all([finished, watched]);
    };
    return source;
  }

  return {
    running,
    start,
    async setPaused(id: string, paused: boolean): Promise<void> {
      const source = running.get(id);
      if (source === undefined || source.paused === paused) return;
      await source.stop();
      start(source.definition, paused);
    },
    /** A source that waits goes on at once; one that is paused stays so. */
    async restart(id: string): Promise<void> {
      const source = running.get(id);
      if (source === undefined || source.paused) return;
      await source.stop();
      start(source.definition, false);
    },
    async remove(id: string): Promise<void> {
      await running.get(id)?.stop();
      running.delete(id);
    },
    async stop(): Promise<void> {
      await Promise.all([...running.values()].map((source) => source.stop()));
    },
  };
}
export type Collector = ReturnType<typeof makeCollector>;
