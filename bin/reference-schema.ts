import { z } from "zod";
import { postSchema, problemSchema } from "../src/api/schemas.ts";

// JSON Schema as text for people.

interface Schema {
  readonly type?: string | readonly string[] | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly allOf?: readonly Schema[] | undefined;
  readonly items?: Schema | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly required?: readonly string[] | undefined;
  readonly default?: unknown;
  readonly description?: string | undefined;
  readonly format?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
}
export const schemaShape: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schemaShape).optional(),
    allOf: z.array(schemaShape).optional(),
    items: schemaShape.optional(),
    properties: z.record(z.string(), schemaShape).optional(),
    additionalProperties: z.union([z.boolean(), schemaShape]).optional(),
    required: z.array(z.string()).optional(),
    default: z.unknown().optional(),
    description: z.string().optional(),
    format: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    exclusiveMinimum: z.number().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
  }),
);

const canonical = (schema: unknown) => JSON.stringify(schema);
/** Types that stand once on the page, under a name. */
export const named = new Map([
  [canonical(postSchema), "Post"],
  [canonical(problemSchema), "Problem"],
]);

/** As TypeScript would write it. */
export function typeOf(schema: Schema, indent = ""): string {
  const name = named.get(canonical(schema));
  if (name !== undefined) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeOf(one, indent)).join(" | ");
  if (schema.type === "array") {
    const inner = typeOf(schema.items ?? {}, indent);
    return inner.includes(" | ") ? `(${inner})[]` : `${inner}[]`;
  }
  if (schema.type === "object" || schema.properties !== undefined) {
    const inner = Object.entries(schema.properties ?? {}).map(([key, value]) => {
      const note = value.description === undefined ? "" : ` // ${value.description}`;
      return `${indent}  ${key}${schema.required?.includes(key) === true ? "" : "?"}: ${typeOf(value, `${indent}  `)};${note}`;
    });
    if (inner.length > 0) return `{\n${inner.join("\n")}\n${indent}}`;
    return typeof schema.additionalProperties === "object" ? `Record<string, ${typeOf(schema.additionalProperties, indent)}>` : "object";
  }
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  return typeof schema.type === "string" ? schema.type : "anything";
}

/** Limits worth telling a reader. */
export function limitsOf(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, maxLength, maxItems, format } = schema;
  const far = (limit: number | undefined) => limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER;
  const parts: string[] = [];
  if (format !== undefined) parts.push(format);
  if (exclusiveMinimum !== undefined) parts.push(`above ${exclusiveMinimum}`);
  if (!far(minimum) && !far(maximum)) parts.push(`${minimum} to ${maximum}`);
  else if (!far(minimum)) parts.push(`from ${minimum}`);
  else if (!far(maximum)) parts.push(`at most ${maximum}`);
  if (maxLength !== undefined) parts.push(`at most ${maxLength} characters`);
  if (maxItems !== undefined) parts.push(`at most ${maxItems} items`);
  if (schema.items !== undefined && schema.items.format !== undefined) parts.push(schema.items.format);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
export const code = (text: string) => `\`${text.replaceAll("`", "")}\``;
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [`| ${head.join(" | ")} |`, `|${head.map(() => "---|").join("")}`, ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`)].join("\n");
}

/** A row a leaf: place, type, default, meaning. */
function flatten(schema: Schema, place: string): string[][] {
  const variants = schema.anyOf?.filter((one) => one.properties !== undefined) ?? [];
  const inner = schema.properties === undefined ? variants[0] : schema;
  const own = (type: string) => [code(place), type, schema.default === undefined ? "" : code(JSON.stringify(schema.default)), schema.description ?? ""];
  if (inner?.properties !== undefined) {
    const rows = Object.entries(inner.properties).flatMap(([name, child]) => flatten(child, place === "" ? name : `${place}.${name}`));
    const others = (schema.anyOf ?? []).filter((one) => one !== inner).map((one) => typeOf(one));
    const isWorthTelling = schema.description !== undefined || others.length > 0;
    return place === "" || !isWorthTelling ? rows : [[code(place), [...others, "object"].join(" or "), "", schema.description ?? ""], ...rows];
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties === "object" && additionalProperties.properties !== undefined) return flatten(additionalProperties, `${place}.<id>`);
  return [own(`${typeOf(schema)}${limitsOf(schema)}`)];
}

/** @param io what an operator writes, or what the program then reads */
export function optionsTable(schema: z.ZodType, io: "input" | "output" = "input"): string {
  const json = schemaShape.parse(z.toJSONSchema(schema, { io, unrepresentable: "any" }));
  return table(["option", "type", "default", "meaning"], flatten(json, ""));
}
