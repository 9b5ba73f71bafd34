import type { Config } from "../../core/config.ts";
import type { SourceView, TermView } from "../engine.ts";

/** Beside the configuration file, which stands at the project's root. */
const definer = "./src/core/config.ts";

/** The running configuration as a file that gives it again: what the dashboard added stands beside what the file said. */
export function writeConfiguration(config: Config, sources: readonly SourceView[], terms: readonly TermView[]): string {
  const { sources: _sources, terms: _terms, ...rest } = config;
  const whole = {
    ...rest,
    sources: Object.fromEntries(
      sources
        .filter((source) => source.origin !== "built-in")
        .map((source) => [
          source.id,
          { use: source.connector, keep: source.keep, ...(source.paused && { paused: true }), ...(source.egress !== undefined && { egress: source.egress }), ...source.options },
        ]),
    ),
    terms: Object.fromEntries(
      terms.map(({ id, name, kind, query, handles, colour }) => [id, { name, kind, query, ...(handles.length > 0 && { handles }), ...(colour !== undefined && { colour }) }]),
    ),
  };
  return `import { defineConfig } from ${JSON.stringify(definer)};\n\nexport default defineConfig(${asCode(whole, 0)});\n`;
}

/** A value as code that gives it again. */
export function asCode(value: unknown, depth: number): string {
  const pad = "  ".repeat(depth + 1);
  const end = "  ".repeat(depth);
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${value.map((item) => asCode(item, depth)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const entries = Object.entries(value).filter(([, held]) => held !== undefined);
  if (entries.length === 0) return "{}";
  const lines = entries.map(([name, held]) => `${pad}${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}: ${asCode(held, depth + 1)},\n`);
  return `{\n${lines.join("")}${end}}`;
}
