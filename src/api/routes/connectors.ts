import { Type } from "typebox";
import { z } from "zod";
import { listConnectors, loadConnector } from "../../connectors/directory.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const connectorSchema = Type.Object({
  name: Type.String(),
  doc: Type.String(),
  keepDefault: Type.String({ description: "everything, or matching: only what a brand or query matches." }),
  options: Type.Record(Type.String(), Type.Unknown(), { description: "JSON Schema of what its sources can be told." }),
});

/** The catalogue of what can be connected: the connectors of this program, with what each asks for. */
export function addConnectorRoutes({ app }: ApiContext): void {
  app.get(
    "/api/v1/connectors",
    { schema: { tags: ["sources"], summary: "Platforms that can be connected", response: { 200: Type.Object({ items: Type.Array(connectorSchema) }), ...problems } } },
    async () => {
      const found = await Promise.all(listConnectors().map(loadConnector));
      return {
        items: found.map(({ name, doc, keepDefault, options }) => ({
          name,
          doc,
          keepDefault,
          options: { ...z.toJSONSchema(options, { io: "input", unrepresentable: "any" }) },
        })),
      };
    },
  );
}
