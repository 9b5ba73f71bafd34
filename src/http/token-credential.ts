import type { Clock } from "../core/clock.ts";
import type { ReadSecret } from "../core/component.ts";
import type { Credential, CredentialState, TokenSpec } from "../core/credential.ts";

export interface StatedCredential extends Credential {
  state(): CredentialState;
}

const rereadMs = 60_000;

/**
 * A key that people rotate. What its reference says is read again every minute and after a refusal. While the platform does
 * not take a new key yet, the one before it is used on; so both may be swapped in any order during their overlap.
 */
export function makeTokenCredential(spec: TokenSpec, options: { readonly readSecret: ReadSecret; readonly clock: Clock }): StatedCredential {
  const { clock } = options;
  const header = (spec.header ?? "authorization").toLowerCase();
  const write = (token: string) => ({ [header]: `${spec.scheme ?? "Bearer"} ${token}`.trim() });
  let current: string | undefined;
  let previous: string | undefined;
  let readAt = 0;
  let given = "";

  async function reread(): Promise<void> {
    let value: string;
    try {
      value = (await options.readSecret(spec.token)).trim();
    } catch (thrown) {
      // A file that is being replaced: what was read last still holds.
      if (current === undefined) throw thrown;
      return;
    } finally {
      readAt = clock.monotonicMs();
    }
    if (value === current) return;
    previous = current;
    current = value;
  }

  async function token(): Promise<string> {
    if (current === undefined || clock.monotonicMs() - readAt >= rereadMs) await reread();
    given = current ?? "";
    return given;
  }

  return {
    name: spec.token,
    token,
    headers: async () => write(await token()),
    async refused(_signal, refusedHeaders) {
      const refused = refusedHeaders?.[header] ?? write(given)[header];
      const isRefused = (value: string | undefined) => value === undefined || write(value)[header] === refused;
      if (!isRefused(current)) return true;
      await reread();
      if (!isRefused(current)) return true;
      if (isRefused(previous)) return false;
      [current, previous] = [previous, current];
      return true;
    },
    state() {
      const endsAt = endOf(spec.endsOn) ?? jwtEnd(current);
      return { name: spec.token, ...(endsAt !== undefined && { endsAt }) };
    },
  };
}

export function endOf(day: string | undefined): number | undefined {
  const at = day === undefined ? Number.NaN : Date.parse(day);
  return Number.isNaN(at) ? undefined : at;
}

/** `exp` of a JSON Web Token (RFC 7519, 4.1.4); its signature is the platform's affair. */
function jwtEnd(token: string | undefined): number | undefined {
  const [, body] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token ?? "") ?? [];
  if (body === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
    const end = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : undefined;
    return typeof end === "number" && end > 0 && end < 1e11 ? end * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
