import { guessDelimiter, splitCsvRecord } from "../../connectors/files/csv.ts";
import { EarshotError } from "../../core/errors.ts";
import type { LabelItem } from "../../registers/label-items.ts";
import { type CheckedTask, type LabelFields, type LabelFile, readRows } from "./row.ts";

/** What a file tells of a text. */
export type WrittenText = Pick<LabelItem, "id" | "text" | "label" | "spans" | "author" | "post" | "createdAt" | "platform" | "language" | "part">;

const columns = ["id", "text", "label", "spans", "author", "post", "created_at", "platform", "language", "part"] as const;

const flat = ({ id, text, label, spans, author, post, createdAt, platform, language, part }: WrittenText): Readonly<Record<(typeof columns)[number], unknown>> => ({
  id,
  text,
  label,
  spans,
  author,
  post,
  created_at: createdAt === undefined ? undefined : new Date(createdAt).toISOString(),
  platform,
  language,
  part,
});

/** A spreadsheet would run what begins like a formula: an apostrophe goes before it, and is taken away again. */
const guardCell = (text: string): string => (/^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const bareCell = (text: string): string => (/^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text);

function cell(value: unknown): string {
  const text = value === undefined ? "" : guardCell(typeof value === "string" ? value : JSON.stringify(value));
  return /[",\n\r]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV (RFC 4180) with a header. */
export function* writeCsv(texts: Iterable<WrittenText>): Generator<string> {
  yield `${columns.join(",")}\r\n`;
  for (const text of texts) {
    const fields = flat(text);
    yield `${columns.map((column) => cell(fields[column])).join(",")}\r\n`;
  }
}

/** One JSON object a line. */
export function* writeJsonl(texts: Iterable<WrittenText>): Generator<string> {
  for (const text of texts) yield `${JSON.stringify(flat(text))}\n`;
}

/** Records of a CSV text with the line at which each begins; a record goes on over line ends inside of quotes. */
function* csvRecords(text: string): Generator<{ readonly line: number; readonly record: string }> {
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const from = at;
    const begun = line;
    let isQuoted = false;
    for (; at < text.length; at++) {
      const char = text[at];
      if (char === '"') isQuoted = !isQuoted;
      else if (char === "\n") {
        line++;
        if (!isQuoted) break;
      }
    }
    const record = text.slice(from, at).replace(/\r$/, "");
    at++;
    if (record.trim() !== "") yield { line: begun, record };
  }
}

export function readCsv(text: string, task: CheckedTask): LabelFile {
  const records = csvRecords(text.replace(/^\uFEFF/, ""));
  const first = records.next();
  if (first.done === true) return { rows: [], faults: [] };
  const delimiter = guessDelimiter(first.value.record);
  const header = splitCsvRecord(first.value.record, delimiter).map((name) => name.trim());
  if (!header.includes("text"))
    throw new EarshotError("CSV_INVALID", `header: expected a column "text" and perhaps ${columns.filter((name) => name !== "text").join(", ")}, annotator`);
  return readRows(
    (function* () {
      for (const { line, record } of records) {
        yield {
          line,
          fields: (): LabelFields => {
            const cells = splitCsvRecord(record, delimiter);
            if (cells.length > header.length) throw new EarshotError("CSV_INVALID", `record: expected ${header.length} fields, came ${cells.length}`);
            return Object.fromEntries(header.map((name, i) => [name, bareCell(cells[i] ?? "")]));
          },
        };
      }
    })(),
    task,
  );
}

/** Lines end with \n alone: texts may hold U+2028 as it is. */
export function readJsonl(text: string, task: CheckedTask): LabelFile {
  return readRows(
    (function* () {
      for (const [i, line] of text
        .replace(/^\uFEFF/, "")
        .split("\n")
        .entries()) {
        if (line.trim() === "") continue;
        yield {
          line: i + 1,
          fields: (): LabelFields => {
            let value: unknown;
            try {
              value = JSON.parse(line);
            } catch {
              throw new EarshotError("JSON_INVALID", "record: expected one JSON object a line");
            }
            if (typeof value !== "object" || value === null || Array.isArray(value)) throw new EarshotError("JSON_INVALID", "record: expected a JSON object");
            return { ...value };
          },
        };
      }
    })(),
    task,
  );
}
