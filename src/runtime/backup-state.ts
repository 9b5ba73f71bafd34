export interface BackupProgress {
  readonly step: "catalog" | "files" | "verify" | "erasures" | "settle";
  /** 0 to 1; absent where it is not known. */
  readonly share?: number;
  readonly detail: string;
}

export type LiveBackupEnd =
  | {
      /** The moment that all of it is of. */
      readonly at: number;
      readonly posts: number;
      readonly files: number;
      readonly sizeBytes: number;
      readonly linkedBytes: number;
      /** For so long collection was held. */
      readonly pausedMs: number;
      readonly tookMs: number;
    }
  | { readonly at: number; readonly code: string; readonly message: string };

export interface LiveBackupState {
  readonly folder: string;
  readonly running?: BackupProgress & { readonly startedAt: number };
  readonly last?: LiveBackupEnd;
}

/** Backups of the running system, one at a time. */
export interface LiveBackup {
  state(): LiveBackupState;
  /** Begins one; how it ends is told by `state`. @throws CONFLICT while one runs */
  start(): LiveBackupState;
}
