/** What proves to a platform who asks. Tokens that the platform gives out are kept by the program (encrypted in the catalog), never in the configuration. */
export interface Credential {
  /** Stable and free of secrets: budgets are shared by it. Two sources with the same client and account have the same name. */
  readonly name: string;
  /** Headers that carry it. A token about to end is renewed inside; throws UPSTREAM_AUTH when it cannot be. */
  headers(signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** The bare token, for platforms that want it elsewhere (a query field, a proof made of it). */
  token(signal?: AbortSignal): Promise<string>;
  /** The platform refused the headers given last: true when it was renewed and another try makes sense. */
  refused(signal?: AbortSignal): Promise<boolean>;
}

/** How a connector asks for a credential; secrets by reference (`env:NAME`, `file:/path`). */
export type CredentialSpec =
  /** A token or key that does not change but by rotation; `scheme` "" sends the bare token. */
  { readonly kind: "token"; readonly token: string; readonly header?: string; readonly scheme?: string } | OAuthSpec;

export interface OAuthSpec {
  readonly kind: "oauth2";
  readonly grant: "client_credentials" | "password" | "refresh_token" | "authorization_code" | "installed_client" | "exchange";
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret?: string;
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
  /** Further fields of the token request (device_id, fb_exchange_token …). */
  readonly fields?: Readonly<Record<string, string>>;
  /** The scheme of the Authorization header; default "Bearer". */
  readonly scheme?: string;
}

/** Where a person grants access in the browser (OAuth 2 authorization code, with PKCE where the platform has it). */
export interface AuthorizationSpec {
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly clientAuth?: "basic" | "body" | "none";
  readonly scope: string;
  readonly pkce: boolean;
  /** Further fields of the authorization request (duration=permanent, access_type=offline …). */
  readonly fields?: Readonly<Record<string, string>>;
}
