import * as client from "openid-client";
import { EarshotError } from "../../core/errors.ts";
import type { OidcConfig } from "../../core/sign-in.ts";
import type { Fetch } from "../../http/fetch.ts";
import { claimAt } from "../claims.ts";

/** What a browser takes to the provider and back; each is used once. */
export interface Challenge {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Where the provider sends the browser back to. */
  readonly redirectUri: string;
}

export interface ProviderAnswer {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly idToken: string;
}

/** An OpenID Connect provider, asked by the authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636). */
export interface Provider {
  makeChallenge(redirectUri: string): Challenge;
  addressOf(challenge: Challenge): Promise<string>;
  /** @param query of the address that the browser came back to. @throws SIGN_IN_REFUSED, SIGN_IN_INVALID, UPSTREAM_UNAVAILABLE, UPSTREAM_AUTH, CONFIG_SECRET_MISSING */
  answerOf(challenge: Challenge, query: string): Promise<ProviderAnswer>;
  /** Where the browser ends the provider's session (OpenID Connect RP-Initiated Logout 1.0); undefined where that is not offered. */
  endOf(idToken: string, returnTo: string): Promise<string | undefined>;
}

const timeoutSeconds = 10;
const keptMs = 12 * 3_600_000;

export function makeProvider(options: {
  readonly config: OidcConfig;
  readonly fetch: Fetch;
  readonly readSecret: (reference: string) => Promise<string>;
  readonly now: () => number;
}): Provider {
  const { config, fetch: exchange, readSecret, now } = options;
  let known: { readonly discovered: client.Configuration; readonly at: number } | undefined;
  let asking: Promise<client.Configuration> | undefined;

  async function discover(): Promise<client.Configuration> {
    const secret = config.clientSecret === undefined ? undefined : await readSecret(config.clientSecret);
    const discovered = await client.discovery(new URL(config.issuer), config.clientId, {}, secret === undefined ? client.None() : authenticateBy(secret), {
      timeout: timeoutSeconds,
      [client.customFetch]: (url, { method, headers, body, signal }) => exchange(url, { method, headers, body: bodyOf(body), signal }),
      // Which plain addresses may be asked is for `fetch` to judge: those of this machine.
      execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    });
    known = { discovered, at: now() };
    return discovered;
  }

  /** Asked when first needed and now and then; while the provider is away, what it said last holds. */
  async function provider(): Promise<client.Configuration> {
    if (known !== undefined && now() - known.at < keptMs) return known.discovered;
    asking ??= discover().finally(() => (asking = undefined));
    try {
      return await asking;
    } catch (thrown) {
      if (known !== undefined) return known.discovered;
      throw faultOf(thrown, "discovery");
    }
  }

  /** Some providers tell roles and names at their userinfo alone. */
  async function withUserInfo(from: client.Configuration, claims: Readonly<Record<string, unknown>>, subject: string, accessToken: string) {
    const isTold = claimAt(claims, config.rolesClaim) !== undefined && claimAt(claims, config.nameClaim) !== undefined;
    if (isTold || from.serverMetadata().userinfo_endpoint === undefined) return claims;
    const told = await client.fetchUserInfo(from, accessToken, subject);
    return { ...told, ...claims };
  }

  return {
    makeChallenge: (redirectUri) => ({ state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier(), redirectUri }),

    async addressOf({ state, nonce, verifier, redirectUri }) {
      const from = await provider();
      const address = client.buildAuthorizationUrl(from, {
        redirect_uri: redirectUri,
        scope: config.scopes.join(" "),
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      if (address.protocol !== "https:" && new URL(config.issuer).protocol === "https:")
        throw new EarshotError("UPSTREAM_REFUSED", `${config.issuer}: its sign-in page is not under https://`);
      return address.href;
    },

    async answerOf(challenge, query) {
      const from = await provider();
      const back = new URL(challenge.redirectUri);
      back.search = query;
      try {
        const tokens = await client.authorizationCodeGrant(from, back, {
          expectedState: challenge.state,
          expectedNonce: challenge.nonce,
          pkceCodeVerifier: challenge.verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined || tokens.id_token === undefined) throw new EarshotError("SIGN_IN_INVALID", `${config.issuer}: it sent no ID token`);
        const all = await withUserInfo(from, claims, claims.sub, tokens.access_token);
        return { issuer: claims.iss, subject: claims.sub, claims: all, idToken: tokens.id_token };
      } catch (thrown) {
        throw faultOf(thrown, config.issuer);
      }
    },

    async endOf(idToken, returnTo) {
      const from = await provider();
      if (from.serverMetadata().end_session_endpoint === undefined) return undefined;
      return client.buildEndSessionUrl(from, { id_token_hint: idToken, post_logout_redirect_uri: returnTo }).href;
    },
  };
}

/** As the provider takes a secret; without a word, in the header (OpenID Connect Discovery 1.0, 3). */
function authenticateBy(secret: string): client.ClientAuth {
  const inHeader = client.ClientSecretBasic(secret);
  const inBody = client.ClientSecretPost(secret);
  return (server, metadata, body, headers) => {
    const taken = server.token_endpoint_auth_methods_supported;
    const isInBody = taken !== undefined && !taken.includes("client_secret_basic") && taken.includes("client_secret_post");
    return (isInBody ? inBody : inHeader)(server, metadata, body, headers);
  };
}

function bodyOf(body: client.FetchBody): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("expected a form or text as a body");
}

const transient = new Set(["server_error", "temporarily_unavailable"]);

/** What went wrong, as one of our codes. What the provider says of it is for the log; it can hold anything. */
function faultOf(thrown: unknown, where: string): EarshotError {
  for (let at = thrown; at instanceof Error; at = at.cause) if (at instanceof EarshotError) return at;
  const options = { cause: thrown };
  if (thrown instanceof client.AuthorizationResponseError) {
    if (transient.has(thrown.error)) return new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: the provider answered ${clean(thrown.error)}`, options);
    return new EarshotError("SIGN_IN_REFUSED", `${where}: the provider answered ${clean(thrown.error)}`, options);
  }
  if (thrown instanceof client.ResponseBodyError) {
    if (thrown.error === "invalid_client" || thrown.error === "unauthorized_client")
      return new EarshotError("UPSTREAM_AUTH", `${where}: the provider does not take clientId and clientSecret (${clean(thrown.error)})`, options);
    if (thrown.status >= 500) return new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: the provider answered ${thrown.status}`, options);
    return new EarshotError("SIGN_IN_INVALID", `${where}: the provider answered ${clean(thrown.error)}`, options);
  }
  if (thrown instanceof client.WWWAuthenticateChallengeError)
    return new EarshotError("UPSTREAM_AUTH", `${where}: the provider does not take clientId and clientSecret (${thrown.status})`, options);
  if (thrown instanceof client.ClientError) {
    if (thrown.code === "OAUTH_TIMEOUT" || thrown.code === "OAUTH_ABORT")
      return new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: no answer within ${timeoutSeconds} s`, options);
    if (thrown.code === "OAUTH_RESPONSE_IS_NOT_CONFORM") {
      const status = thrown.cause instanceof Response ? thrown.cause.status : 0;
      return new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: the provider answered ${status === 0 ? "not as expected" : status}`, options);
    }
  }
  return new EarshotError("SIGN_IN_INVALID", `${where}: ${thrown instanceof Error ? clean(thrown.message) : "not as expected"}`, options);
}

const clean = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "").slice(0, 200);
