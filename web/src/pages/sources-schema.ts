/** One option of a connector, as its JSON Schema tells it. */
export interface Option {
  /** With a dot: an option of a group. */
  readonly name: string;
  readonly kind: "text" | "number" | "yes-no" | "choice" | "choices" | "list" | "pairs" | "secret" | "secrets";
  /** Where in the guided set-up it is asked for. */
  readonly step: "what" | "access" | "limits";
  /** It names an account whose owner granted access in the browser; with `grantWith`, what is then chosen beside it. */
  readonly isGrant: boolean;
  readonly grantWith?: Readonly<Record<string, string>>;
  readonly doc: string;
  readonly isNeeded: boolean;
  readonly standard?: unknown;
  readonly choices: readonly string[];
  readonly pattern?: string;
  readonly isAddress: boolean;
  readonly least?: number;
  readonly most?: number;
  readonly isWhole: boolean;
  readonly mostItems: number;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);
const textsIn = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);

function kindOf(schema: Readonly<Record<string, unknown>>): Option["kind"] {
  if (schema["secret"] === true) return "secret";
  if (schema["type"] === "boolean") return "yes-no";
  if (schema["type"] === "number" || schema["type"] === "integer") return "number";
  if (schema["type"] === "array") {
    const items = isRecord(schema["items"]) ? schema["items"] : {};
    return items["secret"] === true ? "secrets" : textsIn(items["enum"]).length > 0 ? "choices" : "list";
  }
  if (schema["type"] === "object") return "pairs";
  return textsIn(schema["enum"]).length > 0 ? "choice" : "text";
}

/** What a client is known by, beside its secrets. */
const clientNames = new Set(["app", "appId", "clientId", "contact", "deviceId", "exchange", "tokenServer"]);

function stepOf(name: string, kind: Option["kind"], isOfClient: boolean): Option["step"] {
  if (isOfClient || kind === "secret" || kind === "secrets" || clientNames.has(name)) return "access";
  return kind === "number" || name === "startAt" ? "limits" : "what";
}

function optionOf(name: string, one: Readonly<Record<string, unknown>>, isNeeded: boolean, isOfClient: boolean): Option {
  const inner = isRecord(one["items"]) ? one["items"] : one;
  const pattern = inner["pattern"];
  const standard = one["default"];
  const minimum = one["minimum"];
  const maximum = one["maximum"];
  const kind = kindOf(one);
  const isGrant = one["grant"] === true;
  const also = isRecord(one["with"]) ? Object.entries(one["with"]).filter((pair): pair is [string, string] => typeof pair[1] === "string") : [];
  return {
    name,
    kind,
    step: stepOf(name, kind, isOfClient || isGrant),
    isGrant,
    ...(also.length > 0 && { grantWith: Object.fromEntries(also) }),
    doc: typeof one["description"] === "string" ? one["description"] : "",
    isNeeded,
    ...(standard !== undefined && { standard }),
    choices: textsIn(inner["enum"]),
    ...(typeof pattern === "string" && { pattern }),
    isAddress: inner["format"] === "uri",
    ...(typeof minimum === "number" && { least: minimum }),
    ...(typeof maximum === "number" && { most: maximum }),
    isWhole: one["type"] === "integer",
    mostItems: typeof one["maxItems"] === "number" ? one["maxItems"] : 1_000,
  };
}

/** What a connector asks for; the needed first, groups by their members. Labels of simulators are not for people to set. */
export function optionsOf(schema: Readonly<Record<string, unknown>>): readonly Option[] {
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const needed = textsIn(schema["required"]);
  return Object.entries(properties)
    .flatMap(([name, one]): readonly Option[] => {
      if (!isRecord(one) || name === "simulated") return [];
      const members = one["properties"];
      if (!isRecord(members)) return [optionOf(name, one, needed.includes(name), false)];
      const isOfClient = Object.values(members).some((member) => isRecord(member) && (member["secret"] === true || member["grant"] === true));
      return Object.entries(members).flatMap(([inner, member]) => (isRecord(member) ? [optionOf(`${name}.${inner}`, member, false, isOfClient)] : []));
    })
    .toSorted((a, b) => Number(b.isNeeded) - Number(a.isNeeded));
}

/** The options that bound how much is asked of the platform (requestsPerMinute, postsPerMonth …). */
export const limitsOf = (options: readonly Option[]): readonly Option[] =>
  options.filter(({ name, kind }) => kind === "number" && /Per(?:\d+)?(?:Second|Minute|Hour|Day|Month)s?$/.test(name));

const within = (values: Readonly<Record<string, unknown>>, name: string): unknown => name.split(".").reduce<unknown>((at, part) => (isRecord(at) ? at[part] : undefined), values);

/** What is typed, by option; absent: the standard holds. */
export type Drafts = Readonly<Record<string, string | boolean | readonly string[]>>;

/** Fills a form from options that are known. */
export function draftsOf(options: readonly Option[], known: Readonly<Record<string, unknown>>): Drafts {
  return Object.fromEntries(
    options.flatMap((option): (readonly [string, Drafts[string]])[] => {
      const value = within(known, option.name);
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
      if (option.kind === "choices" || option.kind === "secrets") return [[option.name, textsIn(value)]];
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
  return nested(values);
}

/** Members of a group stand within it; a group without any is left out. */
function nested(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const whole: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const at = name.indexOf(".");
    if (at < 0) whole[name] = value;
    else {
      const group = whole[name.slice(0, at)];
      whole[name.slice(0, at)] = { ...(isRecord(group) && group), [name.slice(at + 1)]: value };
    }
  }
  return whole;
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
