import { createHash, timingSafeEqual } from "node:crypto";
import type { ReadFilter } from "../core/filter.ts";

export const roles = ["viewer", "analyst", "admin"] as const;
export type Role = (typeof roles)[number];

/** Who asks, and what of the data they may see. */
export interface Viewer {
  readonly name: string;
  readonly role: Role;
  readonly by: "session" | "token";
  readonly filter: ReadFilter;
}

/** Sessions, tokens and sign-in links; the catalog keeps their hashes only. */
export interface Access {
  session(cookie: string): Promise<Viewer | undefined>;
  token(bearer: string): Promise<Viewer | undefined>;
  /** A link works once. */
  redeem(code: string): Promise<{ readonly cookie: string; readonly maxAgeSeconds: number } | undefined>;
  signOut(cookie: string): Promise<void>;
}

/** Takes the same time wherever two secrets differ. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
