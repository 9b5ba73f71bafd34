import type { PostgresAddress } from "../catalog/embedded-postgres.ts";
import type { ModelsUse, TermConfig } from "../core/config.ts";
import type { DeepLine } from "./deep-line.ts";
import type { KnownEntity } from "../core/linking.ts";
import type { Rename } from "./renames.ts";
import type { KeyRing } from "../ledger/key-ring.ts";

/** What a thread is told at its start; plain data. */
export interface WorkerSource {
  readonly id: string;
  readonly connector: string;
  /** As configured; the thread reads them again by the connector's schema. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly keep: "everything" | "matching";
  readonly region: string;
  /** Fields that the platform calls otherwise now, put right before the parser. */
  readonly renames?: readonly Rename[];
}

export interface WorkerTerm extends TermConfig {
  readonly id: string;
}

/** A connection string, or the embedded server's address. */
export type PostgresSettings = PostgresAddress | { readonly connectionString: string };

/** A model of the registry: plain data, its weights in shared memory. */
export interface WorkerModel {
  readonly id: string;
  readonly task: string;
  readonly bytes: Uint8Array;
}

/** Models that judge what comes, one a task, and those that judge a share of it beside, without effect. */
export interface WorkerModels {
  readonly promoted: readonly WorkerModel[];
  readonly candidates: readonly (WorkerModel & { readonly share: number })[];
}

export interface RefineWorkerData {
  /** The data folder. */
  readonly folder: string;
  readonly partitions: number;
  /** Of these, the thread's own. */
  readonly own: readonly number[];
  readonly shared: SharedArrayBuffer;
  readonly ring: KeyRing;
  readonly sources: readonly WorkerSource[];
  readonly terms: readonly WorkerTerm[];
  readonly languageTable: SharedArrayBuffer;
  readonly models: ModelsUse;
  /** To the thread of the larger models; absent: there is none. */
  readonly deep?: DeepLine;
  readonly registry: WorkerModels;
  readonly entities: readonly KnownEntity[];
  /** Erasures of the register: replays and imports meet them. */
  readonly erasures: readonly { readonly author: string; readonly upToMs: number; readonly objection: boolean }[];
}

export interface StoreWorkerData {
  readonly folder: string;
  readonly partitions: number;
  readonly shared: SharedArrayBuffer;
  readonly ring: KeyRing;
  readonly postgres: PostgresSettings;
  readonly maintainEveryMs: number;
  readonly forgetWithinMs: number;
  readonly recentForMs: number;
  readonly nearDuplicates: boolean;
  readonly search: { readonly flushEveryMs?: number };
  readonly lake: { readonly limits?: { readonly maxAgeMs?: number; readonly bufferedChanges?: number } };
}
