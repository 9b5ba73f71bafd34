import type { Author, Platform } from "./authors.ts";
import type { Delivery } from "./delivery.ts";
import type { LivePost } from "./post.ts";

/** What the world tells while it runs. */
export interface Audience {
  deliver(delivery: Delivery): void;
  /** A post exists from now on (it may be on its way still). */
  born(post: LivePost): void;
  /** Nothing will happen to the post any more. */
  settled(post: LivePost): void;
  /** An account ended; `posts` are those of it that were not settled. */
  ended(author: Author, atMs: number): void;
  /** The id of a message whose creation time is wrong. */
  ambiguous(platform: Platform, id: string): void;
}
