import { EarshotError } from "../../core/errors.ts";
import type { ErasureReason, Outcome, SourceEvent } from "../../core/event.ts";
import { type Json, isJson } from "../json/decode.ts";
import { softText } from "../json/fields.ts";
import { idInstant, idOf, nativeIdOf } from "./ids.ts";
import { timeOf } from "./tweet.ts";

/*
 * What X asks of those who keep its posts (docs.x.com/x-api/compliance, 2026-11): events of the compliance streams, lines of a batch job's result,
 * and the notices of the streams of v1.1. Protected, suspended and deactivated accounts are erased up to that moment, since X wants their posts taken
 * away at once; that they may come back brings back what they post from then on. A post that only lost its place is deleted: a stored place cannot be
 * taken out alone. An account's posts that lost theirs are set aside, for a person to decide.
 */

const tweetEvents = new Set(["delete", "drop", "undrop", "withheld", "tweet_edit", "tweet_delete"]);
const userEvents = new Set([
  "user_delete",
  "user_undelete",
  "user_protect",
  "user_unprotect",
  "user_suspend",
  "user_unsuspend",
  "user_withheld",
  "user_profile_modification",
  "scrub_geo",
  "status_withheld",
]);

const erasures: Readonly<Record<string, ErasureReason>> = {
  user_delete: "account-deleted",
  user_protect: "platform-takedown",
  user_suspend: "platform-takedown",
  deleted: "account-deleted",
  deactivated: "account-deleted",
  protected: "platform-takedown",
  suspended: "platform-takedown",
};

/** The event in a message, by name; undefined: it is none. */
export function complianceIn(message: Json): readonly [string, Json] | undefined {
  for (const holder of [message["data"], message]) {
    if (!isJson(holder)) continue;
    for (const name in holder) {
      const value = holder[name];
      if ((tweetEvents.has(name) || userEvents.has(name)) && isJson(value)) return [name, value];
    }
  }
  return undefined;
}

export function isJobLine(value: Json): boolean {
  return typeof value["action"] === "string" && idOf(value["id"]) !== undefined && typeof value["reason"] === "string" && value["text"] === undefined;
}

export function complianceEvent(name: string, event: Json, told: unknown): Outcome<SourceEvent> {
  const tweet = isJson(event["tweet"]) ? event["tweet"] : isJson(event["status"]) ? event["status"] : event;
  // Numbers of v1.1 lose their last digits when they are read; the texts beside them do not.
  const tweetId = idOf(tweet["id_str"]) ?? nativeIdOf(tweet);
  const user = idOf(isJson(event["user"]) ? event["user"]["id"] : undefined) ?? idOf(event["user_id_str"] ?? event["id"] ?? event["user_id"]);
  const at = timeOf(told, event["event_at"], Number(event["timestamp_ms"]), tweetId === undefined ? undefined : idInstant(tweetId));
  const reason = erasures[name];
  if (name === "delete" || name === "drop" || name === "tweet_delete") {
    if (tweetId === undefined) throw new EarshotError("FIELD_MISSING", `${name}.tweet.id: expected an id`);
    return { keep: { type: "delete", id: tweetId, at } };
  }
  if (reason !== undefined) {
    if (user === undefined) throw new EarshotError("FIELD_MISSING", `${name}.user.id: expected an id`);
    return { keep: { type: "erase", author: user, reason, at } };
  }
  if (name === "user_profile_modification" && user !== undefined) {
    const value = softText(event["new_value"]);
    const field = event["profile_field"];
    if (value !== undefined && field === "username")
      return { keep: { type: "identity", author: { id: user, handle: value, profileUrl: `https://x.com/${encodeURIComponent(value)}` }, at } };
    if (value !== undefined && field === "name") return { keep: { type: "identity", author: { id: user, name: value }, at } };
    return { drop: "profile-field-not-kept" };
  }
  if (name === "scrub_geo")
    return {
      reject: new EarshotError(
        "FIELD_INVALID",
        "scrub_geo: the places of an account's posts are to go; they cannot be taken out alone, erase the account's posts where it must be",
      ),
    };
  if (name === "tweet_edit") return { drop: "edit-without-text" };
  return { drop: name.includes("withheld") ? "withheld-in-some-countries" : "shown-again" };
}

/** A line of a batch job's result; `job` says what its ids are. Without it ids of the time before 2015 whose date does not fit are accounts. */
export function jobLineEvent(line: Json): Outcome<SourceEvent> {
  const id = idOf(line["id"]);
  if (id === undefined) throw new EarshotError("FIELD_MISSING", "compliance.id: expected an id");
  const reason = String(line["reason"]);
  const at = timeOf({ at: line["redacted_at"] }, line["created_at"], idInstant(id));
  const isUser = line["job"] === "users" || (line["job"] === undefined && id.length < 11 && typeof line["created_at"] === "string" && line["created_at"] > "2010-11-05");
  if (!isUser) return { keep: { type: "delete", id, at } };
  const erasure = erasures[reason];
  return erasure === undefined ? { drop: "account-stays" } : { keep: { type: "erase", author: id, reason: erasure, at } };
}
