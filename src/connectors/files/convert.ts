import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { EarshotError, type ErrorCode, toEarshotError } from "../../core/errors.ts";
import type { File } from "../../core/files.ts";
import { decodeJson, isJson } from "../json/decode.ts";
import { guessDelimiter, splitCsvRecord } from "./csv.ts";
import { fieldNames, type ImportShape } from "./import-line.ts";
import { type FileRecord, readRecords } from "./records.ts";

export type Format = "ndjson" | "csv" | "text" | "parquet";

export function formatOf(name: string): Format {
  if (/\.parquet$/i.test(name)) return "parquet";
  if (/\.(?:csv|tsv)$/i.test(name)) return "csv";
  return /\.txt$/i.test(name) ? "text" : "ndjson";
}

/** How a text file is split and turned into lines. */
export interface Layout {
  readonly format: Format;
  /** Of CSV. */
  readonly delimiter: string | undefined;
  readonly columns: readonly string[];
  /** Where the first record starts: behind a byte order mark and a CSV's header. */
  readonly firstByte: number;
  /** The file by its first line: it stays as the file grows. */
  readonly label: string;
}

/** Undefined: the first line is not whole yet. @throws UTF8_INVALID for UTF-16 */
export async function readLayout(
  file: File,
  name: string,
  chosen: "auto" | Format,
  options: { readonly delimiter?: string; readonly header: boolean },
  isStill: boolean,
): Promise<Layout | undefined> {
  const format = chosen === "auto" ? formatOf(name) : chosen;
  const head = Buffer.alloc(4);
  const count = await file.read(head, 0);
  if (count >= 2 && ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)))
    throw new EarshotError("UTF8_INVALID", "file: expected UTF-8, came UTF-16; convert it first");
  const bomBytes = count >= 3 && head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const first = await firstRecord(file, bomBytes, format === "csv" ? 0x2c : undefined);
  if (first === undefined || (first.isOpen && !isStill)) return undefined;
  const label = createHash("sha256").update(first.bytes).digest("hex").slice(0, 16);
  if (format !== "csv") return { format, delimiter: undefined, columns: [], firstByte: bomBytes, label };
  const header = Buffer.from(first.bytes).toString("utf8");
  const delimiter = options.delimiter ?? (name.endsWith(".tsv") ? "\t" : guessDelimiter(header));
  const columns = options.header ? splitCsvRecord(header, delimiter).map((column) => column.trim()) : [];
  return { format, delimiter, columns, firstByte: options.header ? first.end : bomBytes, label };
}

async function firstRecord(file: File, from: number, delimiter: number | undefined): Promise<FileRecord | undefined> {
  for await (const record of readRecords(file, from, delimiter)) return record;
  return undefined;
}

/** A record as the bytes of one JSON line; undefined for an empty line. */
export function makeConverter({ format, label, columns, delimiter = "," }: Layout, shape: ImportShape): (record: FileRecord, number: number) => Uint8Array | undefined {
  const idNames = idNamesOf(shape);
  return (record, number) => {
    const { bytes, fault } = record;
    if (fault === "too-large") return rejectedLine("ITEM_TOO_LARGE", "the record is larger than 1 MiB", bytes, number);
    if (fault === "unclosed") return rejectedLine("CSV_INVALID", "a quoted field never closes", bytes, number);
    if (bytes.length === 0) return undefined;
    if (!isUtf8(bytes)) return rejectedLine("UTF8_INVALID", "expected UTF-8", bytes, number);
    if (format === "ndjson") return withId(bytes, idNames, () => derivedId(label, number, bytes));
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    if (format === "text") return Buffer.from(JSON.stringify({ id: derivedId(label, number, bytes), [shape.fields.text ?? "text"]: text }));
    try {
      const fields = splitCsvRecord(text, delimiter);
      const names = columns.length > 0 ? columns : fields.map((_, index) => `column${index + 1}`);
      if (fields.length !== names.length) throw new EarshotError("CSV_INVALID", `expected ${names.length} fields, came ${fields.length}`);
      const row: Record<string, string> = {};
      for (const [index, name] of names.entries()) if (name !== "__proto__") row[name] = fields[index] ?? "";
      if (!idNames.some((name) => row[name] !== undefined && row[name] !== "")) row[idNames[0] ?? "id"] = derivedId(label, number, bytes);
      return Buffer.from(JSON.stringify(row));
    } catch (thrown) {
      return rejectedLine("CSV_INVALID", toEarshotError(thrown, "CSV_INVALID", "record").message, bytes, number);
    }
  };
}

export function idNamesOf(shape: ImportShape): readonly string[] {
  return shape.fields.id === undefined ? fieldNames.id : [shape.fields.id];
}

/** Of the file's first line, the place and the record itself: the same under another name, and when the file has grown. */
export function derivedId(label: string, number: number, bytes: Uint8Array): string {
  return `${label}:${number}:${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`;
}

export function rejectedLine(code: ErrorCode, reason: string, bytes: Uint8Array, record: number): Uint8Array {
  const excerpt = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4_096)).toString("base64");
  return Buffer.from(JSON.stringify({ $rejected: code, reason, record, excerpt }));
}

/** A line without an id gets one of its own, so that reading it again gives the same post. */
export function withId(bytes: Uint8Array, idNames: readonly string[], derived: () => string): Uint8Array {
  try {
    const line = decodeJson(bytes, "line");
    if (!isJson(line) || idNames.some((name) => line[name] !== undefined && line[name] !== null && line[name] !== "")) return bytes;
    return Buffer.from(JSON.stringify({ ...line, [idNames[0] ?? "id"]: derived() }));
  } catch {
    return bytes;
  }
}
