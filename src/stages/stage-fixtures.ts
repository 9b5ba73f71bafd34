import type { SourcePost } from "../core/event.ts";
import type { MentionId } from "../core/ids.ts";
import { type Draft, makeDraft, setText } from "../core/stage.ts";

export const nowMs = Date.UTC(2026, 5, 1);

export function makePost(text: string, more: Partial<SourcePost> = {}): SourcePost {
  return { id: "post:1", author: { id: "author:1" }, createdAt: nowMs, revision: 0, text, format: "text", visibility: "public", ...more };
}

/** A draft as it leaves the mentions stage, where the text has none. */
export function readyDraft(text: string, more: Partial<SourcePost> = {}): Draft {
  const draft = makeDraft("bluesky", "s1", makePost(text, more), nowMs);
  setText(draft, text);
  return draft;
}

/** Readable stand-in for the keyed pseudonym. */
export function plainMentionId(platform: string, account: string): MentionId {
  return `m_${Buffer.from(`${platform}:${account}`).toString("base64url").padEnd(22, "0")}`;
}

const long = 100_000;
const repeated = [
  "a",
  "1",
  "1 ",
  "1-",
  "(",
  "@",
  "@a",
  "@a@",
  "a@b.",
  "1.1.",
  "1:",
  "http://a ",
  "https://a/?utm_a=1&",
  "https://x/@b ",
  "#",
  "#a ",
  "<",
  "<a ",
  '<a href="',
  "<p>",
  "</p>",
  "<p><a href='x'>",
  "<table>",
  "&",
  "&#",
  "&bogus;",
  "a\u200d",
  "a\u0301",
  "👨‍👩‍👧‍👦",
  "東",
  "ก",
  "\ud800",
  "\u202e",
  "\n ",
  " ",
  "DE89 ",
  "+1 ",
  "90.123,",
  "1°",
  "4111 ",
  ":)",
  "don't ",
  "!",
  "sooo",
  "क्",
  "00",
];
/** What nobody writes but somebody sends. */
export const hostileTexts: readonly string[] = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "\udc00a",
  "\u202eevil",
  "a".repeat(300),
  "@",
  "@@@@",
  "#",
  "##a",
  "<",
  "<>",
  "</",
  "<a",
  "<!--",
  "&",
  "&;",
  "&#0;",
  "&#x110000;",
  "://",
  "http://",
  "@m_",
  "@m_aaaaaaaaaaaaaaaaaaaaaa",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️‍🔥 👩🏽‍🚀",
  "مرحبا @someone בעולם",
  "Z̸̢͇͓a̷̛͔l̶̰͒g̷̪̈́o̵͇͂",
  ...repeated.map((piece) => piece.repeat(Math.floor(long / piece.length))),
];
