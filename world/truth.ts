import type { Ending, Platform } from "./authors.ts";
import type { Mood } from "./compose.ts";
import type { PiiKind } from "./pii.ts";
import type { Gone, LivePost } from "./post.ts";
import { iso } from "./wire/mastodon.ts";

/** What is true of a post; the README says what each member means. */
export interface Truth {
  readonly platform: Platform;
  readonly id: string;
  readonly uri: string;
  readonly author: string;
  readonly createdAt: string;
  /** False while no message with its content was sent. */
  readonly delivered: boolean;
  readonly late: boolean;
  readonly revision: number;
  readonly editedAt: string | null;
  readonly text: string;
  readonly language: string;
  readonly secondLanguage: string | null;
  readonly sentiment: Mood;
  readonly brands: readonly string[];
  readonly products: readonly string[];
  readonly campaign: string | null;
  readonly hashtags: readonly string[];
  readonly links: readonly string[];
  /** Posts with the same link the same page, whatever its address; null: no page that others link. */
  readonly story: string | null;
  readonly pii: readonly PiiKind[];
  readonly duplicateGroup: string | null;
  /** The sentences alone, as they were first written: posts with the same say the same, whoever wrote them; null: none. */
  readonly saying: string | null;
  readonly reshareOf: string | null;
  readonly quoteOf: string | null;
  readonly replyTo: string | null;
  readonly root: string;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  readonly deleted: Gone | null;
  readonly deletedAt: string | null;
  /** How the author's account ended, when that is why the post is gone. */
  readonly ending: Ending | null;
}

export function truthOf(post: LivePost): Truth {
  const { draft } = post;
  return {
    platform: post.platform,
    id: post.id,
    uri: post.uri,
    author: post.author.nativeId,
    createdAt: iso(post.createdMs),
    delivered: post.delivered,
    late: post.late,
    revision: post.revision,
    editedAt: post.editedMs === undefined ? null : iso(post.editedMs),
    text: post.text,
    language: draft.language,
    secondLanguage: draft.secondLanguage ?? null,
    sentiment: draft.mood,
    brands: draft.brands,
    products: draft.products,
    campaign: post.campaign ?? null,
    hashtags: draft.hashtags,
    links: draft.links,
    story: draft.story ?? null,
    pii: draft.pii,
    duplicateGroup: post.duplicateGroup ?? null,
    saying: draft.saying === "" ? null : draft.saying,
    reshareOf: post.reshared?.id ?? null,
    quoteOf: post.quoted?.id ?? null,
    replyTo: post.parent?.id ?? null,
    root: post.root?.id ?? post.id,
    likes: post.likes,
    shares: post.shares,
    replies: post.replies,
    deleted: post.gone ?? null,
    deletedAt: post.goneMs === undefined ? null : iso(post.goneMs),
    ending: post.goneHow ?? null,
  };
}
