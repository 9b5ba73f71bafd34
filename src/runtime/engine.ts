import type { Grants } from "./grants.ts";
import type { LiveBackup } from "./backup-state.ts";
import type { IncomingRequest } from "../core/component.ts";
import type { Environment, SourceConfig, TermConfig } from "../core/config.ts";
import type { ErasureReason, Post } from "../core/event.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import type { LogPartitionState } from "../core/log.ts";
import type { SourceStatus } from "../core/source.ts";
import type { ErasureProof, StoreSize } from "../core/store.ts";
import type { Sql } from "../core/sql.ts";
import type { Filterable, ReadFilter } from "../core/filter.ts";
import type { EntityBook } from "./entities.ts";
import type { LabelBook } from "./labels.ts";
import type { LabelSetBook } from "./label-sets.ts";
import type { ModelUseBook } from "./model-use.ts";
import type { ModelBook } from "./models.ts";
import type { QuarantineReason } from "../registers/quarantine.ts";
import type { SourceActivity, SourceHistory } from "./source-activity.ts";
import type { SourceSetup } from "./source-setup.ts";
import type { Preview } from "./refine-trace.ts";
import type { ReplayAnswer, ReplayRequest, ReplayRun } from "./replay.ts";
import type { LikenessReading } from "./likeness.ts";
import type { Provenance } from "./provenance.ts";
import type { SearchOrder } from "../stores/search-cursor.ts";
import type { Analysis } from "./analysis.ts";
import type { ConnectionBook } from "./connections.ts";
import type { BakeoffBook } from "./bakeoff.ts";
import type { DeprecationBook } from "./deprecations.ts";
import type { DriftBook } from "./drift.ts";
import type { ModelDriftBook } from "./model-drift.ts";
import type { Exploring } from "./explore.ts";
import type { FailureBook } from "./failures.ts";
import type { ImportMappings } from "./import-mappings.ts";
import type { ShadowBook } from "./shadow.ts";
import type { TopicBook } from "./topics.ts";
import type { ReceiveAnswer } from "./parts/receive.ts";
import type { WorldView } from "./world-view.ts";

/** The running system, as the API and the command line see it. Every method may throw an EarshotError. */
export interface Engine extends Exploring, Analysis, FailureBook, DriftBook, ModelDriftBook, DeprecationBook, ShadowBook, ConnectionBook, SourceSetup {
  readonly version: string;
  readonly environment: Environment;
  readonly sql: Sql;
  readonly provenance: Provenance;
  /** How authors post. */
  readonly likeness: LikenessReading;
  readonly labels: LabelBook;
  readonly labelSets: LabelSetBook;
  readonly models: ModelBook;
  readonly modelUse: ModelUseBook;
  readonly entities: EntityBook;
  readonly topics: TopicBook;
  readonly bakeoffs: BakeoffBook;
  /** ready: serving and collecting. paused: serving; collection waits for room. */
  health(): EngineHealth;
  stats(): Promise<EngineStats>;

  search(request: SearchRequest): Promise<SearchPage>;
  facets(request: FacetRequest): Promise<FacetAnswer>;
  /** @param work posts that may be looked at, as of facets; Infinity: all are counted one by one */
  count(q: string, filter: ReadFilter, work?: number): Promise<Omit<FacetAnswer, "facets">>;
  post(id: PostId, filter: ReadFilter): Promise<Post | undefined>;
  /** All hits, newest first, bounded memory. */
  export(q: string, filter: ReadFilter, signal: AbortSignal): AsyncIterable<readonly Post[]>;
  /** New posts as they become searchable, some times a second; the listener must be quick. Returns the way to stop. */
  onPosts(listener: (batch: LiveBatch) => void): () => void;

  rollups(request: RollupRequest): Promise<RollupAnswer>;

