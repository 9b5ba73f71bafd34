import type { Clock } from "../core/clock.ts";
import type { Outcome, SourceEvent, SourcePost } from "../core/event.ts";
import { idWords, type PostId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { makeDraft, type Draft } from "../core/stage.ts";
import { countNames } from "../core/event.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Pseudonyms } from "../ledger/pseudonyms.ts";
import type { Stages } from "../stages/pipeline.ts";
import type { StagesTrace } from "../stages/trace.ts";
import { parseChange } from "./change-frame.ts";
import { makeFrameFinder, payloadOf } from "./find-frames.ts";
import { makePost } from "./post.ts";
import type { PostChange, PostHistory, PostPlaces, TracedPost } from "./provenance.ts";
import { decodeRaw } from "./raw-frame.ts";
import type { RefineSource } from "./refine.ts";

export interface TracerOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly pseudonyms: Pseudonyms;
  readonly source: (id: string) => RefineSource | undefined;
  readonly validate: (event: SourceEvent, nowMs: number) => Outcome<SourceEvent>;
  readonly stages: Pick<Stages, "trace">;
  readonly ledgerOf: (partition: number) => Ledger;
}

/** What the thread that refines a post can tell of it. */
export interface RefinedTrace {
  readonly raw?: { readonly bytes: Uint8Array; readonly source: string; readonly receivedAt: number; readonly offset: number; readonly index: number };
  readonly stages?: StagesTrace & { readonly now: TracedPost };
  readonly refusal?: string;
  readonly ledger?: NonNullable<PostPlaces["ledger"]>;
  readonly postsOffset?: number;
  readonly history: PostHistory;
}

/** What today's parser and stages make of a message that was kept. */
export interface Preview {
  readonly outcome: "kept" | "dropped" | "rejected";
  readonly code?: string;
  readonly message?: string;
  /** Of its posts, the first ones. */
  readonly posts: readonly (TracedPost & { readonly pii: Draft["pii"]; readonly createdAt: number })[];
  /** Events that are no posts, by kind. */
  readonly others: Readonly<Record<string, number>>;
}

const lookForMs = 1_500;
const mostChanges = 50;
const mostPreviewed = 5;

