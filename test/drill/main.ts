import { parseArgs } from "node:util";
import { killRounds } from "./kill-rounds.ts";
import { powerCuts } from "./power-cuts.ts";
import { isClean, summarise } from "./summary.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "20" },
    cuts: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});
const count = (name: "rounds" | "cuts" | "seed") => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name}: expected a whole number from 0, came ${values[name]}`);
  return value;
};
const say = (line: string) => process.stdout.write(`${line}\n`);
const seed = count("seed");

const cuts = count("cuts") > 0 ? await powerCuts({ cuts: count("cuts"), seed, say }) : undefined;
const kills = count("rounds") > 0 ? await killRounds({ rounds: count("rounds"), seed, postsARound: 2_000, say }) : undefined;
const figures = summarise(kills, cuts);
if (!values.json) for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(16)} ${value}`);
say(JSON.stringify(figures));
if (!isClean(figures)) process.exitCode = 1;
