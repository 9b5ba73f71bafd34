import { availableParallelism } from "node:os";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { type ModelsConfig, type ModelsUse, type SwitchedModel, switchedModels, usedModels } from "../../core/config.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import { multilingualLanguages } from "../../core/judgement.ts";
import type { Sql } from "../../core/sql.ts";
import { lexiconLanguages } from "../../stages/lexicon.ts";
import { openAnnotations } from "../../registers/annotations.ts";
import { openAudit } from "../../registers/audit.ts";
import { openSettings } from "../../registers/settings.ts";
import type { Threads } from "../boot.ts";
import type { Engine } from "../engine.ts";
import type { HistoryRun, ModelUseBook, ModelUses, ModelUseView } from "../model-use.ts";
import type { ModelCosts } from "../model-worker.ts";
import { socialTasks } from "../registry-models.ts";
import type { AgainPart } from "./again.ts";
import { makeTurns } from "./jobs.ts";
import type { ModelRuns } from "./model-runs.ts";

export interface ModelUseOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly report: Report;
  readonly threads: () => Threads;
  readonly again: AgainPart;
  readonly reading: () => Pick<Engine, "search" | "count">;
  readonly config: ModelsConfig;
  readonly runs: Pick<ModelRuns, "withThread">;
}

const switchName = "models.switch";
const historyName = "models.history";
const measuredPosts = 400;
const dayMs = 86_400_000;
const mostChanges = 200;

const storedSchema = z.object({
  use: z.partialRecord(z.enum(switchedModels), z.boolean()).default({}),
  /** Oldest first. */
  changes: z.array(z.object({ model: z.enum(switchedModels), on: z.boolean(), at: z.number(), from: z.number().optional() })).default([]),
});
/** A model that was turned on or off. from: posts that came since then were judged anew. */
export type ModelSwitch = z.output<typeof storedSchema>["changes"][number];

const tasksOf: Readonly<Record<SwitchedModel, readonly string[]>> = {
  social: socialTasks,
  multilingual: ["sentiment"],
  spam: ["spam"],
  entities: ["names"],
  languages: ["languages"],
};
const languagesOf: Readonly<Partial<Record<SwitchedModel, readonly string[]>>> = { social: ["en"], multilingual: multilingualLanguages, entities: ["en"] };

