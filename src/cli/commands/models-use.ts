import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { switchedModels } from "../../core/config.ts";
import { EarshotError } from "../../core/errors.ts";
import { type Client, openClient } from "../client.ts";
import { bar, guarded, makeProgress, print, printJson } from "../output.ts";

const usesSchema = z.object({
  models: z.array(
    z.object({
      model: z.enum(switchedModels),
      tasks: z.array(z.string()),
      languages: z.array(z.string()).optional(),
      state: z.enum(["on", "part", "off"]),
      origin: z.enum(["configuration", "page", "default"]),
      cost: z.object({ microsecondsPerPost: z.number(), machineShare: z.number() }).optional(),
    }),
  ),
  sentiment: z.array(z.object({ language: z.string(), by: z.string() })),
  isMeasuring: z.boolean(),
  history: z.object({ state: z.string(), looked: z.number(), of: z.number(), changed: z.number(), message: z.string().optional() }).optional(),
});
type Uses = z.output<typeof usesSchema>;

const everyMs = 300;
const json = { kind: "boolean", brief: "Print JSON", default: false } as const;
const history = { kind: "boolean", brief: "Judge stored posts anew too, and wait for it", default: false } as const;
const names = {
  kind: "array",
  parameter: { brief: `${switchedModels.join(", ")}; none: all that the configuration does not name`, parse: nameIn, placeholder: "model" },
} as const;

function nameIn(text: string): (typeof switchedModels)[number] | "all" {
  const found = [...switchedModels, "all" as const].find((name) => name === text);
  if (found === undefined) throw new EarshotError("USAGE", `expected ${switchedModels.join(", ")} or all, came ${JSON.stringify(text.slice(0, 60))}`);
  return found;
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const usesOf = async (client: Client): Promise<Uses> => usesSchema.parse(await client.get("/api/v1/models/use"));

function lineOf({ model, tasks, languages, state, origin, cost }: Uses["models"][number]): string {
  const by = origin === "configuration" ? ", by the configuration" : "";
  const costs = cost === undefined ? "" : `; ${Math.round(cost.microsecondsPerPost)} µs a post, ${(cost.machineShare * 100).toFixed(2)}% of this machine at today's pace`;
  return `${model}: ${state}${by} (${tasks.join(", ")}${languages === undefined ? "" : `; ${languages.join(" ")}`})${costs}`;
}

function tell(uses: Uses): void {
  for (const one of uses.models) print(lineOf(one));
  print(`sentiment: ${uses.sentiment.map(({ language, by }) => `${language} ${by}`).join(", ")}`);
}

async function waitForHistory(client: Client): Promise<Uses> {
  const progress = makeProgress();
  for (;;) {
    const uses = await usesOf(client);
    const { state, looked, of, changed, message } = uses.history ?? { state: "failed", looked: 0, of: 0, changed: 0, message: "the system was restarted" };
    progress.update(`${bar(looked / Math.max(of, 1))} ${looked} of ${of} stored posts judged, ${changed} changed`);
    if (state === "running") {
      await rest(everyMs);
      continue;
    }
    progress.done();
    if (state !== "done") throw new EarshotError("CONFLICT", message ?? "the judging of stored posts was cancelled");
    return uses;
  }
}

const switchCommand = (on: boolean) =>
  buildCommand({
    docs: {
      brief: on ? "Turn embedded models on; new posts are judged so at once" : "Turn embedded models off",
      fullDescription: "What the configuration file names is changed there alone.",
    },
    parameters: { flags: { history, json }, positional: names },
    func: (flags: { history: boolean; json: boolean }, ...asked: readonly ReturnType<typeof nameIn>[]) =>
      guarded(async () => {
        await using client = await openClient();
        const known = await usesOf(client);
        const isAll = asked.length === 0 || asked.includes("all");
        const chosen = switchedModels.filter((name) => (isAll ? known.models.some(({ model, origin }) => model === name && origin !== "configuration") : asked.includes(name)));
        if (chosen.length === 0) throw new EarshotError("CONFLICT", "the configuration file names all models; change it there");
        let uses = usesSchema.parse(await client.send("PUT", "/api/v1/models/use", Object.fromEntries(chosen.map((name) => [name, on]))));
        if (flags.history) {
          await client.send("POST", "/api/v1/models/use/history");
          uses = await waitForHistory(client);
        }
        if (flags.json) printJson(uses);
        else tell(uses);
      }),
  });
export const onCommand = switchCommand(true);
export const offCommand = switchCommand(false);

export const useCommand = buildCommand({
  docs: { brief: "Which embedded models are on, and what each costs on this machine" },
  parameters: { flags: { json } },
  func: (flags: { json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      let uses = await usesOf(client);
      while (uses.isMeasuring) {
        await rest(everyMs);
        uses = await usesOf(client);
      }
      if (flags.json) printJson(uses);
      else tell(uses);
    }),
});
