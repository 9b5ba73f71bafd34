import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Behind, pass } from "./behind.ts";
import { portOf } from "./feeds.ts";
import { makeGraphTokens } from "./graph-tokens.ts";
import { consentPage, type OAuthFault, type OAuthStyle } from "./oauth-styles.ts";

export interface OAuthClientRecord {
  readonly id: string;
  /** Absent: a public client. */
  readonly secret?: string;
  readonly redirectUris?: readonly string[];
  /** As the person reads it; absent: the id. */
  readonly name?: string;
}

export interface OAuthWorldOptions {
  readonly nowMs: () => number;
  readonly style: OAuthStyle;
  readonly clients: readonly OAuthClientRecord[];
  readonly users?: Readonly<Record<string, string>>;
  /** So long an answer of the token address takes, in real time. */
  readonly answerMs?: number;
  /** What the resource answers to a living token, by path; absent: `{ ok: true }`; undefined: `behind` answers, where there is one. */
  readonly resource?: (path: string) => unknown;
  /** The platform's API, which is asked for all else. */
  readonly behind?: Behind;
}

/** One grant and all tokens that came of it. */
interface Family {
  readonly clientId: string;
  readonly scope: string;
  readonly begunMs: number;
  /** Whether codes of it bring a refresh token. */
  readonly refreshes: boolean;
  revoked: boolean;
}

interface Token {
  readonly family: Family;
  expiresAt: number;
}

/** An authorization server (its addresses also under /oauth/ and, as Reddit has them, /api/v1/) with resources under all others, on loopback (RFC 6749, 7636, 7009; reuse as in RFC 9700, 4.14.2). */
export interface OAuthWorld extends AsyncDisposable {
  readonly url: string;
  /** What the person at the authorization page does; ask: a page is shown, with buttons. */
  consent: "allow" | "deny" | "ask";
  /** Scopes that the person takes out, where the page lets them. */
  readonly leavesOut: Set<string>;
  /** Apps that were registered here without a person. */
  readonly registered: readonly OAuthClientRecord[];
  /** Grants that were given back by the client. */
  readonly givenBack: number;
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
  const { nowMs, style } = options;
  const registered: OAuthClientRecord[] = [];
  const leavesOut = new Set<string>();
  /** Others may be added to those that the options name. */
  const clientBy = (id: string | null): OAuthClientRecord | undefined => [...options.clients, ...registered].find((client) => client.id === id);
  let givenBack = 0;
  const codes = new Map<string, { family: Family; clientId: string; redirectUri: string; challenge: string | undefined; until: number; used: boolean }>();
  const access = new Map<string, Token>();
  const refresh = new Map<string, Token & { used: boolean }>();
  const granted = new Map<string, number>();
  const asked = new Map<number, number>();
  let consent: OAuthWorld["consent"] = "allow";
  let reuses = 0;
  let lose = 0;
  let fail = 0;

