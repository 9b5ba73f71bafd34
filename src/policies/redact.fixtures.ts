import type { Post } from "../core/event.ts";
import { isAuthorId, isPostId } from "../core/ids.ts";

/** A post of nobody, with the fields that matter to a test. */
export function makePost(fields: Partial<Post>): Post {
  const [id, author] = [`p_${"A".repeat(22)}`, `a1_${"A".repeat(22)}`];
  if (!isPostId(id) || !isAuthorId(author)) throw new TypeError("the ids of a fixture");
  return {
    id,
    author,
    platform: "paper",
    source: "paper",
    text: "",
    createdAt: 0,
    receivedAt: 0,
    revision: 0,
    language: "en",
    terms: [],
    hashtags: [],
    mentions: [],
    links: [],
    counts: { likes: 0, shares: 0, replies: 0, views: 0 },
    sensitivity: "public",
    region: "zz",
    ...fields,
  };
}
