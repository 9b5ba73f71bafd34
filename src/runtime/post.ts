import { noCounts, type Counts, type Post, type SourceMedia } from "../core/event.ts";
import type { AuthorId, MentionId, PostId } from "../core/ids.ts";
import type { Draft } from "../core/stage.ts";

export interface PostIds {
  postId(platform: string, nativeId: string): PostId;
  authorId(platform: string, nativeId: string): AuthorId;
}

const mention = /@(m_[A-Za-z0-9_-]{22})/g;
/** Account ids, handles and addresses of people: what must not slip into `posts` inside fields that no parser knows. */
const identity = /did:(?:plc|web|key):|@[\w.-]+|\/(?:profile|users|u)\//i;
const maxExtraLength = 4_096;

/** The post as the log carries it: keyed ids, no identity. */
export function makePost(draft: Draft, id: PostId, ids: PostIds): Post {
  const { post, platform } = draft;
  const ref = (nativeId: string | undefined) => (nativeId === undefined ? undefined : ids.postId(platform, nativeId));
  const replyTo = ref(post.replyTo);
  const root = post.root === post.replyTo ? replyTo : ref(post.root);
  const reshareOf = ref(post.reshareOf);
  const quoteOf = ref(post.quoteOf);
  const media = post.media?.map(withoutAddress);
  const extra = keepable(post.extra);
  const mentions: MentionId[] = [];
  if (draft.accountSpans.length > 0 || draft.text.includes("@m_")) {
    for (const match of draft.text.matchAll(mention)) {
      const found: MentionId = `m_${(match[1] ?? "m_").slice(2)}`;
      if (!mentions.includes(found)) mentions.push(found);
    }
  }
  // Plain assignments: conditional spreads cost several times as much, and this is done for every post.
  const made: { -readonly [K in keyof Post]: Post[K] } = {
    id,
    author: ids.authorId(platform, post.author.id),
    platform,
    source: draft.source,
    createdAt: post.createdAt,
    receivedAt: draft.receivedAt,
    revision: post.revision,
    text: draft.text,
    language: draft.language,
    terms: draft.terms,
    hashtags: draft.hashtags,
    mentions,
    links: draft.links,
    counts: fullCounts(post.counts),
    sensitivity: draft.sensitivity,
    region: draft.region,
  };
  if (post.editedAt !== undefined) made.editedAt = post.editedAt;
  if (draft.sentiment) made.sentiment = draft.sentiment;
  if (replyTo) made.replyTo = replyTo;
  if (root) made.root = root;
  if (reshareOf) made.reshareOf = reshareOf;
  if (quoteOf) made.quoteOf = quoteOf;
  if (media && media.length > 0) made.media = media;
  if (draft.pii.length > 0) made.pii = draft.pii;
  if (draft.notes) made.notes = draft.notes;
  if (extra) made.extra = extra;
  return made;
}

function fullCounts(counts: Partial<Counts> | undefined): Counts {
  return counts === undefined ? noCounts : { ...noCounts, ...counts };
}

/** Addresses of media name their owner on most platforms; the raw keeps them. */
function withoutAddress(media: SourceMedia): SourceMedia {
  const { url: _url, ...rest } = media;
  return rest;
}

function keepable(extra: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> | undefined {
  if (extra === undefined) return undefined;
  const text = JSON.stringify(extra);
  if (text.length <= 2 || text.length > maxExtraLength) return undefined;
  return identity.test(text) ? undefined : extra;
}
