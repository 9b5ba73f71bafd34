import type { ReadFilter } from "../core/filter.ts";
import type { AuthorId } from "../core/ids.ts";
import type { Likeness } from "../models/likeness.ts";

/** How an author posts, by the newest of its posts that the viewer may see. Never a verdict on who it is. */
export interface AuthorLikeness extends Likeness {
  readonly author: AuthorId;
  /** There are older posts, which were not looked at. */
  readonly more: boolean;
}

export interface LikenessReading {
  /** undefined: no post of this author is stored, or none is for this viewer. */
  of(author: AuthorId, filter: ReadFilter): Promise<AuthorLikeness | undefined>;
  /** Who posts most in the last hours, likest to a program first. */
  active(
    window: { readonly hours: number; readonly top: number; readonly nowMs: number },
    filter: ReadFilter,
  ): Promise<{ readonly posts: number; readonly more: boolean; readonly authors: readonly AuthorLikeness[] }>;
}
