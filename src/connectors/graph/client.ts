import type { SourceContext } from "../../core/component.ts";
import type { Credential } from "../../core/credential.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { BudgetUse, FailedAnswer, Reaction } from "../../core/http.ts";
import { type Json, isJson } from "../json/decode.ts";
import { appSecretProof, baseOf, credentialSpec, debugAddress, factsIn, readBody } from "./access.ts";
import { errorIn, failureKind, failureOf, failureOfStatus, regainMinutes } from "./failures.ts";
import { type GraphOptions, daysLeft } from "./options.ts";

export interface Asked {
  /** `123/feed`, without version. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The page whose own token is to be used, where there is one. */
  readonly page?: string;
  readonly budgets?: readonly BudgetUse[];
}

/** Calls of one token to the Graph API. */
export interface GraphClient {
  /** Waits out limits and passing failures; throws UPSTREAM_* for all else, and for what lasts too long. */
  get(asked: Asked, signal: AbortSignal): Promise<Json>;
  /** Its name, for budgets of its own. */
  readonly credentialName: string;
}

const hourMs = 3_600_000;
const maxAnswerBytes = 16 << 20;
/** A limit that lasts longer is the runtime's to wait for. */
const longestWaitMs = 65 * 60_000;
const mostTries = 8;
const mostAccountPages = 50;

