import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { portOf } from "./feeds.ts";

export interface OAuthClientRecord {
  readonly id: string;
  /** Absent: a public client. */
  readonly secret?: string;
  readonly redirectUris?: readonly string[];
}

/** How platforms differ. */
export interface OAuthStyle {
  /** X: each refresh gives a new refresh token, and the old one is over. Google, Reddit: it stays. */
  readonly rotates: boolean;
  /** Where the secret is taken. */
  readonly secretIn: "basic" | "body" | "any";
  readonly pkce: "required" | "allowed";
  /** Reddit tells errors of a grant with 200. */
  readonly errorStatus: 200 | 400;
  readonly accessSeconds: number;
  /** Absent: a refresh token has no end that is told. */
  readonly refreshSeconds?: number;
}

export const oauthStyles = {
  x: { rotates: true, secretIn: "basic", pkce: "required", errorStatus: 400, accessSeconds: 7_200 },
  reddit: { rotates: false, secretIn: "basic", pkce: "allowed", errorStatus: 200, accessSeconds: 86_400 },
  google: { rotates: false, secretIn: "any", pkce: "allowed", errorStatus: 400, accessSeconds: 3_599, refreshSeconds: 604_800 },
} as const satisfies Record<string, OAuthStyle>;

export interface OAuthWorldOptions {
  readonly nowMs: () => number;
  readonly style: OAuthStyle;
  readonly clients: readonly OAuthClientRecord[];
  readonly users?: Readonly<Record<string, string>>;
  /** So long an answer of the token address takes, in real time. */
  readonly answerMs?: number;
  /** What the resource answers to a living token, by path; absent: `{ ok: true }`. */
  readonly resource?: (path: string) => unknown;
}

/** One grant and all tokens that came of it. */
interface Family {
  readonly clientId: string;
  readonly scope: string;
  revoked: boolean;
}

interface Token {
  readonly family: Family;
  expiresAt: number;
}

/** An authorization server (its addresses also under /oauth/ and, as Reddit has them, /api/v1/) with resources under all others, on loopback (RFC 6749, 7636, 7009; reuse as in RFC 9700, 4.14.2). */
export interface OAuthWorld extends AsyncDisposable {
  readonly url: string;
  /** What the person at the authorization page does. */
  consent: "allow" | "deny";
  /** Requests to the token address that gave a token, by grant_type. */
  readonly granted: ReadonlyMap<string, number>;
  /** A code or refresh token came a second time, and all that it had led to was revoked. */
  readonly reuses: number;
  /** Answers of the resource, by status. */
  readonly asked: ReadonlyMap<number, number>;
  /** A refresh token as a person would paste it into a configuration. */
  makeRefreshToken(clientId: string): string;
  makeAccessToken(clientId: string): string;
  /** Whether the access token holds now: for servers that take this one's word. */
  isLive(accessToken: string): boolean;
  /** The access tokens so far are over; their refresh tokens live. */
  expireAccess(): void;
  /** All grants so far are over. */
  revokeAll(): void;
  /** The next so many answers of the token address are lost on the way, after what they say has happened. */
  loseAnswers(count: number): void;
  /** The next so many requests to the token address fail before anything happens. */
  failAnswers(count: number): void;
}

