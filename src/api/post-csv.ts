import type { PostView } from "./schemas.ts";

const columns = [
  "id",
  "platform",
  "source",
  "author",
  "createdAt",
  "receivedAt",
  "language",
  "sentiment",
  "sentimentScore",
  "text",
  "terms",
  "hashtags",
  "links",
  "likes",
  "shares",
  "replies",
  "views",
  "sensitivity",
  "region",
] as const;

function cell(value: string | number | null): string {
  if (value === null) return "";
  // A spreadsheet would run what begins like a formula.
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const postCsvHeader = `${columns.join(",")}\r\n`;

/** One record of RFC 4180; lists are parted by spaces. */
export function postCsvLine(post: PostView): string {
  const { counts, terms, hashtags, links } = post;
  const flat = { ...post, ...counts, terms: terms.join(" "), hashtags: hashtags.join(" "), links: links.join(" ") };
  return `${columns.map((column) => cell(flat[column])).join(",")}\r\n`;
}
