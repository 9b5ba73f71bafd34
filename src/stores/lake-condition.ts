import { type ReadFilter, termsShown } from "../core/filter.ts";
import { isAuthorId, isPostId } from "../core/ids.ts";
import type { Query } from "../core/query.ts";
import { authorKey, timeLiteral, uuidLiteral } from "./lake-columns.ts";
import { quoted } from "./lake-engine.ts";
import { linkedNames } from "./lake-query.ts";

/**
 * The query as a condition on the lake's columns; undefined where it asks for words or hosts, which only the index knows.
 * Hashtags are compared as they are grouped: without case and accents. A term that the reader is not told of is in no post.
 */
export function lakeCondition(query: Query, filter: ReadFilter): string | undefined {
  switch (query.kind) {
    case "all":
      return "true";
    case "word":
    case "phrase":
    case "near":
      return undefined;
    case "field":
      return fieldCondition(query.field, query.value, filter);
    case "range": {
      const ends = [
        ...(query.fromMs === undefined ? [] : [`created_at >= ${timeLiteral(query.fromMs)}`]),
        ...(query.toMs === undefined ? [] : [`created_at < ${timeLiteral(query.toMs)}`]),
      ];
      return ends.length === 0 ? "true" : `(${ends.join(" AND ")})`;
    }
    case "not": {
      const part = lakeCondition(query.part, filter);
      return part === undefined ? undefined : `NOT ${part}`;
    }
    case "and":
    case "or": {
      const parts = query.parts.map((part) => lakeCondition(part, filter));
      if (parts.some((part) => part === undefined)) return undefined;
      return `(${parts.join(query.kind === "and" ? " AND " : " OR ")})`;
    }
  }
}

const referenceColumns = { reply: "reply_to", root: "root", quote: "quote_of", reshare: "reshare_of" } as const;

function fieldCondition(field: Extract<Query, { kind: "field" }>["field"], value: string, filter: ReadFilter): string | undefined {
  switch (field) {
    case "language":
    case "platform":
    case "source":
      return `(${field} = ${quoted(value)})`;
    case "sentiment":
      return `(coalesce(sentiment, 'none') = ${quoted(value)})`;
    case "term":
      return termsShown(filter, [value]).length === 0 ? "false" : `list_contains(terms, ${quoted(value)})`;
    case "hashtag":
      return `list_contains(list_transform(hashtags, lambda tag: strip_accents(lower(tag))), ${quoted(value)})`;
    case "author":
      return isAuthorId(value) ? `(author = ${uuidLiteral(value)} AND author_key = ${authorKey(value)})` : "false";
    case "is":
      if (value === "original") return "(reply_to IS NULL AND reshare_of IS NULL)";
      return value === "reply" ? "(reply_to IS NOT NULL)" : "(reshare_of IS NOT NULL)";
    case "has":
      if (value === "languages") return `(json_extract(coalesce(notes, '{}'), '$.languages') IS NOT NULL)`;
      return value === "link" ? "(len(links) > 0)" : `(coalesce(${value === "media" ? "media" : "pii"}, '[]') <> '[]')`;
    case "reply":
    case "root":
    case "quote":
    case "reshare":
      return isPostId(value) ? `(${referenceColumns[field]} = ${uuidLiteral(value)})` : "false";
    case "judged":
    case "towards":
    case "link":
      return undefined;
    case "entity":
      // Who is kept to terms is told of no other names.
      return filter.terms === undefined ? `list_contains(${linkedNames}, ${quoted(value)})` : "false";
  }
}

/** The narrowest span of createdAt that the query's own ranges leave, where they hold for all of it. */
export function spanOf(query: Query): { readonly fromMs?: number; readonly toMs?: number } {
  if (query.kind === "range") return { ...(query.fromMs !== undefined && { fromMs: query.fromMs }), ...(query.toMs !== undefined && { toMs: query.toMs }) };
  if (query.kind !== "and") return {};
  const spans = query.parts.map(spanOf);
  const fromMs = Math.max(...spans.map((span) => span.fromMs ?? -Infinity));
  const toMs = Math.min(...spans.map((span) => span.toMs ?? Infinity));
  return { ...(fromMs > -Infinity && { fromMs }), ...(toMs < Infinity && { toMs }) };
}
