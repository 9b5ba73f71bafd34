import { likeness, type Shape } from "../core/shape.ts";

const separators = /[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/;
const tokensOf = (name: string): ReadonlySet<string> =>
  new Set(
    name
      .split(separators)
      .filter((token) => token !== "")
      .map((token) => token.toLowerCase().replace(/(?<=..)s$/, "")),
  );
const longest = 60;

/** Levenshtein's distance (1966), by rows. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

/** 0 to 1: how alike two names of fields are, by letters and by words; the path before the last name counts a fifth. */
export function nameLikeness(a: string, b: string): number {
  const [pathA, pathB] = [a.split("."), b.split(".")];
  const [lastA, lastB] = [(pathA.at(-1) ?? "").slice(0, longest), (pathB.at(-1) ?? "").slice(0, longest)];
  const [foldedA, foldedB] = [lastA.toLowerCase().replaceAll(/[^a-z0-9]/g, ""), lastB.toLowerCase().replaceAll(/[^a-z0-9]/g, "")];
  const letters = 1 - distance(foldedA, foldedB) / Math.max(1, foldedA.length, foldedB.length);
  const [wordsA, wordsB] = [tokensOf(lastA), tokensOf(lastB)];
  const shared = [...wordsA].filter((word) => wordsB.has(word)).length;
  const words = (2 * shared) / Math.max(1, wordsA.size + wordsB.size);
  const contained = foldedA.length >= 3 && foldedB.length >= 3 && (foldedA.includes(foldedB) || foldedB.includes(foldedA)) ? 0.7 : 0;
  const same = pathA.slice(0, -1).join(".") === pathB.slice(0, -1).join(".") ? 1 : 0;
  return 0.8 * Math.max(letters, words, contained) + 0.2 * same;
}

export interface Vanished {
  readonly field: string;
  readonly share: number;
  /** Of the time before; absent: it never came. */
  readonly shape: Shape | undefined;
  /** Whether the values of another field are of the kind that is declared. */
  readonly fits: (shape: Shape) => boolean;
}

export interface Appeared {
  readonly field: string;
  readonly share: number;
  readonly shape: Shape;
}

export const leastScore = 0.5;

/** How well a field that came stands in for one that went; undefined: not at all. */
export function scoreRename(went: Vanished, came: Appeared): { readonly score: number; readonly name: number; readonly values: number } | undefined {
  const both = Math.min(went.share, came.share) / Math.max(went.share, came.share, 1e-9);
  if (both < 0.5 || !went.fits(came.shape)) return undefined;
  const name = nameLikeness(went.field, came.field);
  const values = went.shape === undefined ? 0.5 : likeness(went.shape, came.shape);
  const score = 0.5 * name + 0.35 * values + 0.15 * both;
  return score < leastScore || values === 0 ? undefined : { score, name, values };
}
