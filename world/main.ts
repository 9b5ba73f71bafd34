import { parseArgs } from "node:util";
import { generate } from "./generate.ts";
import { startWorld } from "./start.ts";

const usage = `node world/main.ts generate --seed S --posts N --out DIR [--hours H]
node world/main.ts serve --seed S --rate R --jetstream-port P --mastodon-port P --history N [--hours H | --days D [--history-end MS]] [--faults off|mild|storm] [--token T] [--token-for-timelines] [--host H]`;

function number(name: string, text: string | undefined, usual: number): number {
  const value = text === undefined ? usual : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new TypeError(`--${name}: expected a number of 0 or more, got ${JSON.stringify(text)}`);
  return value;
}

async function main(): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  const { values } = parseArgs({
    args: rest,
    options: {
      seed: { type: "string" },
      posts: { type: "string" },
      out: { type: "string" },
      hours: { type: "string" },
      days: { type: "string" },
      "history-end": { type: "string" },
      "requests-per-window": { type: "string" },
      rate: { type: "string" },
      "jetstream-port": { type: "string" },
      "mastodon-port": { type: "string" },
      history: { type: "string" },
      faults: { type: "string" },
      token: { type: "string" },
      host: { type: "string" },
      "token-for-timelines": { type: "boolean", default: false },
    },
  });
  const seed = values.seed ?? "earshot";
  if (command === "generate") {
    if (values.out === undefined) throw new TypeError(`--out: expected a folder\n${usage}`);
    const { summary, files } = await generate({
      seed,
      posts: number("posts", values.posts, 10_000),
      out: values.out,
      ...(values.hours !== undefined && { hours: number("hours", values.hours, 72) }),
    });
    process.stdout.write(`${JSON.stringify({ out: values.out, posts: summary.posts, livePosts: summary.livePosts, files })}\n`);
    return;
  }
  if (command === "serve") {
    const faults = values.faults ?? "off";
    if (faults !== "off" && faults !== "mild" && faults !== "storm") throw new TypeError(`--faults: expected off, mild or storm, got ${JSON.stringify(faults)}`);
    const world = await startWorld({
      seed,
      faults,
      ...(values.host !== undefined && { host: values.host }),
      ...(values.token !== undefined && { token: values.token }),
      tokenForTimelines: values["token-for-timelines"],
      ratePerSecond: number("rate", values.rate, 5),
      historyPosts: number("history", values.history, 2_000),
      historyHours: number("hours", values.hours, 6),
      ...(values.days !== undefined && { historyDays: number("days", values.days, 30) }),
      ...(values["history-end"] !== undefined && { historyEndMs: number("history-end", values["history-end"], 0) }),
      ...(values["requests-per-window"] !== undefined && { requestsPerWindow: number("requests-per-window", values["requests-per-window"], 300) }),
      jetstreamPort: number("jetstream-port", values["jetstream-port"], 0),
      mastodonPort: number("mastodon-port", values["mastodon-port"], 0),
    });
    // Ends with the one who started it: a closed standard input, or a signal.
    const ended = Promise.withResolvers<void>();
    process.stdin
      .on("end", ended.resolve)
      .on("close", ended.resolve)
      .on("error", () => ended.resolve())
      .resume();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ended.resolve());
    process.stdout.write(
      `${JSON.stringify({ simulated: true, seed, jetstream: world.jetstreamUrl, mastodon: world.mastodonUrl, token: world.token, oracle: `${world.mastodonUrl}/oracle/summary`, history: world.history })}\n`,
    );
    await ended.promise;
    await world.stop();
    process.stdin.destroy();
    return;
  }
  throw new TypeError(`expected a command\n${usage}`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`world: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
