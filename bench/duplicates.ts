import { idOfTruth, truthsOf } from "./truth.ts";
import type { Input } from "./input.ts";
import type { PostId } from "../src/core/ids.ts";
import type { Pseudonyms } from "../src/ledger/pseudonyms.ts";
import { openDuplicatesReader } from "../src/stores/duplicates-reader.ts";

export interface DuplicatesFound {
  /** Of the pairs that we call copies, the share that are; of those that are, the share that we found. */
  readonly precision: number;
  readonly recall: number;
  /** Pairs that are copies, by the oracle. */
  readonly pairs: number;
}

/**
 * Near-duplicates against the oracle: copies of one post, and posts that say the same sentences.
 * Only posts that are there in the end count. @param folder the store's own
 */
export async function compareDuplicates(input: Input, pseudonyms: Pseudonyms, folder: string): Promise<DuplicatesFound> {
  using reader = openDuplicatesReader({ folder });
  const truth = makeSets();
  const posts: PostId[] = [];
  for await (const one of truthsOf(input)) {
    if (!one.delivered || one.deleted !== null || one.reshareOf !== null) continue;
    const place = posts.push(idOfTruth(one, pseudonyms)) - 1;
    if (one.duplicateGroup !== null) truth.join(place, `group ${one.duplicateGroup}`);
    if (one.saying !== null) truth.join(place, `saying ${one.saying}`);
  }
  const told = reader.numbersOf(posts);
  const ours = (place: number): string => String(told[place] ?? `alone ${place}`);
  const pairsBy = (key: (place: number) => string): number => {
    const sizes = new Map<string, number>();
    for (const place of posts.keys()) sizes.set(key(place), (sizes.get(key(place)) ?? 0) + 1);
    return [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  };
  const pairs = pairsBy((place) => String(truth.rootOf(place)));
  const called = pairsBy(ours);
  const right = pairsBy((place) => `${truth.rootOf(place)}/${ours(place)}`);
  return { precision: called === 0 ? 1 : right / called, recall: pairs === 0 ? 1 : right / pairs, pairs };
}

/** Places that share a name are one set. */
function makeSets() {
  const parents: number[] = [];
  const firsts = new Map<string, number>();
  const rootOf = (place: number): number => {
    let at = place;
    for (let above = parents[at] ?? at; above !== at; above = parents[at] ?? at) {
      parents[at] = parents[above] ?? above;
      at = above;
    }
    return at;
  };
  return {
    rootOf,
    join(place: number, name: string): void {
      const first = firsts.get(name);
      if (first === undefined) firsts.set(name, place);
      else parents[rootOf(place)] = rootOf(first);
    },
  };
}