  sources(): Promise<readonly SourceView[]>;
  /** hidden: simulated posts are stored, and no read shows them, because real ones are there. */
  simulated(): Promise<"none" | "shown" | "hidden">;
  /** Refuses (CONFLICT) what the configuration file defines. */
  putSource(id: string, config: SourceConfig, actor: string): Promise<SourceView>;
  sourceActivity(): Promise<readonly SourceActivity[]>;
  readonly grants: Grants;
  /** By the hour, and the gaps. */
  sourceHistory(id: string, days: number): Promise<SourceHistory>;
  setSourcePaused(id: string, paused: boolean): Promise<SourceView>;
  /** What was sent to a source that receives; resolves when it is durable. @throws NOT_FOUND, STORE_UNAVAILABLE (paused, or no room) */
  receive(id: string, request: IncomingRequest): Promise<ReceiveAnswer>;
  removeSource(id: string, options: { readonly withData: boolean }): Promise<{ readonly removedPosts: number }>;
  /** How far the simulated world is loaded or removed; undefined: there is none. */
  world(): Promise<WorldView | undefined>;
  /** Ends the simulated world and deletes it from every store and from the log. */
  removeWorld(): Promise<{ readonly removedPosts: number }>;

  terms(): Promise<readonly TermView[]>;
  /** Newest first; each can be restored. */
  removedTerms(): Promise<readonly RemovedTermView[]>;
  /** Refuses (CONFLICT) what the configuration file defines. */
  putTerm(id: string, term: TermConfig, actor: string): Promise<TermView>;
  removeTerm(id: string, actor: string): Promise<void>;
  /** Oldest first. @throws NOT_FOUND */
  termVersions(id: string): Promise<readonly TermVersionView[]>;
  /** Says again what an older version said, as a new one; brings a removed term back. */
  restoreTerm(id: string, version: number, actor: string): Promise<TermView>;
  /** What a query would bring and cost in a day, by what is stored. */
  estimate(request: EstimateRequest): Promise<EstimateAnswer>;

