/** Where a process is killed: the n-th time that one of its threads is about to do, or has just done, something durable. */
export interface PlantedPoint {
  readonly name: string;
  readonly operation: "sync" | "rename" | "remove" | "commit" | "catalog";
  /** Of the path, or of the statement where the operation is the catalog's. */
  readonly path: string;
  readonly when: "before" | "after";
  /** The count is drawn from 1 to this. */
  readonly nthAtMost: number;
}

/** kill-hook.mjs makes them happen. */
export const plantedPoints: readonly PlantedPoint[] = [
  { name: "raw durable, cursor not saved", operation: "sync", path: "/log/events/", when: "after", nthAtMost: 60 },
  { name: "cursor asked for, not answered", operation: "catalog", path: "into cursors", when: "before", nthAtMost: 3 },
  { name: "cursor saved", operation: "catalog", path: "into cursors", when: "after", nthAtMost: 3 },
  { name: "changes written, not durable", operation: "sync", path: "/log/posts/", when: "before", nthAtMost: 40 },
  { name: "changes durable, ledger without them", operation: "sync", path: "/log/posts/", when: "after", nthAtMost: 40 },
  { name: "rejected durable, changes not", operation: "sync", path: "/log/rejected/", when: "after", nthAtMost: 3 },
  { name: "ledger before its commit", operation: "commit", path: "/ledger/", when: "before", nthAtMost: 2 },
  { name: "ledger after its commit", operation: "commit", path: "/ledger/", when: "after", nthAtMost: 2 },
  { name: "identities before their commit", operation: "commit", path: "/identities/", when: "before", nthAtMost: 2 },
  { name: "search applied, not committed", operation: "commit", path: "/search/", when: "before", nthAtMost: 6 },
  { name: "search committed", operation: "commit", path: "/search/", when: "after", nthAtMost: 6 },
  { name: "lake file in place, not in the manifest", operation: "rename", path: "/lake/", when: "after", nthAtMost: 3 },
  { name: "lake file written, not in place", operation: "rename", path: "/lake/", when: "before", nthAtMost: 3 },
  { name: "lake file replaced, about to be removed", operation: "remove", path: "/lake/", when: "before", nthAtMost: 4 },
  { name: "lake file removed", operation: "remove", path: "/lake/", when: "after", nthAtMost: 4 },
  { name: "catalog before a commit", operation: "catalog", path: "^\\s*commit", when: "before", nthAtMost: 8 },
  { name: "catalog after a commit", operation: "catalog", path: "^\\s*commit", when: "after", nthAtMost: 8 },
  { name: "erasure asked for, not sent", operation: "catalog", path: "insert into erasures", when: "after", nthAtMost: 1 },
  { name: "erasure sent, not proved", operation: "catalog", path: "insert into erasure_proofs", when: "before", nthAtMost: 3 },
  { name: "erasure hidden or gone", operation: "catalog", path: "update erasures set state", when: "after", nthAtMost: 2 },
  { name: "identities before or amid a new key", operation: "sync", path: "/keys/", when: "before", nthAtMost: 2 },
  { name: "log segment rewritten, old one in place", operation: "rename", path: "/log/(?:events|posts|rejected)/", when: "before", nthAtMost: 2 },
  { name: "log segment replaced", operation: "rename", path: "/log/(?:events|posts|rejected)/", when: "after", nthAtMost: 2 },
];
