import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { ReadSecret, Report } from "../core/component.ts";
import type { CredentialState, OAuthSpec } from "../core/credential.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Http } from "../core/http.ts";
import { accountTokenName, type OAuthToken, type OAuthTokens, type StoredToken } from "../core/oauth-token.ts";
import { clientOf } from "./oauth-app.ts";
import { readValue, requestToken, TokenRefused } from "./oauth-request.ts";
import { endOf, type StatedCredential } from "./token-credential.ts";

export interface OAuthOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly readSecret: ReadSecret;
  readonly tokens: OAuthTokens;
  readonly report?: Report;
}

const longestSkewMs = 5 * 60_000;
/** Renewals that refusals ask for, and tries after a failed one. */
const forcedEveryMs = 10_000;
const failedPauseMs = 60_000;
const installedClient = "https://oauth.reddit.com/grants/installed_client";
const exchangeGrant = "fb_exchange_token";

/**
 * A token that renews itself. One renewal at a time in this process, and over all processes on the same catalog: whoever
 * waited finds the new token and sends nothing. A renewal is never aborted with the call that asked for it, since the answer
 * may be the only copy of the next refresh token. @throws CONFIG_INVALID
 */
export function makeOAuthCredential(spec: OAuthSpec, options: OAuthOptions): StatedCredential {
  const { clock, tokens, readSecret } = options;
  if (!URL.canParse(spec.tokenUrl)) throw new EarshotError("CONFIG_INVALID", "credential: expected an address as tokenUrl");
  if (spec.grant === "authorization_code" && spec.account === undefined) throw new EarshotError("CONFIG_INVALID", "credential: expected the account whose grant is used");
  const who = spec.account ?? spec.username ?? spec.refreshToken ?? exchangedOf(spec);
  const name = `${spec.clientId ?? "app"}@${new URL(spec.tokenUrl).host}${who === undefined ? "" : `/${who}`}`;
  const key = spec.account === undefined ? `${name}#${hash(JSON.stringify(identityOf(spec))).slice(0, 12)}` : accountTokenName(spec.account);
  const scheme = spec.scheme ?? "Bearer";
  let held: StoredToken | undefined;
  let renewing: Promise<void> | undefined;
  let takenSecret: string | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;
  let failed: { readonly error: EarshotError; readonly basis: string; readonly at: number; readonly untilMs: number } | undefined;

  const isAlive = ({ expiresAt }: OAuthToken): boolean => expiresAt === undefined || expiresAt > clock.now();
  /** Good for a while: a tenth of its life before its end it is renewed, five minutes at most; one that is exchanged while it lives, a fifth. */
  function isFresh({ expiresAt, issuedAt }: OAuthToken): boolean {
    if (expiresAt === undefined) return true;
    const lifeMs = expiresAt - issuedAt;
    return expiresAt - (spec.grant === "exchange" ? lifeMs / 5 : Math.min(longestSkewMs, lifeMs / 10)) > clock.now();
  }

  /** The secret in the configuration that a chain of tokens begins with, or the client that a person trusted. */
  async function seedOf(): Promise<string | undefined> {
    if (spec.grant === "authorization_code") return grantSeed(spec, readSecret);
    const first = spec.grant === "exchange" ? spec.fields?.[exchangeField(spec)] : spec.grant === "refresh_token" ? spec.refreshToken : undefined;
    return first === undefined ? undefined : hash(await readValue(readSecret, first)).slice(0, 22);
  }

  async function grantFields(stored: OAuthToken | undefined): Promise<Readonly<Record<string, string>>> {
    const read = async (what: string, reference: string | undefined): Promise<string> => {
      if (reference === undefined) throw new EarshotError("CONFIG_INVALID", `credential ${name}: expected ${what} for ${spec.grant}`);
      return readValue(readSecret, reference);
    };
    const scope = spec.scope !== undefined && { scope: spec.scope };
    switch (spec.grant) {
      case "client_credentials":
        return { grant_type: spec.grantType ?? "client_credentials", ...scope };
      case "installed_client":
        return { grant_type: spec.grantType ?? installedClient, ...scope };
      case "password":
        return {
          grant_type: spec.grantType ?? "password",
          username: await read("username", spec.username),
          password: await read("password", spec.password),
          ...scope,
        };
      case "refresh_token":
        return { grant_type: "refresh_token", refresh_token: stored?.refreshToken ?? (await read("refreshToken", spec.refreshToken)) };
      case "authorization_code": {
        if (stored === undefined) throw new EarshotError("UPSTREAM_AUTH", `account ${spec.account ?? ""}: nobody has granted access; do it in the browser`);
        const { refreshToken } = stored;
        if (refreshToken === undefined) throw new EarshotError("UPSTREAM_AUTH", `account ${spec.account ?? ""}: the grant is over and cannot be renewed; grant access again`);
        return { grant_type: "refresh_token", refresh_token: refreshToken };
      }
      case "exchange": {
        // Only a living token can be exchanged (developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived, 2022).
        const field = exchangeField(spec);
        return { grant_type: field, [field]: stored !== undefined && isAlive(stored) ? stored.accessToken : await read(field, spec.fields?.[field]) };
      }
    }
  }

  /** A client secret that the platform does not take yet gives way to the one that it took last: it refuses the client before it looks at the grant. */
  async function asClient(send: (secretReader: ReadSecret) => Promise<OAuthToken>): Promise<OAuthToken> {
    const secret = spec.clientSecret === undefined ? undefined : await readSecret(spec.clientSecret);
    const withSecret = (value: string | undefined) => send(async (reference) => (value !== undefined && reference === spec.clientSecret ? value : readSecret(reference)));
    try {
      const token = await withSecret(secret);
      takenSecret = secret;
      return token;
    } catch (thrown) {
      // X says unauthorized_client (github.com/unasuke/omniauth-twitter2/issues/4, 2023-12).
      const isClient = thrown instanceof EarshotError && thrown.cause instanceof TokenRefused && /^(?:invalid|unauthorized)_client$/.test(thrown.cause.error);
      if (!isClient || takenSecret === undefined || takenSecret === secret) throw thrown;
      return withSecret(takenSecret);
    }
  }

  async function ask(stored: OAuthToken | undefined, seed: string | undefined): Promise<OAuthToken> {
    const own = await Promise.all(Object.entries(spec.fields ?? {}).map(async ([field, value]) => [field, await readValue(readSecret, value)] as const));
    const fields = { ...Object.fromEntries(own), ...(await grantFields(stored)) };
    const token = await asClient((secretReader) => {
      const asked = clientOf(spec.grant === "exchange" ? { clientAuth: "body", ...spec } : spec, stored?.app, secretReader);
      if (asked === undefined) throw new EarshotError("CONFIG_INVALID", `credential ${name}: expected clientId for ${spec.grant}`);
      return requestToken({ http: options.http, ...asked, url: spec.tokenUrl, fields, now: () => clock.now() });
    });
    const keepsOld = spec.grant === "refresh_token" || spec.grant === "authorization_code";
    return {
      ...(keepsOld && {
        refreshToken: stored?.refreshToken ?? fields["refresh_token"] ?? "",
        ...(stored?.scope !== undefined && { scope: stored.scope }),
        ...(stored?.refreshExpiresAt !== undefined && { refreshExpiresAt: stored.refreshExpiresAt }),
        ...(stored?.app !== undefined && { app: stored.app }),
      }),
      ...token,
      ...(seed !== undefined && { seed }),
    };
  }

  /** @param refused the access token that the platform takes no longer. */
  async function renew(refused: string | undefined): Promise<void> {
    const seed = await seedOf();
    const isOurs = (stored: StoredToken): boolean => stored.token.seed === seed;
    /** Takes it where it is good. */
    const take = (stored: StoredToken | undefined): boolean => {
      if (stored === undefined || !isOurs(stored) || !isFresh(stored.token) || stored.token.accessToken === refused) return false;
      held = stored;
      failed = undefined;
      return true;
    };
    if (take(await tokens.get(key))) return;
    let basis = "";
    try {
      const stored = await tokens.renew(key, async (now) => {
        if (take(now)) return undefined;
        const ours = now !== undefined && isOurs(now) ? now : undefined;
        held = ours ?? held;
        basis = `${now?.version ?? 0}/${seed ?? ""}/${spec.clientSecret === undefined ? "" : hash(await readSecret(spec.clientSecret))}`;
        // What was refused for good is not asked again at once, unless something changed.
        if (failed !== undefined && failed.basis === basis && clock.now() < failed.untilMs) throw failed.error;
        return ask(ours?.token, seed);
      });
      if (stored === undefined) throw new EarshotError("INVARIANT", `credential ${name}: a token was stored and is not there`);
      held = stored;
      failed = undefined;
    } catch (thrown) {
      // Another process may have stored what it got after its catalog was away.
      if (take(await tokens.get(key).catch(() => undefined))) return;
      const error = toEarshotError(thrown, "UPSTREAM_AUTH", `credential ${name}`);
      if (failed?.error !== error) {
        failed = { error, basis, at: clock.now(), untilMs: clock.now() + (error.code === "UPSTREAM_AUTH" ? failedPauseMs : 0) };
        options.report?.("warn", `credential ${name}: ${error.message}`, { code: error.code });
      }
      throw error;
    }
  }

  async function renewOnce(refused: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    renewing ??= renew(refused).finally(() => (renewing = undefined));
    await unlessAborted(renewing, signal);
  }

  async function token(signal?: AbortSignal): Promise<string> {
    if (held !== undefined && isFresh(held.token)) return held.token.accessToken;
    const isPausing = failed !== undefined && clock.now() - failed.at < failedPauseMs;
    if (held !== undefined && isAlive(held.token) && isPausing) return held.token.accessToken;
    try {
      await renewOnce(undefined, signal);
    } catch (thrown) {
      // It is too early for the old token to be over.
      if (signal?.aborted !== true && held !== undefined && isAlive(held.token)) return held.token.accessToken;
      throw thrown;
    }
    return held?.token.accessToken ?? "";
  }

  return {
    name,
    token,
    async headers(signal) {
      return { authorization: `${scheme} ${await token(signal)}`.trim() };
    },
    async refused(signal, given) {
      const last = held?.token.accessToken;
      const [, refused = last] = /\s(\S+)$/.exec(` ${given?.["authorization"] ?? ""}`) ?? [];
      if (last !== undefined && refused !== last) return true;
      if (renewing === undefined) {
        if (clock.monotonicMs() - forcedAt < forcedEveryMs) return false;
        forcedAt = clock.monotonicMs();
      }
      try {
        await renewOnce(refused, signal);
      } catch (thrown) {
        if (thrown instanceof EarshotError && thrown.code === "UPSTREAM_AUTH") return false;
        throw thrown;
      }
      return held !== undefined && held.token.accessToken !== refused;
    },
    state(): CredentialState {
      const ends = [endOf(spec.endsOn), held?.token.refreshExpiresAt, ...(isLast(spec, held?.token) ? [held?.token.expiresAt] : [])].filter((at) => at !== undefined);
      return {
        name,
        ...(ends.length > 0 && { endsAt: Math.min(...ends) }),
        ...(held !== undefined && { renewedAt: held.token.issuedAt }),
        ...(failed !== undefined && { failure: { code: failed.error.code, message: failed.error.message, at: failed.at } }),
      };
    },
  };
}

