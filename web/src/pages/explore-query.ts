import type { Listen } from "../shell/listen.ts";
import type { DimensionName } from "./explore-figures.ts";

const quoted = (value: string): string => (/^[\p{L}\p{N}_-]+$/u.test(value) ? value : JSON.stringify(value));
const anyOf = (field: string, values: readonly string[]): string[] => {
  if (values.length === 0) return [];
  const parts = values.map((value) => `${field}:${quoted(value)}`);
  return [parts.length === 1 ? (parts[0] ?? "") : `(${parts.join(" OR ")})`];
};

/** The query of the search that finds exactly the posts that a figure counts. */
export function queryOf(options: {
  readonly listen: Pick<Listen, "platforms" | "terms" | "languages">;
  readonly fromMs: number;
  readonly toMs: number;
  readonly by?: DimensionName;
  readonly value?: string;
}): string {
  const { listen, fromMs, toMs, by, value } = options;
  const own = (name: DimensionName, values: readonly string[]) => anyOf(name, by === name && value !== undefined ? [value] : values);
  return [
    ...own("platform", listen.platforms),
    ...own("term", listen.terms),
    ...own("language", listen.languages),
    ...own("source", []),
    `created:${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`,
  ].join(" ");
}
