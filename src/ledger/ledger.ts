import { hash } from "node:crypto";
import { EarshotError } from "../core/errors.ts";
import { type Change, type Counts, countNames, type ErasureReason, type From, type Post } from "../core/event.ts";
import type { Files } from "../core/files.ts";
import { type AuthorId, type PostId, postIdFrom } from "../core/ids.ts";
import { type ErasedAuthor, type Note, noteOf, packNote } from "./note.ts";
import { makeOverlay } from "./overlay.ts";
import { type PostRow, type Row } from "./row.ts";
import { judgeAgain, judgeDelete, judgeEngagement, judgeReaction, judgeTerms, type LedgerDrop, standingOf, takePost, type Verdict } from "./rules.ts";
import { type LedgerPosition, ledgerPath, type PlacedMark, removeDatabase, type StoredRow, openTable } from "./table.ts";

/** The id of changes that speak of no post: an erased author, a reaction withdrawn before it came. Readers of `posts` skip them. */
export const noPost: PostId = postIdFrom(new Uint8Array(16));

export interface Place {
  readonly from: From;
  readonly generation: number;
  /** False: engagement and deletions of posts that are not here are dropped ("unknown") instead of held. Default true. */
  readonly hold?: boolean;
}

export interface Dropped {
  readonly drop: LedgerDrop;
}

export interface LedgerStats {
  readonly pendingRows: number;
  /** Reactions withdrawn before they came. */
  readonly loneMarks: number;
  /** Rows that are committed and not yet in the file. */
  readonly heldRows: number;
}

/**
 * What one partition knows of every post. One thread uses it, without awaiting. Changes come out with exact `was` and `is`,
 * `from` strictly rising; they count once `commit` says that they are durable in `posts`. The file follows later (`flush`,
 * or when enough is held): what it lacks after a crash comes back from `posts` by `rebuild`.
 */
export interface Ledger extends Disposable {
  readonly partition: number;
  /** True where the file was missing or damaged, so that all of `posts` is to be rebuilt from. */
  readonly needsRebuild: boolean;
  position(): LedgerPosition;
  /** Forgets what was applied and not committed. */
  begin(): void;
  /** True where this revision brings nothing new (its counts may): duplicate, older, deleted or erased. */
  isRepeat(id: PostId, revision: number, contentHash: string, generation: number): boolean;
  isErased(author: AuthorId, createdAt: number): boolean;
  /** The row, committed or not yet in the file; undefined where the post is not known. */
  row(id: PostId): Row | undefined;
  /** @param contentHash 16 hex digits @param told the counts that the platform told; absent: those of `post` that are not 0 */
  applyPost(post: Post, contentHash: string, place: Place, told?: Partial<Counts>): Change | Dropped;
  applyEngagement(id: PostId, at: number, counts: Partial<Counts>, place: Place): Change | Dropped;
  /** @param mark 16 hex digits */
  applyReaction(id: PostId, mark: string, count: keyof Counts, at: number, place: Place): Change | Dropped;
  applyUnreaction(mark: string, at: number, place: Place): Change | Dropped;
  applyDelete(id: PostId, at: number, place: Place): Change | Dropped;
  /** First the author's entry (no post; left out where known), then one change a post. */
  applyErase(author: AuthorId, upToMs: number, options: { readonly objection: boolean; readonly reason?: ErasureReason }, place: Place): readonly Change[];
  applyTerms(id: PostId, add: readonly string[], remove: readonly string[], place: Place): Change | Dropped;
  /** What today's stages make of a stored post, its counts aside. stale: another form of it came since. */
  applyAgain(post: Post, place: Place): Change | Dropped;
  /** Every post of the source goes, and no tombstone stays. */
  applyRemoveSource(source: string, place: Place): readonly Change[];
  commit(position: LedgerPosition): void;
  rollback(): void;
  /** A change that `posts` holds already, in its order; false where it is a repeat. Between `begin` and `commit`. */
  rebuild(change: Change): boolean;
  /** Writes what is held to the file. */
  flush(): void;
  /** An erasure of the register, without a change: asked at the start. */
  remember(author: AuthorId, upToMs: number, objection: boolean): void;
  /** Drops posts made, and tombstones, marks and pending engagement that came, before these times (milliseconds UTC); returns how many rows went. */
  expire(before: { readonly postsMs: number; readonly tombstonesMs: number; readonly pendingMs: number }): number;
  /** Rewrites the file, so that no byte of what is gone is left in it. STORE_UNAVAILABLE: a reader was in the way, try again. */
  forget(): void;
  postsOf(author: AuthorId): readonly StoredRow[];
  stats(): LedgerStats;
}

export interface LedgerOptions {
  readonly files: Files;
  /** Absolute; made where missing. */
  readonly folder: string;
  readonly partition: number;
  /** Says which post key made the ids; KEY_MISSING where the file was written under another. */
  readonly keyCheck?: string;
  /** Rows held in memory before the file is written. */
  readonly maxHeldRows?: number;
  readonly maxPendingRows?: number;
  readonly maxLoneMarks?: number;
  readonly cacheBytes?: number;
}

