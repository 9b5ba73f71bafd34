import type { Listen } from "../shell/listen.ts";

const quoted = (value: string): string => (/^[\p{L}\p{N}_-]+$/u.test(value) ? value : JSON.stringify(value));
const anyOf = (field: string, values: readonly string[]): readonly string[] => {
  const parts = values.map((value) => `${field}:${quoted(value)}`);
  return parts.length > 1 ? [`(${parts.join(" OR ")})`] : parts;
};

/** The bar's brands, platforms and languages: as a query of the search, and as parameters of an address. */
export function filterOf(listen: Pick<Listen, "platforms" | "terms" | "languages">): { readonly query: string; readonly parameters: string } {
  const parameters = new URLSearchParams();
  for (const [name, values] of [
    ["platform", listen.platforms],
    ["term", listen.terms],
    ["language", listen.languages],
  ] as const)
    if (values.length > 0) parameters.set(name, values.join(","));
  const text = parameters.toString();
  return {
    query: [...anyOf("platform", listen.platforms), ...anyOf("term", listen.terms), ...anyOf("language", listen.languages)].join(" "),
    parameters: text === "" ? "" : `?${text}`,
  };
}

export const spanOf = (fromMs: number, toMs: number): string => `created:${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`;
