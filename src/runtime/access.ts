import { createHash, timingSafeEqual } from "node:crypto";
import type { People } from "./people.ts";
import type { SignIn } from "./sign-in.ts";
import type { Viewer } from "./viewer.ts";

/** Sessions, tokens and sign-in links; the catalog keeps their hashes only. */
export interface Access {
  session(cookie: string): Promise<Viewer | undefined>;
  token(bearer: string): Promise<Viewer | undefined>;
  /** A link works once. */
  redeem(code: string, agent: string): Promise<{ readonly cookie: string; readonly maxAgeSeconds: number } | undefined>;
  signOut(cookie: string): Promise<void>;
  readonly people: People;
  /** Absent: by link and token alone. */
  readonly signIn?: SignIn;
  /** Origin that browsers use where a proxy stands before us. */
  readonly publicUrl?: string;
}

/** Takes the same time wherever two secrets differ. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
