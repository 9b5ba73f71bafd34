import { EarshotError } from "../../core/errors.ts";
import { decodeReferences } from "./entities.ts";
import { type XmlDocument, type XmlNode, child, innerOf, readXml } from "./xml.ts";

/** A text of a feed, and whether it is markup. */
export interface FeedText {
  readonly text: string;
  readonly html: boolean;
}

export interface FeedPerson {
  readonly name?: string;
  readonly email?: string;
  readonly url?: string;
}

export interface FeedMedia {
  readonly url: string;
  readonly type?: string;
  readonly kind?: string;
  readonly sizeBytes?: number;
  readonly alt?: string;
}

/** What an item says, whatever its format; addresses may be relative, dates are as they came. */
export interface FeedItem {
  readonly id?: string;
  readonly link?: string;
  readonly title?: FeedText;
  readonly content?: FeedText;
  readonly author?: FeedPerson;
  readonly published?: string;
  readonly updated?: string;
  readonly language?: string;
  /** Of the element itself (xml:base), relative to the document's. */
  readonly base?: string;
  readonly categories: readonly string[];
  readonly media: readonly FeedMedia[];
  readonly links: readonly string[];
  readonly replyTo?: string;
  readonly replies?: number;
  readonly views?: number;
  readonly likes?: number;
  readonly sensitive?: boolean;
  readonly commentsUrl?: string;
}

/** What a feed says of itself. */
export interface FeedSite {
  readonly title?: string;
  readonly link?: string;
  readonly language?: string;
  readonly author?: FeedPerson;
  /** xml:base of the document. */
  readonly base?: string;
  /** How long the feed wants to be left alone: ttl, sy:updatePeriod. */
  readonly pauseMs?: number;
  readonly updated?: string;
}

/** An item with the bytes of its own that it can be read from again. */
export interface FeedEntry {
  readonly item: FeedItem;
  /** The element as it stands in the document; JSON Feed: its object. */
  readonly xml?: string;
  readonly json?: unknown;
  /** An Atom tombstone (RFC 6721): the entry of this id is gone. */
  readonly deletedAt?: string;
}

export interface Feed {
  readonly site: FeedSite;
  readonly entries: readonly FeedEntry[];
  /** Prefixes that the document names otherwise than usual. */
  readonly prefixes: ReadonlyMap<string, string>;
}

const mostItems = 2_000;
const mostEach = 100;

/**
 * @param isWhole nothing more will come: the last item is given though it does not end
 * @throws FIELD_INVALID where the text is no feed
 */
export function readXmlFeed(text: string, isWhole = false): Feed {
  const document = readXml(text);
  const found: { head: XmlNode | undefined; items: XmlNode[] } = { head: undefined, items: [] };
  collect(document.root, found);
  const { head, items } = found;
  if (head === undefined && items.length === 0) throw new EarshotError("FIELD_INVALID", "feed: expected RSS, Atom or JSON Feed, came something else");
  const last = items.at(-1);
  // A document that was cut off: what its last item still lacks comes with the next reading.
  const whole = last !== undefined && !last.closed && !isWhole && items.length > 1 ? items.slice(0, -1) : items;
  return {
    site: head === undefined ? {} : readSite(head, text),
    entries: whole.map((node) => ({ item: readItem(node, text), xml: text.slice(node.start, node.end), ...tombstone(node) })),
    prefixes: document.prefixes,
  };
}

function collect(node: XmlNode, found: { head: XmlNode | undefined; items: XmlNode[] }): void {
  for (const one of node.children) {
    const name = one.name.startsWith("atom:") && node.name !== "channel" ? one.name.slice(5) : one.name;
    if (name === "item" || name === "entry" || name === "at:deleted-entry") {
      if (found.items.length < mostItems) found.items.push(one);
      continue;
    }
    if (name === "channel" || name === "feed") found.head ??= one;
    else if (name === "rss" || name === "rdf:rdf" || name === "rdf") found.head ??= child(one, "channel") ?? one;
    else if (members.has(name)) continue;
    collect(one, found);
  }
}
/** Hold no items, whatever stands in them. */
const members = new Set(["title", "link", "description", "image", "textinput", "author", "subtitle", "category", "items"]);

/** One item that was cut out of its document. */
export function readXmlItem(xml: string, prefixes: ReadonlyMap<string, string>): FeedItem | undefined {
  const document: XmlDocument = readXml(xml, prefixes);
  const node = document.root.children[0];
  return node === undefined ? undefined : readItem(node, xml);
}

