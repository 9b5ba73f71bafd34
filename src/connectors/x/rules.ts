import { EarshotError } from "../../core/errors.ts";
import { type Json, isJson } from "../json/decode.ts";
import type { Api } from "./api.ts";
import { idOf, objectsIn } from "./ids.ts";
import { failureOf } from "./problem.ts";

interface Rule {
  readonly id: string;
  readonly value: string;
  readonly tag: string;
}

/**
 * Makes the app's stream rules of our tag those of the queries, and leaves everybody else's alone. Gives the ids of the rules that
 * speak for our queries: where another's rule says the same, X refuses a second one, and that one speaks for us.
 * @throws UPSTREAM_REFUSED where X does not accept a query or has no room
 */
export async function syncRules(api: Api, queries: readonly string[], tag: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const held = await list(api, signal);
  const stale = held.filter((rule) => rule.tag === tag && !queries.includes(rule.value));
  if (stale.length > 0) await change(api, { delete: { ids: stale.map((rule) => rule.id) } }, signal);
  const missing = queries.filter((query) => !held.some((rule) => rule.value === query));
  if (missing.length === 0) return ours(held, queries);
  await change(api, { add: missing.map((value) => ({ value, tag })) }, signal);
  return ours(await list(api, signal), queries);
}

function ours(rules: readonly Rule[], queries: readonly string[]): ReadonlySet<string> {
  return new Set(rules.filter((rule) => queries.includes(rule.value)).map((rule) => rule.id));
}

async function list(api: Api, signal: AbortSignal): Promise<readonly Rule[]> {
  const rules: Rule[] = [];
  let token: string | undefined;
  do {
    const body: Json = await api.get("stream-rules", token === undefined ? {} : { pagination_token: token }, signal);
    for (const rule of objectsIn(body["data"])) {
      const id = idOf(rule["id"]);
      if (id !== undefined && typeof rule["value"] === "string") rules.push({ id, value: rule["value"], tag: typeof rule["tag"] === "string" ? rule["tag"] : "" });
    }
    const meta = isJson(body["meta"]) ? body["meta"] : {};
    token = typeof meta["next_token"] === "string" ? meta["next_token"] : undefined;
  } while (token !== undefined);
  return rules;
}

async function change(api: Api, body: unknown, signal: AbortSignal): Promise<void> {
  const answer = await api.post("stream-rules-change", body, signal);
  const bad = objectsIn(answer["errors"]).find((problem) => !/duplicate/i.test(String(problem["title"])));
  if (bad === undefined) return;
  const failure = failureOf(bad, undefined);
  throw new EarshotError(failure.code === "UPSTREAM_UNAVAILABLE" ? "UPSTREAM_REFUSED" : failure.code, `x: a rule of the stream was refused: ${failure.doc}`);
}
