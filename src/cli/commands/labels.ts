import { createReadStream, createWriteStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { buildCommand, buildRouteMap } from "@stricli/core";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { type Client, openClient } from "../client.ts";
import { exitCodes, guarded, print, printJson } from "../output.ts";

const base = "/api/v1/label-sets";
const setSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  classes: z.array(z.string()),
  progress: z.looseObject({ items: z.number(), byState: z.object({ open: z.number(), settled: z.number(), conflict: z.number() }) }),
});
const setsSchema = z.object({ items: z.array(setSchema) });
const importedSchema = z.object({
  added: z.number(),
  known: z.number(),
  labels: z.number(),
  rejected: z.number(),
  faults: z.array(z.object({ line: z.number(), code: z.string(), message: z.string() })),
});
const versionSchema = z.object({ version: z.number(), hash: z.string(), count: z.number(), createdAt: z.string() });
const agreementSchema = z.looseObject({
  alpha: z.number().optional(),
  units: z.number(),
  observed: z.number(),
  confusion: z.array(z.object({ one: z.string(), other: z.string(), pairs: z.number() })),
});
const drawnSchema = z.object({ added: z.number(), of: z.number(), model: z.string().optional() });

const json = { kind: "boolean", brief: "Print JSON", default: false } as const;
const setFlag = { kind: "parsed", parse: String, brief: "Name or id of the set" } as const;
const formats = ["csv", "jsonl", "conll"] as const;

/** Names are unique; an id is taken too. @throws NOT_FOUND */
async function pathOf(client: Client, asked: string): Promise<string> {
  const { items } = setsSchema.parse(await client.get(base));
  const found = items.find(({ id, name }) => id === asked || name === asked);
  if (found === undefined) throw new EarshotError("NOT_FOUND", `--set ${asked}: there is no label set of this name; \`earshot labels list\` shows all`);
  return `${base}/${found.id}`;
}

const list = buildCommand({
  docs: { brief: "Label sets with their progress" },
  parameters: { flags: { json } },
  func: (flags: { json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const { items } = setsSchema.parse(await client.get(base));
      if (flags.json) printJson({ items });
      else
        for (const { name, kind, classes, progress } of items)
          print(`${name}: ${progress.byState.settled} of ${progress.items} labelled, ${progress.byState.conflict} conflicts (${kind}: ${classes.join(", ")})`);
      return exitCodes.ok;
    }),
});

const make = buildCommand({
  docs: { brief: "Make a label set" },
  parameters: {
    flags: {
      name: { kind: "parsed", parse: String, brief: "Its name" },
      class: { kind: "parsed", parse: String, brief: "A class, or a kind of spans; in the order of their keys", variadic: true },
      kind: { kind: "enum", values: ["classes", "spans"], brief: "One class a text, or spans in the text", default: "classes" },
      guidelines: { kind: "parsed", parse: String, brief: "What annotators go by", default: "" },
      people: { kind: "parsed", parse: Number, brief: "How many people label each text", default: "1" },
      split: { kind: "enum", values: ["author", "time"], brief: "What parts are made by", default: "author" },
      json,
    },
  },
  func: (flags: { name: string; class: readonly string[]; kind: "classes" | "spans"; guidelines: string; people: number; split: "author" | "time"; json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const set = setSchema.parse(
        await client.send("POST", base, { name: flags.name, kind: flags.kind, classes: flags.class, guidelines: flags.guidelines, perText: flags.people, splitBy: flags.split }),
      );
      if (flags.json) printJson(set);
      else print(`${set.name}: label set ${set.id}`);
      return exitCodes.ok;
    }),
});

/** @throws USAGE */
function formatOf(file: string): (typeof formats)[number] {
  const ending = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase();
  if (ending === "csv" || ending === "tsv") return "csv";
  if (ending === "jsonl" || ending === "ndjson") return "jsonl";
  if (ending === "conll" || ending === "bio" || ending === "iob") return "conll";
  throw new EarshotError("USAGE", `${file}: name its format with --as csv, jsonl or conll`);
}

