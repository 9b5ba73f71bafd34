import type { FastifyContextConfig, FastifyInstance, FastifySchema } from "fastify";

export type ScopeKind = "read" | "write";

/** What of the API a scope opens. */
export interface ScopeArea {
  readonly tag: string;
  /** Routes that it opens by their summaries; empty: there is nothing of this kind. */
  readonly read: readonly string[];
  readonly write: readonly string[];
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

export const isSafe = (method: string): boolean => safeMethods.has(method);

/** What a token can be kept to: reading or writing under one of the API's tags; writing includes reading. */
export function scopeOf(tag: string, what: ScopeKind): string {
  return `${tag}:${what}`;
}

/** Where a route stands among the scopes. */
export function placeOf(method: string, { config, schema }: { readonly config?: FastifyContextConfig | undefined; readonly schema?: FastifySchema | undefined }) {
  const kind: ScopeKind = isSafe(method) || config?.reads === true ? "read" : "write";
  return { tag: schema?.tags?.[0] ?? "system", kind };
}

/** Gathers the routes that are added from here on. */
export function collectScopes(app: FastifyInstance): () => readonly ScopeArea[] {
  const areas = new Map<string, Record<ScopeKind, Set<string>>>();
  app.addHook("onRoute", ({ method, schema, config }) => {
    if (schema?.summary === undefined || config?.access === "public") return;
    for (const each of Array.isArray(method) ? method : [method]) {
      const { tag, kind } = placeOf(each, { schema, config });
      const area = areas.get(tag) ?? { read: new Set(), write: new Set() };
      area[kind].add(schema.summary);
      areas.set(tag, area);
    }
  });
  return () => [...areas].map(([tag, { read, write }]) => ({ tag, read: [...read], write: [...write] })).toSorted((a, b) => a.tag.localeCompare(b.tag));
}
