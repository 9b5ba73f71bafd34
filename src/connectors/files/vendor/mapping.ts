import { z } from "zod";
import { dayFirstOf, isTimeZone } from "./dates.ts";

/** What is read from an export, each from the first of its columns that has a value; of texts the longest. */
export const vendorFields = [
  "id",
  "url",
  "title",
  "text",
  "date",
  "time",
  "authorId",
  "authorHandle",
  "authorName",
  "authorUrl",
  "followers",
  "language",
  "country",
  "likes",
  "shares",
  "replies",
  "views",
  "replyTo",
  "reshareOf",
] as const;
export type VendorField = (typeof vendorFields)[number];
export const vendors = ["brandwatch", "meltwater", "other"] as const;

const columns = z.array(z.string().min(1).max(200)).min(1).max(20);

/** How an export's columns become fields of posts; proposed from the header, then kept under a name. */
export const vendorMappingSchema = z.strictObject({
  vendor: z.enum(vendors),
  fields: z.partialRecord(z.enum(vendorFields), columns),
  timeZone: z.string().max(100).refine(isTimeZone, "expected a time zone, as Europe/Paris").default("UTC"),
  dayFirst: z.boolean().optional(),
});
export type VendorMapping = z.output<typeof vendorMappingSchema>;

type Aliases = Readonly<Partial<Record<VendorField, readonly string[]>>>;

/**
 * Columns of the mentions export of Brandwatch Consumer Research, and names of its API (developers.brandwatch.com, Mention Field Definitions, read 2026-11);
 * those of X were called Twitter's before.
 */
const brandwatch: Aliases = {
  id: ["Resource Id", "Guid"],
  url: ["Url", "Original Url"],
  title: ["Title"],
  text: ["Full Text", "Snippet"],
  date: ["Date"],
  authorId: ["X Author ID", "Twitter Author ID"],
  authorHandle: ["Author"],
  authorName: ["Full Name", "Fullname"],
  followers: ["X Followers", "Twitter Followers", "Bluesky Followers"],
  language: ["Language"],
  country: ["Country Code", "Country"],
  likes: ["X Likes", "Twitter Likes", "Facebook Likes", "Instagram Likes", "LinkedIn Likes", "Bluesky Likes", "Likes"],
  shares: ["X Reposts", "X Retweets", "Twitter Retweets", "Facebook Shares", "LinkedIn Shares", "Bluesky Reposts"],
  replies: ["X Replies", "X Reply Count", "Twitter Reply Count", "Facebook Comments", "Instagram Comments", "LinkedIn Comments", "Reddit Comments", "Blog Comments"],
  replyTo: ["X Reply to", "Twitter Reply to", "Reply To"],
  reshareOf: ["X Repost of", "X Retweet of", "Twitter Retweet of", "Retweet Of"],
};

/** Columns of Meltwater's exports, of the older form (Headline, Influencer, Twitter …) and the newer one (Title, Author Name …), as users' programs read them (read 2026-11). */
const meltwater: Aliases = {
  id: ["Document ID"],
  url: ["URL"],
  title: ["Headline", "Title"],
  text: ["Opening Text", "Hit Sentence", "Full Text"],
  date: ["Date", "Alternate Date Format"],
  time: ["Time"],
  authorId: ["Twitter Id"],
  authorHandle: ["Author Handle", "Twitter Screen Name", "Influencer"],
  authorName: ["Author Name", "Influencer", "Source Name", "Source"],
  authorUrl: ["User Profile Url"],
  followers: ["Twitter Followers", "Followers"],
  language: ["Language"],
  country: ["Country"],
  likes: ["Likes", "Reactions"],
  shares: ["Shares", "Reposts", "Retweets"],
  replies: ["Replies", "Comments"],
  views: ["Views"],
};

/** Columns that only one vendor has. */
const marks = {
  brandwatch: ["Query Id", "Query Name", "Page Type", "Resource Id", "Thread Entry Type", "Snippet"],
  meltwater: ["Hit Sentence", "Opening Text", "Document ID", "Influencer", "Input Name", "AVE", "Key Phrases", "Keyphrases", "Alternate Date Format"],
} as const;

/** `Full Text`, `fullText` and `full_text` are one name. */
export function plainName(column: string): string {
  return column.replace(/[^\p{L}\p{N}]+/gu, "").toLowerCase();
}

const known = new Set(
  [brandwatch, meltwater]
    .flatMap((aliases) => Object.values(aliases).flat())
    .concat(marks.brandwatch, marks.meltwater)
    .map(plainName),
);

/** Whether a record names columns, as lines before a header do not. */
export function isHeader(cells: readonly string[], mapping?: VendorMapping): boolean {
  const wanted = mapping === undefined ? known : new Set([...known, ...Object.values(mapping.fields).flat().map(plainName)]);
  const named = cells.filter((cell) => wanted.has(plainName(cell))).length;
  return named >= Math.min(4, mapping === undefined ? 4 : Math.max(2, Object.keys(mapping.fields).length));
}

function vendorOf(names: ReadonlySet<string>): VendorMapping["vendor"] {
  const count = (vendor: keyof typeof marks) => marks[vendor].filter((column) => names.has(plainName(column))).length;
  const [one, other] = [count("brandwatch"), count("meltwater")];
  if (Math.max(one, other) < 2) return "other";
  return one > other ? "brandwatch" : "meltwater";
}

/**
 * The mapping that a header suggests.
 * @param rows some of the first, which show whether the day stands first
 * @param preamble what stands before the header: a time zone may be told there
 */
export function proposeMapping(header: readonly string[], rows: readonly (readonly string[])[] = [], preamble = ""): VendorMapping {
  const byName = new Map(header.map((column) => [plainName(column), column.trim()]));
  const vendor = vendorOf(new Set(byName.keys()));
  const aliases = vendor === "brandwatch" ? [brandwatch] : vendor === "meltwater" ? [meltwater] : [brandwatch, meltwater];
  const fields: Partial<Record<VendorField, string[]>> = {};
  for (const field of vendorFields) {
    const columnsOfField = [...new Set(aliases.flatMap((list) => list[field] ?? []))].flatMap((alias) => byName.get(plainName(alias)) ?? []);
    if (columnsOfField.length > 0) fields[field] = columnsOfField;
  }
  const at = header.findIndex((column) => column.trim() === fields.date?.[0]);
  const dayFirst = at < 0 ? undefined : dayFirstOf(rows.map((row) => row[at] ?? ""));
  return { vendor, fields, timeZone: zoneIn(preamble) ?? "UTC", ...(dayFirst !== undefined && { dayFirst }) };
}

function zoneIn(preamble: string): string | undefined {
  for (const [zone] of preamble.matchAll(/\b[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_]+)?\b/g)) if (isTimeZone(zone)) return zone;
  return undefined;
}
