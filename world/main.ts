import { parseArgs } from "node:util";
import { generate } from "./generate.ts";

const usage = `node world/main.ts generate --seed S --posts N --out DIR [--hours H]
node world/main.ts serve --seed S --rate R --jetstream-port P --mastodon-port P --history N [--hours H] [--faults off|mild|storm] [--token T]`;

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
      seed: { type: "string" }, posts: { type: "string" }, out: { type: "string" }, hours: { type: "string" }, rate: { type: "string" },
      "jetstream-port": { type: "string" }, "mastodon-port": { type: "string" }, history: { type: "string" }, faults: { type: "string" }, token: { type: "string" }, host: { type: "string" },
    },
  });
  const seed = values.seed ?? "earshot";
  if (command === "generate") {
    if (values.out === undefined) throw new TypeError(`--out: expected a folder\n${usage}`);
    const { summary, files } = await generate({ seed, posts: number("posts", values.posts, 10_000), out: values.out, ...(values.hours !== undefined && { hours: number("hours", values.hours, 72) }) });
    process.stdout.write(`${JSON.stringify({ out: values.out, posts: summary.posts, livePosts: summary.livePosts, files })}\n`);
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
