import { createHash } from "node:crypto";
import type { OidcConfig } from "../core/sign-in.ts";
import { type Role, roles } from "./viewer.ts";

type Claims = Readonly<Record<string, unknown>>;

const mostValues = 2_000;
const longestName = 40;
/** Who acts in the audit without being a user. */
const reserved = new Set(["admin", "configuration", "platform", "provider", "restore", "system", "earshot"]);

function isRecord(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a claim: under its whole name, else along its dots. Only own properties count. */
export function claimAt(claims: Claims, path: string | readonly string[]): unknown {
  if (typeof path === "string" && Object.hasOwn(claims, path)) return claims[path];
  let at: unknown = claims;
  for (const name of typeof path === "string" ? path.split(".") : path) {
    if (!isRecord(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return at;
}

/** The values of a claim of roles: a list of texts, one text with spaces between, or an object whose names are the roles. */
export function valuesOf(claim: unknown): readonly string[] {
  if (typeof claim === "string")
    return claim
      .split(/\s+/)
      .filter((value) => value !== "")
      .slice(0, mostValues);
  if (Array.isArray(claim)) return claim.filter((value) => typeof value === "string").slice(0, mostValues);
  return isRecord(claim) ? Object.keys(claim).slice(0, mostValues) : [];
}

/** The highest role that a value gives; undefined: none. Values are compared exactly: `Admin` is not `admin`. */
export function roleOf(claims: Claims, config: Pick<OidcConfig, "rolesClaim" | "roles">): Role | undefined {
  const claim = claimAt(claims, config.rolesClaim);
  const held = new Set(valuesOf(claim));
  // A group may have spaces in its name.
  if (typeof claim === "string") held.add(claim);
  // Who may name his own values must not name this one.
  held.delete("*");
  return roles.toReversed().find((role) => config.roles[role].some((value) => value === "*" || held.has(value)));
}

/** A user's name from what a claim says: what stands before an @, in small letters. Without anything fit, of the subject's hash. */
export function nameOf(claims: Claims, config: Pick<OidcConfig, "nameClaim">, issuer: string, subject: string): string {
  const said = claimAt(claims, config.nameClaim);
  const name = (typeof said === "string" ? said : "")
    .slice(0, 500)
    .split("@")[0]
    ?.normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, longestName)
    .replaceAll(/^-+|-+$/g, "");
  if (name === undefined || name === "") return `user-${shortHash(issuer, subject)}`;
  return reserved.has(name) ? `${name}-user` : name;
}

/** Tells two subjects apart in the audit without naming them. */
export function shortHash(issuer: string, subject: string): string {
  return createHash("sha256")
    .update(JSON.stringify([issuer, subject]))
    .digest("hex")
    .slice(0, 8);
}
