import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import type { ModelsUse } from "../../core/config.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import { leastDriftTexts } from "../../models/drift.ts";
import type { ModelDrift, ModelDriftRow } from "../../registers/model-drift.ts";
import type { Engine } from "../engine.ts";
import type { Alarm } from "../failures.ts";
import type { LabelSetBook } from "../label-sets.ts";
import type { ModelDriftBook } from "../model-drift.ts";
import type { DriftAnswer, DriftAsk, ModelDriftHandlers } from "../model-drift-worker.ts";
import { samplePosts } from "../sample-posts.ts";
import { startThread, type Thread } from "../threads.ts";
import type { Viewer } from "../viewer.ts";

const dayMs = 86_400_000;
/** A day's posts may still come in some time after it ended. */
const settledAfterMs = 3 * 3_600_000;
const keptDays = 400;
/** A day that is longer past is no news, where none was looked at since. */
const alarmMs = 7 * dayMs;
/** Slices of one kind: those with most posts. */
const mostSlices = 8;
const sliceFields = ["platform", "language", "term"] as const;
const socialTasks = ["sentiment", "emotion", "irony", "offensive", "hate"] as const;
const mostExamples = 20;
/** Newest posts of a day of which those to label are chosen. */
const labelSample = 1_000;
/** Who opens a labelling task by itself. */
const itself: Viewer = { name: "earshot", owner: "earshot", role: "admin", by: "token", filter: {} };

export interface ModelDriftOptions {
  readonly register: ModelDrift;
  readonly reading: Pick<Engine, "search" | "facets">;
  readonly labelSets: Pick<LabelSetBook, "list" | "add" | "draw">;
  /** What is asked of the embedded models now. */
  readonly models: () => ModelsUse;
  readonly clock: Clock;
  readonly report: Report;
}

interface Look {
  readonly slice: string;
  /** Query of what is judged in this slice. */
  readonly q: string;
}

