/** How far the simulated world is. */
export interface WorldView {
  /** preparing: it is being started. loading: its history comes in. running: only new posts come. failed: it did not start. stopped: only what it brought is there. */
  readonly state: "preparing" | "loading" | "running" | "removing" | "failed" | "stopped";
  /** Searchable simulated posts in all, some seconds old at most. */
  readonly stored: number;
  /** Searchable posts of its history; while removing: posts that are gone. */
  readonly posts: number;
  /** Posts of its history in all; while removing: posts that were there. */
  readonly of: number;
  /** While loading, at the pace so far. */
  readonly secondsLeft?: number;
}
