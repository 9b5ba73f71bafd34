// Loaded into every thread of a profiled run: samples it from its start, and writes what it found when told to.
import { Session } from "node:inspector";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BroadcastChannel, isMainThread, threadId, threadName } from "node:worker_threads";

const folder = process.env.EARSHOT_PROFILE_FOLDER;
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.setSamplingInterval", { interval: 500 });
const channel = new BroadcastChannel("earshot-profile");
channel.unref();
channel.onmessage = ({ data }) => {
  if (data === "start") session.post("Profiler.start");
  if (data === "stop") {
    session.post("Profiler.stop", (error, result) => {
      if (error !== null) return;
      const name = isMainThread ? "main" : threadName || "thread";
      writeFileSync(join(folder, `${name}-${threadId}.cpuprofile`), JSON.stringify(result.profile));
    });
  }
};
