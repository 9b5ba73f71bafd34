import type { ReadFilter } from "../core/filter.ts";

export const roles = ["viewer", "analyst", "admin"] as const;
export type Role = (typeof roles)[number];

/** Who asks, and what of the data they may see. */
export interface Viewer {
  /** Who acts, for the audit: a user, or `user/token`. */
  readonly name: string;
  /** The user behind a token; for a session the same as `name`. */
  readonly owner: string;
  readonly role: Role;
  readonly by: "session" | "token";
  readonly filter: ReadFilter;
  /** The session's id; absent for a token. */
  readonly session?: string;
  /** When the token ends; absent: it does not, or it is a session. */
  readonly expiresAt?: number;
  /** `tag:read` and `tag:write` of the API's tags; absent: all that the role may. */
  readonly scopes?: readonly string[];
}

/** Whether they see a part of the data only. */
export const isKept = ({ filter }: Viewer): boolean => Object.values(filter).some((allowed) => allowed !== undefined);
