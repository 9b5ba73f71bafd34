import type { Http } from "./http.ts";
import type { OAuthToken } from "./oauth-token.ts";

/** Where a person grants access in the browser (OAuth 2 authorization code, RFC 6749, 4.1): all that one platform differs in from another. */
export interface AuthorizationSpec {
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** Itself or by reference; absent: an app of its own is registered for each grant. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly clientAuth?: "basic" | "body" | "none";
  /** Where the platform registers apps without a person. */
  readonly registration?: AppRegistration;
  /** As the platform takes them: parted by spaces, or by commas. */
  readonly scope: string;
  readonly pkce: boolean;
  /** Where a grant is given back (RFC 7009); absent: see `giveBack`. */
  readonly revokeUrl?: string;
  /** Further fields of the authorization request (duration=permanent, access_type=offline …). */
  readonly fields?: Readonly<Record<string, string>>;
  /** What the code's token becomes before it is kept, where the platform has more to give or to tell (a longer one, its end, what was left out). */
  settle?(token: OAuthToken, tools: GrantTools): Promise<OAuthToken>;
  /** Gives a grant back where that is no form at `revokeUrl`; absent beside it: the platform has no such address. */
  giveBack?(token: OAuthToken, tools: GrantTools): Promise<void>;
}

export interface AppRegistration {
  readonly url: string;
  /** The form that is sent. */
  fields(redirectUri: string): Readonly<Record<string, string>>;
}

/** What a platform's own steps of a grant are done with. */
export interface GrantTools {
  readonly http: Http;
  /** One more request to the token address, as the same client. @throws UPSTREAM_AUTH, UPSTREAM_UNAVAILABLE */
  exchange(fields: Readonly<Record<string, string>>): Promise<OAuthToken>;
  /** The client's id and, where it has one, its secret: values, no references. */
  readonly client: { readonly id: string; readonly secret?: string };
  /** Milliseconds UTC. */
  now(): number;
}
