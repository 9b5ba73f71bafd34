import type { Clock } from "../core/clock.ts";
import type { Outcome, Post, SourceEvent } from "../core/event.ts";
import { idWords, type PostId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { makeDraft } from "../core/stage.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Pseudonyms } from "../ledger/pseudonyms.ts";
import type { Stages } from "../stages/pipeline.ts";
import { partitionOf } from "./ingest.ts";
import { makePost } from "./post.ts";
import { decodeRaw } from "./raw-frame.ts";
import { contentHashOf, type RefineSource } from "./refine.ts";

export interface ReplayPreviewOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly pseudonyms: Pseudonyms;
  readonly source: (id: string) => RefineSource | undefined;
  readonly validate: (event: SourceEvent, nowMs: number) => Outcome<SourceEvent>;
  readonly stages: Pick<Stages, "trace">;
  readonly ledgerOf: (partition: number) => Ledger;
}

/** What a replay would make of one partition's kept raw. */
export interface PartitionPreview {
  readonly read: number;
  readonly complete: boolean;
  readonly unchanged: number;
  readonly changed: number;
  readonly added: number;
  readonly rejected: number;
  readonly other: number;
  readonly codes: Readonly<Record<string, number>>;
  /** Some of the changed posts, as they would be. */
  readonly samples: readonly Post[];
}

const mostRead = 200_000;
const mostSamples = 25;

/** Reads kept raw with today's parsers and compares with what the ledger knows; changes nothing, and lets others work between deliveries. */
export function makeReplayPreview(options: ReplayPreviewOptions) {
  const { log, clock, pseudonyms } = options;
  return async (argument: {
    readonly partition: number;
    readonly from: number;
    readonly to: number;
    readonly source: string;
    readonly fromMs: number;
    readonly toMs: number;
  }): Promise<PartitionPreview> => {
    const { partition } = argument;
    const ledger = options.ledgerOf(partition);
    const source = options.source(argument.source);
    /** The last message of a post decides, as in a replay. */
    const verdicts = new Map<PostId, "unchanged" | "changed" | "added">();
    const samples = new Map<PostId, Post>();
    const names = new Map<string, string>();
    const codes: Record<string, number> = {};
    let read = 0;
    let rejected = 0;
    let other = 0;
    const take = (outcome: Outcome<SourceEvent>, receivedAt: number, from: RefineSource): void => {
      const valid = "keep" in outcome ? options.validate(outcome.keep, clock.now()) : outcome;
      if ("reject" in valid) {
        rejected++;
        codes[valid.reject.code] = (codes[valid.reject.code] ?? 0) + 1;
      } else if ("drop" in valid || valid.keep.type !== "post") other++;
      else {
        const { post } = valid.keep;
        const id = pseudonyms.postId(from.platform, post.id);
        if (partitionOf(idWords(id), log.partitions) !== partition) {
          // It came without a readable id; the quarantine's replay brings it where it belongs.
          verdicts.set(id, "added");
          return;
        }
        const row = ledger.row(id);
        const isGone = row?.status === "deleted" || row?.status === "erased";
        if (isGone || (row?.status === "post" && row.revision > post.revision)) {
          if (!verdicts.has(id)) verdicts.set(id, "unchanged");
        } else if (row?.status === "post" && row.revision === post.revision && row.hash === contentHashOf(post)) {
          verdicts.set(id, "unchanged");
          samples.delete(id);
        } else {
          verdicts.set(id, row?.status === "post" ? "changed" : "added");
          if (row?.status !== "post" || (samples.size >= mostSamples && !samples.has(id))) return;
          const draft = makeDraft(from.platform, from.id, post, receivedAt);
          if (options.stages.trace(draft).outcome === "keep") samples.set(id, makePost(draft, id, pseudonyms));
        }
      }
    };
    let complete = source !== undefined;
    if (source !== undefined) {
      for await (const { frames } of log.read("events", partition, argument.from, argument.to)) {
        for (let frame = 0; frame < frames.count; frame++) {
          const raw = decodeRaw(frames, frame, names);
          const receivedAt = frames.times[frame] ?? 0;
          if (raw === undefined || raw.kind !== "raw" || raw.source !== argument.source || receivedAt < argument.fromMs || receivedAt >= argument.toMs) continue;
          read++;
          for (const outcome of source.parse(raw.bytes)) take(outcome, receivedAt, source);
        }
        if (read >= mostRead) {
          complete = false;
          break;
        }
        await clock.sleep(0);
      }
    }
    const sums = { unchanged: 0, changed: 0, added: 0 };
    for (const verdict of verdicts.values()) sums[verdict]++;
    return { read, complete, ...sums, rejected, other, codes, samples: [...samples.values()] };
  };
}
