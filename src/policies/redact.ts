import type { Post } from "../core/event.ts";
import { maskText } from "../core/mask.ts";

/**
 * What everybody is shown of a post: personal data that was found in its text stands as `[email]`, `[phone]` …,
 * so that its length tells nothing. Links that carry an address are left out.
 */
export function redactPost(post: Post): Post {
  const links = post.links.some(bearsAddress) ? post.links.filter((link) => !bearsAddress(link)) : post.links;
  if (post.pii === undefined || post.pii.length === 0) return links === post.links ? post : { ...post, links };
  const { text, spans } = maskText(post.text, post.pii);
  return { ...post, text, links, pii: spans };
}

function bearsAddress(link: string): boolean {
  return /^(?:mailto|tel|sms):/i.test(link);
}
