import { z } from "zod";
import type { Connector } from "../../core/component.ts";
import { faultsOf, refuseFaults, sourceConfigSchema } from "../../core/config.ts";
import { loadConnector } from "../../connectors/directory.ts";

/** A connector's options as they are while a source is set up: what is chosen from its account's offers may be missing. */
export interface SetupOptions {
  readonly connector: Connector;
  /** As its schema reads them. */
  readonly parsed: unknown;
  readonly egress?: string;
}

/** @throws CONFIG_INVALID with the place of each fault */
export async function readSetupOptions(use: string, given: Readonly<Record<string, unknown>>): Promise<SetupOptions> {
  const config = sourceConfigSchema.safeParse({ ...given, use });
  if (!config.success) refuseFaults("source", faultsOf(config.error));
  const { use: _use, keep: _keep, paused: _paused, region: _region, egress, ...options } = sourceConfigSchema.parse({ ...given, use });
  const connector = await loadConnector(use);
  const parsed = schemaOf(connector).safeParse(options);
  if (!parsed.success) refuseFaults("source", faultsOf(parsed.error));
  return { connector, parsed: parsed.data, ...(egress !== undefined && { egress }) };
}

function schemaOf({ options, offers }: Connector): z.ZodType {
  if (offers === undefined || !(options instanceof z.ZodObject)) return options;
  const shape: Readonly<Record<string, z.core.$ZodType>> = options.shape;
  return z.strictObject({ ...shape, ...Object.fromEntries(offers.of.flatMap((name) => (shape[name] === undefined ? [] : [[name, z.optional(shape[name])]]))) });
}
