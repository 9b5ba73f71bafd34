import { buildApplication, buildRouteMap, run } from "@stricli/core";
import { backupCommand, restoreCommand } from "./commands/backup.ts";
import { configCommand, linkCommand } from "./commands/system.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eraseCommand, findCommand } from "./commands/erase.ts";
import { exportCommand, searchCommand } from "./commands/search.ts";
import { importCommand } from "./commands/import.ts";
import { parseCommand } from "./commands/parse.ts";
import { replayCommand } from "./commands/replay.ts";
import { startCommand } from "./commands/start.ts";
import { worldCommand } from "./commands/world.ts";
import { exitCodes } from "./output.ts";

const routes = buildRouteMap({
  routes: {
    start: startCommand,
    import: importCommand,
    parse: parseCommand,
    search: searchCommand,
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

const application = buildApplication(routes, {
  name: "earshot",
  scanner: { caseStyle: "allow-kebab-for-camel" },
  determineExitCode: () => exitCodes.internal,
});

const shell: { stdout: typeof process.stdout; stderr: typeof process.stderr; env: NodeJS.ProcessEnv; exitCode?: number | string | null } = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
};
await run(application, process.argv.slice(2), { process: shell });
// A command sets the exit code itself; stricli tells misuse by negative codes, sysexits.h has its own.
if (typeof shell.exitCode === "number" && shell.exitCode !== 0) process.exitCode = shell.exitCode < 0 ? exitCodes.usage : shell.exitCode;
