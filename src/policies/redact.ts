import type { Notes, PiiSpan, Post } from "../core/event.ts";
import { maskText } from "../core/mask.ts";

/**
 * What everybody is shown of a post: personal data that was found in its text stands as `[email]`, `[phone]` …,
 * so that its length tells nothing. Links that carry an address are left out.
 */
export function redactPost(post: Post): Post {
  const links = post.links.some(bearsAddress) ? post.links.filter((link) => !bearsAddress(link)) : post.links;
  if (post.pii === undefined || post.pii.length === 0) return links === post.links ? post : { ...post, links };
  const { text, spans } = maskText(post.text, post.pii);
  const notes = post.notes?.entities === undefined ? post.notes : { ...post.notes, entities: { ...post.notes.entities, spans: moved(post.notes.entities.spans, post.pii, spans) } };
  return { ...post, text, links, pii: spans, ...(notes && { notes }) };
}

type Spans = NonNullable<Notes["entities"]>["spans"];

/** Where names stand once the text is masked; those that touch what is masked go. `masked`: in the order of the text, overlapping ones joined. */
function moved(names: Spans, pii: readonly PiiSpan[], masked: readonly PiiSpan[]): Spans {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of pii.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return names.flatMap((name) => {
    if (joined.some(({ start, end }) => name.start < end && start < name.end)) return [];
    const before = joined.filter(({ end }) => end <= name.start).length - 1;
    const by = before < 0 ? 0 : (masked[before]?.end ?? 0) - (joined[before]?.end ?? 0);
    return [{ ...name, start: name.start + by, end: name.end + by }];
  });
}

function bearsAddress(link: string): boolean {
  return /^(?:mailto|tel|sms):/i.test(link);
}
