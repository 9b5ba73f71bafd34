import type { Query } from "./query.ts";
import { isOnePaired, isPairEndingIn, pairedCount } from "./tokens.ts";

/** The query as text; `parseQuery` reads the same query from it. */
export function formatQuery(query: Query): string {
  return query.kind === "or" || query.kind === "and" ? formatParts(query) : formatPart(query);
}

function formatParts(query: Extract<Query, { kind: "and" | "or" }>): string {
  return query.parts.map((part) => formatPart(part)).join(query.kind === "or" ? " OR " : " ");
}

function formatPart(query: Query): string {
  switch (query.kind) {
    case "all":
      return "*";
    case "word":
      return formatWord(query.word) + (query.prefix && !isOnePaired(query.word) ? "*" : "");
    case "phrase":
      return `"${joinWords(query.words)}"`;
    case "near":
      return query.words.map((word) => formatWord(word)).join(` NEAR/${query.distance} `);
    case "field":
      return `${query.field}:${/[\s()]/u.test(query.value) ? `"${query.value}"` : query.value}`;
    case "range":
      return `created:${formatDate(query.fromMs)}..${formatDate(query.toMs)}`;
    case "not":
      return `NOT ${formatPart(query.part)}`;
    case "and":
    case "or":
      return `(${formatParts(query)})`;
  }
}

function formatWord(word: string): string {
  return word.startsWith("m_") ? `@${word}` : word;
}

function formatDate(ms: number | undefined): string {
  if (ms === undefined) return "";
  const iso = new Date(ms).toISOString();
  return iso.endsWith("T00:00:00.000Z") ? iso.slice(0, 10) : iso;
}

/** Words of a phrase as text: pairs of scripts without spaces grow together again into their run. */
function joinWords(words: readonly string[]): string {
  let out = "";
  let tail = "";
  for (const word of words) {
    if (tail !== "" && word === tail) {
      // The lone last character closes its run.
      tail = "";
      continue;
    }
    const glued = tail !== "" && pairedCount(word) === 2 && word.startsWith(tail);
    out += glued ? word.slice(tail.length) : (out === "" ? "" : " ") + formatWord(word);
    tail = pairedCount(word) === 2 ? lastCharacter(word) : "";
  }
  return out;
}

/** The second half of a pair, with its marks. */
function lastCharacter(pair: string): string {
  for (let cut = 1; cut < pair.length; cut++) {
    const last = pair.slice(cut);
    if (isPairEndingIn(pair, last) && isOnePaired(last) && isOnePaired(pair.slice(0, cut))) return last;
  }
  return "";
}
