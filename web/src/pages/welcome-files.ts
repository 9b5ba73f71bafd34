import { importLines, type ImportCounts } from "./welcome-api.ts";

const batchLetters = 2 * 1024 * 1024;
/** A record that does not end is sent as it is, to be rejected by name. */
const mostRecordLetters = 10 * 1024 * 1024;
const mostErrors = 20;

export interface ImportProgress {
  readonly doneBytes: number;
  readonly counts: ImportCounts;
}

/** The fields of one CSV record (RFC 4180); undefined: a quote is open, so the record goes on in the next line. */
export function fieldsOf(record: string, delimiter: string): readonly string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let value = "";
    if (record[at] === '"') {
      at++;
      for (;;) {
        const quote = record.indexOf('"', at);
        if (quote < 0) return undefined;
        value += record.slice(at, quote);
        at = quote + 1;
        if (record[at] !== '"') break;
        value += '"';
        at++;
      }
    }
    const end = record.indexOf(delimiter, at);
    value += record.slice(at, end < 0 ? undefined : end);
    fields.push(value);
    if (end < 0) return fields;
    at = end + delimiter.length;
  }
}

/** The delimiter that splits the header into most fields. */
export function delimiterOf(header: string): string {
  const counted = [",", ";", "\t", "|"].map((delimiter) => ({ delimiter, count: fieldsOf(header, delimiter)?.length ?? 0 }));
  return counted.toSorted((a, b) => b.count - a.count)[0]?.delimiter ?? ",";
}

/** Turns lines of CSV into lines of JSON, however they are cut. */
export function makeCsvReader(): (line: string) => string | undefined {
  let columns: readonly string[] | undefined;
  let delimiter = ",";
  let open = "";
  return (line) => {
    const record = open === "" ? line : `${open}\n${line}`;
    if (columns === undefined) {
      const header = record.replace(/^\uFEFF/u, "");
      delimiter = delimiterOf(header);
      columns = (fieldsOf(header, delimiter) ?? []).map((name) => name.trim());
      return undefined;
    }
    const fields = fieldsOf(record, delimiter);
    if (fields === undefined) {
      open = record.length > mostRecordLetters ? "" : record;
      return open === "" ? JSON.stringify({ error: "a quote is opened and never closed" }) : undefined;
    }
    open = "";
    if (record.trim() === "") return undefined;
    const named = columns.map((name, i) => [name, fields[i] ?? ""] as const).filter(([name, value]) => name !== "" && value !== "");
    return JSON.stringify(Object.fromEntries(named));
  };
}

const nothing: ImportCounts = { accepted: 0, duplicate: 0, rejected: 0, errors: [] };

/** Sends a file in pieces of whole lines, so that it can be watched and stopped; what was sent stays. */
export async function importFile(file: File, platform: string, signal: AbortSignal, onProgress: (progress: ImportProgress) => void): Promise<ImportCounts> {
  const isCsv = /\.(?:csv|tsv)$/iu.test(file.name);
  const convert = isCsv ? makeCsvReader() : (line: string) => (line.trim() === "" ? undefined : line);
  const decoder = new TextDecoder("utf-8");
  const reader = file.stream().getReader();
  let counts = nothing;
  let doneBytes = 0;
  let rest = "";
  let lineNumber = 0;
  let held: string[] = [];
  /** Line of the file that each held line began at. */
  let places: number[] = [];
  let heldLetters = 0;

  const send = async () => {
    if (held.length === 0) return;
    const answer = await importLines(`${held.join("\n")}\n`, platform, signal);
    const sentPlaces = places;
    held = [];
    places = [];
    heldLetters = 0;
    counts = {
      accepted: counts.accepted + answer.accepted,
      duplicate: counts.duplicate + answer.duplicate,
      rejected: counts.rejected + answer.rejected,
      errors: [...counts.errors, ...answer.errors.map((error) => ({ ...error, line: sentPlaces[error.line - 1] ?? error.line }))].slice(0, mostErrors),
    };
    onProgress({ doneBytes, counts });
  };
  const take = async (line: string) => {
    lineNumber++;
    const converted = convert(line.endsWith("\r") ? line.slice(0, -1) : line);
    if (converted === undefined) return;
    held.push(converted);
    places.push(lineNumber);
    heldLetters += converted.length;
    if (heldLetters >= batchLetters) await send();
  };

  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      doneBytes += value.byteLength;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) await take(line);
      if (rest.length > mostRecordLetters) {
        await take(rest);
        rest = "";
      }
    }
    rest += decoder.decode();
    if (rest !== "") await take(rest);
    await send();
    return counts;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
