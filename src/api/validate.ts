import type { FastifySchemaCompiler } from "fastify";
import { Compile } from "typebox/compile";
import type { TSchema } from "typebox";

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Texts of an address as the numbers and truths that the schema expects; what is written otherwise stays a text, and is refused. */
function readTexts(schema: unknown, texts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const properties = isRecord(schema) && isRecord(schema["properties"]) ? schema["properties"] : {};
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const type = isRecord(property) ? property["type"] : undefined;
      if (typeof text !== "string") return [name, text];
      if (type === "integer" && /^-?\d{1,15}$/.test(text)) return [name, Number(text)];
      if (type === "boolean" && (text === "true" || text === "false")) return [name, text === "true"];
      return [name, text];
    }),
  );
}

/** Bodies keep the types that they came with. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const isText = httpPart === "querystring" || httpPart === "params";
  return (value: unknown) => {
    const read = isText && isRecord(value) ? readTexts(schema, value) : value;
    return compiled.Check(read) ? { value: read } : { error: compiled.Errors(read) };
  };
};
