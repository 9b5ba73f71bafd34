import type { AuthorizationSpec } from "../../core/authorization.ts";
import type { CredentialSpec } from "../../core/credential.ts";

/** How a source of Reddit's proves who asks, by the type of app registered there (github.com/reddit-archive/reddit/wiki/OAuth2, 2017). */
export interface AccessOptions {
  readonly app: "script" | "web" | "installed" | "userless";
  readonly tokenServer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly account?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly deviceId: string;
}

const scope = "read history";

/** Every type proves itself with HTTP Basic; installed apps have no secret and send an empty one. */
export function credentialSpec(options: AccessOptions): CredentialSpec {
  const { app, clientId, clientSecret, username, password, account, refreshToken } = options;
  const common = {
    kind: "oauth2",
    tokenUrl: new URL("/api/v1/access_token", options.tokenServer).href,
    clientId,
    clientAuth: "basic",
    ...(clientSecret !== undefined && { clientSecret }),
  } as const;
  switch (app) {
    case "script":
      return { ...common, grant: "password", scope, ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
    case "web":
      if (account !== undefined) return { ...common, grant: "authorization_code", account };
      return { ...common, grant: "refresh_token", ...(refreshToken !== undefined && { refreshToken }) };
    case "installed":
      return { ...common, grant: "installed_client", grantType: "https://oauth.reddit.com/grants/installed_client", scope, fields: { device_id: options.deviceId } };
    case "userless":
      return { ...common, grant: "client_credentials", scope };
  }
}

/** duration=permanent: the grant brings a refresh token. */
export function authorizationSpec({ app, tokenServer, clientId, clientSecret }: AccessOptions): AuthorizationSpec | undefined {
  if (app !== "web") return undefined;
  return {
    authorizeUrl: new URL("/api/v1/authorize", tokenServer).href,
    tokenUrl: new URL("/api/v1/access_token", tokenServer).href,
    clientId,
    clientAuth: "basic",
    revokeUrl: new URL("/api/v1/revoke_token", tokenServer).href,
    scope,
    pkce: false,
    fields: { duration: "permanent" },
    ...(clientSecret !== undefined && { clientSecret }),
  };
}
