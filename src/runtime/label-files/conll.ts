import { EarshotError } from "../../core/errors.ts";
import type { LabelSpan } from "../../core/label-set.ts";
import { spansOf } from "../../models/conll.ts";
import { wordsOf } from "../../models/words.ts";
import { type CheckedTask, type LabelFields, type LabelFile, readRows } from "./row.ts";
import type { WrittenText } from "./tables.ts";

const facts = ["author", "post", "created_at", "platform", "language", "part", "annotator"] as const;
/** As CoNLL-U has them (universaldependencies.org/format.html, comments). */
const comment = /^# (id|text|author|post|created_at|platform|language|part|annotator) = ([^\n]*)$/;

/** A text goes into one line: as JSON where it holds what would end one, or begins like JSON. */
const lineOf = (text: string): string => (/[\n\r]/.test(text) || text.startsWith('"') || text !== text.trim() ? JSON.stringify(text) : text);

function textOfLine(line: string): string {
  if (!line.startsWith('"')) return line;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "string") return value;
  } catch {
    // told below
  }
  throw new EarshotError("FIELD_INVALID", "# text: expected a text, or a text as JSON");
}

/** A word and its tag (IOB2) a line, the whole text before in a comment, an empty line after. Spans are told by whole words. */
export function* writeConll(texts: Iterable<WrittenText>): Generator<string> {
  for (const { id, text, spans = [], createdAt, ...rest } of texts) {
    const fields: Readonly<Record<string, unknown>> = { ...rest, created_at: createdAt === undefined ? undefined : new Date(createdAt).toISOString() };
    const lines = [`# id = ${id}`, `# text = ${lineOf(text)}`, ...facts.flatMap((name) => (typeof fields[name] === "string" ? [`# ${name} = ${fields[name]}`] : []))];
    const { starts, ends } = wordsOf(text);
    let before: LabelSpan | undefined;
    for (const [i, start] of starts.entries()) {
      const end = ends[i] ?? 0;
      const span = spans.find((one) => one.start < end && start < one.end);
      lines.push(`${text.slice(start, end)}\t${span === undefined ? "O" : `${span === before ? "I" : "B"}-${span.kind}`}`);
      before = span;
    }
    yield `${lines.join("\n")}\n\n`;
  }
}

interface Sentence {
  readonly line: number;
  readonly said: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  readonly tags: readonly string[];
}

function* sentencesOf(file: string): Generator<Sentence> {
  let said: Record<string, string> = {};
  let words: string[] = [];
  let tags: string[] = [];
  let begun = 1;
  for (const [i, line] of [...file.replace(/^\uFEFF/, "").split(/\r?\n/), ""].entries()) {
    const [, name, value] = comment.exec(line) ?? [];
    if (line.trim() === "" || line.startsWith("-DOCSTART-")) {
      if (words.length > 0 || said["text"] !== undefined) yield { line: begun, said, words, tags };
      [said, words, tags, begun] = [{}, [], [], i + 2];
    } else if (name !== undefined && value !== undefined && words.length === 0) said[name] = value;
    else if (!line.startsWith("# ") || words.length > 0) {
      const columns = line.split(line.includes("\t") ? /\t/ : / +/);
      words.push(columns[0] ?? "");
      tags.push(columns.length > 1 ? (columns.at(-1) ?? "O") : "?");
    }
  }
}

/** The text is what its comment says, else the words with a space between. */
function fieldsOf({ said, words, tags }: Sentence): LabelFields {
  const odd = tags.findIndex((tag) => !/^(?:O|[BI]-.+)$/.test(tag));
  if (odd >= 0) throw new EarshotError("FIELD_INVALID", `word ${odd + 1}: expected a tag O, B-… or I-… in the last column`);
  const text = said["text"] === undefined ? words.join(" ") : textOfLine(said["text"]);
  const starts: number[] = [];
  let at = 0;
  for (const [i, word] of words.entries()) {
    const found = text.indexOf(word, at);
    if (found < 0) throw new EarshotError("FIELD_INVALID", `word ${i + 1}: it does not stand in the text that the comment tells`);
    starts.push(found);
    at = found + word.length;
  }
  const { text: _text, id: _id, ...rest } = said;
  const spans = spansOf(tags).map(({ type, start, end }) => ({ start: starts[start] ?? 0, end: (starts[end - 1] ?? 0) + (words[end - 1] ?? "").length, kind: type }));
  return { ...rest, text, spans };
}

export function readConllFile(file: string, task: CheckedTask): LabelFile {
  if (task.kind !== "spans") throw new EarshotError("USAGE", "format: CoNLL holds spans, and this set has classes; send CSV or JSONL");
  return readRows(
    (function* () {
      for (const sentence of sentencesOf(file)) yield { line: sentence.line, fields: () => fieldsOf(sentence) };
    })(),
    task,
  );
}
