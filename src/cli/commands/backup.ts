import { buildCommand } from "@stricli/core";
import { systemClock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { configSchema, parseEnvironment } from "../../core/config.ts";
import { makeDiskFiles } from "../../core/disk-files.ts";
import { EarshotError } from "../../core/errors.ts";
import { type BackupContext, exportErasures, takeBackup } from "../../runtime/backup.ts";
import type { BackupProgress } from "../../runtime/backup-state.ts";
import { describeDump } from "../../runtime/backup-catalog.ts";
import { restoreBackup, verifyBackup } from "../../runtime/backup-restore.ts";
import { loadConfig } from "../../runtime/load-config.ts";
import { bar, bytesText, guarded, makeProgress, print, printJson, type Progress } from "../output.ts";

const steps = { catalog: "catalog", files: "files", verify: "verifying", erasures: "erasures", settle: "settling" } as const;

function contextFor(progress: Progress): BackupContext {
  const report: Report = (level, message) => {
    if (level !== "warn" && level !== "error") return;
    progress.done();
    process.stderr.write(`${level}: ${message}\n`);
  };
  return {
    environment: parseEnvironment(process.env),
    files: makeDiskFiles(),
    clock: systemClock,
    report,
    onProgress: ({ step, share, detail }: BackupProgress) => progress.update(`${share === undefined ? "" : `${bar(share)} `}${steps[step]}: ${detail}`),
  };
}

export const backupCommand = buildCommand({
  docs: {
    brief: "Copy everything that a restore needs into a folder",
    fullDescription:
      "Earshot must be stopped; a running one takes a backup from its page Data, or by POST /api/v1/backup. An earlier backup in the folder is renewed: sealed files are kept, the rest is copied anew. The backup holds the keys: whoever reads it reads all. It also holds what is erased later, so keep none longer than forgetWithinHours, or renew it.",
  },
  parameters: {
    flags: {
      out: { kind: "parsed", parse: String, brief: "The folder (with --erasures-only: the file)" },
      since: { kind: "parsed", parse: String, brief: "An earlier backup on the same disk to share sealed files with", optional: true },
      erasuresOnly: { kind: "boolean", brief: "Write the register of erasures alone, for restore --erasures; Earshot may run", default: false },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { out: string; since?: string; erasuresOnly: boolean; json: boolean }) =>
    guarded(async () => {
      const progress = makeProgress();
      const context = contextFor(progress);
      if (flags.erasuresOnly) {
        const erasures = await exportErasures({ ...context, out: flags.out });
        progress.done();
        if (flags.json) printJson({ out: flags.out, erasures });
        else print(`${erasures} erasures written to ${flags.out}`);
        return;
      }
      const { folder, manifest, sizeBytes, linkedBytes } = await takeBackup({ ...context, out: flags.out, ...(flags.since !== undefined && { since: flags.since }) });
      progress.done();
      if (flags.json) printJson({ folder, createdAt: manifest.createdAt, posts: manifest.posts, files: manifest.files.length, sizeBytes, linkedBytes });
      else
        print(
          `${folder}: ${manifest.posts} posts, ${manifest.files.length} files, ${bytesText(sizeBytes)}${linkedBytes > 0 ? `, of which ${bytesText(linkedBytes)} were there already` : ""}`,
        );
    }),
});

export const restoreCommand = buildCommand({
  docs: {
    brief: "Put a backup in the place of the data folder",
    fullDescription:
      "Earshot must be stopped. All checksums are read first. Erasures that the present data or the file know and the backup does not are applied again, so who was erased stays erased.",
  },
  parameters: {
    flags: {
      from: { kind: "parsed", parse: String, brief: "The folder that backup wrote" },
      force: { kind: "boolean", brief: "Move present data aside", default: false },
      check: { kind: "boolean", brief: "Read all checksums and restore nothing", default: false },
      erasures: { kind: "parsed", parse: String, brief: "Erasures since the backup, from backup --erasures-only", optional: true },
      withoutErasures: { kind: "boolean", brief: "Go on where the present register of erasures cannot be read", default: false },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { from: string; force: boolean; check: boolean; erasures?: string; withoutErasures: boolean; json: boolean }) =>
    guarded(async () => {
      const progress = makeProgress();
      const context = contextFor(progress);
      if (flags.check) {
        const manifest = await verifyBackup({ ...context, from: flags.from });
        progress.done();
        if (flags.json) printJson({ from: flags.from, createdAt: manifest.createdAt, posts: manifest.posts, files: manifest.files.length, whole: true });
        else print(`${flags.from} is whole; ${describeDump(manifest)}`);
        return;
      }
      const { folder, manifest, movedTo, movedSchema, erasures, config } = await restoreBackup({
        ...context,
        from: flags.from,
        force: flags.force,
        withoutErasures: flags.withoutErasures,
        forgetWithinHours: await promisedHours(context.environment.EARSHOT_CONFIG),
        ...(flags.erasures !== undefined && { erasuresFile: flags.erasures }),
      });
      progress.done();
      if (flags.json) {
        printJson({ folder, createdAt: manifest.createdAt, posts: manifest.posts, erasures, config, movedTo, movedSchema });
        return;
      }
      print(`${folder}: restored; ${describeDump(manifest)}`);
      if (erasures > 0) print(`later erasures apply again: ${erasures}; the next start hides what they name, and its bytes go within forgetWithinHours (\`earshot find\` tells)`);
      if (movedTo !== undefined) print(`what stood there is in ${movedTo}; delete it when you need it no more`);
      if (movedSchema !== undefined) print(`the tables that stood there are in the schema ${movedSchema}`);
      if (config === "kept") print(`${context.environment.EARSHOT_CONFIG} differs from the backup's and stays as it is`);
    }),
});

/** A configuration with faults does not keep anybody from restoring: the default promise holds then. */
async function promisedHours(path: string): Promise<number> {
  try {
    return (await loadConfig(path)).config.forgetWithinHours;
  } catch (thrown) {
    if (!(thrown instanceof EarshotError)) throw thrown;
    return configSchema.parse({}).forgetWithinHours;
  }
}
