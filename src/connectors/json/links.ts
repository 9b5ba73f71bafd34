import { softUrl } from "./fields.ts";

const mostLinks = 500;

/** Web addresses that stand in a plain text, each once, without the signs of the sentence around them; after those of `told`. */
export function linksInText(text: string, told: readonly string[] = []): string[] {
  const links = [...told];
  if (!text.includes("://")) return links;
  for (const [found] of text.matchAll(/\bhttps?:\/\/[^\s<>"]+/giu)) {
    if (links.length >= mostLinks) break;
    add(links, withoutEnd(found));
  }
  return links;
}

/** A sentence's signs at the end, and brackets that were not opened within. */
function withoutEnd(found: string): string {
  const signs = found.includes("(") ? ".,;:!?'*»”’…]" : ".,;:!?'*»”’…])";
  let end = found.length;
  while (end > 0 && signs.includes(found.charAt(end - 1))) end--;
  return found.slice(0, end);
}

/** Web addresses that anchors in HTML point at, each once, but for those of accounts and hashtags (by class and rel, microformats.org/wiki/h-entry); after those of `told`. */
export function linksInHtml(html: string, told: readonly string[] = []): string[] {
  const links = [...told];
  if (!html.includes("<a ")) return links;
  for (const [, attributes = ""] of html.matchAll(/<a\s([^<>]*)>/gi)) {
    if (/\bclass=["'][^"']*\b(?:mention|hashtag)\b|\brel=["'](?:[^"']*\s)?tag\b/i.test(attributes)) continue;
    const href = /\bhref=(?:"([^"]*)"|'([^']*)')/i.exec(attributes);
    const address = href?.[1] ?? href?.[2];
    if (address !== undefined) add(links, address.replaceAll("&amp;", "&"));
  }
  return links;
}

function add(links: string[], address: string): void {
  if (links.length < mostLinks && softUrl(address) !== undefined && !links.includes(address)) links.push(address);
}
