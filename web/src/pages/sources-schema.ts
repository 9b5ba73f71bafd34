/** One option of a connector, as its JSON Schema tells it. */
export interface Option {
  readonly name: string;
  readonly kind: "text" | "number" | "yes-no" | "choice" | "choices" | "list" | "pairs" | "secret";
  readonly doc: string;
  readonly isNeeded: boolean;
  readonly standard?: unknown;
  readonly choices: readonly string[];
  readonly pattern?: string;
  readonly isAddress: boolean;
  readonly least?: number;
  readonly most?: number;
  readonly isWhole: boolean;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);
const textsIn = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);

function kindOf(schema: Readonly<Record<string, unknown>>): Option["kind"] {
  if (schema["secret"] === true) return "secret";
  if (schema["type"] === "boolean") return "yes-no";
  if (schema["type"] === "number" || schema["type"] === "integer") return "number";
  if (schema["type"] === "array") return isRecord(schema["items"]) && textsIn(schema["items"]["enum"]).length > 0 ? "choices" : "list";
  if (schema["type"] === "object") return "pairs";
  return textsIn(schema["enum"]).length > 0 ? "choice" : "text";
}

/** What a connector asks for; the needed first. Labels of simulators are not for people to set. */
export function optionsOf(schema: Readonly<Record<string, unknown>>): readonly Option[] {
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const needed = textsIn(schema["required"]);
  return Object.entries(properties)
    .flatMap(([name, one]): Option[] => {
      if (!isRecord(one) || name === "simulated") return [];
      const inner = isRecord(one["items"]) ? one["items"] : one;
      const pattern = inner["pattern"];
      const standard = one["default"];
      const minimum = one["minimum"];
      const maximum = one["maximum"];
      return [
        {
          name,
          kind: kindOf(one),
          doc: typeof one["description"] === "string" ? one["description"] : "",
          isNeeded: needed.includes(name),
          ...(standard !== undefined && { standard }),
          choices: textsIn(inner["enum"]),
          ...(typeof pattern === "string" && { pattern }),
          isAddress: inner["format"] === "uri",
          ...(typeof minimum === "number" && { least: minimum }),
          ...(typeof maximum === "number" && { most: maximum }),
          isWhole: one["type"] === "integer",
        },
      ];
    })
    .toSorted((a, b) => Number(b.isNeeded) - Number(a.isNeeded));
}

/** What is typed, by option; absent: the standard holds. */
export type Drafts = Readonly<Record<string, string | boolean | readonly string[]>>;

/** Fills a form from options that are known. */
export function draftsOf(options: readonly Option[], known: Readonly<Record<string, unknown>>): Drafts {
  return Object.fromEntries(
    options.flatMap((option): (readonly [string, Drafts[string]])[] => {
      const value = known[option.name];
      if (value === undefined) return [];
      if (option.kind === "pairs" && isRecord(value))
        return [
          [
            option.name,
            Object.entries(value)
              .map(([key, one]) => `${key} = ${String(one)}`)
              .join("\n"),
          ],
        ];
      if (option.kind === "list") return [[option.name, textsIn(value).join("\n")]];
      if (option.kind === "choices") return [[option.name, textsIn(value)]];
      return [[option.name, typeof value === "boolean" ? value : String(value)]];
    }),
  );
}

/** What the API takes: what is empty is left out, so that the standard holds. */
export function valuesOf(options: readonly Option[], drafts: Drafts): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const option of options) {
    const draft = drafts[option.name];
    if (draft === undefined || draft === "" || (Array.isArray(draft) && draft.length === 0)) continue;
    if (typeof draft !== "string") values[option.name] = draft;
    else if (option.kind === "number") values[option.name] = Number(draft);
    else if (option.kind === "list") {
      const lines = linesOf(draft);
      if (lines.length > 0) values[option.name] = lines;
    } else if (option.kind === "pairs") {
      const pairs = linesOf(draft).map((line) => {
        const at = line.indexOf("=");
        return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      });
      if (pairs.length > 0) values[option.name] = Object.fromEntries(pairs);
    } else values[option.name] = draft.trim();
  }
  return values;
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
