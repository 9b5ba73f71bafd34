import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { SessionRecord } from "../../registers/sessions.ts";
import type { PersonView } from "../../runtime/people.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

export const roleSchema = Type.Union([Type.Literal("viewer"), Type.Literal("analyst"), Type.Literal("admin")], {
  description: "viewer: reads. analyst: exports, changes terms, too. admin: all.",
});
const names = (description: string) =>
  Type.Union([Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 1_000, uniqueItems: true }), Type.Null()], { description });
const limits = { platforms: Type.Optional(names("Kept to these platforms; null: all.")), terms: Type.Optional(names("Kept to posts of these brands and queries; null: all.")) };

const nameParameter = Type.Object({ name: Type.String({ minLength: 1, maxLength: 300 }) });
const userSchema = Type.Object({
  name: Type.String(),
  role: roleSchema,
  createdAt: instant("When they were invited."),
  platforms: names("Kept to these; null: all."),
  terms: names("Kept to posts of these; null: all."),
  sessions: Type.Integer({ description: "Open ones." }),
  lastSeenAt: optionalInstant("To the hour, of the open sessions."),
});
const invitationSchema = Type.Object({
  code: Type.String({ description: "Signs the user in once: `/#code=` and this. It is told this once." }),
  expiresAt: instant("The code works until then."),
});
const sessionSchema = Type.Object({
  id: Type.String(),
  user: Type.String(),
  agent: Type.String({ description: "The browser, as it names itself." }),
  createdAt: instant("Sign-in."),
  expiresAt: instant("It ends by itself."),
  lastUsedAt: optionalInstant("To the hour."),
  current: Type.Boolean({ description: "The session that asks." }),
});

function view({ createdAt, lastSeenAt, platforms, terms, ...rest }: PersonView) {
  return {
    ...rest,
    createdAt: iso(createdAt),
    platforms: platforms === undefined ? null : [...platforms],
    terms: terms === undefined ? null : [...terms],
    ...(lastSeenAt !== undefined && { lastSeenAt: iso(lastSeenAt) }),
  };
}

function sessionView({ createdAt, expiresAt, lastUsedAt, ...rest }: SessionRecord, current: string | undefined) {
  return { ...rest, createdAt: iso(createdAt), expiresAt: iso(expiresAt), ...(lastUsedAt !== undefined && { lastUsedAt: iso(lastUsedAt) }), current: rest.id === current };
}

export function addPeopleRoutes({ app, engine, access: { people } }: ApiContext): void {
  /** A misspelt term would keep its user from everything, silently. */
  async function refuseUnknownTerms(terms: readonly string[] | null | undefined): Promise<void> {
    if (terms === null || terms === undefined) return;
    const known = new Set((await engine.terms()).map((term) => term.id));
    const missing = terms.filter((term) => !known.has(term));
    if (missing.length > 0) throw new EarshotError("USAGE", `terms: there is none called ${missing.join(", ").slice(0, 300)}`);
  }

  app.get(
    "/api/v1/users",
    {
      config: { access: "admin" },
      schema: {
        tags: ["access"],
        summary: "Who may sign in, with which role, and what they are kept to",
        response: { 200: Type.Object({ items: Type.Array(userSchema) }), ...problems },
      },
    },
    async () => ({ items: (await people.all()).map(view) }),
  );

  app.post(
    "/api/v1/users",
    {
      config: { access: "admin" },
      schema: {
        tags: ["access"],
        summary: "Invite a user; the answer holds the code of a one-time sign-in link",
        body: Type.Object(
          {
            name: Type.String({ pattern: "^[a-z0-9][a-z0-9._@+-]{0,99}$", description: "Small letters, digits and . _ @ + -; a mail address will do." }),
            role: roleSchema,
            ...limits,
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ user: userSchema, invitation: invitationSchema }), ...problems },
      },
    },
    async (request) => {
      const { name, role, platforms, terms } = request.body;
      await refuseUnknownTerms(terms);
      const { person, invitation } = await people.invite(name, role, { platforms: platforms ?? null, terms: terms ?? null }, viewerOf(request));
      return { user: view(person), invitation: { code: invitation.code, expiresAt: iso(invitation.expiresAt) } };
    },
  );

  app.patch(
    "/api/v1/users/:name",
    {
      config: { access: "admin" },
      schema: {
        tags: ["access"],
        summary: "Change a user's role, or what they are kept to; open sessions and tokens follow at once",
        params: nameParameter,
        body: Type.Object({ role: Type.Optional(roleSchema), ...limits }, { additionalProperties: false }),
        response: { 200: userSchema, ...problems },
      },
    },
    async (request) => {
      const { role, platforms, terms } = request.body;
      await refuseUnknownTerms(terms);
      const kept = { ...(platforms !== undefined && { platforms }), ...(terms !== undefined && { terms }) };
      return view(await people.change(request.params.name, { ...(role !== undefined && { role }), kept }, viewerOf(request)));
    },
  );

  app.delete(
    "/api/v1/users/:name",
    {
      config: { access: "admin" },
      schema: { tags: ["access"], summary: "Remove a user; their sessions and tokens end at once", params: nameParameter, response: { 204: Type.Null(), ...problems } },
    },
    async (request, reply) => {
      await people.remove(request.params.name, viewerOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/users/:name/link",
    {
      config: { access: "admin" },
      schema: { tags: ["access"], summary: "Make a user a new one-time sign-in link", params: nameParameter, response: { 200: invitationSchema, ...problems } },
    },
    async (request) => {
      const { code, expiresAt } = await people.link(request.params.name, viewerOf(request));
      return { code, expiresAt: iso(expiresAt) };
    },
  );

  app.get(
    "/api/v1/sessions",
    {
      config: { forKept: true },
      schema: {
        tags: ["access"],
        summary: "My open sessions; an admin's list holds everybody's",
        response: { 200: Type.Object({ items: Type.Array(sessionSchema) }), ...problems },
      },
    },
    async (request) => {
      const viewer = viewerOf(request);
      return { items: (await people.sessions(viewer)).map((session) => sessionView(session, viewer.session)) };
    },
  );

  app.delete(
    "/api/v1/sessions/:id",
    {
      config: { forKept: true },
      schema: {
        tags: ["access"],
        summary: "End one of my sessions; an admin ends anybody's",
        params: Type.Object({ id: Type.String({ pattern: "^[0-9a-f]{16}$" }) }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      await people.endSession(request.params.id, viewerOf(request));
      return reply.code(204).send(null);
    },
  );

  app.delete(
    "/api/v1/sessions",
    {
      config: { forKept: true },
      schema: { tags: ["access"], summary: "End all of my sessions but the one that asks", response: { 200: Type.Object({ ended: Type.Integer() }), ...problems } },
    },
    async (request) => ({ ended: await people.endOtherSessions(viewerOf(request)) }),
  );
}
