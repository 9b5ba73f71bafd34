import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Config, configSchema, type ConfigFault, faultsOf, refuseFaults } from "../core/config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import { parseQuery } from "../core/query-parser.ts";
import { termFault } from "../stages/terms.ts";
import { defineSource, egressFaults, type SourceDefinition } from "./collect.ts";

export interface LoadedConfig {
  readonly config: Config;
  readonly path: string | undefined;
  readonly sources: readonly SourceDefinition[];
}

/** Reads earshot.config.ts (none: the defaults) and everything in it that only components can judge. @throws CONFIG_INVALID naming every fault at once */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const file = resolve(path);
  const exported = await readExported(file);
  return { ...(await checkConfig(exported, file)), path: existsSync(file) ? file : undefined };
}

/** What stands in the file, not judged yet; without a file an empty configuration. @throws CONFIG_INVALID */
export async function readExported(file: string): Promise<unknown> {
  if (!existsSync(file)) return {};
  let exported: unknown;
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    exported = typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  } catch (error) {
    throw new EarshotError("CONFIG_INVALID", `${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (exported === undefined) throw new EarshotError("CONFIG_INVALID", `${file}: expected a default export, as in \`export default defineConfig({ … })\``);
  return exported;
}

/** What a configuration file exports, judged whole: schema, connectors' options, queries. @throws CONFIG_INVALID naming every fault at once */
export async function checkConfig(exported: unknown, where: string): Promise<Omit<LoadedConfig, "path">> {
  const faults: ConfigFault[] = [];
  const parsed = configSchema.safeParse(exported);
  if (!parsed.success) faults.push(...faultsOf(parsed.error));
  const sources: SourceDefinition[] = [];
  // The rest is judged as far as it can be read, so that one run names all faults.
  const readable = parsed.success ? parsed.data : configSchema.safeParse(withoutFaults(exported, faults)).data;
  if (readable !== undefined) {
    for (const [id, source] of Object.entries(readable.sources)) {
      const definition = await defineSource(id, source, "configuration", faults);
      if (definition === undefined) continue;
      sources.push(definition);
      faults.push(...egressFaults(definition, readable.egress));
    }
    for (const [id, term] of Object.entries(readable.terms)) {
      const fault = queryFault(term.query);
      if (fault !== undefined) faults.push({ place: `terms.${id}.query`, message: fault });
    }
  }
  refuseFaults(where, faults);
  return { config: configSchema.parse(exported), sources };
}

/** What is wrong with a term's query; undefined: nothing. */
export function queryFault(text: string): string | undefined {
  try {
    return termFault(parseQuery(text));
  } catch (thrown) {
    return toEarshotError(thrown, "QUERY_INVALID", "query").message;
  }
}

function withoutFaults(exported: unknown, faults: readonly ConfigFault[]): unknown {
  if (typeof exported !== "object" || exported === null) return {};
  const copy: Record<string, unknown> = { ...exported };
  for (const { place } of faults) {
    const [area = "", id] = place.split(".");
    const group = copy[area];
    if (id !== undefined && typeof group === "object" && group !== null) {
      const { [id]: _faulty, ...rest } = Object.fromEntries(Object.entries(group));
      copy[area] = rest;
    } else delete copy[area];
  }
  return copy;
}
