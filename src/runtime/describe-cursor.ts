const longest = 200;
const firstYearMs = Date.UTC(2005, 0);
const lastYearMs = Date.UTC(2100, 0);

/** A cursor as people read it: what looks like a time is one, what is long is told by its size. Every connector has its own form. */
export function describeCursor(cursor: string): string {
  const time = timeOf(cursor);
  if (time !== undefined) return `messages up to ${time}`;
  if (!cursor.startsWith("{") && !cursor.startsWith("[")) return cursor.length <= longest ? cursor : `${cursor.slice(0, longest)}…`;
  let value: unknown;
  try {
    value = JSON.parse(cursor);
  } catch {
    return `${cursor.slice(0, longest)}…`;
  }
  const parts = partsOf(value, "", 0);
  const text = parts.join(", ");
  return text.length <= longest * 2 ? text : `${text.slice(0, longest * 2)}… (${cursor.length} characters)`;
}

function partsOf(value: unknown, name: string, depth: number): readonly string[] {
  const at = (text: string) => [name === "" ? text : `${name}: ${text}`];
  if (value === null || value === undefined) return [];
  if (typeof value === "number" || typeof value === "string") {
    const time = timeOf(String(value));
    return at(time ?? String(value).slice(0, 60));
  }
  if (typeof value === "boolean") return at(value ? "yes" : "no");
  if (Array.isArray(value)) return value.length <= 3 && depth < 2 ? value.flatMap((one, i) => partsOf(one, `${name} ${i + 1}`.trim(), depth + 1)) : at(`${value.length} entries`);
  if (typeof value !== "object") return [];
  const entries = Object.entries(value);
  if (entries.length > 12 || depth >= 2) return at(`${entries.length} entries`);
  return entries.flatMap(([key, one]) => partsOf(one, name === "" ? key : `${name} ${key}`, depth + 1));
}

/** Milliseconds or microseconds since 1970. */
function timeOf(text: string): string | undefined {
  if (!/^\d{13}(?:\d{3})?$/.test(text)) return undefined;
  const ms = text.length === 13 ? Number(text) : Number(text) / 1_000;
  return ms >= firstYearMs && ms < lastYearMs ? new Date(ms).toISOString() : undefined;
}
