import type { SourceAuthor, SourceMedia, SourcePost, SourceSpan } from "../../core/event.ts";
import { decodeJson, isJson } from "../json/decode.ts";
import { type Mutable, checkInstant, parseInstant, softText, softUrl } from "../json/fields.ts";
import { linksInText } from "../json/links.ts";
import { decodeEntity, encodeBech32 } from "./bech32.ts";
import { type NostrEvent, type Tag, firstTag, hex64, idOfAddress, isAddressable, nativeId } from "./event.ts";

const mostItems = 500;

export function authorOf(event: NostrEvent): SourceAuthor {
  return { id: event.pubkey, profileUrl: `https://njump.me/${encodeBech32("npub", event.pubkey)}` };
}

/** Kind 0: the profile in JSON (NIP-01, NIP-24, NIP-05). */
export function readProfile(event: NostrEvent): SourceAuthor {
  const author: Mutable<SourceAuthor> = authorOf(event);
  const value = decodeJson(Buffer.from(event.content), "event.content");
  if (!isJson(value)) return author;
  const name = softText(value["display_name"]) ?? softText(value["displayName"]) ?? softText(value["name"]);
  const handle = softText(value["nip05"]) ?? softText(value["name"]);
  if (name !== undefined) author.name = name.slice(0, 1_000);
  if (handle !== undefined) author.handle = handle.replace(/^_@/, "").slice(0, 1_000);
  const avatar = softUrl(value["picture"]);
  if (avatar !== undefined) author.avatarUrl = avatar;
  if (typeof value["bot"] === "boolean") author.bot = value["bot"];
  return author;
}

/** A note, comment, picture, video, article …: text is title and content, as plain text (articles are Markdown). */
export function readPost(event: NostrEvent): SourcePost {
  const title = firstTag(event, "title") ?? firstTag(event, "subject");
  const prefix = title !== undefined && title !== "" ? `${title}\n\n` : "";
  const post: Mutable<SourcePost> = {
    id: nativeId(event),
    author: authorOf(event),
    createdAt: event.createdAt,
    revision: 0,
    text: `${prefix}${event.content}`,
    format: "text",
    visibility: "public",
    permalink: isAddressable(event.kind) ? `https://njump.me/${encodeBech32("npub", event.pubkey)}` : `https://njump.me/${encodeBech32("note", event.id)}`,
  };
  if (isAddressable(event.kind)) {
    // The newest replaces the others; NIP-23 keeps the first date apart.
    post.revision = event.createdAt;
    const published = parseInstant(firstTag(event, "published_at"));
    if (published !== undefined && published < event.createdAt) {
      post.createdAt = checkInstant(published, "event.tags.published_at");
      post.editedAt = event.createdAt;
    }
  }
  // Groups of NIP-29 may be closed, and the event does not tell.
  if (firstTag(event, "h") !== undefined) post.visibility = "private";
  const parents = event.kind === 1111 || event.kind === 1244 ? commentParents(event) : threadParents(event);
  if (parents.replyTo !== undefined) post.replyTo = parents.replyTo;
  if (parents.root !== undefined) post.root = parents.root;
  readMentions(post, event, prefix.length);
  const quoted = event.tags.find((tag) => tag[0] === "q")?.[1];
  const quoteOf = quoted === undefined ? undefined : (idOfAddress(quoted) ?? (hex64.test(quoted) ? quoted : undefined));
  if (quoteOf !== undefined) post.quoteOf = quoteOf;
  const tags = valuesOf(event, "t");
  if (tags.length > 0) post.hashtags = tags;
  const media = mediaOf(event);
  if (media.length > 0) post.media = media;
  const told = event.tags.filter(([name]) => name === "r" || name === "I").flatMap((tag) => softUrl(tag[1]) ?? []);
  const links = linksInText(event.content, [...new Set(told)].slice(0, mostItems));
  if (links.length > 0) post.links = links;
  if (firstTag(event, "content-warning") !== undefined || event.tags.some((tag) => tag[0] === "content-warning")) post.sensitive = true;
  const languages = event.tags.filter((tag) => tag[0] === "l" && tag[2] === "ISO-639-1" && /^[a-z]{2}$/i.test(tag[1] ?? "")).map((tag) => tag[1] ?? "");
  if (languages.length > 0) post.languages = languages.slice(0, 10);
  post.extra = extraOf(event);
  return post;
}

export function readRepost(event: NostrEvent): SourcePost {
  const target = idOfAddress(firstTag(event, "a")) ?? eventTags(event).at(-1)?.[1];
  return {
    id: event.id,
    author: authorOf(event),
    createdAt: event.createdAt,
    revision: 0,
    text: "",
    format: "text",
    visibility: "public",
    ...(target !== undefined && { reshareOf: target }),
    extra: { kind: event.kind },
  };
}

function eventTags(event: NostrEvent, name = "e"): Tag[] {
  return event.tags.filter((tag) => tag[0] === name && hex64.test(tag[1] ?? ""));
}

interface Parents {
  readonly replyTo?: string;
  readonly root?: string;
}

