import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import { isRecord } from "./api.fixtures.ts";

export const clientSecret = "secret-of-the-client-that-no-log-may-hold";
const clientId = "earshot";

export interface Person {
  readonly preferred_username?: string;
  readonly groups?: readonly string[] | string;
}

export interface RunningProvider extends AsyncDisposable {
  readonly issuer: string;
  /** Who can sign in there, by the login that is typed in; a change holds from the next sign-in on. */
  readonly people: Map<string, Person>;
  /** Requests that came, as `GET /path`. */
  readonly asked: string[];
  /** Knows Earshot from now on. */
  enrol(
    address: string,
    how?: { readonly endsSessions?: boolean; readonly tellsInUserInfo?: boolean; readonly auth?: "client_secret_basic" | "client_secret_post" | "none" },
  ): void;
  /** Nobody listens any more. */
  stop(): Promise<void>;
}

/** A real OpenID Connect provider on this machine, under another site's name than Earshot's. */
export async function startProvider(): Promise<RunningProvider> {
  let handle: ((request: IncomingMessage, response: ServerResponse) => unknown) | undefined;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split("?")[0]}`);
    if (handle === undefined) response.writeHead(503).end();
    else void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen({ host: "localhost", port: 0 }, resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new TypeError("expected a port");
  const issuer = `http://localhost:${address.port}`;
  const people = new Map<string, Person>();
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    issuer,
    people,
    asked,
    enrol(base, { endsSessions = true, tellsInUserInfo = false, auth = "client_secret_basic" } = {}) {
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: clientId,
            ...(auth !== "none" && { client_secret: clientSecret }),
            token_endpoint_auth_method: auth,
            redirect_uris: [`${base}/api/v1/sign-in/callback`],
            post_logout_redirect_uris: [`${base}/`],
            grant_types: ["authorization_code"],
            response_types: ["code"],
          },
        ],
        clientAuthMethods: [auth],
        cookies: { keys: ["only for tests"] },
        claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
        conformIdTokenClaims: tellsInUserInfo,
        features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: endsSessions, logoutSource } },
        findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
        async loadExistingGrant(ctx) {
          const { session, client } = ctx.oidc;
          if (session?.accountId === undefined || client === undefined) return undefined;
          const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
          grant.addOIDCScope("openid profile email groups");
          await grant.save();
          return grant;
        },
      });
      handle = provider.callback();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function logoutSource(ctx: { body: unknown }, form: string): void {
  ctx.body = `<!doctype html><html lang="en"><title>Sign out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Sign out there</button></html>`;
}

export async function jsonOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await response.json();
  return isRecord(body) ? body : {};
}

/** As a browser keeps them: by origin and name. */
function makeJar() {
  const jar = new Map<string, Map<string, string>>();
  return {
    headerFor: (origin: string) => [...(jar.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join("; "),
    take(origin: string, response: Response) {
      const kept = jar.get(origin) ?? new Map<string, string>();
      jar.set(origin, kept);
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "" || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) kept.delete(name);
        else kept.set(name, value);
      }
    },
    get: (origin: string, name: string) => jar.get(origin)?.get(name),
    names: (origin: string) => [...(jar.get(origin)?.keys() ?? [])],
  };
}

export interface Surfer {
  readonly jar: ReturnType<typeof makeJar>;
  /** One exchange; no redirect is followed. */
  go(url: string, init?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }): Promise<Response>;
  /** Begins at Earshot; the provider's address. */
  begin(returnTo?: string): Promise<URL>;
  /** Signs in at the provider as `login`; the address that it sends the browser back to. */
  signInThere(authorization: URL, login: string): Promise<URL>;
  /** The whole way; where Earshot leads to at last. */
  signIn(login: string, returnTo?: string): Promise<string>;
}

/** A browser without eyes: cookies, redirects and one form. */
export function makeSurfer(earshot: string): Surfer {
  const jar = makeJar();
  const go: Surfer["go"] = async (url, init = {}) => {
    const { origin } = new URL(url);
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie: jar.headerFor(origin), ...init.headers } });
    jar.take(origin, response);
    return response;
  };
  const begin: Surfer["begin"] = async (returnTo) => {
    const response = await go(`${earshot}/api/v1/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: earshot },
      body: JSON.stringify({ ...(returnTo !== undefined && { returnTo }) }),
    });
    const { address, detail } = await jsonOf(response);
    if (typeof address !== "string") throw new Error(`${response.status}: ${String(detail)}`);
    return new URL(address);
  };
  const signInThere: Surfer["signInThere"] = async (authorization, login) => {
    let at = authorization;
    for (let hop = 0; hop < 10; hop++) {
      let response = await go(at.href);
      if (response.status === 200)
        response = await go(at.href, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: `prompt=login&login=${login}&password=x` });
      const location = response.headers.get("location");
      if (location === null) throw new Error(`${at.pathname}: expected a redirect, came ${response.status} ${(await response.text()).slice(0, 500)}`);
      at = new URL(location, at);
      if (at.origin === earshot) return at;
    }
    throw new Error("the provider leads nowhere");
  };
  return {
    jar,
    go,
    begin,
    signInThere,
    async signIn(login, returnTo) {
      const back = await signInThere(await begin(returnTo), login);
      return (await go(back.href)).headers.get("location") ?? "";
    },
  };
}
