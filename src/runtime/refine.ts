import { hash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { ExpectedFields } from "../core/expected.ts";
import type { Change, From, Outcome, Post, SourceEvent, SourcePost } from "../core/event.ts";
import { idWords, type PostId } from "../core/ids.ts";
import { makeFrameBatchBuilder, type Delivery, type FrameBatch } from "../core/log.ts";
import type { Parse } from "../core/source.ts";
import { makeDraft, type Draft } from "../core/stage.ts";
import type { Identities } from "../ledger/identities.ts";
import { type Dropped, type Ledger, noPost } from "../ledger/ledger.ts";
import type { Pseudonyms } from "../ledger/pseudonyms.ts";
import { encodeChange } from "./change-frame.ts";
import { parseCommand, type Command } from "./commands.ts";
import type { DriftMeter } from "./drift-meter.ts";
import { makeFormedPosts } from "./formed-posts.ts";
import { partitionOf } from "./ingest.ts";
import { makePost } from "./post.ts";
import { decodeRaw } from "./raw-frame.ts";
import { encodeRejected } from "./rejected.ts";

export interface RefineSource {
  readonly id: string;
  readonly platform: string;
  readonly parse: Parse;
  readonly region: string;
  /** What its messages are expected to carry. */
  readonly expected?: ExpectedFields;
  /** Engagement of posts that are not here yet waits for them; a source that keeps only what matches waits for nothing. */
  readonly hold: boolean;
}

/** What became of one frame of `events`. */
export const frameOutcomes = ["unknown", "kept", "duplicate", "rejected", "dropped"] as const;
export type FrameOutcome = (typeof frameOutcomes)[number];

export interface RefinerOptions {
  readonly partition: number;
  /** How many there are. */
  readonly partitions?: number;
  readonly ledger: Ledger;
  readonly identities: Identities;
  readonly pseudonyms: Pseudonyms;
  readonly source: (id: string) => RefineSource | undefined;
  readonly validate: (event: SourceEvent, nowMs: number) => Outcome<SourceEvent>;
  readonly stages: (drafts: readonly Draft[]) => readonly Outcome<Draft>[];
  readonly clock: Clock;
}

export interface FrameFault {
  readonly offset: number;
  readonly code: string;
  readonly message: string;
}

export interface Refined {
  readonly posts: FrameBatch | undefined;
  readonly rejected: FrameBatch | undefined;
  /** One a frame of the delivery, index into `frameOutcomes`. */
  readonly outcomes: Uint8Array;
  /** Why frames were rejected, the first of the batch. */
  readonly faults: readonly FrameFault[];
  /** Frames that an erasure refused, by index: their raw is to be forgotten too. */
  readonly erased: readonly number[];
  /** The last frame and outcome looked at. */
  readonly last: From;
}

interface Item {
  readonly from: From;
  readonly frame: number;
  readonly receivedAt: number;
  readonly source: RefineSource;
  /** The source's id as the frame tells it: imports name their platform there. */
  readonly sourceName: string;
  readonly event: SourceEvent;
  readonly bytes: Uint8Array;
  id?: PostId;
  contentHash?: string;
  draft?: Outcome<Draft>;
}

const mostFaults = 100;
/** Few enough that what is made of them dies young: the collector copies what outlives two of its rounds. */
const framesAtOnce = 96;
const nobody = { high: 0, low: 0 };
const kept = 1;
const duplicate = 2;
const rejected = 3;
const dropped = 4;
const duplicateReasons: ReadonlySet<string> = new Set(["duplicate", "stale", "deleted", "erased"]);

/** Everything of a post that an edit can change, and nothing that merely grows (counts). */
export function contentHashOf(post: SourcePost): string {
  const media = post.media === undefined ? "" : JSON.stringify(post.media);
  const parts = [post.revision, post.createdAt, post.text, post.author.id, post.replyTo ?? "", post.reshareOf ?? "", post.quoteOf ?? "", media, post.links?.join(" ") ?? ""];
  return hash("sha1", parts.join("\u0000"), "hex").slice(0, 16);
}

/**
 * Refines deliveries of one partition, in order. The ledger's transaction is opened here and ended by the caller:
 * commit once the frames are durable in the log, rollback when they are not.
 */
export function makeRefiner(options: RefinerOptions) {
  const { ledger, identities, pseudonyms, partition, clock } = options;
  const sourceNames = new Map<string, string>();
  const posts = makeFrameBatchBuilder();
  const rejects = makeFrameBatchBuilder();
  let outcomes = new Uint8Array(0);
  let generation = 0;
  let isAgain = false;
  const formed = makeFormedPosts();

  const note = (frame: number, outcome: number) => {
    const before = outcomes[frame] ?? 0;
    // One raw message with several outcomes counts as kept where any was, then rejected, then duplicate.
    if (before === 0 || outcome === kept || (outcome === rejected && before !== kept) || (outcome === duplicate && before === dropped)) outcomes[frame] = outcome;
  };

  let erased: number[] = [];
  let faults: FrameFault[] = [];
  const reject = (error: EarshotError, source: string, frame: number, from: From, at: number, bytes: Uint8Array, frames: FrameBatch) => {
    note(frame, rejected);
    if (faults.length < mostFaults) faults.push({ offset: from.offset, code: error.code, message: error.message });
    rejects.add(
      {
        keyHigh: frames.keys[frame * 2] ?? 0,
        keyLow: frames.keys[frame * 2 + 1] ?? 0,
        actorHigh: frames.actors[frame * 2] ?? 0,
        actorLow: frames.actors[frame * 2 + 1] ?? 0,
        time: at,
        from,
        generation,
      },
      encodeRejected({ source, error, at, generation, bytes }),
    );
  };

  const emit = (change: Change) => {
    const key = idWords(change.id);
    const author = change.is?.author ?? change.was?.author ?? change.post?.author ?? change.erased?.author;
    const actor = author === undefined ? nobody : idWords(author);
    posts.add(
      {
        keyHigh: key.high,
        keyLow: key.low,
        actorHigh: actor.high,
        actorLow: actor.low,
        time: change.at,
        from: change.from,
        generation: change.generation,
      },
      encodeChange(change),
    );
  };

  /** Frames [start, end) of the delivery, none of which was refined before. */
  function decode(delivery: Delivery, start: number, end: number, nowMs: number, drift: DriftMeter | undefined): (Item | { command: Command; frame: number; from: From })[] {
    const { frames, firstOffset } = delivery;
    const items: (Item | { command: Command; frame: number; from: From })[] = [];
    for (let frame = start; frame < end; frame++) {
      const offset = firstOffset + frame;
      const raw = decodeRaw(frames, frame, sourceNames);
      if (raw === undefined) {
        note(frame, dropped);
        continue;
      }
      const from = { offset, index: 0 };
      if (raw.kind === "command") {
        items.push({ command: parseCommand(raw.bytes), frame, from });
        continue;
      }
      const receivedAt = frames.times[frame] ?? nowMs;
      const source = options.source(raw.source);
      if (source === undefined) {
        reject(new EarshotError("SOURCE_UNKNOWN", `source ${raw.source}: not configured any more`), raw.source, frame, from, receivedAt, raw.bytes, frames);
        continue;
      }
      let index = 0;
      for (const outcome of source.parse(raw.bytes)) {
        const place = { offset, index: index++ };
        if ("drop" in outcome) note(frame, dropped);
        else if ("reject" in outcome) reject(outcome.reject, raw.source, frame, place, receivedAt, raw.bytes, frames);
        else {
          const valid = options.validate(outcome.keep, nowMs);
          if ("reject" in valid) reject(valid.reject, raw.source, frame, place, receivedAt, raw.bytes, frames);
          else if ("keep" in valid) items.push({ from: place, frame, receivedAt, source, sourceName: raw.source, event: valid.keep, bytes: raw.bytes });
          else note(frame, dropped);
        }
      }
      if (index === 0) note(frame, dropped);
      drift?.see(raw.source, source.expected, raw.bytes, offset, receivedAt, outcomes[frame] === rejected);
    }
    return items;
  }

  function enrich(items: readonly (Item | { command: Command })[]): void {
    const fresh: Item[] = [];
    const drafts: Draft[] = [];
    for (const item of items) {
      if ("command" in item || item.event.type !== "post") continue;
      const { post } = item.event;
      item.id = pseudonyms.postId(item.source.platform, post.id);
      item.contentHash = contentHashOf(post);
      if (isAgain && options.partitions !== undefined && partitionOf(idWords(item.id), options.partitions) !== partition) {
        // It came without a readable id, so to any partition: sent again from the quarantine it goes where its post is.
        item.draft = { drop: "elsewhere" };
        continue;
      }
      if (ledger.isRepeat(item.id, post.revision, item.contentHash, generation)) continue;
      const draft = makeDraft(item.source.platform, item.source.id, post, item.receivedAt);
      if (draft.region === "zz") draft.region = item.source.region;
      fresh.push(item);
      drafts.push(draft);
    }
    if (drafts.length === 0) return;
    const results = options.stages(drafts);
    for (const [i, item] of fresh.entries()) {
      const result = results[i];
      if (result === undefined) throw new EarshotError("INVARIANT", "stages: fewer outcomes than posts");
      item.draft = result;
    }
  }

  function settle(frame: number, result: Change | readonly Change[] | Dropped): void {
    if ("drop" in result) {
      if (result.drop === "erased") erased.push(frame);
      note(frame, duplicateReasons.has(result.drop) ? duplicate : dropped);
      return;
    }
    note(frame, kept);
    if ("kind" in result) {
      formed.note(result);
      emit(result);
    } else for (const change of result) emit(change);
  }

  function applyItem(item: Item, frames: FrameBatch): void {
    const { event, from, source, frame } = item;
    const place = { from, generation, hold: source.hold };
    switch (event.type) {
      case "post": {
        const { post } = event;
        const { id, contentHash, draft } = item;
        if (id === undefined || contentHash === undefined) throw new EarshotError("INVARIANT", "refine: a post without an id");
        if (draft === undefined) {
          // A repeat; only its counts can be news.
          if (post.counts !== undefined) {
            const result = ledger.applyEngagement(id, item.receivedAt, post.counts, place);
            if (!("drop" in result)) {
              settle(frame, result);
              outcomes[frame] = duplicate;
              return;
            }
          }
          note(frame, duplicate);
        } else if ("keep" in draft) {
          const made = makePost(draft.keep, id, pseudonyms);
          const result = ledger.applyPost(made, contentHash, place, post.counts ?? {});
          if (!("drop" in result))
            identities.put(
              source.platform,
              made.author,
              post.author,
              { id, nativeId: post.id, ...(post.permalink !== undefined && { permalink: post.permalink }) },
              item.receivedAt,
            );
          settle(frame, result);
        } else if ("reject" in draft) reject(draft.reject, item.sourceName, frame, from, item.receivedAt, item.bytes, frames);
        else note(frame, dropped);
        return;
      }
      case "engagement":
        return settle(frame, ledger.applyEngagement(pseudonyms.postId(source.platform, event.id), event.at, event.counts, place));
      case "reaction":
        return settle(frame, ledger.applyReaction(pseudonyms.postId(source.platform, event.id), pseudonyms.mark(source.platform, event.mark), event.count, event.at, place));
      case "unreaction":
        return settle(frame, ledger.applyUnreaction(pseudonyms.mark(source.platform, event.mark), event.at, place));
      case "delete": {
        const id = pseudonyms.postId(source.platform, event.id);
        const row = event.by === undefined ? undefined : ledger.row(id);
        if (event.by !== undefined && row?.status === "post" && row.contribution.author !== pseudonyms.authorId(source.platform, event.by)) return note(frame, dropped);
        return settle(frame, ledger.applyDelete(id, event.at, place));
      }
      case "erase": {
        const author = pseudonyms.authorId(source.platform, event.author);
        identities.drop(author);
        return settle(
          frame,
          nameErased(ledger.applyErase(author, event.at, { objection: false, reason: event.reason }, place), { author, upToMs: event.at, reason: event.reason }),
        );
      }
      case "identity":
        identities.put(source.platform, pseudonyms.authorId(source.platform, event.author.id), event.author, undefined, item.receivedAt);
        return note(frame, kept);
      case "volume":
        return note(frame, dropped);
    }
  }

  /** The author's own entry tells the register whom the platform means; it goes with the author's frames when those are forgotten. */
  function nameErased(changes: readonly Change[], erased: NonNullable<Change["erased"]>): readonly Change[] {
    return changes.map((change) => (change.id === noPost ? { ...change, erased } : change));
  }

  function applyCommand(command: Command, frame: number, from: From): void {
    const place = { from, generation };
    switch (command.command) {
      case "erase":
        identities.drop(command.author);
        return settle(frame, ledger.applyErase(command.author, command.upToMs, { objection: command.objection, reason: command.reason }, place));
      case "retag":
        return settle(frame, ledger.applyTerms(command.id, command.add, command.remove, place));
      case "remove-source":
        return settle(frame, ledger.applyRemoveSource(command.source, place));
    }
  }

  return {
    partition,
    /** Puts the identities of what a delivery brought and the ledger still knows, and changes nothing else. */
    seeIdentities(delivery: Delivery): void {
      const { frames } = delivery;
      for (let frame = 0; frame < frames.count; frame++) {
        const raw = decodeRaw(frames, frame, sourceNames);
        const source = raw?.kind === "raw" ? options.source(raw.source) : undefined;
        if (raw === undefined || source === undefined) continue;
        for (const outcome of source.parse(raw.bytes)) {
          if (!("keep" in outcome)) continue;
          const event = outcome.keep;
          if (event.type === "identity") identities.put(source.platform, pseudonyms.authorId(source.platform, event.author.id), event.author, undefined, frames.times[frame] ?? 0);
          if (event.type !== "post") continue;
          const { post } = event;
          const id = pseudonyms.postId(source.platform, post.id);
          const author = pseudonyms.authorId(source.platform, post.author.id);
          if (ledger.isErased(author, post.createdAt) || !ledger.isRepeat(id, post.revision, contentHashOf(post), 0)) continue;
          identities.put(
            source.platform,
            author,
            post.author,
            { id, nativeId: post.id, ...(post.permalink !== undefined && { permalink: post.permalink }) },
            frames.times[frame] ?? 0,
          );
        }
      }
    },
    watchForms: formed.watch,
    /** What today's stages make of stored posts, as changes; the ledger's transaction is opened here and ended by the caller. */
    again(made: readonly Post[], from: From, atGeneration: number): FrameBatch | undefined {
      const fresh = made.filter(({ id }) => !formed.has(id));
      generation = atGeneration;
      ledger.begin();
      for (const post of fresh) {
        const result = ledger.applyAgain(post, { from, generation });
        if (!("drop" in result)) emit(result);
      }
      return posts.count > 0 ? posts.take() : undefined;
    },
    /** Frames up to and with `after` are skipped. `drift` is shown each message as it comes; absent: they are read again. */
    refine(delivery: Delivery, after: From, atGeneration: number, drift?: DriftMeter): Refined {
      isAgain = drift === undefined;
      outcomes = new Uint8Array(delivery.frames.count);
      generation = atGeneration;
      faults = [];
      erased = [];
      const { firstOffset, frames } = delivery;
      const nowMs = clock.now();
      ledger.begin();
      try {
        for (let start = Math.max(0, after.offset + 1 - firstOffset); start < frames.count; start += framesAtOnce) {
          const items = decode(delivery, start, Math.min(start + framesAtOnce, frames.count), nowMs, drift);
          enrich(items);
          for (const item of items) {
            if ("command" in item) applyCommand(item.command, item.frame, item.from);
            else applyItem(item, frames);
          }
        }
      } catch (thrown) {
        posts.take();
        rejects.take();
        throw toEarshotError(thrown, "INVARIANT", `refine partition ${partition}`);
      }
      return {
        posts: posts.count > 0 ? posts.take() : undefined,
        rejected: rejects.count > 0 ? rejects.take() : undefined,
        outcomes,
        faults,
        erased,
        last: { offset: Math.max(after.offset, firstOffset + frames.count - 1), index: after.offset >= firstOffset + frames.count - 1 ? after.index : 0 },
      };
    },
  };
}
