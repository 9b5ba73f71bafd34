import type { Clock } from "../../core/clock.ts";
import type { ReadSecret } from "../../core/component.ts";
import type { ConfigFault, EgressProfile, SourceConfig } from "../../core/config.ts";
import type { CredentialSpec } from "../../core/credential.ts";
import { type EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Files } from "../../core/files.ts";
import type { Http } from "../../core/http.ts";
import { callFor } from "../../http/counted.ts";
import type { Credentials } from "../../http/credentials.ts";
import { callerOf, defineSource, egressFaults, type SourceDefinition } from "../collect.ts";
import type { SourceCheck } from "../source-setup.ts";

const patienceMs = 12_000;
/** A source that says that it listens may throw at once after. */
const graceMs = 100;

export interface SourceCheckOptions {
  readonly files: Files;
  readonly http: Http;
  readonly clock: Clock;
  readonly readSecret: ReadSecret;
  readonly credential: Credentials["credential"];
  readonly egress: Readonly<Record<string, EgressProfile>>;
}

/** Opens a source and reads until something comes, or until it says that it listens; keeps nothing of it. */
export function makeSourceCheck(options: SourceCheckOptions): (config: SourceConfig) => Promise<SourceCheck> {
  async function listens(definition: SourceDefinition, signal: AbortSignal, onTrouble: (code: string, message: string) => void): Promise<void> {
    const listening = Promise.withResolvers<void>();
    const context = {
      id: definition.id,
      clock: options.clock,
      files: options.files,
      http: callFor(options.http, callerOf(definition)),
      readSecret: options.readSecret,
      credential: (spec: CredentialSpec) => options.credential(spec, callerOf(definition)),
      report: (_level: string, message: string, fields?: Readonly<Record<string, unknown>>) => {
        const code = fields?.["code"];
        if (typeof code === "string") onTrouble(code, message);
      },
      status: ({ state, detail }: { readonly state: string; readonly detail?: string }) => {
        if (state === "waiting" && detail !== undefined) onTrouble("UPSTREAM_UNAVAILABLE", detail);
        if (state === "live" || state === "polling" || state === "done") setTimeout(listening.resolve, graceMs);
      },
      failed: ({ code, message }: EarshotError) => onTrouble(code, message),
    };
    const read = async () => {
      await using source = await definition.connector.open(definition.parsedOptions, context);
      for await (const page of source.read(undefined, signal)) {
        if (page.items.length > 0) return;
        if (signal.aborted) return;
      }
    };
    const reading = read();
    // After an answer the rest of it does not matter.
    reading.catch(() => undefined);
    await Promise.race([reading, listening.promise]);
  }

  return async (config) => {
    const faults: ConfigFault[] = [];
    const definition = await defineSource("check", config, "dashboard", faults);
    if (definition !== undefined) faults.push(...egressFaults(definition, options.egress));
    if (definition === undefined || faults.length > 0)
      return { ok: false, code: "CONFIG_INVALID", message: faults.map(({ place, message }) => `${place.replace(/^sources\.check\.?/, "")}: ${message}`).join("; ") };
    const abort = new AbortController();
    let trouble: { readonly code: string; readonly message: string } | undefined;
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), patienceMs);
    try {
      const told = await Promise.race([listens(definition, abort.signal, (code, message) => (trouble = { code, message })).then(() => "ok" as const), late.promise]);
      if (told === "ok") return { ok: true };
      return { ok: false, ...(trouble ?? { code: "UPSTREAM_UNAVAILABLE", message: `no answer within ${patienceMs / 1_000} s` }) };
    } catch (thrown) {
      const error: EarshotError = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", config.use);
      return { ok: false, code: error.code, message: error.message };
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  };
}
