/** What values of a field look like, without any of them: enough to tell whether two fields hold the same. */
export interface Shape {
  /** How many values were looked at, by kind. */
  readonly kinds: Readonly<Partial<Record<ValueKind, number>>>;
  /** Of texts: by what their characters say. */
  readonly forms: Readonly<Partial<Record<TextForm, number>>>;
  /** Of texts and lists: their length. Of numbers: themselves, rounded to a power of two. */
  readonly low: number;
  readonly high: number;
  /** Sum of the lengths of texts. */
  readonly lengths: number;
}

export const valueKinds = ["text", "number", "flag", "object", "list", "null"] as const;
export type ValueKind = (typeof valueKinds)[number];
export const textForms = ["empty", "digits", "date", "address", "markup", "word", "hex", "other"] as const;
export type TextForm = (typeof textForms)[number];

export type MutableShape = { -readonly [K in keyof Shape]: K extends "kinds" | "forms" ? { -readonly [N in keyof Shape[K]]: Shape[K][N] } : Shape[K] };

export function emptyShape(): MutableShape {
  return { kinds: {}, forms: {}, low: Number.MAX_SAFE_INTEGER, high: 0, lengths: 0 };
}

export function kindOf(value: unknown): ValueKind {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
    case "bigint":
      return "number";
    case "boolean":
      return "flag";
    default:
      return "object";
  }
}

const looked = 80;

function formOf(text: string): TextForm {
  if (text === "") return "empty";
  const start = text.length > looked ? text.slice(0, looked) : text;
  if (/^\d+$/.test(start)) return "digits";
  if (/^\d{4}-\d\d-\d\d(?:$|[T ]\d\d:)/.test(start) || /^[A-Z][a-z]{2}[ ,].*\d\d:\d\d:\d\d/.test(start)) return "date";
  if (/^(?:https?|at|did|wss?|tag|urn):\S*$/.test(start)) return "address";
  if (/^\s*<[a-zA-Z!]/.test(start)) return "markup";
  if (/^[0-9a-f-]{8,}$/i.test(start) && /\d/.test(start)) return "hex";
  return /^[\w.$#-]+$/.test(start) ? "word" : "other";
}

export function addValue(shape: MutableShape, value: unknown): void {
  const kind = kindOf(value);
  shape.kinds[kind] = (shape.kinds[kind] ?? 0) + 1;
  let size: number;
  if (typeof value === "string") {
    const form = formOf(value);
    shape.forms[form] = (shape.forms[form] ?? 0) + 1;
    shape.lengths += value.length;
    size = value.length;
  } else if (typeof value === "number") size = Math.abs(value) < 1 ? 0 : 2 ** Math.floor(Math.log2(Math.abs(value)));
  else if (Array.isArray(value)) size = value.length;
  else return;
  if (size < shape.low) shape.low = size;
  if (size > shape.high) shape.high = size;
}

export function addShape(shape: MutableShape, other: Shape): void {
  for (const kind of valueKinds) {
    const count = other.kinds[kind];
    if (count !== undefined) shape.kinds[kind] = (shape.kinds[kind] ?? 0) + count;
  }
  for (const form of textForms) {
    const count = other.forms[form];
    if (count !== undefined) shape.forms[form] = (shape.forms[form] ?? 0) + count;
  }
  shape.low = Math.min(shape.low, other.low);
  shape.high = Math.max(shape.high, other.high);
  shape.lengths += other.lengths;
}

const spanOf = ({ low, high }: Shape): string => (low === high ? `${low}` : `${low} to ${high}`);

/** For people: kinds, and what texts look like. Holds nothing of any value. */
export function describeShape(shape: Shape): string {
  const parts = valueKinds.flatMap((kind) => {
    if (shape.kinds[kind] === undefined) return [];
    if (kind === "text") {
      const forms = textForms.filter((form) => (shape.forms[form] ?? 0) > 0).join(" or ");
      return [`text (${forms}, ${spanOf(shape)} characters)`];
    }
    if (kind === "number") return [shape.kinds.text === undefined ? `number (about ${spanOf(shape)})` : "number"];
    if (kind === "list") return [shape.kinds.text === undefined ? `list (${spanOf(shape)} long)` : "list"];
    return [kind];
  });
  return parts.join(", ");
}

/** 0 to 1: how alike the values of two fields look, by kind, form, length and range. */
export function likeness(a: Shape, b: Shape): number {
  const kinds = overlap(
    a.kinds,
    b.kinds,
    valueKinds.filter((kind) => kind !== "null"),
  );
  if (kinds === 0) return 0;
  const parts = [kinds];
  if ((a.kinds.text ?? 0) > 0 && (b.kinds.text ?? 0) > 0) {
    parts.push(overlap(a.forms, b.forms, textForms));
    parts.push(near(a.lengths / (a.kinds.text ?? 1), b.lengths / (b.kinds.text ?? 1)));
  } else if (a.high >= a.low && b.high >= b.low) parts.push((near(a.high, b.high) + near(a.low, b.low)) / 2);
  return parts.reduce((product, part) => product * part, 1) ** (1 / parts.length);
}

function overlap<K extends string>(a: Readonly<Partial<Record<K, number>>>, b: Readonly<Partial<Record<K, number>>>, names: readonly K[]): number {
  const sum = (of: Readonly<Partial<Record<K, number>>>) => names.reduce((total, name) => total + (of[name] ?? 0), 0);
  const [all, others] = [sum(a), sum(b)];
  if (all === 0 || others === 0) return 0;
  return names.reduce((total, name) => total + Math.min((a[name] ?? 0) / all, (b[name] ?? 0) / others), 0);
}

/** 1: the same size; 0.5: a factor of 4. */
function near(a: number, b: number): number {
  return 1 / (1 + Math.abs(Math.log2((a + 1) / (b + 1))) / 2);
}
