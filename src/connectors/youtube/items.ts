import { type Json, decodeJson, isJson } from "../json/decode.ts";
import { parseInstant } from "../json/fields.ts";
import { type RecordedAnswer, recordedAnswers } from "../json/recorded.ts";

/** The kind of a resource without `youtube#`, by its shape where it is not told; "": unknown. */
export function kindOf(item: Json): string {
  const { kind } = item;
  if (typeof kind === "string" && kind !== "") return kind.replace(/^youtube#/, "");
  const snippet = isJson(item["snippet"]) ? item["snippet"] : {};
  const statistics = isJson(item["statistics"]) ? item["statistics"] : {};
  if ("topLevelComment" in snippet) return "commentThread";
  if ("textDisplay" in snippet || "textOriginal" in snippet) return "comment";
  if ("liveChatId" in snippet && "type" in snippet) return "liveChatMessage";
  if (isJson(item["id"])) return "searchResult";
  if ("playlistId" in snippet && "resourceId" in snippet) return "playlistItem";
  if ("subscriberCount" in statistics || (typeof item["id"] === "string" && /^UC[A-Za-z0-9_-]{22}$/.test(item["id"]))) return "channel";
  if ("type" in snippet && "channelId" in snippet) return "activity";
  if ("viewCount" in statistics || (typeof item["id"] === "string" && /^[A-Za-z0-9_-]{11}$/.test(item["id"]) && "channelId" in snippet && "title" in snippet)) return "video";
  return "";
}

/** What lists of a method hold (…ListResponse), and what the method's address says. */
function itemKind(list: Json, url: string | undefined): string | undefined {
  const { kind } = list;
  const told = typeof kind === "string" ? /^(?:youtube#)?([A-Za-z0-9]+?)(?:List)?Response$/.exec(kind)?.[1] : undefined;
  if (told !== undefined) return `youtube#${told === "search" ? "searchResult" : told}`;
  const method = url === undefined ? undefined : /\/youtube\/v3\/([A-Za-z]+)/.exec(url)?.[1];
  if (method === undefined) return undefined;
  const one = method === "search" ? "searchResult" : method === "activities" ? "activity" : method.replace(/s$/, "");
  return `youtube#${one}`;
}

/** The resources in an answer, each by itself, with the time when it was read: a thread's replies apart from it, knowing the thread's video. */
export function* itemsIn(body: unknown, at: number | undefined, url?: string): Generator<Json> {
  if (Array.isArray(body)) {
    for (const one of body) yield* itemsIn(one, at, url);
    return;
  }
  if (!isJson(body)) return;
  const list = body["items"];
  if (Array.isArray(list)) {
    const kind = itemKind(body, url);
    for (const item of list) if (isJson(item)) yield* apart(kind !== undefined && typeof item["kind"] !== "string" && kindOf(item) === "" ? { kind, ...item } : item, at);
    // Captions, ratings and the like are lists too; an error beside the items is told.
    if (isJson(body["error"])) yield { error: body["error"] };
    return;
  }
  const { kind } = body;
  // A list without items holds nothing.
  if (typeof kind === "string" && kind.endsWith("ListResponse") && body["error"] === undefined) return;
  yield* apart(body, at);
}

function* apart(item: Json, at: number | undefined): Generator<Json> {
  const timed = at === undefined || item["error"] !== undefined ? item : { at, ...item };
  const replies = isJson(item["replies"]) && Array.isArray(item["replies"]["comments"]) ? item["replies"]["comments"] : undefined;
  if (kindOf(item) !== "commentThread" || replies === undefined) {
    yield timed;
    return;
  }
  const { replies: _, ...thread } = timed;
  const snippet = isJson(item["snippet"]) ? item["snippet"] : undefined;
  if (snippet !== undefined) yield thread;
  const videoId = snippet?.["videoId"];
  for (const reply of replies) if (isJson(reply)) yield replyOf(reply, typeof videoId === "string" ? videoId : undefined, item["id"], at ?? timed["at"]);
}

/** A reply with what its thread alone tells. */
export function replyOf(reply: Json, videoId: string | undefined, threadId: unknown, at: unknown): Json {
  const snippet = isJson(reply["snippet"]) ? reply["snippet"] : {};
  const parent = typeof threadId === "string" && threadId !== "" ? { parentId: threadId } : {};
  return { kind: "youtube#comment", ...(at !== undefined && { at }), ...reply, snippet: { ...(videoId !== undefined && { videoId }), ...parent, ...snippet } };
}

/** A list that holds nothing is told, too. */
const nothing = encode({ kind: "youtube#nothing" });

/** Messages of a recorded file: a resource or an error each. */
export function* splitRecorded(file: Uint8Array): Generator<Uint8Array> {
  for (const answer of recordedAnswers(file)) yield* messagesOf(answer);
}

function* messagesOf(answer: RecordedAnswer): Generator<Uint8Array> {
  const { body, status, headers, url } = answer;
  const failed = status !== undefined && status >= 400;
  if (typeof body === "string" || !(isJson(body) || Array.isArray(body))) {
    const text = typeof body === "string" ? body.trim() : "";
    const told = status ?? statusOfPage(text);
    if (told !== undefined && told >= 400) yield encode({ error: { code: told } });
    // A 204 or 304 has no body; what else is no JSON is for the parser to refuse.
    else yield text === "" && status !== undefined ? nothing : Buffer.from(text);
    return;
  }
  if (failed && !(isJson(body) && hasError(body))) {
    yield encode({ error: { code: status } });
    return;
  }
  if (isJson(body) && !Array.isArray(body["items"]) && hasError(body)) {
    // Answers that lost their envelope hold the list of reasons alone.
    const error = body["error"] ?? { errors: body["errors"], ...(typeof body["code"] === "number" && { code: body["code"] }) };
    const code = status === undefined ? {} : { code: status };
    yield encode({ error: isJson(error) ? { ...code, ...error } : { ...code, reason: String(error) } });
    return;
  }
  // A recording without a date was read when it is parsed.
  const at = (headers["date"] === undefined ? Number.NaN : Date.parse(headers["date"])) || Date.now();
  let found = 0;
  for (const item of itemsIn(body, parseInstant(at) ?? at, url)) {
    found++;
    yield encode(item);
  }
  if (found === 0) yield nothing;
}

function hasError(body: Json): boolean {
  return (body["error"] ?? undefined) !== undefined || (Array.isArray(body["errors"]) && body["errors"].length > 0 && body["kind"] === undefined);
}

/** Google's pages for failed calls name their status in the title: `Error 502 (Server Error)!!1`. */
function statusOfPage(text: string): number | undefined {
  const told = /<title>[^<]*?\b([45]\d\d)\b/i.exec(text)?.[1];
  return told === undefined ? undefined : Number(told);
}

export function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function decodeBody(bytes: Uint8Array): Json | undefined {
  try {
    const value = decodeJson(bytes, "answer");
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
