const isPlain = (value: string): boolean => /^[\p{L}\p{N}_-]+$/u.test(value);
const partOf = (field: string, value: string): string => `${field}:${isPlain(value) ? value : JSON.stringify(value)}`;
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** "": only such posts. "-": all but such posts. */
export type PartSign = "" | "-";

/** Whether the query ends in the part, or bears it between spaces outside brackets. */
export function hasPart(q: string, field: string, value: string, sign: PartSign = ""): boolean {
  return new RegExp(`(?:^|\\s)${escaped(sign + partOf(field, value))}(?:\\s|$)`).test(q);
}

/** The query, narrowed to the value or to all but it; or widened again, where it was narrowed so. */
export function togglePart(q: string, field: string, value: string, sign: PartSign = ""): string {
  const part = sign + partOf(field, value);
  if (hasPart(q, field, value, sign)) return q.replace(new RegExp(`(?:^|\\s)${escaped(part)}(?=\\s|$)`), "").trim();
  // OR binds weaker than what stands beside it.
  const base = /\sOR\s/.test(q) && !/^\([^()]*\)(\s+-?\w+:\S+)*$/.test(q) ? `(${q})` : q;
  return `${base} ${part}`.trim();
}

/** What the query leaves out by name: `-field:value`, outside brackets. */
export function leftOut(q: string): readonly { readonly field: string; readonly value: string }[] {
  return [...q.matchAll(/(?:^|\s)-([a-z]+):(?:"([^"]*)"|([\p{L}\p{N}_-]+))(?=\s|$)/gu)].map((match) => ({ field: match[1] ?? "", value: match[2] ?? match[3] ?? "" }));
}

/** One condition for each list: any of its values. */
export const anyOf = (field: string, values: readonly string[]): string[] => {
  const parts = values.map((value) => partOf(field, value));
  return parts.length === 0 ? [] : [parts.length === 1 ? (parts[0] ?? "") : `(${parts.join(" OR ")})`];
};

/** In brackets where OR would reach beyond it. */
export const closed = (q: string): string[] => (q.trim() === "" ? [] : [/\sOR\s/.test(q) ? `(${q.trim()})` : q.trim()]);

export const searchPath = (q: string): string => (q === "" ? "/search" : `/search?${new URLSearchParams({ q }).toString()}`);
