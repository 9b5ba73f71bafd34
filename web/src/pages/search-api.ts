import { ask, type PostView } from "../shell/api.ts";
import type { Listen } from "../shell/listen.ts";
import { anyOf, closed } from "../shell/query.ts";

export const orders = ["newest", "oldest", "engaged", "relevance"] as const;
export type Order = (typeof orders)[number];

/** copies: the same number on posts that say the same. pages: canonical addresses that it links. */
export type Hit = PostView & { readonly copies?: number; readonly pages?: readonly string[] };

export interface Hits {
  readonly items: readonly Hit[];
  readonly next: string | null;
  readonly ranked?: { readonly compared: number; readonly all: boolean };
}
export interface PageAsked {
  readonly cursor: string | undefined;
  readonly limit: number;
}
export function searchIn(q: string, order: Order, { cursor, limit }: PageAsked, signal: AbortSignal): Promise<Hits> {
  const query = new URLSearchParams({ q, limit: String(limit), ...(order !== "newest" && { order }), ...(cursor !== undefined && { cursor }) });
  return ask(`/api/v1/posts?${query.toString()}`, { signal });
}

/** text: near-duplicates. spread: also shares of one post, and posts that link one page. all: nothing is folded. */
export const foldings = ["text", "spread", "all"] as const;
export type Folding = (typeof foldings)[number];

export interface Folded {
  readonly post: Hit;
  /** Those after it that belong to it. */
  readonly copies: readonly Hit[];
}

function keysOf({ id, copies, reshareOf, pages = [] }: Hit, folding: Folding): readonly string[] {
  if (folding === "all") return [];
  const text = copies === undefined ? [] : [`copies ${copies}`];
  return folding === "text" ? text : [...text, `post ${reshareOf ?? id}`, ...pages.map((page) => `page ${page}`)];
}

/** One of each group, the first that comes; the order stays. A post that ties two groups together makes one of them. */
export function foldHits(hits: readonly Hit[], folding: Folding): readonly Folded[] {
  const folded: { post: Hit; copies: Hit[] }[] = [];
  const byKey = new Map<string, { post: Hit; copies: Hit[] }>();
  for (const post of hits) {
    const keys = keysOf(post, folding);
    const known = [...new Set(keys.map((key) => byKey.get(key)).filter((group) => group !== undefined))].sort((a, b) => folded.indexOf(a) - folded.indexOf(b));
    const [first, ...others] = known;
    const group = first ?? { post, copies: [] };
    if (first === undefined) folded.push(group);
    else group.copies.push(post);
    for (const other of others) {
      group.copies.push(other.post, ...other.copies);
      folded.splice(folded.indexOf(other), 1);
      for (const [key, of] of byKey) if (of === other) byKey.set(key, group);
    }
    for (const key of keys) byKey.set(key, group);
  }
  return folded;
}

export const facetNames = ["platform", "language", "sentiment", "term", "judged", "entity", "hashtag", "link"] as const;
export type FacetName = (typeof facetNames)[number];
export interface Facets {
  readonly posts: number;
  readonly exact: boolean;
  readonly facets: Readonly<Partial<Record<FacetName, readonly { readonly value: string; readonly posts: number }[]>>>;
}
/** Posts looked at for the facets and for the number: they stand there at once, and are told as estimates where more match. */
const work = 8_000;

export interface Count {
  readonly posts: number;
  readonly exact: boolean;
  /** 95% interval of an estimate. */
  readonly low?: number;
  readonly high?: number;
}
/** @param isExact count to the last, however long it takes */
export const countOf = (q: string, isExact: boolean, signal: AbortSignal): Promise<Count> =>
  ask(`/api/v1/posts/count?${new URLSearchParams({ q, ...(isExact ? { exact: "true" } : { work: String(work) }) }).toString()}`, { signal });

export function facetsOf(q: string, signal: AbortSignal): Promise<Facets> {
  const query = new URLSearchParams({ q, by: facetNames.join(","), top: "8", work: String(work) });
  return ask(`/api/v1/posts/facets?${query.toString()}`, { signal });
}

const minuteMs = 60_000;

/** The query with what the bar holds; a range stays open at its end, so that new posts belong to it. */
export function withListen(q: string, listen: Listen, hasTime: boolean): string {
  const from = new Date(Math.floor(listen.fromMs / minuteMs) * minuteMs).toISOString();
  const time = !hasTime ? [] : [listen.range === undefined ? `created:${new Date(listen.fromMs).toISOString()}..${new Date(listen.toMs).toISOString()}` : `created:${from}..`];
  const conditions = [...anyOf("platform", listen.platforms), ...anyOf("term", listen.terms), ...anyOf("language", listen.languages), ...time];
  return conditions.length === 0 ? q : [...closed(q), ...conditions].join(" ");
}

export type ExportFormat = "ndjson" | "csv";

/** Counts records as their bytes pass: lines outside of quotes. */
export function makeRecordCounter(format: ExportFormat): (bytes: Uint8Array) => number {
  let records = format === "csv" ? -1 : 0;
  let isQuoted = false;
  return (bytes) => {
    for (const byte of bytes) {
      if (byte === 0x22 && format === "csv") isQuoted = !isQuoted;
      else if (byte === 0x0a && !isQuoted) records++;
    }
    return Math.max(0, records);
  };
}

/** Reads the export as it is made; the parts together are the file. @throws AbortError when it is cancelled */
export async function readExport(q: string, format: ExportFormat, onPosts: (posts: number) => void, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(`/api/v1/posts/export?${new URLSearchParams({ q, format }).toString()}`, { signal });
  if (!response.ok || response.body === null) {
    const problem: { readonly detail?: string } = await response.json().catch(() => ({}));
    throw new Error(problem.detail ?? `The server answered ${response.status}.`);
  }
  const count = makeRecordCounter(format);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    onPosts(count(value));
  }
  return new Blob(parts, { type: format === "csv" ? "text/csv" : "application/x-ndjson" });
}
