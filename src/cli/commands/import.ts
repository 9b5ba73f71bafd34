import { createReadStream, statSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { openClient } from "../client.ts";
import { bar, exitCodes, guarded, makeProgress, print, printJson } from "../output.ts";
import { linesFor } from "../import-lines.ts";

const answerSchema = z.object({
  accepted: z.number(),
  duplicate: z.number(),
  rejected: z.number(),
  dropped: z.number(),
  errors: z.array(z.object({ line: z.number(), code: z.string(), message: z.string() })),
});

export const importCommand = buildCommand({
  docs: {
    brief: "Import files of posts: NDJSON, CSV, or plain text with one post a line",
    fullDescription: "NDJSON lines and CSV columns: id platform author text createdAt, and what else is known. Text files get ids from their name and line.",
  },
  parameters: {
    flags: {
      platform: { kind: "parsed", parse: String, brief: "Platform of posts that name none", default: "import" },
      format: { kind: "enum", values: ["ndjson", "csv", "text"], brief: "Absent: by the file's ending", optional: true },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
    positional: { kind: "array", minimum: 1, parameter: { parse: String, brief: "Files", placeholder: "file" } },
  },
  func: (flags: { platform: string; format?: "ndjson" | "csv" | "text"; json: boolean }, ...files: string[]) =>
    guarded(async () => {
      const sizes = files.map((file) => {
        const stat = statSync(file, { throwIfNoEntry: false });
        if (stat === undefined || !stat.isFile()) throw new EarshotError("USAGE", `${file}: expected a file, there is none`);
        return stat.size;
      });
      const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
      await using client = await openClient();
      const progress = makeProgress();
      const total = { accepted: 0, duplicate: 0, rejected: 0, dropped: 0 };
      const errors: { file: string; line: number; code: string; message: string }[] = [];
      let doneBytes = 0;
      for (const file of files) {
        const read = async function* () {
          for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
            if (!(chunk instanceof Uint8Array)) continue;
            doneBytes += chunk.length;
            progress.update(`${bar(totalBytes === 0 ? 1 : doneBytes / totalBytes)} ${file}`);
            yield chunk;
          }
        };
        const answer = answerSchema.parse(await client.upload(`/api/v1/import?platform=${encodeURIComponent(flags.platform)}`, linesFor(file, flags.format, read())));
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
