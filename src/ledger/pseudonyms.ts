import { EarshotError } from "../core/errors.ts";
import { type AuthorId, authorIdFrom, idWords, makeKeyedHash, type MentionId, type PostId } from "../core/ids.ts";
import { defaultPurpose, type KeyRing } from "./key-ring.ts";

export interface Pseudonyms {
  postId(platform: string, nativeId: string): PostId;
  /** Under the newest key of the purpose. */
  authorId(platform: string, nativeAuthorId: string): AuthorId;
  /** Under every live key of every purpose: an erasure means all of them. */
  authorIds(platform: string, nativeAuthorId: string): readonly AuthorId[];
  /** A handle stands for itself where no native id is known; case is folded. */
  mentionId(platform: string, nativeIdOrHandle: string): MentionId;
  /** 16 hex digits of a reaction's mark. */
  mark(platform: string, nativeMark: string): string;
  /** Two words for the headers of frames: the first 8 bytes of the id. */
  keyWords(platform: string, nativeId: string): readonly [high: number, low: number];
  authorWords(platform: string, nativeAuthorId: string): readonly [high: number, low: number];
}

/** @param options.maxCached ids remembered of each kind that comes again and again (authors, mentions) */
export function makePseudonyms(ring: KeyRing, options: { readonly purpose?: string; readonly maxCached?: number } = {}): Pseudonyms {
  const { purpose = defaultPurpose, maxCached = 50_000 } = options;
  const posts = makeKeyedHash(ring.post);
  const mentions = makeKeyedHash(ring.mention);
  const marks = makeKeyedHash(ring.mark);
  const all = ring.authors.map(({ version, key }) => ({ version, hash: makeKeyedHash(key) }));
  const newest = ring.authors.findLast((known) => known.purpose === purpose);
  if (!newest) throw new EarshotError("KEY_MISSING", `author key of the purpose ${purpose}: not in the ring`);
  const authors = makeKeyedHash(newest.key);
  const authorCache = makeCache<AuthorId>(maxCached);
  const mentionCache = makeCache<MentionId>(maxCached);

  const authorId = (platform: string, nativeId: string): AuthorId => {
    const message = join(platform, nativeId);
    return authorCache.get(message) ?? authorCache.put(message, `a${newest.version}_${authors.digestText(message)}`);
  };
  return {
    postId: (platform, nativeId) => `p_${posts.digestText(join(platform, nativeId))}`,
    authorId,
    authorIds: (platform, nativeId) => all.map(({ version, hash }) => authorIdFrom(version, hash.digest(join(platform, nativeId)))),
    mentionId(platform, nativeIdOrHandle) {
      const message = join(platform, nativeIdOrHandle.toLowerCase());
      return mentionCache.get(message) ?? mentionCache.put(message, `m_${mentions.digestText(message)}`);
    },
    mark: (platform, nativeMark) => marks.digest(join(platform, nativeMark)).toString("hex", 0, 8),
    keyWords: (platform, nativeId) => words(`p_${posts.digestText(join(platform, nativeId))}`),
    authorWords: (platform, nativeId) => words(authorId(platform, nativeId)),
  };
}

/** No platform's name has a line end, so no two pairs give one message. */
function join(platform: string, nativeId: string): string {
  return `${platform}\n${nativeId}`;
}

function words(id: PostId | AuthorId): readonly [number, number] {
  const { high, low } = idWords(id);
  return [high, low];
}

/** Two generations: what was used lately survives, without a list to keep in order. */
export function makeCache<V>(maxEntries: number) {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  const put = (key: string, value: V): V => {
    young.set(key, value);
    if (young.size * 2 >= maxEntries) {
      old = young;
      young = new Map();
    }
    return value;
  };
  return {
    get(key: string): V | undefined {
      const found = young.get(key);
      if (found !== undefined) return found;
      const aged = old.get(key);
      return aged === undefined ? undefined : put(key, aged);
    },
    put,
    drop(key: string): void {
      young.delete(key);
      old.delete(key);
    },
  };
}
