import type { Author, Platform } from "./authors.ts";
import { compose, type Draft, type Part } from "./compose.ts";
import { base32Letters, makeRandom, type Random } from "./random.ts";
import { pickLanguage, towns } from "./vocabulary.ts";
import type { LanguageWords } from "./words/language.ts";

/**
 * What drives an account that keeps a time of its own. Programs: clock (the same form at a fixed pace), copier (bursts of
 * a few texts with links and tags), echo (shares or copies others all day and night), quiet (writes and pauses as people do).
 * People who are taken for one: reporter (a link in each post), witness (tells of one event in a hurry).
 */
export const drives = ["clock", "copier", "echo", "quiet", "reporter", "witness"] as const;
export type Drive = (typeof drives)[number];
export const isProgram = (drive: Drive): boolean => drive === "clock" || drive === "copier" || drive === "echo" || drive === "quiet";

/** What a driven account does next. */
export interface OwnPost {
  /** Absent: it shares or copies a post of another. */
  readonly draft?: Draft;
}

export interface Driven {
  readonly author: Author;
  readonly drive: Drive;
  /** Milliseconds until its next post. */
  wait(): number;
  write(): OwnPost;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function makeDriven(seed: string, platform: Platform, index: number, startMs: number): Driven {
  const random = makeRandom(`${seed}/driven/${platform}/${index}`);
  const drive = drives[index % drives.length] ?? "clock";
  const language = pickLanguage(random);
  const author: Author = {
    platform,
    // Behind all others, so that no key of a record is another's.
    index: 900_000 + index,
    language,
    bot: isProgram(drive),
    drive,
    posts: 0,
    nativeId: platform === "bluesky" ? `did:plc:${random.letters(base32Letters, 24)}` : String(109_900_000_000_000_000n + BigInt(index) * 1_000_003n),
    handle: platform === "bluesky" ? `driven${index}.simulated.example` : `driven${index}`,
    name: `Driven ${index}`,
    followers: random.int(2_000),
    createdAtMs: startMs - random.int(300) * 24 * hourMs,
  };
  const periodMs = random.pick([5, 10, 15, 20, 30, 60]) * minuteMs;
  const jitterMs = random.pick([500, 2_000, 5_000]);
  const texts = Array.from({ length: 2 + random.int(4) }, () => composed(random, language));
  let left = 0;
  return {
    author,
    drive,
    wait() {
      switch (drive) {
        case "clock":
          return periodMs + (random.next() - 0.5) * 2 * jitterMs;
        case "copier":
          if (left > 0) {
            left -= 1;
            return 2_000 + random.exponential(4_000);
          }
          left = 4 + random.int(10);
          return random.exponential(3 * hourMs);
        case "echo":
          return random.exponential(20 * minuteMs);
        case "quiet":
          return random.exponential(hourMs);
        case "reporter":
          return random.exponential(2 * hourMs);
        case "witness":
          if (left > 0) {
            left -= 1;
            return 20_000 + random.exponential(90_000);
          }
          left = 5 + random.int(15);
          return random.exponential(12 * hourMs);
      }
    },
    write() {
      switch (drive) {
        case "clock":
          return { draft: reading(random, language) };
        case "copier":
          return { draft: tagged(random, random.pick(texts)) };
        case "echo":
          return {};
        case "reporter":
          return { draft: linked(random, composed(random, language)) };
        default:
          return { draft: composed(random, language) };
      }
    },
  };
}

function composed(random: Random, language: LanguageWords): Draft {
  const mood = random.pick(["positive", "negative", "neutral"] as const);
  return compose(random, { language, mood, brand: undefined, campaign: undefined, mention: undefined, lettersAtMost: 200, piiShare: 0 });
}

/** The same form each time, with another place and other figures. */
function reading(random: Random, language: LanguageWords): Draft {
  const text = `${random.pick(towns)}: ${random.int(35)} °C, ${random.int(100)} %, ${random.int(40)} km/h`;
  const url = `https://station.simulated.example/${random.letters(base32Letters, 8)}`;
  return {
    parts: [
      { kind: "text", text: `${text} ` },
      { kind: "link", url },
    ],
    saying: text,
    language: language.tag,
    mood: "neutral",
    brands: [],
    products: [],
    hashtags: [],
    links: [url],
    pii: [],
  };
}

function linked(random: Random, draft: Draft): Draft {
  if (draft.links.length > 0) return draft;
  const url = `https://news.simulated.example/${random.letters(base32Letters, 8)}`;
  const more: readonly Part[] = [
    { kind: "text", text: " " },
    { kind: "link", url },
  ];
  return { ...draft, parts: [...draft.parts, ...more], links: [url] };
}

const tags = ["win", "free", "deal", "now", "best", "shop"] as const;

function tagged(random: Random, draft: Draft): Draft {
  const more = tags.filter((tag) => !draft.hashtags.includes(tag) && random.chance(0.6));
  const parts = more.flatMap((tag): readonly Part[] => [
    { kind: "text", text: " " },
    { kind: "hashtag", tag },
  ]);
  return linked(random, { ...draft, parts: [...draft.parts, ...parts], hashtags: [...draft.hashtags, ...more] });
}
