import type { Gazetteer, Place } from "../core/linking.ts";

export interface FoundPlace {
  readonly place: Place;
  /** Of all places of this name, and of none of them. */
  readonly probability: number;
}

/** How much a place's country or region, named near it, speaks for it; right behind it, more. */
const evidence = { country: 2.5, region: 3, behind: 4.5, hint: 1.2 } as const;
const longestName = 3;
/** No other sense is told of: a name that is known at all is likely meant. */
const noneOfThem = 1.5;

/** Names of countries and regions in a text, with the index of the word behind each. */
export interface NamedAreas {
  readonly areas: readonly { readonly place: Place; readonly word: number; readonly words: number }[];
}

export function areasIn(gazetteer: Gazetteer, words: readonly string[]): NamedAreas {
  const areas: { place: Place; word: number; words: number }[] = [];
  for (let i = 0; i < words.length; i++) {
    for (let count = Math.min(longestName, words.length - i); count > 0; count--) {
      const name = count === 1 ? (words[i] ?? "") : words.slice(i, i + count).join(" ");
      // Short ones (in, or, me, us) are words before they are codes; they count behind a city alone.
      if (name.length < 2) continue;
      const found = gazetteer.find(name).filter(({ kind }) => kind !== "city");
      if (found.length === 0) continue;
      for (const place of found) areas.push({ place, word: i, words: count });
      i += count - 1;
      break;
    }
  }
  return { areas };
}

/**
 * Which place of this name a text means: how many live there, and which countries and regions the text names beside it.
 * @param at index of the name's first word, and how many words it has
 * @param hint the country that the post is known to be from, ISO 3166-1 alpha-2 in lower case
 */
export function resolvePlace(
  gazetteer: Gazetteer,
  words: readonly string[],
  at: { readonly word: number; readonly words: number },
  { areas }: NamedAreas,
  hint: string | undefined,
): FoundPlace | undefined {
  const candidates = gazetteer.find(words.slice(at.word, at.word + at.words).join(" "));
  if (candidates.length === 0) return undefined;
  const behind = at.word + at.words;
  const others = areas.filter(({ word, words: count }) => word + count <= at.word || word >= behind);
  const scores = candidates.map((place) => {
    let score = Math.log10(place.population + 1_000) * (place.kind === "country" ? 1 : 1.1);
    if (place.kind === "country") score += 1;
    if (place.country === hint) score += evidence.hint;
    let best = 0;
    for (const { place: area, word, words: count } of others) {
      const isBehind = word === behind;
      if (!isBehind && count === 1 && (words[word]?.length ?? 0) <= 3 && area.kind === "region") continue;
      if (area.country !== place.country) continue;
      if (area.kind === "region" && area.region !== place.region) continue;
      if (area.kind === place.kind) continue;
      best = Math.max(best, isBehind ? evidence.behind : area.kind === "region" ? evidence.region : evidence.country);
    }
    return score + best;
  });
  const most = Math.max(...scores);
  const weights = scores.map((score) => Math.exp((score - most) * 1.6));
  const total = weights.reduce((sum, weight) => sum + weight, 0) + Math.exp(-noneOfThem * 2);
  const best = weights.indexOf(Math.max(...weights));
  const place = candidates[best];
  return place && { place, probability: (weights[best] ?? 0) / total };
}