export async function openGraph(connector: string, options: GraphOptions, context: SourceContext): Promise<GraphClient> {
  const { clock, http, report, status } = context;
  const credential = await context.credential(credentialSpec(options));
  const secret = options.appSecret === undefined ? undefined : (await context.readSecret(options.appSecret)).trim();
  const base = baseOf(options);
  const left = daysLeft(options.version, clock.now());
  if (left !== undefined && left < 90) report("warn", `${connector}: ${options.version} of the Graph API ends in ${left} days; set a newer version`, { source: context.id });
  const pages = new Map<string, Credential>();
  let pagesRead: Promise<void> | undefined;

  /** Tokens of the pages that the user manages; a token of a page itself has none, and then serves for all. */
  async function readPages(signal: AbortSignal): Promise<void> {
    let after: string | undefined;
    for (let page = 0; page < mostAccountPages; page++) {
      const body = await call({ path: "me/accounts", query: { fields: "id,access_token", limit: "100", ...(after !== undefined && { after }) } }, credential, signal);
      const data: unknown[] = Array.isArray(body["data"]) ? body["data"] : [];
      for (const item of data) {
        if (!isJson(item) || typeof item["id"] !== "string" || typeof item["access_token"] !== "string") continue;
        pages.set(item["id"], pageCredential(item["id"], item["access_token"]));
      }
      const paging = isJson(body["paging"]) ? body["paging"] : {};
      after = isJson(paging["cursors"]) && typeof paging["cursors"]["after"] === "string" ? paging["cursors"]["after"] : undefined;
      if (after === undefined || paging["next"] === undefined) return;
    }
  }

  function pageCredential(id: string, token: string): Credential {
    return {
      name: `${credential.name}/page/${id}`,
      headers: async () => ({ authorization: `Bearer ${token}` }),
      token: async () => token,
      // The user's token is asked for the page's again.
      async refused(signal) {
        pagesRead = undefined;
        pages.delete(id);
        await credential.refused(signal);
        return false;
      },
    };
  }

  async function tokenFor(page: string | undefined, signal: AbortSignal): Promise<Credential> {
    if (page === undefined) return credential;
    pagesRead ??= readPages(signal).catch((thrown: unknown) => {
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", connector);
      // Page and system tokens have no such edge; they are used as they are.
      if (error.code !== "UPSTREAM_REFUSED" && error.code !== "UPSTREAM_NOT_FOUND") {
        pagesRead = undefined;
        throw error;
      }
    });
    await pagesRead;
    return pages.get(page) ?? credential;
  }

  async function call({ path, query, budgets = [] }: Asked, by: Credential, signal: AbortSignal): Promise<Json> {
    const url = new URL(`${base}/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (secret !== undefined) url.searchParams.set("appsecret_proof", appSecretProof(await by.token(signal), secret));
    const { bytes } = await http.request(url.href, {
      signal,
      maxBytes: maxAnswerBytes,
      credential: by,
      budgets: [budgetOf(by.name, options), ...budgets],
      react: (answer) => reactionTo(connector, answer, clock.now()),
    });
    return readBody(bytes, path);
  }

  return {
    credentialName: credential.name,
    async get(asked, signal) {
      let pauseMs = 1_000;
      let renewed = false;
      for (let tries = 1; ; tries++) {
        try {
          return await call(asked, await tokenFor(asked.page, signal), signal);
        } catch (thrown) {
          if (signal.aborted) throw thrown;
          const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", connector);
          if (error.code === "UPSTREAM_AUTH" && asked.page !== undefined && !renewed && pagesRead === undefined) {
            renewed = true;
            continue;
          }
          const passes = error.code === "UPSTREAM_RATE_LIMITED" || error.code === "UPSTREAM_UNAVAILABLE" || error.code === "UPSTREAM_CUT";
          const limited = error.code === "UPSTREAM_RATE_LIMITED";
          const waitMs = Math.max((error.retryAt ?? 0) - clock.now(), limited && error.retryAt !== undefined ? 0 : pauseMs);
          if (!passes || waitMs > longestWaitMs || (!limited && tries >= mostTries)) throw error;
          pauseMs = Math.min(60_000, pauseMs * 2);
          status({ state: "waiting", detail: error.code, retryAt: clock.now() + waitMs });
          await clock.sleep(waitMs, signal);
        }
      }
    },
  };
}

/** A bucket of a tenth that nine tenths an hour fill: never more than all of it in any hour, as the platform counts (a rolling one). */
function budgetOf(credential: string, { requestsPerHour }: GraphOptions): BudgetUse {
  return { name: `graph/${credential}`, limit: { requests: Math.ceil(requestsPerHour / 10), perMs: hourMs / 9 } };
}

/** The platform's own word: its errors come with 400 mostly, some with 200. */
export function reactionTo(connector: string, { status, headers, bytes }: FailedAnswer, nowMs: number): Reaction | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 20_000)).toString("utf8");
  if (status < 400 && !/^\s*\{\s*"error"\s*:/.test(text)) return undefined;
  let error: Json | undefined;
  try {
    error = errorIn(JSON.parse(text));
  } catch {
    // A page of a proxy, or too long for an error: the status decides.
  }
  const name = error === undefined ? failureOfStatus(status) : failureOf(error, status);
  if (name === undefined) return undefined;
  const minutes = name === "rate-limit" ? regainMinutes(headers.get("x-business-use-case-usage")) : undefined;
  const trace = error?.["fbtrace_id"];
  const message = error?.["message"];
  return {
    code: failureKind(name).code,
    failure: `${connector}.${name}`,
    ...(typeof message === "string" && { message }),
    ...(typeof trace === "string" && { requestId: trace }),
    ...(minutes !== undefined && minutes > 0 && { retryAt: nowMs + minutes * 60_000 }),
    ...(name === "hashtag-quota" && { retryAt: nowMs + 6 * hourMs }),
    renew: name === "token-expired",
  };
}

/** Fails when the token is dead; warns when it ends within a week (debug_token, which needs the app's id and secret). */
export async function checkToken(connector: string, options: GraphOptions, context: SourceContext): Promise<void> {
  const { clock, http } = context;
  const signal = AbortSignal.timeout(30_000);
  const credential = await context.credential(credentialSpec(options));
  const react = (answer: FailedAnswer) => reactionTo(connector, answer, clock.now());
  const base = baseOf(options);
  const secret = options.appSecret === undefined ? undefined : (await context.readSecret(options.appSecret)).trim();
  const budgets = [budgetOf(credential.name, options)];
  const token = await credential.token(signal);
  if (options.appId === undefined || secret === undefined) {
    const proof = secret === undefined ? "" : `&appsecret_proof=${appSecretProof(token, secret)}`;
    await http.request(`${base}/me?fields=id${proof}`, { signal, credential, budgets, react });
    return;
  }
  const { bytes } = await http.request(debugAddress(base, token), { signal, headers: { authorization: `Bearer ${options.appId}|${secret}` }, budgets, react });
  const { isValid, endsAt } = factsIn(readBody(bytes, "debug_token"));
  if (!isValid) throw new EarshotError("UPSTREAM_AUTH", `${connector}: the token is not valid any more`);
  const days = endsAt === undefined ? undefined : Math.floor((endsAt - clock.now()) / 86_400_000);
  if (days !== undefined && days < 7) context.report("warn", `${connector}: the token, or its access to data, ends in ${days} days; grant access again`, { source: context.id });
}
