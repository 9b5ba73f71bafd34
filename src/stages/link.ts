import type { EntityLink, EntitySpan, SpanPlace } from "../core/judgement.ts";
import type { Gazetteer, KnownEntity, WordSpace } from "../core/linking.ts";
import { fingerprint } from "../core/ids.ts";
import type { Draft, Stage } from "../core/stage.ts";
import { type LinkIndex, makeLinkIndex, type Mention } from "./link-index.ts";
import { areasIn, type FoundPlace, type NamedAreas, resolvePlace } from "./link-place.ts";
import { type Profile, profileOf, type ReadText, scoreOf, spanKinds } from "./link-score.ts";

export interface LinkOptions {
  readonly entities: readonly KnownEntity[];
  /** Asked when a name of the register first stands in a text. */
  readonly space: () => WordSpace;
  /** Asked when a place first has to be found. */
  readonly gazetteer: () => Gazetteer;
}

export interface LinkStage extends Stage {
  /** Takes effect with the next batch, whole. */
  setEntities(entities: readonly KnownEntity[]): void;
}

/** An entry that is less likely is not linked: its candidates are noted. */
export const leastLinkProbability = 0.5;
const mostCandidates = 3;
/** Names of one post that are looked at. */
const mostMentions = 50;
const twoDigits = (share: number): number => Math.round(share * 100) / 100;

/** Says which entry of the register a name means, and where a place lies. Costs nothing where neither a name of the register nor a place stands in a text. */
export function makeLink(options: LinkOptions): LinkStage {
  let index: LinkIndex = makeLinkIndex(options.entities);
  let profiles: readonly Profile[] = options.entities.map(profileOf);
  let version = versionOf(options.entities);

  function link(draft: Draft): void {
    const tagged = draft.notes?.entities;
    const mentions = index.entities.length === 0 ? [] : index.mentionsIn(draft).slice(0, mostMentions);
    const hasPlaces = tagged?.spans.some(({ kind }) => kind === "place") === true;
    if (mentions.length === 0 && !hasPlaces) return;
    const read: ReadText = { text: draft.text, words: draft.tokens.words, starts: draft.tokens.starts, tagged: tagged?.spans };
    const places = makePlaces(draft, options.gazetteer);
    const spans: EntitySpan[] = mentions.map((mention) => linked(mention, read, places));
    for (const span of tagged?.spans ?? []) {
      if (spans.some(({ start, end }) => span.start < end && start < span.end)) continue;
      const found = span.kind === "place" ? places.at(wordsAt(read, span)) : undefined;
      spans.push(found === undefined ? span : { ...span, place: placeOf(found) });
    }
    const models = [...(tagged === undefined ? [] : [tagged.model]), ...(mentions.length > 0 ? [version] : [])];
    draft.notes = { ...draft.notes, entities: { model: models.join(" "), spans: spans.toSorted((a, b) => a.start - b.start) } };
  }

  function linked(mention: Mention, read: ReadText, places: Places): EntitySpan {
    const { start, end } = mention;
    const scored = mention.candidates.flatMap((i) => {
      const profile = profiles[i];
      if (profile === undefined) return [];
      return [{ profile, score: scoreOf(profile, mention, read, options.space) + places.speakFor(profile.entity, mention) }];
    });
    const total = scored.reduce((sum, { score }) => sum + Math.exp(score), 1);
    const ranked = scored
      .map(({ profile: { entity }, score }) => ({ entity, probability: Math.exp(score) / total }))
      .toSorted((a, b) => b.probability - a.probability || (a.entity.id < b.entity.id ? -1 : 1));
    const [best] = ranked;
    if (best === undefined) return { start, end, kind: "organisation" };
    const links: EntityLink[] = ranked.slice(0, mostCandidates).map(({ entity, probability }) => ({ entity: entity.id, probability: twoDigits(probability) }));
    const [first] = links;
    const tagged = read.tagged?.find((span) => span.start < end && start < span.end);
    if (first === undefined || best.probability < leastLinkProbability) {
      const kind = tagged?.kind ?? spanKinds[best.entity.kind];
      const found = tagged?.kind === "place" ? places.at(mention) : undefined;
      return { start, end, kind, candidates: links, ...(found && { place: placeOf(found) }) };
    }
    const place = best.entity.kind === "place" ? places.of(best.entity, mention, best.probability) : undefined;
    return { start, end, kind: spanKinds[best.entity.kind], link: first, ...(place && { place }) };
  }

  return {
    name: "link",
    run: (batch) =>
      batch.map((draft) => {
        link(draft);
        return { keep: draft };
      }),
    setEntities(entities) {
      index = makeLinkIndex(entities);
      profiles = entities.map(profileOf);
      version = versionOf(entities);
    },
    [Symbol.dispose]() {},
  };
}

/** Links of one version of the register compare. */
function versionOf(entities: readonly KnownEntity[]): string {
  return `link@${fingerprint(JSON.stringify(entities)).slice(0, 8)}`;
}

function placeOf({ place, probability }: FoundPlace): SpanPlace {
  const { name, country, region, latitude, longitude } = place;
  return { name, country, ...(region !== undefined && { region }), latitude, longitude, probability: twoDigits(probability) };
}

/** The words that a span covers. */
function wordsAt({ starts }: ReadText, { start, end }: { readonly start: number; readonly end: number }): { readonly word: number; readonly words: number } {
  const word = starts.findIndex((at) => at >= start);
  if (word < 0) return { word: 0, words: 0 };
  let words = 0;
  while ((starts[word + words] ?? Infinity) < end) words++;
  return { word, words };
}

interface Places {
  at(where: { readonly word: number; readonly words: number }): FoundPlace | undefined;
  /** What the gazetteer says for an entry of the register at a mention. */
  speakFor(entity: KnownEntity, mention: Mention): number;
  of(entity: KnownEntity, mention: Mention, probability: number): SpanPlace | undefined;
}

/** Looks places of one draft up, and its countries once. */
function makePlaces(draft: Draft, open: () => Gazetteer): Places {
  const { words } = draft.tokens;
  const hint = draft.region === "zz" ? undefined : draft.region;
  let areas: NamedAreas | undefined;
  const at: Places["at"] = (where) => {
    const gazetteer = open();
    return resolvePlace(gazetteer, words, where, (areas ??= areasIn(gazetteer, words)), hint);
  };
  return {
    at,
    speakFor(entity, mention) {
      if (entity.kind !== "place" || entity.country === undefined || mention.how !== "name") return 0;
      const found = at(mention);
      if (found === undefined) return 0;
      const isSame = found.place.country === entity.country && (entity.region === undefined || found.place.kind !== "city" || found.place.region === entity.region);
      return isSame ? 1.2 * found.probability : -4.5 * found.probability;
    },
    of(entity, mention, probability) {
      const { country, region, latitude, longitude } = entity;
      const found = mention.how === "name" ? at(mention) : undefined;
      const known = found !== undefined && (country === undefined || found.place.country === country) ? found.place : undefined;
      const where = country ?? known?.country;
      if (where === undefined) return undefined;
      const named = region ?? known?.region;
      const point = latitude !== undefined && longitude !== undefined ? { latitude, longitude } : known && { latitude: known.latitude, longitude: known.longitude };
      return { name: entity.name, country: where, ...(named !== undefined && { region: named }), ...point, probability: twoDigits(probability) };
    },
  };
}
