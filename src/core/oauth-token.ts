/** What a platform gave out at its token address (RFC 6749, 5.1). Times in milliseconds UTC. */
export interface OAuthToken {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** As granted, where the platform tells. */
  readonly scope?: string;
  readonly issuedAt: number;
  /** Absent: the platform names no end. */
  readonly expiresAt?: number;
  readonly refreshExpiresAt?: number;
  /** Fingerprint of the configured secret that it began with: another secret there begins anew. */
  readonly seed?: string;
  /** The app that was registered for this grant alone: it renews the token and gives it back. */
  readonly app?: RegisteredApp;
}

/** A client that a platform made without a person; its secret is kept nowhere but beside its token. */
export interface RegisteredApp {
  readonly clientId: string;
  readonly clientSecret?: string;
}

export interface StoredToken {
  readonly token: OAuthToken;
  /** Another one: the token was replaced meanwhile. */
  readonly version: number;
}

/** Tokens that platforms gave out, shared by all processes on one catalog. */
export interface OAuthTokens {
  get(name: string): Promise<StoredToken | undefined>;
  /**
   * One at a time over all processes: `work` sees what is stored then, and what it gives is stored before this resolves.
   * `work` gives undefined to keep what is stored; it runs once, and what it throws is thrown. @throws STORE_UNAVAILABLE
   */
  renew(name: string, work: (stored: StoredToken | undefined) => Promise<OAuthToken | undefined>): Promise<StoredToken | undefined>;
}

/** The name under which the grant of an account is kept. */
export const accountTokenName = (account: string): string => `account/${account}`;
