import { existsSync, readFileSync } from "node:fs";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { EarshotError } from "../core/errors.ts";
import type { Gazetteer, Place } from "../core/linking.ts";
import { tokenise } from "../core/tokens.ts";

/** A line of the table, as `bin/places.ts` makes it. */
export interface PlaceRow {
  readonly kind: Place["kind"];
  readonly name: string;
  readonly aliases: readonly string[];
  readonly country: string;
  /** Code of the first-level division within the country; empty: none. */
  readonly region: string;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
  readonly population: number;
}

const letters = { city: "c", region: "r", country: "n" } as const;
const kinds: Readonly<Record<string, Place["kind"]>> = { c: "city", r: "region", n: "country" };
/** Two decimals are a kilometre: enough for a point of a map. */
const decimals = 2;

/** Lines under brotli: kind, name, aliases, country, region, latitude, longitude, population in thousands. */
export function writePlaces(rows: readonly PlaceRow[]): Uint8Array {
  const lines = rows
    .toSorted((a, b) => a.country.localeCompare(b.country) || a.region.localeCompare(b.region) || b.population - a.population)
    .map(({ kind, name, aliases, country, region, latitude, longitude, population }) =>
      [letters[kind], name, aliases.join("|"), country, region, latitude.toFixed(decimals), longitude.toFixed(decimals), Math.round(population / 1_000)].join("\t"),
    );
  return brotliCompressSync(lines.join("\n"), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } });
}

export function readPlaces(bytes: Uint8Array): Gazetteer {
  const lines = brotliDecompressSync(bytes).toString("utf8").split("\n");
  const rows = lines.map((line) => line.split("\t"));
  const regions = new Map<string, string>();
  for (const [kind, name = "", , country = "", region = ""] of rows) if (kind === "r") regions.set(`${country}.${region}`, name);
  const places = new Map<string, Place[]>();
  for (const [letter = "", name = "", aliases = "", country = "", code = "", latitude, longitude, thousands] of rows) {
    const region = regions.get(`${country}.${code}`);
    const place: Place = {
      name,
      kind: kinds[letter] ?? "city",
      country: country.toLowerCase(),
      ...(region !== undefined && { region }),
      latitude: Number(latitude),
      longitude: Number(longitude),
      population: Number(thousands) * 1_000,
    };
    const keys = new Set([name, ...(aliases === "" ? [] : aliases.split("|"))].map((text) => tokenise(text).join(" ")));
    for (const key of keys) {
      const known = places.get(key);
      if (known === undefined) places.set(key, [place]);
      else known.push(place);
    }
  }
  const none: readonly Place[] = [];
  return { find: (words) => places.get(words) ?? none };
}

const file = new URL("./places/places.bin", import.meta.url);

/** @throws NOT_FOUND where the table is not there */
export function openGazetteer(): Gazetteer {
  if (!existsSync(file)) throw new EarshotError("NOT_FOUND", "places: their table is not there; `node bin/places.ts FOLDER` makes it");
  return readPlaces(readFileSync(file));
}
