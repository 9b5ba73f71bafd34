import * as client from "openid-client";
import type { Clock } from "../../core/clock.ts";
import type { ReadSecret, Report } from "../../core/component.ts";
import { type ConfigFault, refuseFaults } from "../../core/config.ts";
import type { AuthorizationSpec } from "../../core/credential.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Http } from "../../core/http.ts";
import { accountTokenName, type StoredToken } from "../../core/oauth-token.ts";
import { clientSeed } from "../../http/oauth-credential.ts";
import { readValue, requestToken, revokeToken } from "../../http/oauth-request.ts";
import type { Audit } from "../../registers/audit.ts";
import type { GrantRecord, OAuthGrants } from "../../registers/oauth-grants.ts";
import type { OAuthTokenRegister } from "../../registers/oauth-tokens.ts";
import { type Collector, defineSource } from "../collect.ts";
import { grantCallbackPath, type Grants, type GrantView } from "../grants.ts";
import { browserOrigin, makeRoundTrips, ownPath } from "./round-trip.ts";

export interface GrantsOptions {
  readonly register: OAuthGrants;
  readonly tokens: OAuthTokenRegister;
  readonly audit: Audit;
  readonly http: Http;
  readonly readSecret: ReadSecret;
  readonly collector: Pick<Collector, "running" | "restart">;
  readonly publicUrl: string | undefined;
  readonly clock: Clock;
  readonly report: Report;
}

interface Begun {
  readonly account: string;
  readonly connector: string;
  readonly client: GrantRecord["client"];
  readonly scope: string;
  readonly redirectUri: string;
  /** Absent: the platform has no PKCE. */
  readonly verifier?: string;
  readonly actor: string;
  readonly returnTo: string;
}

/** Access that people grant in the browser: authorization code (RFC 6749, 4.1) with PKCE (RFC 7636) where the platform has it. */
export function makeGrants(options: GrantsOptions): Grants {
  const { register, tokens, audit, http, readSecret, collector, clock, report } = options;
  const now = () => clock.now();
  const trips = makeRoundTrips<Begun>("earshot_grant_", now);
  const redirectUri = (origin: string | undefined) => `${browserOrigin(options.publicUrl, origin, "grant access")}${grantCallbackPath}`;

  async function specOf(use: string, given: Readonly<Record<string, unknown>>): Promise<AuthorizationSpec> {
    const faults: ConfigFault[] = [];
    const definition = await defineSource("grant", { ...given, use, paused: false }, "dashboard", faults);
    refuseFaults("grant", faults);
    const spec = definition?.connector.authorization?.(definition.parsedOptions);
    if (spec === undefined) throw new EarshotError("CONFIG_INVALID", `${use}: with these options nobody need grant access in the browser`);
    return spec;
  }

  const sourcesOf = (account: string): readonly string[] =>
    [...collector.running].filter(([, source]) => [...source.credentials.values()].some((spec) => spec.kind === "oauth2" && spec.account === account)).map(([id]) => id);

  function viewOf({ account, connector, client: { clientId }, scope, grantedBy, grantedAt }: GrantRecord, stored: StoredToken | undefined): GrantView {
    const endsAt = stored === undefined ? grantedAt : stored.token.refreshToken === undefined ? stored.token.expiresAt : stored.token.refreshExpiresAt;
    return {
      account,
      connector,
      clientId,
      scope: stored?.token.scope ?? scope,
      grantedBy,
      grantedAt,
      ...(stored !== undefined && { renewedAt: stored.token.issuedAt }),
      ...(endsAt !== undefined && { endsAt }),
      sources: sourcesOf(account),
    };
  }

  async function store(begun: Begun, code: string): Promise<void> {
    const { account, connector, scope, verifier, actor } = begun;
    const token = await requestToken({
      http,
      readSecret,
      client: begun.client,
      url: begun.client.tokenUrl,
      fields: { grant_type: "authorization_code", code, redirect_uri: begun.redirectUri, ...(verifier !== undefined && { code_verifier: verifier }) },
      now,
    });
    const seed = clientSeed(await readValue(readSecret, begun.client.clientId), begun.client.tokenUrl);
    await tokens.put(accountTokenName(account), { ...token, seed });
    await register.put({ account, connector, client: begun.client, scope: token.scope ?? scope, grantedBy: actor });
    await audit.append({ actor, action: "grant.make", subject: account, details: { connector } });
    // Those that wait with a refused credential go on at once.
    for (const id of sourcesOf(account)) await collector.restart(id);
  }

  return {
    redirectUri,

    async begin({ use, options: given, account, returnTo, origin, actor }) {
      const spec = await specOf(use, given);
      const known = await register.get(account);
      if (known !== undefined && known.connector !== use) throw new EarshotError("CONFLICT", `account ${account}: it is one of ${known.connector}; choose another name`);
      if (!URL.canParse(spec.authorizeUrl)) throw new EarshotError("CONFIG_INVALID", `${use}: expected an address to send the browser to`);
      const { tokenUrl, clientId, clientSecret, clientAuth, revokeUrl } = spec;
      const back = redirectUri(origin);
      const state = client.randomState();
      const verifier = spec.pkce ? client.randomPKCECodeVerifier() : undefined;
      const address = new URL(spec.authorizeUrl);
      const fields = {
        ...spec.fields,
        response_type: "code",
        client_id: await readValue(readSecret, clientId),
        redirect_uri: back,
        scope: spec.scope,
        state,
        ...(verifier !== undefined && { code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
      };
      for (const [name, value] of Object.entries(fields)) address.searchParams.set(name, value);
      const begun: Begun = {
        account,
        connector: use,
        client: {
          tokenUrl,
          clientId,
          ...(clientSecret !== undefined && { clientSecret }),
          ...(clientAuth !== undefined && { clientAuth }),
          ...(revokeUrl !== undefined && { revokeUrl }),
        },
        scope: spec.scope,
        redirectUri: back,
        ...(verifier !== undefined && { verifier }),
        actor,
        returnTo: ownPath(returnTo),
      };
      return { address: address.href, cookie: trips.begin(state, begun, back.startsWith("https:")) };
    },

    async finish({ query, cookies }) {
      const ended = trips.end(query, cookies);
      if (ended === undefined) return { failed: "SIGN_IN_EXPIRED", returnTo: "/" };
      const { began, cookie: used } = ended;
      const { returnTo, account } = began;
      try {
        const told = new URLSearchParams(query);
        const code = told.get("code");
        if (code === null) throw new EarshotError("UPSTREAM_REFUSED", `account ${account}: the platform answered ${clean(told.get("error") ?? "nothing")}`);
        await store(began, code);
        return { account, returnTo, used };
      } catch (thrown) {
        const error = toEarshotError(thrown, "UPSTREAM_REFUSED", `account ${account}`);
        report("warn", `access was not granted: ${error.message}`, { code: error.code });
        return { failed: error.code, returnTo, used };
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
      const { revokeUrl } = grant.client;
      const token = stored?.token.refreshToken ?? stored?.token.accessToken;
      if (revokeUrl === undefined || token === undefined) return { there: false };
      try {
        await revokeToken({ http, readSecret, client: grant.client, url: revokeUrl, fields: { token }, now });
        return { there: true };
      } catch (thrown) {
        // Forgetting it here must not wait for the platform.
        const { code, message } = toEarshotError(thrown, "UPSTREAM_REFUSED", `account ${account}`);
        report("warn", `the platform was not told that a grant ends: ${message}`, { code });
        return { there: false };
      }
    },
  };
}

const clean = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "").slice(0, 100);
