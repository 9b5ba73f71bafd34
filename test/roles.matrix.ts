import type { Role } from "../src/runtime/viewer.ts";

/**
 * What each route answers to whom: one row for each operation of the served description. `test/roles.test.ts` asks each of
 * them as everybody in its list of actors and fails for a route without a row.
 */
export interface RouteRow {
  /** Who may at least; public: nobody need sign in. */
  readonly least: Role | "public";
  /** The scope that a token needs. */
  readonly scope: string;
  /**
   * part: who is kept to a part of the data is answered, of that part alone or with nothing of the data (such a route has
   * `forKept: true` in its config, and the crawl of `test/leaks.test.ts` reaches it). refused: it speaks of all.
   */
  readonly kept: "part" | "refused";
  /** A request that does no harm when it is allowed: the path in full, with values for its parameters. */
  readonly path: string;
  readonly body?: unknown;
  /** What it answers to who may; absent: 200. */
  readonly allowed?: number;
  /** It does not end by itself. */
  readonly streams?: boolean;
}

const row = (least: RouteRow["least"], scope: string, kept: RouteRow["kept"], path: string, more: Partial<RouteRow> = {}): RouteRow => ({ least, scope, kept, path, ...more });
const nobody = "/api/v1/users/nobody";
const source = "/api/v1/sources/nothing";
const term = "/api/v1/terms/nothing";
const entity = "/api/v1/entities/nothing";
const annotation = "/api/v1/annotations/nothing";
const view = "/api/v1/views/nothing";
const labelSet = "/api/v1/label-sets/nothing";
const model = "/api/v1/models/nothing@00000000";
const noted = { at: "2026-01-01T00:00:00Z", text: "" };

