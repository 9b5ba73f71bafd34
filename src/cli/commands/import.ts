import { createReadStream, statSync } from "node:fs";
import { buildCommand, numberParser } from "@stricli/core";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { type Client, openClient } from "../client.ts";
import { bar, exitCodes, guarded, makeProgress, print, printJson } from "../output.ts";
import { fieldNames } from "../../connectors/files/import-line.ts";
import { proposeFor, vendorLines } from "../../connectors/files/vendor/lines.ts";
import { previewExport } from "../../connectors/files/vendor/preview.ts";
import { type VendorMapping, vendorMappingSchema } from "../../connectors/files/vendor/mapping.ts";
import { parquetLines } from "../../connectors/files/parquet.ts";
import { shownMapping, shownPreview } from "../import-preview.ts";
import { formatOf, type ImportFormat, linesFor } from "../import-lines.ts";

/** @throws USAGE */
function fieldsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const pair of pairs) {
    const [, field = "", column = ""] = /^(\w+)=(.+)$/.exec(pair) ?? [];
    if (!Object.hasOwn(fieldNames, field)) throw new EarshotError("USAGE", `--field ${pair}: expected FIELD=COLUMN with one of ${Object.keys(fieldNames).join(", ")}`);
    fields[field] = column;
  }
  return fields;
}

const mappingsSchema = z.object({ items: z.array(z.object({ name: z.string(), mapping: vendorMappingSchema })) });
const versionsSchema = z.object({
  items: z.array(z.object({ version: z.number(), mapping: vendorMappingSchema, at: z.string().optional(), actor: z.string().optional() })),
});
const versionsOf = async (name: string, client: Client) => versionsSchema.parse(await client.get(`/api/v1/import/mappings/${name}/versions`)).items;

/** The mapping of this name; where there is none yet, the one that the file suggests is shown and kept under it. */
async function mappingNamed(name: string, version: number | undefined, file: string, client: Client): Promise<VendorMapping> {
  if (version !== undefined) {
    const older = (await versionsOf(name, client)).find((one) => one.version === version);
    if (older === undefined) throw new EarshotError("USAGE", `--version ${version}: the mapping ${name} has none, or it is no longer kept`);
    return older.mapping;
  }
  const kept = mappingsSchema.parse(await client.get("/api/v1/import/mappings")).items.find((one) => one.name === name);
  if (kept !== undefined) return kept.mapping;
  const mapping = await proposeFor(file, bytesOf(file));
  if (Object.keys(mapping.fields).length === 0)
    throw new EarshotError("USAGE", `${file}: no column of it is known; keep a mapping under ${name} first (PUT /api/v1/import/mappings/${name})`);
  await client.send("PUT", `/api/v1/import/mappings/${name}`, mapping);
  process.stderr.write(`${shownMapping(mapping)}\nkept as ${name}\n`);
  return mapping;
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) if (chunk instanceof Uint8Array) yield chunk;
}

/** By a kept mapping; without a name by what each file suggests, and then no running system is asked. */
async function showPreviews(files: readonly string[], { mapping: name, version, json }: Flags): Promise<void> {
  const kept = async (): Promise<VendorMapping | undefined> => {
    if (name === undefined) return undefined;
    await using client = await openClient();
    const versions = await versionsOf(name, client);
    const found = version === undefined ? versions[0] : versions.find((one) => one.version === version);
    if (found === undefined) throw new EarshotError("USAGE", `--version ${version}: the mapping ${name} has none, or it is no longer kept`);
    return found.mapping;
  };
  const mapping = await kept();
  for (const file of files) {
    const preview = await previewExport(/\.json$/i.test(file) ? "json" : "csv", bytesOf(file), true, mapping);
    if (json) printJson({ file, ...preview });
    else print(shownPreview(file, preview));
  }
}

const answerSchema = z.object({
  accepted: z.number(),
  duplicate: z.number(),
  rejected: z.number(),
  dropped: z.number(),
  errors: z.array(z.object({ line: z.number(), code: z.string(), message: z.string() })),
});

interface Flags {
  readonly platform: string;
  readonly format?: ImportFormat;
  readonly field?: readonly string[];
  readonly mapping?: string;
  readonly version?: number;
  readonly preview: boolean;
  readonly propose: boolean;
  readonly json: boolean;
}

