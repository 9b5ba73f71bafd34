import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
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

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EarshotError("STORE_CORRUPT", "identities: a record cannot be read", { cause: error });
  }
}
