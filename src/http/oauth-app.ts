import { z } from "zod";
import type { ReadSecret } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import type { Http } from "../core/http.ts";
import type { RegisteredApp } from "../core/oauth-token.ts";
import type { OAuthClient } from "./oauth-request.ts";
import { redactUrl } from "./redact.ts";

const patienceMs = 20_000;
const mostBytes = 1 << 16;
const ownSecret = "app:secret";

// An id that looks like a reference (env:NAME) would be read as one: a server must not choose what we read.
const appSchema = z.looseObject({ client_id: z.string().regex(/^[\w.~+/=-]{1,500}$/), client_secret: z.string().min(1).max(2_000).optional() });

/** Registers an app without a person. @throws UPSTREAM_UNAVAILABLE for another answer than an app, and as `http.request` does */
export async function registerApp(http: Http, url: string, fields: Readonly<Record<string, string>>): Promise<RegisteredApp> {
  const { bytes } = await http.request(url, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
    deadlineMs: patienceMs,
    maxBytes: mostBytes,
  });
  const parsed = appSchema.safeParse(parseJson(Buffer.from(bytes).toString("utf8")));
  if (!parsed.success) throw new EarshotError("UPSTREAM_UNAVAILABLE", `app at ${redactUrl(url)}: expected JSON with client_id, came something else`);
  const { client_id: clientId, client_secret: clientSecret } = parsed.data;
  return { clientId, ...(clientSecret !== undefined && { clientSecret }) };
}

/** Who asks at the token address: the client of the configuration, or the app that was registered for the grant, whose secret no reference names. */
export function clientOf(
  configured: { readonly clientId?: string | undefined; readonly clientSecret?: string | undefined; readonly clientAuth?: OAuthClient["clientAuth"] },
  app: RegisteredApp | undefined,
  readSecret: ReadSecret,
): { readonly client: OAuthClient; readonly readSecret: ReadSecret } | undefined {
  const { clientId, clientSecret, clientAuth } = configured;
  if (clientId !== undefined) return { client: { clientId, clientSecret, clientAuth }, readSecret };
  if (app === undefined) return undefined;
  const { clientSecret: secret } = app;
  return {
    client: { clientId: app.clientId, clientAuth: secret === undefined ? "none" : (clientAuth ?? "body"), ...(secret !== undefined && { clientSecret: ownSecret }) },
    readSecret: async (reference) => (secret !== undefined && reference === ownSecret ? secret : readSecret(reference)),
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