/** Looks at each day once it is over: a sample of its posts against one of the days before, by task and slice, judged by today's models. */
export function makeModelDrift(options: ModelDriftOptions): { readonly book: ModelDriftBook; daily(): Promise<void>; alarms(): Promise<readonly Alarm[]> } {
  const { register, reading, models, clock } = options;
  const { drift } = models();
  let running = false;
  /** The last day that was looked at by itself: one without enough posts leaves no row to tell. */
  let lookedDay = -Infinity;

  const tasks = (): readonly string[] => [...(models().social === false ? [] : socialTasks), ...(models().spam === false ? [] : ["spam"])];

  /** What is judged for a task: the social models read English alone. */
  const judgedBy = (task: string): string => {
    const use = task === "spam" ? models().spam : models().social;
    const kept = typeof use === "boolean" ? {} : use;
    const any = (field: string, values: readonly string[] | undefined): readonly string[] =>
      values === undefined ? [] : [`(${values.map((value) => `${field}:${value}`).join(" OR ")})`];
    return [...(task === "spam" ? any("language", kept.languages) : ["language:en"]), ...any("source", kept.sources)].join(" ");
  };

  const queryOf = (base: string, slice: string): string => (slice === "all" ? base : `${base} ${slice}`.trim());

  async function looksOf(base: string, fromMs: number, toMs: number): Promise<readonly Look[]> {
    const span = `created:${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`;
    const { facets } = await reading.facets({ q: `${base} ${span}`.trim(), filter: {}, by: [...sliceFields], top: mostSlices });
    const slices = sliceFields.flatMap((field) => (facets[field] ?? []).filter(({ posts }) => posts >= leastDriftTexts).map(({ value }) => `${field}:${value}`));
    return ["all", ...slices].map((slice) => ({ slice, q: queryOf(base, slice) }));
  }

  /** The days before, and the day itself. */
  async function samplesOf(q: string, day: number): Promise<{ readonly reference: readonly Post[]; readonly current: readonly Post[] }> {
    const { referenceDays, texts } = drift === false ? { referenceDays: 28, texts: 2_000 } : drift;
    const sample = (fromMs: number, toMs: number) => samplePosts({ search: reading.search, q, filter: {}, fromMs, toMs, count: texts });
    const withText = (posts: readonly Post[]) => posts.filter(({ text }) => text !== "");
    return { reference: withText(await sample(day - referenceDays * dayMs, day)), current: withText(await sample(day, day + dayMs)) };
  }

  const textsOf = (posts: readonly Post[]): DriftAsk["current"] => ({ texts: posts.map(({ text }) => text), authors: posts.map(({ author }) => author) });

  /** One look after the other, in a thread of its own that holds the models as long. */
  async function withThread<T>(work: (compare: (ask: DriftAsk) => Promise<DriftAnswer>) => Promise<T>): Promise<T> {
    if (running) throw new EarshotError("CONFLICT", "a look for drift is running; ask again when it is done");
    running = true;
    let thread: Thread<ModelDriftHandlers> | undefined;
    try {
      const started = await startThread<ModelDriftHandlers>({
        name: "model-drift",
        file: new URL("../model-drift-worker.ts", import.meta.url),
        data: {},
        report: options.report,
        onFault: ({ message }) => options.report("error", message),
      });
      thread = started;
      return await work(async (ask) => started.caller.call("compare", ask));
    } finally {
      await thread?.stop();
      running = false;
    }
  }

  const rowOf = (task: string, slice: string, day: number, fromMs: number, { report, model, classes }: DriftAnswer): ModelDriftRow => ({
    dayMs: day,
    task,
    slice,
    model,
    kind: report.kind,
    figures: {
      classes: [...classes],
      reference: { fromMs, texts: report.n.reference, shares: [...report.predictions.reference] },
      current: { texts: report.n.current, shares: [...report.predictions.current] },
      psi: report.predictions.psi,
      chance: report.predictions.chance,
      jensenShannon: report.predictions.jensenShannon,
      auc: report.text.auc,
      chanceUpTo: report.text.chanceUpTo,
      aucWithinClasses: report.text.aucWithinClasses,
      ...(report.correctedShares !== undefined && { correctedShares: [...report.correctedShares] }),
      words: report.words.map((word) => ({ ...word })),
    },
    at: clock.now(),
  });

  async function look(day: number, { label }: { readonly label: boolean }): Promise<readonly ModelDriftRow[]> {
    const fromMs = day - (drift === false ? 28 : drift.referenceDays) * dayMs;
    const found = await withThread(async (compare) => {
      const rows: ModelDriftRow[] = [];
      for (const [base, together] of Map.groupBy(tasks(), judgedBy)) {
        for (const { slice, q } of await looksOf(base, day, day + dayMs)) {
          const { reference, current } = await samplesOf(q, day);
          if (reference.length < leastDriftTexts || current.length < leastDriftTexts) continue;
          const sides = { reference: textsOf(reference), current: textsOf(current) };
          for (const task of together) rows.push(rowOf(task, slice, day, fromMs, await compare({ task, ...sides })));
        }
      }
      await register.put(rows);
      return rows;
    });
    if (label) for (const row of found) if (row.slice === "all" && row.kind === "text") await openLabelling(row, day);
    return found;
  }

  /** Puts posts of a day whose texts are others into the task's label set, which is made where there is none. */
  async function openLabelling({ task, figures }: ModelDriftRow, day: number): Promise<void> {
    const count = drift === false ? 0 : drift.label;
    if (count === 0) return;
    const name = `Drift: ${task}`;
    const known = (await options.labelSets.list(itself)).find((set) => set.name === name);
    const set =
      known ??
      (await options.labelSets.add(
        { name, kind: "classes", classes: [...figures.classes], guidelines: `Posts that differ from earlier ones, to judge for ${task} anew.`, perText: 1, splitBy: "author" },
        itself,
      ));
    const q = `${judgedBy(task)} created:${new Date(day).toISOString()}..${new Date(day + dayMs).toISOString()}`.trim();
    try {
      await options.labelSets.draw(set.id, { q, count, how: "diverse", sample: labelSample }, itself);
    } catch (thrown) {
      if (!(thrown instanceof EarshotError && thrown.code === "NOT_FOUND")) throw thrown;
    }
  }

  return {
    async daily() {
      if (drift === false || tasks().length === 0 || running) return;
      const day = Math.floor((clock.now() - settledAfterMs) / dayMs) * dayMs - dayMs;
      if (lookedDay >= day || ((await register.latestDay()) ?? -Infinity) >= day) return;
      await look(day, { label: true });
      lookedDay = day;
      await register.expire(day - keptDays * dayMs);
    },
    async alarms() {
      const latest = await register.latestDay();
      if (latest === undefined || clock.now() - latest > alarmMs) return [];
      const asked = new Set(tasks());
      const moved = (await register.list({ fromMs: latest })).filter(({ kind, task }) => kind !== "none" && asked.has(task));
      // What all posts show, each slice of them need not tell again.
      const whole = new Set(moved.filter(({ slice }) => slice === "all").map(({ task }) => task));
      return moved.flatMap(({ kind, slice, task, figures, dayMs: since }): Alarm[] =>
        kind === "none" || (slice !== "all" && whole.has(task))
          ? []
          : [{ kind: "model-drift", source: slice, task, moved: kind, share: figures.auc, limit: figures.chanceUpTo, since }],
      );
    },
    book: {
      modelDrift: (filter) => register.list(filter),
      modelDriftTasks: tasks,
      lookForModelDrift: look,
      async modelDriftExamples({ dayMs: day, task, slice }) {
        const known = (await register.list({ fromMs: day, task })).find((row) => row.dayMs === day && row.slice === slice);
        if (known === undefined) throw new EarshotError("NOT_FOUND", "no look at this day, task and slice is known");
        const { reference, current } = await samplesOf(queryOf(judgedBy(task), slice), day);
        const { report } = await withThread((compare) => compare({ task, reference: textsOf(reference), current: textsOf(current) }));
        return report.newest.slice(0, mostExamples).flatMap((at) => current[at] ?? []);
      },
    },
  };
}
