import { base32Letters, type Random } from "./random.ts";

/** A page that many accounts of every platform link, each by an address that it came across. */
export interface Story {
  readonly id: string;
  readonly url: string;
}

const lastsMs = 3 * 3_600_000;
const storiesAtOnce = 6;

export function pickStory(random: Random, atMs: number): Story {
  const id = `${Math.floor(atMs / lastsMs)}-${random.int(storiesAtOnce)}`;
  const page = `press.simulated.example/stories/${id}`;
  const url = random.pick([
    `https://${page}`,
    `http://www.${page}/`,
    `https://m.${page}?utm_source=sim&utm_medium=social`,
    `https://${page}/amp`,
    `https://${page}?fbclid=${random.letters(base32Letters, 12)}#top`,
    `https://l.facebook.com/l.php?u=${encodeURIComponent(`https://${page}?igshid=x`)}&h=${random.letters(base32Letters, 8)}`,
  ]);
  return { id, url };
}
