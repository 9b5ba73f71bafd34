import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { openClient } from "../client.ts";
import { guarded, print } from "../output.ts";

const setSchema = z.looseObject({ name: z.string(), kind: z.enum(["classes", "spans"]), classes: z.array(z.string()) });
const versionsSchema = z.looseObject({ items: z.array(z.looseObject({ version: z.int(), hash: z.string() })) });
const rowSchema = z.looseObject({ text: z.string(), label: z.string().nullish(), part: z.string().nullish() });

/** One line of a set's file: what a trainer needs of it, and nothing of who wrote it. */
const lineOf = ({ text, label, part }: z.output<typeof rowSchema>): string => `${JSON.stringify({ text, label, part })}\n`;

export const exportLabelsCommand = buildCommand({
  docs: {
    brief: "Write a frozen version of a label set for a trainer outside",
    fullDescription:
      "A first line that names set, version, hash and classes, then a text with its label and part a line. `src/models/deep/train/train.py` learns from it; the model that it makes names the version's hash, and `models import` keeps that.",
  },
  parameters: {
    flags: {
      set: { kind: "parsed", parse: String, brief: "Id of the label set" },
      version: { kind: "parsed", parse: Number, brief: "Absent: the newest", optional: true },
      out: { kind: "parsed", parse: String, brief: "The file" },
    },
  },
  func: (flags: { set: string; version?: number; out: string }) =>
    guarded(async () => {
      await using client = await openClient();
      const path = `/api/v1/label-sets/${encodeURIComponent(flags.set)}`;
      const { name, kind, classes } = setSchema.parse(await client.get(path));
      if (kind !== "classes") throw new EarshotError("USAGE", `--set: expected a set of classes; ${name} is one of spans`);
      const { items } = versionsSchema.parse(await client.get(`${path}/versions`));
      const chosen = flags.version === undefined ? items[0] : items.find(({ version }) => version === flags.version);
      if (chosen === undefined)
        throw new EarshotError("NOT_FOUND", `label set ${name}: there is no ${flags.version === undefined ? "frozen version" : `version ${flags.version}`}; freeze one first`);
      const rows = createInterface({ input: Readable.from(await client.download(`${path}/export?version=${chosen.version}&as=jsonl`)) });
      const head = { format: "earshot-labels-1", set: flags.set, name, version: chosen.version, hash: chosen.hash, classes };
      let count = 0;
      await pipeline(
        (async function* lines() {
          yield `${JSON.stringify(head)}\n`;
          for await (const line of rows) {
            const row = rowSchema.parse(JSON.parse(line));
            if (typeof row.label !== "string" || typeof row.part !== "string") continue;
            count++;
            yield lineOf(row);
          }
        })(),
        createWriteStream(flags.out, { mode: 0o600 }),
      );
      print(`${flags.out}: ${count} texts of ${name}, version ${chosen.version} (${chosen.hash.slice(0, 8)})`);
    }),
});
