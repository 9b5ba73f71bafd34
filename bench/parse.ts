import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { neutralOptions } from "../src/cli/neutral-options.ts";
import { loadConnector } from "../src/connectors/directory.ts";

/** What splitting and parsing a post of each platform costs, over recorded answers: `FOLDER/PLATFORM/*.json`. */
const usage = "npm run bench:parse -- [FOLDER]";
const folder = resolve(process.argv[2] ?? join(import.meta.dirname, "../../shared/data/recordings"));
if (!existsSync(folder)) throw new TypeError(`${folder}: there are no recordings\n${usage}`);
const leastMs = 2_000;

for (const name of readdirSync(folder).sort()) {
  const connector = await loadConnector(name);
  const options = connector.options.parse(neutralOptions[name] ?? {});
  const parse = connector.parser(options);
  const files = readdirSync(join(folder, name)).map((file) => readFileSync(join(folder, name, file)));
  const cost = (work: () => number): { readonly microseconds: number; readonly posts: number } => {
    let posts = 0;
    const began = process.cpuUsage();
    for (;;) {
      posts += work();
      const used = process.cpuUsage(began);
      if (used.user + used.system >= leastMs * 1_000) return { microseconds: (used.user + used.system) / Math.max(1, posts), posts };
    }
  };
  const split = (): readonly Uint8Array[] => files.flatMap((file) => [...(connector.split?.(file) ?? [file])]);
  const messages = split();
  const postsIn = (message: Uint8Array): number => parse(message).filter((outcome) => "keep" in outcome && outcome.keep.type === "post").length;
  const posts = messages.reduce((sum, message) => sum + postsIn(message), 0);
  if (posts === 0) continue;
  const parsing = cost(() => messages.reduce((sum, message) => sum + postsIn(message), 0));
  const splitting = cost(() => (split(), posts));
  const bytes = messages.reduce((sum, message) => sum + message.length, 0) / messages.length;
  process.stdout.write(
    `${JSON.stringify({ platform: name, posts, bytesAMessage: Math.round(bytes), parseMicroseconds: Number(parsing.microseconds.toFixed(1)), splitMicroseconds: Number(splitting.microseconds.toFixed(1)) })}\n`,
  );
}
