import { readFileSync } from "node:fs";
import { EarshotError } from "../core/errors.ts";

/** Texts with the number of the class of each. */
export interface Labelled {
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  /** What else is known of each text, see Extractor.extract. */
  readonly hints?: readonly string[];
}

/** Lines of a text file; the end of the last line begins no other. */
export function linesOf(path: string): readonly string[] {
  const lines = readText(path).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\ufeff/, "");
  } catch (cause) {
    throw new EarshotError("NOT_FOUND", `${path}: cannot be read`, { cause });
  }
}

/** TweetEval's two files: a text a line, a class number a line. @throws FIELD_INVALID where they do not fit */
export function readLabelled(textPath: string, labelPath: string, classes: number): Labelled {
  const texts = linesOf(textPath);
  const labels = linesOf(labelPath).map(Number);
  if (texts.length !== labels.length) throw new EarshotError("FIELD_INVALID", `${labelPath}: expected ${texts.length} labels, one for each text, came ${labels.length}`);
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0) throw new EarshotError("FIELD_INVALID", `${labelPath}: line ${wrong + 1}: expected a class from 0 to ${classes - 1}`);
  return { texts, labels };
}

/** A label, a tab, a text; a line. */
export function readTsv(path: string): { readonly texts: readonly string[]; readonly labels: readonly string[] } {
  const rows = linesOf(path).filter((line) => line.includes("\t"));
  return { labels: rows.map((line) => line.slice(0, line.indexOf("\t"))), texts: rows.map((line) => line.slice(line.indexOf("\t") + 1)) };
}
