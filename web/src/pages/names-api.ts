import type { EntityAnswer } from "../../../src/api/entity-schemas.ts";
import { ask } from "../shell/api.ts";

export type { EntityAnswer };
export const entityKinds = ["brand", "organisation", "person", "product", "place"] as const;
export type EntityKind = (typeof entityKinds)[number];
export const entityKindOf = (text: string | null): EntityKind => entityKinds.find((kind) => kind === text) ?? "brand";

export type EntityDraft = Omit<EntityAnswer, "id" | "version" | "changedAt" | "relinked">;
export interface EntityVersionAnswer extends EntityDraft {
  readonly version: number;
  readonly removed: boolean;
  readonly restoredFrom?: number;
  readonly actor: string;
  readonly at: string;
}

const pathOf = (id: string): string => `/api/v1/entities/${encodeURIComponent(id)}`;
const json = { "content-type": "application/json" };
export const entitiesOf = (): Promise<{ items: readonly EntityAnswer[] }> => ask("/api/v1/entities");
export const putEntity = (id: string, draft: EntityDraft): Promise<EntityAnswer> => ask(pathOf(id), { method: "PUT", headers: json, body: JSON.stringify(draft) });
export const removeEntity = (id: string): Promise<void> => ask(pathOf(id), { method: "DELETE" });
export const entityVersions = (id: string): Promise<{ items: readonly EntityVersionAnswer[] }> => ask(`${pathOf(id)}/versions`);
export const restoreEntity = (id: string, version: number): Promise<EntityAnswer> => ask(`${pathOf(id)}/versions/${version}/restore`, { method: "POST" });
export const importEntities = (csv: string): Promise<{ added: number; changed: number; same: number }> =>
  ask("/api/v1/entities/import", { method: "POST", headers: json, body: JSON.stringify({ csv }) });

export interface LinkedCounts {
  readonly posts: ReadonlyMap<string, number>;
  readonly exact: boolean;
  readonly fromMs: number;
}
/** Posts of the last 24 hours, by entry. */
export async function linkedCounts(): Promise<LinkedCounts> {
  const fromMs = Math.floor(Date.now() / 60_000) * 60_000 - 24 * 3_600_000;
  const query = new URLSearchParams({ q: `created:${new Date(fromMs).toISOString().slice(0, 16)}Z..`, by: "entity", top: "200" });
  const answer = await ask<{ exact: boolean; facets: { entity?: readonly { value: string; posts: number }[] } }>(`/api/v1/posts/facets?${query.toString()}`);
  return { posts: new Map((answer.facets.entity ?? []).map(({ value, posts }) => [value, posts])), exact: answer.exact, fromMs };
}
