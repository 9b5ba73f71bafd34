import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { type Environment, parseEnvironment, refuseFaults } from "../core/config.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import type { EarshotError } from "../core/errors.ts";
import type { ReadFilter } from "../core/filter.ts";
import { isLoopbackName } from "../core/sign-in.ts";
import { openFetch } from "../http/fetch.ts";
import { makePseudonyms } from "../ledger/pseudonyms.ts";
import { queryRollups } from "../stores/rollups-query.ts";
import type { Access } from "./access.ts";
import { makeAppendGate } from "./append-gate.ts";
import { makeLiveBackup, removeSnapshot } from "./backup-live.ts";
import { type Base, openBase, startThreads, type Threads } from "./boot.ts";
import { makeCollector } from "./collect.ts";
import type { Engine, EngineHealth } from "./engine.ts";
import { importSource } from "./import.ts";
import type { KeyHashes } from "./ingest.ts";
import { makeLiveFeed } from "./live-batch.ts";
import { loadConfig } from "./load-config.ts";
import { makeAccess } from "./parts/access.ts";
import { openAcquisition } from "./parts/acquisition.ts";
import { writeConfiguration } from "./parts/configuration.ts";
import { makeModelDrift } from "./parts/model-drift.ts";
import { makeParquetImport } from "./parts/import-parquet.ts";
import { makeImports } from "./parts/imports.ts";
import { makeEntitiesPart } from "./parts/entities.ts";
import { makeErasuresPart } from "./parts/erasures.ts";
import { makeAgainPart } from "./parts/again.ts";
import { makeAnalysis } from "./parts/analysis.ts";
import { makeDeprecations } from "./parts/deprecations.ts";
import { makeDrift } from "./parts/drift.ts";
import { makeExplore } from "./parts/explore.ts";
import { makeEstimate } from "./parts/estimate.ts";
import { makeFailures } from "./parts/failures.ts";
import { makeTurns, startJobs } from "./parts/jobs.ts";
import { makeLimits } from "./parts/limits.ts";
import { makeModels } from "./parts/models.ts";
import { makeQuarantine } from "./parts/quarantine.ts";
import { makeProvenance } from "./parts/provenance.ts";
import { makeReading } from "./parts/read.ts";
import { makeReceive } from "./parts/receive.ts";
import { makeShadow } from "./parts/shadow.ts";
import { makeSourceActivity } from "./parts/source-activity.ts";
import { makeSourceSetup } from "./parts/source-setup.ts";
import { makeSourcesPart } from "./parts/sources.ts";
import { makeStats } from "./parts/stats.ts";
import { makeTermsPart } from "./parts/terms.ts";
import { makeTopics } from "./parts/topics.ts";
import { makeWorkshop } from "./parts/workshop.ts";
import { makeWorldPart } from "./parts/world.ts";
import { openRegisters } from "./registers.ts";
import { readSecret } from "./secrets.ts";
import { makeUndo } from "./undo.ts";
import { worldTokenReference } from "./world-process.ts";
import { version } from "./version.ts";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface SystemOptions {
  /** False: answers questions and imports, collects nothing. */
  readonly collect: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly report?: Report;
  /** Told of each step of a start. */
  readonly onStep?: (step: string) => void;
}

export interface System {
  readonly engine: Engine;
  readonly access: Access;
  /** A one-time code for the page. */
  makeLink(): Promise<string>;
  readonly base: Base;
  readonly threads: Threads;
  readonly environment: Environment;
  readonly report: Report;
  /** Rejects when the system can go on no longer. */
  readonly failed: Promise<never>;
  /** Removes at once what is older or more than the limits allow, which else happens every ten minutes. */
  retain(): Promise<void>;
  /** Collection ends, what came is refined and stored, all is closed. */
  stop(): Promise<void>;
}