/** Runs the real parser and stages over kept raw, and changes nothing. */
export function makeTracer(options: TracerOptions) {
  const { log, clock, pseudonyms } = options;
  const finder = makeFrameFinder({ log, clock });

  function draftOf(source: RefineSource, post: SourcePost, receivedAt: number): Draft {
    const draft = makeDraft(source.platform, source.id, post, receivedAt);
    if (draft.region === "zz") draft.region = source.region;
    return draft;
  }

  function tracedOf(draft: Draft, source: RefineSource): TracedPost {
    const { text, language, sentiment, terms, sensitivity, region, mentions } = makePost(draft, pseudonyms.postId(source.platform, draft.post.id), pseudonyms);
    return { text, language, terms, sensitivity, region, mentions: mentions.length, ...(sentiment && { sentiment }) };
  }

  function again(id: PostId, sourceName: string, bytes: Uint8Array, receivedAt: number): Pick<RefinedTrace, "stages" | "refusal"> & { readonly index: number } {
    const source = options.source(sourceName);
    if (source === undefined) return { index: 0, refusal: `SOURCE_UNKNOWN: source ${sourceName}: not configured any more` };
    let refusal = "the parser finds no post in it that bears this id";
    for (const [index, outcome] of source.parse(bytes).entries()) {
      if ("reject" in outcome) refusal = `${outcome.reject.code}: ${outcome.reject.message}`;
      if (!("keep" in outcome)) continue;
      const valid = options.validate(outcome.keep, clock.now());
      if ("reject" in valid) refusal = `${valid.reject.code}: ${valid.reject.message}`;
      if (!("keep" in valid) || valid.keep.type !== "post" || pseudonyms.postId(source.platform, valid.keep.post.id) !== id) continue;
      const draft = draftOf(source, valid.keep.post, receivedAt);
      const traced = options.stages.trace(draft);
      return { index, stages: { ...traced, now: tracedOf(draft, source) } };
    }
    return { index: 0, refusal };
  }

  async function rawOf(partition: number, id: PostId, receivedAt: number): Promise<RefinedTrace["raw"]> {
    const frame = await finder.received(partition, idWords(id), receivedAt);
    const raw = frame && decodeRaw(frame.frames, frame.index, new Map());
    return frame && raw && { bytes: Uint8Array.from(raw.bytes), source: raw.source, receivedAt, offset: frame.offset, index: 0 };
  }

  function ledgerOf(partition: number, id: PostId): RefinedTrace["ledger"] {
    const row = options.ledgerOf(partition).row(id);
    if (row?.status !== "post") return undefined;
    const counts = countNames.map((name, i) => {
      const { told = 0, at, since = 0 } = row.tallies[i] ?? {};
      return { name, told, since, ...(at !== undefined && { at }) };
    });
    return { revision: row.revision, generation: row.generation, counts };
  }

  async function historyOf(partition: number, id: PostId): Promise<PostHistory> {
    const { found, looked } = await finder.ofPost(partition, idWords(id), lookForMs, mostChanges);
    const changes = found.flatMap((frame): PostChange[] => {
      const payload = payloadOf(frame);
      if (payload.length === 0) return [];
      const change = parseChange(payload.toString("utf8"));
      if (change.id !== id) return [];
      const is = change.is;
      return [
        {
          offset: frame.offset,
          kind: change.kind,
          at: change.at,
          generation: change.generation,
          ...(change.post !== undefined && { revision: change.post.revision }),
          ...(is !== undefined && { language: is.language, terms: is.terms, counts: is.counts, ...(is.sentiment !== undefined && { sentiment: is.sentiment }) }),
        },
      ];
    });
    return { changes, looked };
  }

  return {
    rawOf: (argument: { readonly partition: number; readonly id: PostId; readonly receivedAt: number }) => rawOf(argument.partition, argument.id, argument.receivedAt),
    async trace({ partition, id, receivedAt }: { readonly partition: number; readonly id: PostId; readonly receivedAt: number }): Promise<RefinedTrace> {
      const found = await rawOf(partition, id, receivedAt);
      const ledger = ledgerOf(partition, id);
      const made = found && again(id, found.source, found.bytes, receivedAt);
      const raw = found && made && { ...found, index: made.index };
      const change = raw && ledger && (await finder.made(partition, idWords(id), ledger.generation, { offset: raw.offset, index: raw.index }));
      return {
        history: await historyOf(partition, id),
        ...(raw && { raw }),
        ...(made?.stages && { stages: made.stages }),
        ...(made?.refusal !== undefined && { refusal: made.refusal }),
        ...(ledger && { ledger }),
        ...(change && { postsOffset: change.offset }),
      };
    },
    preview({ source: name, bytes, receivedAt }: { readonly source: string; readonly bytes: Uint8Array; readonly receivedAt: number }): Preview {
      const source = options.source(name);
      if (source === undefined) return { outcome: "rejected", code: "SOURCE_UNKNOWN", message: `source ${name}: not configured any more`, posts: [], others: {} };
      const posts: (TracedPost & { pii: Draft["pii"]; createdAt: number })[] = [];
      const others: Record<string, number> = {};
      let fault: { readonly code: string; readonly message: string } | undefined;
      let dropped: string | undefined;
      for (const outcome of source.parse(bytes)) {
        const valid = "keep" in outcome ? options.validate(outcome.keep, clock.now()) : outcome;
        if ("reject" in valid) fault ??= { code: valid.reject.code, message: valid.reject.message };
        else if ("drop" in valid) dropped ??= valid.drop;
        else if (valid.keep.type !== "post") others[valid.keep.type] = (others[valid.keep.type] ?? 0) + 1;
        else {
          const draft = draftOf(source, valid.keep.post, receivedAt);
          const traced = options.stages.trace(draft);
          if (traced.outcome === "keep") {
            if (posts.length < mostPreviewed) posts.push({ ...tracedOf(draft, source), pii: draft.pii, createdAt: draft.post.createdAt });
          } else if (traced.outcome === "reject") fault ??= { code: "STAGE_FAILED", message: traced.reason ?? "" };
          else dropped ??= traced.reason;
        }
      }
      if (posts.length > 0 || Object.keys(others).length > 0) return { outcome: "kept", posts, others };
      return fault === undefined ? { outcome: "dropped", ...(dropped !== undefined && { message: dropped }), posts, others } : { outcome: "rejected", ...fault, posts, others };
    },
  };
}
