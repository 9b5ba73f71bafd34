import { EarshotError } from "../../core/errors.ts";
import { type Json, isJson, isTooDeep, maxDepth } from "../json/decode.ts";
import { softText } from "../json/fields.ts";
import type { Feed, FeedItem, FeedMedia, FeedPerson, FeedSite } from "./feed.ts";

const mostItems = 2_000;
const mostEach = 100;

/** JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1). @throws JSON_INVALID, ITEM_TOO_DEEP, FIELD_INVALID */
export function readJsonFeed(text: string): Feed {
  if (isTooDeep(Buffer.from(text))) throw new EarshotError("ITEM_TOO_DEEP", `feed: expected at most ${maxDepth} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EarshotError("JSON_INVALID", "feed: expected JSON, came something else", { cause: cause instanceof Error ? cause.name : cause });
  }
  if (!isJson(value) || !Array.isArray(value["items"])) throw new EarshotError("FIELD_INVALID", "feed: expected a JSON Feed, came other JSON");
  const items: unknown[] = value["items"].slice(0, mostItems);
  return { site: readSite(value), entries: items.map((json) => ({ item: isJson(json) ? readJsonItem(json) : empty, json })), prefixes: new Map() };
}

const empty: FeedItem = { categories: [], media: [], links: [] };

function readSite(feed: Json): FeedSite {
  const title = softText(feed["title"]);
  const link = softText(feed["home_page_url"]);
  const language = softText(feed["language"]);
  const author = authorOf(feed);
  return { ...(title !== undefined && { title }), ...(link !== undefined && { link }), ...(language !== undefined && { language }), ...(author !== undefined && { author }) };
}

export function readJsonItem(item: Json): FeedItem {
  // Numbers stand for ids in many feeds; the standard asks to take them as text.
  const id = typeof item["id"] === "number" && Number.isFinite(item["id"]) ? String(item["id"]) : softText(item["id"]);
  const link = softText(item["url"]);
  const external = softText(item["external_url"]);
  const title = softText(item["title"]);
  const html = stringOf(item["content_html"]);
  const plain = stringOf(item["content_text"]) ?? stringOf(item["summary"]);
  const author = authorOf(item);
  const published = dateOf(item["date_published"]);
  const updated = dateOf(item["date_modified"]);
  const language = softText(item["language"]);
  const image = softText(item["image"]) ?? softText(item["banner_image"]);
  const tags: unknown[] = Array.isArray(item["tags"]) ? item["tags"].slice(0, mostEach) : [];
  return {
    ...(id !== undefined && { id }),
    ...(link !== undefined ? { link } : external !== undefined && { link: external }),
    ...(title !== undefined && { title: { text: title, html: false } }),
    ...(html !== undefined ? { content: { text: html, html: true } } : plain !== undefined && { content: { text: plain, html: false } }),
    ...(author !== undefined && { author }),
    ...(published !== undefined && { published }),
    ...(updated !== undefined && { updated }),
    ...(language !== undefined && { language }),
    categories: tags
      .map((tag) => softText(tag))
      .filter((tag) => tag !== undefined && tag.length <= 200 && tag.trim() !== "")
      .map((tag) => tag ?? ""),
    media: [...(image === undefined ? [] : [{ url: image, kind: "image" }]), ...attachmentsOf(item["attachments"])],
    links: external === undefined ? [] : [external],
  };
}

/** A text, whatever stands in it: the parser says what is wrong with it. */
function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function dateOf(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return softText(value);
}

function authorOf(holder: Json): FeedPerson | undefined {
  const list: unknown = holder["authors"];
  const first: unknown = Array.isArray(list) && list.length > 0 ? list[0] : holder["author"];
  if (typeof first === "string") return first === "" || !first.isWellFormed() ? undefined : { name: first };
  if (!isJson(first)) return undefined;
  const name = softText(first["name"]);
  const url = softText(first["url"]);
  return name === undefined && url === undefined ? undefined : { ...(name !== undefined && { name }), ...(url !== undefined && { url }) };
}

function attachmentsOf(value: unknown): FeedMedia[] {
  if (!Array.isArray(value)) return [];
  const media: FeedMedia[] = [];
  for (const one of value.slice(0, mostEach)) {
    if (!isJson(one)) continue;
    const url = softText(one["url"]);
    if (url === undefined) continue;
    const type = softText(one["mime_type"]);
    const alt = softText(one["title"]);
    const size = one["size_in_bytes"];
    media.push({
      url,
      ...(type !== undefined && { type }),
      ...(alt !== undefined && { alt }),
      ...(typeof size === "number" && Number.isSafeInteger(size) && size > 0 && { sizeBytes: size }),
    });
  }
  return media;
}