/** Builds the running system from its parts, bottom up; what was opened is closed again when a later part fails. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const env = options.env ?? process.env;
  const environment = parseEnvironment(env);
  const report = options.report ?? (() => undefined);
  const step = options.onStep ?? (() => undefined);
  const clock = systemClock;
  const now = () => clock.now();
  const files = makeDiskFiles();
  const loaded = await loadConfig(environment.EARSHOT_CONFIG);
  const { config } = loaded;
  if (config.signIn.oidc !== undefined && config.signIn.publicUrl === undefined && !isLoopbackName(environment.EARSHOT_HOST))
    refuseFaults("configuration", [{ place: "signIn.publicUrl", message: `expected the address that browsers use, since EARSHOT_HOST is ${environment.EARSHOT_HOST}` }]);
  const undo = makeUndo(report);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const stopping = new AbortController();
  const leaving = new AbortController();
  let health: EngineHealth = { status: "starting" };
  const onFault = (error: EarshotError) => {
    health = { status: "failing", detail: error.message };
    report("error", error.message, { code: error.code });
    failure.reject(error);
  };
  try {
    step("catalog and log");
    const opened = await openBase({ environment, config, files, clock, report });
    undo.push(async () => opened[Symbol.asyncDispose]());
    const gate = makeAppendGate(opened.log);
    const base = { ...opened, log: gate.log };
    await removeSnapshot({ files, folder: base.folder });
    const { sql } = base.catalog;
    const registers = openRegisters(sql, now);
    const { audit, cursors, gaps, settings } = registers;
    const pseudonyms = makePseudonyms(base.keys.ring);
    const words = ([high, low]: readonly [number, number]) => ({ high, low });
    const hashes: KeyHashes = {
      post: (platform, id) => words(pseudonyms.keyWords(platform, id)),
      actor: (platform, id) => words(pseudonyms.authorWords(platform, id)),
    };
    const secretOf = (reference: string) => (reference === worldTokenReference ? Promise.resolve(world.token()) : readSecret(reference, env));
    const acquisition = openAcquisition({ sql, ring: base.keys.ring, clock, report, env, readSecret: secretOf, egress: config.egress });
    undo.push(async () => acquisition[Symbol.asyncDispose]());
    const { http, credentials } = acquisition;
    const limits = makeLimits({ config, folder: base.folder, files, clock, report });
    const mayCollect = (signal: AbortSignal) => limits.mayCollect(signal);
    const failures = makeFailures({ sql, clock, alarms: config.alarms });
    const collector = makeCollector({
      log: base.log,
      files,
      http,
      clock,
      report,
      hashes,
      cursors,
      readSecret: secretOf,
      credential: credentials.credential,
      mayCollect,
      onFailure: failures.note,
      onAnswer: (source, { method, url, headers }) => deprecations.note(source, method, url, headers),
      onGap: (gap) => gaps.add(gap),
      onFault,
    });

    let started: Threads | undefined;
    const threadsNow = (): Threads => {
      if (started === undefined) throw new TypeError("the threads are not started yet");
      return started;
    };
    const terms = makeTermsPart({ register: registers.terms, audit, log: base.log, threads: threadsNow, report, signal: stopping.signal });
    await terms.adopt(config.terms);
    const again = makeAgainPart({ threads: threadsNow, partitions: base.partitions, signal: stopping.signal });
    const entities = makeEntitiesPart({ sql, now, threads: threadsNow, terms: terms.engine.terms, again, report, pseudonyms });
    const activity = makeSourceActivity({
      register: registers.sourceHours,
      gaps,
      cursors,
      collector,
      rollups: (request) => queryRollups(sql, request),
      budget: (name) => http.budgetState(name),
      clock,
    });
    const sources = makeSourcesPart({
      sql,
      register: registers.sources,
      settings,
      log: base.log,
      collector,
      threads: threadsNow,
      clock,
      report,
      forgetCursor: (id) => cursors.remove(id),
      noteActivity: () => activity.flush(),
      forgetRecords: (id) => Promise.all([failures.forget(id), drift.forget(id)]),
      ...acquisition.forSources,
    });
    await sources.adopt(loaded.sources);
    const deprecations = makeDeprecations({ sql, clock, report, http, definitions: sources.definitions, ...config.deprecations });
    const world = makeWorldPart({
      root,
      registers,
      log: base.log,
      sources,
      collector,
      threads: threadsNow,
      clock,
      report,
      inTurn: (run) => erasures.inTurn(run),
    });
    undo.push(() => world.stop());

    const labelSets = () => labels.book.labelSets;
    const about = { terms: () => terms.engine.terms(), reading: () => reading, replay: (request: Parameters<Engine["replay"]>[0]) => quarantine.replay(request) };
    const models = makeModels({ sql, now, files, folder: base.folder, clock, report, log: base.log, threads: threadsNow, again, config: config.models, labelSets, ...about });
    await models.use.open();
    const simulate = options.collect && config.world !== false && !sources.hasReal() && (await world.prepare()) ? config.world : undefined;

    step("refining and stores");
    const live = makeLiveFeed((filter) => sources.narrow(filter));
    started = await startThreads({
      base,
      config,
      sources: sources.workerSources(),
      terms: await terms.workerTerms(),
      entities: await entities.known(),
      erasures: await registers.erasures.forgotten(),
      registry: await models.workerModels(),
      models: models.use.current(),
      report,
      onFault,
      onStoreMessage: live.tell,
    });
    const threads = started;
    undo.push(() => threads.stop());
    const parquetImport = makeParquetImport(base.folder);
    const rawsOf = (source: string, bytes: Uint8Array, at: number) => sources.rawsOf(source, bytes, at);
    const quarantine = makeQuarantine({ log: base.log, register: registers.quarantine, threads, hashes, clock, report, rawsOf });
    const narrow = (filter: ReadFilter) => sources.narrow(filter);
    const reading = makeReading({ threads, sql, narrow });
    const simulated: Engine["simulated"] = async () => {
      if ((await world.view()) === undefined && ![...sources.definitions.values()].some((source) => source.simulated)) return "none";
      return sources.narrow({}).sources === undefined ? "shown" : "hidden";
    };
    const topics = makeTopics({ sql, clock, threads, narrow, simulated, signal: stopping.signal });
    const labels = makeWorkshop({ sql, now, reading, pseudonyms, threads, folder: base.folder, config });
    const erasures = makeErasuresPart({
      base,
      threads,
      register: registers.erasures,
      audit,
      personal: [...labels.personal, ...topics.personal],
      entities,
      pseudonyms,
      files,
      clock,
      report,
      forgetWithinMs: config.forgetWithinHours * 3_600_000,
      rawsOf,
      platforms: () => [...new Set(["bluesky", "mastodon", importSource, ...[...sources.definitions.values()].map((definition) => definition.platform)])],
    });
    undo.push(async () => erasures.close());
    const { stats } = makeStats({ base, threads, collector, limits, clock, rejectedOpen: () => quarantine.openCount() });
    const signInFetch = openFetch({ env, mayAsk: (url) => url.protocol === "https:" || isLoopbackName(url.hostname) });
    undo.push(async () => signInFetch[Symbol.asyncDispose]());
    const { access, makeLink } = await makeAccess({
      sql,
      now,
      environment,
      signIn: config.signIn,
      fetch: signInFetch.fetch,
      readSecret: (reference) => readSecret(reference, env),
      report,
    });
    const { replay } = quarantine;
    const drift = makeDrift({ sql, now, log: base.log, clock, limit: config.alarms.driftShare, sources, threads, replay, storedPost: (id) => reading.post(id, {}) });
    const modelDrift = makeModelDrift({ register: registers.modelDrift, reading, labelSets: labels.book.labelSets, models: models.use.current, clock, report });
    const inTurn = makeTurns();
    const counted = { activity, models, failures, drift, deprecations };
    const jobs = startJobs({
      base,
      config,
      threads,
      erasures,
      labels,
      topics,
      ...counted,
      modelDrift,
      stats,
      clock,
      report,
      quarantine,
      inTurn,
      signal: stopping.signal,
    });
    undo.push(
      () => jobs.stopped,
      () => terms.settled(),
      () => entities.settled(),
      () => models.close(),
      () => labels.stopped(),
    );
    undo.push(async () => stopping.abort());
    undo.push(...Object.values(counted).map((part) => () => part.flush()));
    const shadow = makeShadow({ definitions: sources.definitions, files, http, clock, readSecret: secretOf, ...acquisition.forSetup });
    undo.push(
      () => shadow.stopShadows(),
      () => collector.stop(),
      () => world.end(),
    );
    const backup = makeLiveBackup({
      environment,
      files,
      clock,
      report,
      base,
      gate,
      threads,
      inTurn,
      alone: (work) => erasures.inTurn(work),
      signal: leaving.signal,
      mostPauseMs: config.backup.mostPauseSeconds * 1_000,
      ...(config.backup.folder !== undefined && { folder: config.backup.folder }),
    });
    undo.push(() => backup.settled().then(() => undefined));
    undo.push(async () => leaving.abort());

    await erasures.resume();
    await terms.resume();
    entities.resume();
    await models.use.resume();
    if (options.collect) await sources.startAll({ builtIn: false });
    if (simulate !== undefined) world.begin(simulate);
    await stats();
    const sampled = { reading, narrow, sources: () => sources.sources(), storeSizes: async () => (await stats()).stores };
    health = { status: "ok" };
    const engine: Engine = {
      ...reading,
      provenance: makeProvenance({ threads, reading, narrow, partitions: base.partitions, connectorOf: (id) => sources.definitions.get(id)?.connector.name }),
      ...labels.book,
      models: models.book,
      modelUse: models.use.book,
      version,
      environment,
      sql,
      health: () => (limits.reason === undefined || health.status !== "ok" ? health : { status: "paused", detail: limits.reason }),
      stats,
      onPosts: live.onPosts,
      sources: () => sources.sources(),
      simulated,
      putSource: (id, source, actor) => sources.putSource(id, source, actor),
      ...makeSourceSetup({ ...sampled, files, http, clock, readSecret: (reference) => readSecret(reference, env), ...acquisition.forSetup, terms: terms.engine.terms }),
      ...acquisition.forEngine({ collector, audit, publicUrl: config.signIn.publicUrl }),
      sourceActivity: () => activity.activity(),
      sourceHistory: (id, days) => activity.history(id, days),
      setSourcePaused: (id, paused) => sources.setSourcePaused(id, paused),
      receive: makeReceive({ definitions: sources.definitions, collector, log: base.log, hashes, clock, report, readSecret: secretOf, mayCollect, onFailure: failures.note }),
      removeSource: (id, how) => sources.removeSource(id, how),
      ...failures.book,
      ...drift.book,
      ...modelDrift.book,
      ...deprecations.book,
      ...shadow,
      alarms: async () => [...(await failures.alarms()), ...(await drift.alarms()), ...(await deprecations.alarms()), ...(await modelDrift.alarms()), ...(await models.alarms())],
      world: () => world.view(),
      removeWorld: () => world.remove(),
      ...terms.engine,
      explore: makeExplore({ threads, sql, narrow }),
      ...makeAnalysis({ sql, annotations: registers.annotations, views: registers.views, gaps, audit, narrow, sources: () => sources.sources() }),
      entities: entities.book,
      topics: topics.book,
      estimate: makeEstimate({ ...sampled, now }),
      ...makeImports({
        settings,
        parquet: parquetImport,
        noteImport: () => sources.noteImport(),
        log: base.log,
        hashes,
        clock,
        mustCollect: () => limits.mustCollect(),
        outcomes: (partition, offsets) => threads.refineOf(partition).caller.call("outcomes", { partition, offsets }),
        reasons: async (partition, offsets) => new Map((await threads.refineOf(partition).caller.call("reasons", { partition, offsets })).map((fault) => [fault.offset, fault])),
      }),
      ...quarantine,
      resolveAuthor: (text) => erasures.resolveAuthor(text),
      erase: (author, how) => erasures.erase(author, how),
      erasures: () => erasures.erasures(),
      find: (text) => erasures.find(text),
      noteAccess: async (fields) => void (await audit.append(fields)),
      backup,
      configuration: async () => writeConfiguration({ ...config, models: { ...models.use.switched(), ...config.models } }, await sources.sources(), await terms.engine.terms()),
    };
    return {
      engine,
      access,
      makeLink,
      base,
      threads,
      environment,
      report,
      failed: failure.promise,
      retain: () => jobs.retain(),
      async stop() {
        health = { status: "stopping" };
        await undo.unwind();
      },
    };
  } catch (thrown) {
    await undo.unwind();
    throw thrown;
  }
}
