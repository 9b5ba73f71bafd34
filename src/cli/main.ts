import { run } from "@stricli/core";
import { application } from "./application.ts";
import { exitCodes, isClosedPipe } from "./output.ts";

const shell: { stdout: typeof process.stdout; stderr: typeof process.stderr; env: NodeJS.ProcessEnv; exitCode?: number | string | null } = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
};
// Whoever read our output (`| head`) has had enough: what still comes is for nobody, and no fault.
process.stdout.on("error", (error) => {
  if (!isClosedPipe(error)) throw error;
});
await run(application, process.argv.slice(2), { process: shell });
// A command sets the exit code itself; stricli tells misuse by negative codes, sysexits.h has its own.
if (typeof shell.exitCode === "number" && shell.exitCode !== 0) process.exitCode = shell.exitCode < 0 ? exitCodes.usage : shell.exitCode;
