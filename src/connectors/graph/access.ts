import { createHmac } from "node:crypto";
import type { AuthorizationSpec, GrantTools } from "../../core/authorization.ts";
import type { CredentialSpec } from "../../core/credential.ts";
import { EarshotError } from "../../core/errors.ts";
import type { OAuthToken } from "../../core/oauth-token.ts";
import { type Json, isJson, isTooDeep } from "../json/decode.ts";
import type { GraphOptions } from "./options.ts";

/** The app's proof of its secret: hex HMAC-SHA256 of the token under it (Securing Graph API Requests, 2026-11). */
export function appSecretProof(token: string, appSecret: string): string {
  return createHmac("sha256", appSecret).update(token).digest("hex");
}

export const baseOf = ({ server, version }: Pick<GraphOptions, "server" | "version">): string => `${server.replace(/\/+$/, "")}/${version}`;

export function credentialSpec(options: GraphOptions): CredentialSpec {
  const { token, grant, exchange, appId, appSecret } = options;
  const tokenUrl = `${baseOf(options)}/oauth/access_token`;
  if (grant !== undefined) {
    if (appId === undefined) throw new EarshotError("CONFIG_INVALID", "grant: expected appId beside it");
    return {
      kind: "oauth2",
      grant: "authorization_code",
      account: grant,
      tokenUrl,
      clientId: appId,
      clientAuth: "body",
      ...(appSecret !== undefined && { clientSecret: appSecret }),
    };
  }
  if (token === undefined) throw new EarshotError("CONFIG_INVALID", "token: expected a token, or the name of a grant");
  if (!exchange) return { kind: "token", token };
  if (appId === undefined || appSecret === undefined) throw new EarshotError("CONFIG_INVALID", "exchange: expected appId and appSecret beside it");
  return { kind: "oauth2", grant: "exchange", tokenUrl, clientId: appId, clientSecret: appSecret, fields: { fb_exchange_token: token } };
}

/**
 * Facebook Login (Manually Build a Login Flow, read 2026-11): it has no PKCE and no refresh token, and wants the app's secret for a code.
 * The code's token lives an hour or two; it is exchanged for one of about 60 days (Long-Lived Access Tokens, 2022-09).
 */
export function graphAuthorization(options: GraphOptions, scope: string): AuthorizationSpec | undefined {
  const { appId, appSecret, server, version } = options;
  if (appId === undefined) return undefined;
  if (appSecret === undefined) throw new EarshotError("CONFIG_INVALID", "appSecret: Facebook gives a token for a code to the app's secret alone; expected a reference to it");
  const base = baseOf(options);
  return {
    authorizeUrl: server === "https://graph.facebook.com" ? `https://www.facebook.com/${version}/dialog/oauth` : `${base}/dialog/oauth`,
    tokenUrl: `${base}/oauth/access_token`,
    clientId: appId,
    clientAuth: "body",
    clientSecret: appSecret,
    scope,
    pkce: false,
    async settle(token, tools) {
      const long = await tools.exchange({ grant_type: "fb_exchange_token", fb_exchange_token: token.accessToken });
      return withWhatIsTold(long, await debugToken(base, long.accessToken, tools));
    },
    /** Takes all permissions of the app back (Graph API, User Permissions, 2026-11). */
    async giveBack({ accessToken }, { http, client: { secret } }) {
      const proof = secret === undefined ? "" : `?appsecret_proof=${appSecretProof(accessToken, secret)}`;
      await http.request(`${base}/me/permissions${proof}`, { method: "DELETE", headers: { authorization: `Bearer ${accessToken}` }, deadlineMs: 20_000 });
    },
  };
}

/** What the platform tells of a token; asked as the app. */
export interface TokenFacts {
  readonly isValid: boolean;
  /** The earlier of the token's end and of its access to data (90 days after a person's last say); absent: neither ends. Milliseconds UTC. */
  readonly endsAt?: number;
  readonly scopes?: readonly string[];
}

/** Graph API, Debug Token, read 2026-11: 0 stands for what does not end. */
export function factsIn(body: Json): TokenFacts {
  const data = isJson(body["data"]) ? body["data"] : {};
  const ends = [data["expires_at"], data["data_access_expires_at"]].filter((end): end is number => typeof end === "number" && end > 0);
  const { scopes } = data;
  return {
    isValid: data["is_valid"] !== false,
    ...(ends.length > 0 && { endsAt: Math.min(...ends) * 1_000 }),
    ...(Array.isArray(scopes) && { scopes: scopes.filter((scope) => typeof scope === "string") }),
  };
}

export function debugAddress(base: string, token: string): string {
  const url = new URL(`${base}/debug_token`);
  url.searchParams.set("input_token", token);
  return url.href;
}

async function debugToken(base: string, token: string, { http, client: { id, secret } }: GrantTools): Promise<TokenFacts> {
  const { bytes } = await http.request(debugAddress(base, token), { headers: { authorization: `Bearer ${id}|${secret ?? ""}` }, deadlineMs: 20_000 });
  return factsIn(readBody(bytes, "debug_token"));
}

function withWhatIsTold(token: OAuthToken, { isValid, endsAt, scopes }: TokenFacts): OAuthToken {
  if (!isValid) throw new EarshotError("UPSTREAM_AUTH", "debug_token: the token that was given out is not valid");
  const ends = [token.expiresAt, endsAt].filter((end) => end !== undefined);
  return { ...token, ...(ends.length > 0 && { expiresAt: Math.min(...ends) }), ...(scopes !== undefined && { scope: scopes.join(",") }) };
}

export function readBody(bytes: Uint8Array, path: string): Json {
  const failed = (what: string) => new EarshotError("UPSTREAM_UNAVAILABLE", `${path}: expected JSON, came ${what}`);
  if (isTooDeep(bytes)) throw failed("one that nests too deep");
  try {
    const body: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    if (isJson(body)) return body;
  } catch {
    // Below.
  }
  throw failed("something else");
}
