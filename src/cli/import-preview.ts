import type { VendorMapping } from "../connectors/files/vendor/mapping.ts";
import type { ExportPreview } from "../connectors/files/vendor/preview.ts";

const longestText = 100;

export function shownMapping({ vendor, fields, timeZone, dayFirst }: VendorMapping): string {
  const rows = Object.entries(fields).map(([field, columns]) => `  ${field.padEnd(14)}${columns.join(", ")}`);
  return [`${vendor}, dates in ${timeZone}${dayFirst === undefined ? "" : dayFirst ? ", day first" : ", month first"}`, ...rows].join("\n");
}

const oneLine = (value: unknown): string =>
  String(value ?? "")
    .replaceAll(/\s+/g, " ")
    .slice(0, longestText);

/** What an import would make of a file, as text. */
export function shownPreview(file: string, { columns, mapping, missing, rows, accepted, posts, rejected }: ExportPreview): string {
  return [
    `${file}: of the first ${rows} rows ${accepted} would be taken, ${rejected.rows} refused`,
    "",
    "columns",
    ...columns.map(({ name, filled, samples }) => `  ${name} (${filled}): ${samples.map(oneLine).join(" | ")}`),
    "",
    `mapping: ${shownMapping(mapping)}`,
    ...(missing.length === 0 ? [] : [`  not in this file: ${missing.join(", ")}`]),
    "",
    "posts",
    ...posts.map(({ row, line }) => `  ${row}: ${String(line["platform"])} ${String(line["createdAt"])} ${oneLine(line["text"])}`),
    ...(rejected.first.length === 0 ? [] : ["", "refused", ...rejected.first.map(({ row, code, message }) => `  ${row}: ${code}: ${message}`)]),
  ].join("\n");
}
