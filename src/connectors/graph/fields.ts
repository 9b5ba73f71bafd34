import { EarshotError } from "../../core/errors.ts";
import type { SourceAuthor } from "../../core/event.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, checkId, checkText, softCount, softText, softUrl } from "../json/fields.ts";

/**
 * Whom an entity without author is by: the platform tells it with the right permission only (`from`, Graph API reference, 2026-11).
 * An author for each of them: as one author of all, their posts would be found and erased together.
 */
export const unknownAuthor = (id: string): SourceAuthor => ({ id: `unknown:${id}` });

/** An id as text; old versions had numbers. */
export function graphId(value: unknown, where: string): string {
  if (value === undefined || value === null) throw new EarshotError("FIELD_MISSING", `${where}: expected an id, came nothing`);
  return checkId(typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? String(value) : value, where);
}

export function softId(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
  return typeof value === "string" && /^[\x21-\x7e]{1,256}$/.test(value) ? value : undefined;
}

/** The first that is there; null and nothing are the same. */
export function textOf(value: Json, names: readonly string[], where: string): string | undefined {
  for (const name of names) {
    const text = value[name];
    if (text === undefined || text === null || text === "") continue;
    return checkText(typeof text === "number" || typeof text === "boolean" ? String(text) : text, `${where}.${name}`);
  }
  return undefined;
}

/** `{total_count}` inside `summary`, a bare number, or `{count}` of old versions. */
export function totalOf(value: unknown): number | undefined {
  if (!isJson(value)) return softCount(value);
  const { summary } = value;
  return softCount(isJson(summary) ? summary["total_count"] : undefined) ?? softCount(value["count"]) ?? softCount(value["total_count"]);
}

/** An account: `from`, `user`, `owner`, a page. */
export function readAccount(value: unknown): SourceAuthor | undefined {
  if (!isJson(value)) return undefined;
  const handle = softText(value["username"]);
  const id = softId(value["id"]) ?? (handle === undefined ? undefined : softId(handle));
  if (id === undefined) return undefined;
  const author: Mutable<SourceAuthor> = { id };
  if (handle !== undefined) author.handle = handle;
  const name = softText(value["name"]) ?? softText(value["full_name"]);
  if (name !== undefined) author.name = name;
  const avatar = softUrl(pictureOf(value["picture"])) ?? softUrl(value["profile_picture_url"]) ?? softUrl(value["profile_picture"]) ?? softUrl(value["profile_pic"]);
  if (avatar !== undefined) author.avatarUrl = avatar;
  const profile = softUrl(value["link"]);
  if (profile !== undefined) author.profileUrl = profile;
  const counts = isJson(value["counts"]) ? value["counts"] : {};
  const followers =
    softCount(value["followers_count"]) ?? softCount(value["follower_count"]) ?? softCount(value["fan_count"]) ?? softCount(value["likes"]) ?? softCount(counts["followed_by"]);
  if (followers !== undefined) author.followers = followers;
  return author;
}

function pictureOf(picture: unknown): unknown {
  if (!isJson(picture)) return picture;
  return isJson(picture["data"]) ? picture["data"]["url"] : picture["url"];
}

/** Addresses that Facebook sends through itself, as they were meant (`l.facebook.com/l.php?u=`, `lm.`, `l.instagram.com`). */
export function unwrap(url: string): string {
  if (!/^https?:\/\/l[a-z]?\.(?:facebook|instagram)\.com\//i.test(url) || !URL.canParse(url)) return url;
  return softUrl(new URL(url).searchParams.get("u")) ?? url;
}

/** Fields that are neither known nor empty. */
export function restOf(value: Json, known: ReadonlySet<string>): Record<string, unknown> {
  const extra: Record<string, unknown> = {};
  for (const name in value) {
    if (known.has(name)) continue;
    const field = value[name];
    if (field === null || field === undefined || field === "" || (Array.isArray(field) && field.length === 0)) continue;
    extra[name] = field;
  }
  return extra;
}

export function hasAny(value: Json, names: readonly string[]): boolean {
  return names.some((name) => value[name] !== undefined && value[name] !== null);
}

export function withExtra<T extends { extra?: Readonly<Record<string, unknown>> }>(post: T, extra: Record<string, unknown>): T {
  for (const _ in extra) {
    post.extra = extra;
    break;
  }
  return post;
}
