import { hkdfSync } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { ReadSecret, Report } from "../../core/component.ts";
import type { EgressProfile } from "../../core/config.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { Sql } from "../../core/sql.ts";
import { openHttp } from "../../http/client.ts";
import { makeCredentials } from "../../http/credentials.ts";
import type { Env } from "../../http/proxy.ts";
import type { KeyRing } from "../../ledger/key-ring.ts";
import { openAudit } from "../../registers/audit.ts";
import { openOAuthGrants } from "../../registers/oauth-grants.ts";
import { openBudgetPositions } from "../../registers/budget-positions.ts";
import { openOAuthTokens } from "../../registers/oauth-tokens.ts";
import type { Connections } from "../connections.ts";
import { type GrantsOptions, makeGrants } from "./grants.ts";

const mostRefused = 100;

export interface AcquisitionOptions {
  readonly sql: Sql;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly report: Report;
  readonly env: Env;
  readonly readSecret: ReadSecret;
  readonly egress: Readonly<Record<string, EgressProfile>>;
}

/** What every source asks platforms with: the one client, and credentials whose tokens are kept in the catalog. */
export function openAcquisition(options: AcquisitionOptions) {
  const { sql, ring, clock, report, env, readSecret } = options;
  const audit = openAudit(sql, () => clock.now());
  const refusedEgress = (source: string, details: Readonly<Record<string, string>>, actor: string) => audit.append({ actor, action: "egress.refuse", subject: source, details });
  const http = openHttp({
    clock,
    report,
    env,
    budgets: openBudgetPositions(sql, () => clock.now()),
    egress: {
      profiles: options.egress,
      readSecret,
      onRefused: ({ source, host, egress = "" }) =>
        void refusedEgress(source, { host, egress }, "earshot").catch((thrown: unknown) => report("error", toEarshotError(thrown, "STORE_UNAVAILABLE", "audit").message)),
    },
  });
  const oauthTokens = openOAuthTokens(
    sql,
    tokenKey(ring),
    () => clock.now(),
    (ms) => clock.sleep(ms),
  );
  const credentials = makeCredentials({ readSecret, http, clock, report, tokens: oauthTokens });
  return {
    http,
    credentials,
    forSetup: { credential: credentials.credential, egress: options.egress },
    forSources: {
      credentialState: credentials.stateOf,
      egress: options.egress,
      refusedEgress: (source: string, egress: string, actor: string) => refusedEgress(source, { egress }, actor),
    },
    forEngine: (more: Pick<GrantsOptions, "audit" | "collector" | "publicUrl">) => ({
      grants: makeGrants({ ...more, register: openOAuthGrants(sql, () => clock.now()), tokens: oauthTokens, credentials, http, readSecret, clock, report }),
      async connections(): Promise<Connections> {
        const refused = await audit.list({ action: "egress.refuse", limit: mostRefused });
        return { hosts: http.hosts(), egress: http.egress(), refused: refused.map(({ at, subject, details = {} }) => ({ at, source: subject, ...textsIn(details) })) };
      },
    }),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

function textsIn(details: Readonly<Record<string, unknown>>): { readonly host?: string; readonly egress?: string } {
  const { host, egress } = details;
  return { ...(typeof host === "string" && host !== "" && { host }), ...(typeof egress === "string" && egress !== "" && { egress }) };
}

/** Of the ring's key that never rotates (HKDF, RFC 5869): the catalog alone opens no token. */
function tokenKey(ring: KeyRing): Buffer {
  return Buffer.from(hkdfSync("sha256", ring.post, "", "earshot tokens of platforms", 32));
}
