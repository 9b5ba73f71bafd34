import type { ErrorCode } from "../core/errors.ts";

/** Bound to the browser that began: only it can end the sign-in. */
export interface SignInCookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
  readonly secure: boolean;
}

export type SignInEnd =
  | { readonly session: { readonly cookie: string; readonly maxAgeSeconds: number }; readonly secure: boolean; readonly returnTo: string; readonly used: string }
  | { readonly failed: ErrorCode; readonly returnTo: string; readonly used?: string };

/** Sign-in by a provider beside the one-time link. */
export interface SignIn {
  /** What the button says after "Sign in with". */
  readonly name: string;
  /** `origin`: of the page that asks. @throws USAGE for another address than the public one, UPSTREAM_UNAVAILABLE, CONFIG_SECRET_MISSING */
  begin(asked: { readonly origin: string | undefined; readonly returnTo: string }): Promise<{ readonly address: string; readonly cookie: SignInCookie }>;
  /** Never throws for what a provider or a browser does; a failure is told by its code. `used`: the cookie that is over now. */
  finish(came: { readonly query: string; readonly cookies: Readonly<Record<string, string | undefined>>; readonly agent: string }): Promise<SignInEnd>;
  /** Where the browser goes to end the provider's session as well; undefined: nowhere. To be asked before the session ends. */
  endOf(cookie: string, origin: string | undefined): Promise<string | undefined>;
}