  const begin = (clientId: string, scope: string, refreshes = true): Family => ({ clientId, scope, begunMs: nowMs(), refreshes, revoked: false });
  const issueAccess = (family: Family, seconds = style.accessSeconds ?? Infinity): string => {
    const token = `at-${secret()}`;
    access.set(token, { family, expiresAt: nowMs() + seconds * 1_000 });
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
      const found = clientBy(id);
      return style.secretIn !== "body" && found !== undefined && same(found.secret ?? "", password) ? found : undefined;
    }
    const found = clientBy(form.get("client_id"));
    if (found?.secret === undefined) return found;
    return style.secretIn !== "basic" && same(found.secret, form.get("client_secret") ?? "") ? found : undefined;
  }

  function authorize(query: URLSearchParams, response: ServerResponse, said = consent): void {
    const client = clientBy(query.get("client_id"));
    const redirectUri = query.get("redirect_uri") ?? "";
    // A wrong address to go back to is told to the person, and nobody is sent there (RFC 6749, 4.1.2.1).
    if (client?.redirectUris?.includes(redirectUri) !== true) return reply(response, 400, { error: "invalid_request", error_description: "redirect_uri" });
    const back = new URL(redirectUri);
    const goBack = (fields: Readonly<Record<string, string>>): void => {
      for (const [name, value] of Object.entries({ ...fields, state: query.get("state") ?? "" })) back.searchParams.set(name, value);
      response.writeHead(302, { location: back.href }).end();
    };
    const challenge = style.pkce === "ignored" ? undefined : (query.get("code_challenge") ?? undefined);
    const isWrong = query.get("response_type") !== "code" || (style.pkce === "required" && (challenge === undefined || query.get("code_challenge_method") !== "S256"));
    if (isWrong) return goBack({ error: "invalid_request" });
    if (said === "ask") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(consentPage(style, client.name ?? client.id, query));
      return;
    }
    if (said === "deny") return goBack({ error: "access_denied", ...style.denied });
    const code = secret();
    const asked = query.get("scope") ?? "";
    const mark = asked.includes(",") ? "," : " ";
    const scope = asked
      .split(mark)
      .filter((one) => !leavesOut.has(one))
      .join(mark);
    codes.set(code, {
      family: begin(client.id, scope, style.refreshes?.(query) ?? true),
      clientId: client.id,
      redirectUri,
      challenge,
      until: nowMs() + codeMs,
      used: false,
    });
    return goBack({ code });
  }

  /** What the request opens, or what is wrong with it. */
  function grant(client: OAuthClientRecord, form: URLSearchParams): { readonly family: Family; readonly refreshToken?: string; readonly seconds?: number } | OAuthFault {
    const fresh = (): Family => begin(client.id, form.get("scope") ?? "");
    const { shortSeconds } = style;
    const short = shortSeconds !== undefined && { seconds: shortSeconds };
    switch (form.get("grant_type") ?? (style.shortSeconds === undefined ? "" : "authorization_code")) {
      case "client_credentials":
        return client.secret === undefined ? "client" : { family: fresh() };
      case "password": {
        const known = options.users?.[form.get("username") ?? ""];
        return known !== undefined && same(known, form.get("password") ?? "") ? { family: fresh() } : "grant";
      }
      case "https://oauth.reddit.com/grants/installed_client":
        return (form.get("device_id") ?? "").length >= 20 ? { family: fresh() } : "request";
      case "fb_exchange_token": {
        const token = access.get(form.get("fb_exchange_token") ?? "");
        return isLive(token) ? { family: token.family } : "exchange";
      }
      case "authorization_code": {
        const code = codes.get(form.get("code") ?? "");
        if (code === undefined || code.clientId !== client.id) return "code";
        if (code.until <= nowMs()) return "code-expired";
        if (code.redirectUri !== form.get("redirect_uri")) return "redirect";
        if (code.used) {
          reuses += 1;
          code.family.revoked = true;
          return "code-used";
        }
        const proof = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        if (code.challenge !== undefined && proof !== code.challenge) return "verifier";
        code.used = true;
        return { family: code.family, ...short, ...(code.family.refreshes && { refreshToken: issueRefresh(code.family) }) };
      }
      case "refresh_token": {
        const token = refresh.get(form.get("refresh_token") ?? "");
        if (token === undefined || token.family.clientId !== client.id || !isLive(token)) return "refresh";
        if (!style.rotates) return { family: token.family };
        if (token.used) {
          reuses += 1;
          token.family.revoked = true;
          return "refresh";
        }
        token.used = true;
        return { family: token.family, refreshToken: issueRefresh(token.family) };
      }
      default:
        return "type";
    }
  }

  async function tokenRoute(request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Promise<void> {
    if (options.answerMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.answerMs));
    if (fail > 0) {
      fail -= 1;
      return reply(response, 503, { error: "temporarily_unavailable" });
    }
    const client = clientOf(request, form);
    const opened = client === undefined ? "client" : grant(client, form);
    if (typeof opened === "string") {
      const { status, body } = style.fault(opened);
      return reply(response, status, body);
    }
    const type = form.get("grant_type") ?? "authorization_code";
    const seconds = opened.seconds ?? style.accessSeconds;
    granted.set(type, (granted.get(type) ?? 0) + 1);
    const body = {
      access_token: issueAccess(opened.family, seconds),
      token_type: "bearer",
      ...(seconds !== undefined && { expires_in: seconds }),
      // Graph tells what was granted by debug_token alone.
      ...(style.shortSeconds === undefined && { scope: opened.family.scope }),
      ...(opened.refreshToken !== undefined && { refresh_token: opened.refreshToken }),
      ...(opened.refreshToken !== undefined && style.refreshSeconds !== undefined && { refresh_token_expires_in: style.refreshSeconds }),
    };
    if (lose > 0) {
      lose -= 1;
      response.destroy();
    } else reply(response, 200, body);
  }

  function revoke(request: IncomingMessage, form: URLSearchParams, response: ServerResponse): void {
    const token = refresh.get(form.get("token") ?? "") ?? access.get(form.get("token") ?? "");
    // Mastodon gives nothing back to a client that cannot say who it is.
    if (style.paths?.apps !== undefined && token !== undefined && clientOf(request, form)?.id !== token.family.clientId)
      return reply(response, 403, { error: "unauthorized_client", error_description: "You are not authorized to revoke this token" });
    giveBack(token);
    reply(response, 200, {});
  }

  function giveBack(token: Token | undefined): void {
    if (token === undefined) return;
    token.family.revoked = true;
    givenBack += 1;
  }

  /** docs.joinmastodon.org/methods/apps, read 2026-11. */
  function registerApp(form: URLSearchParams, response: ServerResponse): void {
    const name = form.get("client_name") ?? "";
    const redirectUris = (form.get("redirect_uris") ?? "").split("\n").filter((one) => one !== "");
    if (name === "" || redirectUris.length === 0 || !redirectUris.every((one) => URL.canParse(one)))
      return reply(response, 422, { error: "Validation failed: Redirect URI must be an absolute URI." });
    const app = { id: secret(), secret: secret(), name, redirectUris };
    registered.push(app);
    const scopes = (form.get("scopes") ?? "read").split(" ");
    reply(response, 200, { id: "1", name, website: null, scopes, redirect_uris: redirectUris, client_id: app.id, client_secret: app.secret, client_secret_expires_at: 0 });
  }

  const graph = makeGraphTokens({
    app: options.clients[0],
    find: (token) => {
      const found = access.get(token);
      return found && { scope: found.family.scope, begunMs: found.family.begunMs, expiresMs: found.expiresAt, isLive: isLive(found) };
    },
    giveBack: (token) => giveBack(access.get(token)),
  });
  const bearerOf = (request: IncomingMessage): string => /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";

  async function resource(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const bearer = bearerOf(request);
    const live = isLive(access.get(bearer));
    const { behind } = options;
    if (behind !== undefined && (live || behind.headers === undefined)) {
      const own = live ? options.resource?.(path) : undefined;
      if (own === undefined) {
        const passed = await pass(behind, request, response, bearer);
        asked.set(passed, (asked.get(passed) ?? 0) + 1);
        return;
      }
    }
    const status = live ? 200 : 401;
    asked.set(status, (asked.get(status) ?? 0) + 1);
    reply(response, status, live ? (options.resource?.(path) ?? { ok: true }) : { error: "invalid_token" });
  }

  const paths = style.paths ?? { authorize: /^\/authorize$/, token: /^\/(?:access_)?token$/, revoke: /^\/revoke(?:_token)?$/ };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: whole, searchParams } = new URL(request.url ?? "/", "http://world.simulated.example");
    const pathname = style.paths === undefined ? whole.replace(/^\/(?:oauth|api\/v1)(?=\/)/u, "") : whole;
    const isForm = request.method === "POST";
    if (paths.authorize.test(pathname) && !isForm) return authorize(searchParams, response);
    if (style.shortSeconds !== undefined && graph(request, response, bearerOf(request), pathname, searchParams)) return;
    const takes = paths.authorize.test(pathname) || paths.token.test(pathname) || paths.revoke?.test(pathname) === true || paths.apps?.test(pathname) === true;
    if (!isForm || (!takes && options.behind !== undefined)) return resource(request, response, pathname);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > mostBytes) return reply(response, 413, {});
      chunks.push(bytes);
    }
    const form = new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
    if (paths.authorize.test(pathname)) return authorize(new URLSearchParams(form.get("asked") ?? ""), response, form.get("say") === "allow" ? "allow" : "deny");
    if (paths.token.test(pathname)) return tokenRoute(request, response, form);
    if (paths.apps?.test(pathname) === true) return registerApp(form, response);
    if (paths.revoke?.test(pathname) === true) return revoke(request, form, response);
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
    leavesOut,
    registered,
    get givenBack() {
      return givenBack;
    },
    granted,
    get reuses() {
      return reuses;
    },
    asked,
    makeRefreshToken: (clientId) => issueRefresh(begin(clientId, "")),
    makeAccessToken: (clientId) => issueAccess(begin(clientId, "")),
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
