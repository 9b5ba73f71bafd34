import type { SourceSpan } from "../../core/event.ts";

/*
 * Reddit's API escapes &, < and > in texts and addresses unless asked with raw_json=1 (reddit.com/dev/api, "response body encoding", 2024).
 */
const references: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

export function unescapeText(text: string): string {
  return text.includes("&") ? text.replace(/&(?:amp|lt|gt);/g, (reference) => references[reference] ?? reference) : text;
}

/** Every string of a value, however deep (the depth of a message is limited). */
export function unescapeAll(value: unknown): unknown {
  if (typeof value === "string") return unescapeText(value);
  if (Array.isArray(value)) return value.map(unescapeAll);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, unescapeAll(inner)]));
}

/** Whether a text can have come through the escaping: no bare &, < or >, and at least one reference. */
export function looksEscaped(texts: readonly string[]): boolean {
  let found = false;
  for (const text of texts) {
    if (/[<>]|&(?!(?:amp|lt|gt);)/.test(text)) return false;
    found ||= text.includes("&");
  }
  return found;
}

const mostSpans = 900;
// An address; or u/name and r/name as Reddit links them, with or without a slash before (names: 3 to 20, subreddits: 2 to 21 characters).
const pattern = /https?:\/\/[^\s<>"`\\^{}|]+|(?<![\w/.-])\/?(?:u\/([\w-]{3,20})|r\/(\w{2,21}))(?![\w/-])/gi;

/** Addresses, mentioned accounts and named subreddits of a text in Reddit's markdown. */
export function findSpans(text: string): { readonly spans: readonly SourceSpan[]; readonly subreddits: readonly string[] } {
  const spans: SourceSpan[] = [];
  const subreddits: string[] = [];
  if (!text.includes("://") && !/[ur]\//i.test(text)) return { spans, subreddits };
  for (const match of text.matchAll(pattern)) {
    if (spans.length >= mostSpans) break;
    const start = match.index;
    const [whole, user, subreddit] = match;
    if (user !== undefined) spans.push({ start, end: start + whole.length, kind: "mention", value: accountId(user) });
    else if (subreddit !== undefined) {
      if (!subreddits.includes(subreddit)) subreddits.push(subreddit);
    } else {
      const url = trimAddress(whole);
      if (url.length > 8 && url.length <= 8_192) spans.push({ start, end: start + url.length, kind: "link", value: url });
    }
  }
  return { spans, subreddits };
}

/** An address ends before closing brackets that it did not open (`[text](address)`), and before the sentence's own marks. */
function trimAddress(text: string): string {
  let end = text.length;
  let open = 0;
  for (let i = 0; i < end; i++) {
    const c = text[i];
    if (c === "(" || c === "[") open++;
    else if ((c === ")" || c === "]") && --open < 0) end = i;
  }
  while (end > 0 && ".,;:!?'*_~".includes(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

/**
 * The native id of an account: `u/` and its name in lower case (names differ in more than case, and do not change). The account's fullname (t2_…)
 * would be as stable, but recordings before 2018, mentions and deletions tell the name alone.
 */
export function accountId(name: string): string {
  return `u/${name.toLowerCase()}`;
}