function tombstone(node: XmlNode): { deletedAt?: string } {
  return node.name === "at:deleted-entry" ? { deletedAt: node.attributes.get("when") ?? "" } : {};
}

function readSite(head: XmlNode, source: string): FeedSite {
  const title = plainOf(child(head, "title", "atom:title", "dc:title"), source);
  const link = linksOf(head).alternate;
  const language = languageOf(head) ?? plainOf(child(head, "language", "dc:language"), source);
  const author = personOf(child(head, "author", "atom:author", "managingeditor", "dc:creator", "itunes:author"), source);
  const base = head.attributes.get("xml:base") ?? head.parent?.attributes.get("xml:base");
  const pauseMs = pauseOf(head, source);
  const updated = plainOf(child(head, "lastbuilddate", "updated", "modified", "atom:updated", "pubdate", "dc:date"), source);
  return {
    ...(title !== undefined && { title }),
    ...(link !== undefined && { link }),
    ...(language !== undefined && { language }),
    ...(author !== undefined && { author }),
    ...(base !== undefined && { base }),
    ...(pauseMs !== undefined && { pauseMs }),
    ...(updated !== undefined && { updated }),
  };
}

const periodsMs: Readonly<Record<string, number>> = { hourly: 3_600_000, daily: 86_400_000, weekly: 7 * 86_400_000, monthly: 30 * 86_400_000, yearly: 365 * 86_400_000 };

function pauseOf(head: XmlNode, source: string): number | undefined {
  const ttl = Number(plainOf(child(head, "ttl"), source));
  const period = periodsMs[(plainOf(child(head, "sy:updateperiod"), source) ?? "").toLowerCase()];
  const frequency = Number(plainOf(child(head, "sy:updatefrequency"), source) ?? 1);
  const syndication = period === undefined ? 0 : period / (frequency > 0 ? frequency : 1);
  const pauseMs = Math.max(Number.isFinite(ttl) && ttl > 0 ? ttl * 60_000 : 0, syndication);
  return pauseMs > 0 ? pauseMs : undefined;
}

function readItem(node: XmlNode, source: string): FeedItem {
  const { alternate, enclosures, related, replies } = linksOf(node);
  const guid = child(node, "guid", "id", "atom:id", "dc:identifier");
  const id = (guid === undefined ? undefined : plainOf(guid, source)) ?? node.attributes.get("rdf:about") ?? node.attributes.get("about") ?? node.attributes.get("ref");
  // A permalink guid, or what RDF says the item is about, stands in for a link that is missing (RSS 2.0, guid).
  const isAddress = id !== undefined && /^https?:\/\//i.test(id) && (guid === undefined || (guid.name === "guid" && guid.attributes.get("ispermalink")?.toLowerCase() !== "false"));
  const permanent = isAddress ? id : undefined;
  // Feedburner links to itself and tells the page beside.
  const link = plainOf(child(node, "feedburner:origlink"), source) ?? alternate ?? permanent;
  const title = textOf(child(node, "title", "atom:title", "media:title", "dc:title"), source);
  const content = contentOf(node, source);
  const author = personOf(child(node, "author", "atom:author", "dc:creator", "itunes:author", "dc:author"), source);
  const published = plainOf(child(node, "pubdate", "published", "atom:published", "issued", "dc:date", "dcterms:issued", "dcterms:created", "created", "date"), source);
  const updated = plainOf(child(node, "updated", "atom:updated", "modified", "dcterms:modified", "lastmod"), source);
  const language = languageOf(node) ?? plainOf(child(node, "dc:language", "language"), source);
  const base = node.attributes.get("xml:base");
  const replyTo = child(node, "thr:in-reply-to");
  const replyId = replyTo?.attributes.get("ref") ?? replyTo?.attributes.get("href");
  const counted = numberOf(child(node, "slash:comments"), source) ?? numberOf(child(node, "thr:total"), source) ?? replies;
  const community = firstOf(node, "media:community");
  const views = countOf(community === undefined ? undefined : child(community, "media:statistics"), "views");
  const likes = countOf(community === undefined ? undefined : child(community, "media:starrating"), "count");
  const explicit = (plainOf(child(node, "itunes:explicit", "media:rating"), source) ?? "").toLowerCase();
  const commentsUrl = plainOf(child(node, "comments"), source);
  return {
    ...(id !== undefined && { id }),
    ...(link !== undefined && { link }),
    ...(title !== undefined && { title }),
    ...(content !== undefined && { content }),
    ...(author !== undefined && { author }),
    ...(published !== undefined && { published }),
    ...(updated !== undefined && { updated }),
    ...(language !== undefined && { language }),
    ...(base !== undefined && { base }),
    categories: categoriesOf(node, source),
    media: [...enclosures, ...mediaOf(node, source)].slice(0, mostEach),
    links: related,
    ...(replyId !== undefined && { replyTo: replyId }),
    ...(counted !== undefined && { replies: counted }),
    ...(views !== undefined && { views }),
    ...(likes !== undefined && { likes }),
    ...((explicit === "yes" || explicit === "true" || explicit === "explicit" || explicit === "adult") && { sensitive: true }),
    ...(commentsUrl !== undefined && { commentsUrl }),
  };
}

