import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { expectedLines } from "./files/expected.ts";
import { table } from "./files/failures.ts";
import { type FieldName, fieldNames, importLineKey, importLineParser, type ImportShape } from "./files/import-line.ts";
import { readFiles } from "./files/read.ts";
import { parseInstant } from "./json/fields.ts";

const options = z.strictObject({
  paths: z.array(z.string().min(1)).min(1).describe("Files, folders, or patterns with * and ? in the last part."),
  format: z
    .enum(["auto", "ndjson", "csv", "text", "parquet"])
    .default("auto")
    .describe("auto: by the name's ending (.csv and .tsv, .parquet, .txt with one post a line, else NDJSON)."),
  watch: z.boolean().default(false).describe("Go on looking: new files and what is appended to known ones is read as it comes."),
  pollSeconds: z.number().min(0.1).max(86_400).default(5).describe("Watching: pause between two looks."),
  settleSeconds: z.number().min(0).max(86_400).default(10).describe("Watching: a file that has not grown for so long is whole, a last line without an end too."),
  delimiter: z.string().length(1).optional().describe("Of CSV; absent: guessed from the header."),
  header: z.boolean().default(true).describe("A CSV's first record names its columns; else they are column1, column2 …"),
  platform: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .default("file")
    .describe("Platform of the posts."),
  fields: z
    .partialRecord(
      z.string().refine((name): name is FieldName => Object.hasOwn(fieldNames, name), `expected one of ${Object.keys(fieldNames).join(", ")}`),
      z.string().min(1),
    )
    .default({})
    .describe("Common field to the file's own name of it; the usual names are found without."),
  createdAt: z
    .string()
    .refine((text) => parseInstant(text) !== undefined, "expected an ISO 8601 date")
    .optional()
    .describe("Date of posts that bear none; absent: such posts are rejected."),
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .optional()
    .describe("Language of the texts, where it is known."),
});

function shapeOf({ fields, createdAt, language }: z.output<typeof options>): ImportShape {
  const at = createdAt === undefined ? undefined : parseInstant(createdAt);
  return { fields, ...(at !== undefined && { createdAt: at }), ...(language !== undefined && { language }) };
}

/** Posts from files: NDJSON, CSV, Parquet, or plain text with one post a line; once, or as they come. */
const files: Connector<typeof options> = {
  name: "files",
  doc: "Files: NDJSON, CSV, Parquet, or plain text with one post a line; read once, or a folder that is watched.",
  options,
  platform: ({ platform }) => platform,
  keepDefault: "everything",
  async open(chosen, context) {
    const { paths, format, delimiter, header, watch, pollSeconds, settleSeconds } = chosen;
    const times = { watch, pollMs: pollSeconds * 1_000, settleMs: settleSeconds * 1_000 };
    return {
      read: (cursor, signal) => readFiles({ paths, format, header, ...times, shape: shapeOf(chosen), ...(delimiter !== undefined && { delimiter }) }, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  raws: (chosen, message, receivedAt) => {
    const { key, actor } = importLineKey(shapeOf(chosen))(message);
    return [{ key, ...(actor !== undefined && { actor }), bytes: message, receivedAt }];
  },
  failures: table.kinds,
  expected: ({ fields }) => expectedLines(fields),
  parser: (chosen) => importLineParser(shapeOf(chosen)),
};

export default files;
