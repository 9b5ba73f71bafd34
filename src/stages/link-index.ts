import type { KnownEntity } from "../core/linking.ts";
import type { Draft } from "../core/stage.ts";
import { foldText, pairedCount, queryTokens } from "../core/tokens.ts";

/** Where a text may mean entries of the register, half open in UTF-16 units. */
export interface Mention {
  readonly start: number;
  readonly end: number;
  /** Index of its first word, and how many; of an account none. */
  readonly word: number;
  readonly words: number;
  readonly how: "name" | "hashtag" | "account";
  /** Indexes of entries. */
  readonly candidates: readonly number[];
}

interface Node {
  readonly next: Map<string, Node>;
  /** Entries whose name ends here. */
  readonly ends: number[];
}

export interface LinkIndex {
  readonly entities: readonly KnownEntity[];
  /** In the order of the text, none within another; the longest name wins. */
  mentionsIn(draft: Draft): readonly Mention[];
}

const wordEnd = /[\p{L}\p{N}\p{M}\p{Co}\u200c\u200d\ufe0e\ufe0f]+/uy;

/** End of a word of a text in its units: folding may have dropped some. */
function endOf(text: string, start: number, word: string): number {
  if (pairedCount(word) > 0) return start + word.length;
  wordEnd.lastIndex = start;
  return wordEnd.test(text) ? wordEnd.lastIndex : start + word.length;
}

const bare = (text: string, sign: string): string => foldText(text.startsWith(sign) ? text.slice(1) : text);

function push(map: Map<string, number[]>, key: string, entity: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entity]);
  else if (!list.includes(entity)) list.push(entity);
}

/** A tree of words: the cost is that of the text's words, hardly that of the register. */
export function makeLinkIndex(entities: readonly KnownEntity[]): LinkIndex {
  const root: Node = { next: new Map(), ends: [] };
  const accounts = new Map<string, number[]>();
  const hashtags = new Map<string, number[]>();
  for (const [i, { name, aliases, handles, hashtags: tags }] of entities.entries()) {
    for (const alias of [name, ...aliases]) {
      let node = root;
      const { words } = queryTokens(alias);
      for (const word of words) {
        let next = node.next.get(word);
        if (next === undefined) node.next.set(word, (next = { next: new Map(), ends: [] }));
        node = next;
      }
      if (node !== root && !node.ends.includes(i)) node.ends.push(i);
    }
    for (const handle of handles) push(accounts, bare(handle, "@"), i);
    for (const tag of tags) push(hashtags, bare(tag, "#"), i);
  }

  const longest = (words: readonly string[], from: number): { readonly count: number; readonly ends: readonly number[] } | undefined => {
    let found: { count: number; ends: readonly number[] } | undefined;
    let node: Node | undefined = root;
    for (let i = from; i < words.length; i++) {
      node = node.next.get(words[i] ?? "");
      if (node === undefined) break;
      if (node.ends.length > 0) found = { count: i - from + 1, ends: node.ends };
    }
    return found;
  };

  return {
    entities,
    mentionsIn({ text, tokens: { words, starts }, accountSpans }) {
      const mentions: Mention[] = [];
      if (accounts.size > 0)
        for (const { start, end, handle } of accountSpans) {
          const candidates = accounts.get(foldText(handle));
          if (candidates !== undefined) mentions.push({ start, end, word: 0, words: 0, how: "account", candidates });
        }
      const named = mentions.length;
      for (let i = 0; i < words.length; i++) {
        const start = starts[i] ?? 0;
        const before = start > 0 ? text.charCodeAt(start - 1) : 0;
        const tagged = before === 0x23 || before === 0xff03 ? hashtags.get(words[i] ?? "") : undefined;
        const name = tagged === undefined ? longest(words, i) : undefined;
        if (tagged === undefined && name === undefined) continue;
        const count = name?.count ?? 1;
        const last = i + count - 1;
        const end = endOf(text, starts[last] ?? start, words[last] ?? "");
        const isTaken = mentions.slice(0, named).some((other) => other.start < end && start < other.end);
        if (!isTaken) mentions.push({ start, end, word: i, words: count, how: tagged === undefined ? "name" : "hashtag", candidates: tagged ?? name?.ends ?? [] });
        i = last;
      }
      return named === 0 ? mentions : mentions.toSorted((a, b) => a.start - b.start);
    },
  };
}