  /** Lines of NDJSON in any number of chunks; resolves when refined. Progress after each bite. */
  import(chunks: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportAnswer>;
  readonly mappings: ImportMappings;

  quarantine(request: {
    readonly code?: string;
    readonly source?: string;
    readonly state?: "open" | "dismissed" | "replayed";
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<QuarantinePage>;
  quarantineItem(id: string): Promise<QuarantineItem | undefined>;
  /** What today's parser and stages would make of them; at most 20 are looked at, and nothing changes. */
  previewQuarantine(which: QuarantineChoice): Promise<QuarantinePreview>;
  dismiss(which: QuarantineChoice): Promise<number>;
  /** Puts dismissed ones back on the list. */
  reopen(which: QuarantineChoice): Promise<number>;
  /** The replay that runs, or ran last. */
  replayRun(): ReplayRun | undefined;
  /** Ends the replay after the bite that it is at; what is read stays read. */
  cancelReplay(): void;
  /** Reads kept raw again with today's parsers: the quarantine's, or a range of time of one source. */
  replay(request: ReplayRequest): Promise<ReplayAnswer>;

  /** Whom a text means: an AuthorId, a native id, or a handle (with or without @ and platform:). */
  resolveAuthor(text: string): Promise<readonly AuthorView[]>;
  erase(author: AuthorId, options: EraseOptions): Promise<ErasureView>;
  erasures(): Promise<readonly ErasureView[]>;
  /** Scans the raw bytes of every store for the author. */
  find(text: string): Promise<FindAnswer>;

  /** Writes into the audit log who saw what is usually masked, and why; resolves once it is durable. */
  noteAccess(access: { readonly actor: string; readonly action: string; readonly subject: string; readonly purpose: string }): Promise<void>;

  /** The whole running configuration, as code. */
  configuration(): Promise<string>;
  readonly backup: LiveBackup;
}

export interface EngineHealth {
  readonly status: "ok" | "starting" | "paused" | "failing" | "stopping";
  readonly detail?: string;
}

export interface EngineStats {
  readonly startedAt: number;
  readonly collectedPerSecond: number;
  readonly refinedPerSecond: number;
  readonly posts: number;
  readonly rejected: number;
  /** Frames of `events` not yet refined, and of `posts` not yet in each store. */
  readonly lag: { readonly refine: number; readonly stores: Readonly<Record<string, number>> };
  readonly stores: readonly (StoreSize & { readonly state: string; readonly error?: string })[];
  readonly log: readonly LogPartitionState[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly limits: readonly { readonly name: string; readonly value: number; readonly limit: number; readonly unit: string }[];
}

export interface SearchRequest {
  readonly q: string;
  readonly filter: ReadFilter;
  /** 1 to 1,000. */
  readonly limit: number;
  readonly cursor?: string;
  readonly order?: SearchOrder;
}
export interface SearchPage {
  readonly items: readonly Post[];
  /** For each of `items` the number of its group of near-duplicates; undefined: none is known. */
  readonly copies: readonly (number | undefined)[];
  readonly next?: string;
  /** Of the most engaged and the most relevant: matches that were compared, the newest; `all`: there are no others. */
  readonly ranked?: { readonly compared: number; readonly all: boolean };
}
export interface FacetRequest {
  readonly q: string;
  readonly filter: ReadFilter;
  readonly by: readonly ("platform" | "source" | "language" | "sentiment" | "term" | "hashtag" | "link" | "entity" | "judged" | "day")[];
  readonly top: number;
  /** Posts that are looked at; where more match, a sample is scaled up. Absent: enough for exact numbers in most searches. */
  readonly maxRows?: number;
}
export interface FacetAnswer {
  readonly posts: number;
  /** False: the work limit was reached, numbers are scaled estimates. */
  readonly exact: boolean;
  /** 95% interval of `posts`; absent: that number is exact. */
  readonly low?: number;
  readonly high?: number;
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly posts: number }[]>>;
}

export interface RollupRequest {
  readonly fromMs: number;
  readonly toMs: number;
  readonly grain: "minute" | "hour" | "day" | "all";
  readonly by: readonly ("platform" | "source" | "language" | "term")[];
  readonly filter: ReadFilter;
  readonly terms?: readonly string[];
  readonly languages?: readonly string[];
}
export interface RollupRow {
  /** Start of the bucket, milliseconds UTC; absent with grain "all". */
  readonly at?: number;
  readonly platform?: string;
  readonly source?: string;
  readonly language?: string;
  readonly term?: string;
  readonly posts: number;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  readonly unscored: number;
  /** Of the posts, those that speak so of the term that is asked for, or of each by term; without one, as a whole. */
  readonly negativeTowards: number;
  readonly neutralTowards: number;
  readonly positiveTowards: number;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  readonly views: number;
  readonly authors?: number;
  readonly authorsExact?: boolean;
}
export interface RollupAnswer {
  readonly rows: readonly RollupRow[];
  /** When the newest change that is counted came in. */
  readonly freshAt?: number;
}

export interface SourceView {
  readonly id: string;
  readonly connector: string;
  readonly platform: string;
  readonly keep: "everything" | "matching";
  readonly egress?: string;
  readonly simulated: boolean;
  readonly origin: "configuration" | "dashboard" | "built-in";
  readonly paused: boolean;
  readonly status: SourceStatus;
  readonly cursor?: string;
  readonly collected: number;
  readonly errors: number;
  readonly gaps: number;
  /** What it brings at the pace since it was started, raw; absent in its first minute. */
  readonly gbPerDay?: number;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: number };
  readonly options: Readonly<Record<string, unknown>>;
  /** What a person should do about its credentials; absent: nothing. */
  readonly warnings?: readonly string[];
}

export interface TermView extends TermConfig {
  readonly id: string;
  readonly version: number;
  readonly origin: "configuration" | "dashboard";
  /** History is being tagged again while this is below 1. */
  readonly retagged: number;
}

export interface RemovedTermView extends TermView {
  readonly removedAt: number;
}

export interface TermVersionView extends TermConfig {
  readonly version: number;
  readonly removed: boolean;
  readonly restoredFrom?: number;
  readonly actor: string;
  readonly at: number;
}

export interface EstimateRequest {
  readonly query: string;
  readonly keep: "everything" | "matching";
  readonly filter: ReadFilter;
}
/** A figure with its 95% interval. */
export interface Estimate {
  readonly low: number;
  readonly value: number;
  readonly high: number;
}
export interface EstimateAnswer {
  /** few-posts, short-time: too little is stored to say; no-sample: no source stores all that it reads. */
  readonly state: "ok" | "few-posts" | "short-time" | "no-sample";
  /** What was looked at: posts of sources that keep everything, since then. */
  readonly sample: {
    readonly posts: number;
    readonly matching: number;
    readonly exact: boolean;
    readonly fromMs: number;
    readonly toMs: number;
    readonly sources: readonly string[];
    readonly simulated: boolean;
  };
  /** Of a day, when the pace stays; absent unless ok. */
  readonly matchingPerDay?: Estimate;
  readonly storedPerDay?: Estimate;
  readonly storedGbPerDay?: Estimate;
  readonly bytesPerPost?: number;
}

export interface ImportOptions {
  /** Platform of the posts that name none. */
  readonly platform: string;
  readonly onProgress?: (soFar: ImportAnswer) => void;
  readonly signal?: AbortSignal;
  /** The chunks are one Parquet file: common fields to the file's own names of its columns; the usual names are found without. */
  readonly parquet?: Readonly<Record<string, string>>;
}
export interface ImportAnswer {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly dropped: number;
  /** The first rejected lines, with their place. */
  readonly errors: readonly { readonly line: number; readonly code: string; readonly message: string }[];
}

export interface QuarantineItem {
  readonly id: string;
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly at: number;
  readonly state: "open" | "dismissed" | "replayed";
  /** Lossless where it is UTF-8, else base64 of the start. Only in `quarantineItem`. */
  readonly raw?: string;
  readonly encoding?: "utf8" | "base64";
  /** Of the whole message, which may be longer than what is kept. */
  readonly sizeBytes?: number;
}
export interface QuarantinePage {
  readonly items: readonly QuarantineItem[];
  readonly next?: string;
  /** Of the state that was asked for; absent: of the open ones. */
  readonly reasons: readonly QuarantineReason[];
  readonly counts: Readonly<Record<"open" | "dismissed" | "replayed", number>>;
}
/** By id, or all of a reason. */
export type QuarantineChoice = { readonly ids: readonly string[] } | { readonly code?: string; readonly source?: string };
export interface QuarantinePreview {
  readonly of: number;
  readonly items: readonly { readonly item: QuarantineItem; readonly made?: Preview }[];
}
export interface AuthorView {
  readonly author: AuthorId;
  readonly platform: string;
  readonly handle?: string;
  readonly name?: string;
  readonly posts: number;
}

export interface EraseOptions {
  readonly reason: ErasureReason;
  /** Later posts are refused too. */
  readonly objection: boolean;
  /** Waits until no byte is left, instead of within the promised hours. */
  readonly now: boolean;
  readonly actor: string;
  readonly onProgress?: (step: string) => void;
}
export interface ErasureView {
  readonly id: string;
  readonly authors: readonly AuthorId[];
  readonly at: number;
  readonly reason: ErasureReason;
  readonly objection: boolean;
  readonly state: "requested" | "hidden" | "gone";
  readonly posts: number;
  readonly proofs: readonly ErasureProof[];
  readonly dueAt: number;
  readonly goneAt?: number;
}

export interface FindAnswer {
  readonly authors: readonly AuthorView[];
  /** One row a store: where the author's bytes were met. */
  readonly stores: readonly { readonly store: string; readonly files: number; readonly bytesScanned: number; readonly hits: number; readonly places: readonly string[] }[];
  readonly total: number;
}

/** New posts of a moment: all are counted, and where they are many, only some are told. */
export interface LiveBatch {
  readonly posts: readonly Post[];
  readonly counts: readonly LiveCount[];
}

/** So many posts share these. */
export interface LiveCount extends Filterable {
  readonly language: string;
  readonly posts: number;
}
