import type { EntityConfig } from "../core/linking.ts";
import type { EntityRecord, EntityVersion } from "../registers/entities.ts";

/** What the register of names answers. New posts are linked at once, stored ones in the background. */
export interface EntityBook {
  all(): Promise<readonly EntityRecord[]>;
  /** Newest first. @throws NOT_FOUND */
  history(id: string): Promise<readonly EntityVersion[]>;
  /** @throws USAGE for a brand that is none, LIMIT_REACHED */
  put(id: string, entity: EntityConfig, actor: string): Promise<EntityRecord>;
  /** Many at once, all or none of them; others stay. @throws USAGE, LIMIT_REACHED */
  import(
    entities: readonly { readonly id: string; readonly entity: EntityConfig }[],
    actor: string,
  ): Promise<{ readonly added: number; readonly changed: number; readonly same: number }>;
  /** @throws NOT_FOUND */
  remove(id: string, actor: string): Promise<void>;
  /** Says again what an older version said; brings a removed one back. @throws NOT_FOUND */
  restore(id: string, version: number, actor: string): Promise<EntityRecord>;
}
