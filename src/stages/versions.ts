import { readdirSync, readFileSync } from "node:fs";
import { fingerprint } from "../core/ids.ts";

const folder = new URL("./", import.meta.url);
/** The files that decide what a stage makes of a post, beside its own. */
const filesOf: Readonly<Record<string, readonly string[]>> = {
  normalise: ["normalise.ts", "html.ts", "tidy.ts", "urls.ts"],
  mentions: ["mentions.ts", "urls.ts"],
  sieve: ["terms.ts"],
  language: ["language.ts", "language-detector.ts", "language-table.ts", "scripts.ts"],
  sentiment: ["sentiment.ts", "lexicon.ts", ...readdirSync(new URL("lexicons/", folder)).map((file) => `lexicons/${file}`)],
  judge: ["judge.ts", "judgements.ts"],
  deep: ["deep.ts", "judgements.ts"],
  "code-switching": ["code-switching.ts"],
  link: ["link.ts", "link-index.ts", "link-place.ts", "link-score.ts"],
  pii: ["pii.ts"],
  terms: ["terms.ts"],
  towards: ["towards.ts", "towards-compare.ts", "towards-judge.ts", "towards-parts.ts", "towards-words.ts"],
};
const known = new Map<string, string>();

/** Changes when the stage, or what it knows, changes: a fingerprint of its files, 8 hex digits; "" for a name that is none. */
export function stageVersion(stage: string): string {
  const files = filesOf[stage];
  if (files === undefined) return "";
  const version = known.get(stage) ?? fingerprint(files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\0")).slice(0, 8);
  known.set(stage, version);
  return version;
}
