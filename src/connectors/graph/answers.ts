import { parseInstant } from "../json/fields.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type RecordedAnswer, recordedAnswers } from "../json/recorded.ts";
import { softId } from "./fields.ts";
import { errorIn } from "./failures.ts";
import { type Place, isGraphId, isPrivateEdge, placeOfAnswer, placeOfLinks } from "./place.ts";

/**
 * One entity, made to be understood alone: what the log holds, one event each.
 * `graph` says what it is; the rest what only its surroundings told.
 */
export interface Message extends Json {
  readonly graph: string;
  readonly value?: unknown;
}

/** How a platform's entities are told apart and what hangs on them. */
export interface Shapes {
  /** What the entity is; undefined: nothing that anybody wrote. */
  kindOf(value: Json, place: Place): string | undefined;
  /** Lists inside an entity that hold entities of their own, by field. */
  readonly edges: ReadonlySet<string>;
  /** Where the entities of such a list stand. */
  inside(value: Json, kind: string | undefined, edge: string, place: Place): Place;
  /** Messages of a webhook's payload. */
  webhook(body: Json, at: number): Iterable<Message>;
}

const mostDepth = 8;

/** All that an answer of the Graph API tells, as messages: lists, single objects, objects by id, batches, webhooks, errors. */
export function* messagesOf(answer: RecordedAnswer, shapes: Shapes, at: number): Generator<Message> {
  const { body, status, url } = answer;
  const place: Place = { ...placeOfAnswer(url, body), at };
  const error = errorIn(body);
  if (error !== undefined || (status !== undefined && status >= 400)) {
    yield failure(status, answer.headers, error);
    // Part of an answer may stand beside what went wrong with the rest.
    if (isJson(body) && Array.isArray(body["data"])) yield* bodyIn(body, shapes, place, 0);
    return;
  }
  if (typeof body === "string") {
    if (body.trim() !== "") yield { graph: "unreadable", ...(status !== undefined && { status }) };
    return;
  }
  yield* bodyIn(body, shapes, place, 0);
}

function failure(status: number | undefined, headers: Readonly<Record<string, string>>, error: Json | undefined): Message {
  const usage = headers["x-business-use-case-usage"];
  return { graph: "failure", ...(status !== undefined && { status }), ...(error !== undefined && { error: withoutTokens(error) }), ...(usage !== undefined && { usage }) };
}

function* bodyIn(body: unknown, shapes: Shapes, place: Place, depth: number): Generator<Message> {
  if (depth > mostDepth) return;
  if (Array.isArray(body)) {
    for (const item of body) {
      if (isBatchPart(item)) yield* batchPart(item, shapes, place);
      else if (item === null) yield { graph: "failure", status: 504 };
      else if (errorIn(item) !== undefined) yield* messagesOf({ headers: {}, body: item }, shapes, place.at);
      else yield* bodyIn(item, shapes, place, depth + 1);
    }
    return;
  }
  if (!isJson(body)) return;
  if (typeof body["object"] === "string" && Array.isArray(body["entry"])) {
    yield* shapes.webhook(body, place.at);
    return;
  }
  const { data } = body;
  if (Array.isArray(data)) {
    yield* listIn(body, data, shapes, place, depth);
    return;
  }
  if (isJson(data) && body["id"] === undefined) {
    yield* bodyIn(data, shapes, place, depth + 1);
    return;
  }
  const names = Object.keys(body);
  if (names.length > 0 && names.every((name) => isGraphId(name) && isJson(body[name]))) {
    for (const name of names) {
      const value = body[name];
      if (!isJson(value)) continue;
      const error = errorIn(value);
      if (error !== undefined) yield failure(undefined, {}, error);
      else if (Array.isArray(value["data"])) yield* listIn(value, value["data"], shapes, { ...place, ...placeOfLinks(value), object: name }, depth);
      else yield* entity(value["id"] === undefined ? { id: name, ...value } : value, shapes, { at: place.at }, depth + 1);
    }
    return;
  }
  yield* entity(body, shapes, place, depth + 1);
}

function* listIn(list: Json, data: readonly unknown[], shapes: Shapes, place: Place, depth: number): Generator<Message> {
  const { summary } = list;
  const counted = place.edge === "likes" || place.edge === "reactions" || place.edge === "comments" || place.edge === "sharedposts";
  // Inside of an entity, the entity tells its counts.
  if (depth === 0 && counted && place.object !== undefined && isJson(summary) && summary["total_count"] !== undefined)
    yield { graph: "counts", at: place.at, value: { id: place.object, [place.edge ?? ""]: { summary } } };
  if (place.edge === "likes" || place.edge === "reactions") return;
  if (place.edge === "insights" || data.some((item) => isInsight(item))) {
    yield* insightsIn(data, place);
    return;
  }
  for (const item of data) if (isJson(item)) yield* entity(item, shapes, place, depth + 1);
}

