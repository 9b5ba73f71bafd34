import { brands } from "../brands.ts";
import { compose } from "../compose.ts";
import type { Random } from "../random.ts";
import { renderStatus } from "../wire/mastodon.ts";
import { wordsOf } from "../vocabulary.ts";

/** A piece of writing for servers whose posts have a title: its HTML, and the plain text of it. */
export interface Story {
  readonly title: string;
  readonly html: string;
  readonly text: string;
}

const moods = ["positive", "negative", "neutral"] as const;

export function writeStory(random: Random, language = "en"): Story {
  const words = wordsOf(language);
  const brand = random.chance(0.5) ? random.pick(brands) : undefined;
  const write = (lettersAtMost: number) =>
    renderStatus(compose(random, { language: words, mood: random.pick(moods), brand, campaign: undefined, mention: undefined, lettersAtMost, piiShare: 0.01 }).parts);
  const { html, text } = write(1_000);
  return { title: write(80).text.split("\n")[0]?.slice(0, 90) ?? "", html, text };
}
