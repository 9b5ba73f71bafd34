import type { Migration } from "../core/sql.ts";
import { cursorsMigrations } from "../registers/cursors.ts";
import { rollupsMigrations } from "../stores/rollups-schema.ts";

/** The catalog's tables, whoever owns them, in the order in which they came. */
export const migrations: readonly Migration[] = [...cursorsMigrations, ...rollupsMigrations];