export function makeModelUse(options: ModelUseOptions) {
  const { sql, clock, report, config, threads, again } = options;
  const now = () => clock.now();
  const [settings, audit, annotations] = [openSettings(sql, now), openAudit(sql, now), openAnnotations(sql, now)];
  let stored = storedSchema.parse({});
  let costs: ModelCosts | undefined;
  let measuring: Promise<void> | undefined;
  let history: HistoryRun | undefined;
  let running: Promise<void> = Promise.resolve();
  let isCancelled = false;
  /** Two changes at once would each write over the other's. */
  const inTurn = makeTurns();
  /** Rises with each change: a way through history that began before begins anew. */
  let version = 0;

  const current = (): ModelsUse => usedModels(config, stored.use);
  const stateOf = (use: ModelsUse[SwitchedModel]): ModelUseView["state"] => (use === false ? "off" : use === true ? "on" : "part");

  async function postsPerSecond(): Promise<number> {
    const to = now();
    const { posts } = await options.reading().count(`created:${new Date(to - dayMs).toISOString()}..${new Date(to).toISOString()}`, {});
    return posts / (dayMs / 1_000);
  }

  async function measure(): Promise<void> {
    const { items } = await options.reading().search({ q: "", filter: {}, limit: measuredPosts });
    if (items.length === 0) return;
    const texts = items.map(({ text, language }) => ({ text, language }));
    costs = await options.runs.withThread((caller) => caller.call("measure", { texts, languages: languagesOf }));
  }

  function viewOf(model: SwitchedModel, pace: number): ModelUseView {
    const state = stateOf(current()[model]);
    const origin = config[model] !== undefined ? "configuration" : stored.use[model] !== undefined ? "page" : "default";
    const cost = costs?.[model];
    const languages = languagesOf[model];
    const machineShare = cost === undefined ? 0 : (cost.microsecondsPerPost * cost.share * pace) / (availableParallelism() * 1e6);
    return { model, tasks: tasksOf[model], ...(languages && { languages }), state, origin, ...(cost && { cost: { ...cost, machineShare } }) };
  }

  function sentimentBy(): ModelUses["sentiment"] {
    const { social, multilingual } = current();
    return [...new Set<string>(["en", ...lexiconLanguages, ...multilingualLanguages])].toSorted().flatMap((language): ModelUses["sentiment"] => {
      if (language === "en" && social !== false) return [{ language, by: "social" }];
      if (multilingualLanguages.includes(language) && multilingual !== false) return [{ language, by: "multilingual" }];
      return lexiconLanguages.some((one) => one === language) ? [{ language, by: "lexicon" }] : [];
    });
  }

  async function uses(): Promise<ModelUses> {
    if (costs === undefined)
      measuring ??= measure()
        .catch((thrown: unknown) => report("warn", `models: what they cost could not be measured: ${toEarshotError(thrown, "STAGE_FAILED", "measure").message}`))
        .finally(() => (measuring = undefined));
    const pace = await postsPerSecond();
    return {
      models: switchedModels.map((model) => viewOf(model, pace)),
      sentiment: sentimentBy(),
      postsPerSecond: pace,
      cores: availableParallelism(),
      isMeasuring: measuring !== undefined,
      ...(history && { history }),
    };
  }

  /** Of all stored posts, since no model was asked of those that it is asked of now. */
  function judgeStored(): void {
    const startedAt = now();
    isCancelled = false;
    const tell = (state: HistoryRun["state"], fields: Partial<HistoryRun> = {}) => {
      history = { looked: 0, of: 0, changed: 0, ...history, ...fields, state, startedAt };
    };
    history = undefined;
    tell("running");
    running = (async () => {
      try {
        for (;;) {
          const begun = version;
          const done = await again.run({ kind: "all" }, "models", (progress) => {
            tell("running", progress);
            return Promise.resolve(begun === version && !isCancelled);
          });
          tell("running", done);
          if (isCancelled || (await inTurn(() => noteJudged(begun)))) break;
        }
        await settings.set(historyName, null);
        tell(isCancelled ? "cancelled" : "done", { endedAt: now() });
      } catch (thrown) {
        if (again.isStopping()) return;
        const { message } = toEarshotError(thrown, "STORE_UNAVAILABLE", "models");
        tell("failed", { endedAt: now(), message });
        report("error", `models: stored posts could not be judged anew: ${message}`);
      }
    })();
  }

  /** Whatever was switched: what is stored was judged by what is on now. False: something was switched meanwhile. */
  async function noteJudged(begun: number): Promise<boolean> {
    if (begun !== version) return false;
    await keep({ ...stored, changes: stored.changes.map((change) => ({ ...change, from: 0 })) });
    return true;
  }

  async function keep(next: typeof stored): Promise<void> {
    await settings.set(switchName, next);
    stored = next;
  }

  async function turn(changes: Parameters<ModelUseBook["switch"]>[0], actor: string): Promise<void> {
    const asked = switchedModels.filter((model) => changes[model] !== undefined);
    const fixed = asked.filter((model) => config[model] !== undefined);
    if (fixed.length > 0)
      throw new EarshotError(
        "CONFLICT",
        `models: the configuration file says ${fixed.map((model) => `models.${model}`).join(", ")}; change it there, or take it out to switch it here`,
      );
    const before = current();
    const at = now();
    const moved = asked.filter((model) => before[model] !== changes[model]);
    const made = moved.map((model) => ({ model, on: changes[model] === true, at }));
    await keep({ use: { ...stored.use, ...changes }, changes: [...stored.changes, ...made].slice(-mostChanges) });
    version++;
    await Promise.all(threads().refine.map((thread) => thread.caller.call("setUse", current())));
    for (const { model, on } of made) {
      await annotations.add({ at, text: `${model}: ${on ? "the embedded model judges" : "the embedded model judges no more"} from here (${tasksOf[model].join(", ")})` }, actor);
      await audit.append({ actor, action: on ? "model.on" : "model.off", subject: model });
    }
  }

  const book: ModelUseBook = {
    uses,
    async switch(changes, actor) {
      await inTurn(() => turn(changes, actor));
      return uses();
    },
    async judgeHistory(actor) {
      if (history?.state === "running") return uses();
      await settings.set(historyName, { askedAt: now(), actor });
      await audit.append({ actor, action: "model.history", subject: "posts" });
      judgeStored();
      return uses();
    },
    async cancelHistory(actor) {
      if (history?.state !== "running") return;
      isCancelled = true;
      await running;
      await audit.append({ actor, action: "model.history-cancel", subject: "posts" });
    },
  };
  return {
    book,
    current,
    /** Oldest first. */
    switches: (): readonly ModelSwitch[] => stored.changes,
    switched: () => stored.use,
    /** Before the threads are started. */
    async open(): Promise<void> {
      const found = storedSchema.safeParse((await settings.get(switchName)) ?? {});
      if (found.success) stored = found.data;
      else report("warn", `${switchName}: it cannot be read, so that models which the configuration does not name are off`);
    },
    /** Takes up what an earlier run left undone. */
    async resume(): Promise<void> {
      const left = await settings.get(historyName);
      if (left !== undefined && left !== null) judgeStored();
    },
    async settled(): Promise<void> {
      await running;
      await measuring;
    },
  };
}