interface Links {
  readonly alternate?: string;
  readonly enclosures: readonly FeedMedia[];
  readonly related: readonly string[];
  /** thr:count of the replies link. */
  readonly replies?: number;
}

function linksOf(node: XmlNode): Links {
  let alternate: string | undefined;
  let weak: string | undefined;
  let replies: number | undefined;
  const enclosures: FeedMedia[] = [];
  const related: string[] = [];
  for (const one of node.children) {
    if (one.name === "enclosure") {
      const url = one.attributes.get("url") ?? one.attributes.get("href");
      if (url !== undefined && url.trim() !== "" && enclosures.length < mostEach) enclosures.push(mediaFrom(url.trim(), one));
      continue;
    }
    if (one.name !== "link" && one.name !== "atom:link") continue;
    const href = one.attributes.get("href")?.trim();
    if (href === undefined) {
      if (one.name === "link" && one.text.trim() !== "") alternate ??= one.text.trim();
      continue;
    }
    const rel = (one.attributes.get("rel") ?? "alternate").toLowerCase();
    const type = one.attributes.get("type")?.toLowerCase() ?? "";
    if (rel === "enclosure" && enclosures.length < mostEach) enclosures.push(mediaFrom(href, one));
    else if (rel === "replies") replies ??= countOf(one, "thr:count");
    else if (rel === "related" || rel === "via") related.push(href);
    else if (rel.endsWith("alternate")) {
      if (one.name === "link" && (type === "" || type.includes("html"))) alternate ??= href;
      else weak ??= href;
    }
  }
  const chosen = alternate ?? weak;
  return { enclosures, related: related.slice(0, mostEach), ...(chosen !== undefined && { alternate: chosen }), ...(replies !== undefined && { replies }) };
}

function mediaFrom(url: string, node: XmlNode): FeedMedia {
  const type = node.attributes.get("type");
  const kind = node.attributes.get("medium");
  const size = Number(node.attributes.get("length") ?? node.attributes.get("filesize"));
  const alt = node.attributes.get("title");
  return {
    url,
    ...(type !== undefined && type !== "" && { type }),
    ...(kind !== undefined && { kind }),
    ...(Number.isSafeInteger(size) && size > 0 && { sizeBytes: size }),
    ...(alt !== undefined && alt !== "" && { alt }),
  };
}

function mediaOf(node: XmlNode, source: string): FeedMedia[] {
  const found: FeedMedia[] = [];
  const add = (holder: XmlNode): void => {
    for (const one of holder.children) {
      const url = one.attributes.get("url") ?? one.attributes.get("href");
      if (one.name === "media:group") add(one);
      else if (one.name === "media:content" && url !== undefined) {
        const told = plainOf(child(one, "media:description", "media:title"), source);
        found.push({ ...mediaFrom(url.trim(), one), ...(told !== undefined && { alt: told }) });
      } else if ((one.name === "media:thumbnail" || one.name === "itunes:image") && url !== undefined) found.push({ url: url.trim(), kind: "image" });
    }
  };
  add(node);
  return found;
}

/** The whole text before its summary; media groups (video feeds) have a description of their own. */
function contentOf(node: XmlNode, source: string): FeedText | undefined {
  for (const name of ["content:encoded", "content", "atom:content", "description", "summary", "atom:summary", "dc:description", "itunes:summary"]) {
    const found = textOf(child(node, name), source);
    if (found !== undefined && found.text !== "") return found;
  }
  const group = firstOf(node, "media:description");
  return group === undefined ? undefined : textOf(group, source);
}

/** A child of this name, of the node or of its media group. */
function firstOf(node: XmlNode, name: string): XmlNode | undefined {
  const group = child(node, "media:group");
  return child(node, name) ?? (group === undefined ? undefined : child(group, name));
}

