import { parentPort, workerData } from "node:worker_threads";
import { type Needle, scanFolder, type ScanResult } from "./scan.ts";

export interface ScanWorkerData {
  /** Each a folder and the name it is told under. */
  readonly places: readonly { readonly store: string; readonly folder: string; readonly except?: RegExp }[];
  readonly needles: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}
export type ScanAnswer = readonly (ScanResult & { readonly store: string })[];

/** A thread for one survivor scan: it reads every byte there is. */
const data: ScanWorkerData = workerData;
const needles: Needle[] = data.needles.map(({ name, bytes }) => ({ name, bytes: Buffer.from(bytes) }));
parentPort?.postMessage(
  data.places.map(({ store, folder, except }) => ({
    store,
    ...scanFolder(folder, except === undefined ? needles : needles.filter(({ name }) => !except.test(name))),
  })) satisfies ScanAnswer,
);
