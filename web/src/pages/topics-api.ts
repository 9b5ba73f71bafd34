import type { TopicLinesView, TopicsView } from "../../../src/api/topic-schemas.ts";
import { ask, type PostView } from "../shell/api.ts";

export type { TopicLinesView, TopicsView };
export type TopicView = TopicsView["topics"][number];
export type LineView = TopicLinesView["items"][number];

export interface TopicsAsked {
  readonly q: string;
  readonly fromMs: number;
  readonly toMs: number;
}
export function topicsOf({ q, fromMs, toMs }: TopicsAsked, signal: AbortSignal): Promise<TopicsView> {
  const query = new URLSearchParams({ q, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), compare: "before" });
  return ask(`/api/v1/topics?${query.toString()}`, { signal });
}
export function linesOf(fromMs: number, toMs: number, signal: AbortSignal): Promise<TopicLinesView> {
  const query = new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
  return ask(`/api/v1/topics/lines?${query.toString()}`, { signal });
}
/** Those that are still there. */
export async function postsOf(ids: readonly string[]): Promise<readonly PostView[]> {
  const found = await Promise.allSettled(ids.map((id) => ask<PostView>(`/api/v1/posts/${encodeURIComponent(id)}`)));
  return found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

export const shownWords = 5;
export const nameOf = ({ words }: { readonly words: readonly string[] }): string => words.slice(0, shownWords).join(", ");

/** A search that finds most of a topic's posts. */
export function searchOf({ words, language }: { readonly words: readonly string[]; readonly language: string }, fromMs: number, toMs: number): string {
  const any = words
    .slice(0, shownWords)
    .map((word) => `"${word}"`)
    .join(" OR ");
  const said = /^[a-z]{2,3}$/.test(language) ? ` language:${language}` : "";
  return `(${any})${said} created:${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`;
}
