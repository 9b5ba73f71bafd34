import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import path from "node:path";
import type { SourceContext } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { File } from "../../core/files.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { decodeJson, isJson } from "../json/decode.ts";
import { guessDelimiter, splitCsvRecord } from "./csv.ts";
import { fieldNames, importLineKey, type ImportShape } from "./import-line.ts";
import { type FileRecord, readRecords } from "./records.ts";

export interface FilesOptions {
  readonly paths: readonly string[];
  readonly format: "auto" | Format;
  readonly delimiter?: string;
  readonly header: boolean;
  readonly shape: ImportShape;
}

type Format = "ndjson" | "csv" | "text";

/** Where reading stands: files that are done by content, and the one at hand. */
interface Position {
  done: string[];
  file?: string;
  atByte?: number;
  record?: number;
}

const maxPageItems = 1_000;
const maxPageBytes = 1 << 20;
const known = /\.(?:ndjson|jsonl|json|csv|tsv|txt)$/i;
const mostDone = 5_000;

/** Reads files one after another, each from where the cursor stands; a file is known by its content, so that a renamed one is not read twice. */
export async function* readFiles(options: FilesOptions, context: SourceContext, cursor: string | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const position = parsePosition(cursor);
  const found = await listPaths(options.paths, context);
  for (const [index, name] of found.entries()) {
    if (signal.aborted) return;
    context.status({ state: "backfilling", detail: `file ${index + 1} of ${found.length}` });
    await using file = await context.files.open(name, "read");
    const content = await contentHash(file, signal);
    if (position.done.includes(content)) continue;
    if (position.file !== content) Object.assign(position, { file: content, atByte: 0, record: 0 });
    yield* readFile(file, name, content, position, options, context, signal);
    if (signal.aborted) return;
    position.done.push(content);
    if (position.done.length > mostDone) position.done.shift();
    yield { items: [], cursor: JSON.stringify({ done: position.done }) };
  }
  context.status({ state: "done", detail: `${found.length} files` });
}

async function* readFile(
  file: File,
  name: string,
  content: string,
  position: Position,
  options: FilesOptions,
  context: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const format = options.format === "auto" ? formatOf(name) : options.format;
  const first = await firstRecord(file, format);
  const delimiter = format === "csv" ? (options.delimiter ?? (name.endsWith(".tsv") ? "\t" : guessDelimiter(first.header))) : undefined;
  const columns = delimiter === undefined ? [] : options.header ? splitCsvRecord(first.header, delimiter).map((column) => column.trim()) : [];
  const keyOf = importLineKey(options.shape);
  const toBytes = converter(format, { content, columns, delimiter: delimiter ?? "", shape: options.shape });
  let atByte = position.atByte ?? 0;
  let record = position.record ?? 0;
  if (atByte === 0) atByte = format === "csv" && options.header ? first.end : first.bomBytes;
  let items: Raw[] = [];
  let sizeBytes = 0;
  const page = (): SourcePage => {
    const full = { items, cursor: JSON.stringify({ done: position.done, file: content, atByte, record }) };
    items = [];
    sizeBytes = 0;
    return full;
  };
  for await (const next of readRecords(file, atByte, delimiter?.charCodeAt(0))) {
    if (signal.aborted) return;
    record++;
    atByte = next.end;
    const bytes = toBytes(next, record);
    if (bytes === undefined) continue;
    const { key, actor } = keyOf(bytes);
    items.push({ key, ...(actor !== undefined && { actor }), bytes, receivedAt: context.clock.now() });
    sizeBytes += bytes.length;
    if (items.length >= maxPageItems || sizeBytes >= maxPageBytes) yield page();
  }
  if (items.length > 0) yield page();
}

interface Conversion {
  readonly content: string;
  readonly columns: readonly string[];
  readonly delimiter: string;
  readonly shape: ImportShape;
}

