import { base32Letters, makeRandom, type Random } from "./random.ts";
import { inventedWord, pickLanguage } from "./vocabulary.ts";
import type { LanguageWords } from "./words/language.ts";
import { en } from "./words/en.ts";

export type Platform = "bluesky" | "mastodon";
/** How an account ends: the statuses that Jetstream tells; on Mastodon each of its posts is deleted by an event of its own. */
export type Ending = "deleted" | "takendown" | "deactivated";

export interface Author {
  readonly platform: Platform;
  readonly index: number;
  /** bluesky: the DID; mastodon: the account's number. */
  readonly nativeId: string;
  /** bluesky: the handle; mastodon: the acct (with its server where that is another one). */
  handle: string;
  readonly name: string;
  readonly language: LanguageWords;
  readonly bot: boolean;
  /** It keeps a time of its own; see driven.ts. Absent: one of the many, who post by the pace of the world. */
  readonly drive?: string;
  readonly followers: number;
  readonly createdAtMs: number;
  /** The account ends some time after this post of it. */
  readonly ending?: { readonly afterPosts: number; readonly how: Ending; readonly comesBack: boolean };
  posts: number;
  /** The account's JSON on Mastodon, made once. */
  accountJson?: string;
}

export const mastodonHost = "mastodon.simulated.example";
const otherHosts = ["social.simulated.example", "town.simulated.example", "fedi.simulated.example"];

export interface Population {
  pick(random: Random): Author;
  /** An author who never ends: likes and reshares come from such only. */
  pickLasting(random: Random): Author;
  /** The account is gone; another takes its place. */
  replace(author: Author): void;
}

export function makePopulation(seed: string, platform: Platform, size: number, endingShare: number, startMs: number): Population {
  const generations = new Uint16Array(size);
  const authors: (Author | undefined)[] = [];
  const at = (index: number): Author => {
    const known = authors[index];
    if (known !== undefined) return known;
    const made = makeAuthor(seed, platform, index, generations[index] ?? 0, endingShare, startMs);
    authors[index] = made;
    return made;
  };
  const pick = (random: Random): Author => at(Math.floor(size * random.next() ** 2));
  return {
    pick,
    pickLasting(random) {
      for (let tries = 0; tries < 50; tries += 1) {
        const author = pick(random);
        if (author.ending === undefined) return author;
      }
      return at(0);
    },
    replace(author) {
      generations[author.index] = (generations[author.index] ?? 0) + 1;
      authors[author.index] = undefined;
    },
  };
}

function makeAuthor(seed: string, platform: Platform, index: number, generation: number, endingShare: number, startMs: number): Author {
  const random = makeRandom(`${seed}/${platform}/${index}/${generation}`);
  const language = pickLanguage(random);
  const bot = random.chance(0.06);
  const word = inventedWord(en, random.zipf(40_000));
  const number = index * 7 + generation;
  const name = `${word[0]?.toUpperCase() ?? "S"}${word.slice(1)} ${inventedWord(en, 500 + random.int(20_000))}`;
  const slug = `${word}${number}`;
  const remote = random.chance(0.6);
  // The most active accounts (low indexes) stay; number 0 always does.
  const ends = index > 20 && random.chance(endingShare);
  const how = random.next();
  return {
    platform,
    index,
    language,
    bot,
    posts: 0,
    nativeId: platform === "bluesky" ? `did:plc:${random.letters(base32Letters, 24)}` : String(109_000_000_000_000_000n + BigInt(index * 1000 + generation) * 1_000_003n),
    handle: platform === "bluesky" ? `${slug}.simulated.example` : remote ? `${slug}@${random.pick(otherHosts)}` : slug,
    name: random.chance(0.2) ? `${name} 🌊` : name,
    followers: Math.floor(Math.exp(random.next() * 9)),
    createdAtMs: startMs - Math.floor(random.next() * 2 * 365 * 86_400_000),
    ...(ends && {
      ending: {
        afterPosts: 2 + random.int(5),
        how: how < 0.6 ? ("deleted" as const) : how < 0.75 ? ("takendown" as const) : ("deactivated" as const),
        comesBack: how >= 0.9,
      },
    }),
  };
}
