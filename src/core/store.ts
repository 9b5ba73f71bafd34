import type { Change, From } from "./event.ts";
import type { AuthorId, PostId } from "./ids.ts";

/** How far a store has durably applied one partition of `posts`. */
export interface StorePosition {
  /** Next offset of `posts` to apply. */
  readonly offset: number;
  /** Highest `from` applied in the generation: what is not above it is a repeat and is dropped by the reader. */
  readonly from: From;
  readonly generation: number;
}
export type StorePositions = ReadonlyMap<number, StorePosition>;

export interface ErasureProof {
  readonly store: string;
  /** Posts of the author that were removed. */
  readonly removedPosts: number;
  /** True once no byte of them is left in the store's files. False: hidden at once, bytes go with `maintain({ forget: true })`. */
  readonly physical: boolean;
}

export interface StoreFinding {
  readonly store: string;
  readonly posts: readonly PostId[];
}

export interface StoreSize {
  readonly store: string;
  readonly sizeBytes: number;
  readonly posts: number;
  /** createdAt of the oldest post, milliseconds UTC; absent when empty. */
  readonly oldestAt?: number;
}

/**
 * A consumer of `posts`. Idempotent: it keeps its positions with its data, so that a crash between the two is impossible.
 * `apply` may hold changes in memory (bounded) and reports in `positions` only what is durable; `flush` makes all of it so.
 * Changes of one post come in order. `was` tells what an earlier change left, also where this store was started later.
 */
export interface Store extends AsyncDisposable {
  readonly name: string;
  positions(): Promise<StorePositions>;
  apply(changes: readonly Change[], upTo: StorePositions): Promise<void>;
  flush(): Promise<void>;
  /**
   * One bounded step of compaction and the like; `owed` steps are left (0: nothing). forget: bytes of the deleted must go now.
   * isBusy: changes wait; what serves only the exactness of estimates is left for later, and not counted as owed.
   */
  maintain(options: { readonly forget: boolean; readonly isBusy?: boolean }): Promise<{ readonly owed: number }>;
  /** Removes the author's posts made up to `upToMs` that are still there; hidden when it resolves. */
  erase(author: AuthorId, upToMs: number): Promise<ErasureProof>;
  find(author: AuthorId): Promise<StoreFinding>;
  size(): Promise<StoreSize>;
  /** Removes everything of one source (the simulated one, say); hidden when it resolves. */
  removeSource(source: string): Promise<{ readonly removedPosts: number }>;
  /** Removes posts created before `beforeMs`; returns how many. */
  expire(beforeMs: number): Promise<{ readonly removedPosts: number }>;
}
