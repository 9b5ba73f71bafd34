import { z } from "zod";
import { type VendorMapping, vendorMappingSchema } from "../connectors/files/vendor/mapping.ts";
import { EarshotError } from "../core/errors.ts";
import type { Settings } from "../registers/settings.ts";

export interface MappingVersion {
  /** From 1; each change is a new one. */
  readonly version: number;
  readonly mapping: VendorMapping;
  /** Milliseconds UTC; absent: from before versions were kept. */
  readonly at?: number;
  readonly actor?: string;
}

export interface NamedMapping extends MappingVersion {
  readonly name: string;
}

/** Mappings of exports, kept under a name so that the next file of the kind needs none. */
export interface ImportMappings {
  /** The newest version of each, by name. */
  all(): Promise<readonly NamedMapping[]>;
  /** @throws NOT_FOUND; version: absent, the newest */
  get(name: string, version?: number): Promise<VendorMapping>;
  /** The newest first. @throws NOT_FOUND */
  versions(name: string): Promise<readonly MappingVersion[]>;
  /** What is the newest already makes no new version. @throws LIMIT_REACHED */
  put(name: string, mapping: VendorMapping, actor: string): Promise<MappingVersion>;
  /** @throws NOT_FOUND */
  remove(name: string): Promise<void>;
}

const prefix = "import.mapping.";
const mostMappings = 200;
/** Versions of a mapping that are kept, the newest. */
const mostVersions = 20;

const keptSchema = z.object({
  versions: z.array(z.object({ version: z.number().int(), mapping: vendorMappingSchema, at: z.number().optional(), actor: z.string().optional() })).min(1),
});

/** The oldest first. One mapping without versions is what was kept before there were any. */
function versionsIn(value: unknown): readonly MappingVersion[] | undefined {
  const kept = keptSchema.safeParse(value);
  if (kept.success) return kept.data.versions.map(({ at, actor, ...one }) => ({ ...one, ...(at !== undefined && { at }), ...(actor !== undefined && { actor }) }));
  const single = vendorMappingSchema.safeParse(value);
  return single.success ? [{ version: 1, mapping: single.data }] : undefined;
}

export function makeMappings(settings: Settings, now: () => number): ImportMappings {
  const versionsOf = async (name: string): Promise<readonly MappingVersion[]> => {
    const versions = versionsIn(await settings.get(prefix + name));
    if (versions === undefined) throw new EarshotError("NOT_FOUND", `mapping ${name}: there is none`);
    return versions;
  };
  const all = async (): Promise<readonly NamedMapping[]> =>
    [...(await settings.all())].flatMap(([name, value]) => {
      const newest = name.startsWith(prefix) ? versionsIn(value)?.at(-1) : undefined;
      return newest === undefined ? [] : [{ name: name.slice(prefix.length), ...newest }];
    });
  let turn: Promise<unknown> = Promise.resolve();
  /** Two changes at once would each make the same version. */
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const next = turn.then(run);
    turn = next.catch(() => undefined);
    return next;
  };
  return {
    all,
    async get(name, version) {
      const versions = await versionsOf(name);
      const found = version === undefined ? versions.at(-1) : versions.find((one) => one.version === version);
      if (found === undefined) throw new EarshotError("NOT_FOUND", `mapping ${name}: there is no version ${version}, or it is no longer kept`);
      return found.mapping;
    },
    versions: async (name) => (await versionsOf(name)).toReversed(),
    put: (name, mapping, actor) =>
      inTurn(async () => {
        const before = versionsIn(await settings.get(prefix + name)) ?? [];
        const newest = before.at(-1);
        if (newest !== undefined && JSON.stringify(newest.mapping) === JSON.stringify(mapping)) return newest;
        if (newest === undefined && (await all()).length >= mostMappings) throw new EarshotError("LIMIT_REACHED", `mappings: expected at most ${mostMappings}; delete one first`);
        const made: MappingVersion = { version: (newest?.version ?? 0) + 1, mapping, at: now(), actor };
        await settings.set(prefix + name, { versions: [...before, made].slice(-mostVersions) });
        return made;
      }),
    async remove(name) {
      await versionsOf(name);
      // Settings are written over, never deleted: null is no mapping.
      await settings.set(prefix + name, null);
    },
  };
}
