import { decodeReferences } from "./entities.ts";

/** An element of a feed, found leniently. Names are lower case and bear the usual prefix of their namespace, whatever the document calls it. */
export interface XmlNode {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly parent: XmlNode | undefined;
  readonly children: XmlNode[];
  /** Its own text, decoded, without that of its children. */
  text: string;
  readonly start: number;
  readonly innerStart: number;
  innerEnd: number;
  end: number;
  /** An end tag, its own or an outer one, or a sibling that cannot stand inside it was met. */
  closed: boolean;
}

export interface XmlDocument {
  readonly source: string;
  readonly root: XmlNode;
  /** Prefixes of the document's own, by what they usually are called: needed to read a cut-out element again. */
  readonly prefixes: ReadonlyMap<string, string>;
}

const usualPrefixes = new Map([
  ["http://purl.org/rss/1.0/modules/content/", "content"],
  ["http://purl.org/dc/elements/1.1/", "dc"],
  ["http://purl.org/dc/terms/", "dcterms"],
  ["http://search.yahoo.com/mrss/", "media"],
  ["http://search.yahoo.com/mrss", "media"],
  ["http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"],
  ["http://purl.org/rss/1.0/modules/syndication/", "sy"],
  ["http://purl.org/rss/1.0/modules/slash/", "slash"],
  ["http://purl.org/syndication/thread/1.0", "thr"],
  ["http://purl.org/atompub/tombstones/1.0", "at"],
  ["http://www.w3.org/2005/atom", "atom"],
  ["http://purl.org/atom/ns#", "atom"],
  ["http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"],
  ["http://www.w3.org/2003/01/geo/wgs84_pos#", "geo"],
  ["http://purl.org/rss/1.0/", ""],
  ["http://my.netscape.com/rdf/simple/0.9/", ""],
  ["http://backend.userland.com/rss2", ""],
]);
const mostDepth = 100;
const mostNodes = 200_000;
const noAttributes: ReadonlyMap<string, string> = new Map();

/** One of these never stands in another: a new one ends the one that was left open. */
const entries = new Set(["item", "entry"]);
/** Hold text alone: the start of any of `members` ends them. */
const leaves = new Set(["title", "link", "guid", "id", "pubdate", "published", "updated", "modified", "issued", "dc:date", "dc:creator", "author", "category", "comments"]);
const members = new Set([...leaves, "description", "summary", "content", "content:encoded", "enclosure", "source"]);

/**
 * Reads any text as XML without ever failing: unknown and wrong end tags, open elements, stray `<` and `&`, unquoted attributes,
 * text around the document. DTDs are passed over, their entities never expanded, nothing is ever fetched. Linear in the text's length.
 */
