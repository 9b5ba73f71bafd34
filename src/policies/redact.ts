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
  const { entities, languages, towards } = post.notes ?? {};
  const masked = post.pii;
  const notes = post.notes && {
    ...post.notes,
    ...(entities && { entities: { ...entities, spans: moved(entities.spans, post.pii, spans) } }),
    ...(languages && { languages: { ...languages, spans: stretched(languages.spans, post.pii, spans) } }),
    ...(towards && { towards: { ...towards, of: towards.of.map(([key, label, score, places]) => [key, label, score, placesIn(places, masked, spans)] as const) } }),
  };
  return { ...post, text, links, pii: spans, ...(notes && { notes }) };
}

type Spans = NonNullable<Notes["entities"]>["spans"];

/** Where names stand once the text is masked; those that touch what is masked go. `masked`: in the order of the text, overlapping ones joined. */
function moved(names: Spans, pii: readonly PiiSpan[], masked: readonly PiiSpan[]): Spans {
  const joined = joinedSpans(pii);
  return names.flatMap((name) => {
    if (joined.some(({ start, end }) => name.start < end && start < name.end)) return [];
    const before = joined.filter(({ end }) => end <= name.start).length - 1;
    const by = before < 0 ? 0 : (masked[before]?.end ?? 0) - (joined[before]?.end ?? 0);
    return [{ ...name, start: name.start + by, end: name.end + by }];
  });
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function joinedSpans(pii: readonly PiiSpan[]): readonly Place[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of pii.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** Places of a `TowardsNote`, one after the other. */
function placesIn(places: readonly number[], pii: readonly PiiSpan[], masked: readonly PiiSpan[]): readonly number[] {
  const stretches = Array.from({ length: places.length >> 1 }, (_, i) => ({ start: places[2 * i] ?? 0, end: places[2 * i + 1] ?? 0 }));
  return stretched(stretches, pii, masked).flatMap(({ start, end }) => [start, end]);
}

/** Where stretches of a language or about a target stand once the text is masked: an end within what is masked moves to the mask's own. */
function stretched<T extends Place>(stretches: readonly T[], pii: readonly PiiSpan[], masked: readonly PiiSpan[]): readonly T[] {
  const joined = joinedSpans(pii);
  const place = (at: number, isEnd: boolean): number => {
    const before = joined.findLastIndex(({ start }) => (isEnd ? start < at : start <= at));
    const [was, is] = [joined[before], masked[before]];
    if (was === undefined || is === undefined) return at;
    if (at < was.end) return isEnd ? is.end : is.start;
    return at + is.end - was.end;
  };
  return stretches.map((one) => ({ ...one, start: place(one.start, false), end: place(one.end, true) }));
}

function bearsAddress(link: string): boolean {
  return /^(?:mailto|tel|sms):/i.test(link);
}
