import type { Post } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import type { Engine } from "./engine.ts";

export interface SampleOptions {
  readonly search: Engine["search"];
  readonly q: string;
  readonly filter: ReadFilter;
  readonly fromMs: number;
  readonly toMs: number;
  /** Posts at most. */
  readonly count: number;
}

/** The span is asked for in so many equal parts, so that no busy hour stands for all. */
const parts = 24;
const mostPage = 1_000;

/** Posts of a query, spread over a span of time: of each part of it the newest. What one part lacks, the later ones may give. */
export async function samplePosts({ search, q, filter, fromMs, toMs, count }: SampleOptions): Promise<readonly Post[]> {
  const found: Post[] = [];
  const bare = q.trim();
  for (let part = 0; part < parts && found.length < count; part++) {
    const at = (share: number): string => new Date(Math.round(fromMs + ((toMs - fromMs) * share) / parts)).toISOString();
    const limit = Math.min(mostPage, Math.ceil((count - found.length) / (parts - part)));
    const page = await search({ q: `${bare === "" ? "" : `(${bare}) `}created:${at(part)}..${at(part + 1)}`, filter, limit });
    found.push(...page.items);
  }
  return found;
}
