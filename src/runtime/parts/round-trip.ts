import { randomBytes } from "node:crypto";
import { EarshotError } from "../../core/errors.ts";
import { sealText, unsealText } from "../../core/seal-text.ts";
import { isLoopbackName } from "../../core/sign-in.ts";
import type { SignInCookie } from "../sign-in.ts";

/** What a browser takes to another site and brings back, bound to that browser by a sealed cookie. Begun anew where a restart comes between. */
export interface RoundTrips<T> {
  begin(state: string, began: T, secure: boolean): SignInCookie;
  /** Each state works once, in time, in the browser that began. `cookie`: its name, over now. */
  end(query: string, cookies: Readonly<Record<string, string | undefined>>): { readonly cookie: string; readonly began: T } | undefined;
}

const patienceMs = 10 * 60_000;
const mostUsed = 10_000;
const longestReturn = 2_000;
/** Browsers keep about 4,096 bytes of a cookie (RFC 6265, 6.1). */
const longestCookie = 3_800;

export function makeRoundTrips<T>(cookiePrefix: string, now: () => number): RoundTrips<T> {
  const key = randomBytes(32);
  const used = new Map<string, number>();
  const cookieOf = (state: string) => `${cookiePrefix}${state.slice(0, 12).replaceAll(/[^\w-]/g, "")}`;
  return {
    begin(state, began, secure) {
      const value = sealText(key, state, JSON.stringify({ began, until: now() + patienceMs })).toString("base64url");
      if (value.length > longestCookie) throw new EarshotError("USAGE", "the addresses and names of this request are too long to take along");
      return { name: cookieOf(state), value, maxAgeSeconds: patienceMs / 1_000, secure };
    },
    end(query, cookies) {
      const states = new URLSearchParams(query).getAll("state");
      const [state = ""] = states;
      if (states.length !== 1 || state === "") return undefined;
      const cookie = cookieOf(state);
      const value = cookies[cookie];
      const text = value === undefined ? undefined : unsealText(key, state, Buffer.from(value, "base64url"));
      if (text === undefined) return undefined;
      // Only we can have sealed it.
      const { began, until }: { readonly began: T; readonly until: number } = JSON.parse(text);
      if (until <= now() || used.has(state)) return undefined;
      for (const [old, over] of used) if (over <= now() || used.size >= mostUsed) used.delete(old);
      used.set(state, until);
      return { cookie, began };
    },
  };
}

/** A path of our own pages, or the first page: never another site, never an address of the API. */
export function ownPath(asked: string): string {
  const base = "https://earshot.invalid";
  if (asked.length > longestReturn || !asked.startsWith("/") || !URL.canParse(asked, base)) return "/";
  const { origin, pathname, search, hash } = new URL(asked, base);
  // `//host` and `/\host` name other sites to a browser, however they came about.
  if (origin !== base || /^\/[/\\]/.test(pathname) || /^\/api(\/|$)/i.test(pathname)) return "/";
  return `${pathname}${search}${hash}`;
}

/** The origin that another site sends the browser back to. @param doing as in "sign in". @throws USAGE */
export function browserOrigin(publicUrl: string | undefined, origin: string | undefined, doing: string): string {
  if (publicUrl !== undefined) {
    if (origin !== undefined && origin !== publicUrl) throw new EarshotError("USAGE", `${doing} at ${publicUrl}, which the provider knows`);
    return publicUrl;
  }
  if (origin !== undefined && URL.canParse(origin) && isLoopbackName(new URL(origin).hostname)) return new URL(origin).origin;
  throw new EarshotError("USAGE", `${doing} on this machine, or set signIn.publicUrl to the address that browsers use`);
}
