/** Addresses in texts: found, cleaned of tracking, and read for the account that they name. */

import { trackingParameter } from "../core/canonical-link.ts";

const address = /https?:\/\/[^\s<>"`{}|\\^\u3000-\u303f\uff00-\uffef\u2018-\u201f]+/giu;
const maxLength = 2_048;
const trailing = new Set([".", ",", ";", ":", "!", "?", "'", "*", "_", "~", "…"]);
const closing: Readonly<Record<string, string>> = { ")": "(", "]": "[" };

export interface FoundUrl {
  readonly start: number;
  readonly end: number;
  readonly url: string;
}

/** http(s) addresses in a plain text, without the punctuation that follows them. */
export function findUrls(text: string): readonly FoundUrl[] {
  if (!text.includes("://")) return [];
  const found: FoundUrl[] = [];
  for (const match of text.matchAll(address)) {
    const url = trimUrl(match[0]);
    if (url.length > 8 && url.length <= maxLength) found.push({ start: match.index, end: match.index + url.length, url });
  }
  return found;
}

function trimUrl(url: string): string {
  let end = url.length;
  let closed: Map<string, number> | undefined;
  while (end > 0) {
    const last = url.charAt(end - 1);
    const open = closing[last];
    if (open !== undefined) {
      // A bracket that the address itself opened belongs to it.
      closed ??= new Map(Object.entries(closing).map(([close, opener]) => [close, countOf(url, close) - countOf(url, opener)]));
      const excess = closed.get(last) ?? 0;
      if (excess <= 0) break;
      closed.set(last, excess - 1);
    } else if (!trailing.has(last)) break;
    end--;
  }
  return end === url.length ? url : url.slice(0, end);
}

function countOf(text: string, char: string): number {
  let count = 0;
  for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) count++;
  return count;
}

/** The address without parameters that only follow people around. */
export function cleanUrl(url: string): string {
  const question = url.indexOf("?");
  if (question < 0) return url;
  const hash = url.indexOf("#", question);
  const end = hash < 0 ? url.length : hash;
  const parameters = url.slice(question + 1, end).split("&");
  const kept = parameters.filter((parameter) => parameter !== "" && !trackingParameter.test(parameter));
  if (kept.length === parameters.length) return url;
  return url.slice(0, question) + (kept.length > 0 ? `?${kept.join("&")}` : "") + url.slice(end);
}

export interface Profile {
  /** Where the account stands in the address; with a leading @ where it has one. */
  readonly start: number;
  readonly end: number;
  readonly platform: string;
  readonly handle: string;
  /** What the platform's connector takes as the account's native id, where the address is it. */
  readonly nativeId?: string;
}

const bySegment: Readonly<Record<string, { readonly platform: string; readonly segment: RegExp }>> = {
  "bsky.app": { platform: "bluesky", segment: /^\/profile\/([^/?#]+)/ },
  "twitter.com": { platform: "x", segment: /^\/([A-Za-z0-9_]{1,15})(?=[/?#]|$)/ },
  "x.com": { platform: "x", segment: /^\/([A-Za-z0-9_]{1,15})(?=[/?#]|$)/ },
  "instagram.com": { platform: "instagram", segment: /^\/([A-Za-z0-9_.]{1,30})\/?(?=[?#]|$)/ },
  "facebook.com": { platform: "facebook", segment: /^\/([A-Za-z0-9.]{5,50})\/?(?=[?#]|$|posts\/)/ },
  "reddit.com": { platform: "reddit", segment: /^\/(?:u|user)\/([A-Za-z0-9_-]{3,20})/ },
  "linkedin.com": { platform: "linkedin", segment: /^\/in\/([^/?#]+)/ },
  "t.me": { platform: "telegram", segment: /^\/([A-Za-z][A-Za-z0-9_]{4,31})(?=[/?#]|$)/ },
};
const atPlatforms: Readonly<Record<string, string>> = {
  "tiktok.com": "tiktok",
  "threads.net": "threads",
  "threads.com": "threads",
  "youtube.com": "youtube",
  "medium.com": "medium",
};
const reserved = new Set(
  "i home search hashtag intent share explore settings login about tos privacy p reel reels stories tv watch groups pages events marketplace sharer sharer.php dialog help legal joinchat addstickers s".split(
    " ",
  ),
);
const atSegment = /^\/(@[^/?#]+)/;
const usersSegment = /^\/users\/([A-Za-z0-9_.-]+)/;

/** The account that an address leads to; undefined when it leads elsewhere. */
export function profileOf(url: string): Profile | undefined {
  const hostStart = url.indexOf("://") + 3;
  if (hostStart < 3) return undefined;
  const pathStart = url.indexOf("/", hostStart);
  if (pathStart < 0 || pathStart + 1 >= url.length) return undefined;
  const host = url
    .slice(hostStart, pathStart)
    .toLowerCase()
    .replace(/^(?:www|m|mobile|old|new)\./, "");
  const path = url.slice(pathStart);
  const known = bySegment[host];
  const match = known?.segment.exec(path) ?? atSegment.exec(path) ?? usersSegment.exec(path);
  const account = match?.[1];
  if (match === null || account === undefined || reserved.has(account.toLowerCase())) return undefined;
  const start = pathStart + match[0].length - account.length;
  const end = start + account.length;
  const handle = account.startsWith("@") ? account.slice(1) : account;
  if (handle === "") return undefined;
  if (known !== undefined) {
    const isDid = handle.startsWith("did:");
    return { start, end, platform: known.platform, handle: handle.toLowerCase(), ...(isDid && { nativeId: handle }) };
  }
  const platform = atPlatforms[host];
  if (platform !== undefined) return { start, end, platform, handle: handle.toLowerCase() };
  // Any other server with such a path speaks ActivityPub; an account's address is its native id.
  const [name = handle, server = host] = handle.split("@");
  return { start, end, platform: "mastodon", handle: `${name}@${server}`.toLowerCase(), nativeId: `https://${server.toLowerCase()}/@${name}` };
}
