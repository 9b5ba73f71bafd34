import { compile, type FormatCallback } from "html-to-text";
import { cleanUrl } from "./urls.ts";

/** A post's HTML as text, with what its anchors told. */
export interface HtmlText {
  readonly text: string;
  /** Mentions, half open in `text`; `handle` without its leading @. */
  readonly accounts: readonly { readonly start: number; readonly end: number; readonly handle: string; readonly href: string }[];
  readonly hashtags: readonly string[];
  readonly links: readonly string[];
}

const blocks = new Set(["p", "div", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre"]);
const inlines = new Set(["span", "em", "strong", "b", "i", "u", "s", "del", "ins", "code", "small", "sub", "sup", "mark", "abbr", "cite", "bdi", "bdo"]);
const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  rsquo: "’",
  lsquo: "‘",
  rdquo: "”",
  ldquo: "“",
  euro: "€",
};
const entity = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,31}));?/g;

class UnknownMarkup extends Error {}
const unknownMarkup = new UnknownMarkup("markup beyond the fast path");

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(entity, (whole: string, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
    if (name === undefined) {
      const point = decimal === undefined ? Number.parseInt(hex ?? "0", 16) : Number(decimal);
      return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff) ? String.fromCodePoint(point) : "\ufffd";
    }
    const known = entities[name];
    if (known === undefined && whole.endsWith(";")) throw unknownMarkup;
    return known ?? whole;
  });
}

/** Text of any HTML. Never throws; linear in its length for what platforms send, bounded for the rest. */
export function htmlToText(html: string): HtmlText {
  try {
    return readFast(html);
  } catch (thrown) {
    if (!(thrown instanceof UnknownMarkup)) throw thrown;
    return readAny(html);
  }
}

interface Anchor {
  readonly href: string;
  readonly kind: "mention" | "hashtag" | "link";
  text: string;
  /** Parts of the address stood in spans that the page hides or cuts. */
  abridged: boolean;
}

/** The handful of tags that Mastodon and its kin emit; throws `unknownMarkup` at anything else. */
function readFast(html: string): HtmlText {
  const accounts: { start: number; end: number; handle: string; href: string }[] = [];
  const hashtags: string[] = [];
  const links: string[] = [];
  let out = "";
  let anchor: Anchor | undefined;
  let at = 0;
  const append = (text: string): void => {
    if (anchor === undefined) out += text;
    else anchor.text += text;
  };
  const breakLines = (count: number): void => {
    if (out === "") return;
    const have = out.endsWith("\n\n") ? 2 : out.endsWith("\n") ? 1 : 0;
    if (have < count) out += count - have === 2 ? "\n\n" : "\n";
  };
  const closeAnchor = (): void => {
    if (anchor === undefined) return;
    const { text, href, kind, abridged } = anchor;
    anchor = undefined;
    if (kind === "mention" && text.length > 1) {
      const handle = text.startsWith("@") ? text.slice(1) : text;
      accounts.push({ start: out.length, end: out.length + text.length, handle, href });
      out += text;
    } else if (kind === "hashtag") {
      if (text.length > 1 && text.startsWith("#")) hashtags.push(text.slice(1));
      out += text;
    } else {
      const clean = cleanUrl(href);
      if (isWeb(href)) links.push(clean);
      out += isWeb(href) && (abridged || text === href) ? clean : text;
    }
  };
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) {
      append(textOf(html, at, html.length));
      break;
    }
    if (open > at) append(textOf(html, at, open));
    const isClose = html.charCodeAt(open + 1) === 47;
    const nameStart = isClose ? open + 2 : open + 1;
    let nameEnd = nameStart;
    while (isNameUnit(html.charCodeAt(nameEnd))) nameEnd++;
    if (nameEnd === nameStart) {
      // "<" before anything but a tag is text; comments and the like are not for here.
      if (html.charAt(nameStart) === "!" || html.charAt(nameStart) === "?" || isClose) throw unknownMarkup;
      append("<");
      at = open + 1;
      continue;
    }
    const name = html.slice(nameStart, nameEnd);
    const close = tagEnd(html, nameEnd);
    if (close < 0) throw unknownMarkup;
    at = close + 1;
    if (name === "br") append("\n");
    else if (name === "a") {
      closeAnchor();
      if (!isClose) anchor = openAnchor(html.slice(nameEnd, close));
    } else if (blocks.has(name)) {
      if (anchor !== undefined) throw unknownMarkup;
      breakLines(name === "li" || name === "div" ? 1 : 2);
    } else if (inlines.has(name)) {
      if (anchor !== undefined && !isClose && nameEnd < close && /class="(?:invisible|ellipsis)"/.test(html.slice(nameEnd, close))) anchor.abridged = true;
    } else throw unknownMarkup;
  }
  closeAnchor();
  return { text: out, accounts, hashtags, links };
}

function isNameUnit(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
}

/** Place of the > that ends a tag, quotes respected; -1 where there is none. */
function tagEnd(html: string, from: number): number {
  const close = html.indexOf(">", from);
  if (close < 0) return -1;
  let quote = 0;
  for (let i = from; i < html.length; i++) {
    const code = html.charCodeAt(i);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 34 || code === 39) quote = code;
    else if (code === 62) return i;
  }
  return -1;
}

const whitespaceRun = /[\t\n\r\f ]+/g;
const badSpace = /[\t\n\r\f]| {2}/;

function textOf(html: string, start: number, end: number): string {
  const raw = html.slice(start, end);
  const decoded = decodeEntities(raw);
  return badSpace.test(raw) ? decoded.replace(whitespaceRun, " ") : decoded;
}

const hrefAttribute = /(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/;
const classAttribute = /(?:^|\s)class\s*=\s*(?:"([^"]*)"|'([^']*)')/;

function openAnchor(attributes: string): Anchor {
  const found = hrefAttribute.exec(attributes);
  const href = decodeEntities(found?.[1] ?? found?.[2] ?? found?.[3] ?? "");
  const classes = classAttribute.exec(attributes);
  const words = ` ${classes?.[1] ?? classes?.[2] ?? ""} `;
  const hashtag = words.includes(" hashtag ") || /\srel\s*=\s*"tag"/.test(attributes);
  const kind = hashtag ? "hashtag" : words.includes(" mention ") ? "mention" : "link";
  return { href, kind, text: "", abridged: false };
}

function isWeb(href: string): boolean {
  return href.startsWith("https://") || href.startsWith("http://");
}

let collected: string[] = [];
const formatAnchor: FormatCallback = (element, walk, builder, options) => {
  const href: unknown = element.attribs?.["href"];
  if (typeof href === "string" && isWeb(href)) collected.push(cleanUrl(href));
  walk(element.children, builder);
  void options;
};
const convert = compile({
  wordwrap: false,
  limits: { maxInputLength: 200_000, maxDepth: 64, maxChildNodes: 5_000 },
  formatters: { anchor: formatAnchor },
  selectors: [
    { selector: "a", format: "anchor" },
    { selector: "img", format: "skip" },
    { selector: "table", format: "block" },
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

function readAny(html: string): HtmlText {
  collected = [];
  const text = convert(html);
  return { text, accounts: [], hashtags: [], links: collected };
}
