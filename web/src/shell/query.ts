const isPlain = (value: string): boolean => /^[\p{L}\p{N}_-]+$/u.test(value);
const partOf = (field: string, value: string): string => `${field}:${isPlain(value) ? value : JSON.stringify(value)}`;
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Whether the query ends in the part, or bears it between spaces outside brackets. */
export function hasPart(q: string, field: string, value: string): boolean {
  return new RegExp(`(?:^|\\s)${escaped(partOf(field, value))}(?:\\s|$)`).test(q);
}

/** The query, narrowed to the value; or widened again, where it was narrowed to it. */
export function togglePart(q: string, field: string, value: string): string {
  const part = partOf(field, value);
  if (hasPart(q, field, value)) return q.replace(new RegExp(`(?:^|\\s)${escaped(part)}(?=\\s|$)`), "").trim();
  // OR binds weaker than what stands beside it.
  const base = /\sOR\s/.test(q) && !/^\([^()]*\)(\s+\w+:\S+)*$/.test(q) ? `(${q})` : q;
  return `${base} ${part}`.trim();
}

export const searchPath = (q: string): string => (q === "" ? "/search" : `/search?${new URLSearchParams({ q }).toString()}`);