/** A record as the bytes of one JSON line; undefined for an empty line. */
function converter(format: Format, { content, columns, delimiter, shape }: Conversion): (record: FileRecord, number: number) => Uint8Array | undefined {
  const idNames = shape.fields.id === undefined ? fieldNames.id : [shape.fields.id];
  return (record, number) => {
    const { bytes, fault } = record;
    if (fault === "too-large") return rejected("ITEM_TOO_LARGE", "the record is larger than 1 MiB", bytes, number);
    if (fault === "unclosed") return rejected("CSV_INVALID", "a quoted field never closes", bytes, number);
    if (bytes.length === 0) return undefined;
    if (!isUtf8(bytes)) return rejected("UTF8_INVALID", "expected UTF-8", bytes, number);
    const derived = `${content}:${number}`;
    if (format === "ndjson") return withId(bytes, idNames, derived);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    if (format === "text") return Buffer.from(JSON.stringify({ id: derived, [shape.fields.text ?? "text"]: text }));
    try {
      const fields = splitCsvRecord(text, delimiter);
      const names = columns.length > 0 ? columns : fields.map((_, index) => `column${index + 1}`);
      if (fields.length !== names.length) throw new EarshotError("CSV_INVALID", `expected ${names.length} fields, came ${fields.length}`);
      const row: Record<string, string> = {};
      for (const [index, name] of names.entries()) if (name !== "__proto__") row[name] = fields[index] ?? "";
      if (!idNames.some((name) => row[name] !== undefined && row[name] !== "")) row[idNames[0] ?? "id"] = derived;
      return Buffer.from(JSON.stringify(row));
    } catch (thrown) {
      return rejected("CSV_INVALID", toEarshotError(thrown, "CSV_INVALID", "record").message, bytes, number);
    }
  };
}

function rejected(code: string, reason: string, bytes: Uint8Array, record: number): Uint8Array {
  const excerpt = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4_096)).toString("base64");
  return Buffer.from(JSON.stringify({ $rejected: code, reason, record, excerpt }));
}

/** A line without an id gets one of the file's content and its place in it, so that reading it again gives the same post. */
function withId(bytes: Uint8Array, idNames: readonly string[], derived: string): Uint8Array {
  try {
    const line = decodeJson(bytes, "line");
    if (!isJson(line) || idNames.some((name) => line[name] !== undefined && line[name] !== null && line[name] !== "")) return bytes;
    return Buffer.from(JSON.stringify({ ...line, [idNames[0] ?? "id"]: derived }));
  } catch {
    return bytes;
  }
}

function formatOf(name: string): Format {
  if (/\.(?:csv|tsv)$/i.test(name)) return "csv";
  return /\.txt$/i.test(name) ? "text" : "ndjson";
}

/** The first record (a CSV's header) and the bytes of a byte order mark. */
async function firstRecord(file: File, format: Format): Promise<{ header: string; end: number; bomBytes: number }> {
  const head = Buffer.alloc(4);
  const count = await file.read(head, 0);
  if (count >= 2 && ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)))
    throw new EarshotError("CONFIG_INVALID", "file: expected UTF-8, came UTF-16; convert it first");
  const bomBytes = count >= 3 && head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  if (format !== "csv") return { header: "", end: bomBytes, bomBytes };
  for await (const record of readRecords(file, bomBytes, 0x2c)) return { header: Buffer.from(record.bytes).toString("utf8"), end: record.end, bomBytes };
  return { header: "", end: bomBytes, bomBytes };
}

async function contentHash(file: File, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(1 << 20);
  for (let at = 0; !signal.aborted;) {
    const count = await file.read(chunk, at);
    hash.update(chunk.subarray(0, count));
    at += count;
    if (count < chunk.length) break;
  }
  return hash.digest("hex").slice(0, 16);
}

/** Files, folders (their files of known kind), and patterns with * and ? in the last part; sorted. */
async function listPaths(paths: readonly string[], context: SourceContext): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const given of paths) {
    const full = path.resolve(given);
    const last = path.basename(full);
    if (/[*?]/.test(last)) {
      const pattern = new RegExp(
        `^${last
          .replace(/[.+^${}()|[\]\\]/g, "\\$&")
          .replaceAll("*", ".*")
          .replaceAll("?", ".")}$`,
      );
      for (const name of await context.files.list(path.dirname(full))) if (pattern.test(name)) found.add(path.join(path.dirname(full), name));
      continue;
    }
    const names = await context.files.list(full).catch(() => undefined);
    if (names === undefined || names.length === 0) found.add(full);
    else for (const name of names) if (known.test(name)) found.add(path.join(full, name));
  }
  if (found.size === 0) throw new EarshotError("NOT_FOUND", "files: no file matches the configured paths");
  return [...found].sort();
}

function parsePosition(cursor: string | undefined): Position {
  const position: Position = { done: [] };
  if (cursor === undefined || cursor === "") return position;
  try {
    const value = decodeJson(Buffer.from(cursor), "cursor");
    if (!isJson(value)) return position;
    if (Array.isArray(value["done"])) position.done = value["done"].filter((hash) => typeof hash === "string");
    const { file, atByte, record } = value;
    if (typeof file === "string" && typeof atByte === "number" && typeof record === "number") Object.assign(position, { file, atByte, record });
  } catch {
    return position;
  }
  return position;
}
