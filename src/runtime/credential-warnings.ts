import type { CredentialState } from "../core/credential.ts";

const dayMs = 86_400_000;
const warnDays = 14;

/** What a person should do about credentials, before a call fails. Names, days and codes; no secret. */
export function credentialWarnings(states: readonly CredentialState[], nowMs: number): readonly string[] {
  return states.flatMap(({ name, endsAt, failure }) => {
    const warnings: string[] = [];
    if (failure !== undefined) warnings.push(`${name}: it could not be renewed (${failure.code}): ${failure.message}`);
    if (endsAt === undefined) return warnings;
    const days = Math.floor((endsAt - nowMs) / dayMs);
    const day = new Date(endsAt).toISOString().slice(0, 10);
    if (endsAt <= nowMs) warnings.push(`${name}: it ended on ${day}; grant access again, or set a new one`);
    else if (days < warnDays) warnings.push(`${name}: it ends ${days === 0 ? "today" : `in ${days} day${days === 1 ? "" : "s"}`} (${day}); grant access again, or set a new one`);
    return warnings;
  });
}
