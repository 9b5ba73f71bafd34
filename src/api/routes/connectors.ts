import { Type } from "typebox";
import { z } from "zod";
import { listConnectors, loadConnector } from "../../connectors/directory.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const connectorSchema = Type.Object({
  name: Type.String(),
  doc: Type.String(),
  keepDefault: Type.String({ description: "everything, or matching: only what a brand or query matches." }),
  access: Type.String({ description: "none, optional, or needed: whether its sources prove to the platform who asks." }),
  grants: Type.Boolean({ description: "A person can grant access in the browser." }),
  forecasts: Type.Boolean({ description: "It can tell in advance what a source would bring and spend." }),
  offers: Type.Array(Type.String(), { description: "Options that are chosen from what its account can read: /api/v1/sources/offers tells." }),
  receives: Type.Boolean({ description: "The platform can send to /api/v1/in/ID of a source." }),
  apiVersion: Type.Optional(
    Type.Object({ name: Type.String(), retiresAt: Type.Optional(Type.String({ description: "Its last day, as the platform told." })), source: Type.String() }),
  ),
  options: Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema of what its sources can be told." }),
});

/** Whether an option of this schema names a secret. */
function hasSecret(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return ("secret" in schema && schema.secret === true) || Object.values(schema).some(hasSecret);
}

/** The catalogue of what can be connected: the connectors of this program, with what each asks for. */
export function addConnectorRoutes({ app }: ApiContext): void {
  app.get(
    "/api/v1/connectors",
    { schema: { tags: ["sources"], summary: "Platforms that can be connected", response: { 200: Type.Object({ items: Type.Array(connectorSchema) }), ...problems } } },
    async () => {
      const found = await Promise.all(listConnectors().map(loadConnector));
      return {
        items: found.map(({ name, doc, keepDefault, anonymous, apiVersion, ...connector }) => {
          const options = { ...z.toJSONSchema(connector.options, { io: "input", unrepresentable: "any" }) };
          return {
            name,
            doc,
            keepDefault,
            access: !hasSecret(options) ? "none" : anonymous === true ? "optional" : "needed",
            grants: connector.authorization !== undefined,
            forecasts: connector.forecast !== undefined,
            offers: [...(connector.offers?.of ?? [])],
            receives: connector.receive !== undefined,
            ...(apiVersion !== undefined && { apiVersion }),
            options,
          };
        }),
      };
    },
  );
}
