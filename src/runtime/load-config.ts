import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Config, configSchema, type ConfigFault, faultsOf, refuseFaults, sourceConfigSchema, termConfigSchema, usualConfig } from "../core/config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import { parseQuery } from "../core/query-parser.ts";
import { termFault } from "../stages/terms.ts";
import { defineSource, egressFaults, type SourceDefinition } from "./collect.ts";

export interface LoadedConfig {
  readonly config: Config;
  readonly path: string | undefined;
  readonly sources: readonly SourceDefinition[];
}

/**
 * Reads the configuration and everything in it that only components can judge. Without a file in the usual place all is default;
 * a file that was named must be there. @throws CONFIG_INVALID naming every fault at once
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const file = resolve(path);
  // A slip of the pen in its name would else collect a simulated world into the real folder.
  if (path !== usualConfig && !existsSync(file)) throw new EarshotError("CONFIG_INVALID", `EARSHOT_CONFIG: expected a file, there is none under ${file}`);
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
  const tell = (found: readonly ConfigFault[]) => faults.push(...found.filter(({ place }) => !faults.some((fault) => fault.place === place)));
  // What has a fault of its own is judged on, as far as it can be read, so that one run names all faults.
  const readable = parsed.success ? parsed.data : configSchema.safeParse(withoutFaults(exported, faults)).data;
  const sources: SourceDefinition[] = [];
  for (const [id, given] of entriesOf(exported, "sources")) {
    const whole = sourceConfigSchema.safeParse(given);
    if (!whole.success) tell(faultsOf(whole.error, ["sources", id]));
    const source = whole.success ? whole.data : sourceConfigSchema.safeParse(without(given, new Set(whole.error.issues.map(({ path }) => path[0])))).data;
    const definition = source === undefined ? undefined : await defineSource(id, source, "configuration", faults);
    if (definition === undefined) continue;
    sources.push(definition);
    if (readable !== undefined) faults.push(...egressFaults(definition, readable.egress));
  }
  for (const [id, given] of entriesOf(exported, "terms")) {
    const whole = termConfigSchema.safeParse(given);
    if (!whole.success) tell(faultsOf(whole.error, ["terms", id]));
    const query = termConfigSchema.shape.query.safeParse(isRecord(given) ? given["query"] : undefined).data;
    const fault = query === undefined ? undefined : queryFault(query);
    if (fault !== undefined) tell([{ place: `terms.${id}.query`, message: fault }]);
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function entriesOf(exported: unknown, area: "sources" | "terms"): readonly (readonly [string, unknown])[] {
  const group = isRecord(exported) ? exported[area] : undefined;
  return isRecord(group) && !Array.isArray(group) ? Object.entries(group) : [];
}

function without(value: unknown, keys: ReadonlySet<PropertyKey | undefined>): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.has(key))) : value;
}

function withoutFaults(exported: unknown, faults: readonly ConfigFault[]): unknown {
  if (!isRecord(exported)) return {};
  const copy: Record<string, unknown> = { ...exported };
  for (const { place } of faults) {
    const [area = "", id] = place.split(".");
    const group = copy[area];
    if (id !== undefined && isRecord(group)) copy[area] = without(group, new Set([id]));
    else delete copy[area];
  }
  return copy;
}
