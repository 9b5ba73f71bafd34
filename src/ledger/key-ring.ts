/** A key of author pseudonyms. Ids of different purposes do not join. */
export interface AuthorKey {
  readonly version: number;
  readonly purpose: string;
  readonly key: Uint8Array;
}

/** Plain data: it goes to worker threads as it is. The bucket keys lie in shared memory, so every thread sees a replacement. */
export interface KeyRing {
  /** Never rotates. */
  readonly post: Uint8Array;
  /** All that are live, versions rising; the highest of a purpose makes new pseudonyms. */
  readonly authors: readonly AuthorKey[];
  readonly mention: Uint8Array;
  /** Reactions' marks. */
  readonly mark: Uint8Array;
  /** Hashes of authors in rollups' distinct counts. */
  readonly rollupAuthor: Uint8Array;
  /** Lookup of handles and native ids in `identities`. */
  readonly lookup: Uint8Array;
  /** Layout: see bucket-keys.ts. */
  readonly buckets: SharedArrayBuffer;
  /** Tells this ring from another without telling a key: kept beside what was written under it. */
  readonly check: string;
}

export const defaultPurpose = "analysis";
