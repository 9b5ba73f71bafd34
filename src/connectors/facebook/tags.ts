import type { SourcePost, SourceSpan } from "../../core/event.ts";
import { softId } from "../graph/fields.ts";
import { isJson } from "../json/decode.ts";
import { type Mutable, softText } from "../json/fields.ts";

const mostTags = 500;

/**
 * Accounts tagged in the text. `message_tags` is a list; before 2.3 it was an object of lists by offset. Offsets count code points
 * (Graph API reference, Comment.message_tags), though UTF-16 units are met too: the one under which the name stands is taken.
 */
export function readTags(post: Mutable<SourcePost>, tags: unknown): void {
  const list: unknown[] = Array.isArray(tags) ? tags : isJson(tags) ? Object.values(tags).flat() : [];
  const spans: SourceSpan[] = [];
  const mentions: { id: string; handle: string }[] = [];
  for (const tag of list.slice(0, mostTags)) {
    if (!isJson(tag)) continue;
    const id = softId(tag["id"]);
    const name = softText(tag["name"]);
    if (id === undefined) continue;
    const span = spanOf(post.text, tag["offset"], tag["length"], name);
    if (span !== undefined) spans.push({ ...span, kind: "mention", value: id });
    else if (name !== undefined) mentions.push({ id, handle: name });
  }
  if (spans.length > 0) post.spans = spans;
  if (mentions.length > 0) post.mentions = mentions;
}

function spanOf(text: string, offset: unknown, length: unknown, name: string | undefined): { start: number; end: number } | undefined {
  if (typeof offset === "number" && typeof length === "number" && Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length > 0) {
    const start = unitsAt(text, offset);
    const end = unitsAt(text, offset + length);
    const shown = start !== undefined && end !== undefined && end > start ? { start, end } : undefined;
    if (shown !== undefined && (name === undefined || text.slice(shown.start, shown.end).includes(name))) return shown;
    if (name !== undefined && text.slice(offset, offset + length).includes(name)) return { start: offset, end: Math.min(offset + length, text.length) };
    if (shown !== undefined && !(name !== undefined && text.includes(name))) return shown;
  }
  if (name === undefined) return undefined;
  const start = text.indexOf(name);
  return start < 0 ? undefined : { start, end: start + name.length };
}

/** UTF-16 units before so many code points; undefined: the text is shorter. */
function unitsAt(text: string, points: number): number | undefined {
  let units = 0;
  for (let passed = 0; passed < points; passed++) {
    const point = text.codePointAt(units);
    if (point === undefined) return undefined;
    units += point > 0xffff ? 2 : 1;
  }
  return units;
}
