import { buildCommand } from "@stricli/core";
import { probePort } from "../../api/server.ts";
import { parseEnvironment } from "../../core/config.ts";
import { type EarshotError, toEarshotError } from "../../core/errors.ts";
import { startSystem } from "../../runtime/system.ts";
import { exitCodes, guarded, makeProgress, print } from "../output.ts";
import { serveSystem } from "../serve.ts";

const number = new Intl.NumberFormat("en");
const levels = ["debug", "info", "warn", "error"] as const;

export const startCommand = buildCommand({
  docs: {
    brief: "Start Earshot whole",
    fullDescription: "EARSHOT_PORT, EARSHOT_HOST, EARSHOT_DATA, EARSHOT_CONFIG, EARSHOT_TOKEN, EARSHOT_DATABASE_URL and EARSHOT_LOG change how. Ctrl-C stops it cleanly.",
  },
  parameters: {},
  func: () =>
    guarded(async () => {
      const progress = makeProgress();
      const startedAt = performance.now();
      const least = levels.findIndex((level) => level === (process.env["EARSHOT_LOG"] ?? "info"));
      const asked = Promise.withResolvers<string>();
      let asks = 0;
      const onSignal = (signal: string) => {
        asks++;
        if (asks === 1) asked.resolve(signal);
        else if (asks === 2) process.stderr.write("stopping already; what came is being stored\n");
      };
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => onSignal(signal));
      // The launcher (bin/earshot.mjs) was killed without a word: nobody can stop this process by it any more.
      const launcher = process.env["EARSHOT_LAUNCHER"];
      if (launcher === String(process.ppid)) setInterval(() => String(process.ppid) !== launcher && onSignal("SIGTERM"), 500).unref();
      const wanted = parseEnvironment(process.env);
      await probePort(wanted.EARSHOT_HOST, wanted.EARSHOT_PORT);
      const system = await startSystem({
        collect: true,
        onStep: (step) => print(`  ${step}`),
        report: (level, message) => {
          if (levels.indexOf(level) < least) return;
          progress.done();
          process.stderr.write(`${new Date().toISOString()} ${level} ${message}\n`);
        },
      });
      const { EARSHOT_HOST: host, EARSHOT_PORT: port } = system.environment;
      if (!["127.0.0.1", "::1", "localhost"].includes(host))
        process.stderr.write(`warning: listening on ${host} without TLS: whoever reads the network reads along; put a TLS proxy before it\n`);
      let served;
      try {
        served = await serveSystem(system, { host, port, pages: true, say: (text) => print(`  ${text}`) });
      } catch (error) {
        await system.stop();
        throw error;
      }
      const link = await system.makeLink();
      print(`Earshot is ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${served.address}/#code=${link}`);
      print("  (the link signs in once; `npm run earshot -- link` prints a new one; Ctrl-C stops)");
      const tick = setInterval(() => {
        void Promise.all([system.engine.stats(), system.engine.world()])
          .then(([stats, world]) => {
            if (world?.state === "loading") {
              const left = world.secondsLeft === undefined ? "" : `  ${number.format(world.secondsLeft)} s left`;
              progress.update(
                `simulated world: ${Math.floor((world.posts / Math.max(1, world.of)) * 100)}%  ${number.format(world.posts)} of ${number.format(world.of)} posts${left}`,
              );
              return;
            }
            const stores = Math.max(0, ...Object.values(stats.lag.stores));
            progress.update(
              `${number.format(stats.posts)} posts  ${number.format(Math.round(stats.collectedPerSecond))}/s in  ${number.format(Math.round(stats.refinedPerSecond))}/s refined  lag ${number.format(stats.lag.refine + stores)}  ${number.format(stats.rejected)} rejected  ${system.engine.health().detail ?? ""}`,
            );
          })
          .catch(() => undefined);
      }, 1_000);
      let failure: EarshotError | undefined;
      await Promise.race([
        asked.promise,
        system.failed.catch((thrown: unknown) => {
          failure = toEarshotError(thrown, "INVARIANT", "earshot");
        }),
      ]);
      clearInterval(tick);
      progress.done("stopping: storing what came …");
      await served.stop();
      if (failure !== undefined) throw failure;
      print("stopped");
      return exitCodes.ok;
    }),
});
