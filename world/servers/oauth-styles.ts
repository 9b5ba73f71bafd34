/** What was wrong with a request to the token address. */
export type OAuthFault = "client" | "grant" | "code" | "code-used" | "code-expired" | "redirect" | "verifier" | "refresh" | "exchange" | "request" | "type";

export interface WrittenFault {
  readonly status: number;
  readonly body: unknown;
}

/** How platforms differ. */
export interface OAuthStyle {
  /** X: each refresh gives a new refresh token, and the old one is over. Google, Reddit: it stays. */
  readonly rotates: boolean;
  /** Where the secret is taken. */
  readonly secretIn: "basic" | "body" | "any";
  readonly pkce: "required" | "allowed" | "ignored";
  /** Absent: access tokens do not end by themselves. */
  readonly accessSeconds?: number;
  /** Absent: a refresh token has no end that is told. */
  readonly refreshSeconds?: number;
  /** Whether a code brings a refresh token; absent: always. */
  readonly refreshes?: (asked: URLSearchParams) => boolean;
  /** By the last parts of the path; absent: /authorize, /token, /access_token, /revoke, also under /oauth/ and /api/v1/. */
  readonly paths?: { readonly authorize: RegExp; readonly token: RegExp; readonly revoke?: RegExp; readonly apps?: RegExp };
  readonly fault: (fault: OAuthFault) => WrittenFault;
  /** What the way back carries beside `error` and `state` after a no. */
  readonly denied?: Readonly<Record<string, string>>;
  /** Words on the page that asks. */
  readonly page: { readonly title: string; readonly yes: string; readonly no: string };
  /** Graph: tokens of codes live so long, exchanged ones `accessSeconds`. */
  readonly shortSeconds?: number;
}

/** RFC 6749, 5.2. */
const standard =
  (status = 400, clientError = "invalid_client", words: Partial<Record<OAuthFault, string>> = {}) =>
  (fault: OAuthFault): WrittenFault => {
    const error = fault === "client" ? clientError : fault === "request" ? "invalid_request" : fault === "type" ? "unsupported_grant_type" : "invalid_grant";
    const text = words[fault] ?? (error === "invalid_grant" ? words.grant : undefined);
    return { status: fault === "client" ? 401 : status, body: { error, ...(text !== undefined && { error_description: text }) } };
  };

/** X writes invalid_request for what others call invalid_grant (github.com/plhery/node-twitter-api-v2/issues/496, 2023-08), and unauthorized_client (github.com/unasuke/omniauth-twitter2/issues/4, 2023-12). */
function faultOfX(fault: OAuthFault): WrittenFault {
  if (fault === "client") return { status: 401, body: { error: "unauthorized_client", error_description: "Missing valid authorization header" } };
  if (fault === "type") return { status: 400, body: { error: "unsupported_grant_type" } };
  const what = fault === "refresh" ? "token" : fault === "redirect" ? "redirect uri" : fault === "verifier" ? "code verifier" : "authorization code";
  return { status: 400, body: { error: "invalid_request", error_description: `Value passed for the ${what} was invalid.` } };
}

/** Graph's own error objects (messages as developers quote them: github.com/laravel/socialite/issues/385, 2019-08; Access Token Errors, 2026-11). */
function faultOfGraph(fault: OAuthFault): WrittenFault {
  const told: Partial<Record<OAuthFault, readonly [message: string, code: number, subcode?: number]>> = {
    client: ["Error validating client secret.", 1],
    "code-used": ["This authorization code has been used.", 100, 36_009],
    "code-expired": ["This authorization code has expired.", 100, 36_007],
    redirect: ["Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request", 100, 36_008],
    exchange: ["Error validating access token: Session has expired", 190, 463],
  };
  const [message, code, subcode] = told[fault] ?? ["Invalid verification code format.", 100];
  return { status: 400, body: { error: { message, type: "OAuthException", code, ...(subcode !== undefined && { error_subcode: subcode }), fbtrace_id: "Asimulated" } } };
}

