import { buildApplication, buildRouteMap } from "@stricli/core";
import { authorsCommand } from "./commands/authors.ts";
import { backupCommand, restoreCommand } from "./commands/backup.ts";
import { configCommand, linkCommand } from "./commands/system.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eraseCommand, findCommand } from "./commands/erase.ts";
import { exportCommand, searchCommand } from "./commands/search.ts";
import { initCommand } from "./commands/init.ts";
import { importCommand } from "./commands/import.ts";
import { labelsCommand } from "./commands/labels.ts";
import { modelsCommand } from "./commands/models.ts";
import { parseCommand } from "./commands/parse.ts";
import { replayCommand } from "./commands/replay.ts";
import { startCommand } from "./commands/start.ts";
import { topicsCommand } from "./commands/topics.ts";
import { worldCommand } from "./commands/world.ts";
import { exitCodes } from "./output.ts";

const routes = buildRouteMap({
  routes: {
    init: initCommand,
    start: startCommand,
    import: importCommand,
    parse: parseCommand,
    labels: labelsCommand,
    models: modelsCommand,
    search: searchCommand,
    authors: authorsCommand,
    topics: topicsCommand,
    find: findCommand,
    erase: eraseCommand,
    replay: replayCommand,
    export: exportCommand,
    world: worldCommand,
    link: linkCommand,
    config: configCommand,
    doctor: doctorCommand,
    backup: backupCommand,
    restore: restoreCommand,
  },
  docs: { brief: "Public conversation as governed data: collect, refine, search, forget." },
});

/** All commands, ready to run; their help is what the reference shows. */
export const application = buildApplication(routes, {
  name: "earshot",
  scanner: { caseStyle: "allow-kebab-for-camel" },
  determineExitCode: () => exitCodes.internal,
});
