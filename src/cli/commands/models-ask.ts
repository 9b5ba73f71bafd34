import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { linesOf, readTsv } from "../../models/corpus.ts";
import { type Client, openClient } from "../client.ts";
import { print, printJson } from "../output.ts";

const tasksSchema = z.object({
  items: z.array(
    z.object({
      task: z.string(),
      judge: z.object({ model: z.string() }).optional(),
      versions: z.array(z.object({ id: z.string(), weightsSha256: z.string(), classes: z.array(z.string()) })),
    }),
  ),
});
const explanationSchema = z.object({
  model: z.string(),
  chosen: z.string(),
  probabilities: z.record(z.string(), z.number()),
  words: z.array(z.object({ word: z.string(), adds: z.number() })),
  counterfactual: z.object({ without: z.array(z.string()), chosen: z.string() }).optional(),
});

/** By its name, the beginning of its hash, or its task: who judges it, else the newest. */
async function modelNamed(client: Client, text: string): Promise<{ readonly id: string; readonly classes: readonly string[] }> {
  const { items } = tasksSchema.parse(await client.get("/api/v1/models"));
  const all = items.flatMap(({ versions }) => versions);
  const hash = text.toLowerCase();
  const byHash = /^[0-9a-f]{6,64}$/.test(hash) ? all.filter(({ weightsSha256 }) => weightsSha256.startsWith(hash)) : [];
  if (byHash.length > 1) throw new EarshotError("USAGE", `--model: ${text} is the beginning of ${byHash.length} hashes; give more of it`);
  const ofTask = items.find(({ task }) => task === text);
  const found = all.find(({ id }) => id === text) ?? byHash[0] ?? ofTask?.versions.find(({ id }) => id === ofTask.judge?.model) ?? ofTask?.versions[0];
  if (found !== undefined) return found;
  throw new EarshotError("NOT_FOUND", `--model: expected one of ${all.map(({ id }) => id).join(", ") || "none, since no model was trained here"}, came ${text.slice(0, 100)}`);
}

/** Labels are names of classes, or their numbers. */
export async function evaluateModel(flags: {
  readonly model: string;
  readonly text?: string;
  readonly labels?: string;
  readonly tsv?: string;
  readonly json: boolean;
}): Promise<void> {
  await using client = await openClient();
  const { id, classes } = await modelNamed(client, flags.model);
  const { texts, labels } = labelledBy(flags);
  const named = labels.map((label) => (classes.includes(label) ? label : (classes[Number(label)] ?? label)));
  const body = { texts: texts.map((text, i) => ({ text, label: named[i] ?? "" })) };
  const figures = z.record(z.string(), z.unknown()).parse(await client.send("POST", `/api/v1/models/${id}/evaluate`, body));
  if (flags.json) printJson(figures);
  else for (const [name, value] of Object.entries(figures)) print(`${name.padEnd(18)} ${JSON.stringify(value)}`);
}

function labelledBy({ text, labels, tsv }: { readonly text?: string; readonly labels?: string; readonly tsv?: string }): {
  readonly texts: readonly string[];
  readonly labels: readonly string[];
} {
  if (tsv !== undefined) return readTsv(tsv);
  if (text === undefined || labels === undefined) throw new EarshotError("USAGE", "--model: expected --tsv, or --text and --labels, came neither");
  const [texts, given] = [linesOf(text), linesOf(labels)];
  if (texts.length !== given.length) throw new EarshotError("FIELD_INVALID", `${labels}: expected ${texts.length} labels, one for each text, came ${given.length}`);
  return { texts, labels: given.map((label) => label.trim()) };
}

export async function explainByModel(flags: { readonly model: string; readonly text: string; readonly json: boolean }): Promise<void> {
  await using client = await openClient();
  const { id } = await modelNamed(client, flags.model);
  const why = explanationSchema.parse(await client.send("POST", `/api/v1/models/${id}/explain`, { text: flags.text }));
  if (flags.json) {
    printJson(why);
    return;
  }
  print(`${why.model}: ${why.chosen} (${(why.probabilities[why.chosen] ?? 0).toFixed(4)})`);
  for (const { word, adds } of why.words) print(`  ${adds >= 0 ? "+" : "-"}${Math.abs(adds).toFixed(2)}  ${word}`);
  if (why.counterfactual !== undefined) print(`without ${why.counterfactual.without.join(" ")}: ${why.counterfactual.chosen}`);
}
