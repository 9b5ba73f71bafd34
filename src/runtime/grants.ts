import type { ErrorCode } from "../core/errors.ts";
import type { SignInCookie } from "./sign-in.ts";

/** Where a platform sends the browser back to; to be registered there under our own origin. */
export const grantCallbackPath = "/api/v1/grants/callback";

/** Access that a person granted in the browser; no token in it. Times in milliseconds UTC. */
export interface GrantView {
  /** What sources name it by. */
  readonly account: string;
  readonly connector: string;
  readonly clientId: string;
  /** An app of its own was registered for it. */
  readonly registered: boolean;
  readonly scope: string;
  /** What was asked for and is not among it. */
  readonly lacks: readonly string[];
  /** It can be asked for again as it was. */
  readonly again: boolean;
  readonly grantedBy: string;
  readonly grantedAt: number;
  /** When the platform gave out a token last. */
  readonly renewedAt?: number;
  /** Until then it holds without a person; absent: no end is told. */
  readonly endsAt?: number;
  /** Sources that use it now. */
  readonly sources: readonly string[];
}

export interface GrantWish {
  readonly use: string;
  /** The connector's own options, secrets by reference. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly account: string;
  readonly returnTo: string;
  /** Of the page that asks. */
  readonly origin: string | undefined;
  readonly actor: string;
}

export type GrantEnd = { readonly returnTo: string; readonly used?: string } & (
  | { readonly account: string }
  /** `reason`: the platform's own word (`access_denied`, `invalid_client` …), harmless letters only. */
  | { readonly failed: ErrorCode; readonly reason?: string }
);

export interface Grants {
  /**
   * @throws CONFIG_INVALID for a connector or options that grant nothing in the browser; CONFLICT for an account of another connector; USAGE;
   * UPSTREAM_* where an app is registered on the way and the server gives none; LIMIT_REACHED while too many are under way
   */
  begin(wish: GrantWish): Promise<{ readonly address: string; readonly cookie: SignInCookie }>;
  /** With the options of the last time. @throws NOT_FOUND; CONFIG_INVALID where they were not kept; and as `begin` */
  beginAgain(wish: Pick<GrantWish, "account" | "returnTo" | "origin" | "actor">): Promise<{ readonly address: string; readonly cookie: SignInCookie }>;
  /** Never throws for what a platform or a browser does. `used`: the cookie that is over now. */
  finish(came: { readonly query: string; readonly cookies: Readonly<Record<string, string | undefined>> }): Promise<GrantEnd>;
  list(): Promise<readonly GrantView[]>;
  /** Forgets the tokens; `there`: the platform was told too. @throws NOT_FOUND */
  revoke(account: string, actor: string): Promise<{ readonly there: boolean }>;
  /** Where platforms send the browser back to, for a page of this origin. @throws USAGE */
  redirectUri(origin: string | undefined): string;
}
