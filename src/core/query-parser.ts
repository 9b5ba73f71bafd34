import { canonicalLink } from "./canonical-link.ts";
import { EarshotError } from "./errors.ts";
import { isAuthorId, isPostId } from "./ids.ts";
import { parseTowards } from "./towards.ts";
import { fieldValues, isQueryField, type Query, queryFields, type QueryField, queryLimits } from "./query.ts";
import { spellingLetters, spellingsOf } from "./spellings.ts";
import { foldText, isOnePaired, isPairEndingIn, queryTokens } from "./tokens.ts";

type Lexeme =
  | { readonly kind: "open" | "close" | "and" | "or" | "not" | "end"; readonly at: number }
  | { readonly kind: "near"; readonly at: number; readonly distance: number }
  | { readonly kind: "quoted"; readonly at: number; readonly text: string; readonly prefix: boolean }
  | { readonly kind: "bare"; readonly at: number; readonly text: string }
  | { readonly kind: "field"; readonly at: number; readonly field: string; readonly value: string };

const space = /\s/u;
const fieldName = /^[a-zA-Z]{1,20}:(?!\/\/)/;
const nearWord = /^NEAR(?:\/(-?\d+))?$/;
const defaultDistance = 10;
const maxDistance = 1_000;

function fail(at: number, expected: string, came: string): never {
  throw new EarshotError("QUERY_INVALID", `query, column ${at + 1}: expected ${expected}, came ${came}`);
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40).toWellFormed()}…` : text.toWellFormed();
}

function readQuoted(text: string, open: number): { readonly body: string; readonly end: number } {
  const close = text.indexOf('"', open + 1);
  if (close < 0) fail(open, 'a closing "', "the end of the query");
  return { body: text.slice(open + 1, close), end: close + 1 };
}

function bareEnd(text: string, start: number): number {
  let i = start;
  while (i < text.length) {
    const char = text.charAt(i);
    if (char === "(" || char === ")" || char === '"' || space.test(char)) break;
    i++;
  }
  return i;
}

function lex(text: string): Lexeme[] {
  const out: Lexeme[] = [];
  let i = 0;
  while (i < text.length) {
    const char = text.charAt(i);
    if (space.test(char)) i++;
    else if (char === "(" || char === ")") out.push({ kind: char === "(" ? "open" : "close", at: i++ });
    else if (char === '"') {
      const { body, end } = readQuoted(text, i);
      const prefix = text.charAt(end) === "*";
      out.push({ kind: "quoted", at: i, text: body, prefix });
      i = prefix ? end + 1 : end;
    } else if (char === "-" && i + 1 < text.length && !space.test(text.charAt(i + 1))) out.push({ kind: "not", at: i++ });
    else i = lexBare(text, i, out);
  }
  out.push({ kind: "end", at: text.length });
  return out;
}

function lexBare(text: string, start: number, out: Lexeme[]): number {
  const end = bareEnd(text, start);
  const bare = text.slice(start, end);
  const name = fieldName.exec(bare)?.[0];
  if (name !== undefined) {
    const field = name.slice(0, -1);
    if (end === start + name.length && text.charAt(end) === '"') {
      const quoted = readQuoted(text, end);
      out.push({ kind: "field", at: start, field, value: quoted.body });
      return quoted.end;
    }
    out.push({ kind: "field", at: start, field, value: bare.slice(name.length) });
    return end;
  }
  const near = nearWord.exec(bare);
  if (bare === "AND" || bare === "OR" || bare === "NOT") out.push({ kind: bare === "AND" ? "and" : bare === "OR" ? "or" : "not", at: start });
  else if (near !== null) out.push({ kind: "near", at: start, distance: near[1] === undefined ? defaultDistance : Number(near[1]) });
  else out.push({ kind: "bare", at: start, text: bare });
  return end;
}

/**
 * @throws EarshotError QUERY_INVALID, naming the column (from 1, in UTF-16 units) and what was expected
 */
export function parseQuery(text: string): Query {
  if (text.length > queryLimits.length) fail(queryLimits.length, `at most ${queryLimits.length} characters`, `${text.length}`);
  const lexemes = lex(text);
  let next = 0;
  let leaves = 0;
  const peek = (): Lexeme => lexemes[next] ?? { kind: "end", at: text.length };
  const take = (): Lexeme => {
    const lexeme = peek();
    next++;
    return lexeme;
  };
  const came = (lexeme: Lexeme): string => {
    if (lexeme.kind === "end") return "the end of the query";
    return shown(text.slice(lexeme.at, Math.max(bareEnd(text, lexeme.at), lexeme.at + 1)));
  };
  const countLeaf = (at: number): void => {
    if (++leaves > queryLimits.leaves) fail(at, `at most ${queryLimits.leaves} words and conditions`, "more");
  };

  function parseOr(depth: number): Query {
    const parts = [parseAnd(depth)];
    while (peek().kind === "or") {
      take();
      parts.push(parseAnd(depth));
    }
    return combine("or", parts);
  }

  function parseAnd(depth: number): Query {
    const parts = [parseNot(depth)];
    for (;;) {
      const { kind } = peek();
      if (kind === "and") {
        take();
        parts.push(parseNot(depth));
      } else if (kind === "end" || kind === "or" || kind === "close") return combine("and", parts);
      else parts.push(parseNot(depth));
    }
  }

  function parseNot(depth: number): Query {
    const lexeme = peek();
    if (lexeme.kind !== "not") return parsePrimary(depth);
    take();
    if (depth >= queryLimits.depth) fail(lexeme.at, `at most ${queryLimits.depth} levels`, "more");
    return { kind: "not", part: parseNot(depth + 1) };
  }

  function parsePrimary(depth: number): Query {
    const lexeme = take();
    switch (lexeme.kind) {
      case "open": {
        if (depth >= queryLimits.depth) fail(lexeme.at, `at most ${queryLimits.depth} levels`, "more");
        const inner = parseOr(depth + 1);
        const close = take();
        if (close.kind !== "close") fail(close.at, ")", came(close));
        return inner;
      }
      case "quoted":
      case "bare":
        return parseNear(lexeme);
      case "field":
        countLeaf(lexeme.at);
        return lexeme.field.toLowerCase() === "spelled" ? parseSpelled(lexeme) : parseField(lexeme);
      default:
        return fail(lexeme.at, "a word, a phrase, a field or (", came(lexeme));
    }
  }

  /** As words and phrases: what stands there is sought, not that it was asked for so. */
  function parseSpelled(lexeme: Extract<Lexeme, { kind: "field" }>): Query {
    const { words } = queryTokens(lexeme.value);
    const [word] = words;
    if (word === undefined || words.length > 1 || !/^[a-z]+$/.test(word) || word.length < spellingLetters.least || word.length > spellingLetters.most)
      fail(
        lexeme.at + lexeme.field.length + 1,
        `one word of ${spellingLetters.least} to ${spellingLetters.most} Latin letters`,
        lexeme.value === "" ? "nothing" : shown(lexeme.value),
      );
    const parts = spellingsOf(word);
    for (let more = 1; more < parts.length; more++) countLeaf(lexeme.at);
    return combine("or", parts);
  }

  function parseNear(first: Extract<Lexeme, { kind: "quoted" | "bare" }>): Query {
    if (peek().kind !== "near") return leaf(first);
    const words = [nearToken(first)];
    let distance = 0;
    for (let lexeme = peek(); lexeme.kind === "near"; lexeme = peek()) {
      if (words.length > 1 && lexeme.distance !== distance) fail(lexeme.at, `NEAR/${distance} as before`, `NEAR/${lexeme.distance}`);
      if (lexeme.distance < 1 || lexeme.distance > maxDistance) fail(lexeme.at, `NEAR/1 to NEAR/${maxDistance}`, `NEAR/${lexeme.distance}`);
      distance = lexeme.distance;
      take();
      const operand = take();
      if (operand.kind !== "quoted" && operand.kind !== "bare") fail(operand.at, "a word after NEAR", came(operand));
      words.push(nearToken(operand));
    }
    return { kind: "near", words, distance };
  }

  function nearToken(lexeme: Extract<Lexeme, { kind: "quoted" | "bare" }>): string {
    countLeaf(lexeme.at);
    const { words } = queryTokens(lexeme.text);
    const [word] = words;
    if (word === undefined || words.length > 1 || lexeme.text.endsWith("*")) fail(lexeme.at, "one whole word beside NEAR", shown(lexeme.text));
    return word;
  }

  function leaf(lexeme: Extract<Lexeme, { kind: "quoted" | "bare" }>): Query {
    countLeaf(lexeme.at);
    if (lexeme.kind === "bare" && lexeme.text === "*") return { kind: "all" };
    const starred = lexeme.kind === "quoted" ? lexeme.prefix : lexeme.text.endsWith("*");
    const { words, prefix } = queryTokens(lexeme.text);
    for (let more = 1; more < words.length; more++) countLeaf(lexeme.at);
    const last = words.at(-1);
    if (last === undefined) fail(lexeme.at, "a word", lexeme.text === "" ? "nothing" : shown(lexeme.text));
    if (!starred && !prefix) return words.length === 1 ? { kind: "word", word: last, prefix: false } : { kind: "phrase", words };
    return withOpenEnd(words);
  }

  if (lexemes.length === 1) return { kind: "all" };
  const query = parseOr(0);
  const rest = peek();
  if (rest.kind !== "end") fail(rest.at, "AND, OR or the end", came(rest));
  return query;
}

/**
 * Words of which the last is the beginning of a word. A phrase has no open end, so its open words stand beside it:
 * the last one, and those before it that are one character of a script without spaces.
 */
function withOpenEnd(words: readonly string[]): Query {
  const closed = words.slice(0, -1);
  const open = words.slice(-1);
  for (let last = closed.at(-1); last !== undefined && isOnePaired(last); last = closed.at(-1)) {
    closed.pop();
    const before = closed.at(-1);
    if (before !== undefined && isPairEndingIn(before, last)) break;
    open.unshift(last);
  }
  const [first] = closed;
  const parts: Query[] = open.map((word) => ({ kind: "word", word, prefix: true }));
  if (first !== undefined) parts.unshift(closed.length === 1 ? { kind: "word", word: first, prefix: false } : { kind: "phrase", words: closed });
  return combine("and", parts);
}

/** Parts of the same kind become one level; one part stands for itself. */
function combine(kind: "and" | "or", parts: readonly Query[]): Query {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind, parts: flat };
}

function parseField(lexeme: Extract<Lexeme, { kind: "field" }>): Query {
  const name = lexeme.field.toLowerCase();
  const at = lexeme.at;
  const valueAt = at + lexeme.field.length + 1;
  if (name === "created") return parseRange(lexeme.value, valueAt);
  if (!isQueryField(name)) fail(at, `one of the fields ${queryFields.join(", ")}, created, spelled (or "quotes" around a word with a colon)`, shown(lexeme.field));
  if (lexeme.value === "") fail(valueAt, `a value after ${name}:`, "nothing");
  return { kind: "field", field: name, value: fieldValue(name, lexeme.value, valueAt) };
}

function fieldValue(field: QueryField, value: string, at: number): string {
  const known = fieldValues[field];
  const lower = value.toLowerCase();
  if (known !== undefined) {
    if (!known.includes(lower)) fail(at, known.join(", "), shown(value));
    return lower;
  }
  switch (field) {
    case "language":
      if (!/^[a-z]{2,3}$/.test(lower)) fail(at, "a language of two or three letters", shown(value));
      return lower;
    case "author":
      if (!isAuthorId(value)) fail(at, "an author id such as a1_…", shown(value));
      return value;
    case "reply":
    case "root":
    case "quote":
    case "reshare":
      if (!isPostId(value)) fail(at, "a post id such as p_…", shown(value));
      return value;
    case "hashtag": {
      const tag = foldText(value.replace(/^#/u, ""));
      if (tag === "") fail(at, "a hashtag", shown(value));
      return tag;
    }
    case "judged":
      if (!/^[^/]+\/[^/]+$/.test(lower)) fail(at, "a task and what a model says, such as emotion/anger", shown(value));
      return lower;
    case "towards": {
      const found = parseTowards(lower);
      if (found === undefined) fail(at, "a brand and negative, neutral, positive or none, such as acme=negative", shown(value));
      return lower;
    }
    case "link": {
      if (!value.includes("/")) return lower;
      const page = canonicalLink(/^https?:\/\//i.test(value) ? value : `https://${value}`);
      if (page === undefined) fail(at, "a host, or the address of a page", shown(value));
      return page;
    }
    default:
      return value;
  }
}

const day = /^\d{4}-\d{2}-\d{2}$/;
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z$/;

function parseRange(value: string, at: number): Query {
  const dots = value.indexOf("..");
  if (dots < 0) fail(at, "FROM..TO, FROM.. or ..TO", value === "" ? "nothing" : shown(value));
  const fromMs = parseDate(value.slice(0, dots), at);
  const toMs = parseDate(value.slice(dots + 2), at + dots + 2);
  if (fromMs === undefined && toMs === undefined) fail(at, "a date before or after ..", "none");
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) fail(at, "a first date before the second", shown(value));
  return { kind: "range", field: "created", ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) };
}

function parseDate(text: string, at: number): number | undefined {
  if (text === "") return undefined;
  const ms = day.test(text) || instant.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse makes March of February 31st.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 10))) fail(at, "a date such as 2026-01-31 or 2026-01-31T12:00Z", shown(text));
  return ms;
}
