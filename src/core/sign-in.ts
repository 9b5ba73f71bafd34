import { z } from "zod";

/** Names of this machine alone: what goes there leaves no trace on a network. */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

const isSafeAddress = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return username === "" && password === "" && (protocol === "https:" || (protocol === "http:" && isLoopbackName(hostname)));
};
const https = z.string().max(2_000).refine(isSafeAddress, "expected an https:// address (http:// only for this machine)");

const wanted = z.array(z.string().min(1).max(500)).max(500);

const oidcSchema = z.strictObject({
  issuer: https
    .refine((text) => !URL.canParse(text) || (new URL(text).search === "" && new URL(text).hash === ""), "expected an issuer without query and fragment")
    .describe("Address of the provider, as its `/.well-known/openid-configuration` names it."),
  clientId: z.string().min(1).max(500).describe("Earshot's name at the provider."),
  clientSecret: z
    .string()
    .regex(/^(env:.+|file:\/.+)$/s, "expected a reference, env:NAME or file:/path, not the secret itself")
    .optional()
    .describe("env:NAME or file:/path; absent: a public client, held by PKCE alone."),
  name: z.string().min(1).max(60).default("your organisation").describe("What the button says after “Sign in with”."),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "expected a scope without spaces"))
    .max(50)
    .default(["openid", "profile", "email"])
    .refine((scopes) => scopes.includes("openid"), "expected `openid` among the scopes")
    .describe("What is asked for; some providers want `groups` or `roles` for the claim of roles."),
  rolesClaim: z
    .union([z.string().min(1).max(500), z.array(z.string().min(1)).min(1).max(10)])
    .default("roles")
    .describe('Where the roles stand: a claim, a dotted path as in `realm_access.roles`, or a list of names (`["https://example.org/roles"]`).'),
  roles: z
    .strictObject({
      admin: wanted.default([]),
      analyst: wanted.default([]),
      viewer: wanted.default([]),
    })
    .refine(({ admin, analyst, viewer }) => admin.length + analyst.length + viewer.length > 0, "expected at least one value for one role")
    .describe("Values of the claim that give a role; `*` is anybody whom the provider signs in. The highest that fits holds; without one nobody comes in."),
  nameClaim: z.string().min(1).max(500).default("preferred_username").describe("What a user is named after at the first sign-in."),
  sessionHours: z.number().min(0.1).max(720).default(24).describe("After so long the provider is asked again, and a changed role holds at the latest."),
  signOutThere: z.boolean().default(true).describe("Signing out here ends the provider's session too, where it can."),
});
export type OidcConfig = z.output<typeof oidcSchema>;

export const signInSchema = z.strictObject({
  publicUrl: https
    .refine((text) => !URL.canParse(text) || new URL(text).href === `${new URL(text).origin}/`, "expected an origin without a path, such as https://earshot.example")
    .transform((text) => new URL(text).origin)
    .optional()
    .describe("Where browsers reach Earshot, where a proxy stands before it; absent: this machine."),
  oidc: oidcSchema.optional().describe("Sign-in by an OpenID Connect provider, beside the one-time link."),
});
export type SignInConfig = z.output<typeof signInSchema>;
