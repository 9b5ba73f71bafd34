export interface ShadowRequest {
  /** The configuration that is tried: of the same connector. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly forMs: number;
  /** Each side ends after so many posts. */
  readonly mostPosts: number;
}

export interface ShadowSide {
  readonly state: "reading" | "ended" | "failed";
  readonly messages: number;
  readonly posts: number;
  /** Messages that the parser set aside, by code. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What two configurations of one source bring, side by side. Posts are told by their native ids; what could name a person is not shown. */
export interface ShadowView {
  readonly state: "running" | "done" | "cancelled";
  readonly startedAt: number;
  readonly endsAt: number;
  readonly old: ShadowSide;
  readonly fresh: ShadowSide;
  readonly both: number;
  readonly same: number;
  readonly onlyOld: { readonly posts: number; readonly examples: readonly string[] };
  readonly onlyFresh: { readonly posts: number; readonly examples: readonly string[] };
  /** Fields that differ in posts that both have; the most frequent first. */
  readonly fields: readonly { readonly name: string; readonly posts: number; readonly examples: readonly { readonly id: string; readonly was: string; readonly is: string }[] }[];
}

export interface ShadowBook {
  /** Reads both configurations from their beginning, beside the source, and stores nothing. @throws NOT_FOUND, CONFLICT while one runs, LIMIT_REACHED, CONFIG_INVALID */
  startShadow(id: string, request: ShadowRequest): Promise<ShadowView>;
  /** The one that runs, or ran last; undefined: none since the start. */
  shadow(id: string): ShadowView | undefined;
  cancelShadow(id: string): Promise<void>;
  /** Of each source the one that runs, or ran last since the start; the newest first. */
  shadows(): readonly { readonly source: string; readonly state: ShadowView["state"]; readonly startedAt: number }[];
}
