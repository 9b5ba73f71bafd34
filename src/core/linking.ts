import { z } from "zod";

/** What a register of names holds. A span of a brand is an organisation's. */
export const entityKinds = ["brand", "organisation", "person", "product", "place"] as const;
export type EntityKind = (typeof entityKinds)[number];

const name = z.string().trim().min(1).max(200);
const names = (most: number) => z.array(name).max(most).default([]);

export const entityConfigSchema = z.strictObject({
  name: name.describe("How it is called in lists and figures."),
  kind: z.enum(entityKinds).default("organisation"),
  aliases: names(100).describe("Other ways to write it. The name is one already."),
  handles: names(100).describe("Its accounts, with or without @."),
  hashtags: names(100).describe("Hashtags that mean it, with or without #."),
  context: names(200).describe("Words that stand near it: what it makes, who leads it, where it is."),
  against: names(200).describe("Words that speak against it: what else bears this name."),
  term: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .optional()
    .describe("Id of the brand or query that it belongs to."),
  country: z
    .string()
    .regex(/^[a-z]{2}$/)
    .optional()
    .describe("ISO 3166-1 alpha-2, of a place."),
  region: name.optional(),
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
});
export type EntityConfig = z.output<typeof entityConfigSchema>;

/** An entry of the register as stages know it. */
export interface KnownEntity extends EntityConfig {
  readonly id: string;
}

/** A place of the world. */
export interface Place {
  readonly name: string;
  readonly kind: "city" | "region" | "country";
  /** ISO 3166-1 alpha-2, lower case. */
  readonly country: string;
  /** Name of the first-level division; absent: a country. */
  readonly region?: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly population: number;
}

/** Places by their names. */
export interface Gazetteer {
  /** @param words folded, as `tokenise` gives them, separated by one space */
  find(words: string): readonly Place[];
}

/** Vectors of words. */
export interface WordSpace {
  readonly dimensions: number;
  /** How many words are more common; undefined: none of them. */
  rankOf(word: string): number | undefined;
  /** Adds a word's vector, times a weight; false: the word has none. */
  add(word: string, weight: number, into: Float32Array): boolean;
}
