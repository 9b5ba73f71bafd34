import type { MentionId } from "../core/ids.ts";
import { setText, type AccountSpan, type Draft, type Stage } from "../core/stage.ts";
import { findUrls, type FoundUrl, profileOf } from "./urls.ts";

export interface MentionsOptions {
  /** Pseudonym of an account: its native id where known, else its handle in lower case. */
  readonly mentionId: (platform: string, account: string) => MentionId;
  /** Accounts that the user's terms name: brands, which are no persons, and stay readable. Handle in lower case, without @. */
  readonly isOrganisationHandle: (handle: string) => boolean;
}

const cacheLimit = 20_000;

/** Puts @m_… in the place of every account that the text or a link names, and makes the words of the final text. */
export function makeMentions(options: MentionsOptions): Stage {
  let ids = new Map<string, MentionId>();
  let older = new Map<string, MentionId>();
  const idOf = (platform: string, account: string): MentionId => {
    const key = `${platform} ${account}`;
    const known = ids.get(key) ?? older.get(key) ?? options.mentionId(platform, account);
    if (ids.size >= cacheLimit) {
      // Two generations: what was asked for lately survives.
      older = ids;
      ids = new Map();
    }
    ids.set(key, known);
    return known;
  };

  const maskUrl = (url: string): string => {
    const profile = profileOf(url);
    if (profile === undefined || options.isOrganisationHandle(profile.handle)) return url;
    return `${url.slice(0, profile.start)}@${idOf(profile.platform, profile.nativeId ?? profile.handle)}${url.slice(profile.end)}`;
  };

  const mask = (draft: Draft): void => {
    const urls = findUrls(draft.text);
    if (draft.accountSpans.length > 0 || urls.length > 0) maskText(draft, urls);
    else setText(draft, draft.text);
    if (draft.links.length > 0) draft.links = draft.links.map((link) => maskUrl(link));
  };

  const maskText = (draft: Draft, urls: readonly FoundUrl[]): void => {
    const { text } = draft;
    const places = placesOf(draft.accountSpans, urls);
    const spans: AccountSpan[] = [];
    let out = "";
    let from = 0;
    for (const place of places) {
      out += text.slice(from, place.start);
      from = place.end;
      if ("url" in place) {
        out += maskUrl(place.url);
        continue;
      }
      const handle = place.handle.toLowerCase();
      const start = out.length;
      out += options.isOrganisationHandle(handle) ? text.slice(place.start, place.end) : `@${idOf(draft.platform, place.nativeId ?? handle)}`;
      spans.push({ ...place, start, end: out.length });
    }
    setText(draft, out + text.slice(from));
    draft.accountSpans = spans;
  };

  return {
    name: "mentions",
    run: (batch) =>
      batch.map((draft) => {
        mask(draft);
        return { keep: draft };
      }),
    [Symbol.dispose]() {
      ids = new Map();
      older = new Map();
    },
  };
}

/** Accounts and addresses in order, without overlap; where both claim a place, the first one has it. */
function placesOf(accounts: readonly AccountSpan[], urls: readonly FoundUrl[]): readonly (AccountSpan | FoundUrl)[] {
  if (urls.length === 0) return accounts;
  const sorted = [...accounts, ...urls].toSorted((a, b) => a.start - b.start);
  const kept: (AccountSpan | FoundUrl)[] = [];
  let end = 0;
  for (const place of sorted) {
    if (place.start < end) continue;
    kept.push(place);
    end = place.end;
  }
  return kept;
}
