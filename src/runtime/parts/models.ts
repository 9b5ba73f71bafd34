import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import type { ModelsConfig } from "../../core/config.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import { isJudgedNamed, judgedName, judgementsOf } from "../../core/judgement.ts";
import type { Files } from "../../core/files.ts";
import type { LabelledText } from "../../core/label-set.ts";
import type { Log } from "../../core/log.ts";
import { fieldValues, type Query } from "../../core/query.ts";
import { formatQuery } from "../../core/query-format.ts";
import { parseQuery } from "../../core/query-parser.ts";
import type { Sql } from "../../core/sql.ts";
import { codeVersion } from "../../models/code-version.ts";
import { openLibrary } from "../../models/library.ts";
import { spamTask, taskNamed } from "../../models/tasks.ts";
import { openAnnotations } from "../../registers/annotations.ts";
import { openAudit } from "../../registers/audit.ts";
import { openLabelSets } from "../../registers/label-sets.ts";
import { openModelDrift } from "../../registers/model-drift.ts";
import { judgesAfter, type ModelMove, type ModelShadow, openModels } from "../../registers/models.ts";
import { openRetraining } from "../../registers/retraining.ts";
import type { Threads } from "../boot.ts";
import type { Engine } from "../engine.ts";
import type { Alarm } from "../failures.ts";
import type { JudgingPeriod, ModelBook, TaskView, TrainingRun, TrainRequest } from "../models.ts";
import type { RetrainingBook } from "../retraining.ts";
import type { ShadowDifference } from "../model-shadow.ts";
import { embeddedModelOf, embeddedTasks, taskNameOf } from "../registry-models.ts";
import { version as programVersion } from "../version.ts";
import type { WorkerModels } from "../worker-data.ts";
import type { AgainPart } from "./again.ts";
import { makeModelUse, type ModelSwitch } from "./model-use.ts";
import { makeComparing, nobody } from "./model-compare.ts";
import { makeModelRuns } from "./model-runs.ts";
import { makeModelStore } from "./model-store.ts";
import { makeRetraining, type RetrainingOptions } from "./retraining.ts";

export interface ModelsOptions {
  readonly sql: Sql;
  readonly now: () => number;
  readonly files: Files;
  /** The data folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly report: Report;
  readonly log: Pick<Log, "state">;
  readonly threads: () => Threads;
  readonly terms: Engine["terms"];
  readonly replay: Engine["replay"];
  readonly reading: () => Pick<Engine, "post" | "search" | "count">;
  readonly labelSets: RetrainingOptions["labelSets"];
  /** What the configuration asks of the embedded models. */
  readonly config: ModelsConfig;
  readonly again: AgainPart;
}

const mostDifferences = 100;
/** Posts that are looked at for judgements, newest first; of a class that the index names each of them bears it. */
const mostLooked = 2_000;
const pagePosts = 200;

const partOf = (texts: readonly LabelledText[], part: LabelledText["part"]): readonly LabelledText[] => texts.filter((text) => text.part === part && text.label !== undefined);

