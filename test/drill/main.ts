import { parseArgs } from "node:util";
import { killRounds } from "./kill-rounds.ts";
import { plantedFaults } from "./planted.ts";
import { powerCuts } from "./power-cuts.ts";
import { isClean, summarise } from "./summary.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "20" },
    cuts: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    /** A fault that the power cuts are to find; the drill then ends with 1. */
    plant: { type: "string" },
  },
});
const count = (name: "rounds" | "cuts" | "seed") => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name}: expected a whole number from 0, came ${values[name]}`);
  return value;
};
const say = (line: string) => process.stdout.write(`${line}\n`);
const seed = count("seed");

const planted = plantedFaults.find((fault) => fault === values.plant);
if (values.plant !== undefined && planted === undefined) throw new TypeError(`--plant: expected one of ${plantedFaults.join(", ")}, came ${values.plant}`);
const cuts = count("cuts") > 0 ? await powerCuts({ cuts: count("cuts"), seed, say, ...(planted !== undefined && { planted }) }) : undefined;
const kills = count("rounds") > 0 ? await killRounds({ rounds: count("rounds"), seed, postsARound: 2_000, say }) : undefined;
const figures = summarise(kills, cuts);
if (!values.json) for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(16)} ${value}`);
say(JSON.stringify(figures));
if (!isClean(figures)) process.exitCode = 1;
