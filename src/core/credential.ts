/** What proves to a platform who asks. Tokens that the platform gives out are kept by the program (encrypted in the catalog), never in the configuration. */
export interface Credential {
  /** Stable and free of secrets: budgets are shared by it. Two sources with the same client and account have the same name. */
  readonly name: string;
  /** Headers that carry it. A token about to end is renewed inside; throws UPSTREAM_AUTH when it cannot be. */
  headers(signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** The bare token, for platforms that want it elsewhere (a query field, a proof made of it). */
  token(signal?: AbortSignal): Promise<string>;
  /** The platform refused these headers (absent: those given last): true when there are others now, and another try makes sense. */
  refused(signal?: AbortSignal, given?: Readonly<Record<string, string>>): Promise<boolean>;
}

/** What is known of a credential without asking anybody; free of secrets. Times in milliseconds UTC. */
export interface CredentialState {
  readonly name: string;
  /** Until then it holds, and then a person has to act; absent: no end is known, or it renews itself. */
  readonly endsAt?: number;
  readonly renewedAt?: number;
  /** The last renewal failed; absent: it went well, or none was needed. */
  readonly failure?: { readonly code: string; readonly message: string; readonly at: number };
}

/** How a connector asks for a credential; secrets by reference (`env:NAME`, `file:/path`). */
export type CredentialSpec =
  /** A token or key that does not change but by rotation; `scheme` "" sends the bare token. */
  TokenSpec | OAuthSpec;

export interface TokenSpec {
  readonly kind: "token";
  readonly token: string;
  /** Default "authorization". */
  readonly header?: string;
  readonly scheme?: string;
  /** Day on which it ends (ISO 8601), as the platform told; a token that is a JWT (RFC 7519) tells by itself. */
  readonly endsOn?: string;
}

export interface OAuthSpec {
  readonly kind: "oauth2";
  readonly grant: "client_credentials" | "password" | "refresh_token" | "authorization_code" | "installed_client" | "exchange";
  readonly tokenUrl: string;
  /** Itself or by reference; absent: the app that was registered for the grant. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Day on which the client secret ends (ISO 8601), as the platform told. */
  readonly endsOn?: string;
  /** How the client proves itself at the token address; default "basic" with a secret, "none" without. */
  readonly clientAuth?: "basic" | "body" | "none";
  readonly scope?: string;
  /** password: references to both. */
  readonly username?: string;
  readonly password?: string;
  /** The first refresh token, by reference; later ones are kept in the catalog. */
  readonly refreshToken?: string;
  /** authorization_code: the grant that a person gave in the browser, by its name in the catalog. */
  readonly account?: string;
  /** The grant_type sent, where the platform has one of its own (installed clients of Reddit). */
  readonly grantType?: string;
  /** Further fields of the token request (device_id, fb_exchange_token …), each itself or by reference. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The scheme of the Authorization header; default "Bearer". */
  readonly scheme?: string;
}