export function makeModels(options: ModelsOptions) {
  const { sql, now, threads, report } = options;
  const register = openModels(sql, now);
  const [audit, annotations, sets] = [openAudit(sql, now), openAnnotations(sql, now), openLabelSets(sql, now)];
  let bases: readonly string[] | undefined;
  const baseVersions = (): readonly string[] => {
    const library = openLibrary();
    return (bases ??= [library.version("social"), library.version("spam")]);
  };
  const store = makeModelStore({ register, files: options.files, folder: options.folder, report, baseVersions });
  const runs = makeModelRuns(options);
  const use = makeModelUse({ ...options, runs });
  const comparing = makeComparing({ register, store, runs, sets, terms: options.terms, promotion: options.config.promotion });
  const differences = new Map<string, ShadowDifference[]>();
  let embedded: ReadonlyMap<string, string> | undefined;
  const embeddedVersion = (task: string): string | undefined => {
    if (!embeddedTasks.includes(task)) return undefined;
    const library = openLibrary();
    embedded ??= new Map(embeddedTasks.map((one) => [one, library.version(embeddedModelOf(one))]));
    return embedded.get(task);
  };

  async function tellThreads(): Promise<void> {
    const models: WorkerModels = await store.workerModels();
    await Promise.all(threads().refine.map((thread) => thread.caller.call("setModels", models)));
  }

  /** A mark on charts: what follows was judged by another. */
  async function mark({ task, model, was, at }: ModelMove, actor: string): Promise<void> {
    const nameOf = (id: string | undefined) => id ?? embeddedVersion(task) ?? "nobody";
    await annotations.add({ at, text: `${task}: ${nameOf(model)} judges from here, before it ${nameOf(was)}` }, actor);
  }

  async function flush(): Promise<void> {
    for (const thread of threads().refine)
      for (const { model, pairs, differences: more } of await thread.caller.call("takeShadows", undefined)) {
        await register.addPairs(model, pairs);
        differences.set(model, [...(differences.get(model) ?? []), ...more].slice(-mostDifferences));
      }
  }

  async function move(
    fields: { readonly task: string; readonly kind: ModelMove["kind"]; readonly model?: string; readonly was?: string; readonly evidence: unknown },
    actor: string,
    reason?: string,
  ) {
    const made = await register.move(fields, actor);
    await tellThreads();
    await mark(made, actor);
    const details = {
      task: fields.task,
      model: fields.model ?? embeddedVersion(fields.task) ?? nobody,
      was: fields.was ?? embeddedVersion(fields.task) ?? nobody,
      ...(reason !== undefined && { reason }),
    };
    await audit.append({ actor, action: `model.${fields.kind}`, subject: fields.model ?? fields.task, details });
    return made;
  }

  /** Promoted models that judge nothing, as what they build on changed. */
  async function stoppedJudges(): Promise<readonly { readonly task: string; readonly model: string; readonly reason: string }[]> {
    const found = await Promise.all(
      [...(await store.judges())].map(async ([task, model]) => {
        // One whose file cannot be read is told by the log.
        const reason = await store.stoppedBy(model).catch(() => undefined);
        return reason === undefined ? [] : [{ task, model, reason }];
      }),
    );
    return found.flat();
  }

  async function begin({ set, version, stacked, seed, thresholds }: TrainRequest, actor: string, isBackground: boolean): Promise<TrainingRun> {
    const reading = version === undefined ? await comparing.newestOf(set) : await sets.readVersion(set, version);
    const { task: about, version: number, hash } = reading.version;
    if (about.kind !== "classes") throw new EarshotError("USAGE", `${about.name}: it labels spans; export it as CoNLL and train a tagger with \`earshot models train --data\``);
    const task = taskNameOf(about.name);
    const shipped = task === spamTask.name ? spamTask : embeddedTasks.includes(task) ? taskNamed(task) : undefined;
    if (shipped !== undefined && [...shipped.classes].sort().join() !== [...about.classes].sort().join())
      throw new EarshotError("USAGE", `${about.name}: ${task} has the classes ${shipped.classes.join(", ")}; give the set another name, or these classes`);
    const unknown = Object.keys(thresholds ?? {}).filter((name) => !about.classes.includes(name));
    if (unknown.length > 0) throw new EarshotError("USAGE", `thresholds: expected classes of ${about.classes.join(", ")}, came ${unknown.join(", ")}`);
    const brands = await comparing.brands();
    const texts = (part: LabelledText["part"]) => ({ task, classes: about.classes, texts: partOf(reading.texts, part), brands });
    const argument = { train: texts("train"), validation: texts("validation"), gold: texts("gold"), stacked, seed, thresholds, isBackground };
    const run = runs.begin({ set, task, version: number }, async (caller) => {
      const made = await caller.call("train", argument);
      await store.keep(task, made.hash, made.bytes);
      const record = await register.add(
        {
          id: made.id,
          task,
          classes: about.classes,
          weightsSha256: made.hash,
          weightsBytes: made.bytes.length,
          labelSet: { id: set, name: about.name, version: number, hash },
          codeVersion: `${programVersion}+${codeVersion()}`,
          parameters: made.parameters,
          figures: made.figures,
          functional: made.functional,
        },
        actor,
      );
      await audit.append({ actor, action: "model.train", subject: record.id, details: { set, version: number, seed } });
      return record.id;
    });
    return run;
  }

  const startedAt = options.clock.now();
  async function askedFor(id: string) {
    const record = await register.get(id);
    const { task, classes } = record;
    return { task, classes, asked: { kind: "registry" as const, id, bytes: await store.read(record) } };
  }

  const registry: Omit<ModelBook, keyof RetrainingBook> = {
    async tasks() {
      const [records, moves] = [await register.list(), await register.moves()];
      const stopped = new Map((await stoppedJudges()).map(({ model, reason }) => [model, reason]));
      // Tasks of people's own models come first.
      const names = [...new Set([...records.map(({ task }) => task), ...embeddedTasks])];
      return names.map((task): TaskView => {
        const own = moves.filter((one) => one.task === task);
        const judge = judgesAfter(own).at(-1);
        const shipped = embeddedVersion(task);
        const switched = use.switches().findLast((one) => one.model === embeddedModelOf(task));
        const since = own.at(-1)?.at ?? (switched?.from === undefined ? switched?.at : undefined);
        const model = judge ?? shipped;
        return {
          task,
          ...(model !== undefined && {
            judge: {
              model,
              isEmbedded: judge === undefined,
              isOff: judge === undefined && use.current()[embeddedModelOf(task)] === false,
              ...(since !== undefined && { since }),
              ...(judge !== undefined && stopped.has(judge) && { stopped: stopped.get(judge) ?? "" }),
            },
          }),
          ...(shipped !== undefined && { embedded: shipped }),
          versions: records.filter((one) => one.task === task),
          moves: own.toReversed(),
        };
      });
    },
    get: (id) => register.get(id),
    train: (request, actor) => begin(request, actor, false),
    runs: () => runs.runs(),
    cancel(run) {
      runs.cancel(run);
    },
    compare: (a, b) => comparing.compare(a, b),
    async test(id) {
      const record = await register.get(id);
      const { texts, version } = await sets.readVersion(record.labelSet.id, record.labelSet.version);
      const asked = { kind: "registry" as const, id, bytes: await store.read(record) };
      const argument = { asked, texts: { task: record.task, classes: version.task.classes, texts: partOf(texts, "gold"), brands: [] } };
      await register.setFunctional(id, await runs.withThread((caller) => caller.call("test", argument)));
      return register.get(id);
    },
    async evaluate(id, texts) {
      const { task, classes, asked } = await askedFor(id);
      const odd = texts.find(({ label }) => !classes.includes(label));
      if (odd !== undefined) throw new EarshotError("USAGE", `label: expected one of ${classes.join(", ")}, came ${odd.label.slice(0, 60)}`);
      const labelled = texts.map((text, i): LabelledText => ({ ...text, id: String(i), part: "gold" }));
      return runs.withThread((caller) => caller.call("evaluate", { asked, texts: { task, classes, texts: labelled, brands: [] } }));
    },
    async explain(id, text) {
      const about = await askedFor(id);
      return runs.withThread((caller) => caller.call("explain", { ...about, text }));
    },
    check: async (id) => comparing.check(await register.get(id)),
    async promote(id, actor, reason) {
      const record = await register.get(id);
      const { allowed, reasons, comparison, overridable } = await comparing.check(record);
      const isOverridden = overridable && reason !== undefined;
      if (!allowed && !isOverridden) throw new EarshotError("CONFLICT", `model ${id} is not promoted: ${reasons.join("; ")}`);
      const was = (await store.judges()).get(record.task);
      return move(
        { task: record.task, kind: "promote", model: id, ...(was !== undefined && { was }), evidence: isOverridden ? { ...comparison, reason, few: reasons } : comparison },
        actor,
        isOverridden ? reason : undefined,
      );
    },
    async retrain(id, actor) {
      const { labelSet, parameters } = await register.get(id);
      const seed = typeof parameters === "object" && parameters !== null && "seed" in parameters && typeof parameters.seed === "number" ? parameters.seed : 1;
      return begin({ set: labelSet.id, version: labelSet.version, stacked: true, seed }, actor, false);
    },
    async rollback(task, actor) {
      const stack = judgesAfter(await register.moves(task));
      const was = stack.at(-1);
      if (was === undefined) throw new EarshotError("CONFLICT", `${task}: no model of the registry judges it, so that there is nothing to go back from`);
      const model = stack.at(-2);
      return move({ task, kind: "rollback", was, ...(model !== undefined && { model }), evidence: null }, actor);
    },
    async rescore(task, actor) {
      const last = (await register.moves(task)).at(-1);
      if (last === undefined) throw new EarshotError("CONFLICT", `${task}: it was always judged by the same model`);
      const oldest = Math.min(...(await options.log.state("events")).map(({ oldestAt }) => oldestAt ?? Infinity), last.at);
      await audit.append({ actor, action: "model.rescore", subject: task, details: { from: new Date(oldest).toISOString() } });
      void options.replay({ kind: "raw", fromMs: 0, toMs: now() }).then(
        () => register.setRescored(last.number, oldest),
        (thrown: unknown) => report("warn", `${task}: judging anew: ${toEarshotError(thrown, "INVARIANT", "replay").message}`),
      );
      return last;
    },
    async setShadow(id, share, actor) {
      await flush();
      if (share === undefined) await register.endShadow(id);
      else await register.beginShadow(id, share);
      differences.delete(id);
      await tellThreads();
      await audit.append({ actor, action: share === undefined ? "model.shadow-end" : "model.shadow", subject: id, details: share === undefined ? {} : { share } });
    },
    async shadow(id, filter) {
      await flush();
      const { id: model } = await register.get(id);
      const found: Omit<ModelShadow, "begunAt"> & { readonly begunAt?: number } = (await register.shadow(id)) ?? { model, share: 0, pairs: {} };
      const counts = Object.entries(found.pairs);
      const sum = (of: typeof counts) => of.reduce((all, [, count]) => all + count, 0);
      const shown: (ShadowDifference & { readonly about: Post })[] = [];
      for (const one of (differences.get(id) ?? []).toReversed()) {
        const about = await options.reading().post(one.post, filter);
        if (about !== undefined) shown.push({ ...one, about });
      }
      return { ...found, judged: sum(counts), agreed: sum(counts.filter(([pair]) => pair.split("\t")[0] === pair.split("\t")[1])), differences: shown };
    },
    async periods(task) {
      const byTask = Map.groupBy(await register.moves(task), (one) => one.task);
      const current = use.current();
      return [...byTask].flatMap(([name, moves]) => {
        const model = embeddedModelOf(name);
        const switches = use.switches().filter((one) => one.model === model);
        return periodsOf(name, moves, { version: embeddedVersion(name), isOn: current[model] !== false, switches });
      });
    },
    async judged({ task, label, model, q, limit }, filter) {
      const items: Post[] = [];
      const found = label === undefined ? q : narrowed(q, task, label);
      let looked = 0;
      let cursor: string | undefined;
      do {
        const page = await options.reading().search({ q: found, filter, limit: pagePosts, ...(cursor !== undefined && { cursor }) });
        for (const post of page.items) {
          looked++;
          const said = judgementsOf(post.notes).find((one) => one.task === task);
          if (said === undefined || (label !== undefined && said.label !== label) || (model !== undefined && said.model !== model)) continue;
          items.push(post);
          if (items.length === limit) return { items, looked, all: false };
        }
        cursor = page.next;
      } while (cursor !== undefined && looked < mostLooked);
      return { items, looked, all: cursor === undefined };
    },
  };

  const retraining = makeRetraining({
    register: openRetraining(sql, now),
    audit,
    models: registry,
    labelSets: options.labelSets,
    drift: openModelDrift(sql),
    clock: options.clock,
    isTraining: () => runs.isRunning(),
    isClosed: () => runs.isClosed(),
    report,
    train: async (set, version, actor) => runs.ended((await begin({ set, version, stacked: true, seed: 1 }, actor, true)).id),
  });

  const stopped = async (): Promise<readonly Alarm[]> =>
    (await stoppedJudges()).map(({ task, model, reason }) => ({ kind: "model-stopped", source: model, task, text: reason, limit: 0, since: startedAt }));

  return {
    book: { ...registry, ...retraining.book } satisfies ModelBook,
    use,
    flush,
    retrain: () => retraining.tick(),
    alarms: async () => [...(await stopped()), ...(await retraining.alarms())],
    workerModels: () => store.workerModels(),
    /** Ends trainings, and then who waits for them. */
    async close(): Promise<void> {
      await runs.close();
      await Promise.all([retraining.settled(), use.settled()]);
    },
  };
}

