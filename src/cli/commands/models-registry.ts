import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { type Client, openClient } from "../client.ts";
import { bar, guarded, makeProgress, print, printJson } from "../output.ts";

const interval = z.object({ value: z.number(), low: z.number(), high: z.number() });
const functional = z.object({
  cases: z.number(),
  passed: z.number(),
  capabilities: z.array(
    z.object({ capability: z.string(), cases: z.number(), passed: z.number(), failed: z.array(z.object({ text: z.string(), expected: z.string(), said: z.string() })) }),
  ),
});
const modelSchema = z.object({
  id: z.string(),
  task: z.string(),
  state: z.string(),
  labelSet: z.object({ id: z.string(), name: z.string(), version: z.number() }),
  figures: z.object({ n: z.number(), headline: z.string(), figure: interval }).nullable(),
  functional: functional.nullable(),
});
const taskSchema = z.object({ task: z.string(), judge: z.object({ model: z.string(), isOff: z.boolean() }).optional(), versions: z.array(modelSchema) });
const runSchema = z.object({
  id: z.string(),
  state: z.enum(["running", "done", "failed", "cancelled"]),
  step: z.object({ fit: z.number(), fits: z.number(), epoch: z.number(), epochs: z.number(), loss: z.number(), heldBackLoss: z.number().optional() }).optional(),
  model: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
const comparisonSchema = z.object({
  a: z.string(),
  b: z.string(),
  headline: z.string(),
  n: z.number(),
  figures: z.object({ a: interval, b: interval }),
  difference: interval,
  worse: z.array(z.string()),
});
const moveSchema = z.object({ task: z.string(), model: z.string().nullable(), was: z.string().nullable() });

const everyMs = 300;
const points = (value: number): string => (value * 100).toFixed(1);
const intervalText = ({ value, low, high }: z.output<typeof interval>): string => `${points(value)} (${points(low)} to ${points(high)})`;
const json = { kind: "boolean", brief: "Print JSON", default: false } as const;
const oneModel = { kind: "tuple", parameters: [{ brief: "A model, spam@1f2e3d4c", parse: String, placeholder: "model" }] } as const;

/** The set's id; a name is looked up. */
async function setNamed(client: Client, text: string): Promise<string> {
  const { items } = z.object({ items: z.array(z.object({ id: z.string(), name: z.string() })) }).parse(await client.get("/api/v1/label-sets"));
  const found = items.find(({ id, name }) => id === text || name === text);
  if (found === undefined)
    throw new EarshotError(
      "NOT_FOUND",
      `--set: expected one of ${items.map(({ name }) => name).join(", ") || "none, since there is no label set yet"}, came ${text.slice(0, 100)}`,
    );
  return found.id;
}

function describe({ id, figures, functional: tests }: z.output<typeof modelSchema>): string {
  const figure = figures === null ? "no gold texts, so no figure" : `${figures.headline} ${intervalText(figures.figure)} on ${figures.n} gold texts`;
  return `${id}: ${figure}${tests === null ? "" : `; functional tests ${tests.passed} of ${tests.cases}`}`;
}

/** Trains on a label set of the running system, and waits. */
export async function trainOnSet(flags: {
  readonly set: string;
  readonly version?: number;
  readonly alone: boolean;
  readonly seed?: number;
  readonly json: boolean;
}): Promise<void> {
  await using client = await openClient();
  const body = {
    set: await setNamed(client, flags.set),
    stacked: !flags.alone,
    ...(flags.version !== undefined && { version: flags.version }),
    ...(flags.seed !== undefined && { seed: flags.seed }),
  };
  const { id } = runSchema.parse(await client.send("POST", "/api/v1/models/runs", body));
  const progress = makeProgress();
  for (;;) {
    const { items } = z.object({ items: z.array(runSchema) }).parse(await client.get("/api/v1/models/runs"));
    const run = items.find((one) => one.id === id);
    if (run === undefined) throw new EarshotError("NOT_FOUND", `run ${id}: it is gone; the system was restarted`);
    const { step } = run;
    if (step !== undefined) {
      const held = step.heldBackLoss === undefined ? "" : `, on texts held back ${step.heldBackLoss.toFixed(3)}`;
      progress.update(
        `${bar((step.fit - 1 + step.epoch / step.epochs) / step.fits)} training ${step.fit} of ${step.fits}, epoch ${step.epoch}, loss ${step.loss.toFixed(3)}${held}`,
      );
    }
    if (run.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      continue;
    }
    progress.done();
    if (run.model === undefined) throw new EarshotError("CONFLICT", run.error?.message ?? "the training was cancelled");
    const answer = await client.get(`/api/v1/models/${run.model}`);
    if (flags.json) printJson(answer);
    else print(describe(modelSchema.parse(answer)));
    return;
  }
}

export const listModels = buildCommand({
  docs: { brief: "Tasks, which model judges each, and the models that were trained here" },
  parameters: { flags: { json } },
  func: (flags: { json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const answer = await client.get("/api/v1/models");
      if (flags.json) return printJson(answer);
      for (const { task, judge, versions } of z.object({ items: z.array(taskSchema) }).parse(answer).items) {
        print(`${task.padEnd(20)} ${judge === undefined ? "nobody" : `${judge.model}${judge.isOff ? " (off in the configuration)" : ""}`}`);
        for (const version of versions) print(`  ${version.state.padEnd(10)} ${describe(version)}`);
      }
    }),
});

export const compareModels = buildCommand({
  docs: {
    brief: "Two models on the same gold texts",
    fullDescription: "`embedded` stands for the model that ships with the program. The gold part is that of the newest version of the second one's label set.",
  },
  parameters: {
    flags: { json },
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "A model, or embedded", parse: String, placeholder: "a" },
        { brief: "A model", parse: String, placeholder: "b" },
      ],
    },
  },
  func: (flags: { json: boolean }, a: string, b: string) =>
    guarded(async () => {
      await using client = await openClient();
      const answer = await client.get(`/api/v1/models/compare?${new URLSearchParams({ a, b }).toString()}`);
      if (flags.json) return printJson(answer);
      const { headline, n, figures, difference, worse } = comparisonSchema.parse(answer);
      print(`${headline} on ${n} gold texts`);
      print(`  ${a}  ${intervalText(figures.a)}`);
      print(`  ${b}  ${intervalText(figures.b)}`);
      print(`  difference ${intervalText(difference)}: ${difference.low > 0 ? "better" : difference.high < 0 ? "worse" : "no difference is shown"}`);
      for (const one of worse) print(`  functional tests: ${one}`);
    }),
});

