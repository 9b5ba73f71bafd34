import type { SourceMedia, SourcePost } from "../../core/event.ts";
import { unwrap } from "../graph/fields.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, softText, softUrl } from "../json/fields.ts";
import { linksInText } from "../json/links.ts";

const mostMedia = 200;

interface Found {
  readonly media: SourceMedia[];
  readonly links: string[];
}

/** Pictures, videos and links, of the text, of attachments (StoryAttachment, since 3.3) and of the post's own fields (before). */
export function readAttached(value: Json, post: Mutable<SourcePost>): void {
  const found: Found = { media: [], links: [] };
  const { attachments } = value;
  if (isJson(attachments) && Array.isArray(attachments["data"])) for (const one of attachments["data"]) attachment(one, found);
  else if (Array.isArray(attachments)) for (const one of attachments) attachment(one, found);
  attachment(value["attachment"], found);
  const type = value["type"];
  const source = softUrl(value["source"]);
  if (source !== undefined) add(found, { kind: value["images"] === undefined ? "video" : "image", url: source });
  if (Array.isArray(value["images"])) {
    const first: unknown = value["images"][0];
    const url = isJson(first) ? softUrl(first["source"]) : undefined;
    const alt = softText(value["alt_text"]) ?? softText(value["alt_text_custom"]);
    if (url !== undefined) add(found, { kind: "image", url, ...(alt !== undefined && { alt }) });
  }
  const picture = softUrl(value["full_picture"]) ?? softUrl(value["picture"]);
  if (picture !== undefined && !found.media.some(({ kind }) => kind === "image")) add(found, { kind: "image", url: picture });
  if (type === "video" && source === undefined && !found.media.some(({ kind }) => kind === "video")) {
    const url = softUrl(value["link"]);
    add(found, { kind: "video", ...(url !== undefined && { url }) });
  }
  const link = softUrl(value["link"]);
  if (link !== undefined) addLink(found, unwrap(link));
  if (found.media.length > 0) post.media = found.media;
  const links = linksInText(post.text, found.links);
  if (links.length > 0) post.links = links;
}

/** Types whose address is only where the picture or video itself is shown. */
const ownTypes = /^(?:photo|album|cover_photo|profile_media|video_inline|video_autoplay|video_direct_response|animated_image|sticker|new_album)/;

function attachment(value: unknown, found: Found, depth = 0): void {
  if (!isJson(value) || depth > 3) return;
  const type = typeof value["type"] === "string" ? value["type"] : typeof value["media_type"] === "string" ? value["media_type"] : "";
  const media = isJson(value["media"]) ? value["media"] : {};
  const image = isJson(media["image"]) ? softUrl(media["image"]["src"]) : undefined;
  const source = softUrl(media["source"]);
  const alt = softText(value["description"]) ?? softText(value["title"]);
  const target = isJson(value["target"]) ? softUrl(value["target"]["url"]) : undefined;
  const url = softUrl(value["unshimmed_url"]) ?? softUrl(value["url"]) ?? target;
  if (/video/.test(type) && source !== undefined) add(found, { kind: "video", url: source });
  if (image !== undefined) add(found, { kind: "image", url: image, ...(alt !== undefined && ownTypes.test(type) && { alt }) });
  if (url !== undefined && !ownTypes.test(type)) {
    const meant = unwrap(url);
    addLink(found, meant);
    const title = softText(value["title"]);
    add(found, { kind: "link", url: meant, ...(title !== undefined && { alt: title }) });
  }
  const inner = value["subattachments"];
  if (isJson(inner) && Array.isArray(inner["data"])) for (const one of inner["data"]) attachment(one, found, depth + 1);
}

function add({ media }: Found, one: SourceMedia): void {
  if (media.length < mostMedia && !media.some(({ kind, url }) => kind === one.kind && url === one.url)) media.push(one);
}

function addLink({ links }: Found, url: string): void {
  if (links.length < mostMedia && !links.includes(url)) links.push(url);
}