/** The query, of posts alone that the index knows to be judged so; what says that there is nothing is not named there, and is looked for. */
function narrowed(q: string, task: string, label: string): string {
  const isSentiment = task === "sentiment" && fieldValues.sentiment?.includes(label) === true;
  if (!isSentiment && (!isJudgedNamed(task, label) || label.includes("/"))) return q;
  const judged: Query = isSentiment ? { kind: "field", field: "sentiment", value: label } : { kind: "field", field: "judged", value: judgedName(task, label) };
  return formatQuery(q.trim() === "" ? judged : { kind: "and", parts: [parseQuery(q), judged] });
}

interface Shipped {
  /** The embedded model of the task; undefined: there is none. */
  readonly version: string | undefined;
  readonly isOn: boolean;
  /** Oldest first. */
  readonly switches: readonly Pick<ModelSwitch, "on" | "at" | "from">[];
}

/** By moves and switches, oldest first: what judged anew what was kept holds that time too. */
export function periodsOf(task: string, moves: readonly ModelMove[], shipped: Shipped): readonly JudgingPeriod[] {
  let isOn = shipped.switches[0] === undefined ? shipped.isOn : !shipped.switches[0].on;
  let judge: string | undefined;
  const by = () => judge ?? (isOn ? shipped.version : undefined);
  const periodOf = (from?: number) => ({ ...(by() !== undefined && { model: by() }), ...(from !== undefined && { from }) });
  let periods: { model?: string | undefined; from?: number; to?: number }[] = [periodOf()];
  const changes = [
    ...moves.map(({ model, at, rescoredFrom }) => ({ at, from: rescoredFrom ?? at, take: () => void (judge = model) })),
    ...shipped.switches.map(({ on, at, from }) => ({ at, from: from ?? at, take: () => void (isOn = on) })),
  ].toSorted((a, b) => a.at - b.at);
  for (const { from, take } of changes) {
    const before = by();
    take();
    // What was switched behind a model that judges in its place changes nothing.
    if (by() === before) continue;
    periods = periods.filter((one) => one.from === undefined || one.from < from).map((one) => (one.to === undefined || one.to > from ? { ...one, to: from } : one));
    periods.push(periodOf(from));
  }
  // What judged nothing that is left: all before was judged anew.
  return periods
    .filter(({ to }) => to !== 0)
    .map(({ model, from, to }) => ({ task, ...(model !== undefined && { model }), ...(from !== undefined && from > 0 && { from }), ...(to !== undefined && { to }) }));
}
