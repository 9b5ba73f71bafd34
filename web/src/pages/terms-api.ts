import { ask } from "../shell/api.ts";
import type { RemovedTermAnswer, TermAnswer, TermVersionAnswer } from "../../../src/api/term-schemas.ts";

export type { RemovedTermAnswer, TermAnswer, TermVersionAnswer };

export const kinds = ["brand", "competitor", "campaign", "topic"] as const;
export type Kind = (typeof kinds)[number];
export const kindOf = (text: string | null): Kind => kinds.find((kind) => kind === text) ?? "brand";

export interface TermDraft {
  readonly name: string;
  readonly kind: Kind;
  readonly query: string;
  readonly handles: readonly string[];
  readonly colour?: string;
}

const pathOf = (id: string): string => `/api/v1/terms/${encodeURIComponent(id)}`;
export const termsOf = (): Promise<{ items: readonly TermAnswer[] }> => ask("/api/v1/terms");
export const removedTerms = (): Promise<{ items: readonly RemovedTermAnswer[] }> => ask("/api/v1/terms/removed");
export const putTerm = (id: string, draft: TermDraft): Promise<TermAnswer> =>
  ask(pathOf(id), { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(draft) });
export const removeTerm = (id: string): Promise<void> => ask(pathOf(id), { method: "DELETE" });
export const versionsOf = (id: string): Promise<{ items: readonly TermVersionAnswer[] }> => ask(`${pathOf(id)}/versions`);
export const restoreTerm = (id: string, version: number): Promise<TermAnswer> => ask(`${pathOf(id)}/versions/${version}/restore`, { method: "POST" });
export const taggedCount = (id: string): Promise<{ posts: number; exact: boolean }> => ask(`/api/v1/posts/count?${new URLSearchParams({ q: `term:${id}` }).toString()}`);

export interface DayCounts {
  readonly posts: ReadonlyMap<string, number>;
  readonly fromMs: number;
  readonly freshAt: string | null;
}
/** Posts of the last 24 hours, by term. */
export async function dayCounts(): Promise<DayCounts> {
  const toMs = Math.ceil(Date.now() / 60_000) * 60_000;
  const fromMs = toMs - 24 * 3_600_000;
  const query = new URLSearchParams({ by: "term", grain: "all", from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
  const answer = await ask<{ rows: readonly { term?: string; posts: number }[]; freshAt: string | null }>(`/api/v1/rollups?${query.toString()}`);
  return { posts: new Map(answer.rows.map((row) => [row.term ?? "", row.posts])), fromMs, freshAt: answer.freshAt };
}

/** An id made of the name's letters, free among those taken. */
export function idFor(name: string, taken: ReadonlySet<string>): string {
  const base =
    name
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 50)
      .replace(/-+$/, "") || "term";
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
}
