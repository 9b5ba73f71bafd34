import type { SourceMedia } from "../../core/event.ts";
import { isJson, type Json } from "../json/decode.ts";
import { type Mutable, softText, softUrl } from "../json/fields.ts";

const mostItems = 200;

/** What a link shows: the pictures of a gallery in their order, a video hosted by Reddit, or what its address points at. */
export function readMedia(data: Json, address: string | undefined): SourceMedia[] {
  const media = readGallery(data);
  const video = videoOf(data["media"]) ?? videoOf(data["secure_media"]);
  if (video !== undefined) media.push(video);
  else if (address !== undefined && data["is_gallery"] !== true) media.push({ kind: kindOfAddress(address, data["post_hint"]), url: address });
  return media;
}

function kindOfAddress(url: string, hint: unknown): SourceMedia["kind"] {
  if (hint === "image" || /^https?:\/\/[^?#]+\.(?:jpe?g|png|gif|webp)(?:[?#]|$)/i.test(url)) return "image";
  if (hint === "hosted:video" || hint === "rich:video" || /^https?:\/\/(?:v\.redd\.it\/|[^?#]+\.(?:mp4|webm|gifv)(?:[?#]|$))/i.test(url)) return "video";
  return "link";
}

function videoOf(media: unknown): SourceMedia | undefined {
  const video = isJson(media) ? media["reddit_video"] : undefined;
  const url = isJson(video) ? (softUrl(video["fallback_url"]) ?? softUrl(video["hls_url"])) : undefined;
  return url === undefined ? undefined : { kind: "video", url };
}

/** Without raw_json=1 Reddit writes & < > in its answers as HTML does (reddit.com/dev/api, "response body encoding"). */
function addressOf(value: unknown): string | undefined {
  return softUrl(typeof value === "string" ? value.replaceAll("&amp;", "&") : value);
}

/** Where the pictures of a gallery lead. */
export function galleryLinks(data: Json): readonly string[] {
  const items: readonly unknown[] = isJson(data["gallery_data"]) && Array.isArray(data["gallery_data"]["items"]) ? data["gallery_data"]["items"].slice(0, mostItems) : [];
  return items.map((item) => (isJson(item) ? addressOf(item["outbound_url"]) : undefined)).filter((url) => url !== undefined);
}

/** `gallery_data.items` give the order, captions and ids; `media_metadata` what stands under each id (also pictures inside a text). */
function readGallery(data: Json): SourceMedia[] {
  const metadata = data["media_metadata"];
  if (!isJson(metadata)) return [];
  const gallery = isJson(data["gallery_data"]) && Array.isArray(data["gallery_data"]["items"]) ? data["gallery_data"]["items"].filter(isJson) : [];
  const captions = new Map<string, string | undefined>();
  for (const item of gallery) if (typeof item["media_id"] === "string") captions.set(item["media_id"], softText(item["caption"]));
  for (const id of Object.keys(metadata)) if (!captions.has(id)) captions.set(id, undefined);
  const media: SourceMedia[] = [];
  for (const [id, caption] of captions) {
    const held = metadata[id];
    if (!isJson(held) || media.length >= mostItems) continue;
    const source = isJson(held["s"]) ? held["s"] : {};
    const url = addressOf(source["u"]) ?? addressOf(source["mp4"]) ?? addressOf(source["gif"]) ?? softUrl(held["dashUrl"]) ?? softUrl(held["hlsUrl"]);
    const item: Mutable<SourceMedia> = { kind: held["e"] === "Image" || held["e"] === "AnimatedImage" ? "image" : held["e"] === "RedditVideo" ? "video" : "other" };
    if (url !== undefined) item.url = url;
    if (caption !== undefined) item.alt = caption;
    const type = softText(held["m"]);
    if (type !== undefined && type.length < 100) item.mimeType = type;
    media.push(item);
  }
  return media;
}
