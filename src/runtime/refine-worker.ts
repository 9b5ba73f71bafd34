import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { loadConnector } from "../connectors/directory.ts";
import { importLineParser } from "../connectors/files/import-line.ts";
import { systemClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import { isAuthorId, type PostId, wordsHex } from "../core/ids.ts";
import type { KnownEntity } from "../core/linking.ts";
import type { ForgetRequest, Topic } from "../core/log.ts";
import { parseQuery } from "../core/query-parser.ts";
import { draftOfText } from "../core/stage.ts";
import { openIdentities } from "../ledger/identities.ts";
import { type Ledger, openLedger } from "../ledger/ledger.ts";
import { ledgerPath, removeDatabase } from "../ledger/table.ts";
import { makePseudonyms } from "../ledger/pseudonyms.ts";
import { openEmbeddedLog } from "../logs/embedded.ts";
import type { Post } from "../core/event.ts";
import type { AgainWhat } from "../stages/again.ts";
import { openStages } from "../stages/pipeline.ts";
import { validateEvent } from "../stages/validate.ts";
import { importPlatformOf, importSource, importSourceFor } from "./import.ts";
import { askOver } from "./deep-line.ts";
import { makeDriftMeter } from "./drift-meter.ts";
import { makeRefiner, type RefineSource } from "./refine.ts";
import { openPartition, type Partition, runPartition } from "./refine-partition.ts";
import { makeReplayPreview } from "./refine-preview.ts";
import { makeTracer } from "./refine-trace.ts";
import { sourceOfRejected } from "./rejected.ts";
import { withRenames } from "./renames.ts";
import { serve } from "./rpc.ts";
import { openLibrary } from "../models/library.ts";
import { makeShadowMeter } from "./model-shadow.ts";
import { openTextModels } from "./text-models.ts";
import { openTextReader } from "./text-reading.ts";
import type { RefineWorkerData, WorkerModels, WorkerSource, WorkerTerm } from "./worker-data.ts";

/** A thread that refines its share of the partitions. */
const port = parentPort;
if (port === null) throw new TypeError("refine-worker: a worker thread only");
const data: RefineWorkerData = workerData;
const abort = new AbortController();
const flushEveryMs = 1_500;
/** Identities are sealed by buckets: the more at once, the fewer seals. Who asks for them has them flushed first. */
const identitiesEveryMs = 20_000;
const clock = systemClock;
const files = makeDiskFiles();
const pseudonyms = makePseudonyms(data.ring);

const log = await openEmbeddedLog({ folder: join(data.folder, "log"), files, partitions: data.partitions, shared: data.shared });
const drift = makeDriftMeter();
const sources = new Map<string, RefineSource & { readonly keep: WorkerSource["keep"] }>();
await setSources(data.sources);

async function setSources(list: readonly WorkerSource[]): Promise<void> {
  // Sources that are gone stay known: raw of theirs may wait in the log.
  for (const source of list) {
    const connector = await loadConnector(source.connector);
    const options = connector.options.parse(source.options);
    const expected = connector.expected?.(options);
    sources.set(source.id, {
      id: source.id,
      platform: connector.platform(options),
      parse: withRenames(connector.parser(options), expected, source.renames ?? []),
      ...(expected !== undefined && { expected }),
      region: source.region,
      hold: source.keep === "everything",
      keep: source.keep,
    });
  }
}

function sourceOf(id: string): RefineSource | undefined {
  const known = sources.get(id);
  if (known !== undefined) return known;
  const platform = importPlatformOf(id);
  if (platform === undefined) return undefined;
  const made = { id: importSource, platform, parse: importLineParser(), region: "zz", hold: true, keep: "everything" as const };
  sources.set(importSourceFor(platform), made);
  return made;
}

function termsOf(list: readonly WorkerTerm[]) {
  return list.map(({ id, query }) => ({ id, query: parseQuery(query) }));
}
let handles = handlesOf(data.terms);
function handlesOf(list: readonly WorkerTerm[]): ReadonlySet<string> {
  return new Set(list.flatMap((term) => term.handles.map((handle) => handle.replace(/^@/, "").toLowerCase())));
}

const library = openLibrary();
const reader = openTextReader(library);
const shadows = makeShadowMeter(() => clock.now());
const models = openTextModels(library, (candidate, { platform, nativeId }, said, judgement) =>
  shadows.see(candidate, said, judgement, () => pseudonyms.postId(platform, nativeId)),
);
loadModels(data.registry);
function loadModels(list: WorkerModels): void {
  for (const { reason } of models.load(list)) port?.postMessage({ report: { level: "warn", message: reason } });
}
const stages = openStages({
  mentionId: (platform, account) => pseudonyms.mentionId(platform, account),
  isOrganisationHandle: (handle) => handles.has(handle),
  terms: termsOf(data.terms),
  keep: (source) => sources.get(source)?.keep ?? "everything",
  languageTable: data.languageTable,
  judge: { models, use: data.models },
  ...(data.deep !== undefined && { deep: askOver(data.deep) }),
  spans: { models: reader, use: data.models.languages },
  link: { entities: data.entities, space: models.space, gazetteer: models.gazetteer },
});

/** A ledger that knows more than `posts` holds (a log from an older copy, say) would pass raw by: it is made anew from `posts`. */
async function openRightLedger(partition: number): Promise<Ledger> {
  const options = { files, folder: join(data.folder, "ledger"), partition, keyCheck: data.ring.check };
  const ledger = await openLedger(options);
  const [events, posts] = await Promise.all(
    (["events", "posts"] as const).map(async (topic) => (await log.state(topic)).find((state) => state.partition === partition)?.next ?? 0),
  );
  const { postsOffset, events: seen } = ledger.position();
  if (postsOffset <= (posts ?? 0) && seen.offset < (events ?? 0)) return ledger;
  ledger[Symbol.dispose]();
  port?.postMessage({ report: { level: "warn", message: `ledger ${partition}: it stands ahead of the log and is made anew from it` } });
  await removeDatabase(files, ledgerPath(options.folder, partition));
  return openLedger(options);
}

const partitions: Partition[] = [];
for (const partition of data.own) {
  const ledger = await openRightLedger(partition);
  const identities = await openIdentities({ files, folder: join(data.folder, "identities"), partition, ring: data.ring });
  for (const { author, upToMs, objection } of data.erasures) if (isAuthorId(author)) ledger.remember(author, upToMs, objection);
  const refiner = makeRefiner({
    partition,
    partitions: data.partitions,
    ledger,
    identities,
    pseudonyms,
    source: sourceOf,
    validate: validateEvent,
    stages: (drafts) => stages.run(drafts),
    clock,
  });
  partitions.push(await openPartition({ partition, log, ledger, identities, refiner, drift }));
}

const flushing = (async () => {
  let identitiesAt = clock.monotonicMs();
  while (!abort.signal.aborted) {
    try {
      await clock.sleep(flushEveryMs, abort.signal);
    } catch {
      return;
    }
    const isAll = clock.monotonicMs() - identitiesAt >= identitiesEveryMs;
    if (isAll) identitiesAt = clock.monotonicMs();
    for (const partition of partitions) await partition.flush(isAll ? "all" : "ledger");
  }
})().catch(fault);

const running = partitions.map((partition) =>
  runPartition(partition, log, abort.signal).catch((thrown: unknown) => {
    if (!abort.signal.aborted) fault(thrown);
  }),
);

function fault(thrown: unknown): void {
  const error = toEarshotError(thrown, "INVARIANT", "refine");
  port?.postMessage({ fault: { code: error.code, message: error.message } });
}

function partitionNumbered(number: number): Partition {
  const found = partitions.find((partition) => partition.partition === number);
  if (found === undefined) throw new EarshotError("INVARIANT", `partition ${number}: this thread owns ${data.own.join(", ")}`);
  return found;
}

const tracer = makeTracer({ log, clock, pseudonyms, source: sourceOf, validate: validateEvent, stages, ledgerOf: (partition) => partitionNumbered(partition).ledger });

const previewReplay = makeReplayPreview({
  log,
  clock,
  pseudonyms,
  source: sourceOf,
  validate: validateEvent,
  stages,
  ledgerOf: (partition) => partitionNumbered(partition).ledger,
});

let release: () => void = () => undefined;

const handlers = {
  state() {
    return partitions.map((partition) => ({ partition: partition.partition, next: partition.position().offset + 1, ...partition.counters }));
  },
  outcomes(argument: { readonly partition: number; readonly offsets: readonly number[] }) {
    return partitionNumbered(argument.partition).outcomes(argument.offsets);
  },
  reasons(argument: { readonly partition: number; readonly offsets: readonly number[] }) {
    return partitionNumbered(argument.partition).reasons(argument.offsets);
  },
  replay(argument: {
    readonly partition: number;
    readonly from: number;
    readonly to: number;
    readonly source: string | undefined;
    readonly fromMs: number;
    readonly toMs: number;
  }) {
    const { source, fromMs, toMs } = argument;
    const ofSource = (id: string) => source === undefined || id === source || (source === importSource && importPlatformOf(id) !== undefined);
    return partitionNumbered(argument.partition).replay(argument.from, argument.to, (id, receivedAt) => receivedAt >= fromMs && receivedAt < toMs && ofSource(id));
  },
  setSources(list: readonly WorkerSource[]) {
    return setSources(list);
  },
  setTerms(list: readonly WorkerTerm[]) {
    stages.setTerms(termsOf(list));
    handles = handlesOf(list);
  },
  setModels: (list: WorkerModels) => loadModels(list),
  takeShadows: () => shadows.take(),
  setEntities(list: readonly KnownEntity[]) {
    stages.setEntities(list);
  },
  setUse: (use: RefineWorkerData["models"]) => stages.setUse(use),
  /** Before stored posts are read that `again` is to look at, and after the last. */
  async watchForms(watched: boolean) {
    for (const partition of partitions) await partition.watchForms(watched);
  },
  /** Stored posts of one partition as today's stages make them; returns how many changed. */
  again({ partition, posts, what }: { readonly partition: number; readonly posts: readonly Post[]; readonly what: AgainWhat }) {
    return partitionNumbered(partition).again(stages.again(posts, what));
  },
  /** Empties the frames of these keys and actors (8 bytes each, hex) and overwrites the needles, in the topics that this thread writes. */
  async forget(argument: ForgetArgument) {
    const byHeader = removerOf(argument);
    const removers = { posts: byHeader, rejected: argument.sources === undefined ? byHeader : orOfSources(byHeader, argument.sources) };
    let removedFrames = 0;
    let redactedFrames = 0;
    for (const partition of partitions) {
      for (const topic of ["posts", "rejected"] as const satisfies readonly Topic[]) {
        const report = await partition.inTurn(() => log.forget(topic, partition.partition, { remove: removers[topic], needles: argument.needles }));
        removedFrames += report.removedFrames;
        redactedFrames += report.redactedFrames;
      }
    }
    return { removedFrames, redactedFrames };
  },
  /** The next offset of `events` that each partition needs, all before it being in files. */
  async flush() {
    return Promise.all(partitions.map(async (partition) => [partition.partition, await partition.flush()] as const));
  },
  previewReplay: (argument: Parameters<typeof previewReplay>[0]) => previewReplay(argument),
  replayProgress: () => partitions.map((partition) => partition.replayProgress()),
  cancelReplay() {
    for (const partition of partitions) partition.cancelReplay();
  },
  takeDrift: () => drift.take(),
  takeRefusedKeys() {
    return partitions.flatMap((partition) => partition.takeRefusedKeys());
  },
  async forgetLedger() {
    for (const partition of partitions) await partition.inTurn(() => Promise.resolve(partition.ledger.forget()));
  },
  async expire(before: { readonly postsMs: number; readonly tombstonesMs: number; readonly pendingMs: number }) {
    let removed = 0;
    for (const partition of partitions) removed += await partition.inTurn(() => Promise.resolve(partition.ledger.expire(before)));
    return removed;
  },
  /** When a post was made, as this thread knows it now: its ledger's file follows later. */
  createdAtOf(argument: { readonly partition: number; readonly id: PostId }): number | undefined {
    const row = partitionNumbered(argument.partition).ledger.row(argument.id);
    return row?.status === "post" ? row.contribution.createdAt : undefined;
  },
  explain: ({ task, text, language }: { readonly task: string; readonly text: string; readonly language: string }) => models.explain(task, text, language),
  explainTowards: (post: Parameters<typeof draftOfText>[0]) => stages.explainTowards(draftOfText(post)),
  read: ({ text, language }: { readonly text: string; readonly language: string }) => reader.read(text, language),
  trace: (argument: Parameters<typeof tracer.trace>[0]) => tracer.trace(argument),
  rawOf: (argument: Parameters<typeof tracer.rawOf>[0]) => tracer.rawOf(argument),
  preview: (argument: Parameters<typeof tracer.preview>[0]) => tracer.preview(argument),
  postsOf(argument: { readonly authors: readonly string[] }) {
    const ids: string[] = [];
    for (const partition of partitions) for (const author of argument.authors) if (isAuthorId(author)) ids.push(...partition.ledger.postsOf(author).map((row) => row.id));
    return ids;
  },
  /** Everything is in files when it resolves, and stays as it is until `release`. */
  async hold() {
    const held = Promise.withResolvers<void>();
    release = held.resolve;
    await Promise.all(partitions.map((partition) => partition.hold(held.promise)));
  },
  release() {
    release();
  },
  async stop() {
    release();
    abort.abort();
    await Promise.all([...running, flushing]);
    for (const partition of partitions) await partition.close();
    await log[Symbol.asyncDispose]();
  },
};
export type RefineHandlers = typeof handlers;

export interface ForgetArgument {
  /** First 8 bytes of PostIds and AuthorIds, as 16 hex digits. */
  readonly keys: ReadonlySet<string>;
  /** With the latest time of the frames that go, milliseconds UTC. */
  readonly actors: ReadonlyMap<string, number>;
  readonly needles: readonly Uint8Array[];
  /** Whose rejected messages go too where neither post nor author could be told. */
  readonly sources?: ReadonlySet<string>;
}

function removerOf(argument: ForgetArgument) {
  return (keyHigh: number, keyLow: number, actorHigh: number, actorLow: number, time: number) =>
    time <= (argument.actors.get(wordsHex(actorHigh, actorLow)) ?? -1) || argument.keys.has(wordsHex(keyHigh, keyLow));
}

function orOfSources(byHeader: ForgetRequest["remove"], sources: ReadonlySet<string>): ForgetRequest["remove"] {
  return (keyHigh, keyLow, actorHigh, actorLow, time, payload) =>
    byHeader(keyHigh, keyLow, actorHigh, actorLow, time, payload) || ((keyHigh | keyLow | actorHigh | actorLow) === 0 && sources.has(sourceOfRejected(payload()) ?? ""));
}

serve(port, handlers);
port.postMessage({ ready: true });