/** Nothing renews it: a person has to grant access again. */
function isLast(spec: OAuthSpec, token: OAuthToken | undefined): boolean {
  return spec.grant === "authorization_code" && token !== undefined && token.refreshToken === undefined;
}

/** A grant is for one client at one address: no other source sends it elsewhere. */
export const clientSeed = (clientId: string, tokenUrl: string): string => hash(`${clientId} ${tokenUrl}`).slice(0, 22);

export async function grantSeed({ clientId, tokenUrl }: { readonly clientId?: string; readonly tokenUrl: string }, readSecret: ReadSecret): Promise<string> {
  return clientSeed(clientId === undefined ? "" : await readValue(readSecret, clientId), tokenUrl);
}

/** What tells apart the people whose tokens one app exchanges; never a token itself. */
function exchangedOf(spec: OAuthSpec): string | undefined {
  const first = spec.grant === "exchange" ? spec.fields?.[exchangeField(spec)] : undefined;
  return first === undefined || /^(?:env|file):/.test(first) ? first : hash(first).slice(0, 8);
}

const exchangeField = (spec: OAuthSpec): string => spec.grantType ?? exchangeGrant;

const hash = (text: string): string => createHash("sha256").update("earshot credential\n").update(text).digest("base64url");

/** What tells two chains of tokens apart, references for secrets. */
function identityOf({ grant, tokenUrl, clientId, scope, username, refreshToken, grantType, fields }: OAuthSpec) {
  return [grant, tokenUrl, clientId, scope, username, refreshToken, grantType, Object.entries(fields ?? {}).toSorted()];
}

/** The caller leaves; the work goes on. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([work, left.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
