import type { LivePost } from "./post.ts";
import type { Random } from "./random.ts";

/** The newest posts of a platform: what people answer, quote, like and reshare. Bounded. */
export interface PostWindow {
  /** Gives back what falls out. */
  add(post: LivePost): LivePost | undefined;
  /** A post that is there, rather new and popular; undefined when the world has none yet. */
  pick(random: Random, fits: (post: LivePost) => boolean): LivePost | undefined;
  drain(): readonly LivePost[];
}

export function makeWindow(size: number): PostWindow {
  let ring: LivePost[] = [];
  let head = 0;
  return {
    add(post) {
      if (ring.length < size) {
        ring.push(post);
        return undefined;
      }
      const out = ring[head];
      ring[head] = post;
      head = (head + 1) % size;
      return out;
    },
    pick(random, fits) {
      let best: LivePost | undefined;
      for (let tries = 0; tries < 4; tries += 1) {
        const back = Math.floor(random.next() ** 2 * ring.length);
        const post = ring[(head + ring.length - 1 - back) % ring.length];
        if (post === undefined || post.gone !== undefined || !fits(post)) continue;
        if (best === undefined || post.popularity > best.popularity) best = post;
      }
      return best;
    },
    drain() {
      const all = ring;
      ring = [];
      head = 0;
      return all;
    },
  };
}
