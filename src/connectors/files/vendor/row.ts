import { createHash } from "node:crypto";
import { readVendorDate } from "./dates.ts";
import { platformOf, postIdentityOf } from "./identity.ts";
import { type VendorField, type VendorMapping, plainName } from "./mapping.ts";

/** A row of an export by its columns. */
export type VendorRow = Readonly<Record<string, unknown>>;

/** Read, and kept as they came too: they may say more than the field that is made of them. */
const keptBeside: ReadonlySet<VendorField> = new Set(["id", "text", "language", "country"]);

/** Makes of rows the lines that an import takes. What becomes no field stays under `vendor`, the vendor's own sentiment among it. */
export function makeRowReader(mapping: VendorMapping): (row: VendorRow) => Record<string, unknown> {
  const columnsOf = new Map(Object.entries(mapping.fields).map(([field, columns]) => [field, columns.map(plainName)]));
  return (row) => {
    const cells = new Map<string, { readonly column: string; readonly value: unknown }>();
    for (const [column, value] of Object.entries(row)) if (value !== null && value !== undefined && value !== "") cells.set(plainName(column), { column, value });
    const used = new Set<string>();
    const all = (field: VendorField): string[] =>
      (columnsOf.get(field) ?? []).flatMap((name) => {
        const { value } = cells.get(name) ?? {};
        const text = typeof value === "string" ? unquoted(value) : typeof value === "number" ? String(value) : undefined;
        if (text === undefined || text === "") return [];
        if (!keptBeside.has(field)) used.add(name);
        return [text];
      });
    const first = (field: VendorField): string | undefined => all(field)[0];

    const dates = all("date");
    const time = first("time");
    const at = dates.map((date) => readVendorDate(date, /\d:\d\d/.test(date) ? undefined : time, mapping.timeZone, mapping.dayFirst)).find((one) => one !== undefined);
    if (at === undefined)
      return rejected(
        dates.length === 0 ? "FIELD_MISSING" : "DATE_INVALID",
        dates.length === 0 ? "a date, came none" : "a date that can be read; set dayFirst where day and month cannot be told apart",
      );
    const url = first("url");
    const told = first("id");
    const identity = url === undefined ? undefined : postIdentityOf(url);
    const platform = identity?.platform ?? (url === undefined ? mapping.vendor : platformOf(url));
    const title = first("title");
    const text = all("text").reduce((longest, one) => (one.length > longest.length ? one : longest), "");
    for (const name of columnsOf.get("text") ?? []) if (cells.get(name)?.value === text) used.add(name);
    if (title === undefined && text === "" && url === undefined) return rejected("FIELD_MISSING", "a title, a text or an address, came none");
    const line: Record<string, unknown> = {
      id: identity?.id ?? cleanId(url ?? told) ?? createHash("sha256").update(JSON.stringify(row)).digest("base64url").slice(0, 22),
      platform: platform === "other" ? "web" : platform,
      createdAt: new Date(at).toISOString(),
      text: withTitle(title, text),
    };
    const author = authorOf(platform, first);
    if (author !== undefined) line["author"] = author;
    if (url !== undefined) line["url"] = url;
    const language = tagOf(first("language"));
    if (language !== undefined) line["language"] = language;
    const country = codeOf(first("country"));
    if (country !== undefined) line["country"] = country;
    for (const field of ["likes", "shares", "replies", "views"] as const) {
      const count = all(field)
        .map(countOf)
        .find((one) => one !== undefined);
      if (count !== undefined) line[field] = count;
    }
    for (const field of ["replyTo", "reshareOf"] as const) {
      const address = first(field);
      const other = address === undefined ? undefined : postIdentityOf(address);
      if (other?.platform === platform) line[field] = other.id;
    }
    const rest: Record<string, unknown> = {};
    for (const [name, { column, value }] of cells) if (!used.has(name)) rest[column] = value;
    line["vendor"] = { name: mapping.vendor, ...rest };
    return line;
  };
}

export function rejected(code: string, expected: string): Record<string, unknown> {
  return { $rejected: code, reason: `expected ${expected}` };
}

/** Ids are often written as `"123"` within a quoted cell, or with a quote before, so that spreadsheets keep their digits. */
function unquoted(value: string): string {
  const text = value.trim();
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1).trim() : /^'\d+$/.test(text) ? text.slice(1) : text;
}

/** As ids must be: printable and at most 1,500 long. */
function cleanId(text: string | undefined): string | undefined {
  // oxlint-disable-next-line no-control-regex
  const id = text?.replace(/[\u0000-\u0020\u007f-\u00a0]+/g, "%20");
  return id === undefined || id === "" ? undefined : id.length <= 1_500 ? id : createHash("sha256").update(id).digest("base64url").slice(0, 22);
}

/** Posts of networks bear their text, or its beginning, as title. */
function withTitle(title: string | undefined, text: string): string {
  if (title === undefined || text === "") return title ?? text;
  const begin = title.replace(/\s{0,20}(?:…|\.\.\.)$/, "");
  return text.startsWith(begin) ? text : `${title}\n\n${text}`;
}

function authorOf(platform: string, first: (field: VendorField) => string | undefined): Record<string, unknown> | undefined {
  const handle = first("authorHandle")?.replace(/^@/, "").replace(/^u\//, "");
  const name = first("authorName");
  const told = first("authorId");
  const profileUrl = first("authorUrl");
  const followers = countOf(first("followers") ?? "");
  const id = told ?? (handle === undefined ? name : platform === "reddit" ? `u/${handle.toLowerCase()}` : handle);
  if (id === undefined) return undefined;
  return {
    id: cleanId(id),
    ...(handle !== undefined && { handle }),
    ...(name !== undefined && { name }),
    ...(profileUrl !== undefined && { profileUrl }),
    ...(followers !== undefined && { followers }),
  };
}

/** `1,234`, `1 234`, `12.0`. */
function countOf(text: string): number | undefined {
  const plain = text.replace(/(?<=\d)[,\u00a0\u202f ](?=\d{3})/g, "").replace(/\.0+$/, "");
  return /^\d{1,15}$/.test(plain) ? Number(plain) : undefined;
}

const languageTags =
  "af ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi zh".split(
    " ",
  );
let languages: ReadonlyMap<string, string> | undefined;
let countries: ReadonlyMap<string, string> | undefined;

/** `en`, `eng` is left out, `English`. */
function tagOf(told: string | undefined): string | undefined {
  if (told === undefined) return undefined;
  if (/^[a-z]{2}(?:[-_][A-Za-z0-9]{2,8})*$/i.test(told)) return told.toLowerCase().slice(0, 2);
  languages ??= new Map(languageTags.map((tag) => [new Intl.DisplayNames("en", { type: "language" }).of(tag)?.toLowerCase() ?? tag, tag]));
  return languages.get(told.toLowerCase());
}

/** `us`, `USA`, `United States`. */
function codeOf(told: string | undefined): string | undefined {
  if (told === undefined) return undefined;
  if (/^[A-Za-z]{2}$/.test(told)) return told.toLowerCase();
  // Codes of old countries come later in the alphabet than those that name them now (UK, SU): the first wins.
  countries ??= new Map([...[...countryNames()].toReversed(), ["usa", "us"], ["uk", "gb"], ["united states of america", "us"], ["great britain", "gb"]]);
  return countries.get(told.toLowerCase());
}

function* countryNames(): Generator<[string, string]> {
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const a of letters) {
    for (const b of letters) {
      const name = names.of(a + b);
      if (name !== undefined) yield [name.toLowerCase(), (a + b).toLowerCase()];
    }
  }
}
