import { buildCommand } from "@stricli/core";
import { EarshotError } from "../../core/errors.ts";
import { linesOf } from "../../models/corpus.ts";
import { compareTexts, type DriftReport, type JudgedTexts, leastDriftTexts } from "../../models/drift.ts";
import { modelNames, openLibrary } from "../../models/library.ts";
import { guarded, print, printJson } from "../output.ts";

interface DriftFlags {
  readonly task: string;
  readonly reference: string;
  readonly text: string;
  readonly json: boolean;
}

const kinds: Readonly<Record<DriftReport["kind"], string>> = {
  none: "no drift: what differs, chance explains, or it is small",
  balance: "the balance moved: classes come in other shares, their texts read as before",
  text: "the texts moved: a model that learnt from the first may be wrong on the second",
};

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

function printReport(report: DriftReport, classes: readonly string[], texts: readonly string[]): void {
  const { predictions, text } = report;
  print(kinds[report.kind]);
  print(`texts        ${report.n.reference} before, ${report.n.current} now`);
  print(`predictions  stability index ${predictions.psi.toFixed(3)} (chance ${predictions.chance.toFixed(3)}), divergence ${predictions.jensenShannon.toFixed(3)} bits`);
  for (const [c, name] of classes.entries()) {
    const corrected = report.correctedShares?.[c];
    print(
      `  ${name.padEnd(12)} ${percent(predictions.reference[c] ?? 0)} → ${percent(predictions.current[c] ?? 0)}${corrected === undefined ? "" : `, corrected for the balance ${percent(corrected)}`}`,
    );
  }
  print(`texts apart  ${text.auc.toFixed(3)} of 1, within classes ${text.aucWithinClasses.toFixed(3)}; chance reaches ${text.chanceUpTo.toFixed(3)}`);
  if (report.words.length > 0) print(`words        ${report.words.map(({ word, z }) => `${z > 0 ? "+" : "-"}${word}`).join(" ")}`);
  for (const at of report.newest.slice(0, 5)) print(`  ${texts[at] ?? ""}`);
}

export const driftCommand = buildCommand({
  docs: {
    brief: "Whether texts, or what a model says of them, moved from a reference",
    fullDescription: `Two files, a text a line, ${leastDriftTexts} at least. Classes are compared by their stability index against chance, texts by a classifier that tries to tell the two files apart.`,
  },
  parameters: {
    flags: {
      task: { kind: "parsed", parse: String, brief: "What is judged: sentiment, emotion, hate, irony, offensive, emoji, spam …" },
      reference: { kind: "parsed", parse: String, brief: "Texts as they were" },
      text: { kind: "parsed", parse: String, brief: "Texts as they are now" },
      json: { kind: "boolean", brief: "Print the report alone, as JSON", default: false },
    },
  },
  func: (flags: DriftFlags) =>
    guarded(async () => {
      const library = openLibrary();
      const judge = modelNames.map((name) => library.judge(name)).find(({ heads }) => heads.has(flags.task));
      const head = judge?.heads.get(flags.task);
      if (judge === undefined || head === undefined) throw new EarshotError("USAGE", `--task: expected a task of the embedded models, came ${flags.task}`);
      const judged = (path: string): JudgedTexts => {
        const texts = linesOf(path);
        const said = texts.map((text) => judge.one(flags.task, text));
        return { texts, probabilities: said.map(({ probabilities }) => probabilities), chosen: said.map(({ chosen }) => chosen) };
      };
      const current = judged(flags.text);
      const report = compareTexts({ reference: judged(flags.reference), current }, head.classes);
      if (flags.json) printJson(report);
      else printReport(report, head.names, current.texts);
    }),
});
