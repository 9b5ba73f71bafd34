import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { SourceAuthor } from "../core/event.ts";
import { type AuthorId, isAuthorId } from "../core/ids.ts";

/** Who stands behind a pseudonym. */
export interface Identity {
  readonly author: AuthorId;
  readonly platform: string;
  /** When this was last told, milliseconds UTC; 0: not known. */
  readonly seenAt: number;
  readonly nativeId: string;
  readonly handle?: string;
  readonly name?: string;
  readonly avatarUrl?: string;
  readonly profileUrl?: string;
  readonly followers?: number;
  readonly bot?: boolean;
}

export interface PostIdentity {
  readonly nativeId: string;
  readonly permalink?: string;
}

/** A chunk: key, record, key, record …; the key is an AuthorId or a PostId. Throws STORE_CORRUPT. */
export function* unpackChunk(text: string): Iterable<readonly [key: string, record: string]> {
  const parsed = z.array(z.string()).safeParse(parseJson(text));
  if (!parsed.success || parsed.data.length % 2 !== 0) throw new EarshotError("STORE_CORRUPT", "identities: a chunk cannot be read");
  for (let i = 0; i < parsed.data.length; i += 2) yield [parsed.data[i] ?? "", parsed.data[i + 1] ?? ""];
}

const texts = z.array(z.string().nullable());
const identitySchema = z.tuple([
  z.string(),
  z.string(),
  z.number(),
  z.string(),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
  z.number().nullable(),
  z.boolean().nullable(),
]);

export function packIdentity(identity: Identity): string {
  const { author, platform, seenAt, nativeId, handle = null, name = null, avatarUrl = null, profileUrl = null, followers = null, bot = null } = identity;
  return JSON.stringify([author, platform, seenAt, nativeId, handle, name, avatarUrl, profileUrl, followers, bot]);
}

export function unpackIdentity(packed: string): Identity {
  const parsed = identitySchema.safeParse(parseJson(packed));
  if (!parsed.success) throw new EarshotError("STORE_CORRUPT", "identities: an author's record cannot be read");
  const [author, platform, seenAt, nativeId, handle, name, avatarUrl, profileUrl, followers, bot] = parsed.data;
  if (!isAuthorId(author)) throw new EarshotError("STORE_CORRUPT", "identities: a record without a pseudonym");
  return {
    author,
    platform,
    seenAt,
    nativeId,
    ...(handle !== null && { handle }),
    ...(name !== null && { name }),
    ...(avatarUrl !== null && { avatarUrl }),
    ...(profileUrl !== null && { profileUrl }),
    ...(followers !== null && { followers }),
    ...(bot !== null && { bot }),
  };
}

// The author's native id, its handle and the last part of the post's own id come again inside ids and permalinks.
const authorMark = "\u0001";
const lastMark = "\u0003";

/** Six letters of a pseudonym, after those that chose its bucket: whose post a row is, told inside of the seal. */
export function authorTag(author: AuthorId): string {
  const start = author.indexOf("_") + 3;
  return author.slice(start, start + 6);
}

export function packPostIdentity(post: PostIdentity, author: AuthorId, source: SourceAuthor): string {
  return authorTag(author) + packIds(post, source);
}

function packIds(post: PostIdentity, source: SourceAuthor): string {
  const last = lastPartOf(post.nativeId);
  // An id that has a mark of ours in it is kept as it is.
  if (/[\u0001-\u0004]/.test(post.nativeId + (post.permalink ?? ""))) return `\u0004${JSON.stringify([post.nativeId, post.permalink ?? null])}`;
  const nativeId = shorten(post.nativeId, source, "");
  return post.permalink === undefined ? nativeId : `${nativeId}\n${shorten(post.permalink, source, last)}`;
}

export function unpackPostIdentity(tagged: string, author: Identity | undefined): PostIdentity {
  const packed = tagged.slice(6);
  if (packed.startsWith("\u0004")) {
    const [nativeId, permalink] = texts.parse(parseJson(packed.slice(1)));
    return { nativeId: nativeId ?? "", ...(permalink !== undefined && permalink !== null && { permalink }) };
  }
  const split = packed.indexOf("\n");
  const nativeId = lengthen(split < 0 ? packed : packed.slice(0, split), author, "");
  if (split < 0) return { nativeId };
  return { nativeId, permalink: lengthen(packed.slice(split + 1), author, lastPartOf(nativeId)) };
}

function lastPartOf(nativeId: string): string {
  return nativeId.slice(nativeId.lastIndexOf("/") + 1);
}

// The handle may change later, the permalink of then must not: it stays spelled out.
function shorten(text: string, source: SourceAuthor, last: string): string {
  let short = source.id.length > 3 ? text.replace(source.id, () => authorMark) : text;
  if (last.length > 3 && short.endsWith(last)) short = short.slice(0, -last.length) + lastMark;
  return short;
}

function lengthen(text: string, author: Identity | undefined, last: string): string {
  if (text.includes(authorMark) && author === undefined) throw new EarshotError("STORE_CORRUPT", "identities: a post's author is not there");
  return text.replace(authorMark, () => author?.nativeId ?? "").replace(lastMark, () => last);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EarshotError("STORE_CORRUPT", "identities: a record cannot be read", { cause: error });
  }
}