const bring = buildCommand({
  docs: {
    brief: "Add texts from CSV, JSONL or CoNLL, with labels or without",
    fullDescription: "text, and perhaps label or spans, author post created_at platform language part annotator. Accounts and personal data are masked.",
  },
  parameters: {
    flags: { set: setFlag, as: { kind: "enum", values: formats, brief: "Absent: by the file's ending", optional: true }, json },
    positional: { kind: "tuple", parameters: [{ parse: String, brief: "File", placeholder: "file" }] },
  },
  func: (flags: { set: string; as?: (typeof formats)[number]; json: boolean }, file: string) =>
    guarded(async () => {
      if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new EarshotError("USAGE", `${file}: expected a file, there is none`);
      await using client = await openClient();
      const path = `${await pathOf(client, flags.set)}/import?as=${flags.as ?? formatOf(file)}`;
      const answer = importedSchema.parse(await client.upload(path, createReadStream(file)));
      if (flags.json) printJson(answer);
      else {
        print(`${answer.added} texts, ${answer.labels} labels; ${answer.known} known already, ${answer.rejected} rejected`);
        for (const fault of answer.faults.slice(0, 20)) process.stderr.write(`${file}:${fault.line}: ${fault.code}: ${fault.message}\n`);
      }
      return answer.rejected > 0 && answer.added + answer.known === 0 ? exitCodes.data : exitCodes.ok;
    }),
});

const take = buildCommand({
  docs: { brief: "Write a version, or all texts as they are now, to a file or the terminal" },
  parameters: {
    flags: {
      set: setFlag,
      version: { kind: "parsed", parse: Number, brief: "Absent: all texts as they are now", optional: true },
      as: { kind: "enum", values: formats, brief: "Format", default: "jsonl" },
      output: { kind: "parsed", parse: String, brief: "File; absent: the terminal", optional: true },
    },
  },
  func: (flags: { set: string; version?: number; as: (typeof formats)[number]; output?: string }) =>
    guarded(async () => {
      await using client = await openClient();
      const query = new URLSearchParams({ as: flags.as, ...(flags.version !== undefined && { version: String(flags.version) }) });
      const pieces = Readable.from(await client.download(`${await pathOf(client, flags.set)}/export?${query.toString()}`));
      if (flags.output === undefined) for await (const piece of pieces) process.stdout.write(piece);
      else await pipeline(pieces, createWriteStream(flags.output, { mode: 0o600 }));
      return exitCodes.ok;
    }),
});

const freeze = buildCommand({
  docs: { brief: "Freeze what is labelled as a version to train on" },
  parameters: { flags: { set: setFlag, json } },
  func: (flags: { set: string; json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const version = versionSchema.parse(await client.send("POST", `${await pathOf(client, flags.set)}/versions`));
      if (flags.json) printJson(version);
      else print(`version ${version.version}: ${version.count} texts, ${version.hash.slice(0, 12)}`);
      return exitCodes.ok;
    }),
});

const draw = buildCommand({
  docs: { brief: "Choose stored posts to label next" },
  parameters: {
    flags: {
      set: setFlag,
      query: { kind: "parsed", parse: String, brief: "As in search; empty: all posts", default: "" },
      count: { kind: "parsed", parse: Number, brief: "Texts to add", default: "50" },
      how: { kind: "enum", values: ["uncertain", "diverse", "random"], brief: "What chooses", default: "uncertain" },
      json,
    },
  },
  func: (flags: { set: string; query: string; count: number; how: "uncertain" | "diverse" | "random"; json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const answer = drawnSchema.parse(await client.send("POST", `${await pathOf(client, flags.set)}/draw`, { q: flags.query, count: flags.count, how: flags.how }));
      if (flags.json) printJson(answer);
      else print(`${answer.added} texts added, out of ${answer.of}${answer.model === undefined ? "" : `; doubt of ${answer.model}`}`);
      return exitCodes.ok;
    }),
});

const agreement = buildCommand({
  docs: { brief: "How far annotators agree (Krippendorff's α), and what they confuse" },
  parameters: { flags: { set: setFlag, json } },
  func: (flags: { set: string; json: boolean }) =>
    guarded(async () => {
      await using client = await openClient();
      const answer = agreementSchema.parse(await client.get(`${await pathOf(client, flags.set)}/agreement`));
      if (flags.json) printJson(answer);
      else {
        print(`α ${answer.alpha?.toFixed(3) ?? "cannot be told"} over ${answer.units} units; ${(answer.observed * 100).toFixed(1)}% of pairs agree`);
        for (const { one, other, pairs } of answer.confusion.filter((row) => row.one !== row.other).slice(0, 10)) print(`  ${one} / ${other}: ${pairs}`);
      }
      return exitCodes.ok;
    }),
});

export const labelsCommand = buildRouteMap({
  routes: { list, make, import: bring, export: take, draw, agreement, freeze },
  docs: { brief: "Label sets: what people label, for models to learn from" },
});
