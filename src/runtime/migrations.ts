import type { Migration } from "../core/sql.ts";
import { registerMigrations } from "../registers/migrations.ts";
import { lakeMigrations } from "../stores/lake-manifest-catalog.ts";
import { rollupsMigrations } from "../stores/rollups.ts";

/** The catalog's tables, whoever owns them, in the order in which they came. */
export const migrations: readonly Migration[] = [...registerMigrations, ...rollupsMigrations, ...lakeMigrations];