export const importCommand = buildCommand({
  docs: {
    brief: "Import files of posts: NDJSON, CSV, Parquet, or plain text with one post a line",
    fullDescription: "NDJSON lines, CSV and Parquet columns: id platform author text createdAt, and what else is known. Text files get ids from their name and line.",
  },
  parameters: {
    flags: {
      platform: { kind: "parsed", parse: String, brief: "Platform of posts that name none", default: "import" },
      format: { kind: "enum", values: ["ndjson", "csv", "text", "parquet"], brief: "Absent: by the file's ending", optional: true },
      mapping: { kind: "parsed", parse: String, brief: "Exports of Brandwatch or Meltwater: the mapping's name; one that is new is made from the first file", optional: true },
      version: { kind: "parsed", parse: numberParser, brief: "Of the mapping; absent: the newest", optional: true },
      preview: { kind: "boolean", brief: "Show columns, first posts and refusals of each file by its mapping, and import nothing", default: false },
      propose: { kind: "boolean", brief: "Show the mapping that each file suggests, and import nothing", default: false },
      field: { kind: "parsed", parse: String, brief: "Parquet: a common field and the column's own name, as text=body", variadic: true, optional: true },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
    positional: { kind: "array", minimum: 1, parameter: { parse: String, brief: "Files", placeholder: "file" } },
  },
  func: (flags: Flags, ...files: string[]) =>
    guarded(async () => {
      const sizes = files.map((file) => {
        const stat = statSync(file, { throwIfNoEntry: false });
        if (stat === undefined || !stat.isFile()) throw new EarshotError("USAGE", `${file}: expected a file, there is none`);
        return stat.size;
      });
      if (flags.propose) {
        for (const file of files) {
          const mapping = await proposeFor(file, bytesOf(file));
          if (flags.json) printJson({ file, mapping });
          else print(`${file}: ${shownMapping(mapping)}`);
        }
        return exitCodes.ok;
      }
      if (flags.preview) {
        await showPreviews(files, flags);
        return exitCodes.ok;
      }
      const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
      await using client = await openClient();
      const progress = makeProgress();
      const total = { accepted: 0, duplicate: 0, rejected: 0, dropped: 0 };
      const errors: { file: string; line: number; code: string; message: string }[] = [];
      const fields = fieldsOf(flags.field ?? []);
      const mapping = flags.mapping === undefined ? undefined : await mappingNamed(flags.mapping, flags.version, files[0] ?? "", client);
      let doneBytes = 0;
      for (const [index, file] of files.entries()) {
        const read = async function* () {
          for await (const chunk of bytesOf(file)) {
            doneBytes += chunk.length;
            progress.update(`${bar(totalBytes === 0 ? 1 : doneBytes / totalBytes)} ${file}`);
            yield chunk;
          }
        };
        const format = flags.format ?? formatOf(file);
        const showRows = (done: number, all: number) => progress.update(`${bar(all === 0 ? 1 : done / all)} ${file}`);
        const lines =
          mapping !== undefined
            ? vendorLines(file, read(), mapping)
            : format === "parquet"
              ? parquetLines(file, fields, new AbortController().signal, showRows)
              : linesFor(file, format, read());
        const answer = answerSchema.parse(await client.upload(`/api/v1/import?platform=${encodeURIComponent(flags.platform)}`, lines));
        if (format === "parquet") doneBytes += sizes[index] ?? 0;
        for (const name of ["accepted", "duplicate", "rejected", "dropped"] as const) total[name] += answer[name];
        errors.push(...answer.errors.map((error) => ({ file, ...error })));
      }
      progress.done();
      if (flags.json) printJson({ ...total, errors });
      else {
        print(`${total.accepted} accepted, ${total.duplicate} known already, ${total.rejected} rejected${total.dropped > 0 ? `, ${total.dropped} not kept` : ""}`);
        for (const error of errors.slice(0, 20)) process.stderr.write(`${error.file}:${error.line}: ${error.code}: ${error.message}\n`);
      }
      return total.rejected > 0 && total.accepted === 0 && total.duplicate === 0 ? exitCodes.data : exitCodes.ok;
    }),
});
