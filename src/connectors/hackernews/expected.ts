import type { ExpectedFields } from "../../core/expected.ts";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Items (github.com/HackerNews/API, read 2026-11). */
export const expected: ExpectedFields = {
  entities: {
    item: {
      required: { id: "number", type: "text", time: "instant" },
      optional: {
        by: "text",
        text: "text",
        title: "text",
        url: "text",
        score: "number",
        descendants: "number",
        kids: "list",
        parts: "list",
        parent: "number",
        poll: "number",
        deleted: "flag",
        dead: "flag",
      },
    },
  },
  *find(message) {
    const item = message["item"];
    yield ["item", isRecord(item) ? item : message];
  },
};
