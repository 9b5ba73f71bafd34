import type { ModelsConfig } from "../../core/config.ts";
import { EarshotError } from "../../core/errors.ts";
import type { LabelledText, LabelSetReading } from "../../core/label-set.ts";
import type { ModelRecord, Models } from "../../registers/models.ts";
import type { LabelSets } from "../../registers/label-sets.ts";
import type { TermView } from "../engine.ts";
import type { Comparison, PromotionCheck } from "../models.ts";
import type { Asked, Brand } from "../model-worker.ts";
import { embeddedTasks } from "../registry-models.ts";
import type { ModelRuns } from "./model-runs.ts";
import type { ModelStore } from "./model-store.ts";

export interface ComparingOptions {
  readonly register: Models;
  readonly store: ModelStore;
  readonly runs: ModelRuns;
  readonly sets: Pick<LabelSets, "versions" | "readVersion">;
  readonly terms: () => Promise<readonly TermView[]>;
  /** How many gold texts a promotion needs. */
  readonly promotion: ModelsConfig["promotion"];
}

/** The name under which the embedded model of a task is asked. */
export const embeddedName = "embedded";
/** Nobody judges yet: a candidate is held against whoever always says the commonest class. */
export const nobody = "nobody";
/** An interval of fewer texts would say little, and promise much. */
const leastGold = 10;

const partOf = (texts: readonly LabelledText[], ...parts: readonly LabelledText["part"][]): readonly LabelledText[] => texts.filter(({ part }) => parts.includes(part));
const signed = (value: number): string => `${value > 0 ? "+" : ""}${(value * 100).toFixed(1)}`;

export function makeComparing({ register, store, runs, sets, terms, promotion }: ComparingOptions) {
  async function brands(): Promise<readonly Brand[]> {
    return (await terms()).filter(({ kind }) => kind === "brand").map(({ id, query }) => ({ id, query }));
  }

  /** @throws NOT_FOUND where the set is gone */
  async function newestOf(set: string): Promise<LabelSetReading> {
    const [newest] = await sets.versions(set);
    if (newest === undefined) throw new EarshotError("NOT_FOUND", `label set ${set}: it has no version; freeze one first`);
    return sets.readVersion(set, newest.version);
  }

  async function learntBy(model: ModelRecord | undefined): Promise<ReadonlySet<string>> {
    if (model === undefined) return new Set();
    const { texts } = await sets.readVersion(model.labelSet.id, model.labelSet.version).catch(() => ({ texts: [] }));
    return new Set(partOf(texts, "train", "validation").map(({ text }) => text));
  }

  function commonest(texts: readonly LabelledText[], classes: readonly string[]): number {
    const counts = classes.map((name) => texts.filter(({ label }) => label === name).length);
    return counts.indexOf(Math.max(...counts));
  }

  async function compareOn(a: string, b: string, { version, texts }: LabelSetReading, task: string): Promise<Comparison> {
    const { classes } = version.task;
    const recordOf = async (id: string) => (id === embeddedName || id === nobody ? undefined : register.get(id));
    const [first, second] = [await recordOf(a), await recordOf(b)];
    const askedOf = async (id: string, record: ModelRecord | undefined): Promise<Asked> =>
      record !== undefined
        ? { kind: "registry", id, bytes: await store.read(record) }
        : id === embeddedName
          ? { kind: "embedded" }
          : { kind: "constant", chosen: commonest(partOf(texts, "train"), classes) };
    const learnt = [await learntBy(first), await learntBy(second)];
    const all = partOf(texts, "gold").filter(({ label }) => label !== undefined);
    const gold = all.filter(({ text }) => learnt.every((known) => !known.has(text)));
    if (gold.length < leastGold)
      throw new EarshotError(
        "CONFLICT",
        `${version.task.name}: its gold part holds ${gold.length} texts that neither model learnt from; at least ${leastGold} are needed to compare. Label more, and freeze a version`,
      );
    const argument = { a: await askedOf(a, first), b: await askedOf(b, second), texts: { task, classes, texts: gold, brands: await brands() } };
    const answer = await runs.withThread((caller) => caller.call("compare", argument));
    return {
      a,
      b,
      task,
      headline: answer.headline,
      labelSet: { id: version.set, version: version.version },
      n: answer.n,
      leftOut: all.length - gold.length,
      perClass: Object.fromEntries(classes.map((name) => [name, gold.filter(({ label }) => label === name).length])),
      figures: { a: answer.a, b: answer.b },
      difference: answer.difference,
      slices: answer.slices,
      functional: answer.functional,
      worse: answer.worse,
    };
  }

  function fewOf({ n, perClass }: Comparison): readonly string[] {
    const { leastGold, leastPerClass } = promotion;
    const rare = Object.entries(perClass).filter(([, count]) => count < leastPerClass);
    return [
      ...(n < leastGold ? [`${n} gold texts speak for it, of the ${leastGold} that a promotion needs: by so few it may be luck`] : []),
      ...(rare.length > 0
        ? [`of ${rare.map(([name, count]) => `${name} there are ${count}`).join(", ")} gold texts, of the ${leastPerClass} of each class that a promotion needs`]
        : []),
    ];
  }

  return {
    brands,
    newestOf,
    /** On the gold part of the newest version of b's set. */
    async compare(a: string, b: string): Promise<Comparison> {
      const records = await Promise.all([a, b].filter((id) => id !== embeddedName && id !== nobody).map((id) => register.get(id)));
      const last = records.at(-1);
      if (last === undefined) throw new EarshotError("USAGE", "compare: expected at least one model that was trained here");
      if (records.some(({ task }) => task !== last.task)) throw new EarshotError("CONFLICT", `compare: one judges ${records.map(({ task }) => task).join(", the other ")}`);
      return compareOn(a, b, await newestOf(last.labelSet.id), last.task);
    },
    /** The model beside who judges now: the registry's, else the embedded one, else whoever always says the commonest class. */
    async check(model: ModelRecord): Promise<PromotionCheck> {
      const promoted = (await store.judges()).get(model.task);
      // Who cannot judge any more is nobody to be better than.
      const own = promoted === undefined || (promoted !== model.id && (await store.stoppedBy(promoted)) !== undefined) ? undefined : promoted;
      const judge = own ?? (embeddedTasks.includes(model.task) ? embeddedName : nobody);
      if (judge === model.id) throw new EarshotError("CONFLICT", `model ${model.id}: it judges already`);
      const comparison = await compareOn(judge, model.id, await newestOf(model.labelSet.id), model.task);
      const { difference, n } = comparison;
      const reasons: string[] = [];
      if (!(difference.low > 0))
        reasons.push(
          `on ${n} gold texts the difference is ${signed(difference.value)} points, its 95% interval ${signed(difference.low)} to ${signed(difference.high)}: not above zero`,
        );
      // Who says one class always passes what nobody learns from.
      if (judge !== nobody) reasons.push(...comparison.worse.map((one) => `functional tests: ${one}`));
      const few = fewOf(comparison);
      return { comparison, allowed: reasons.length + few.length === 0, reasons: [...reasons, ...few], overridable: reasons.length === 0 && few.length > 0 };
    },
  };
}
