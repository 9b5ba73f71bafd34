import { z } from "zod";
import { splitCsvRecord } from "../connectors/files/csv.ts";
import { csvRecords } from "../connectors/files/csv-records.ts";
import { faultsOf, refuseFaults } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import { type EntityConfig, entityConfigSchema } from "../core/linking.ts";

/** Columns of an export; an import takes them in any order, `id` and `name` at least. Lists are parted by semicolons. */
const columns = ["id", "name", "kind", "aliases", "handles", "hashtags", "context", "against", "term", "country", "region", "latitude", "longitude"] as const;
const lists: ReadonlySet<string> = new Set(["aliases", "handles", "hashtags", "context", "against"]);
const numbers: ReadonlySet<string> = new Set(["latitude", "longitude"]);
const idSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and hyphens, at most 63");

function cell(value: string): string {
  // A spreadsheet would run what begins like a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function entityCsv(items: readonly (EntityConfig & { readonly id: string })[]): string {
  const lines = items.map((item) =>
    columns
      .map((column) => {
        const value = item[column];
        return cell(value === undefined ? "" : typeof value === "object" ? value.join(";") : String(value));
      })
      .join(","),
  );
  return [columns.join(","), ...lines, ""].join("\r\n");
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, "utf8");
}

/** @throws CSV_INVALID */
async function recordsOf(text: string): Promise<readonly (readonly string[])[]> {
  const records: string[][] = [];
  for await (const record of csvRecords(chunksOf(text))) {
    if (record.isOpen) throw new EarshotError("CSV_INVALID", `record ${records.length + 1}: a quote opens that never closes`);
    records.push(splitCsvRecord(record.text, ","));
  }
  return records;
}

/** @throws CSV_INVALID; CONFIG_INVALID with all faults of a line */
export async function parseEntityCsv(text: string): Promise<readonly { readonly id: string; readonly entity: EntityConfig }[]> {
  const [header = [], ...records] = await recordsOf(text.replace(/^\ufeff/u, ""));
  const places = header.map((name) => columns.find((column) => column === name.trim()));
  const odd = header.find((_, i) => places[i] === undefined);
  if (odd !== undefined) throw new EarshotError("CSV_INVALID", `column ${odd.slice(0, 40)}: expected ${columns.join(", ")}`);
  for (const needed of ["id", "name"] as const) if (!places.includes(needed)) throw new EarshotError("CSV_INVALID", `expected a column ${needed}`);
  return records.map((fields, line) => {
    const item: Record<string, unknown> = {};
    for (const [i, column] of places.entries()) {
      const value = (fields[i] ?? "").replace(/^'(?=[=+\-@])/u, "");
      if (column === undefined || value === "") continue;
      if (lists.has(column))
        item[column] = value
          .split(";")
          .map((part) => part.trim().replace(/^'(?=[=+\-@])/u, ""))
          .filter((part) => part !== "");
      else item[column] = numbers.has(column) ? Number(value) : value;
    }
    return parseEntityItem(item, `line ${line + 2}`);
  });
}

/** @throws CONFIG_INVALID with all faults of the item */
export function parseEntityItem(item: Readonly<Record<string, unknown>>, place: string): { readonly id: string; readonly entity: EntityConfig } {
  const { id, ...rest } = item;
  const parsedId = idSchema.safeParse(id);
  const parsed = entityConfigSchema.safeParse(rest);
  if (!parsedId.success) refuseFaults(place, faultsOf(parsedId.error, ["id"]));
  if (!parsed.success) refuseFaults(place, faultsOf(parsed.error));
  return { id: idSchema.parse(id), entity: entityConfigSchema.parse(rest) };
}
