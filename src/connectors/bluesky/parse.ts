import { EarshotError, isErrorCode } from "../../core/errors.ts";
import type { Outcome, SourceAuthor, SourceEvent, SourcePost } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeJson, decodeObject, guard, isJson, nameOf } from "../json/decode.ts";
import { type Mutable, checkInstant, checkText, readId, softText } from "../json/fields.ts";
import { readFailure } from "../json/failed-answer.ts";
import { makePick } from "../json/pick.ts";
import { postUri, readRecord } from "./record.ts";
import { readLabel, readProfileView, readView } from "./view.ts";

export const collections = {
  posts: "app.bsky.feed.post",
  likes: "app.bsky.feed.like",
  reposts: "app.bsky.feed.repost",
  profiles: "app.bsky.actor.profile",
} as const;

export interface BlueskyParse {
  readonly simulated: boolean;
  /** What becomes of the posts of an account that is inactive without being deleted. */
  readonly inactiveAccounts: "erase" | "keep";
}

const didPattern = /^did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}$/;
const nsidPattern = /^[A-Za-z0-9.-]{1,317}$/;
const rkeyPattern = /^[A-Za-z0-9._:~-]{1,512}$/;

/** Parses messages of the form that Jetstream sends; the firehose's are brought into the same form. */
export function blueskyParser(options: BlueskyParse): Parse {
  return guard("bluesky", (bytes) => {
    const message = decodeObject(bytes, "message");
    const told = readAnswered(message, options);
    if (told !== undefined) return [told];
    const timeUs = message["time_us"];
    if (typeof timeUs !== "number" || !Number.isSafeInteger(timeUs) || timeUs < 631_152_000_000_000 || timeUs > 4_102_444_800_000_000) {
      throw new EarshotError(timeUs === undefined ? "FIELD_MISSING" : "DATE_INVALID", `message.time_us: expected microseconds since 1970, came ${nameOf(timeUs)}`);
    }
    const at = Math.floor(timeUs / 1000);
    const did = readDid(message);
    switch (message["kind"]) {
      case "commit":
        return [readCommit(message["commit"], did, at, options)];
      case "account":
        return [readAccount(message["account"], did, at, options)];
      case "identity":
        return [readIdentity(message["identity"], did, at)];
      case "invalid":
        return [{ reject: new EarshotError(isErrorCode(message["code"]) ? message["code"] : "CBOR_INVALID", `firehose: ${softText(message["reason"]) ?? "unreadable"}`) }];
      case "sync":
        return [{ drop: "sync" }];
      default:
        throw new EarshotError(message["kind"] === undefined ? "FIELD_MISSING" : "FIELD_INVALID", "message.kind: expected commit, account or identity, came something else");
    }
  });
}

/** Messages that the application's answers were split into; undefined: one of a stream. */
function readAnswered(message: Json, options: BlueskyParse): Outcome<SourceEvent> | undefined {
  const failure = readFailure(message);
  if (failure !== undefined) return { reject: failure };
  switch (message["kind"]) {
    case "none":
      return { drop: "not-a-post" };
    case "view":
    case "label": {
      const value = message[message["kind"]];
      if (!isJson(value)) throw new EarshotError("FIELD_INVALID", `message.${message["kind"]}: expected an object, came ${nameOf(value)}`);
      return message["kind"] === "view" ? readView(value, options.simulated) : readLabel(value);
    }
    case "profile": {
      if (message["time_us"] === undefined) return { drop: "profile-without-date" };
      const profile = isJson(message["profile"]) ? message["profile"] : {};
      const timeUs = message["time_us"];
      const at = checkInstant(typeof timeUs === "number" ? timeUs / 1_000 : timeUs, "message.time_us");
      return { keep: { type: "identity", author: readProfileView({ ...profile, did: readDid(message) }, options.simulated), at } };
    }
    default:
      return undefined;
  }
}

function readDid(message: Json): string {
  const did = message["did"];
  if (did === undefined || did === null) throw new EarshotError("FIELD_MISSING", "message.did: expected a DID, came nothing");
  // The patterns name every letter that may be: no further check of an id is needed.
  if (typeof did !== "string" || !didPattern.test(did)) throw new EarshotError("FIELD_INVALID", "message.did: expected a DID");
  return did;
}

