import type { SourceAuthor } from "../../core/event.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, softCount, softText, softUrl } from "../json/fields.ts";

/** Fields of a user that become common ones, and those that describe the person and belong in no post. */
const knownFields = new Set(
  (
    "id username name profile_image_url profile_banner_url public_metrics description location url entities pinned_tweet_id protected most_recent_tweet_id " +
    "affiliation connection_status receives_your_dm subscription_type subscription withheld is_identity_verified parody"
  ).split(" "),
);

export function readUser(user: Json, id: string): SourceAuthor {
  const author: Mutable<SourceAuthor> = { id };
  const handle = softText(user["username"]);
  if (handle !== undefined && handle.length <= 100) {
    author.handle = handle;
    author.profileUrl = `https://x.com/${encodeURIComponent(handle)}`;
  }
  const name = softText(user["name"]);
  if (name !== undefined && name.length <= 10_000) author.name = name;
  const avatar = softUrl(user["profile_image_url"]);
  if (avatar !== undefined) author.avatarUrl = avatar;
  const followers = softCount(isJson(user["public_metrics"]) ? user["public_metrics"]["followers_count"] : undefined);
  if (followers !== undefined) author.followers = followers;
  return author;
}

/** What a user carries beside: verification, further figures, and fields that are not known. */
export function extraOfUser(user: Json): Readonly<Record<string, unknown>> | undefined {
  const extra: Record<string, unknown> = {};
  const metrics = user["public_metrics"];
  if (isJson(metrics)) {
    for (const name in metrics) if (name !== "followers_count" && metrics[name] !== undefined) extra[name] = metrics[name];
  }
  for (const name in user) if (!knownFields.has(name) && user[name] !== null && user[name] !== undefined) extra[name] = user[name];
  for (const _ in extra) return extra;
  return undefined;
}
