import { EarshotError } from "./errors.ts";
import { formatQuery } from "./query-format.ts";
import { parseQuery } from "./query-parser.ts";
import type { Query } from "./query.ts";
import { tokenise } from "./tokens.ts";

/**
 * A query as rows that need no syntax; all rows hold together. Entries are what people type: a word, several words
 * (a phrase, but in `all`, where each word stands for itself), or a beginning that ends in *.
 */
export interface QueryForm {
  readonly all: readonly string[];
  readonly phrases: readonly string[];
  readonly any: readonly string[];
  readonly none: readonly string[];
  /** One of these; none: any. */
  readonly languages: readonly string[];
  readonly platforms: readonly string[];
  readonly authors: readonly string[];
  /** What the rows cannot say, each as the text of a query. */
  readonly others: readonly string[];
}

export const emptyForm: QueryForm = { all: [], phrases: [], any: [], none: [], languages: [], platforms: [], authors: [], others: [] };

/** An entry as the text of a query; undefined: there is no word in it. */
function entryText(entry: string): string | undefined {
  const bare = entry.replaceAll('"', " ").trim();
  const isOpen = bare.endsWith("*");
  const text = bare.replace(/\*+$/u, "").trim();
  if (tokenise(text).length === 0) return undefined;
  // Whatever could be read as syntax stands in quotes; a sign of the words themselves (# of a tag, @ of a mask) does no harm.
  const isPlain = /^[\p{L}\p{N}#@_][\p{L}\p{N}_]*$/u.test(text) && !/^(?:AND|OR|NOT|NEAR)$/.test(text);
  return `${isPlain ? text : `"${text}"`}${isOpen ? "*" : ""}`;
}

function textsOf(entries: readonly string[]): string[] {
  return [...new Set(entries.map(entryText).filter((text) => text !== undefined))];
}

function group(parts: readonly string[]): string[] {
  const [only] = parts;
  return only === undefined ? [] : parts.length === 1 ? [only] : [`(${parts.join(" OR ")})`];
}

function fieldTexts(field: string, values: readonly string[]): string[] {
  return [...new Set(values)].map((value) => `${field}:${/[\s()]/u.test(value) ? `"${value}"` : value}`);
}

/**
 * The text of the query that the rows say; no row says anything: the empty text.
 * @throws QUERY_INVALID where one of `others` is no query
 */
export function writeForm(form: QueryForm): string {
  const parts = [
    ...textsOf(form.all.flatMap((entry) => entry.split(/[\s,]+/u))),
    ...textsOf(form.phrases),
    ...group(textsOf(form.any)),
    ...form.others.flatMap((other) => {
      if (other.trim() === "") return [];
      const query = parseQuery(other);
      const text = formatQuery(query);
      return [query.kind === "or" || query.kind === "and" ? `(${text})` : text];
    }),
    ...group(fieldTexts("language", form.languages)),
    ...group(fieldTexts("platform", form.platforms)),
    ...group(fieldTexts("author", form.authors)),
    ...textsOf(form.none).map((text) => `NOT ${text}`),
  ];
  const [only] = parts;
  // A lone group needs no brackets.
  return parts.length === 1 && only !== undefined && /^\((?:[^()"]|"[^"]*")*\)$/.test(only) ? only.slice(1, -1) : parts.join(" ");
}

const isText = (query: Query): boolean => query.kind === "word" || query.kind === "phrase";

/** An entry that gives the same words again; undefined where text and words part (pairs of scripts without spaces). */
function entryOf(query: Query): string | undefined {
  if (!isText(query)) return undefined;
  const entry = formatQuery(query).replaceAll('"', "");
  const text = entryText(entry);
  return text !== undefined && sameQuery(text, query) ? entry : undefined;
}

function sameQuery(text: string, query: Query): boolean {
  try {
    return JSON.stringify(parseQuery(text)) === JSON.stringify(query);
  } catch (thrown) {
    if (thrown instanceof EarshotError) return false;
    throw thrown;
  }
}

type Rows = { -readonly [row in keyof QueryForm]: string[] };
const fieldRows = { language: "languages", platform: "platforms", author: "authors" } as const;

function fieldOf(query: Query): keyof typeof fieldRows | undefined {
  if (query.kind !== "field") return undefined;
  const { field } = query;
  return field === "language" || field === "platform" || field === "author" ? field : undefined;
}

/** Takes the part into a row that can say it. */
function take(part: Query, rows: Rows): boolean {
  const entry = entryOf(part);
  if (entry !== undefined) {
    add(rows[part.kind === "phrase" ? "phrases" : "all"], entry);
    return true;
  }
  if (part.kind === "not") {
    const none = entryOf(part.part);
    if (none === undefined) return false;
    add(rows.none, none);
    return true;
  }
  const options = part.kind === "or" ? part.parts : [part];
  const [first] = options;
  const field = first === undefined ? undefined : fieldOf(first);
  if (field !== undefined) {
    const row = rows[fieldRows[field]];
    if (row.length > 0 || !options.every((option) => fieldOf(option) === field)) return false;
    for (const option of options) if (option.kind === "field") add(row, option.value);
    return true;
  }
  if (part.kind !== "or" || rows.any.length > 0) return false;
  const entries = options.map(entryOf).filter((text) => text !== undefined);
  if (entries.length < options.length) return false;
  // One word said twice is no choice.
  if (new Set(entries).size === 1 && first !== undefined) return take(first, rows);
  for (const text of entries) add(rows.any, text);
  return true;
}

function add(row: string[], entry: string): void {
  if (!row.includes(entry)) row.push(entry);
}

/** The rows that say the query. Every query has rows: what none can say stands in `others`. */
export function formOf(query: Query): QueryForm {
  const rows: Rows = { all: [], phrases: [], any: [], none: [], languages: [], platforms: [], authors: [], others: [] };
  if (query.kind === "all") return rows;
  for (const part of query.kind === "and" ? query.parts : [query]) {
    if (!take(part, rows)) rows.others.push(formatQuery(part));
  }
  return rows;
}
