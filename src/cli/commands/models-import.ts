import { join, resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { parseEnvironment } from "../../core/config.ts";
import { versionOf } from "../../models/deep/folder.ts";
import { importModel } from "../../models/deep/import.ts";
import { guarded, print, printJson } from "../output.ts";

interface ImportFlags {
  readonly folder: string;
  readonly task: string;
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly licence?: string;
  readonly maxTokens?: number;
  readonly keepAccounts: boolean;
  readonly keepLinks: boolean;
  readonly json: boolean;
}

const text = (brief: string) => ({ kind: "parsed", parse: String, brief, optional: true }) as const;
const listed = (given: string): readonly string[] => given.split(",").map((label) => label.trim());
const nameOf = (folder: string): string =>
  (resolve(folder).split(/[/\\]/).at(-1) ?? "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 63);

export const importCommand = buildCommand({
  docs: {
    brief: "Take an ONNX export of a text classifier into the data folder",
    fullDescription:
      "The folder holds config.json, tokenizer.json and model.onnx (or onnx/model.onnx), as Hugging Face's tools export them. It is checked (links, sizes, operators, inputs), tried on one text, and copied with a hash of each file; `models.deep` of the configuration then names it. Needs onnxruntime-node.",
  },
  parameters: {
    flags: {
      folder: { kind: "parsed", parse: String, brief: "The export" },
      task: { kind: "parsed", parse: String, brief: "What it judges: sentiment, emotion, or a word of yours" },
      name: text("Absent: the folder's"),
      labels: { kind: "parsed", parse: listed, brief: "Its classes in their order, parted by commas; absent: those of config.json", optional: true },
      licence: text("Of its weights, as its card tells"),
      maxTokens: { kind: "parsed", parse: Number, brief: "Longer texts are cut; absent: what the model reads, at most 512", optional: true },
      keepAccounts: { kind: "boolean", brief: "Give it accounts as they are masked, not as @user", default: false },
      keepLinks: { kind: "boolean", brief: "Give it links as they are, not as http", default: false },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: ImportFlags) =>
    guarded(async () => {
      const manifest = await importModel({
        from: resolve(flags.folder),
        into: join(resolve(parseEnvironment(process.env).EARSHOT_DATA), "models"),
        name: flags.name ?? nameOf(flags.folder),
        task: flags.task,
        ...(flags.labels !== undefined && { labels: flags.labels }),
        ...(flags.licence !== undefined && { licence: flags.licence }),
        ...(flags.maxTokens !== undefined && { maxTokens: flags.maxTokens }),
        ...(!flags.keepAccounts && { accounts: "@user" }),
        ...(!flags.keepLinks && { links: "http" }),
        now: new Date(),
      });
      if (flags.json) printJson({ version: versionOf(manifest), ...manifest });
      else {
        print(`${versionOf(manifest)}: ${manifest.task}, ${manifest.labels.join(", ")}; ${(manifest.sizeBytes / 1e6).toFixed(1)} MB, texts up to ${manifest.maxTokens} tokens`);
        print(`use it: models: { deep: [{ task: ${JSON.stringify(manifest.task)}, model: ${JSON.stringify(manifest.name)} }] }`);
      }
    }),
});
