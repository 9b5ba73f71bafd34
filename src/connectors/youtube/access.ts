import type { AuthorizationSpec } from "../../core/authorization.ts";
import type { CredentialSpec } from "../../core/credential.ts";
import { EarshotError } from "../../core/errors.ts";

/** How a source proves who asks: by a project's key, or by what a person granted. */
export interface Proof {
  readonly key?: string | undefined;
  readonly oauth?: OAuthOptions | undefined;
}

interface OAuthOptions {
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly account?: string | undefined;
  readonly tokenServer?: string | undefined;
}

/** Google's addresses (developers.google.com/identity/protocols/oauth2/web-server, 2025-10); a server of one's own has them under one host. */
const addressOf = (tokenServer: string | undefined, path: string, google: string): string => (tokenServer === undefined ? google : new URL(path, tokenServer).href);

/** Google wants the secret of web clients beside PKCE, in the body. */
function clientOf({ clientId, clientSecret, tokenServer }: OAuthOptions) {
  return {
    tokenUrl: addressOf(tokenServer, "/token", "https://oauth2.googleapis.com/token"),
    clientId,
    clientAuth: "body" as const,
    ...(clientSecret !== undefined && { clientSecret }),
  };
}

export function credentialSpec({ key, oauth }: Proof): CredentialSpec {
  // Google's APIs take the key as a header too (cloud.google.com/docs/authentication/api-keys-use, 2025-10): it stays out of addresses.
  if (key !== undefined) return { kind: "token", token: key, header: "x-goog-api-key", scheme: "" };
  if (oauth === undefined) throw new EarshotError("CONFIG_INVALID", "youtube: expected key or oauth, came neither");
  const { refreshToken, account } = oauth;
  return {
    kind: "oauth2",
    grant: refreshToken === undefined ? "authorization_code" : "refresh_token",
    ...clientOf(oauth),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(account !== undefined && { account }),
  };
}

export function youtubeAuthorization(oauth: OAuthOptions): AuthorizationSpec {
  return {
    ...clientOf(oauth),
    authorizeUrl: addressOf(oauth.tokenServer, "/o/oauth2/v2/auth", "https://accounts.google.com/o/oauth2/v2/auth"),
    revokeUrl: addressOf(oauth.tokenServer, "/revoke", "https://oauth2.googleapis.com/revoke"),
    scope: "https://www.googleapis.com/auth/youtube.readonly",
    pkce: true,
    // Without both no refresh token comes (developers.google.com/identity/protocols/oauth2/web-server, 2025-10).
    fields: { access_type: "offline", prompt: "consent" },
  };
}