export const promoteModel = buildCommand({
  docs: { brief: "Let a model judge its task from now on, where it is better on the gold texts" },
  parameters: {
    flags: { json, reason: { kind: "parsed", parse: String, optional: true, brief: "Why, where there are fewer gold texts than a promotion needs; it is written down" } },
    positional: oneModel,
  },
  func: (flags: { json: boolean; reason?: string }, id: string) =>
    guarded(async () => {
      await using client = await openClient();
      const answer = await client.send("POST", `/api/v1/models/${encodeURIComponent(id)}/promote`, flags.reason === undefined ? undefined : { reason: flags.reason });
      if (flags.json) return printJson(answer);
      const { task, was } = moveSchema.parse(answer);
      print(`${id} judges ${task} from now on, in the place of ${was ?? "the embedded model, or nobody"}`);
    }),
});

export const rollbackModel = buildCommand({
  docs: { brief: "Let who judged a task before judge it again, at once" },
  parameters: { flags: { json }, positional: { kind: "tuple", parameters: [{ brief: "A task", parse: String, placeholder: "task" }] } },
  func: (flags: { json: boolean }, task: string) =>
    guarded(async () => {
      await using client = await openClient();
      const answer = await client.send("POST", `/api/v1/models/tasks/${encodeURIComponent(task)}/rollback`);
      if (flags.json) return printJson(answer);
      const { model, was } = moveSchema.parse(answer);
      print(`${task} is judged by ${model ?? "the embedded model, or nobody"} again, no longer by ${was ?? "?"}`);
    }),
});

export const testModelCommand = buildCommand({
  docs: {
    brief: "Run the functional tests of a model",
    fullDescription:
      "Cases of negation, mentions without hate, counter-speech, signs of sarcasm, spelling and more; and changes of the set's own texts that must not change a judgement.",
  },
  parameters: { flags: { json }, positional: oneModel },
  func: (flags: { json: boolean }, id: string) =>
    guarded(async () => {
      await using client = await openClient();
      const answer = await client.send("POST", `/api/v1/models/${encodeURIComponent(id)}/test`);
      if (flags.json) return printJson(answer);
      const tests = modelSchema.parse(answer).functional;
      print(`${id}: ${tests?.passed ?? 0} of ${tests?.cases ?? 0} passed`);
      for (const { capability, cases, passed, failed } of tests?.capabilities ?? []) {
        print(`  ${String(passed).padStart(4)} of ${String(cases).padEnd(4)} ${capability}`);
        for (const { text, expected, said } of failed) print(`         expected ${expected}, said ${said}: ${text}`);
      }
    }),
});