export const oauthStyles = {
  /** No platform's own, with the addresses of several: tokens that rotate. */
  rotating: { rotates: true, secretIn: "basic", pkce: "required", accessSeconds: 7_200, fault: standard(), page: { title: "A platform", yes: "Allow", no: "Deny" } },
  /** docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code, read 2026-11: without offline.access no refresh token comes. */
  x: {
    rotates: true,
    secretIn: "basic",
    pkce: "required",
    accessSeconds: 7_200,
    refreshes: (asked) => (asked.get("scope") ?? "").split(" ").includes("offline.access"),
    paths: { authorize: /^\/i\/oauth2\/authorize$/, token: /^\/2\/oauth2\/token$/, revoke: /^\/2\/oauth2\/revoke$/ },
    fault: faultOfX,
    page: { title: "X", yes: "Authorize app", no: "Cancel" },
  },
  /** Errors of a grant come with 200 (github.com/reddit-archive/reddit/wiki/OAuth2, 2017). */
  reddit: { rotates: false, secretIn: "basic", pkce: "allowed", accessSeconds: 86_400, fault: standard(200), page: { title: "Reddit", yes: "Allow", no: "Decline" } },
  /** developers.google.com/identity/protocols/oauth2/web-server, read 2025-10: without access_type=offline no refresh token comes. */
  google: {
    rotates: false,
    secretIn: "any",
    pkce: "allowed",
    accessSeconds: 3_599,
    refreshes: (asked) => asked.get("access_type") === "offline" && asked.get("prompt") === "consent",
    paths: { authorize: /^\/o\/oauth2\/v2\/auth$/, token: /^\/token$/, revoke: /^\/revoke$/ },
    fault: (fault) =>
      fault === "redirect"
        ? { status: 400, body: { error: "redirect_uri_mismatch", error_description: "Bad Request" } }
        : standard(400, "invalid_client", {
            refresh: "Token has been expired or revoked.",
            code: "Malformed auth code.",
            grant: "Bad Request",
            verifier: "Invalid code verifier.",
            client: "The OAuth client was not found.",
          })(fault),
    page: { title: "Google", yes: "Continue", no: "Cancel" },
  },
  /** docs.joinmastodon.org/methods/oauth and /methods/apps, read 2026-11: tokens do not end, and there are no refresh tokens. */
  mastodon: {
    rotates: false,
    secretIn: "any",
    pkce: "allowed",
    refreshes: () => false,
    paths: { authorize: /^\/oauth\/authorize$/, token: /^\/oauth\/token$/, revoke: /^\/oauth\/revoke$/, apps: /^\/api\/v1\/apps$/ },
    fault: standard(400, "invalid_client", {
      client: "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
      grant:
        "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
    }),
    denied: { error_description: "The resource owner or authorization server denied the request." },
    page: { title: "Mastodon", yes: "Authorize", no: "Deny" },
  },
  /** Manually Build a Login Flow; Long-Lived Access Tokens: read 2026-11. */
  facebook: {
    rotates: false,
    secretIn: "body",
    pkce: "ignored",
    accessSeconds: 5_184_000,
    shortSeconds: 5_400,
    refreshes: () => false,
    paths: { authorize: /^\/v\d+\.\d\/dialog\/oauth$/, token: /^\/v\d+\.\d\/oauth\/access_token$/ },
    fault: faultOfGraph,
    denied: { error_code: "200", error_description: "Permissions error", error_reason: "user_denied" },
    page: { title: "Facebook", yes: "Continue as Ann", no: "Cancel" },
  },
} as const satisfies Record<string, OAuthStyle>;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** The page on which a person says yes or no; what was asked for comes along in the form. */
export function consentPage({ page }: OAuthStyle, app: string, asked: URLSearchParams): string {
  const scopes = (asked.get("scope") ?? "").split(/[\s,]+/).filter((scope) => scope !== "");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${page.title} (simulated)</title>
<main><h1>${page.title} (simulated)</h1><p>${escaped(app)} would like to read as you:</p>
<ul>${scopes.map((scope) => `<li>${escaped(scope)}</li>`).join("")}</ul>
<form method="post"><input type="hidden" name="asked" value="${escaped(asked.toString())}">
<button name="say" value="allow">${page.yes}</button> <button name="say" value="deny">${page.no}</button></form></main></html>`;
}
