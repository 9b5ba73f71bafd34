import type { Span } from "./labels-api.ts";

/** Words of a text as one marks them: runs of letters and digits with what joins them, else one character. Half open, UTF-16 units. */
export function placesOfWords(text: string): readonly { readonly start: number; readonly end: number }[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}_@#][\p{L}\p{N}\p{M}_@#'’.-]*[\p{L}\p{N}\p{M}_]|[\p{L}\p{N}\p{M}_]|[^\s]/gu)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The span grown to whole words; undefined where it touches none. */
export function wholeWords(text: string, start: number, end: number): { readonly start: number; readonly end: number } | undefined {
  const touched = placesOfWords(text).filter((word) => word.start < end && start < word.end);
  const [first, last] = [touched[0], touched.at(-1)];
  return first === undefined || last === undefined ? undefined : { start: first.start, end: last.end };
}

/** With one more; those that it overlaps go. */
export function withSpan(spans: readonly Span[], added: Span): readonly Span[] {
  return [...without(spans, added.start, added.end), added].toSorted((a, b) => a.start - b.start);
}

export const without = (spans: readonly Span[], start: number, end: number): readonly Span[] => spans.filter((span) => span.end <= start || end <= span.start);

/** The text as it is drawn: pieces in order, those of a span with it. */
export function piecesOf(text: string, spans: readonly Span[]): readonly { readonly start: number; readonly end: number; readonly span?: Span }[] {
  const pieces: { start: number; end: number; span?: Span }[] = [];
  let at = 0;
  for (const span of spans) {
    if (span.start > at) pieces.push({ start: at, end: span.start });
    pieces.push({ start: span.start, end: span.end, span });
    at = span.end;
  }
  if (at < text.length) pieces.push({ start: at, end: text.length });
  return pieces;
}
