import { resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { parseEnvironment } from "../../core/config.ts";
import { readTsv } from "../../models/corpus.ts";
import { type Bakeoff, contestantsFor, holdBakeoff } from "../../runtime/bakeoff-contest.ts";
import { loadConfig } from "../../runtime/load-config.ts";
import { guarded, makeProgress, print, printJson } from "../output.ts";

export const bakeoffCommand = buildCommand({
  docs: {
    brief: "Compare lexicon, embedded, imported and HTTP models on your labelled texts: quality, cost, memory, licence",
    fullDescription:
      "Each model judges all texts in a process of its own. Models behind HTTP are those of `models.deep` of the configuration. macroF1 bears a 95% interval (bootstrap); a text without an answer counts as wrong; best: no other is both better and cheaper.",
  },
  parameters: {
    flags: {
      task: { kind: "parsed", parse: String, brief: "sentiment, emotion, irony, offensive, hate, spam, or a task of yours" },
      tsv: { kind: "parsed", parse: String, brief: "A label, a tab, a text; a line" },
      language: { kind: "parsed", parse: String, brief: "Of the texts, for the lexicon", default: "en" },
      json: { kind: "boolean", brief: "Print the figures alone, as JSON", default: false },
    },
  },
  func: (flags: { task: string; tsv: string; language: string; json: boolean }) =>
    guarded(async () => {
      const environment = parseEnvironment(process.env);
      const { config } = await loadConfig(environment.EARSHOT_CONFIG);
      const { texts, labels } = readTsv(flags.tsv);
      const rows = texts.map((text, i) => ({ text, label: (labels[i] ?? "").trim(), language: flags.language }));
      const classes = [...new Set(rows.map(({ label }) => label))].toSorted();
      const progress = makeProgress();
      const found = await holdBakeoff(flags.task, classes, rows, contestantsFor(flags.task, resolve(environment.EARSHOT_DATA), config), (done, of) =>
        progress.update(`${done} of ${of}`),
      );
      progress.done();
      if (flags.json) printJson(found);
      else printTable(found);
    }),
});

function printTable({ n, rows }: Bakeoff): void {
  print(`${n} texts`);
  print(`${"model".padEnd(34)} ${"macro-F1 (95%)".padEnd(22)} ${"CPU µs/post".padStart(12)} ${"µs/post".padStart(10)} ${"MB".padStart(6)}  licence`);
  const percent = (share: number) => (share * 100).toFixed(1);
  const signed = (share: number) => `${share > 0 ? "+" : ""}${percent(share)}`;
  for (const { kind, name, figures, best, difference, licence, reason } of rows) {
    const title = `${best ? "*" : " "} ${kind} ${name}`.padEnd(34);
    if (figures === undefined) print(`${title} ${reason ?? ""}`);
    else {
      const { value, low, high } = figures.macroF1;
      const f1 = `${percent(value)} (${percent(low)}–${percent(high)})`.padEnd(22);
      print(
        `${title} ${f1} ${figures.cpuMicrosPerPost.toFixed(0).padStart(12)} ${figures.microsPerPost.toFixed(0).padStart(10)} ${figures.memoryMb.toFixed(0).padStart(6)}  ${licence}${difference === undefined ? "" : `, ${signed(difference.value)} (${signed(difference.low)} to ${signed(difference.high)})`}${figures.answered < 1 ? ` (answered ${percent(figures.answered)}%)` : ""}`,
      );
    }
  }
  print("* no other is both better and cheaper; behind the licence: difference in macro-F1 to who judges now");
}
