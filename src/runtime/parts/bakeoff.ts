import { readFile } from "node:fs/promises";
import type { Config } from "../../core/config.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { LabelSetReading } from "../../core/label-set.ts";
import type { BakeoffText } from "../../models/bakeoff.ts";
import type { Audit } from "../../registers/audit.ts";
import type { Models } from "../../registers/models.ts";
import type { Settings } from "../../registers/settings.ts";
import type { BakeoffBook, BakeoffRequest, BakeoffView } from "../bakeoff.ts";
import { contestantsFor, holdBakeoff } from "../bakeoff-contest.ts";
import type { Contestant } from "../bakeoff-measure.ts";
import type { Threads } from "../boot.ts";
import { weightsPlace } from "./model-store.ts";

export interface BakeoffOptions {
  /** The data folder. */
  readonly folder: string;
  readonly config: Pick<Config, "models" | "egress">;
  readonly models: Pick<Models, "list">;
  readonly settings: Settings;
  readonly audit: Audit;
  readonly threads: Pick<Threads, "deep">;
  readonly readVersion: (set: string, version: number) => Promise<LabelSetReading>;
  readonly now: () => number;
}

const leastTexts = 10;
const mostTexts = 5_000;
const mostUnits = 4_000;
const mostTrained = 5;
const lastKey = "bakeoff.last";

/** Compares models on gold texts; one at a time. The newest result is kept, and holds no text. */
export function makeBakeoff(options: BakeoffOptions): BakeoffBook & { stopped(): Promise<void> } {
  const { config, folder, settings, audit, now } = options;
  let running: { view: BakeoffView; readonly abort: AbortController; readonly ended: Promise<void> } | undefined;

  async function goldOf({ gold }: BakeoffRequest): Promise<{ texts: readonly BakeoffText[]; classes: readonly string[]; told: BakeoffView["gold"] }> {
    if ("tsv" in gold) {
      const texts = readTsv(gold.tsv);
      return { texts, classes: [...new Set(texts.map(({ label }) => label))].toSorted(), told: { kind: "upload" } };
    }
    const { version, texts } = await options.readVersion(gold.set, gold.version);
    if (version.task.kind !== "classes") throw new EarshotError("USAGE", "set: expected one of classes; spans are not compared here");
    const ofGold = texts.flatMap(({ part, label, text, author, language }) =>
      part === "gold" && label !== undefined ? [{ text, label, ...(author !== undefined && { author }), ...(language !== undefined && { language }) }] : [],
    );
    return {
      texts: ofGold,
      classes: version.task.classes.filter((name) => ofGold.some(({ label }) => label === name)),
      told: { kind: "set", set: gold.set, name: version.task.name, version: version.version, hash: version.hash },
    };
  }

  /** Who judges, and the newest that might. */
  async function trainedFor(task: string): Promise<readonly Contestant[]> {
    const records = (await options.models.list(task))
      .filter(({ state }) => state !== "retired")
      .toSorted((a, b) => Number(b.state === "promoted") - Number(a.state === "promoted"));
    return Promise.all(
      records.slice(0, mostTrained).map(async ({ id, weightsSha256, state }) => ({
        kind: "trained" as const,
        task,
        id,
        judges: state === "promoted",
        bytes: new Uint8Array(await readFile(weightsPlace(folder, task, weightsSha256))),
      })),
    );
  }

  return {
    async last() {
      if (running !== undefined) return running.view;
      const kept = await settings.get(lastKey);
      return isView(kept) ? kept : undefined;
    },
    async start(request, actor) {
      if (running !== undefined) throw new EarshotError("CONFLICT", "a bake-off runs; cancel it, or wait for its end");
      const { texts, classes, told } = await goldOf(request);
      if (texts.length < leastTexts || texts.length > mostTexts)
        throw new EarshotError("CONFLICT", `gold: expected ${leastTexts} to ${mostTexts} labelled texts, came ${texts.length}${told.kind === "set" ? " in the gold part" : ""}`);
      if (classes.length < 2 || classes.length > 50) throw new EarshotError("CONFLICT", `gold: expected 2 to 50 classes, came ${classes.length}`);
      const trained = await trainedFor(request.task);
      // Two that were asked at once: the texts were awaited meanwhile.
      if (running !== undefined) throw new EarshotError("CONFLICT", "a bake-off runs; cancel it, or wait for its end");
      const contestants = [...contestantsFor(request.task, folder, config), ...trained];
      const abort = new AbortController();
      const view: BakeoffView = { task: request.task, state: "running", gold: told, actor, startedAt: now(), done: 0, of: contestants.length };
      const begun = Promise.withResolvers<void>();
      running = { view, abort, ended: begun.promise };
      const finish = async (fields: Partial<BakeoffView>) => {
        const ended: BakeoffView = { ...(running?.view ?? view), ...fields, finishedAt: now() };
        try {
          await settings.set(lastKey, ended);
        } finally {
          running = undefined;
          begun.resolve();
        }
      };
      await audit.append({ actor, action: "models.bakeoff", subject: request.task, details: { texts: texts.length, models: contestants.length } });
      const progress = (done: number, of: number) => {
        if (running !== undefined) running.view = { ...running.view, done, of };
      };
      void holdBakeoff(request.task, classes, texts, contestants, progress, abort.signal)
        .then((result) => finish({ state: "done", result }))
        .catch((thrown: unknown) => {
          const { code, message } = abort.signal.aborted ? { code: "CONFLICT", message: "cancelled" } : toEarshotError(thrown, "STAGE_FAILED", "bake-off");
          return finish({ state: "failed", error: { code, message } });
        })
        .catch(() => undefined);
      return view;
    },
    cancel() {
      running?.abort.abort();
    },
    deepModels: async () => (await options.threads.deep?.caller.call("figures", undefined)) ?? [],
    async stopped() {
      running?.abort.abort();
      await running?.ended;
    },
  };
}

function readTsv(tsv: string): readonly BakeoffText[] {
  return tsv.split(/\r?\n/).flatMap((line) => {
    const tab = line.indexOf("\t");
    const label = line.slice(0, tab).trim();
    return tab < 1 || label === "" || label.length > 100 ? [] : [{ label, text: line.slice(tab + 1, tab + 1 + mostUnits) }];
  });
}

/** What this wrote; another version's is not shown. */
function isView(kept: unknown): kept is BakeoffView {
  return typeof kept === "object" && kept !== null && "task" in kept && "state" in kept && "gold" in kept && "startedAt" in kept && "done" in kept;
}