export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { files, folder, partition } = options;
  const file = ledgerPath(folder, partition);
  await files.makeFolder(folder);
  const existed = (await files.sizeBytes(file)) !== undefined;
  const settings = options.cacheBytes === undefined ? {} : { cacheBytes: options.cacheBytes };
  let needsRebuild = !existed;
  let table;
  try {
    table = openTable(file, settings);
  } catch (error) {
    if (!(error instanceof EarshotError && error.code === "LEDGER_CORRUPT")) throw error;
    await removeDatabase(files, file);
    table = openTable(file, settings);
    needsRebuild = true;
  }
  const check = table.meta("key");
  if (options.keyCheck !== undefined && check === undefined) table.setMeta("key", options.keyCheck);
  else if (options.keyCheck !== check && options.keyCheck !== undefined) {
    table.close();
    throw new EarshotError("KEY_MISSING", `ledger ${file}: expected the post key that its ids were made with, came another`);
  }
  return makeLedger(table, options, needsRebuild);
}

function makeLedger(table: ReturnType<typeof openTable>, options: LedgerOptions, needsRebuild: boolean): Ledger {
  const { partition, maxHeldRows = 10_000, maxPendingRows = 200_000, maxLoneMarks = 200_000 } = options;
  const overlay = makeOverlay(table, maxHeldRows);

  /** Places rise strictly, also where one event makes many changes. */
  function nextFrom(place: Place): From {
    const { from, generation } = overlay.applied();
    const after = generation === place.generation && from.offset === place.from.offset && from.index >= place.from.index;
    const next = after ? { offset: from.offset, index: from.index + 1 } : place.from;
    overlay.setApplied(next, place.generation);
    return next;
  }

  function emit(kind: Change["kind"], id: PostId, at: number, place: Place, note: Note, parts: Pick<Change, "was" | "is" | "post">): Change {
    const change: { -readonly [K in keyof Change]: Change[K] } = { kind, id, at, partition, from: nextFrom(place), generation: place.generation, ledger: packNote(note) };
    if (parts.was) change.was = parts.was;
    if (parts.is) change.is = parts.is;
    if (parts.post) change.post = parts.post;
    return change;
  }

  function settle(kind: Change["kind"], id: PostId, at: number, place: Place, verdict: Verdict, mark?: PlacedMark, post?: Post): Change | Dropped {
    if (typeof verdict === "string") return { drop: verdict };
    const { row, was } = verdict;
    if (row.status === "pending" && overlay.row(id) === undefined && overlay.pendingRows() >= maxPendingRows) return { drop: "limit" };
    overlay.setRow(id, row);
    if (mark) overlay.setMark(mark);
    if (verdict.quiet) return { drop: "duplicate" };
    const parts: { -readonly [K in "was" | "is" | "post"]?: Change[K] } = {};
    if (was) parts.was = was.contribution;
    if (row.status === "post") {
      const { contribution } = row;
      if (post) parts.post = post.counts === contribution.counts ? post : { ...post, counts: contribution.counts };
      else parts.is = contribution;
    }
    return emit(kind, id, at, place, mark ? { row, mark } : { row }, parts);
  }

  function isErased(author: AuthorId, createdAt: number): boolean {
    if (!overlay.mayBeErased()) return false;
    const found = overlay.erased(hashOfAuthor(author));
    return found !== undefined && (found.objection || createdAt <= found.upToMs);
  }

  /** The entry where it says more than what is known. */
  function widen(author: AuthorId, upToMs: number, objection: boolean): ErasedAuthor | undefined {
    const key = hashOfAuthor(author);
    const known = overlay.erased(key);
    const erased = { author: key, upToMs: Math.max(upToMs, known?.upToMs ?? 0), objection: objection || (known?.objection ?? false) };
    if (known && known.upToMs === erased.upToMs && known.objection === erased.objection) return undefined;
    overlay.setErased(erased);
    return erased;
  }

  function goneChange(id: PostId, was: PostRow, at: number, place: Place, row: Row | undefined, kind: "erase" | "delete"): Change {
    overlay.setRow(id, row);
    return emit(kind, id, at, place, { row: row ?? "none" }, { was: was.contribution });
  }

  return {
    partition,
    needsRebuild,
    position() {
      const { postsOffset, events, generation } = overlay.progress();
      return { postsOffset, events, generation };
    },
    begin: () => overlay.rollback(),
    isRepeat(id, revision, contentHash, generation) {
      const row = overlay.row(id);
      if (row === undefined || row.status === "pending") return false;
      const source = row.status === "post" ? row.contribution.source : undefined;
      return standingOf(row, { revision, generation, source: source ?? "", hash: contentHash, madeAt: Infinity }) !== "new";
    },
    isErased,
    row: (id) => overlay.row(id),
    applyPost(post, contentHash, place, told = toldBy(post)) {
      if (isErased(post.author, post.createdAt)) return { drop: "erased" };
      const { generation } = place;
      const row = overlay.row(post.id);
      const at = post.editedAt ?? post.createdAt;
      const standing = standingOf(row, { revision: post.revision, generation, source: post.source, hash: contentHash, madeAt: at });
      if (standing === "again") return settle("counts", post.id, post.receivedAt, place, judgeEngagement(row, post.receivedAt, told, false));
      if (standing !== "new") return { drop: standing };
      return settle("post", post.id, at, place, takePost(row, post, contentHash, generation, told), undefined, post);
    },
    applyEngagement: (id, at, counts, place) => settle("counts", id, at, place, judgeEngagement(overlay.row(id), at, counts, place.hold ?? true)),
    applyReaction(id, mark, count, at, place) {
      if (place.hold === false && overlay.row(id) === undefined) return { drop: "unknown" };
      if (overlay.mark(mark)) return { drop: "duplicate" };
      const placed = { mark, at, count: countNames.indexOf(count), gone: false, post: id };
      return settle("counts", id, at, place, judgeReaction(overlay.row(id), at, count, 1, place.hold ?? true), placed);
    },
    applyUnreaction(mark, at, place) {
      const known = overlay.mark(mark);
      if (known?.gone) return { drop: "duplicate" };
      if (known?.post === undefined) {
        if (place.hold === false) return { drop: "unknown" };
        if (overlay.loneMarks() >= maxLoneMarks) return { drop: "limit" };
        const lone = { mark, at, count: 0, gone: true };
        overlay.setMark(lone);
        return emit("counts", noPost, at, place, { mark: lone }, {});
      }
      const count = countNames[known.count];
      if (count === undefined) throw new EarshotError("LEDGER_CORRUPT", `ledger: mark of an unknown count ${known.count}`);
      const verdict = judgeReaction(overlay.row(known.post), at, count, -1, false);
      return settle("counts", known.post, at, place, verdict, { ...known, at, gone: true });
    },
    applyDelete: (id, at, place) => settle("delete", id, at, place, judgeDelete(overlay.row(id), at, place.hold ?? true)),
    applyErase(author, upToMs, { objection }, place) {
      const changes: Change[] = [];
      const erased = widen(author, upToMs, objection);
      if (erased) changes.push(emit("erase", noPost, upToMs, place, { erased }, {}));
      for (const { id, row } of overlay.postsOf(author)) {
        if (row.status !== "post" || (!objection && row.contribution.createdAt > upToMs)) continue;
        changes.push(goneChange(id, row, upToMs, place, { status: "erased", at: upToMs, revision: row.revision }, "erase"));
      }
      return changes;
    },
    applyTerms: (id, add, remove, place) => {
      const row = overlay.row(id);
      const at = row?.status === "post" ? row.contribution.createdAt : 0;
      return settle("terms", id, at, place, judgeTerms(row, add, remove));
    },
    applyAgain: (post, place) => settle("post", post.id, post.editedAt ?? post.createdAt, place, judgeAgain(overlay.row(post.id), post), undefined, post),
    applyRemoveSource(source, place) {
      const changes: Change[] = [];
      for (const { id, row } of overlay.scan()) {
        if (row.status === "post" && row.contribution.source === source) changes.push(goneChange(id, row, row.contribution.createdAt, place, undefined, "delete"));
      }
      return changes;
    },
    commit: (position) => overlay.commit(position),
    rollback: () => overlay.rollback(),
    rebuild(change) {
      const { from, generation } = overlay.applied();
      if (change.generation < generation || (change.generation === generation && !isAfter(change.from, from))) return false;
      overlay.setApplied(change.from, change.generation);
      const { row, mark, erased } = noteOf(change);
      if (row) overlay.setRow(change.id, row === "none" ? undefined : row);
      if (mark) overlay.setMark(change.id === noPost ? mark : { ...mark, post: change.id });
      if (erased) overlay.setErased(erased);
      return true;
    },
    flush: () => overlay.flush(),
    remember(author, upToMs, objection) {
      widen(author, upToMs, objection);
      overlay.commit(overlay.progress());
    },
    expire: (before) => overlay.expire(before),
    forget() {
      overlay.flush();
      table.rewrite();
    },
    postsOf: (author) => overlay.postsOf(author),
    stats: () => ({ pendingRows: overlay.pendingRows(), loneMarks: overlay.loneMarks(), heldRows: overlay.heldRows() }),
    [Symbol.dispose]() {
      overlay.rollback();
      overlay.flush();
      table.close();
    },
  };
}

function isAfter(a: From, b: From): boolean {
  return a.offset > b.offset || (a.offset === b.offset && a.index > b.index);
}

function toldBy({ counts }: Post): Partial<Counts> {
  const { likes, shares, replies, views } = counts;
  return { ...(likes > 0 && { likes }), ...(shares > 0 && { shares }), ...(replies > 0 && { replies }), ...(views > 0 && { views }) };
}

function hashOfAuthor(author: AuthorId): string {
  return hash("sha256", author, "hex").slice(0, 32);
}