const codeMs = 60_000;
const mostBytes = 64_000;
const secret = (): string => randomBytes(24).toString("base64url");
const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export async function startOAuth(options: OAuthWorldOptions): Promise<OAuthWorld> {
  const { nowMs, style, clients } = options;
  const codes = new Map<string, { family: Family; clientId: string; redirectUri: string; challenge: string | undefined; until: number; used: boolean }>();
  const access = new Map<string, Token>();
  const refresh = new Map<string, Token & { used: boolean }>();
  const granted = new Map<string, number>();
  const asked = new Map<number, number>();
  let consent: "allow" | "deny" = "allow";
  let reuses = 0;
  let lose = 0;
  let fail = 0;

  const issueAccess = (family: Family): string => {
    const token = `at-${secret()}`;
    access.set(token, { family, expiresAt: nowMs() + style.accessSeconds * 1_000 });
    return token;
  };
  const issueRefresh = (family: Family): string => {
    const token = `rt-${secret()}`;
    refresh.set(token, { family, expiresAt: nowMs() + (style.refreshSeconds ?? 1e9) * 1_000, used: false });
    return token;
  };
  const isLive = (token: Token | undefined): token is Token => token !== undefined && !token.family.revoked && token.expiresAt > nowMs();

  const reply = (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers }).end(JSON.stringify(body));
  };

  function clientOf(request: IncomingMessage, form: URLSearchParams): OAuthClientRecord | undefined {
    const [, basic] = /^Basic (.+)$/.exec(request.headers.authorization ?? "") ?? [];
    if (basic !== undefined) {
      const [id = "", password = ""] = Buffer.from(basic, "base64")
        .toString("utf8")
        .split(":")
        .map((part) => decodeURIComponent(part.replaceAll("+", " ")));
      const found = clients.find((client) => client.id === id);
      return style.secretIn !== "body" && found !== undefined && same(found.secret ?? "", password) ? found : undefined;
    }
    const found = clients.find((client) => client.id === form.get("client_id"));
    if (found?.secret === undefined) return found;
    return style.secretIn !== "basic" && same(found.secret, form.get("client_secret") ?? "") ? found : undefined;
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const client = clients.find((one) => one.id === query.get("client_id"));
    const redirectUri = query.get("redirect_uri") ?? "";
    // A wrong address to go back to is told to the person, and nobody is sent there (RFC 6749, 4.1.2.1).
    if (client?.redirectUris?.includes(redirectUri) !== true) return reply(response, 400, { error: "invalid_request", error_description: "redirect_uri" });
    const back = new URL(redirectUri);
    back.searchParams.set("state", query.get("state") ?? "");
    const challenge = query.get("code_challenge") ?? undefined;
    const isWrong = query.get("response_type") !== "code" || (style.pkce === "required" && (challenge === undefined || query.get("code_challenge_method") !== "S256"));
    if (isWrong) back.searchParams.set("error", "invalid_request");
    else if (consent === "deny") back.searchParams.set("error", "access_denied");
    else {
      const code = secret();
      codes.set(code, {
        family: { clientId: client.id, scope: query.get("scope") ?? "", revoked: false },
        clientId: client.id,
        redirectUri,
        challenge,
        until: nowMs() + codeMs,
        used: false,
      });
      back.searchParams.set("code", code);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  /** The family that the request opens, or an error of RFC 6749, 5.2. */
  function grant(client: OAuthClientRecord, form: URLSearchParams): { readonly family: Family; readonly refreshToken?: string } | string {
    const begin = (): Family => ({ clientId: client.id, scope: form.get("scope") ?? "", revoked: false });
    switch (form.get("grant_type")) {
      case "client_credentials":
        return client.secret === undefined ? "unauthorized_client" : { family: begin() };
      case "password": {
        const known = options.users?.[form.get("username") ?? ""];
        return known !== undefined && same(known, form.get("password") ?? "") ? { family: begin() } : "invalid_grant";
      }
      case "https://oauth.reddit.com/grants/installed_client":
        return (form.get("device_id") ?? "").length >= 20 ? { family: begin() } : "invalid_request";
      case "fb_exchange_token": {
        const token = access.get(form.get("fb_exchange_token") ?? "");
        return isLive(token) ? { family: token.family } : "invalid_grant";
      }
      case "authorization_code": {
        const code = codes.get(form.get("code") ?? "");
        if (code === undefined || code.clientId !== client.id || code.until <= nowMs() || code.redirectUri !== form.get("redirect_uri")) return "invalid_grant";
        if (code.used) {
          reuses += 1;
          code.family.revoked = true;
          return "invalid_grant";
        }
        const proof = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        if (code.challenge !== undefined && proof !== code.challenge) return "invalid_grant";
        code.used = true;
        return { family: code.family, refreshToken: issueRefresh(code.family) };
      }
      case "refresh_token": {
        const token = refresh.get(form.get("refresh_token") ?? "");
        if (token === undefined || token.family.clientId !== client.id || !isLive(token)) return "invalid_grant";
        if (!style.rotates) return { family: token.family };
        if (token.used) {
          reuses += 1;
          token.family.revoked = true;
          return "invalid_grant";
        }
        token.used = true;
        return { family: token.family, refreshToken: issueRefresh(token.family) };
      }
      default:
        return "unsupported_grant_type";
    }
  }

  async function tokenRoute(request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Promise<void> {
    if (options.answerMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.answerMs));
    if (fail > 0) {
      fail -= 1;
      return reply(response, 503, { error: "temporarily_unavailable" });
    }
    const client = clientOf(request, form);
    if (client === undefined) return reply(response, 401, { error: "invalid_client" });
    const opened = grant(client, form);
    if (typeof opened === "string") return reply(response, style.errorStatus, { error: opened });
    const type = form.get("grant_type") ?? "";
    granted.set(type, (granted.get(type) ?? 0) + 1);
    const body = {
      access_token: issueAccess(opened.family),
      token_type: "bearer",
      expires_in: style.accessSeconds,
      scope: opened.family.scope,
      ...(opened.refreshToken !== undefined && { refresh_token: opened.refreshToken }),
      ...(opened.refreshToken !== undefined && style.refreshSeconds !== undefined && { refresh_token_expires_in: style.refreshSeconds }),
    };
    if (lose > 0) {
      lose -= 1;
      response.destroy();
    } else reply(response, 200, body);
  }

  function revoke(form: URLSearchParams, response: ServerResponse): void {
    const token = refresh.get(form.get("token") ?? "") ?? access.get(form.get("token") ?? "");
    if (token !== undefined) token.family.revoked = true;
    reply(response, 200, {});
  }

  function resource(request: IncomingMessage, response: ServerResponse, path: string): void {
    const [, bearer = ""] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
    const status = isLive(access.get(bearer)) ? 200 : 401;
    asked.set(status, (asked.get(status) ?? 0) + 1);
    reply(response, status, status === 200 ? (options.resource?.(path) ?? { ok: true }) : { error: "invalid_token" });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? "/", "http://world.simulated.example");
    const pathname = path.replace(/^\/(?:oauth|api\/v1)(?=\/)/u, "");
    if (pathname === "/authorize") return authorize(searchParams, response);
    if (request.method !== "POST") return resource(request, response, pathname);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > mostBytes) return reply(response, 413, {});
      chunks.push(bytes);
    }
    const form = new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
    if (pathname === "/token" || pathname === "/access_token") return tokenRoute(request, response, form);
    if (pathname === "/revoke") return revoke(form, response);
    reply(response, 404, {});
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    get consent() {
      return consent;
    },
    set consent(wish) {
      consent = wish;
    },
    granted,
    get reuses() {
      return reuses;
    },
    asked,
    makeRefreshToken: (clientId) => issueRefresh({ clientId, scope: "", revoked: false }),
    makeAccessToken: (clientId) => issueAccess({ clientId, scope: "", revoked: false }),
    isLive: (accessToken) => isLive(access.get(accessToken)),
    expireAccess() {
      for (const token of access.values()) token.expiresAt = 0;
    },
    revokeAll() {
      for (const token of [...access.values(), ...refresh.values()]) token.family.revoked = true;
    },
    loseAnswers(count) {
      lose = count;
    },
    failAnswers(count) {
      fail = count;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
