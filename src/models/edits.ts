/** A stretch of an original that reads otherwise in another form of the text. Places are half open, in UTF-16 units. */
export interface Edit<Kind extends string = string> {
  readonly start: number;
  readonly end: number;
  /** What stands there instead. */
  readonly text: string;
  readonly kinds: readonly Kind[];
}

export interface EditedSpan<Kind extends string = string> {
  /** In the original. */
  readonly start: number;
  readonly end: number;
  /** In the edited text. */
  readonly toStart: number;
  readonly toEnd: number;
  /** What the original has there: with the edited text it gives the original back. */
  readonly original: string;
  readonly kinds: readonly Kind[];
}

/** A text and where it departs from its original: what lies between spans is the same in both. Spans ascend and do not touch each other's inside. */
export interface EditedText<Kind extends string = string> {
  readonly text: string;
  readonly spans: readonly EditedSpan<Kind>[];
}

/** @param edits ascending, none over another */
export function applyEdits<Kind extends string>(original: string, edits: readonly Edit<Kind>[]): EditedText<Kind> {
  const spans: EditedSpan<Kind>[] = [];
  let text = "";
  let at = 0;
  for (const { start, end, text: instead, kinds } of edits) {
    text += original.slice(at, start);
    spans.push({ start, end, toStart: text.length, toEnd: text.length + instead.length, original: original.slice(start, end), kinds });
    text += instead;
    at = end;
  }
  return { text: text + original.slice(at), spans };
}

/** Edits of an edited text (none empty), told of its original: an edit that touches an earlier one takes it in whole. */
export function composeEdits<Kind extends string>(first: EditedText<Kind>, second: readonly Edit<Kind>[]): readonly Edit<Kind>[] {
  const before = first.spans.map((span) => ({ from: span.toStart, to: span.toEnd, span, edit: undefined }));
  const after = second.map((edit) => ({ from: edit.start, to: edit.end, span: undefined, edit }));
  const pieces = [...before, ...after].sort((a, b) => a.from - b.from || a.to - b.to);
  const edits: Edit<Kind>[] = [];
  /** Of the edited text less of the original, up to where we are. */
  let shift = 0;
  for (let i = 0; i < pieces.length;) {
    const from = pieces[i]?.from ?? 0;
    let to = from;
    let at = from;
    let text = "";
    let shiftAfter = shift;
    const kinds = new Set<Kind>();
    do {
      const piece = pieces[i++];
      if (piece === undefined) break;
      if (piece.span !== undefined) shiftAfter = piece.to - piece.span.end;
      else {
        text += first.text.slice(at, piece.from) + piece.edit.text;
        at = piece.to;
      }
      for (const kind of (piece.span ?? piece.edit).kinds) kinds.add(kind);
      to = Math.max(to, piece.to);
    } while ((pieces[i]?.from ?? Number.POSITIVE_INFINITY) < to);
    edits.push({ start: from - shift, end: to - shiftAfter, text: text + first.text.slice(at, to), kinds: [...kinds] });
    shift = shiftAfter;
  }
  return edits;
}

/** The original of an edited text. */
export function restoreOriginal({ text, spans }: EditedText): string {
  let original = "";
  let at = 0;
  for (const span of spans) {
    original += text.slice(at, span.toStart) + span.original;
    at = span.toEnd;
  }
  return original + text.slice(at);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The least span of the edited text that holds all that became of a span of the original. */
export function toEdited({ spans }: EditedText, span: Span): Span {
  return mapped(spans, span, (one) => [one.start, one.end, one.toStart, one.toEnd]);
}

/** The least span of the original of which a span of the edited text was made. */
export function toOriginal({ spans }: EditedText, span: Span): Span {
  return mapped(spans, span, (one) => [one.toStart, one.toEnd, one.start, one.end]);
}

function mapped(spans: readonly EditedSpan[], { start, end }: Span, sides: (span: EditedSpan) => readonly [number, number, number, number]): Span {
  let shift = 0;
  let [from, to] = [start, end];
  let isFrom = false;
  let isTo = false;
  for (const span of spans) {
    const [here, hereEnd, there, thereEnd] = sides(span);
    if (!isFrom && start < hereEnd) {
      from = start <= here ? start + shift : there;
      isFrom = true;
    }
    if (!isTo && end <= here) {
      to = end + shift;
      isTo = true;
    } else if (!isTo && end <= hereEnd) {
      to = thereEnd;
      isTo = true;
    }
    shift = thereEnd - hereEnd;
  }
  if (!isFrom) from = start + shift;
  if (!isTo) to = end + shift;
  return { start: from, end: Math.max(from, to) };
}
