import type { ReadSecret } from "../core/component.ts";
import type { Credential, CredentialSpec } from "../core/credential.ts";
import { EarshotError } from "../core/errors.ts";

export interface CredentialsOptions {
  readonly readSecret: ReadSecret;
}

/** Makes credentials of what connectors ask for; the same spec gives the same credential. */
export function makeCredentials(options: CredentialsOptions): (spec: CredentialSpec) => Promise<Credential> {
  return async (spec) => {
    if (spec.kind !== "token") throw new EarshotError("CONFIG_INVALID", `credential: ${spec.kind} is not there yet`);
    const token = async () => (await options.readSecret(spec.token)).trim();
    return {
      name: spec.token,
      async headers() {
        return { [spec.header ?? "authorization"]: `${spec.scheme ?? "Bearer"} ${await token()}`.trim() };
      },
      token,
      refused: async () => false,
    };
  };
}
