import { type Brand, brands } from "./brands.ts";
import { type PiiKind, pickPii } from "./pii.ts";
import type { Story } from "./stories.ts";
import { base32Letters, type Random } from "./random.ts";
import { angryEmoji, emoji, happyEmoji, pickInvented, towns, wordsOf } from "./vocabulary.ts";
import type { LanguageWords } from "./words/language.ts";

export type Mood = "positive" | "negative" | "neutral";

/** A post's text in parts; each platform renders them in its own form. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "mention"; readonly name: string; readonly account: Mentioned }
  | { readonly kind: "hashtag"; readonly tag: string }
  | { readonly kind: "link"; readonly url: string }
  | { readonly kind: "break" }
  | { readonly kind: "paragraph" };

export interface Mentioned {
  readonly nativeId: string;
  readonly handle: string;
}

export interface Draft {
  readonly parts: readonly Part[];
  /** Its sentences alone, without greetings, emoji, hashtags and links: what two posts that say the same share. */
  readonly saying: string;
  readonly language: string;
  readonly secondLanguage?: string;
  readonly mood: Mood;
  readonly brands: readonly string[];
  readonly products: readonly string[];
  readonly hashtags: readonly string[];
  readonly links: readonly string[];
  readonly pii: readonly PiiKind[];
  /** Id of the story whose page it links. */
  readonly story?: string;
}

export interface Wish {
  readonly language: LanguageWords;
  readonly mood: Mood;
  readonly brand: Brand | undefined;
  readonly campaign: Brand | undefined;
  readonly mention: Mentioned | undefined;
  /** The most letters that the text may have. */
  readonly lettersAtMost: number;
  readonly piiShare: number;
  readonly story?: Story | undefined;
}

const slot = /\{([xnghwtc])\}/gu;

export function compose(random: Random, wish: Wish): Draft {
  const { language, mood, brand } = wish;
  const parts: Part[] = [];
  const hashtags: string[] = [];
  const links: string[] = [];
  const pii: PiiKind[] = [];
  let text = "";
  let letters = 0;
  const named = new Set<string>();
  const sayings: string[] = [];
  const say = (piece: string, gap: string): void => {
    if (text !== "") text += gap + piece;
    else {
      const last = parts.at(-1)?.kind;
      text = last === undefined || last === "break" || last === "paragraph" ? piece : ` ${piece}`;
    }
  };
  const flush = (): void => {
    if (text === "") return;
    parts.push({ kind: "text", text });
    letters += text.length;
    text = "";
  };
  const entity = (part: Part, size: number): void => {
    if (text !== "" || parts.length > 0) text += " ";
    flush();
    parts.push(part);
    letters += size;
  };

  if (wish.mention !== undefined) entity({ kind: "mention", name: wish.mention.handle, account: wish.mention }, wish.mention.handle.length + 1);
  if (random.chance(0.3)) say(random.pick(language.openers), " ");
  let product: string | undefined;
  if (brand !== undefined && random.chance(0.35)) product = random.pick(brand.products);
  const sentences = random.chance(0.74) ? 1 : random.chance(0.85) ? 2 : 3;
  for (let index = 0; index < sentences; index += 1) {
    const frame = random.pick(index === 0 || random.chance(0.5) ? language[mood] : language.neutral);
    const subject = index === 0 ? brand?.name : product;
    const sentence = fill(random, language, frame, subject);
    if (letters + text.length + sentence.length > wish.lettersAtMost) break;
    if (subject !== undefined && sentence.includes(subject)) named.add(subject);
    sayings.push(sentence);
    if (index > 0 && random.chance(0.12)) {
      flush();
      parts.push({ kind: random.chance(0.5) ? "break" : "paragraph" });
      say(sentence, "");
    } else say(sentence, index > 0 && language.gap === " " ? ". " : language.gap);
  }
  let secondLanguage: string | undefined;
  if (random.chance(0.035) && letters + text.length < wish.lettersAtMost - 130) {
    const other = language.tag === "en" ? wordsOf(random.pick(["es", "hi", "fr", "de"])) : wordsOf("en");
    const sentence = fill(random, other, random.pick(other.neutral), undefined);
    if (letters + text.length + sentence.length < wish.lettersAtMost) {
      sayings.push(sentence);
      secondLanguage = other.tag;
      say(sentence, " ");
    }
  }
  const room = (size: number): boolean => letters + text.length + size < wish.lettersAtMost;
  if (random.chance(0.2) && room(40)) say(random.pick(language.closers), ` `);
  if (random.chance(wish.piiShare) && room(40)) {
    const found = pickPii(random);
    pii.push(found.kind);
    say(found.text, " ");
  }
  if (random.chance(0.3) && room(6)) {
    const set = mood === "positive" ? happyEmoji : mood === "negative" ? angryEmoji : emoji;
    const one = random.pick(random.chance(0.7) ? set : emoji);
    say(random.chance(0.2) ? one + one + one : one, " ");
  }
  flush();
  const tagWith = (tag: string): void => {
    if (!room(tag.length + 2) || hashtags.includes(tag)) return;
    entity({ kind: "hashtag", tag }, tag.length + 2);
    hashtags.push(tag);
  };
  if (wish.campaign !== undefined) tagWith(wish.campaign.campaignTag);
  if (brand !== undefined && random.chance(0.25)) tagWith(brand.name);
  if (random.chance(0.15)) tagWith(hashtagOf(random, language));
  const story = wish.story !== undefined && room(wish.story.url.length + 1) ? wish.story : undefined;
  if (story !== undefined) {
    entity({ kind: "link", url: story.url }, story.url.length + 1);
    links.push(story.url);
  } else if (random.chance(0.11) && room(80)) {
    const site = brand?.site ?? `${random.pick(["news", "blog", "shop", "video"])}.simulated.example`;
    const url = `https://${site}/${random.letters(base32Letters, 8)}/${pickSlug(random)}${random.chance(0.3) ? "?utm_source=sim&id=" + random.int(100_000) : ""}`;
    entity({ kind: "link", url }, url.length + 1);
    links.push(url);
  }
  flush();
  return {
    parts,
    saying: sayings.join(" "),
    language: language.tag,
    mood,
    hashtags,
    links,
    pii,
    ...(secondLanguage !== undefined && { secondLanguage }),
    ...(story !== undefined && { story: story.id }),
    brands: brands.filter((one) => named.has(one.name) || hashtags.includes(one.name)).map((one) => one.id),
    products: brand?.products.filter((one) => named.has(one)) ?? [],
  };
}

