import type { Contribution, Post } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import type { PostId } from "../core/ids.ts";
import type { Judgement } from "../core/judgement.ts";
import type { Explanation } from "../models/explain.ts";
import type { SearchSpread } from "../stores/search-reader.ts";
import type { TargetSentiment } from "../core/towards.ts";
import type { TargetExplained } from "../stages/towards.ts";
import type { StagesTrace } from "../stages/trace.ts";
import type { TextReading } from "./text-reading.ts";

/** What can be told of a post beyond the post itself. Every answer goes through the viewer's filter. */
export interface Provenance {
  /** Undefined: no such post, or not for this viewer. */
  trace(id: PostId, filter: ReadFilter): Promise<PostTrace | undefined>;
  /** The message that it was made from, as it came; undefined where the log no longer keeps it. */
  raw(id: PostId, filter: ReadFilter): Promise<RawMessage | undefined>;
  /** Why the text as everybody is shown it is judged as it is, by today's models; undefined: the post was not judged for this task, or is not for this viewer. */
  explain(id: PostId, task: string, filter: ReadFilter): Promise<JudgementExplained | undefined>;
  /** What the text as everybody is shown it says of each target, and which words say it; undefined: no such post, or not for this viewer. */
  towards(id: PostId, filter: ReadFilter): Promise<TowardsExplained | undefined>;
  /** The text as everybody is shown it, and in other words. */
  reading(id: PostId, filter: ReadFilter): Promise<(TextReading & { readonly text: string }) | undefined>;
  conversation(id: PostId, filter: ReadFilter): Promise<Conversation | undefined>;
  /** How what a post says or shares goes on. `limit`: posts that are given whole. */
  spread(id: PostId, filter: ReadFilter, limit: number): Promise<Spread | undefined>;
}

export interface Spread extends Pick<SearchSpread, "posts" | "exact" | "everyMs" | "cells" | "shown"> {
  readonly post: Post;
  /** What the post shares or quotes, followed to its end; the post itself where it does neither. */
  readonly original?: Post;
  /** In place of `original`: it is not stored, or not shown. */
  readonly originalMissing?: PostId;
  /** Canonical links that others are sought by. */
  readonly links: readonly string[];
}

export interface JudgementExplained {
  /** As it stands beside the post. */
  readonly noted: Judgement;
  /** `model` tells today's version, which may be another. */
  readonly now: Explanation & { readonly model: string };
}

export interface TowardsExplained {
  /** As it stands beside the post. */
  readonly noted: readonly TargetSentiment[];
  /** What judged it; absent: nothing is noted. */
  readonly by?: string;
  /** By today's stage and models. */
  readonly now: readonly TargetExplained[];
}

export interface RawMessage {
  readonly bytes: Uint8Array;
  readonly source: string;
  /** Milliseconds UTC. */
  readonly receivedAt: number;
}

export interface PostTrace {
  readonly post: Post;
  /** Absent: the log no longer keeps the message that it came from, or it was not found. */
  readonly raw?: RawMessage & { readonly partition: number; readonly offset: number; readonly index: number; readonly connector: string; readonly parserVersion: string };
  /** What today's stages make of that message; absent without the raw, and where today's parser makes no post of it. */
  readonly stages?: StagesTrace & { readonly now: TracedPost };
  /** Why today's parser makes no post of it. */
  readonly refusal?: string;
  readonly places: PostPlaces;
  readonly history: PostHistory;
}

/** What the stages give today, to be held against what is stored. */
export interface TracedPost extends Pick<Post, "text" | "language" | "terms" | "sensitivity" | "region"> {
  readonly sentiment?: Post["sentiment"];
  readonly mentions: number;
}

export interface PostPlaces {
  readonly partition: number;
  /** Of the change in `posts` that holds it. */
  readonly postsOffset?: number;
  readonly ledger?: {
    readonly revision: number;
    readonly generation: number;
    readonly counts: readonly { readonly name: string; readonly told: number; readonly at?: number; readonly since: number }[];
  };
  readonly search?: { readonly month: string; readonly row: number; readonly body: "index" | "lake" };
  /** Absent: it waits for the next file. */
  readonly lake?: { readonly file: string; readonly rowGroup: number; readonly row: number };
  /** What it counts in. */
  readonly rollups: Contribution;
}

export interface PostHistory {
  /** Newest first. */
  readonly changes: readonly PostChange[];
  /** Frames of the partition's `posts` that were looked through, of how many. */
  readonly looked: { readonly frames: number; readonly of: number };
}

export interface PostChange {
  readonly offset: number;
  readonly kind: "post" | "counts" | "terms" | "delete" | "erase";
  /** Milliseconds UTC, upstream. */
  readonly at: number;
  readonly generation: number;
  readonly revision?: number;
  readonly language?: string;
  readonly sentiment?: string;
  readonly terms?: readonly string[];
  readonly counts?: Contribution["counts"];
}

export interface Conversation {
  readonly post: Post;
  /** From the start of the conversation to the post that this one answers; a gap: the one between is not stored, or not shown. */
  readonly ancestors: readonly Post[];
  readonly ancestorMissing?: PostId;
  readonly root?: Post;
  /** In reading order: each after what it answers. */
  readonly replies: readonly { readonly post: Post; readonly depth: number }[];
  readonly quotes: readonly Post[];
  /** Near-duplicates, the oldest first. */
  readonly copies: readonly Post[];
  readonly reshares: readonly Post[];
  /** There are more than these. */
  readonly more: boolean;
}
