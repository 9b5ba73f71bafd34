import type { SourceSpan } from "../../core/event.ts";
import { type Json } from "../json/decode.ts";
import { softText, softUrl } from "../json/fields.ts";
import { idOf, objectsIn } from "./ids.ts";

export interface ReadText {
  readonly text: string;
  readonly spans: readonly SourceSpan[];
  readonly links: readonly string[];
  readonly hashtags: readonly string[];
}

interface Found extends SourceSpan {
  /** What should stand at the place, lower case. */
  readonly shown: readonly string[];
}

const mostEntities = 500;

/**
 * Text of X as plain text with its entities. X escapes &, < and > in texts, and counts entities' places in code points of the text as it is sent
 * (docs.x.com/x-api/fundamentals/counting-characters, 2026-11). Places that do not fit are looked for by what should stand there; entities that
 * do not stand in the text at all still give their link or hashtag.
 * @param text well-formed
 */
export function readText(text: string, entities: Json, userId: (username: string) => string | undefined): ReadText {
  const found: Found[] = [];
  const links: string[] = [];
  const hashtags: string[] = [];
  for (const url of objectsIn(entities["urls"]).slice(0, mostEntities)) {
    const short = softUrl(url["url"]);
    const value = softUrl(url["unwound_url"]) ?? softUrl(url["expanded_url"]) ?? short;
    if (value === undefined) continue;
    if (!links.includes(value)) links.push(value);
    if (short !== undefined) found.push({ start: placeOf(url["start"]), end: placeOf(url["end"]), kind: "link", value, shown: [short.toLowerCase()] });
  }
  for (const hashtag of objectsIn(entities["hashtags"]).slice(0, mostEntities)) {
    const value = softText(hashtag["tag"]);
    if (value === undefined) continue;
    if (!hashtags.includes(value)) hashtags.push(value);
    found.push({ start: placeOf(hashtag["start"]), end: placeOf(hashtag["end"]), kind: "hashtag", value, shown: [`#${value}`.toLowerCase(), `＃${value}`.toLowerCase()] });
  }
  for (const mention of objectsIn(entities["mentions"]).slice(0, mostEntities)) {
    const username = softText(mention["username"]);
    if (username === undefined) continue;
    const value = idOf(mention["id"]) ?? userId(username.toLowerCase());
    if (value !== undefined)
      found.push({ start: placeOf(mention["start"]), end: placeOf(mention["end"]), kind: "mention", value, shown: [`@${username}`.toLowerCase(), `＠${username}`.toLowerCase()] });
  }
  const placed = found.length === 0 ? [] : place(text, found);
  // Without entities (a request that asked for no fields) the text alone tells.
  if (links.length === 0 && text.includes("://")) addLinks(text, links, placed);
  return {
    ...unescape(
      text,
      placed.sort((a, b) => a.start - b.start),
    ),
    links,
    hashtags,
  };
}

function placeOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : -1;
}

/** Spans in UTF-16 units of the text as it was sent. */
function place(text: string, found: readonly Found[]): SourceSpan[] {
  const units = unitsOf(text);
  const lower = text.toLowerCase();
  // Lower case of some letters is longer: then what stands there cannot be compared by place.
  const comparable = lower.length === text.length;
  const spans: SourceSpan[] = [];
  const after = new Map<string, number>();
  for (const { start, end, kind, value, shown } of found) {
    const from = units === undefined ? start : (units[start] ?? -1);
    const to = units === undefined ? end : (units[end] ?? -1);
    if (from >= 0 && to > from && to <= text.length && (!comparable || shown.includes(lower.slice(from, to)))) {
      spans.push({ start: from, end: to, kind, value });
      continue;
    }
    if (!comparable) continue;
    for (const one of shown) {
      const at = lower.indexOf(one, after.get(one) ?? 0);
      if (at < 0) continue;
      after.set(one, at + one.length);
      spans.push({ start: at, end: at + one.length, kind, value });
      break;
    }
  }
  return spans;
}

/** UTF-16 place of each code point, and of the end; undefined where they are the same. */
function unitsOf(text: string): readonly number[] | undefined {
  let paired = false;
  for (let i = 0; i < text.length && !paired; i++) paired = (text.charCodeAt(i) & 0xfc00) === 0xd800;
  if (!paired) return undefined;
  const units: number[] = [];
  let at = 0;
  for (const point of text) {
    units.push(at);
    at += point.length;
  }
  units.push(at);
  return units;
}

function addLinks(text: string, links: string[], spans: SourceSpan[]): void {
  for (const match of text.matchAll(/https?:\/\/[\w.-]+(?:\/[^\s"<>…]*)?/giu)) {
    const value = match[0].replace(/[.,;:!?)\]'”’]{1,20}$/u, "");
    if (!links.includes(value)) links.push(value);
    if (links.length >= mostEntities) return;
    spans.push({ start: match.index, end: match.index + value.length, kind: "link", value });
  }
}

const escaped = /&(?:amp|lt|gt|quot|#39);/g;
const meant: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

function unescape(text: string, spans: readonly SourceSpan[]): { readonly text: string; readonly spans: readonly SourceSpan[] } {
  if (!text.includes("&")) return { text, spans };
  const cuts: { readonly end: number; readonly shorter: number }[] = [];
  let shorter = 0;
  const plain = text.replace(escaped, (form, at: number) => {
    shorter += form.length - 1;
    cuts.push({ end: at + form.length, shorter });
    return meant[form] ?? form;
  });
  if (shorter === 0) return { text, spans };
  const moved = (at: number) => at - (cuts.findLast((cut) => cut.end <= at)?.shorter ?? 0);
  return {
    text: plain,
    spans: spans.map((span) => ({ ...span, start: moved(span.start), end: moved(span.end) })).filter((span) => span.start < span.end && span.end <= plain.length),
  };
}
