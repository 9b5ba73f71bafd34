import { z } from "zod";
import type { ReadSecret } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import type { Http } from "../core/http.ts";
import type { OAuthToken } from "../core/oauth-token.ts";
import { redactText, redactUrl } from "./redact.ts";
import { UpstreamStatus } from "./upstream-status.ts";

/** How a client proves itself at a platform (RFC 6749, 2.3.1). */
export interface OAuthClient {
  /** Itself or by reference. */
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  /** Absent: "basic" with a secret, "none" without. */
  readonly clientAuth?: "basic" | "body" | "none" | undefined;
}

/** The platform's own word on a refused token request (RFC 6749, 5.2): `invalid_client`, `invalid_grant` … */
export class TokenRefused extends Error {
  readonly error: string;
  constructor(error: string) {
    super(error);
    this.error = error;
  }
}

export interface TokenRequest {
  readonly http: Http;
  readonly readSecret: ReadSecret;
  readonly client: OAuthClient;
  readonly url: string;
  /** Values themselves, no references. */
  readonly fields: Readonly<Record<string, string>>;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
}

const patienceMs = 20_000;
const mostBytes = 1 << 18;
const longestSeconds = 10 * 365 * 86_400;

const text = z.string().min(1).max(20_000);
// Numbers come as text from some, and as null for what has no end.
const seconds = z.coerce.number().positive().max(longestSeconds).optional().catch(undefined);
const answerSchema = z.looseObject({
  access_token: text,
  refresh_token: text.optional().catch(undefined),
  scope: z.string().max(5_000).optional().catch(undefined),
  expires_in: seconds,
  // Google, for grants that end: developers.google.com/identity/protocols/oauth2/web-server, 2025.
  refresh_token_expires_in: seconds,
});
/** RFC 6749, 5.2; Graph puts an object there (developers.facebook.com/docs/graph-api/guides/error-handling, 2025). */
const errorSchema = z.looseObject({ error: z.union([z.string(), z.looseObject({ type: z.string().optional(), code: z.number().optional() })]) });

const isReference = (value: string): boolean => /^(env|file):/.test(value);

/** The text, or what it refers to. */
export async function readValue(readSecret: ReadSecret, value: string): Promise<string> {
  return isReference(value) ? (await readSecret(value)).trim() : value;
}

/** RFC 6749, appendix B. */
const formEncode = (value: string): string => new URLSearchParams({ v: value }).toString().slice(2);

/** Sends a form as the client, one exchange, never repeated: a code or refresh token in it may work once only. */
async function send(request: TokenRequest): Promise<{ readonly bytes: Uint8Array; readonly secrets: readonly string[] }> {
  const { client, http, url, signal } = request;
  const id = await readValue(request.readSecret, client.clientId);
  const secret = client.clientSecret === undefined ? undefined : (await request.readSecret(client.clientSecret)).trim();
  const how = client.clientAuth ?? (secret === undefined ? "none" : "basic");
  const form = new URLSearchParams(request.fields);
  const headers: Record<string, string> = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
  // Without a secret the password is empty: Reddit's installed apps (github.com/reddit-archive/reddit/wiki/OAuth2, 2017).
  if (how === "basic") headers["authorization"] = `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret ?? "")}`).toString("base64")}`;
  else form.set("client_id", id);
  if (how === "body" && secret !== undefined) form.set("client_secret", secret);
  const secrets = [...Object.values(request.fields), ...(secret === undefined ? [] : [secret])];
  const where = `token request to ${redactUrl(url)}`;
  try {
    const { bytes } = await http.request(url, {
      method: "POST",
      headers,
      body: form.toString(),
      deadlineMs: patienceMs,
      maxBytes: mostBytes,
      ...(signal !== undefined && { signal }),
    });
    return { bytes, secrets };
  } catch (thrown) {
    if (!(thrown instanceof EarshotError) || !(thrown.cause instanceof UpstreamStatus) || thrown.cause.status === 429) throw thrown;
    const { status, excerpt } = thrown.cause;
    if (status >= 500 || status < 400) throw thrown;
    throw refusalOf(parseJson(excerpt), where, status, secrets) ?? new EarshotError("UPSTREAM_AUTH", `${where}: refused (HTTP ${status})`, { cause: thrown });
  }
}

/** @throws UPSTREAM_AUTH when the platform gives no token; UPSTREAM_UNAVAILABLE, UPSTREAM_RATE_LIMITED, CONFIG_SECRET_MISSING */
export async function requestToken(request: TokenRequest): Promise<OAuthToken> {
  const where = `token request to ${redactUrl(request.url)}`;
  const { bytes, secrets } = await send(request);
  const json = parseJson(Buffer.from(bytes).toString("utf8"));
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) {
    // Reddit tells its errors with status 200 (github.com/reddit-archive/reddit/wiki/OAuth2, 2017).
    throw refusalOf(json, where, 200, secrets) ?? new EarshotError("UPSTREAM_UNAVAILABLE", `${where}: expected JSON with access_token, came something else`);
  }
  const { access_token, refresh_token, scope, expires_in, refresh_token_expires_in } = parsed.data;
  const issuedAt = Math.round(request.now());
  return {
    accessToken: access_token,
    issuedAt,
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(scope !== undefined && { scope }),
    ...(expires_in !== undefined && { expiresAt: issuedAt + Math.round(expires_in * 1_000) }),
    ...(refresh_token_expires_in !== undefined && { refreshExpiresAt: issuedAt + Math.round(refresh_token_expires_in * 1_000) }),
  };
}

/** Gives a token back (RFC 7009). @throws as `requestToken` */
export async function revokeToken(request: TokenRequest): Promise<void> {
  await send(request);
}

function refusalOf(json: unknown, where: string, status: number, secrets: readonly string[]): EarshotError | undefined {
  const parsed = errorSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { error } = parsed.data;
  const told = typeof error === "string" ? error : `${error.type ?? "error"}${error.code === undefined ? "" : ` ${error.code}`}`;
  const clean = redactText(told.replaceAll(/[^\x20-\x7e]/g, "").slice(0, 100), secrets);
  // RFC 6749, 4.1.2.1: these pass by themselves.
  const passes = clean === "temporarily_unavailable" || clean === "server_error";
  return new EarshotError(passes ? "UPSTREAM_UNAVAILABLE" : "UPSTREAM_AUTH", `${where}: ${clean} (HTTP ${status})`, { cause: new TokenRefused(clean) });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
