import type { Migration } from "../core/sql.ts";
import { annotationsMigrations } from "./annotations.ts";
import { auditMigrations } from "./audit.ts";
import { budgetPositionsMigrations, toldWindowsMigrations } from "./budget-positions.ts";
import { cursorsMigrations } from "./cursors.ts";
import { deprecationsMigrations } from "./deprecations.ts";
import { driftMigrations } from "./drift.ts";
import { entitiesMigrations, relinkedMigrations } from "./entities.ts";
import { erasuresMigrations } from "./erasures.ts";
import { failuresMigrations } from "./failures.ts";
import { labelSetsMigrations } from "./label-sets.ts";
import { labelReasonsMigrations, labelsMigrations } from "./labels.ts";
import { gapsMigrations } from "./gaps.ts";
import { modelDriftMigrations } from "./model-drift.ts";
import { oauthGrantOptionsMigrations, oauthGrantsMigrations } from "./oauth-grants.ts";
import { oauthTokensMigrations } from "./oauth-tokens.ts";
import { modelsMigrations } from "./models.ts";
import { retrainingMigrations } from "./retraining.ts";
import { quarantineMigrations } from "./quarantine.ts";
import { settingsMigrations } from "./settings.ts";
import { sourceHoursMigrations } from "./source-hours.ts";
import { sourceEgressMigrations, sourcesMigrations } from "./sources.ts";
import { termsMigrations, termVersionsMigrations } from "./terms.ts";
import { peopleMigrations, providerMigrations, usersMigrations } from "./users.ts";
import { topicsMigrations } from "./topics.ts";
import { viewsMigrations } from "./views.ts";

/** Tables of the registers, in the order in which they came. */
export const registerMigrations: readonly Migration[] = [
  ...settingsMigrations,
  ...cursorsMigrations,
  ...sourcesMigrations,
  ...termsMigrations,
  ...erasuresMigrations,
  ...quarantineMigrations,
  ...usersMigrations,
  ...auditMigrations,
  ...termVersionsMigrations,
  ...peopleMigrations,
  ...labelsMigrations,
  ...providerMigrations,
  ...annotationsMigrations,
  ...viewsMigrations,
  ...gapsMigrations,
  ...sourceHoursMigrations,
  ...oauthTokensMigrations,
  ...failuresMigrations,
  ...oauthGrantsMigrations,
  ...budgetPositionsMigrations,
  ...driftMigrations,
  ...sourceEgressMigrations,
  ...deprecationsMigrations,
  ...labelSetsMigrations,
  ...modelDriftMigrations,
  ...modelsMigrations,
  ...toldWindowsMigrations,
  ...entitiesMigrations,
  ...topicsMigrations,
  ...labelReasonsMigrations,
  ...relinkedMigrations,
  ...oauthGrantOptionsMigrations,
  ...retrainingMigrations,
];
