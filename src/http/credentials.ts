import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { ReadSecret, Report } from "../core/component.ts";
import type { Credential, CredentialSpec, CredentialState } from "../core/credential.ts";
import type { Caller, Http } from "../core/http.ts";
import type { OAuthTokens } from "../core/oauth-token.ts";
import { callFor } from "./counted.ts";
import { makeOAuthCredential } from "./oauth-credential.ts";
import { makeMemoryTokens } from "./oauth-memory.ts";
import { makeTokenCredential, type StatedCredential } from "./token-credential.ts";

export interface CredentialsOptions {
  readonly readSecret: ReadSecret;
  readonly http: Http;
  readonly clock: Clock;
  readonly report?: Report;
  /** Where platforms' tokens are kept; absent: in memory. */
  readonly tokens?: OAuthTokens;
}

export interface Credentials {
  /** The same spec gives the same credential; it is renewed the way that its sources' calls go. @throws CONFIG_INVALID */
  readonly credential: (spec: CredentialSpec, caller?: Caller) => Promise<Credential>;
  /** A grant was replaced or given back: who asks for its credential from now on reads what is stored. */
  forgetAccount(account: string): void;
  /** Of those that were asked for. */
  stateOf(name: string): CredentialState | undefined;
}

const mostCredentials = 2_000;

/** Makes credentials of what connectors ask for. */
export function makeCredentials(options: CredentialsOptions): Credentials {
  const tokens = options.tokens ?? makeMemoryTokens();
  const made = new Map<string, StatedCredential>();
  const accounts = new Map<string, string>();
  return {
    async credential(spec, caller) {
      const key = `${fingerprintOf(spec)} ${caller?.egress ?? ""}`;
      const known = made.get(key);
      if (known !== undefined) return known;
      const credential =
        spec.kind === "token"
          ? makeTokenCredential(spec, options)
          : makeOAuthCredential(spec, { ...options, tokens, http: caller?.egress === undefined ? options.http : callFor(options.http, caller) });
      if (made.size >= mostCredentials) {
        const oldest = made.keys().next().value ?? "";
        made.delete(oldest);
        accounts.delete(oldest);
      }
      made.set(key, credential);
      if (spec.kind === "oauth2" && spec.account !== undefined) accounts.set(key, spec.account);
      return credential;
    },
    forgetAccount(account) {
      for (const [key, one] of accounts) {
        if (one !== account) continue;
        made.delete(key);
        accounts.delete(key);
      }
    },
    stateOf(name) {
      const states = [...made.values()].filter((credential) => credential.name === name).map((credential) => credential.state());
      return states.find((state) => state.failure !== undefined) ?? states.find((state) => state.endsAt !== undefined) ?? states[0];
    },
  };
}

function fingerprintOf(spec: CredentialSpec): string {
  const sorted = JSON.stringify(spec, (_name, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  return createHash("sha256").update(sorted).digest("base64url");
}
