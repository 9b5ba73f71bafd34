import { decodeObject } from "../../json/decode.ts";
import { importLineParser } from "../import-line.ts";
import { cellText, openExport, sampleRows } from "./lines.ts";
import { plainName, proposeMapping, type VendorMapping } from "./mapping.ts";
import { makeRowReader, rejected } from "./row.ts";

/** What is looked at of a file, and shown of it. */
export const previewLimits = { bytes: 2 * 1024 * 1024, rows: sampleRows, posts: 10, rejected: 20, samples: 3, cellLetters: 200 } as const;

export interface PreviewColumn {
  readonly name: string;
  /** Rows looked at in which it has a value. */
  readonly filled: number;
  /** Different values, the first that came. */
  readonly samples: readonly string[];
}

export interface ExportPreview {
  readonly columns: readonly PreviewColumn[];
  /** What stands before the header. */
  readonly preamble: string;
  readonly mapping: VendorMapping;
  /** Columns of the mapping that the file does not have. */
  readonly missing: readonly string[];
  /** Rows looked at, from the first. */
  readonly rows: number;
  readonly accepted: number;
  /** The first, as lines of an import. */
  readonly posts: readonly { readonly row: number; readonly line: Readonly<Record<string, unknown>> }[];
  readonly rejected: { readonly rows: number; readonly first: readonly { readonly row: number; readonly code: string; readonly message: string }[] };
}

const shown = (value: unknown): string => cellText(value).trim().slice(0, previewLimits.cellLetters);

/**
 * What an import would make of a file's first rows: its columns, and the posts and the refusals that the mapping gives; absent: the one that the header suggests.
 * Nothing is stored.
 * @param isWhole false: `chunks` are a file's beginning, and a row that is cut off does not count
 * @throws CSV_INVALID, JSON_INVALID, ITEM_TOO_LARGE, ITEM_TOO_DEEP
 */
export async function previewExport(format: "csv" | "json", chunks: AsyncIterable<Uint8Array>, isWhole: boolean, given?: VendorMapping): Promise<ExportPreview> {
  const { header, preamble, rows } = await openExport(`export.${format}`, chunks, given, { anyHeader: true, isWhole });
  const taken: (Readonly<Record<string, unknown>> | string)[] = [];
  for await (const row of rows) {
    taken.push(row);
    if (taken.length >= previewLimits.rows) break;
  }
  const columns = header.map((name): PreviewColumn => {
    const values = taken.flatMap((row) => (typeof row === "string" || row[name] === undefined || row[name] === null || row[name] === "" ? [] : [shown(row[name])]));
    return { name, filled: values.length, samples: [...new Set(values)].slice(0, previewLimits.samples) };
  });
  const sample = taken.flatMap((row) => (typeof row === "string" ? [] : [header.map((name) => cellText(row[name]))]));
  const mapping = given ?? proposeMapping(header, sample, preamble);
  const read = makeRowReader(mapping);
  const parse = importLineParser();
  const posts: { row: number; line: Readonly<Record<string, unknown>> }[] = [];
  const first: { row: number; code: string; message: string }[] = [];
  let accepted = 0;
  let refused = 0;
  for (const [i, row] of taken.entries()) {
    const bytes = Buffer.from(JSON.stringify(typeof row === "string" ? rejected("CSV_INVALID", `a record: ${row}`) : read(row)));
    const [outcome] = parse(bytes);
    if (outcome !== undefined && "reject" in outcome) {
      refused++;
      if (first.length < previewLimits.rejected) first.push({ row: i + 1, code: outcome.reject.code, message: outcome.reject.message });
    } else {
      accepted++;
      if (posts.length < previewLimits.posts) posts.push({ row: i + 1, line: decodeObject(bytes, "line") });
    }
  }
  const known = new Set(header.map(plainName));
  const missing = [...new Set(Object.values(mapping.fields).flat())].filter((column) => !known.has(plainName(column)));
  return { columns, preamble: preamble.slice(0, 1_000), mapping, missing, rows: taken.length, accepted, posts, rejected: { rows: refused, first } };
}
