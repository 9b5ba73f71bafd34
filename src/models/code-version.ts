import { readdirSync, readFileSync } from "node:fs";
import { fingerprint } from "../core/ids.ts";

let known: string | undefined;

/** Changes when the code that reads texts and trains changes: a fingerprint of this room's files, 8 hex digits. */
export function codeVersion(): string {
  const folder = new URL("./", import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !/\.(?:test|fixtures)\.ts$/.test(file));
  known ??= fingerprint(files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\0")).slice(0, 8);
  return known;
}
