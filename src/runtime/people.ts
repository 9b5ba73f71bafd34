import type { AuditEntry, AuditPage, AuditVerdict } from "../registers/audit.ts";
import type { SessionRecord } from "../registers/sessions.ts";
import type { TokenRecord } from "../registers/tokens.ts";
import type { UserKept } from "../registers/users.ts";
import type { Role, Viewer } from "./viewer.ts";

export interface PersonView {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  /** What they are kept to; absent: they see all. */
  readonly platforms?: readonly string[];
  readonly terms?: readonly string[];
  /** Open sessions. */
  readonly sessions: number;
  /** To the hour; absent: not in the last days. */
  readonly lastSeenAt?: number;
}

/** The code stands in a link that signs the user in once. */
export interface Invitation {
  readonly code: string;
  readonly expiresAt: number;
}

export interface PersonChange {
  readonly role?: Role;
  readonly kept?: Partial<UserKept>;
}

export interface TokenWish {
  readonly name: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly expiresAt?: number;
}

/** Users, their sessions and tokens, and the book of who did what. Each change is written into the audit log. */
export interface People {
  all(): Promise<readonly PersonView[]>;
  /** @throws CONFLICT for a name that is taken */
  invite(name: string, role: Role, kept: UserKept, by: Viewer): Promise<{ readonly person: PersonView; readonly invitation: Invitation }>;
  /** @throws NOT_FOUND; CONFLICT for the last admin, and for an admin who would be kept to a part */
  change(name: string, change: PersonChange, by: Viewer): Promise<PersonView>;
  /** Their sessions and tokens end. @throws NOT_FOUND; CONFLICT for the last admin */
  remove(name: string, by: Viewer): Promise<void>;
  /** @throws NOT_FOUND */
  link(name: string, by: Viewer): Promise<Invitation>;

  /** An admin's list holds everybody's. */
  sessions(by: Viewer): Promise<readonly SessionRecord[]>;
  /** @throws NOT_FOUND, also for another's where an admin does not ask */
  endSession(id: string, by: Viewer): Promise<void>;
  /** All of one's own but the one that asks; how many ended. */
  endOtherSessions(by: Viewer): Promise<number>;

  tokens(by: Viewer): Promise<readonly TokenRecord[]>;
  /** The secret is told this once. @throws FORBIDDEN for more than the maker may */
  makeToken(wish: TokenWish, by: Viewer): Promise<{ readonly secret: string; readonly token: TokenRecord }>;
  revokeToken(id: string, by: Viewer): Promise<void>;

  /** Newest first. */
  audit(page: AuditPage): Promise<readonly AuditEntry[]>;
  /** Reads the whole chain. */
  verifyAudit(): Promise<AuditVerdict>;
}