export function fill(random: Random, language: LanguageWords, frame: string, subject: string | undefined): string {
  return frame.replace(slot, (_whole, name: string) => {
    switch (name) {
      case "x":
        return subject ?? pickInvented(random, language);
      case "g":
        return random.pick(language.good);
      case "h":
        return random.pick(language.bad);
      case "w":
        return pickInvented(random, language);
      case "t":
        return random.pick(language.times);
      case "c":
        return random.pick(towns);
      default:
        return random.chance(0.65) ? random.pick(language.nouns) : pickInvented(random, language);
    }
  });
}

const english = wordsOf("en");

function pickSlug(random: Random): string {
  return `${random.pick(english.nouns).replace("é", "e")}-${pickInvented(random, english)}`;
}

/** Letters of the language's own script, without blanks. */
function hashtagOf(random: Random, language: LanguageWords): string {
  const noun = random.pick(language.nouns).replace(/[^\p{L}\p{M}\p{N}]/gu, "");
  return random.chance(0.7) ? noun : noun + pickInvented(random, language);
}

/** A copy as people make them: the same words with another ending. */
export function nearCopy(random: Random, draft: Draft): Draft {
  const parts = draft.parts.slice();
  const ending = random.pick(["!!", " 👀", " 🔥🔥", "…", " (via a friend)", " RT", " .", " 👇"]);
  parts.push({ kind: "text", text: ending });
  return { ...draft, parts };
}

/** What an author makes of the text when editing it: a word is changed or a note is added. */
export function edited(random: Random, draft: Draft, revision: number): Draft {
  const language = wordsOf(draft.language);
  const note = `${random.chance(0.5) ? "Edit" : "Update"} ${revision}: ${pickInvented(random, language)} ${random.pick(language.nouns)}`;
  return { ...draft, parts: [...draft.parts, { kind: "break" }, { kind: "text", text: note }] };
}
