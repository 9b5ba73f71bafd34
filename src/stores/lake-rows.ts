import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { Notes, PiiSpan, Post, Sensitivity, Sentiment, SourceMedia } from "../core/event.ts";
import type { MentionId, PostId } from "../core/ids.ts";
import { authorIdOf, postIdOf } from "./lake-columns.ts";
import type { LakeRow } from "./lake-engine.ts";

/** What a statement selects from `visible` for `parsePostRow`. */
export const postSelect = `id::VARCHAR AS id, author::VARCHAR AS author, author_key, platform, source,
  epoch_ms(created_at)::DOUBLE AS created_ms, epoch_ms(received_at)::DOUBLE AS received_ms, epoch_ms(edited_at)::DOUBLE AS edited_ms,
  revision::DOUBLE AS revision, text, language, sentiment, sentiment_score, terms, hashtags, mentions, links,
  reply_to::VARCHAR AS reply_to, root::VARCHAR AS root, reshare_of::VARCHAR AS reshare_of, quote_of::VARCHAR AS quote_of,
  likes::DOUBLE AS likes, shares::DOUBLE AS shares, replies::DOUBLE AS replies, views::DOUBLE AS views,
  sensitivity, region, media, pii, notes, extra`;

const mediaSchema = z.array(
  z.object({
    kind: z.enum(["image", "video", "audio", "link", "other"]),
    url: z.string().exactOptional(),
    alt: z.string().exactOptional(),
    mimeType: z.string().exactOptional(),
    sizeBytes: z.number().exactOptional(),
  }) satisfies z.ZodType<SourceMedia>,
);
const piiSchema = z.array(z.object({ start: z.number(), end: z.number(), kind: z.enum(["email", "phone", "card", "iban", "ip", "location"]) }) satisfies z.ZodType<PiiSpan>);
const notesSchema = z.custom<Notes>((value) => typeof value === "object" && value !== null);
const extraSchema = z.record(z.string(), z.unknown());
const sensitivities = ["public", "personal", "special", "private"] as const satisfies readonly Sensitivity[];
const labels = ["negative", "neutral", "positive"] as const satisfies readonly Sentiment["label"][];

export function parsePostRow(row: LakeRow): Post {
  const editedAt = optionalNumber(row, "edited_ms");
  const sentiment = sentimentOf(row);
  const replyTo = optionalPostId(row, "reply_to");
  const root = optionalPostId(row, "root");
  const reshareOf = optionalPostId(row, "reshare_of");
  const quoteOf = optionalPostId(row, "quote_of");
  const media = json(row, "media", mediaSchema);
  const pii = json(row, "pii", piiSchema);
  const notes = json(row, "notes", notesSchema);
  const extra = json(row, "extra", extraSchema);
  return {
    id: postIdOf(text(row, "id")),
    author: authorIdOf(text(row, "author"), number(row, "author_key")),
    platform: text(row, "platform"),
    source: text(row, "source"),
    createdAt: number(row, "created_ms"),
    receivedAt: number(row, "received_ms"),
    ...(editedAt !== undefined && { editedAt }),
    revision: number(row, "revision"),
    text: text(row, "text"),
    language: text(row, "language"),
    ...(sentiment && { sentiment }),
    terms: texts(row, "terms"),
    hashtags: texts(row, "hashtags"),
    mentions: texts(row, "mentions").filter((mention): mention is MentionId => mention.startsWith("m_")),
    links: texts(row, "links"),
    ...(replyTo && { replyTo }),
    ...(root && { root }),
    ...(reshareOf && { reshareOf }),
    ...(quoteOf && { quoteOf }),
    counts: { likes: number(row, "likes"), shares: number(row, "shares"), replies: number(row, "replies"), views: number(row, "views") },
    ...(media && { media }),
    sensitivity: oneOf(row, "sensitivity", sensitivities),
    region: text(row, "region"),
    ...(pii && { pii }),
    ...(notes && { notes }),
    ...(extra && { extra }),
  };
}

function sentimentOf(row: LakeRow): Sentiment | undefined {
  if (row["sentiment"] === null) return undefined;
  const label = oneOf(row, "sentiment", labels);
  // A later change brings the label alone: its score is then the label's sign.
  return { label, score: optionalNumber(row, "sentiment_score") ?? labels.indexOf(label) - 1 };
}

function wrong(row: LakeRow, column: string): EarshotError {
  const value = row[column];
  return new EarshotError("STORE_CORRUPT", `lake column ${column}: came ${value === null ? "null" : typeof value}`);
}

function text(row: LakeRow, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw wrong(row, column);
  return value;
}

function number(row: LakeRow, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw wrong(row, column);
  return value;
}

function optionalNumber(row: LakeRow, column: string): number | undefined {
  return row[column] === null ? undefined : number(row, column);
}

function optionalPostId(row: LakeRow, column: string): PostId | undefined {
  return row[column] === null ? undefined : postIdOf(text(row, column));
}

function texts(row: LakeRow, column: string): readonly string[] {
  const value = row[column];
  if (value === null) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw wrong(row, column);
  return value;
}

function oneOf<T extends string>(row: LakeRow, column: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === row[column]);
  if (found === undefined) throw wrong(row, column);
  return found;
}

function json<S extends z.ZodType>(row: LakeRow, column: string, schema: S): z.output<S> | undefined {
  if (row[column] === null || row[column] === undefined) return undefined;
  const value: unknown = JSON.parse(text(row, column));
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new EarshotError("STORE_CORRUPT", `lake column ${column}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
