import { stat } from "node:fs/promises";
import type { SourceContext } from "../../core/component.ts";
import type { ConfigFault, SourceConfig } from "../../core/config.ts";
import type { CredentialSpec } from "../../core/credential.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { ReadFilter } from "../../core/filter.ts";
import type { Http } from "../../core/http.ts";
import { callFor, countHttp, type HttpCounts } from "../../http/counted.ts";
import { callerOf, defineSource, egressFaults, type SourceDefinition } from "../collect.ts";
import type { Engine, SourceView, TermView } from "../engine.ts";
import type { ForecastSize, SecretCheck, SourceForecastAnswer, SourceSetup } from "../source-setup.ts";
import { readSetupOptions } from "./grant-options.ts";
import { bytesPerPostOf, countInterval, type StoredSize } from "./estimate.ts";
import { makeSourceCheck, type SourceCheckOptions } from "./source-check.ts";

const dayMs = 86_400_000;
const patienceMs = 60_000;
/** A person waits: where an allowance is used up for longer, that is told at once. */
const callDeadlineMs = 15_000;
const mostAtOnce = 2;
const leastPosts = 200;
const mostTerms = 500;
const mostSecretBytes = 65_536;
const noCalls = (): HttpCounts => ({ requests: 0, notModified: 0, budgets: new Set() });

export interface SourceSetupOptions extends SourceCheckOptions {
  readonly reading: Pick<Engine, "count">;
  readonly narrow: (filter: ReadFilter) => ReadFilter;
  readonly sources: () => Promise<readonly SourceView[]>;
  readonly terms: () => Promise<readonly TermView[]>;
  readonly storeSizes: () => Promise<readonly StoredSize[]>;
}

