import type { Files } from "../../src/core/files.ts";
import type { Log } from "../../src/core/log.ts";

/** Faults that the drill is to find: missing-sync: the log's files are never synced; early-commit: a page's cursor is saved while its append is still under way. */
export const plantedFaults = ["missing-sync", "early-commit"] as const;
export type PlantedFault = (typeof plantedFaults)[number];

export function withoutSyncs(files: Files): Files {
  return {
    ...files,
    async open(path, mode) {
      const file = await files.open(path, mode);
      return {
        get sizeBytes() {
          return file.sizeBytes;
        },
        read: (into, atByte) => file.read(into, atByte),
        append: (parts) => file.append(parts),
        write: (bytes, atByte) => file.write(bytes, atByte),
        truncate: (sizeBytes) => file.truncate(sizeBytes),
        sync: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      };
    },
  };
}

/** Of the log only what a collector calls. */
export function acknowledgingEarly(log: Log): Log {
  return {
    ...log,
    append(topic, partition, frames) {
      log.append(topic, partition, frames).catch(() => undefined);
      return Promise.resolve(0);
    },
  };
}
