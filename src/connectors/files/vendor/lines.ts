import { EarshotError, toEarshotError } from "../../../core/errors.ts";
import { isJson } from "../../json/decode.ts";
import { guessDelimiter, splitCsvRecord } from "../csv.ts";
import { csvRecords } from "../csv-records.ts";
import { isHeader, proposeMapping, type VendorMapping } from "./mapping.ts";
import { makeRowReader, rejected, type VendorRow } from "./row.ts";

const longestJsonBytes = 256 * 1024 * 1024;
/** Lines that may stand before the header. */
const longestPreamble = 100;
const sampleRows = 200;

/** The header of an export, what stands before it, and its rows by their columns; a string row is one that cannot be read, and why. */
interface Export {
  readonly header: readonly string[];
  readonly preamble: string;
  readonly rows: AsyncIterable<VendorRow | string>;
}

/** @throws CSV_INVALID where no line names columns, JSON_INVALID, ITEM_TOO_LARGE */
async function openExport(name: string, chunks: AsyncIterable<Uint8Array>, mapping?: VendorMapping): Promise<Export> {
  return /\.json$/i.test(name) ? openJson(chunks) : openCsv(chunks, mapping);
}

async function openCsv(chunks: AsyncIterable<Uint8Array>, mapping: VendorMapping | undefined): Promise<Export> {
  const records = csvRecords(chunks);
  const preamble: string[] = [];
  for (;;) {
    const { value, done } = await records.next();
    if (done === true || preamble.length >= longestPreamble) throw new EarshotError("CSV_INVALID", "file: expected a line that names the columns of an export, came none");
    const text = value.text.replace(/^\uFEFF/, "");
    const delimiter = guessDelimiter(text);
    const cells = cellsOf(text, delimiter);
    if (typeof cells === "string" || !isHeader(cells, mapping)) {
      preamble.push(text.slice(0, 1_000));
      continue;
    }
    const header = cells.map((cell) => cell.trim());
    const rows = async function* () {
      for await (const { text: record, isOpen } of records) {
        const found = isOpen ? "a quote is opened and never closed" : cellsOf(record, delimiter);
        yield typeof found === "string" ? found : Object.fromEntries(header.map((column, i) => [column, found[i] ?? ""]));
      }
    };
    return { header, preamble: preamble.join("\n"), rows: rows() };
  }
}

function cellsOf(record: string, delimiter: string): string[] | string {
  try {
    return splitCsvRecord(record, delimiter);
  } catch (thrown) {
    return toEarshotError(thrown, "CSV_INVALID", "record").message;
  }
}

/** A list of objects, or an object with such a list (`results`, `documents` …). */
async function openJson(chunks: AsyncIterable<Uint8Array>): Promise<Export> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > longestJsonBytes) throw new EarshotError("ITEM_TOO_LARGE", `file: expected at most ${longestJsonBytes} bytes of JSON`);
    parts.push(chunk.slice());
  }
  let value: unknown;
  try {
    value = JSON.parse(
      Buffer.concat(parts)
        .toString("utf8")
        .replace(/^\uFEFF/, ""),
    );
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

/** The mapping that a file suggests, by its header and its first rows. */
export async function proposeFor(name: string, chunks: AsyncIterable<Uint8Array>): Promise<VendorMapping> {
  const { header, preamble, rows } = await openExport(name, chunks);
  const sample: string[][] = [];
  for await (const row of rows) {
    if (typeof row !== "string") sample.push(header.map((column) => String(row[column] ?? "")));
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
