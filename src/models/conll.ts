import { readText } from "./corpus.ts";

export interface TaggedWords {
  readonly words: readonly string[];
  readonly tags: readonly string[];
}

/** CoNLL: a word and its tag (the last column) a line, parted by a tab or spaces; an empty line ends a sentence. */
export function readConll(path: string): readonly TaggedWords[] {
  const sentences: TaggedWords[] = [];
  let words: string[] = [];
  let tags: string[] = [];
  const end = () => {
    if (words.length > 0) sentences.push({ words, tags });
    [words, tags] = [[], []];
  };
  for (const line of readText(path).split(/\r?\n/)) {
    const columns = line.split(/[\t ]+/);
    const [word = ""] = columns;
    if (line.trim() === "" || line.startsWith("-DOCSTART-")) end();
    else {
      words.push(word);
      tags.push(columns.at(-1) ?? "O");
    }
  }
  end();
  return sentences;
}

export interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Spans of tags; one that begins with I- begins a span, as in conlleval. */
export function spansOf(tags: readonly string[]): readonly Span[] {
  const spans: Span[] = [];
  let open: { type: string; start: number } | undefined;
  for (const [at, tag] of [...tags, "O"].entries()) {
    const type = tag.slice(2);
    if (open !== undefined && (!tag.startsWith("I-") || type !== open.type)) {
      spans.push({ ...open, end: at });
      open = undefined;
    }
    if (open === undefined && tag !== "O") open = { type, start: at };
  }
  return spans;
}

export interface SpanFigures {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  readonly spans: number;
}

/** By type, and all together (micro). */
export function spanFigures(
  right: readonly (readonly Span[])[],
  said: readonly (readonly Span[])[],
): { readonly all: SpanFigures; readonly byType: Readonly<Record<string, SpanFigures>> } {
  const counts = new Map<string, { hits: number; said: number; right: number }>();
  const of = (type: string) => {
    const known = counts.get(type) ?? { hits: 0, said: 0, right: 0 };
    counts.set(type, known);
    return known;
  };
  for (const [i, spans] of right.entries()) {
    const keys = new Set(spans.map(({ type, start, end }) => `${type} ${start} ${end}`));
    for (const { type } of spans) of(type).right++;
    for (const { type, start, end } of said[i] ?? []) {
      of(type).said++;
      if (keys.has(`${type} ${start} ${end}`)) of(type).hits++;
    }
  }
  const figures = ({ hits, said: claimed, right: spans }: { hits: number; said: number; right: number }): SpanFigures => {
    const precision = claimed === 0 ? 0 : hits / claimed;
    const recall = spans === 0 ? 0 : hits / spans;
    return { precision, recall, f1: hits === 0 ? 0 : (2 * precision * recall) / (precision + recall), spans };
  };
  const sum = { hits: 0, said: 0, right: 0 };
  for (const one of counts.values()) for (const key of ["hits", "said", "right"] as const) sum[key] += one[key];
  return { all: figures(sum), byType: Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)).map(([type, one]) => [type, figures(one)])) };
}
