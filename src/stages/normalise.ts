import type { Outcome, SourcePost } from "../core/event.ts";
import type { AccountSpan, Draft, Stage } from "../core/stage.ts";
import { htmlToText } from "./html.ts";
import { tidy } from "./tidy.ts";
import { cleanUrl, findUrls } from "./urls.ts";

const maxLinks = 200;
const maxHashtags = 200;

/** Plain text, the accounts that stand in it, hashtags and links. */
export function makeNormalise(): Stage {
  return {
    name: "normalise",
    run: (batch) => batch.map((draft) => normalise(draft)),
    [Symbol.dispose]() {},
  };
}

function normalise(draft: Draft): Outcome<Draft> {
  const { post } = draft;
  const links: string[] = [];
  const hashtags: string[] = [];
  let raw = post.text;
  let accounts: readonly AccountSpan[] = [];
  if (post.format === "html") {
    if (raw.includes("<") || raw.includes("&")) {
      const html = htmlToText(raw);
      raw = html.text;
      accounts = html.accounts.map((account) => htmlAccount(post, account));
      for (const link of html.links) addLink(links, link);
      for (const tag of html.hashtags) addHashtag(hashtags, tag);
    }
  } else accounts = readSpans(post, links, hashtags);
  const tidied = tidy(raw, accounts);
  draft.text = tidied.text;
  draft.accountSpans = tidied.text.includes("@") ? withHandles(tidied.text, tidied.spans, post, draft.platform) : tidied.spans;
  for (const tag of post.hashtags ?? []) addHashtag(hashtags, tag);
  if (tidied.text.includes("#") || tidied.text.includes("＃")) findHashtags(tidied.text, hashtags);
  for (const link of post.links ?? []) addLink(links, link);
  for (const found of findUrls(tidied.text)) addLink(links, found.url);
  draft.hashtags = hashtags;
  draft.links = links;
  if (post.place?.countryCode !== undefined) draft.region = post.place.countryCode.toLowerCase();
  return { keep: draft };
}

function addLink(links: string[], url: string): void {
  if (links.length >= maxLinks || !/^https?:\/\//i.test(url)) return;
  const clean = cleanUrl(url);
  if (!links.includes(clean)) links.push(clean);
}

function addHashtag(hashtags: string[], tag: string): void {
  if (hashtags.length >= maxHashtags) return;
  const clean = tag
    .replace(/^[#＃]+/u, "")
    .trim()
    .normalize("NFC")
    .toLowerCase();
  if (clean !== "" && clean.length <= 200 && !hashtags.includes(clean)) hashtags.push(clean);
}

const hashtagBody = /[\p{L}\p{M}\p{N}_]+/uy;
const onlyDigits = /^[\p{N}_]+$/u;
/** What may stand before # or @ for it to begin a tag or a handle. */
const boundary = /[\s([{"'“‘«„¡¿.,;:!?。、，！？：；「『（【|/\\*~>…-]/u;

function findHashtags(text: string, hashtags: string[]): void {
  for (let at = nextSign(text, 0); at >= 0; at = nextSign(text, at + 1)) {
    const before = text.charAt(at - 1);
    if (at > 0 && (!boundary.test(before) || before === "/")) continue;
    hashtagBody.lastIndex = at + 1;
    const body = hashtagBody.exec(text)?.[0];
    if (body !== undefined && !onlyDigits.test(body)) addHashtag(hashtags, body);
  }
}

function nextSign(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 35 || code === 0xff03) return i;
  }
  return -1;
}

/** Spans of a plain text as the platform gave them, in order; those that cannot be are left out. */
function readSpans(post: SourcePost, links: string[], hashtags: string[]): AccountSpan[] {
  const accounts: AccountSpan[] = [];
  if (post.spans === undefined || post.spans.length === 0) return accounts;
  const { text } = post;
  let last = 0;
  for (const span of post.spans.toSorted((a, b) => a.start - b.start)) {
    if (span.kind === "link") addLink(links, span.value);
    else if (span.kind === "hashtag") addHashtag(hashtags, span.value);
    else if (span.start >= last && span.end > span.start && span.end <= text.length) {
      const shown = text.slice(span.start, span.end);
      accounts.push({ start: span.start, end: span.end, nativeId: span.value, handle: shown.startsWith("@") ? shown.slice(1) : shown });
      last = span.end;
    }
  }
  return accounts;
}

function htmlAccount(post: SourcePost, account: { readonly start: number; readonly end: number; readonly handle: string; readonly href: string }): AccountSpan {
  const { start, end, handle, href } = account;
  const known = post.mentions?.find((mention) => mention.url === href) ?? post.mentions?.find((mention) => sameHandle(mention.handle, handle));
  const nativeId = known?.id ?? (href.startsWith("http") ? href : undefined);
  return { start, end, handle: known?.handle ?? handle, ...(nativeId !== undefined && { nativeId }) };
}

function sameHandle(one: string, other: string): boolean {
  const a = one.toLowerCase();
  const b = other.toLowerCase();
  return a === b || a.startsWith(`${b}@`) || b.startsWith(`${a}@`);
}

const handleBody = /[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_-])?(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)?/y;

/** Adds the accounts that stand in the text as @handle or @handle@server where no span tells of them. */
function withHandles(text: string, spans: readonly AccountSpan[], post: SourcePost, platform: string): readonly AccountSpan[] {
  const all: AccountSpan[] = [];
  let next = 0;
  let at = text.indexOf("@");
  while (at >= 0) {
    let span = spans[next];
    while (span !== undefined && span.start <= at) {
      all.push(span);
      if (span.end > at) at = span.end - 1;
      span = spans[++next];
    }
    const covered = all.at(-1);
    if (covered === undefined || covered.end <= at) {
      const handle = handleAt(text, at);
      if (handle !== undefined && at + 1 + handle.length <= (span?.start ?? text.length)) {
        all.push({ start: at, end: at + 1 + handle.length, handle, ...nativeIdOf(handle, post, platform) });
        at += handle.length;
      }
    }
    at = text.indexOf("@", at + 1);
  }
  for (; next < spans.length; next++) {
    const span = spans[next];
    if (span !== undefined) all.push(span);
  }
  return all;
}

function handleAt(text: string, at: number): string | undefined {
  const before = text.charCodeAt(at - 1);
  // An address of mail, or a path, is no mention.
  if (at > 0 && (isHandleUnit(before) || before === 47 || before === 64)) return undefined;
  handleBody.lastIndex = at + 1;
  return handleBody.exec(text)?.[0];
}

function isHandleUnit(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code === 46 || code === 43 || code === 45;
}

function nativeIdOf(handle: string, post: SourcePost, platform: string): { readonly nativeId?: string } {
  const known = post.mentions?.find((mention) => sameHandle(mention.handle, handle));
  if (known !== undefined) return { nativeId: known.id };
  const [name, server] = handle.split("@");
  return platform === "mastodon" && name !== undefined && server !== undefined ? { nativeId: `https://${server.toLowerCase()}/@${name}` } : {};
}
