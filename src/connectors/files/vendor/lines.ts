import { EarshotError, toEarshotError } from "../../../core/errors.ts";
import { isJson, isTooDeep, maxDepth } from "../../json/decode.ts";
import { guessDelimiter, splitCsvRecord } from "../csv.ts";
import { csvRecords } from "../csv-records.ts";
import { isHeader, proposeMapping, type VendorMapping } from "./mapping.ts";
import { makeRowReader, rejected, type VendorRow } from "./row.ts";

const longestJsonBytes = 256 * 1024 * 1024;
/** Lines that may stand before the header. */
const longestPreamble = 100;
export const sampleRows = 200;
const mostColumns = 1_000;

/** The header of an export, what stands before it, and its rows by their columns; a string row is one that cannot be read, and why. */
interface Export {
  readonly header: readonly string[];
  readonly preamble: string;
  readonly rows: AsyncIterable<VendorRow | string>;
}

interface Opening {
  /** Where no line names a column that is known: the first of those with the most fields is the header. */
  readonly anyHeader: boolean;
  /** False: only the beginning of a file; its last row may be cut off and is left out. */
  readonly isWhole: boolean;
}
const toImport: Opening = { anyHeader: false, isWhole: true };

/** @throws CSV_INVALID where no line names columns or one names too many, JSON_INVALID, ITEM_TOO_LARGE, ITEM_TOO_DEEP */
export async function openExport(name: string, chunks: AsyncIterable<Uint8Array>, mapping?: VendorMapping, opening = toImport): Promise<Export> {
  const opened = await (/\.json$/i.test(name) ? openJson(chunks, opening) : openCsv(chunks, mapping, opening));
  if (opened.header.length > mostColumns) throw new EarshotError("CSV_INVALID", `file: expected at most ${mostColumns} columns, came ${opened.header.length}`);
  return opened;
}

async function openCsv(chunks: AsyncIterable<Uint8Array>, mapping: VendorMapping | undefined, { anyHeader, isWhole }: Opening): Promise<Export> {
  const records = csvRecords(chunks);
  const held: { readonly text: string; readonly isOpen?: true }[] = [];
  const nothing = () => new EarshotError("CSV_INVALID", "file: expected a line that names the columns of an export, came none");
  let at = -1;
  while (at < 0) {
    const { value, done } = held.length >= longestPreamble ? { value: undefined, done: true } : await records.next();
    if (done === true || value === undefined) {
      if (!anyHeader) throw nothing();
      break;
    }
    held.push(held.length === 0 ? { ...value, text: value.text.replace(/^\uFEFF/, "") } : value);
    const { text } = value;
    const cells = cellsOf(text, guessDelimiter(text));
    if (typeof cells !== "string" && isHeader(cells, mapping)) at = held.length - 1;
  }
  if (at < 0) {
    const widths = held.map(({ text, isOpen }) => {
      const cells = isOpen === true ? "" : cellsOf(text, guessDelimiter(text));
      return typeof cells === "string" ? 0 : cells.length;
    });
    const widest = Math.max(...widths);
    if (!(widest >= 2)) throw nothing();
    at = widths.indexOf(widest);
  }
  const headline = held[at]?.text ?? "";
  const delimiter = guessDelimiter(headline);
  const cells = cellsOf(headline, delimiter);
  const header = typeof cells === "string" ? [] : cells.map((cell) => cell.trim());
  const rowOf = ({ text, isOpen }: { readonly text: string; readonly isOpen?: true }): VendorRow | string => {
    const found = isOpen ? "a quote is opened and never closed" : cellsOf(text, delimiter);
    return typeof found === "string" ? found : Object.fromEntries(header.map((column, i) => [column, found[i] ?? ""]));
  };
  const rows = async function* () {
    let last: VendorRow | string | undefined;
    for (const record of held.slice(at + 1)) {
      if (last !== undefined) yield last;
      last = rowOf(record);
    }
    for await (const record of records) {
      if (last !== undefined) yield last;
      last = rowOf(record);
    }
    if (last !== undefined && isWhole) yield last;
  };
  const preamble = held
    .slice(0, at)
    .map(({ text }) => text.slice(0, 1_000))
    .join("\n");
  return { header, preamble, rows: rows() };
}

function cellsOf(record: string, delimiter: string): string[] | string {
  try {
    return splitCsvRecord(record, delimiter);
  } catch (thrown) {
    return toEarshotError(thrown, "CSV_INVALID", "record").message;
  }
}

/** A list of objects, or an object with such a list (`results`, `documents` …). */
async function openJson(chunks: AsyncIterable<Uint8Array>, { isWhole }: Opening): Promise<Export> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > longestJsonBytes) throw new EarshotError("ITEM_TOO_LARGE", `file: expected at most ${longestJsonBytes} bytes of JSON`);
    parts.push(chunk.slice());
  }
  const bytes = Buffer.concat(parts);
  if (isTooDeep(bytes)) throw new EarshotError("ITEM_TOO_DEEP", `file: expected at most ${maxDepth} levels of JSON`);
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  let value: unknown;
  try {
    value = JSON.parse(isWhole ? text : firstObjects(text));
  } catch {
    throw new EarshotError("JSON_INVALID", "file: expected JSON");
  }
  const list: unknown = Array.isArray(value) ? value : isJson(value) ? Object.values(value).find((inside) => Array.isArray(inside) && inside.some(isJson)) : undefined;
  if (!Array.isArray(list)) throw new EarshotError("JSON_INVALID", "file: expected a list of objects, came none");
  const items: readonly unknown[] = list;
  const rows = async function* () {
    for (const item of items) yield isJson(item) ? item : "an object, came another value";
  };
  return { header: [...new Set(items.slice(0, sampleRows).flatMap((item) => (isJson(item) ? Object.keys(item) : [])))], preamble: "", rows: rows() };
}

/** The first list of objects in the beginning of a JSON text, closed after the last object that is whole. */
function firstObjects(text: string): string {
  const start = /\[\s*\{/.exec(text)?.index ?? -1;
  if (start < 0) return "";
  let end = start + 1;
  let depth = 0;
  let inString = false;
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (inString) {
      if (char === "\\") i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      depth--;
      if (depth < 0) break;
      if (depth === 0) end = i + 1;
    }
  }
  return `${text.slice(start, end)}]`;
}

/** What stands in a cell, as text; an object of JSON may have no text of its own. */
export function cellText(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
}

/** The mapping that a file suggests, by its header and its first rows. */
export async function proposeFor(name: string, chunks: AsyncIterable<Uint8Array>): Promise<VendorMapping> {
  const { header, preamble, rows } = await openExport(name, chunks);
  const sample: string[][] = [];
  for await (const row of rows) {
    if (typeof row !== "string") sample.push(header.map((column) => cellText(row[column])));
    if (sample.length >= sampleRows) break;
  }
  return proposeMapping(header, sample, preamble);
}

/** An export as the NDJSON that an import takes; a row that cannot be read is a line that is rejected by name. */
export async function* vendorLines(name: string, chunks: AsyncIterable<Uint8Array>, mapping: VendorMapping): AsyncGenerator<Uint8Array> {
  const read = makeRowReader(mapping);
  const { rows } = await openExport(name, chunks, mapping);
  for await (const row of rows) yield Buffer.from(`${JSON.stringify(typeof row === "string" ? rejected("CSV_INVALID", `a record: ${row}`) : read(row))}\n`);
}