function readCommit(commit: unknown, did: string, at: number, options: BlueskyParse): Outcome<SourceEvent> {
  if (!isJson(commit)) throw new EarshotError(commit === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `message.commit: expected an object, came ${nameOf(commit)}`);
  const collection = commit["collection"];
  if (typeof collection !== "string" || !nsidPattern.test(collection))
    throw new EarshotError(collection === undefined ? "FIELD_MISSING" : "FIELD_INVALID", "commit.collection: expected a namespaced id");
  const rkey = commit["rkey"];
  if (typeof rkey !== "string" || !rkeyPattern.test(rkey)) throw new EarshotError(rkey === undefined ? "FIELD_MISSING" : "FIELD_INVALID", "commit.rkey: expected a record key");
  const operation = commit["operation"];
  const uri = `at://${did}/${collection}/${rkey}`;
  if (operation !== "create" && operation !== "update" && operation !== "delete") {
    throw new EarshotError(operation === undefined ? "FIELD_MISSING" : "FIELD_INVALID", "commit.operation: expected create, update or delete");
  }
  if (collection === collections.likes || collection === collections.reposts) {
    if (operation === "delete") return { keep: { type: "unreaction", mark: uri, at } };
    const subject = postUri(recordOf(commit)["subject"]);
    if (!subject) return readSubject(commit);
    return { keep: { type: "reaction", id: subject, mark: uri, actor: did, at, count: collection === collections.likes ? "likes" : "shares" } };
  }
  if (collection === collections.posts) {
    if (operation === "delete") return { keep: { type: "delete", id: uri, at } };
    return { keep: { type: "post", post: readPost(commit, uri, did, rkey, at, operation, options) } };
  }
  if (collection === collections.profiles) return operation === "delete" ? { drop: "profile-deleted" } : readProfile(recordOf(commit), did, at);
  return { drop: "collection" };
}

function recordOf(commit: Json): Json {
  const record = commit["record"];
  if (!isJson(record)) throw new EarshotError(record === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `commit.record: expected an object, came ${nameOf(record)}`);
  return record;
}

/** Feeds, lists and labelers can be liked too: those are dropped; what is no reference is rejected. */
function readSubject(commit: Json): Outcome<SourceEvent> {
  const subject = recordOf(commit)["subject"];
  if (!isJson(subject)) throw new EarshotError(subject === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `record.subject: expected a reference, came ${nameOf(subject)}`);
  const uri = readId(subject, "uri", "record.subject");
  if (!uri.startsWith("at://")) throw new EarshotError("FIELD_INVALID", "record.subject.uri: expected an at:// uri");
  return { drop: "not-a-post" };
}

function readPost(commit: Json, uri: string, did: string, rkey: string, at: number, operation: "create" | "update", options: BlueskyParse): SourcePost {
  const record = recordOf(commit);
  const post: Mutable<SourcePost> = {
    id: uri,
    author: options.simulated ? { id: did } : { id: did, profileUrl: `https://bsky.app/profile/${did}` },
    createdAt: checkInstant(record["createdAt"], "record.createdAt", at),
    revision: operation === "update" ? revisionOf(commit["rev"], at) : 0,
    text: checkText(record["text"], "record.text"),
    format: "text",
    visibility: "public",
  };
  if (operation === "update") post.editedAt = at;
  if (!options.simulated) post.permalink = `https://bsky.app/profile/${did}/post/${rkey}`;
  readRecord(post, record, did);
  return post;
}

const tidDigits = "234567abcdefghijklmnopqrstuvwxyz";

/** A revision is a TID (atproto.com/specs/tid): base32, its upper bits microseconds since 1970. Unreadable: the message's time. */
function revisionOf(rev: unknown, at: number): number {
  if (typeof rev !== "string" || !/^[2-7a-j][2-7a-z]{12}$/.test(rev)) return at * 1000;
  let value = 0;
  // The last two digits are the clock's id: 11 digits hold 55 bits, of which the microseconds fill 53.
  for (const digit of rev.slice(0, 11)) value = value * 32 + tidDigits.indexOf(digit);
  return value;
}

/**
 * atproto.com/specs/account: what is not active must not be redistributed. A deletion is for good. Deactivation, suspension and takedown may be
 * undone, but a stream has no event that hides and shows again, and a reactivated account's old posts do not come again: they are erased too,
 * posts made later are collected. `inactiveAccounts: "keep"` leaves all but deletions alone.
 */
