import * as client from "openid-client";
import type { Clock } from "../../core/clock.ts";
import type { ReadSecret, Report } from "../../core/component.ts";
import type { AuthorizationSpec, GrantTools } from "../../core/authorization.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Http } from "../../core/http.ts";
import { accountTokenName, type OAuthToken, type RegisteredApp, type StoredToken } from "../../core/oauth-token.ts";
import { callFor } from "../../http/counted.ts";
import type { Credentials } from "../../http/credentials.ts";
import { clientOf, registerApp } from "../../http/oauth-app.ts";
import { grantSeed } from "../../http/oauth-credential.ts";
import { readValue, requestToken, revokeToken, TokenRefused } from "../../http/oauth-request.ts";
import type { Audit } from "../../registers/audit.ts";
import type { GrantRecord, OAuthGrants } from "../../registers/oauth-grants.ts";
import type { OAuthTokenRegister } from "../../registers/oauth-tokens.ts";
import type { Collector } from "../collect.ts";
import { grantCallbackPath, type Grants, type GrantView, type GrantWish } from "../grants.ts";
import { readSetupOptions } from "./grant-options.ts";
import { browserOrigin, makeRoundTrips, ownPath } from "./round-trip.ts";

export interface GrantsOptions {
  readonly register: OAuthGrants;
  readonly tokens: OAuthTokenRegister;
  readonly credentials: Pick<Credentials, "forgetAccount">;
  readonly audit: Audit;
  readonly http: Http;
  readonly readSecret: ReadSecret;
  readonly collector: Pick<Collector, "running" | "restart">;
  readonly publicUrl: string | undefined;
  readonly clock: Clock;
  readonly report: Report;
}

/** What a connector says of its grants, and the way that its calls take. */
interface Asked {
  readonly spec: AuthorizationSpec;
  readonly http: Http;
}

interface Begun extends Asked, Pick<GrantWish, "account" | "options" | "actor"> {
  readonly connector: string;
  readonly redirectUri: string;
  /** Registered for this one. */
  readonly app?: RegisteredApp;
  /** Absent: the platform has no PKCE. */
  readonly verifier?: string;
  /** Milliseconds UTC; later nobody comes back. */
  readonly until: number;
}

const patienceMs = 10 * 60_000;
const mostBegun = 500;
const revokedMs = 20_000;

