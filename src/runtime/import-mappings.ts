import { type VendorMapping, vendorMappingSchema } from "../connectors/files/vendor/mapping.ts";
import { EarshotError } from "../core/errors.ts";
import type { Settings } from "../registers/settings.ts";

export interface NamedMapping {
  readonly name: string;
  readonly mapping: VendorMapping;
}

/** Mappings of exports, kept under a name so that the next file of the kind needs none. */
export interface ImportMappings {
  /** By name. */
  all(): Promise<readonly NamedMapping[]>;
  /** @throws NOT_FOUND */
  get(name: string): Promise<VendorMapping>;
  put(name: string, mapping: VendorMapping): Promise<void>;
  /** @throws NOT_FOUND */
  remove(name: string): Promise<void>;
}

const prefix = "import.mapping.";

export function makeMappings(settings: Settings): ImportMappings {
  const get = async (name: string): Promise<VendorMapping> => {
    const parsed = vendorMappingSchema.safeParse(await settings.get(prefix + name));
    if (!parsed.success) throw new EarshotError("NOT_FOUND", `mapping ${name}: there is none`);
    return parsed.data;
  };
  return {
    async all() {
      return [...(await settings.all())].flatMap(([name, value]) => {
        const parsed = name.startsWith(prefix) ? vendorMappingSchema.safeParse(value) : undefined;
        return parsed?.success === true ? [{ name: name.slice(prefix.length), mapping: parsed.data }] : [];
      });
    },
    get,
    put: (name, mapping) => settings.set(prefix + name, mapping),
    async remove(name) {
      await get(name);
      // Settings are written over, never deleted: null is no mapping.
      await settings.set(prefix + name, null);
    },
  };
}
