import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { guessDelimiter, splitCsvRecord } from "../connectors/files/csv.ts";
import { csvRecords, textLines as textLinesOf } from "../connectors/files/csv-records.ts";

export type ImportFormat = "ndjson" | "csv" | "text" | "parquet";

const batchBytes = 128 * 1024;

export function formatOf(file: string): ImportFormat {
  const end = extname(file).toLowerCase();
  if (end === ".parquet") return "parquet";
  if (end === ".csv" || end === ".tsv") return "csv";
  return end === ".txt" || end === ".text" ? "text" : "ndjson";
}

/** Whatever the file holds, as the NDJSON that the import takes; bytes that are no text stay as they are, to be rejected by name. */
export function linesFor(file: string, format: ImportFormat | undefined, chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const chosen = format ?? formatOf(file);
  if (chosen === "ndjson") return chunks;
  return batched(chosen === "csv" ? csvLines(chunks) : textLines(file, chunks));
}

async function* batched(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let held: string[] = [];
  let size = 0;
  for await (const line of lines) {
    held.push(line);
    size += line.length;
    if (size < batchBytes) continue;
    yield Buffer.from(held.join(""));
    held = [];
    size = 0;
  }
  if (held.length > 0) yield Buffer.from(held.join(""));
}

async function* csvLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let columns: readonly string[] | undefined;
  let delimiter = ",";
  for await (const { text, isOpen } of csvRecords(chunks)) {
    if (isOpen) {
      yield `${JSON.stringify({ error: "a quote is opened and never closed", record: text.slice(0, 1_000) })}\n`;
      return;
    }
    if (columns === undefined) {
      const header = text.replace(/^\uFEFF/, "");
      delimiter = guessDelimiter(header);
      columns = splitCsvRecord(header, delimiter).map((name) => name.trim());
      continue;
    }
    const cells = splitCsvRecord(text, delimiter);
    const named = columns.map((name, i) => [name, cells[i] ?? ""] as const).filter(([name, value]) => name !== "" && value !== "");
    yield `${JSON.stringify(Object.fromEntries(named))}\n`;
  }
}

/** One post a line. The same file gives the same ids; no author is told, so each line has its own unknown one. */
async function* textLines(file: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const stat = statSync(file);
  const createdAt = new Date(Math.floor(stat.mtimeMs)).toISOString();
  // Folder and name: files called alike in several folders stay apart.
  const label = createHash("sha256")
    .update(`${basename(file)}\u0000${stat.size}\u0000${file.split(/[\\/]/).slice(-2).join("/")}`)
    .digest("base64url")
    .slice(0, 12);
  let number = 0;
  for await (const line of textLinesOf(chunks)) {
    number++;
    const text = line.trim();
    if (text === "") continue;
    const id = `${label}-${number}`;
    yield `${JSON.stringify({ id, author: `unknown-${id}`, text, createdAt })}\n`;
  }
}