/** NIP-10: markers, or the deprecated positions: the first is the root, the last the parent. Articles are named by a tags. */
function threadParents(event: NostrEvent): Parents {
  const inText = new Set([...event.content.matchAll(/#\[(\d{1,4})\]/g)].map((found) => event.tags[Number(found[1])]));
  const refs = event.tags
    .filter((tag) => !inText.has(tag))
    .flatMap((tag) => {
      const id = tag[0] === "e" && hex64.test(tag[1] ?? "") ? tag[1] : tag[0] === "a" ? idOfAddress(tag[1]) : undefined;
      return id === undefined ? [] : [{ id, marker: tag[3] ?? "", event: tag[0] === "e" }];
    });
  const marked = (marker: string) => refs.find((ref) => ref.marker === marker)?.id;
  const root = marked("root");
  const reply = marked("reply") ?? root;
  if (reply !== undefined) return { replyTo: reply, root: root ?? reply };
  if (refs.some((ref) => ref.marker === "mention")) return {};
  const events = refs.filter((ref) => ref.event);
  const parent = events.at(-1)?.id;
  return parent === undefined ? {} : { replyTo: parent, root: events[0]?.id ?? parent };
}

/** NIP-22: upper-case tags name the root, lower-case the parent. */
function commentParents(event: NostrEvent): Parents {
  const of = (address: string, id: string): string | undefined => idOfAddress(firstTag(event, address)) ?? eventTags(event, id)[0]?.[1];
  const root = of("A", "E");
  const replyTo = of("a", "e") ?? root;
  return { ...(replyTo !== undefined && { replyTo }), ...(root !== undefined && { root }) };
}

/** nostr:npub1… and nostr:nprofile1… (NIP-27), #[n] (NIP-08, deprecated); nostr:note1… and the like are quotes where no q tag tells. */
function readMentions(post: Mutable<SourcePost>, event: NostrEvent, offset: number): void {
  const spans: SourceSpan[] = [];
  for (const found of event.content.matchAll(/nostr:((?:npub|nprofile|note|nevent|naddr)1[a-z0-9]+)|#\[(\d{1,4})\]/g)) {
    if (spans.length >= mostItems) break;
    const [whole, address, index] = found;
    let account: string | undefined;
    if (address !== undefined) {
      const entity = decodeEntity(address);
      if (entity === undefined) continue;
      if ("event" in entity) {
        post.quoteOf ??= entity.event;
        continue;
      }
      account = entity.account;
    } else {
      const tag = event.tags[Number(index)];
      if (tag?.[0] === "p" && hex64.test(tag[1] ?? "")) account = tag[1];
      else if (tag?.[0] === "e" && hex64.test(tag[1] ?? "") && tag[1] !== undefined) post.quoteOf ??= tag[1];
    }
    if (account !== undefined) spans.push({ start: offset + found.index, end: offset + found.index + whole.length, kind: "mention", value: account });
  }
  if (spans.length > 0) post.spans = spans;
}

function valuesOf(event: NostrEvent, name: string): string[] {
  return event.tags
    .filter((tag) => tag[0] === name && tag[1] !== undefined && tag[1] !== "" && tag[1].length <= 1_000)
    .slice(0, mostItems)
    .map((tag) => tag[1] ?? "");
}

/** imeta tags (NIP-92) hold "name value" pairs; a file's own event (NIP-94) has them as tags. */
function mediaOf(event: NostrEvent): SourceMedia[] {
  const media: SourceMedia[] = [];
  for (const tag of event.tags) {
    if (tag[0] !== "imeta" || media.length >= mostItems) continue;
    const fields = new Map(tag.slice(1).map((pair): [string, string] => [pair.slice(0, pair.indexOf(" ")), pair.slice(pair.indexOf(" ") + 1)]));
    const item = mediaItem((name) => fields.get(name));
    if (item) media.push(item);
  }
  if (event.kind === 1063) {
    const item = mediaItem((name) => firstTag(event, name));
    if (item) media.push(item);
  }
  const image = softUrl(firstTag(event, "image"));
  if (image !== undefined && isAddressable(event.kind)) media.push({ kind: "image", url: image });
  return media;
}

function mediaItem(field: (name: string) => string | undefined): SourceMedia | undefined {
  const url = softUrl(field("url"));
  if (url === undefined) return undefined;
  const mimeType = field("m");
  const alt = softText(field("alt"));
  const sizeBytes = Number(field("size") ?? Number.NaN);
  const type = mimeType?.slice(0, mimeType.indexOf("/"));
  return {
    kind: type === "image" || type === "video" || type === "audio" ? type : "other",
    url,
    ...(alt !== undefined && { alt }),
    ...(mimeType !== undefined && mimeType.length <= 200 && { mimeType }),
    ...(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && { sizeBytes }),
  };
}

const knownTags = new Set("e p q t a d h r imeta title subject published_at emoji k K E A P I i l L image url m size alt".split(" "));

/** Tags that the parser does not know, but for those that name accounts: what is kept with a post identifies nobody. */
function extraOf(event: NostrEvent): Record<string, unknown> {
  const others = event.tags.filter((tag) => !knownTags.has(tag[0] ?? "") && !tag.some((part) => hex64.test(part) || /\bn(?:pub|profile)1/.test(part))).slice(0, mostItems);
  return { kind: event.kind, ...(others.length > 0 && { tags: others }) };
}
