import type { PiiSpan } from "./event.ts";

/**
 * The text with each span replaced by the name of its kind, `[email]`, and where the names stand: a length tells nothing.
 * Spans that overlap one before are taken as one with it.
 */
export function maskText(text: string, spans: readonly PiiSpan[]): { readonly text: string; readonly spans: readonly PiiSpan[] } {
  if (spans.length === 0) return { text, spans };
  const joined: PiiSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && span.start < last.end) joined[joined.length - 1] = { ...last, end: Math.max(last.end, span.end) };
    else joined.push(span);
  }
  let made = "";
  let at = 0;
  const placed: PiiSpan[] = [];
  for (const span of joined) {
    made += text.slice(at, span.start);
    const replacement = `[${span.kind}]`;
    placed.push({ kind: span.kind, start: made.length, end: made.length + replacement.length });
    made += replacement;
    at = span.end;
  }
  return { text: made + text.slice(at), spans: placed };
}
