import type { Author, Ending, Platform } from "./authors.ts";
import type { Draft } from "./compose.ts";

export type Gone = "delete" | "erase";

/** A post of the world with all that is still to happen to it; `Truth` (oracle.ts) is what stays of it. */
export interface LivePost {
  readonly platform: Platform;
  /** bluesky: the at:// uri; mastodon: the status id. */
  readonly id: string;
  /** mastodon: the status uri; bluesky: the same as `id`. */
  readonly uri: string;
  readonly author: Author;
  readonly createdMs: number;
  readonly deliveredMs: number;
  draft: Draft;
  /** Plain text as the platform's form gives it. */
  text: string;
  revision: number;
  editedMs: number | undefined;
  parent: LivePost | undefined;
  root: LivePost | undefined;
  quoted: LivePost | undefined;
  reshared: LivePost | undefined;
  /** Id of the first of a group of near-duplicates. */
  duplicateGroup: string | undefined;
  readonly campaign: string | undefined;
  readonly late: boolean;
  /** A message with its content was sent: the post itself, or an edit that overtook it. */
  delivered: boolean;
  gone: Gone | undefined;
  goneMs: number | undefined;
  goneHow: Ending | undefined;
  /** What the platform has told so far. */
  likes: number;
  shares: number;
  replies: number;
  /** mastodon: what it knows and has not told yet. */
  untold: { likes: number; shares: number; replies: number };
  /** bluesky: content id of the current record. */
  cid: string;
  /** bluesky: the record key. */
  rkey: string;
  readonly popularity: number;
  /** What the extras (images, card, content warning) are made from. */
  readonly extrasSeed: number;
  /** Messages sent that carry the post's state. */
  messages: number;
  /** Reasons for which the post cannot be settled yet. */
  holds: number;
}
