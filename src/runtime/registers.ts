import type { Sql } from "../core/sql.ts";
import { openAnnotations } from "../registers/annotations.ts";
import { openAudit } from "../registers/audit.ts";
import { openCursors } from "../registers/cursors.ts";
import { openErasures } from "../registers/erasures.ts";
import { openGaps } from "../registers/gaps.ts";
import { openModelDrift } from "../registers/model-drift.ts";
import { openQuarantine } from "../registers/quarantine.ts";
import { openSettings } from "../registers/settings.ts";
import { openSourceHours } from "../registers/source-hours.ts";
import { openSources } from "../registers/sources.ts";
import { openTerms } from "../registers/terms.ts";
import { openViews } from "../registers/views.ts";

/** The tables that people and rules change, as the running system's parts share them. */
export const openRegisters = (sql: Sql, now: () => number) => ({
  annotations: openAnnotations(sql, now),
  audit: openAudit(sql, now),
  cursors: openCursors(sql, now),
  erasures: openErasures(sql, now),
  gaps: openGaps(sql, now),
  modelDrift: openModelDrift(sql),
  quarantine: openQuarantine(sql),
  settings: openSettings(sql, now),
  sourceHours: openSourceHours(sql),
  sources: openSources(sql, now),
  terms: openTerms(sql, now),
  views: openViews(sql, now),
});
