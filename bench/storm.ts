import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import type { StormFigures } from "../src/connectors/source.fixtures.ts";

/**
 * Each platform against its world in a storm (429, 5xx, cut and garbled answers, ended tokens, a clock that differs): what was read of what stood
 * there, calls beyond what the platform allows, and the time taken against what its limits force. The figures are those that the tests of the worlds
 * measure and hold: `npm run bench:storm`. Ends with 1 where one of them does not hold.
 */
const folder = join(import.meta.dirname, "../src/connectors");
const files = readdirSync(folder)
  .filter((name) => /(?:^|-)world\.test\.ts$/.test(name))
  .map((name) => join(folder, name));
const rows: StormFigures[] = [];
let failed = 0;

function figuresIn(message: string): StormFigures | undefined {
  if (!message.startsWith("storm ")) return undefined;
  const figures: StormFigures = JSON.parse(message.slice(6));
  return figures;
}

const tests = run({ files, concurrency: 1, testNamePatterns: [/storm/i, /faults: (?!none)/, /through (?:cuts|429)/] });
for await (const { type, data } of tests) {
  if (type === "test:diagnostic") {
    const figures = figuresIn(data.message);
    if (figures !== undefined) rows.push(figures);
  } else if (type === "test:fail") {
    failed++;
    process.stderr.write(`FAIL ${data.name}\n`);
  }
}

const seconds = (ms: number) => (ms / 1_000).toFixed(0);
const table = [
  ["platform", "wanted", "read", "complete", "calls beyond", "took s", "forced s", "took / forced"],
  ...rows
    .toSorted((a, b) => a.platform.localeCompare(b.platform))
    .map(({ platform, wanted, read, beyond, tookMs, forcedMs }) => [
      platform,
      String(wanted),
      String(read),
      `${((100 * read) / wanted).toFixed(1)} %`,
      String(beyond),
      seconds(tookMs),
      seconds(forcedMs),
      (tookMs / forcedMs).toFixed(2),
    ]),
];
const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of table) process.stdout.write(`${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")}\n`);
process.exitCode = failed > 0 || rows.length === 0 ? 1 : 0;
