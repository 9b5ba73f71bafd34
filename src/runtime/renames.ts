import type { ExpectedFields } from "../core/expected.ts";
import type { Parse } from "../core/source.ts";

/** A field that its platform calls otherwise now. Dots lead into objects. */
export interface Rename {
  readonly entity: string;
  readonly from: string;
  readonly to: string;
}

type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isForbidden = (name: string): boolean => name === "__proto__" || name === "constructor" || name === "prototype";

function holderOf(value: Json, path: readonly string[], make: boolean): Json | undefined {
  let at = value;
  for (const name of path.slice(0, -1)) {
    if (isForbidden(name)) return undefined;
    let next = at[name];
    if (make && (next === undefined || next === null)) at[name] = next = {};
    if (!isJson(next)) return undefined;
    at = next;
  }
  return at;
}

/** Moves the value where it is under the new name and not under the declared one. */
function renameIn(value: Json, from: readonly string[], to: readonly string[]): boolean {
  const last = from.at(-1) ?? "";
  const name = to.at(-1) ?? "";
  const holder = holderOf(value, from, false);
  if (holder === undefined || isForbidden(last) || isForbidden(name) || !Object.hasOwn(holder, last) || holder[last] === null || holder[last] === undefined) return false;
  const target = holderOf(value, to, true);
  if (target === undefined || (target[name] !== undefined && target[name] !== null)) return false;
  target[name] = holder[last];
  delete holder[last];
  return true;
}

/** The message as its parser knows it; the same bytes where no rule applies. Never throws: what is no JSON stays as it is. */
export function makeRenamer(expected: ExpectedFields, renames: readonly Rename[]): (bytes: Uint8Array) => Uint8Array {
  const rules = renames.map(({ entity, from, to }) => ({ entity, from: from.split("."), to: to.split("."), needle: `"${from.split(".").at(-1) ?? ""}"` }));
  return (bytes) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!rules.some(({ needle }) => buffer.includes(needle))) return bytes;
    try {
      const message: unknown = JSON.parse(buffer.toString("utf8"));
      if (!isJson(message)) return bytes;
      let changed = false;
      for (const [name, value] of expected.find(message))
        if (isJson(value)) for (const rule of rules) if (rule.entity === name) changed = renameIn(value, rule.from, rule.to) || changed;
      return changed ? Buffer.from(JSON.stringify(message)) : bytes;
    } catch {
      return bytes;
    }
  };
}

export function withRenames(parse: Parse, expected: ExpectedFields | undefined, renames: readonly Rename[]): Parse {
  if (expected === undefined || renames.length === 0) return parse;
  const rename = makeRenamer(expected, renames);
  return (bytes) => parse(rename(bytes));
}
