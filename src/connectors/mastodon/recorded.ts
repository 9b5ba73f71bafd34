import { createParser } from "eventsource-parser";
import { type Json, decodeJson, isJson } from "../json/decode.ts";
import { failureMessage } from "../json/failed-answer.ts";
import { parseInstant } from "../json/fields.ts";
import { type RecordedAnswer, recordedAnswers } from "../json/recorded.ts";
import { withServer } from "./parse.ts";
import { idInstant } from "./status.ts";

/** Objects in objects that are looked through. */
const deepest = 24;

/** One status by its id, and the calls below it that answer with something else than the status. */
const statusPath = /\/api\/v\d\/statuses\/([A-Za-z0-9_-]{1,64})(?:\/([a-z_]+))?\/?(?:[?#]|$)/;

interface Answer {
  /** Told by the address that was asked. */
  readonly server: string | undefined;
  /** When it was given, milliseconds UTC; undefined: not told. */
  readonly at: number | undefined;
  readonly emit: (event: string, payload: unknown) => void;
  found: number;
}

/**
 * Splits recorded answers into one message a status, account or deletion, wherever the API puts them: timelines, contexts, searches, notifications,
 * conversations, histories, reports (docs.joinmastodon.org/entities, read 2026-11). A failed answer is a message too; one that holds none of these says so.
 */
export function* splitRecorded(file: Uint8Array): Generator<Uint8Array> {
  const answers = [...recordedAnswers(file)];
  const seen = statusesById(answers);
  const newest = newestIn(answers);
  for (const recorded of answers) yield* messagesOf(recorded, seen, newest);
}

/** @param newest stands for the time of a deletion whose answer and id tell none */
function messagesOf(recorded: RecordedAnswer, seen: ReadonlyMap<string, Json>, newest: number | undefined): readonly Uint8Array[] {
  const failure = failureMessage(recorded);
  if (failure !== undefined) return [failure];
  const messages: Uint8Array[] = [];
  const server = serverOf(recorded.url);
  const answer: Answer = {
    server,
    at: instantOf(recorded.headers["date"]),
    found: 0,
    emit(event, payload) {
      this.found++;
      const isTimeless = event === "delete" && answer.at === undefined && !(typeof payload === "string" && idInstant(payload.trim()) !== undefined);
      messages.push(withServer(server, event, payload, isTimeless ? newest : answer.at));
    },
  };
  const [, id, call] = statusPath.exec(recorded.url ?? "") ?? [];
  const { body } = recorded;
  if (id !== undefined && call === "history" && Array.isArray(body)) addHistory(id, body, seen.get(`${server}/${id}`), answer);
  else if (id !== undefined && call === undefined && recorded.method === "DELETE") {
    answer.emit("delete", id);
    if (isJson(body)) addShared(body, answer, 0);
  } else if (typeof body === "string" && /^(?::|event:|data:|id:|retry:)/m.test(body)) addEventStream(body, answer);
  else if (typeof body === "string" && body.trim() !== "") return [Buffer.from(body)];
  else walk(body, answer, 0);
  if (answer.found === 0) answer.emit("none", undefined);
  return messages;
}

function walk(value: unknown, answer: Answer, depth: number): void {
  if (depth > deepest) return;
  if (Array.isArray(value)) for (const item of value) walk(item, answer, depth + 1);
  else if (isJson(value)) walkObject(value, answer, depth);
}

function walkObject(value: Json, answer: Answer, depth: number): void {
  if (isStatus(value)) addStatus(value, answer, depth);
  else if (isCountedTag(value)) answer.emit("tag", { name: value["name"], history: value["history"] });
  else if (isAccount(value)) {
    answer.emit("account", value);
    walk(value["moved"], answer, depth + 1);
  } else if (typeof value["event"] === "string" && (value["payload"] !== undefined || Array.isArray(value["stream"]))) addEvent(value["event"], value["payload"], answer, depth);
  else if (isChatMessage(value)) answer.emit("private", undefined);
  // What is not posted yet is no status, though its parameters look like one.
  else if ("scheduled_at" in value) answer.emit("scheduled", undefined);
  else for (const inside of Object.values(value)) walk(inside, answer, depth + 1);
}

function isStatus(value: Json): boolean {
  const hasContent = typeof value["content"] === "string" || isJson(value["reblog"]);
  // A status without its author or id is told, to be refused by name.
  if (!isJson(value["account"])) return hasContent && "visibility" in value && "created_at" in value;
  return hasContent || ("visibility" in value && "created_at" in value);
}

/** How often a hashtag was used by day (entity Tag; trends and searches give it with its history). */
function isCountedTag(value: Json): boolean {
  return typeof value["name"] === "string" && Array.isArray(value["history"]) && value["history"].some((day) => isJson(day) && "day" in day && "uses" in day);
}

function isAccount(value: Json): boolean {
  return typeof value["acct"] === "string" && (typeof value["url"] === "string" || typeof value["uri"] === "string") && !isMention(value);
}

/** A mention has id, username, url and acct alone. */
function isMention(value: Json): boolean {
  return !("avatar" in value) && !("display_name" in value) && !("followers_count" in value);
}

/** Chats of Pleroma (docs-develop.pleroma.social, Chats): private by nature. */
function isChatMessage(value: Json): boolean {
  return typeof value["chat_id"] === "string" && "account_id" in value && "content" in value;
}

/** A deletion answers with the status, its source text in place of the HTML (DELETE /api/v1/statuses/:id, since 2.9). */
function addStatus(status: Json, answer: Answer, depth: number): void {
  const isDeleted = typeof status["text"] === "string" && status["content"] === undefined && !isJson(status["reblog"]);
  if (isDeleted) answer.emit("delete", status["id"]);
  else answer.emit("update", status);
  addShared(status, answer, depth);
}

/** The reshared and the quoted status are posts of their own. */
function addShared(status: Json, answer: Answer, depth: number): void {
  const quote = status["quote"];
  const { pleroma } = status;
  for (const inside of [status["reblog"], quote, isJson(quote) ? quote["quoted_status"] : undefined, isJson(pleroma) ? pleroma["quote"] : undefined]) {
    if (depth < deepest && isJson(inside) && isStatus(inside)) addStatus(inside, answer, depth + 1);
  }
}

/**
 * Revisions bear no id, no visibility and no relations (entity StatusEdit): the address names the status, whose other fields are taken from where it
 * stands in the same file. The oldest revision is the status as it was posted.
 */
function addHistory(id: string, revisions: readonly unknown[], status: Json | undefined, answer: Answer): void {
  const edits = revisions.filter(isJson).toSorted((a, b) => (parseInstant(a["created_at"]) ?? 0) - (parseInstant(b["created_at"]) ?? 0));
  const { visibility, in_reply_to_id, language, uri, url } = status ?? {};
  for (const [index, edit] of edits.entries()) {
    answer.emit("update", {
      ...edit,
      id,
      ...(status && { visibility, in_reply_to_id, language, uri, url }),
      created_at: edits[0]?.["created_at"],
      ...(index > 0 && { edited_at: edit["created_at"] }),
    });
  }
}

function addEventStream(text: string, answer: Answer): void {
  const parser = createParser({ onEvent: ({ event = "message", data }) => addEvent(event, data, answer, 0) });
  parser.feed(text.endsWith("\n\n") ? text : `${text}\n\n`);
}

function addEvent(event: string, payload: unknown, answer: Answer, depth: number): void {
  if (event === "delete") return answer.emit("delete", payload);
  const value = typeof payload === "string" ? parsed(payload) : payload;
  const before = answer.found;
  if (isJson(value) && (event !== "update" || isStatus(value))) walk(value, answer, depth + 1);
  if (answer.found === before) answer.emit(event, payload);
}

function parsed(text: string): unknown {
  try {
    return decodeJson(Buffer.from(text), "payload");
  } catch {
    return undefined;
  }
}

/** The statuses that stand in the answers, by `<server>/<local id>`. */
function statusesById(answers: readonly RecordedAnswer[]): Map<string, Json> {
  const found = new Map<string, Json>();
  const look = (value: unknown, server: string | undefined, depth: number): void => {
    if (depth > deepest) return;
    if (isJson(value) && isStatus(value)) found.set(`${server}/${String(value["id"])}`, value);
    if (Array.isArray(value)) for (const item of value) look(item, server, depth + 1);
    else if (isJson(value)) for (const item of Object.values(value)) look(item, server, depth + 1);
  };
  if (answers.some(({ url }) => url !== undefined && statusPath.exec(url)?.[2] === "history")) for (const { body, url } of answers) look(body, serverOf(url), 0);
  return found;
}

/** The latest time that any answer or status of the file tells. */
function newestIn(answers: readonly RecordedAnswer[]): number | undefined {
  let newest: number | undefined;
  const look = (value: unknown, depth: number): void => {
    if (depth > deepest) return;
    if (Array.isArray(value)) for (const item of value) look(item, depth + 1);
    else if (isJson(value)) {
      for (const name of ["created_at", "edited_at"]) {
        const at = parseInstant(value[name]);
        if (at !== undefined && at > (newest ?? 0)) newest = at;
      }
      for (const item of Object.values(value)) look(item, depth + 1);
    } else if (typeof value === "string" && value.includes("created_at")) {
      for (const [, date] of value.slice(0, 1 << 20).matchAll(/"created_at\\?"\s*:\s*\\?"([^"\\]{10,40})/g)) look({ created_at: date }, depth + 1);
    }
  };
  for (const { body, headers } of answers) {
    newest = Math.max(newest ?? 0, instantOf(headers["date"]) ?? 0) || newest;
    look(body, 0);
  }
  return newest;
}

function serverOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).host.toLowerCase() || undefined : undefined;
}

function instantOf(date: string | undefined): number | undefined {
  const at = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(at) ? undefined : at;
}
