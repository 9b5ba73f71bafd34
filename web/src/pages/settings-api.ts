import { ask } from "../shell/api.ts";
import type { Role } from "../shell/me.ts";

export interface Kept {
  readonly platforms: readonly string[] | null;
  readonly terms: readonly string[] | null;
}
export interface User extends Kept {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly sessions: number;
  readonly lastSeenAt?: string;
}
export interface Invitation {
  readonly code: string;
  readonly expiresAt: string;
}
export interface Session {
  readonly id: string;
  readonly user: string;
  readonly agent: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt?: string;
  readonly current: boolean;
}
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
}
export interface ScopeArea {
  readonly tag: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
}
export interface AuditEntry {
  readonly number: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly purpose?: string;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly hash: string;
}
export interface AuditPage {
  readonly items: readonly AuditEntry[];
  readonly next: number | null;
}
export interface Verified {
  readonly entries: number;
  readonly hash: string;
  readonly broken?: number;
  readonly at: string;
}
export interface TokenWish {
  readonly name: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly expiresAt?: string;
}
interface Items<Item> {
  readonly items: readonly Item[];
}

const send = <T>(method: string, path: string, body?: object): Promise<T> =>
  ask(path, { method, ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }) });
const userPath = (name: string): string => `/api/v1/users/${encodeURIComponent(name)}`;

export const usersKey = ["users"];
export const sessionsKey = ["sessions"];
export const tokensKey = ["tokens"];

export const allUsers = (): Promise<Items<User>> => ask("/api/v1/users");
export const inviteUser = (user: { readonly name: string; readonly role: Role } & Kept): Promise<{ readonly user: User; readonly invitation: Invitation }> =>
  send("POST", "/api/v1/users", user);
export const changeUser = (name: string, change: { readonly role: Role } & Kept): Promise<User> => send("PATCH", userPath(name), change);
export const removeUser = (name: string): Promise<void> => send("DELETE", userPath(name));
export const linkFor = (name: string): Promise<Invitation> => send("POST", `${userPath(name)}/link`);

/** The code stands in the fragment, which no server and no log is told of. */
export const linkOf = ({ code }: Invitation): string => `${location.origin}/#code=${code}`;

export const allSessions = (): Promise<Items<Session>> => ask("/api/v1/sessions");
export const endSession = (id: string): Promise<void> => send("DELETE", `/api/v1/sessions/${id}`);
export const endOtherSessions = (): Promise<{ readonly ended: number }> => send("DELETE", "/api/v1/sessions");

export const allTokens = (): Promise<Items<Token>> => ask("/api/v1/tokens");
export const scopeAreas = (): Promise<Items<ScopeArea>> => ask("/api/v1/tokens/scopes");
export const makeToken = (wish: TokenWish): Promise<{ readonly secret: string; readonly token: Token }> => send("POST", "/api/v1/tokens", wish);
export const revokeToken = (id: string): Promise<void> => send("DELETE", `/api/v1/tokens/${encodeURIComponent(id)}`);

export const auditPage = (filter: Readonly<Record<string, string>>, before: number | undefined): Promise<AuditPage> =>
  ask(`/api/v1/audit?${new URLSearchParams({ ...filter, ...(before !== undefined && { before: String(before) }) }).toString()}`);
export const verifyAudit = (): Promise<Verified> => ask("/api/v1/audit/verify");

/** What limits can name: platforms that bring posts or have, and terms. */
export async function knownLimits(): Promise<{ readonly platforms: readonly string[]; readonly terms: readonly { readonly id: string; readonly name: string }[] }> {
  const [sources, facets, terms] = await Promise.all([
    ask<Items<{ readonly platform: string }>>("/api/v1/sources"),
    ask<{ readonly facets: { readonly platform?: readonly { readonly value: string }[] } }>("/api/v1/posts/facets?by=platform&top=50"),
    ask<Items<{ readonly id: string; readonly name: string }>>("/api/v1/terms"),
  ]);
  const platforms = new Set([...sources.items.map((source) => source.platform), ...(facets.facets.platform ?? []).map((row) => row.value)]);
  return { platforms: [...platforms].toSorted(), terms: terms.items.map(({ id, name }) => ({ id, name })) };
}