/** Access that people grant in the browser: authorization code (RFC 6749, 4.1) with PKCE (RFC 7636) where the platform has it. */
export function makeGrants(options: GrantsOptions): Grants {
  const { register, tokens, audit, readSecret, collector, clock, report } = options;
  const now = () => clock.now();
  const trips = makeRoundTrips<{ readonly returnTo: string }>("earshot_grant_", now);
  /** Under way, by state: a browser brings its state and its cookie back, and nothing else of it leaves this process. */
  const begun = new Map<string, Begun>();
  const redirectUri = (origin: string | undefined) => `${browserOrigin(options.publicUrl, origin, "grant access")}${grantCallbackPath}`;

  async function askedOf(use: string, given: Readonly<Record<string, unknown>>): Promise<Asked> {
    const { connector, parsed, egress } = await readSetupOptions(use, given);
    const spec = connector.authorization?.(parsed);
    if (spec === undefined) throw new EarshotError("CONFIG_INVALID", `${use}: with these options nobody need grant access in the browser`);
    return { spec, http: egress === undefined ? options.http : callFor(options.http, { source: "grant", egress }) };
  }

  const sourcesOf = (account: string): readonly string[] =>
    [...collector.running].filter(([, source]) => [...source.credentials.values()].some((spec) => spec.kind === "oauth2" && spec.account === account)).map(([id]) => id);

  async function viewOf(
    { account, connector, client: { clientId }, scope, options: kept, grantedBy, grantedAt }: GrantRecord,
    stored: StoredToken | undefined,
  ): Promise<GrantView> {
    const endsAt = stored === undefined ? grantedAt : stored.token.refreshToken === undefined ? stored.token.expiresAt : stored.token.refreshExpiresAt;
    const asked = kept === undefined ? undefined : await askedOf(connector, kept).catch(() => undefined);
    const granted = new Set(scopesIn(stored?.token.scope ?? scope));
    return {
      account,
      connector,
      clientId: clientId ?? stored?.token.app?.clientId ?? "",
      registered: clientId === undefined,
      scope: stored?.token.scope ?? scope,
      lacks: scopesIn(asked?.spec.scope ?? "").filter((one) => !granted.has(one)),
      again: asked !== undefined,
      grantedBy,
      grantedAt,
      ...(stored !== undefined && { renewedAt: stored.token.issuedAt }),
      ...(endsAt !== undefined && { endsAt }),
      sources: sourcesOf(account),
    };
  }

  /** The client's own requests to the platform. */
  async function toolsOf({ spec, http }: Asked, app: RegisteredApp | undefined): Promise<GrantTools & { readonly as: NonNullable<ReturnType<typeof clientOf>> }> {
    const as = clientOf(spec, app, readSecret);
    if (as === undefined) throw new EarshotError("CONFIG_INVALID", "grant: expected a client");
    const { clientSecret } = as.client;
    return {
      as,
      http,
      now,
      client: { id: await readValue(as.readSecret, as.client.clientId), ...(clientSecret !== undefined && { secret: (await as.readSecret(clientSecret)).trim() }) },
      exchange: (fields) => requestToken({ http, ...as, url: spec.tokenUrl, fields, now }),
    };
  }

  async function store(one: Begun, code: string): Promise<void> {
    const { spec, account, connector, app, verifier, actor } = one;
    const tools = await toolsOf(one, app);
    const first = await tools.exchange({
      grant_type: "authorization_code",
      code,
      redirect_uri: one.redirectUri,
      ...(verifier !== undefined && { code_verifier: verifier }),
    });
    const token: OAuthToken = spec.settle === undefined ? first : await spec.settle(first, tools);
    const seed = await grantSeed(spec, readSecret);
    await tokens.put(accountTokenName(account), { ...token, seed, ...(app !== undefined && { app }) });
    const { tokenUrl, clientId, clientSecret, clientAuth, revokeUrl } = spec;
    await register.put({
      account,
      connector,
      client: {
        tokenUrl,
        ...(clientId !== undefined && { clientId }),
        ...(clientSecret !== undefined && { clientSecret }),
        ...(clientAuth !== undefined && { clientAuth }),
        ...(revokeUrl !== undefined && { revokeUrl }),
      },
      scope: token.scope ?? spec.scope,
      options: one.options,
      grantedBy: actor,
    });
    await audit.append({ actor, action: "grant.make", subject: account, details: { connector } });
    await startAnew(account);
  }

  /** No source asks on with a token that it holds: with a new one it goes on at once, without one it waits. */
  async function startAnew(account: string): Promise<void> {
    options.credentials.forgetAccount(account);
    for (const id of sourcesOf(account)) await collector.restart(id);
  }

  /** True when the platform was told. */
  async function giveBack({ client: kept, connector, options: given }: GrantRecord, token: OAuthToken): Promise<boolean> {
    const own = given === undefined ? undefined : await askedOf(connector, given).catch(() => undefined);
    if (own?.spec.giveBack !== undefined) {
      await own.spec.giveBack(token, await toolsOf(own, token.app));
      return true;
    }
    const as = clientOf(kept, token.app, readSecret);
    if (kept.revokeUrl === undefined || as === undefined) return false;
    const signal = AbortSignal.timeout(revokedMs);
    await revokeToken({ http: own?.http ?? options.http, ...as, url: kept.revokeUrl, fields: { token: token.refreshToken ?? token.accessToken }, now, signal });
    return true;
  }

  async function begin({ use, options: given, account, returnTo, origin, actor }: GrantWish): ReturnType<Grants["begin"]> {
    const asked = await askedOf(use, given);
    const { spec } = asked;
    const known = await register.get(account);
    if (known !== undefined && known.connector !== use) throw new EarshotError("CONFLICT", `account ${account}: it is one of ${known.connector}; choose another name`);
    if (!URL.canParse(spec.authorizeUrl)) throw new EarshotError("CONFIG_INVALID", `${use}: expected an address to send the browser to`);
    const back = redirectUri(origin);
    for (const [old, { until }] of begun) if (until <= now()) begun.delete(old);
    if (begun.size >= mostBegun) throw new EarshotError("LIMIT_REACHED", `grants: ${mostBegun} are under way`);
    const { registration } = spec;
    const app = spec.clientId === undefined && registration !== undefined ? await registerApp(asked.http, registration.url, registration.fields(back)) : undefined;
    const state = client.randomState();
    const verifier = spec.pkce ? client.randomPKCECodeVerifier() : undefined;
    const address = new URL(spec.authorizeUrl);
    const fields = {
      ...spec.fields,
      response_type: "code",
      client_id: (await toolsOf(asked, app)).client.id,
      redirect_uri: back,
      scope: spec.scope,
      state,
      ...(verifier !== undefined && { code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
    };
    for (const [name, value] of Object.entries(fields)) address.searchParams.set(name, value);
    begun.set(state, {
      ...asked,
      account,
      options: given,
      actor,
      connector: use,
      redirectUri: back,
      until: now() + patienceMs,
      ...(app !== undefined && { app }),
      ...(verifier !== undefined && { verifier }),
    });
    return { address: address.href, cookie: trips.begin(state, { returnTo: ownPath(returnTo) }, back.startsWith("https:")) };
  }

  return {
    redirectUri,
    begin,

    async beginAgain({ account, ...wish }) {
      const known = await register.get(account);
      if (known === undefined) throw new EarshotError("NOT_FOUND", `account ${account}: there is none`);
      if (known.options === undefined)
        throw new EarshotError("CONFIG_INVALID", `account ${account}: how it was asked for is not known; grant access where a source that uses it is changed`);
      return begin({ ...wish, account, use: known.connector, options: known.options });
    },

    async finish({ query, cookies }) {
      const told = new URLSearchParams(query);
      const ended = trips.end(query, cookies);
      if (ended === undefined) return { failed: "SIGN_IN_EXPIRED", returnTo: "/" };
      const { returnTo } = ended.began;
      const state = told.get("state") ?? "";
      const one = begun.get(state);
      begun.delete(state);
      const used = ended.cookie;
      if (one === undefined) return { failed: "SIGN_IN_EXPIRED", returnTo, used };
      const { account } = one;
      try {
        const code = told.get("code");
        if (code === null) throw new EarshotError("UPSTREAM_REFUSED", `account ${account}: the platform answered ${clean(told.get("error") ?? "nothing")}`);
        await store(one, code);
        return { account, returnTo, used };
      } catch (thrown) {
        const error = toEarshotError(thrown, "UPSTREAM_REFUSED", `account ${account}`);
        report("warn", `access was not granted: ${error.message}`, { code: error.code });
        const reason = clean(error.cause instanceof TokenRefused ? error.cause.error : (told.get("error") ?? ""));
        return { failed: error.code, returnTo, used, ...(reason !== "" && { reason }) };
      }
    },

    async list() {
      const all = await register.all();
      return Promise.all(all.map(async (grant) => viewOf(grant, await tokens.get(accountTokenName(grant.account)))));
    },

    async revoke(account, actor) {
      const grant = await register.remove(account);
      const stored = await tokens.get(accountTokenName(account));
      await tokens.remove(accountTokenName(account));
      await audit.append({ actor, action: "grant.revoke", subject: account, details: { connector: grant.connector } });
      await startAnew(account);
      if (stored === undefined) return { there: false };
      try {
        return { there: await giveBack(grant, stored.token) };
      } catch (thrown) {
        // Forgetting it here must not wait for the platform.
        const { code, message } = toEarshotError(thrown, "UPSTREAM_REFUSED", `account ${account}`);
        report("warn", `the platform was not told that a grant ends: ${message}`, { code });
        return { there: false };
      }
    },
  };
}

const scopesIn = (scope: string): readonly string[] => scope.split(/[\s,]+/).filter((one) => one !== "");

/** It comes with a browser, and goes into an address of ours. */
const clean = (text: string): string => text.replaceAll(/[^\w .:/-]/g, "").slice(0, 60);
