const utf8 = new TextDecoder("utf-8", { fatal: true });
const hidden = "•••";
/** Longer raw is cut: what is shown is for people to look at. */
const longest = 16_000;
const deepest = 32;

/** Values that say what a message is, not whose: by the name of their field. */
const tellingKeys = new Set(["type", "$type", "kind", "operation", "collection", "visibility", "lang", "language", "langs", "format", "event", "platform"]);
const tellingValue = /^[A-Za-z][A-Za-z0-9_.#-]{0,60}$/;
const languageValue = /^[a-z]{2,3}(?:-[A-Za-z]{2,4})?$/;
const dateValue = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
/** A name that a program chose; what people choose (a handle, an id) may be a name of a field too, and is left out. */
const fieldName = /^[$@]?[A-Za-z_][A-Za-z_-]{0,39}$/;

export interface MaskedRaw {
  readonly form: "json" | "markup" | "text" | "binary";
  /** The shape of the message: names of fields, dates, kinds, small numbers. Everything that may tell of a person is left out. */
  readonly text: string;
  readonly sizeBytes: number;
  readonly cut: boolean;
}

/**
 * A raw message as anybody may see it who may see posts: its shape without its content. Texts, names, handles, ids and
 * addresses stand as •••, whatever the field, since no list of fields would hold for every platform.
 */
export function maskRaw(bytes: Uint8Array): MaskedRaw {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { form: "binary", text: "", sizeBytes: bytes.length, cut: false };
  }
  const trimmed = text.trim();
  const [form, masked] = maskedText(trimmed);
  return { form, text: masked.slice(0, longest), sizeBytes: bytes.length, cut: masked.length > longest || (form === "markup" && trimmed.length > longest) };
}

function maskedText(text: string): readonly [MaskedRaw["form"], string] {
  try {
    return ["json", JSON.stringify(maskValue(JSON.parse(text), "", 0), undefined, 2)];
  } catch {
    if (text.startsWith("<")) return ["markup", maskMarkup(text.slice(0, longest))];
    return ["text", text === "" ? "" : hidden];
  }
}

function maskValue(value: unknown, key: string, depth: number): unknown {
  if (value === null || typeof value === "boolean") return value;
  // Ids of some platforms are numbers.
  if (typeof value === "number") return Math.abs(value) < 1_000_000 ? value : hidden;
  if (typeof value === "string") return isTelling(value, key) ? value : hidden;
  if (depth >= deepest) return hidden;
  if (Array.isArray(value)) return value.map((one) => maskValue(one, key, depth + 1));
  if (typeof value !== "object") return hidden;
  return Object.fromEntries(
    Object.entries(value).map(([name, one], i) => {
      const isField = fieldName.test(name);
      return [isField ? name : `${hidden}${i === 0 ? "" : ` ${i + 1}`}`, maskValue(one, isField ? name : "", depth + 1)];
    }),
  );
}

function isTelling(value: string, key: string): boolean {
  if (value === "" || dateValue.test(value)) return true;
  if (!tellingKeys.has(key)) return false;
  return key.startsWith("lang") ? languageValue.test(value) : tellingValue.test(value);
}

/** Names of elements and attributes stay. */
function maskMarkup(text: string): string {
  return text
    .replaceAll(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replaceAll(/<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g, hidden)
    .replaceAll(/<!DOCTYPE[^>[]*(?:\[[\s\S]*?\])?[^>]*>/gi, "")
    .replaceAll(/<(\/?)([A-Za-z][\w:.-]{0,60})((?:"[^"]*"|'[^']*'|[^>"'])*)>|[^<]+|</g, (whole: string, close?: string, name?: string, rest?: string) => {
      if (name === undefined) return whole.trim() === "" ? whole : hidden;
      const attributes = [...(rest ?? "").matchAll(/([A-Za-z_][\w:.-]{0,60})\s*=\s*(?:"[^"]*"|'[^']*')/g)].map(([, attribute]) => ` ${attribute}="${hidden}"`).join("");
      return `<${close}${name}${attributes}${/\/\s*$/.test(rest ?? "") ? "/" : ""}>`;
    });
}