const markup = /<\/?[A-Za-z][^<]*>|&(?:#\w+|[A-Za-z]\w*);/;

function textOf(node: XmlNode | undefined, source: string): FeedText | undefined {
  if (node === undefined) return undefined;
  const type = (node.attributes.get("type") ?? "").toLowerCase();
  if (
    node.attributes.get("mode")?.toLowerCase() === "base64" ||
    (type !== "" && !type.includes("html") && type.includes("/") && !type.startsWith("text/") && !type.includes("xml"))
  ) {
    const decoded = Buffer.from(node.text.replace(/\s+/g, ""), "base64").toString("utf8");
    return type.startsWith("text/") || type === "" ? { text: decoded, html: true } : undefined;
  }
  const text = innerOf(node, source);
  if (text === "") return undefined;
  if (node.children.length > 0) return { text: withoutPrefixes(text), html: true };
  if (type === "text" || type === "text/plain") return { text, html: false };
  if (type.includes("html")) return { text, html: true };
  return { text, html: markup.test(text) };
}

/** `<xhtml:p>` as `<p>`; CDATA inside markup is its text. */
function withoutPrefixes(markupText: string): string {
  return markupText
    .replace(/(<\/?)[A-Za-z][\w.-]{0,20}:(?=[A-Za-z])/g, "$1")
    .replaceAll("<![CDATA[", "")
    .replaceAll("]]>", "");
}

/** An element's text as one line without markup. */
function plainOf(node: XmlNode | undefined, source: string): string | undefined {
  if (node === undefined) return undefined;
  const inner = innerOf(node, source);
  const text = (node.children.length > 0 ? decodeReferences(inner.replace(/<[^<>]*>/g, "")) : inner).replace(/\s+/g, " ").trim();
  return text === "" ? undefined : text;
}

function languageOf(node: XmlNode): string | undefined {
  for (let one: XmlNode | undefined = node; one !== undefined; one = one.parent) {
    const told = one.attributes.get("xml:lang")?.trim();
    if (told) return told;
  }
  return undefined;
}

function categoriesOf(node: XmlNode, source: string): string[] {
  const found = new Set<string>();
  for (const one of node.children) {
    if (found.size >= mostEach) break;
    if (one.name === "category" || one.name === "atom:category" || one.name === "dc:subject") {
      const name = one.attributes.get("label") ?? one.attributes.get("term") ?? plainOf(one, source) ?? "";
      if (name.trim() !== "" && name.length <= 200) found.add(name.trim());
    } else if (one.name === "media:keywords" || one.name === "itunes:keywords") {
      for (const name of (plainOf(one, source) ?? "").split(",").slice(0, mostEach)) if (name.trim() !== "" && name.length <= 200) found.add(name.trim());
    }
  }
  return [...found];
}

function personOf(node: XmlNode | undefined, source: string): FeedPerson | undefined {
  if (node === undefined) return undefined;
  if (node.children.length > 0) {
    const name = plainOf(child(node, "name", "atom:name", "dc:title"), source);
    const email = plainOf(child(node, "email", "atom:email"), source);
    const url = plainOf(child(node, "uri", "url", "homepage", "atom:uri"), source);
    return name === undefined && email === undefined && url === undefined
      ? undefined
      : { ...(name !== undefined && { name }), ...(email !== undefined && { email }), ...(url !== undefined && { url }) };
  }
  return personFrom(plainOf(node, source));
}

/** "ann@blog.example (Ann)", "Ann <ann@blog.example>", "Ann". */
export function personFrom(text: string | undefined): FeedPerson | undefined {
  if (text === undefined || text === "" || text.length > 500) return undefined;
  const first = /^([^\s@()<>]+@[^\s@()<>]+)\s*\(([^()]+)\)$/.exec(text);
  if (first !== null) return { email: first[1] ?? "", name: (first[2] ?? "").trim() };
  const second = /^([^<>]+?)\s*<([^\s@<>]+@[^\s@<>]+)>$/.exec(text);
  if (second !== null) return { name: (second[1] ?? "").trim(), email: second[2] ?? "" };
  return /^[^\s@]+@[^\s@]+$/.test(text) ? { email: text } : { name: text };
}

function numberOf(node: XmlNode | undefined, source: string): number | undefined {
  const text = plainOf(node, source);
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function countOf(node: XmlNode | undefined, attribute: string): number | undefined {
  const text = node?.attributes.get(attribute);
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