export const matrix: Readonly<Record<string, RouteRow>> = {
  "GET /health": row("public", "system:read", "part", "/health"),
  "GET /api/v1/health": row("public", "system:read", "part", "/api/v1/health"),
  "GET /api/v1/openapi.json": row("public", "system:read", "part", "/api/v1/openapi.json"),
  "GET /metrics": row("viewer", "system:read", "refused", "/metrics"),
  "GET /api/v1/metrics": row("viewer", "system:read", "refused", "/api/v1/metrics"),
  "GET /api/v1/status": row("viewer", "system:read", "part", "/api/v1/status"),
  "GET /api/v1/configuration": row("admin", "system:read", "refused", "/api/v1/configuration"),

  "GET /api/v1/in/{id}": row("public", "import:read", "part", "/api/v1/in/nothing", { allowed: 404 }),
  "POST /api/v1/in/{id}": row("public", "import:write", "part", "/api/v1/in/nothing", { body: {}, allowed: 404 }),

  "GET /api/v1/backup": row("admin", "system:read", "refused", "/api/v1/backup"),
  "POST /api/v1/backup": row("admin", "system:write", "refused", "/api/v1/backup?folder=elsewhere", { allowed: 400 }),

  "GET /api/v1/me": row("viewer", "access:read", "part", "/api/v1/me"),
  "POST /api/v1/session": row("public", "access:write", "part", "/api/v1/session", { body: { code: "short" }, allowed: 400 }),
  "DELETE /api/v1/session": row("public", "access:write", "part", "/api/v1/session", { allowed: 204 }),
  "GET /api/v1/sign-in": row("public", "access:read", "part", "/api/v1/sign-in"),
  "POST /api/v1/sign-in": row("public", "access:write", "part", "/api/v1/sign-in", { body: {}, allowed: 404 }),
  "GET /api/v1/sign-in/callback": row("public", "access:read", "part", "/api/v1/sign-in/callback?code=x&state=y", { allowed: 404 }),
  "POST /api/v1/links": row("admin", "access:write", "refused", "/api/v1/links"),
  "GET /api/v1/users": row("admin", "access:read", "refused", "/api/v1/users"),
  "POST /api/v1/users": row("admin", "access:write", "refused", "/api/v1/users", { body: { name: "admin", role: "admin" }, allowed: 409 }),
  "PATCH /api/v1/users/{name}": row("admin", "access:write", "refused", nobody, { body: { role: "viewer" }, allowed: 404 }),
  "DELETE /api/v1/users/{name}": row("admin", "access:write", "refused", nobody, { allowed: 404 }),
  "POST /api/v1/users/{name}/link": row("admin", "access:write", "refused", `${nobody}/link`, { allowed: 404 }),
  "GET /api/v1/sessions": row("viewer", "access:read", "part", "/api/v1/sessions"),
  "DELETE /api/v1/sessions": row("viewer", "access:write", "part", "/api/v1/sessions"),
  "DELETE /api/v1/sessions/{id}": row("viewer", "access:write", "part", "/api/v1/sessions/0000000000000000", { allowed: 404 }),
  "GET /api/v1/tokens": row("viewer", "access:read", "part", "/api/v1/tokens"),
  "GET /api/v1/tokens/scopes": row("viewer", "access:read", "part", "/api/v1/tokens/scopes"),
  "POST /api/v1/tokens": row("viewer", "access:write", "part", "/api/v1/tokens", { body: { name: "odd", role: "viewer", scopes: ["no:scope"] }, allowed: 400 }),
  "DELETE /api/v1/tokens/{id}": row("viewer", "access:write", "part", "/api/v1/tokens/t_none", { allowed: 404 }),
  "GET /api/v1/audit": row("admin", "access:read", "refused", "/api/v1/audit"),
  "GET /api/v1/audit/verify": row("admin", "access:read", "refused", "/api/v1/audit/verify"),

  "GET /api/v1/posts": row("viewer", "posts:read", "part", "/api/v1/posts"),
  "GET /api/v1/posts/count": row("viewer", "posts:read", "part", "/api/v1/posts/count"),
  "GET /api/v1/posts/facets": row("viewer", "posts:read", "part", "/api/v1/posts/facets"),
  "GET /api/v1/posts/export": row("analyst", "posts:read", "part", "/api/v1/posts/export"),
  "GET /api/v1/posts/{id}": row("viewer", "posts:read", "part", "/api/v1/posts/p_none", { allowed: 404 }),
  "GET /api/v1/posts/{id}/trace": row("viewer", "posts:read", "refused", "/api/v1/posts/p_none/trace", { allowed: 404 }),
  "GET /api/v1/posts/{id}/raw": row("admin", "posts:read", "refused", "/api/v1/posts/p_none/raw?reveal=to+look", { allowed: 404 }),
  "GET /api/v1/posts/{id}/judgements": row("viewer", "posts:read", "part", "/api/v1/posts/p_none/judgements?task=sentiment", { allowed: 404 }),
  "GET /api/v1/posts/{id}/towards": row("viewer", "posts:read", "part", "/api/v1/posts/p_none/towards", { allowed: 404 }),
  "GET /api/v1/authors/{id}/likeness": row("viewer", "posts:read", "part", "/api/v1/authors/a1_none/likeness", { allowed: 404 }),
  "GET /api/v1/authors/likeness": row("analyst", "posts:read", "part", "/api/v1/authors/likeness"),
  "GET /api/v1/posts/{id}/reading": row("viewer", "posts:read", "part", "/api/v1/posts/p_none/reading", { allowed: 404 }),
  "GET /api/v1/posts/{id}/spread": row("viewer", "posts:read", "part", "/api/v1/posts/p_none/spread", { allowed: 404 }),
  "GET /api/v1/posts/{id}/conversation": row("viewer", "posts:read", "part", "/api/v1/posts/p_none/conversation", { allowed: 404 }),
  "GET /api/v1/posts/{id}/labels": row("viewer", "labels:read", "part", "/api/v1/posts/p_none/labels", { allowed: 404 }),
  "PUT /api/v1/posts/{id}/labels/{what}": row("analyst", "labels:write", "part", "/api/v1/posts/p_none/labels/sentiment", { body: { to: "neutral" }, allowed: 404 }),
  "GET /api/v1/labels": row("analyst", "labels:read", "part", "/api/v1/labels"),
  "GET /api/v1/labels/export": row("analyst", "labels:read", "part", "/api/v1/labels/export"),
  "GET /api/v1/models": row("viewer", "models:read", "refused", "/api/v1/models"),
  "GET /api/v1/models/{id}": row("viewer", "models:read", "refused", model, { allowed: 404 }),
  "GET /api/v1/models/use": row("viewer", "models:read", "refused", "/api/v1/models/use"),
  "PUT /api/v1/models/use": row("admin", "models:write", "refused", "/api/v1/models/use", { body: { spam: false } }),
  "POST /api/v1/models/use/history": row("admin", "models:write", "refused", "/api/v1/models/use/history"),
  "DELETE /api/v1/models/use/history": row("admin", "models:write", "refused", "/api/v1/models/use/history", { allowed: 204 }),
  "GET /api/v1/models/runs": row("viewer", "models:read", "refused", "/api/v1/models/runs"),
  "POST /api/v1/models/runs": row("analyst", "models:write", "refused", "/api/v1/models/runs", { body: { set: "nothing" }, allowed: 404 }),
  "DELETE /api/v1/models/runs/{run}": row("analyst", "models:write", "refused", "/api/v1/models/runs/none", { allowed: 404 }),
  "GET /api/v1/models/compare": row("analyst", "models:read", "refused", "/api/v1/models/compare?a=embedded&b=x@00000000", { allowed: 404 }),
  "POST /api/v1/models/{id}/test": row("analyst", "models:write", "refused", `${model}/test`, { allowed: 404 }),
  "POST /api/v1/models/{id}/evaluate": row("analyst", "models:write", "refused", `${model}/evaluate`, { body: { texts: [{ text: "a", label: "b" }] }, allowed: 404 }),
  "POST /api/v1/models/{id}/explain": row("analyst", "models:write", "refused", `${model}/explain`, { body: { text: "a" }, allowed: 404 }),
  "GET /api/v1/models/{id}/check": row("analyst", "models:read", "refused", `${model}/check`, { allowed: 404 }),
  "GET /api/v1/models/retraining": row("viewer", "models:read", "refused", "/api/v1/models/retraining"),
  "PUT /api/v1/models/retraining/{set}": row("admin", "models:write", "refused", "/api/v1/models/retraining/none", {
    body: { every: "weekly", onDrift: true, promotes: false },
    allowed: 404,
  }),
  "DELETE /api/v1/models/retraining/{set}": row("admin", "models:write", "refused", "/api/v1/models/retraining/none", { allowed: 404 }),
  "POST /api/v1/models/retraining/{set}/run": row("analyst", "models:write", "refused", "/api/v1/models/retraining/none/run", { allowed: 404 }),
  "POST /api/v1/models/{id}/retrain": row("analyst", "models:write", "refused", "/api/v1/models/none@00000000/retrain", { allowed: 404 }),
  "POST /api/v1/models/{id}/promote": row("admin", "models:write", "refused", `${model}/promote`, { allowed: 404 }),
  "POST /api/v1/models/tasks/{task}/rollback": row("admin", "models:write", "refused", "/api/v1/models/tasks/nothing/rollback", { allowed: 409 }),
  "POST /api/v1/models/tasks/{task}/rescore": row("admin", "models:write", "refused", "/api/v1/models/tasks/nothing/rescore", { allowed: 409 }),
  "PUT /api/v1/models/{id}/shadow": row("analyst", "models:write", "refused", `${model}/shadow`, { body: { share: 1 }, allowed: 404 }),
  "DELETE /api/v1/models/{id}/shadow": row("analyst", "models:write", "refused", `${model}/shadow`, { allowed: 404 }),
  "GET /api/v1/models/{id}/shadow": row("analyst", "models:read", "refused", `${model}/shadow`, { allowed: 404 }),
  "GET /api/v1/models/periods": row("viewer", "models:read", "part", "/api/v1/models/periods"),
  "GET /api/v1/models/tasks/{task}/posts": row("viewer", "models:read", "part", "/api/v1/models/tasks/nothing/posts"),

  "DELETE /api/v1/labels/{id}": row("analyst", "labels:write", "part", "/api/v1/labels/none", { allowed: 404 }),
  "GET /api/v1/models/bakeoff": row("viewer", "models:read", "refused", "/api/v1/models/bakeoff"),
  "POST /api/v1/models/bakeoff": row("analyst", "models:write", "refused", "/api/v1/models/bakeoff", { body: {}, allowed: 400 }),
  "DELETE /api/v1/models/bakeoff": row("analyst", "models:write", "refused", "/api/v1/models/bakeoff", { allowed: 204 }),
  "GET /api/v1/models/deep": row("viewer", "models:read", "refused", "/api/v1/models/deep"),

  "GET /api/v1/label-sets": row("analyst", "labels:read", "refused", "/api/v1/label-sets"),
  "POST /api/v1/label-sets": row("analyst", "labels:write", "refused", "/api/v1/label-sets", { body: {}, allowed: 400 }),
  "GET /api/v1/label-sets/{id}": row("analyst", "labels:read", "refused", labelSet, { allowed: 404 }),
  "PATCH /api/v1/label-sets/{id}": row("analyst", "labels:write", "refused", labelSet, { body: { name: "other" }, allowed: 404 }),
  "DELETE /api/v1/label-sets/{id}": row("analyst", "labels:write", "refused", labelSet, { allowed: 404 }),
  "POST /api/v1/label-sets/{id}/draw": row("analyst", "labels:write", "refused", `${labelSet}/draw`, { body: { q: "", count: 1 }, allowed: 404 }),
  "POST /api/v1/label-sets/{id}/reorder": row("analyst", "labels:write", "refused", `${labelSet}/reorder`, { allowed: 404 }),
  "POST /api/v1/label-sets/{id}/corrections": row("analyst", "labels:write", "refused", `${labelSet}/corrections`, { body: { what: "sentiment" }, allowed: 404 }),
  "POST /api/v1/label-sets/{id}/import": row("analyst", "labels:write", "refused", `${labelSet}/import?as=other`, { body: "", allowed: 400 }),
  "GET /api/v1/label-sets/{id}/export": row("analyst", "labels:read", "refused", `${labelSet}/export`, { allowed: 404 }),
  "GET /api/v1/label-sets/{id}/agreement": row("analyst", "labels:read", "refused", `${labelSet}/agreement`, { allowed: 404 }),
  "GET /api/v1/label-sets/{id}/versions": row("analyst", "labels:read", "refused", `${labelSet}/versions`, { allowed: 404 }),
  "POST /api/v1/label-sets/{id}/versions": row("analyst", "labels:write", "refused", `${labelSet}/versions`, { allowed: 404 }),
  "GET /api/v1/label-sets/{id}/next": row("analyst", "labels:read", "refused", `${labelSet}/next`, { allowed: 404 }),
  "GET /api/v1/label-sets/{id}/items": row("analyst", "labels:read", "refused", `${labelSet}/items`, { allowed: 404 }),
  "POST /api/v1/label-sets/{id}/undo": row("analyst", "labels:write", "refused", `${labelSet}/undo`, { allowed: 404 }),
  "GET /api/v1/label-sets/{id}/items/{item}": row("analyst", "labels:read", "refused", `${labelSet}/items/none`, { allowed: 404 }),
  "DELETE /api/v1/label-sets/{id}/items/{item}": row("analyst", "labels:write", "refused", `${labelSet}/items/none`, { allowed: 404 }),
  "PUT /api/v1/label-sets/{id}/items/{item}/annotation": row("analyst", "labels:write", "refused", `${labelSet}/items/none/annotation`, { body: { skipped: true }, allowed: 404 }),
  "PUT /api/v1/label-sets/{id}/items/{item}/label": row("analyst", "labels:write", "refused", `${labelSet}/items/none/label`, { body: { label: "x" }, allowed: 404 }),
  "PUT /api/v1/label-sets/{id}/items/{item}/part": row("analyst", "labels:write", "refused", `${labelSet}/items/none/part`, { body: { part: "gold" }, allowed: 404 }),
  "GET /api/v1/live": row("viewer", "posts:read", "part", "/api/v1/live", { streams: true }),
  "POST /api/v1/query/parse": row("viewer", "posts:read", "part", "/api/v1/query/parse", { body: { q: "word" } }),
  "GET /api/v1/rollups": row("viewer", "rollups:read", "part", "/api/v1/rollups"),
  "GET /api/v1/explore": row("viewer", "rollups:read", "part", "/api/v1/explore"),
  "GET /api/v1/explore/metrics": row("viewer", "rollups:read", "part", "/api/v1/explore/metrics"),

  "GET /api/v1/coverage": row("viewer", "analysis:read", "part", "/api/v1/coverage"),
  "GET /api/v1/annotations": row("viewer", "analysis:read", "part", "/api/v1/annotations"),
  "POST /api/v1/annotations": row("analyst", "analysis:write", "part", "/api/v1/annotations", { body: noted, allowed: 400 }),
  "PUT /api/v1/annotations/{id}": row("analyst", "analysis:write", "part", annotation, { body: noted, allowed: 400 }),
  "DELETE /api/v1/annotations/{id}": row("analyst", "analysis:write", "part", annotation, { allowed: 404 }),
  "GET /api/v1/views": row("viewer", "analysis:read", "part", "/api/v1/views"),
  "POST /api/v1/views": row("viewer", "analysis:write", "part", "/api/v1/views", { body: {}, allowed: 400 }),
  "PATCH /api/v1/views/{id}": row("viewer", "analysis:write", "part", view, { body: { name: "other" }, allowed: 404 }),
  "DELETE /api/v1/views/{id}": row("viewer", "analysis:write", "part", view, { allowed: 404 }),
  "PUT /api/v1/views/{id}/pin": row("viewer", "analysis:write", "part", `${view}/pin`, { body: { pinned: true }, allowed: 404 }),

  "GET /api/v1/terms": row("viewer", "terms:read", "part", "/api/v1/terms"),
  "GET /api/v1/terms/removed": row("viewer", "terms:read", "part", "/api/v1/terms/removed"),
  "GET /api/v1/terms/{id}/versions": row("viewer", "terms:read", "part", `${term}/versions`, { allowed: 404 }),
  "PUT /api/v1/terms/{id}": row("analyst", "terms:write", "refused", term, { body: { name: "", query: "" }, allowed: 400 }),
  "DELETE /api/v1/terms/{id}": row("analyst", "terms:write", "refused", term, { allowed: 404 }),
  "POST /api/v1/terms/{id}/versions/{version}/restore": row("analyst", "terms:write", "refused", `${term}/versions/1/restore`, { allowed: 404 }),
  "POST /api/v1/estimate": row("viewer", "terms:read", "refused", "/api/v1/estimate", { body: { query: "word" } }),

  "GET /api/v1/topics": row("viewer", "topics:read", "part", "/api/v1/topics"),
  "GET /api/v1/topics/lines": row("viewer", "topics:read", "refused", "/api/v1/topics/lines"),
  "GET /api/v1/entities": row("viewer", "entities:read", "refused", "/api/v1/entities"),
  "GET /api/v1/entities/export": row("analyst", "entities:read", "refused", "/api/v1/entities/export"),
  "POST /api/v1/entities/import": row("analyst", "entities:write", "refused", "/api/v1/entities/import", { body: {}, allowed: 400 }),
  "PUT /api/v1/entities/{id}": row("analyst", "entities:write", "refused", entity, { body: { name: "" }, allowed: 400 }),
  "DELETE /api/v1/entities/{id}": row("analyst", "entities:write", "refused", entity, { allowed: 404 }),
  "GET /api/v1/entities/{id}/versions": row("viewer", "entities:read", "refused", `${entity}/versions`, { allowed: 404 }),
  "POST /api/v1/entities/{id}/versions/{version}/restore": row("analyst", "entities:write", "refused", `${entity}/versions/1/restore`, { allowed: 404 }),

  "GET /api/v1/sources": row("viewer", "sources:read", "part", "/api/v1/sources"),
  "GET /api/v1/connectors": row("viewer", "sources:read", "refused", "/api/v1/connectors"),
  "GET /api/v1/sources/activity": row("viewer", "sources:read", "refused", "/api/v1/sources/activity"),
  "GET /api/v1/sources/{id}/activity": row("viewer", "sources:read", "refused", `${source}/activity`),
  "GET /api/v1/drift": row("viewer", "drift:read", "refused", "/api/v1/drift"),
  "PATCH /api/v1/drift": row("admin", "drift:write", "refused", "/api/v1/drift", { body: { source: "nothing" }, allowed: 400 }),
  "GET /api/v1/models/drift": row("viewer", "models:read", "refused", "/api/v1/models/drift"),
  "GET /api/v1/models/drift/examples": row("viewer", "models:read", "refused", "/api/v1/models/drift/examples?day=2026-01-01&task=hate&slice=all", { allowed: 404 }),
  "POST /api/v1/models/drift/look": row("analyst", "models:write", "refused", "/api/v1/models/drift/look", { body: { day: "2020-01-01" } }),
  "GET /api/v1/drift/renames": row("viewer", "drift:read", "refused", "/api/v1/drift/renames"),
  "POST /api/v1/drift/renames": row("admin", "drift:write", "refused", "/api/v1/drift/renames", { body: { source: "nothing", entity: "post", from: "a", to: "b" }, allowed: 404 }),
  "DELETE /api/v1/drift/renames/{id}": row("admin", "drift:write", "refused", "/api/v1/drift/renames/1", { allowed: 404 }),
  "POST /api/v1/drift/replay/preview": row("analyst", "drift:read", "refused", "/api/v1/drift/replay/preview", { body: { source: "nothing" }, allowed: 404 }),
  "POST /api/v1/drift/replay": row("admin", "drift:write", "refused", "/api/v1/drift/replay", { body: { source: "nothing" }, allowed: 404 }),
  "GET /api/v1/deprecations": row("viewer", "sources:read", "refused", "/api/v1/deprecations"),
  "PATCH /api/v1/deprecations/{id}": row("admin", "sources:write", "refused", "/api/v1/deprecations/1", { body: { state: "done" }, allowed: 404 }),
  "POST /api/v1/sources/{id}/shadow": row("admin", "sources:write", "refused", `${source}/shadow`, { body: {}, allowed: 400 }),
  "GET /api/v1/sources/{id}/shadow": row("analyst", "sources:read", "refused", `${source}/shadow`, { allowed: 404 }),
  "DELETE /api/v1/sources/{id}/shadow": row("admin", "sources:write", "refused", `${source}/shadow`, { allowed: 404 }),
  "GET /api/v1/shadow-runs": row("analyst", "sources:read", "refused", "/api/v1/shadow-runs"),
  "GET /api/v1/connections": row("analyst", "sources:read", "refused", "/api/v1/connections"),
  "GET /api/v1/failure-kinds": row("viewer", "sources:read", "refused", "/api/v1/failure-kinds"),
  "GET /api/v1/failures": row("viewer", "sources:read", "refused", "/api/v1/failures"),
  "GET /api/v1/failures/counts": row("viewer", "sources:read", "refused", "/api/v1/failures/counts"),
  "GET /api/v1/alarms": row("viewer", "sources:read", "refused", "/api/v1/alarms"),
  "POST /api/v1/sources/check": row("admin", "sources:write", "refused", "/api/v1/sources/check", { body: {}, allowed: 400 }),
  "POST /api/v1/sources/forecast": row("admin", "sources:write", "refused", "/api/v1/sources/forecast", { body: {}, allowed: 400 }),
  "POST /api/v1/sources/offers": row("admin", "sources:write", "refused", "/api/v1/sources/offers", { body: {}, allowed: 400 }),
  "POST /api/v1/secrets/check": row("admin", "sources:read", "refused", "/api/v1/secrets/check", { body: { references: ["env:NO_SUCH_SECRET"] } }),
  "PUT /api/v1/sources/{id}": row("admin", "sources:write", "refused", source, { body: {}, allowed: 400 }),
  "PATCH /api/v1/sources/{id}": row("admin", "sources:write", "refused", source, { body: { paused: true }, allowed: 404 }),
  "DELETE /api/v1/sources/{id}": row("admin", "sources:write", "refused", source, { allowed: 404 }),
  "GET /api/v1/grants": row("admin", "sources:read", "refused", "/api/v1/grants"),
  "POST /api/v1/grants": row("admin", "sources:write", "refused", "/api/v1/grants", { body: {}, allowed: 400 }),
  "GET /api/v1/grants/callback": row("public", "sources:read", "part", "/api/v1/grants/callback?code=x&state=y", { allowed: 303 }),
  "POST /api/v1/grants/{account}/again": row("admin", "sources:write", "refused", "/api/v1/grants/nobody/again", { body: {}, allowed: 404 }),
  "DELETE /api/v1/grants/{account}": row("admin", "sources:write", "refused", "/api/v1/grants/nobody", { allowed: 404 }),
  "DELETE /api/v1/world": row("admin", "sources:write", "refused", "/api/v1/world"),

  "GET /api/v1/quarantine": row("analyst", "quarantine:read", "refused", "/api/v1/quarantine"),
  "GET /api/v1/quarantine/{id}": row("analyst", "quarantine:read", "refused", "/api/v1/quarantine/none", { allowed: 404 }),
  "POST /api/v1/quarantine/dismiss": row("admin", "quarantine:write", "refused", "/api/v1/quarantine/dismiss", { body: { ids: [] }, allowed: 400 }),
  "POST /api/v1/quarantine/preview": row("analyst", "quarantine:read", "refused", "/api/v1/quarantine/preview", { body: { ids: ["none"] } }),
  "POST /api/v1/quarantine/reopen": row("admin", "quarantine:write", "refused", "/api/v1/quarantine/reopen", { body: { ids: ["none"] } }),
  "GET /api/v1/quarantine/replay": row("admin", "quarantine:read", "refused", "/api/v1/quarantine/replay"),
  "DELETE /api/v1/quarantine/replay": row("admin", "quarantine:write", "refused", "/api/v1/quarantine/replay", { allowed: 204 }),
  "POST /api/v1/quarantine/replay": row("admin", "quarantine:write", "refused", "/api/v1/quarantine/replay", { body: { ids: [] }, allowed: 400 }),
  "POST /api/v1/replay": row("admin", "quarantine:write", "refused", "/api/v1/replay", { body: { source: 1 }, allowed: 400 }),

  "GET /api/v1/erasures": row("admin", "erasure:read", "refused", "/api/v1/erasures"),
  "POST /api/v1/erasures": row("admin", "erasure:write", "refused", "/api/v1/erasures", { body: { author: "nobody-at-all" }, allowed: 404 }),
  "GET /api/v1/authors": row("admin", "erasure:read", "refused", "/api/v1/authors?q=nobody-at-all"),
  "POST /api/v1/find": row("admin", "erasure:read", "refused", "/api/v1/find", { body: { author: "" }, allowed: 400 }),
  "GET /api/v1/import/mappings": row("admin", "import:read", "refused", "/api/v1/import/mappings"),
  "PUT /api/v1/import/mappings/{name}": row("admin", "import:write", "refused", "/api/v1/import/mappings/odd", { body: { vendor: "other" }, allowed: 400 }),
  "DELETE /api/v1/import/mappings/{name}": row("admin", "import:write", "refused", "/api/v1/import/mappings/nothing", { allowed: 404 }),
  "GET /api/v1/import/mappings/{name}/versions": row("admin", "import:read", "refused", "/api/v1/import/mappings/nothing/versions", { allowed: 404 }),
  "POST /api/v1/import/mappings/preview": row("admin", "import:read", "refused", "/api/v1/import/mappings/preview", {
    body: { format: "csv", head: Buffer.from("Url,Date\nx,y\n").toString("base64"), whole: true },
  }),
  "POST /api/v1/import/mappings/proposal": row("admin", "import:read", "refused", "/api/v1/import/mappings/proposal", { body: { header: ["Url"] } }),
  "POST /api/v1/import": row("admin", "import:write", "refused", "/api/v1/import", { body: "" }),
};