function readAccount(account: unknown, did: string, at: number, options: BlueskyParse): Outcome<SourceEvent> {
  if (!isJson(account)) throw new EarshotError(account === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `message.account: expected an object, came ${nameOf(account)}`);
  const active = account["active"];
  if (typeof active !== "boolean")
    throw new EarshotError(active === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `account.active: expected true or false, came ${nameOf(active)}`);
  if (active) return { drop: "account-active" };
  const status = account["status"];
  if (status === "deleted") return { keep: { type: "erase", author: did, reason: "account-deleted", at } };
  // The host's own trouble, not the account's wish.
  if (status === "desynchronized" || status === "throttled") return { drop: `account-${status}` };
  if (options.inactiveAccounts === "keep") return { drop: "account-inactive" };
  return { keep: { type: "erase", author: did, reason: status === "deactivated" ? "account-deleted" : "platform-takedown", at } };
}

function readIdentity(identity: unknown, did: string, at: number): Outcome<SourceEvent> {
  if (!isJson(identity)) throw new EarshotError(identity === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `message.identity: expected an object, came ${nameOf(identity)}`);
  const handle = softText(identity["handle"]);
  // Without a handle the event only says that the DID document is to be fetched again.
  if (handle === undefined || handle.length > 253) return { drop: "identity-without-handle" };
  return { keep: { type: "identity", author: { id: did, handle }, at } };
}

function readProfile(record: Json, did: string, at: number): Outcome<SourceEvent> {
  const author: Mutable<SourceAuthor> = { id: did };
  const name = softText(record["displayName"]);
  if (name) author.name = name;
  const cid = isJson(record["avatar"]) && isJson(record["avatar"]["ref"]) ? record["avatar"]["ref"]["$link"] : undefined;
  if (typeof cid === "string" && /^[a-z2-7]{10,120}$/.test(cid)) author.avatarUrl = `https://cdn.bsky.app/img/avatar/plain/${did}/${cid}@jpeg`;
  return { keep: { type: "identity", author, at } };
}

const pick = makePick({ did: 0, kind: 1, commit: { collection: 2, rkey: 3, operation: 4, record: { subject: { uri: 5 } } } }, 6);

/** Key and actor of a message in Jetstream's form: equal to what its parse says, without a parse. */
export function blueskyKey(bytes: Uint8Array): Pick<Raw, "key" | "actor"> {
  const [did, kind, collection, rkey, operation, subject] = pick(bytes) ?? pickSlowly(bytes);
  if (kind === "view" || kind === "label" || kind === "profile") return keyOfAnswered(bytes);
  if (did === undefined || kind === undefined) return { key: undefined };
  if (kind === "account") return { key: { all: true }, actor: did };
  if (kind !== "commit" || collection === collections.profiles) return { key: did, actor: did };
  if (collection === collections.likes || collection === collections.reposts) {
    return operation === "delete" ? { key: { all: true }, actor: did } : { key: subject, actor: did };
  }
  return { key: `at://${did}/${collection}/${rkey}`, actor: did };
}

function keyOfAnswered(bytes: Uint8Array): Pick<Raw, "key" | "actor"> {
  const [outcome] = blueskyParser({ simulated: false, inactiveAccounts: "erase" })(bytes);
  const event = outcome !== undefined && "keep" in outcome ? outcome.keep : undefined;
  if (event?.type === "post") return { key: event.post.id, actor: event.post.author.id };
  if (event?.type === "identity") return { key: event.author.id, actor: event.author.id };
  if (event?.type === "erase") return { key: { all: true }, actor: event.author };
  return { key: event?.type === "delete" ? event.id : undefined };
}

function pickSlowly(bytes: Uint8Array): (string | undefined)[] {
  try {
    const message = decodeJson(bytes, "message");
    if (!isJson(message)) return [];
    const commit = isJson(message["commit"]) ? message["commit"] : {};
    const record = isJson(commit["record"]) ? commit["record"] : {};
    const subject = isJson(record["subject"]) ? record["subject"] : {};
    return [message["did"], message["kind"], commit["collection"], commit["rkey"], commit["operation"], subject["uri"]].map((value) =>
      typeof value === "string" ? value : undefined,
    );
  } catch {
    return [];
  }
}
