import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCommand } from "@stricli/core";
import { makeDiskFiles } from "../../core/disk-files.ts";
import { examine } from "../../runtime/doctor.ts";
import type { Check } from "../../runtime/doctor-check.ts";
import { exitCodes, guarded, makeProgress, print, printJson } from "../output.ts";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const marks = { ok: "ok  ", warn: "warn", fail: "FAIL", skip: "–   " } as const satisfies Record<Check["status"], string>;

export const doctorCommand = buildCommand({
  docs: { brief: "Check everything that a start needs", fullDescription: "Changes nothing. Ends with 0 when nothing failed, else with 1." },
  parameters: {
    flags: {
      full: { kind: "boolean", brief: "Read databases of any size through", default: false },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { full: boolean; json: boolean }) =>
    guarded(async () => {
      const progress = makeProgress();
      const checks = await examine({
        env: process.env,
        root,
        files: makeDiskFiles(),
        maxCheckedBytes: flags.full ? Number.POSITIVE_INFINITY : 500_000_000,
        onProgress: (name) => progress.update(`checking ${name} …`),
      });
      progress.done();
      const failed = checks.filter((check) => check.status === "fail").length;
      if (flags.json) printJson({ ok: failed === 0, checks });
      else {
        const width = Math.max(...checks.map((check) => check.name.length));
        const indent = " ".repeat(width + 7);
        for (const { name, status, detail, advice } of checks) {
          print(`${marks[status]}  ${name.padEnd(width)} ${detail.replaceAll("\n", `\n${indent}`)}`);
          if (advice !== undefined) print(`${indent}-> ${advice}`);
        }
        print(failed === 0 ? "A start would work." : `${failed} of ${checks.length} checks failed.`);
      }
      return failed === 0 ? exitCodes.ok : exitCodes.failed;
    }),
});
