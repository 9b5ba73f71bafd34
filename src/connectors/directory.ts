import { existsSync, readdirSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import { fingerprint } from "../core/ids.ts";

const folder = new URL("./", import.meta.url);
const notConnectors = new Set(["directory"]);

/** Names of the platforms that can be connected: the files of this folder. */
export function listConnectors(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => /^[a-z][a-z0-9-]*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .filter((name) => !notConnectors.has(name))
    .sort();
}

const method = z.custom((value) => typeof value === "function");
const connectorShape = z.looseObject({
  name: z.string(),
  doc: z.string(),
  options: z.instanceof(z.ZodType),
  platform: method,
  keepDefault: z.enum(["everything", "matching"]),
  open: method,
  parser: method,
});

function isConnector(value: unknown): value is Connector {
  return connectorShape.safeParse(value).success;
}

/** Throws CONFIG_INVALID for a name that no file bears. */
export async function loadConnector(name: string): Promise<Connector> {
  const names = listConnectors();
  if (!names.includes(name)) throw new EarshotError("CONFIG_INVALID", `connector: expected one of ${names.join(", ")}, came ${JSON.stringify(name.slice(0, 60))}`);
  const module: unknown = await import(new URL(`${name}.ts`, folder).href);
  const found = typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  if (!isConnector(found)) throw new EarshotError("INVARIANT", `connector ${name}: its file has no connector as default export`);
  return found;
}

/** Changes when the connector does: a fingerprint of its file and of all in this folder that it imports, 8 hex digits. */
export function connectorVersion(name: string): string {
  if (!listConnectors().includes(name)) return "";
  const found = new Map<string, string>();
  const visit = (file: URL) => {
    if (found.has(file.href) || !file.href.startsWith(folder.href) || !existsSync(file)) return;
    const text = readFileSync(file, "utf8");
    found.set(file.href, text);
    for (const [, target = ""] of text.matchAll(/\bfrom "(\.{1,2}\/[^"]+\.ts)"/g)) visit(new URL(target, file));
  };
  visit(new URL(`${name}.ts`, folder));
  const texts = [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, text]) => text);
  return fingerprint(texts.join("\0")).slice(0, 8);
}
