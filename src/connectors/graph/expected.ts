import type { ExpectedEntity, ExpectedFields } from "../../core/expected.ts";
import { isJson } from "../json/decode.ts";

/** Of messages as the log holds them: the kind names the entity. */
export function expectedOf(entities: Readonly<Record<string, ExpectedEntity>>): ExpectedFields {
  return {
    entities,
    *find(message) {
      const { graph, value } = message;
      if (typeof graph === "string" && Object.hasOwn(entities, graph) && isJson(value)) yield [graph, value];
    },
  };
}