export function readXml(source: string, known: ReadonlyMap<string, string> = noAttributes): XmlDocument {
  const prefixes = new Map(known);
  const root = node("", noAttributes, undefined, 0, 0);
  let open = root;
  let depth = 0;
  let count = 0;
  let at = 0;
  const missing = new Set<string>();

  const close = (element: XmlNode, innerEnd: number, end: number): void => {
    for (;;) {
      open.innerEnd = innerEnd;
      open.end = open === element ? end : innerEnd;
      open.closed = true;
      const ended = open;
      open = open.parent ?? root;
      depth--;
      if (ended === element || ended === root) return;
    }
  };

  while (at < source.length) {
    const tag = source.indexOf("<", at);
    if (tag < 0) {
      open.text += decodeReferences(source.slice(at));
      break;
    }
    if (tag > at) open.text += decodeReferences(source.slice(at, tag));
    const next = source.charCodeAt(tag + 1);
    if (next === 0x21) {
      at = passDeclaration(tag);
      continue;
    }
    if (next === 0x3f) {
      const end = find("?>", tag);
      const short = end < 0 ? find(">", tag) : -1;
      at = end >= 0 ? end + 2 : short >= 0 ? short + 1 : source.length;
      continue;
    }
    if (next === 0x2f) {
      const end = find(">", tag);
      if (end < 0) break;
      const name = nameOf(source.slice(tag + 2, end).trim(), noAttributes);
      let element: XmlNode | undefined = open;
      while (element !== undefined && element.name !== name) element = element.parent;
      if (element !== undefined && element !== root) close(element, tag, end + 1);
      at = end + 1;
      continue;
    }
    const nameEnd = endOfName(source, tag + 1);
    if (nameEnd === tag + 1) {
      open.text += "<";
      at = tag + 1;
      continue;
    }
    const tagEnd = endOfTag(source, nameEnd);
    if (tagEnd < 0) break;
    const empty = source.charCodeAt(tagEnd - 1) === 0x2f;
    const attributes = tagEnd - nameEnd > 2 ? readAttributes(source.slice(nameEnd, empty ? tagEnd - 1 : tagEnd), prefixes) : noAttributes;
    const name = nameOf(source.slice(tag + 1, nameEnd), attributes);
    at = tagEnd + 1;
    if (entries.has(name)) endOpenEntry(tag);
    else if (members.has(name) && leaves.has(open.name)) close(open, tag, tag);
    if (depth >= mostDepth || count >= mostNodes) continue;
    count++;
    const element = node(name, attributes, open, tag, at);
    open.children.push(element);
    if (empty) {
      element.closed = true;
      continue;
    }
    open = element;
    depth++;
  }
  for (let left: XmlNode | undefined = open; left !== undefined; left = left.parent) left.innerEnd = left.end = source.length;
  return { source, root, prefixes };

  /** What was not found once is not looked for again: else a document of opened sections would cost its length squared. */
  function find(needle: string, from: number): number {
    if (missing.has(needle)) return -1;
    const found = source.indexOf(needle, from);
    if (found < 0) missing.add(needle);
    return found;
  }

  function endOpenEntry(before: number): void {
    for (let element: XmlNode | undefined = open; element !== undefined; element = element.parent) {
      if (!entries.has(element.name)) continue;
      close(element, before, before);
      return;
    }
  }

  /** After a comment, a CDATA section (its text is taken) or a DTD. */
  function passDeclaration(tag: number): number {
    if (source.startsWith("<!--", tag)) {
      const end = find("-->", tag + 4);
      return end < 0 ? tag + 4 : end + 3;
    }
    if (source.startsWith("<![CDATA[", tag)) {
      const end = find("]]>", tag + 9);
      const until = end < 0 ? endOfOpenSection(tag + 9) : end;
      open.text += source.slice(tag + 9, until);
      return end < 0 ? until : end + 3;
    }
    let inside = 0;
    for (let i = tag + 2; i < source.length; i++) {
      const code = source.charCodeAt(i);
      if (code === 0x5b) inside++;
      else if (code === 0x5d) inside--;
      else if (code === 0x3e && inside <= 0) return i + 1;
    }
    return source.length;
  }

  function endOfOpenSection(from: number): number {
    const end = find("</", from);
    return end < 0 ? source.length : end;
  }

  function nameOf(raw: string, attributes: ReadonlyMap<string, string>): string {
    const name = raw.toLowerCase();
    const colon = name.indexOf(":");
    if (colon < 0) {
      const own = attributes.get("xmlns");
      const prefix = own === undefined ? undefined : usualPrefixes.get(own.toLowerCase());
      // <link xmlns="http://www.w3.org/2005/Atom"> inside RSS; the root of Atom itself stays without prefix.
      return prefix === undefined || prefix === "" || name === "feed" || name === "entry" || prefix === "rdf" ? name : `${prefix}:${name}`;
    }
    const prefix = prefixes.get(name.slice(0, colon));
    if (prefix === undefined) return name;
    return prefix === "" ? name.slice(colon + 1) : `${prefix}${name.slice(colon)}`;
  }
}

function node(name: string, attributes: ReadonlyMap<string, string>, parent: XmlNode | undefined, start: number, innerStart: number): XmlNode {
  return { name, attributes, parent, children: [], text: "", start, innerStart, innerEnd: innerStart, end: innerStart, closed: false };
}

function endOfName(source: string, from: number): number {
  let i = from;
  for (; i < source.length; i++) {
    const code = source.charCodeAt(i);
    const letter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code > 127;
    const later = letter || (code >= 48 && code <= 58) || code === 45 || code === 46;
    if (i === from ? !letter : !later) break;
  }
  return i;
}

/** Place of the `>`; quotes are respected unless the quote never closes. */
function endOfTag(source: string, from: number): number {
  let quote = 0;
  for (let i = from; i < source.length; i++) {
    const code = source.charCodeAt(i);
    if (quote !== 0) {
      if (code === quote) quote = 0;
      else if (code === 0x3c) return source.indexOf(">", from);
    } else if ((code === 0x22 || code === 0x27) && source.charCodeAt(i - 1) === 0x3d) quote = code;
    else if (code === 0x3e) return i;
  }
  return source.indexOf(">", from);
}

/** Each part takes what no other can, so that no text makes it slow. */
const attribute = /([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

function readAttributes(text: string, prefixes: Map<string, string>): ReadonlyMap<string, string> {
  if (!text.includes("=")) return noAttributes;
  const attributes = new Map<string, string>();
  for (const [, rawName = "", double, single, bare] of text.matchAll(attribute)) {
    if (double === undefined && single === undefined && bare === undefined) continue;
    const name = rawName.toLowerCase();
    const value = decodeReferences(double ?? single ?? bare ?? "");
    if (attributes.size < 100 && !attributes.has(name)) attributes.set(name, value);
    if (name.startsWith("xmlns:") && prefixes.size < 100) {
      const usual = usualPrefixes.get(value.trim().toLowerCase());
      if (usual !== undefined && usual !== name.slice(6)) prefixes.set(name.slice(6), usual);
    }
  }
  return attributes;
}

/** The first child of any of these names, in the order of the names. */
export function child(node: XmlNode, ...names: readonly string[]): XmlNode | undefined {
  for (const name of names) {
    for (const one of node.children) if (one.name === name) return one;
  }
  return undefined;
}

/** The element's text as one reads it: its own, or what it holds as markup where it holds elements. */
export function innerOf(node: XmlNode, source: string): string {
  if (node.children.length === 0) return node.text.trim();
  return source.slice(node.innerStart, node.innerEnd).trim();
}