/** Answers what people ask before they save a source. */
export function makeSourceSetup(options: SourceSetupOptions): SourceSetup {
  let asking = 0;
  const hurried: Http = {
    ...options.http,
    request: (url, wish) => options.http.request(url, { ...wish, deadlineMs: Math.min(wish?.deadlineMs ?? callDeadlineMs, callDeadlineMs) }),
  };

  /** Of the last week's posts of sources of the same connector that keep everything: how many match a term. */
  async function sampleOf(connector: string, exceptSimulated: boolean): Promise<ForecastSize["sample"] | undefined> {
    const narrowed = options.narrow({});
    const ids = (await options.sources())
      .filter((source) => source.connector === connector && source.keep === "everything" && !(exceptSimulated && source.simulated))
      .map(({ id }) => id)
      .filter((id) => narrowed.sources?.includes(id) ?? true);
    if (ids.length === 0) return undefined;
    const toMs = options.clock.now();
    const created = `created:${new Date(toMs - 7 * dayMs).toISOString()}..${new Date(toMs).toISOString()}`;
    const filter = { ...narrowed, sources: ids };
    const all = await options.reading.count(created, filter);
    const terms = (await options.terms()).slice(0, mostTerms).map(({ id }) => `term:${id}`);
    if (all.posts < leastPosts || terms.length === 0) return undefined;
    const matching = await options.reading.count(`(${terms.join(" OR ")}) ${created}`, filter);
    return { posts: all.posts, matching: Math.min(matching.posts, all.posts), exact: all.exact && matching.exact };
  }

  async function sizeOf({ connector, simulated }: SourceDefinition, perDay: number | undefined): Promise<ForecastSize | undefined> {
    const bytesPerPost = bytesPerPostOf(await options.storeSizes());
    if (bytesPerPost === 0) return undefined;
    if (perDay === undefined) return { bytesPerPost };
    const everythingGbPerDay = (perDay * bytesPerPost) / 1e9;
    const sample = await sampleOf(connector.name, !simulated);
    if (sample === undefined) return { bytesPerPost, everythingGbPerDay };
    const { low, value, high } = countInterval([{ count: sample.matching, weight: everythingGbPerDay / sample.posts }]);
    return { bytesPerPost, everythingGbPerDay, sample, matchingGbPerDay: { low, value, high: Math.min(high, everythingGbPerDay) } };
  }

  /** Asks by a context that is gone afterwards, for a minute at most. */
  async function inTime<T>(
    { id, egress }: Parameters<typeof callerOf>[0],
    calls: HttpCounts,
    what: string,
    ask: (context: SourceContext) => Promise<T> | undefined,
  ): Promise<T | undefined> {
    const caller = callerOf({ id, ...(egress !== undefined && { egress }) });
    const context: SourceContext = {
      id,
      clock: options.clock,
      files: options.files,
      http: countHttp(callFor(hurried, caller), calls),
      readSecret: options.readSecret,
      credential: (spec: CredentialSpec) => options.credential(spec, caller),
      report: () => undefined,
      status: () => undefined,
      failed: () => undefined,
    };
    if (asking >= mostAtOnce) throw new EarshotError("LIMIT_REACHED", `${what}: ${mostAtOnce} are being asked for already`);
    asking += 1;
    const timer = new AbortController();
    const late = options.clock.sleep(patienceMs, timer.signal).then(() => {
      throw new EarshotError("UPSTREAM_UNAVAILABLE", `${what}: no answer within ${patienceMs / 1_000} s`);
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([ask(context), late]);
    } finally {
      asking -= 1;
      timer.abort();
    }
  }

  async function forecast(definition: SourceDefinition): Promise<SourceForecastAnswer> {
    const calls = noCalls();
    try {
      const { connector, parsedOptions } = definition;
      const told = await inTime(definition, calls, `${connector.name} forecast`, (context) => connector.forecast?.(parsedOptions, context));
      const size = await sizeOf(definition, told?.perDay);
      const common = { requests: calls.requests, ...(size !== undefined && { size }) };
      return told === undefined ? { ...common, state: "untold" } : { ...common, state: "told", forecast: told };
    } catch (thrown) {
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", definition.connector.name);
      if (error.code === "LIMIT_REACHED") throw error;
      const { code, message } = error;
      return { requests: calls.requests, state: "failed", code, message };
    }
  }

  async function checkSecret(reference: string): Promise<SecretCheck> {
    try {
      const [, path] = /^file:(\/.+)$/s.exec(reference) ?? [];
      const file = path === undefined ? undefined : await stat(path).catch(() => undefined);
      if (file !== undefined && (!file.isFile() || file.size > mostSecretBytes))
        return { reference, there: false, message: `secret ${reference}: no file, or too large for a secret` };
      const secret = await options.readSecret(reference);
      return secret.trim() === "" ? { reference, there: false, message: `secret ${reference}: it is empty` } : { reference, there: true };
    } catch (thrown) {
      return { reference, there: false, message: toEarshotError(thrown, "CONFIG_SECRET_MISSING", "secret").message };
    }
  }

  return {
    checkSource: makeSourceCheck(options),
    async forecastSource(config: SourceConfig) {
      const faults: ConfigFault[] = [];
      const definition = await defineSource("forecast", config, "dashboard", faults);
      if (definition !== undefined) faults.push(...egressFaults(definition, options.egress));
      if (definition === undefined || faults.length > 0) {
        const message = faults.map(({ place, message: text }) => `${place.replace(/^sources\.forecast\.?/, "")}: ${text}`).join("; ");
        return { requests: 0, state: "failed", code: "CONFIG_INVALID", message };
      }
      return forecast(definition);
    },
    async offersOf(use, given) {
      const { connector, parsed, egress } = await readSetupOptions(use, given);
      const { offers } = connector;
      if (offers === undefined) throw new EarshotError("USAGE", `${use}: what can be read is not told by an account`);
      return (await inTime({ id: "offers", ...(egress !== undefined && { egress }) }, noCalls(), `${use} offers`, (context) => offers.list(parsed, context))) ?? [];
    },
    checkSecrets: (references) => Promise.all(references.map(checkSecret)),
  };
}