function* entity(value: Json, shapes: Shapes, place: Place, depth: number): Generator<Message> {
  if (depth > mostDepth) return;
  if (isInsight(value)) {
    yield* insightsIn([value], place);
    return;
  }
  const kind = isPrivateEdge(place.edge) ? "private" : shapes.kindOf(value, place);
  const own: Record<string, unknown> = {};
  const inner: { readonly edge: string; readonly value: Json }[] = [];
  for (const [name, field] of Object.entries(value)) {
    if (isSecretField(name)) continue;
    if (isJson(field) && shapes.edges.has(name)) {
      if (Array.isArray(field["data"])) {
        inner.push({ edge: name, value: field });
        const { data: _, paging: __, ...rest } = field;
        if (Object.keys(rest).length > 0) own[name] = withoutTokens(rest);
      } else {
        inner.push({ edge: name, value: field });
        if (kind !== "private") own[name] = typeof field["id"] === "string" ? { id: field["id"] } : withoutTokens(field);
      }
    } else if (isJson(field) && (name === "likes" || name === "reactions" || isJson(field["summary"])) && Array.isArray(field["data"])) {
      // Who liked it is nobody's business here; how many is.
      const { data: _, paging: __, ...rest } = field;
      own[name] = withoutTokens(rest);
    } else own[name] = withoutTokens(field);
  }
  // What is private is named and not kept.
  if (kind === "private") yield { graph: "private", ...(typeof value["id"] === "string" && { id: value["id"] }) };
  else if (kind !== undefined) {
    const { object, edge, owner, ownerName, root, at } = place;
    yield {
      graph: kind,
      ...(object !== undefined && { object }),
      ...(edge !== undefined && { edge }),
      ...(owner !== undefined && { owner }),
      ...(ownerName !== undefined && { ownerName }),
      ...(root !== undefined && { root }),
      at,
      value: own,
    };
  }
  if (kind === "private") return;
  for (const { edge, value: list } of inner) {
    const at = shapes.inside(value, kind, edge, place);
    if (Array.isArray(list["data"])) yield* listIn(list, list["data"], shapes, at, depth + 1);
    else yield* entity(list, shapes, at, depth + 1);
  }
}

function isInsight(value: unknown): value is Json {
  return isJson(value) && typeof value["name"] === "string" && (Array.isArray(value["values"]) || isJson(value["total_value"])) && ("period" in value || "title" in value);
}

/** Figures of one object in one message: they are one count at one time. */
function* insightsIn(data: readonly unknown[], place: Place): Generator<Message> {
  const byObject = new Map<string, Record<string, unknown>>();
  for (const item of data) {
    if (!isInsight(item)) continue;
    const told = typeof item["id"] === "string" && item["id"].includes("/insights/") ? softId(item["id"].split("/insights/")[0]) : undefined;
    const id = told ?? place.object;
    if (id === undefined) continue;
    const values: unknown[] = Array.isArray(item["values"]) ? item["values"] : [];
    const last = values.findLast((one) => isJson(one) && "value" in one);
    const total = item["total_value"];
    const value = isJson(last) ? last["value"] : isJson(total) ? total["value"] : undefined;
    const metrics = byObject.get(id) ?? {};
    metrics[`${String(item["name"])}/${typeof item["period"] === "string" ? item["period"] : "lifetime"}`] = value;
    byObject.set(id, metrics);
  }
  for (const [id, metrics] of byObject) yield { graph: "insights", at: place.at, value: { id, metrics } };
}

function isBatchPart(item: unknown): item is Json {
  return isJson(item) && typeof item["code"] === "number" && "body" in item;
}

function* batchPart(item: Json, shapes: Shapes, place: Place): Generator<Message> {
  const headers: Record<string, string> = {};
  const list: unknown[] = Array.isArray(item["headers"]) ? item["headers"] : [];
  for (const header of list) if (isJson(header)) headers[String(header["name"]).toLowerCase()] = String(header["value"]);
  const text = item["body"];
  let body: unknown = text;
  if (typeof text === "string") {
    try {
      body = JSON.parse(text);
    } catch {
      body = text;
    }
  }
  yield* messagesOf({ headers, body, ...(typeof item["code"] === "number" && { status: item["code"] }) }, shapes, place.at);
}

/** The stream addresses of a live video hold the key with which anybody can send to it (Live Video reference, 2026-11). */
const secretFields = new Set(
  "access_token appsecret_proof page_token __proto__ stream_url secure_stream_url dash_ingest_url ingest_streams stream_secondary_urls secure_stream_secondary_urls".split(" "),
);

function isSecretField(name: string): boolean {
  return secretFields.has(name);
}

/** The value without tokens: objects of pages carry theirs, page links the caller's. */
export function withoutTokens(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTokens);
  if (!isJson(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) if (!isSecretField(name) && name !== "paging") kept[name] = withoutTokens(field);
  return kept;
}

/** Splits a recorded file into messages; when the answer's date is not told, what has no time of its own is of now. */
export function* splitGraph(file: Uint8Array, shapes: Shapes): Generator<Uint8Array> {
  for (const answer of recordedAnswers(file)) {
    const date = Date.parse(answer.headers["date"] ?? "");
    let found = 0;
    for (const message of messagesOf(answer, shapes, parseInstant(date) ?? Date.now())) {
      found++;
      yield Buffer.from(JSON.stringify(message));
    }
    // What holds nothing that anybody wrote or counted is told, too.
    if (found === 0) yield Buffer.from(JSON.stringify({ graph: "nothing" } satisfies Message));
  }
}
