import { EarshotError } from "../../core/errors.ts";
import type { Audit, AuditFields } from "../../registers/audit.ts";
import type { Sessions } from "../../registers/sessions.ts";
import type { Tokens } from "../../registers/tokens.ts";
import type { UserKept, UserRecord, Users } from "../../registers/users.ts";
import { roles, type Role, type Viewer } from "../viewer.ts";
import type { People, PersonView } from "../people.ts";

const invitationForMs = 72 * 3_600_000;

/** What stands before a token's name where it acts; no user's name holds a slash. */
export const tokenActor = (owner: string, token: string): string => `${owner}/${token}`;

export function makePeople(options: { readonly users: Users; readonly sessions: Sessions; readonly tokens: Tokens; readonly audit: Audit; readonly now: () => number }): People {
  const { users, sessions, tokens, audit, now } = options;
  const note = async (by: Viewer, action: string, subject: string, details?: AuditFields["details"]) =>
    void (await audit.append({ actor: by.name, action, subject, ...(details !== undefined && { details }) }));

  const invitationFor = async (name: string) => ({ code: await sessions.makeLink(name, invitationForMs), expiresAt: Math.round(now() + invitationForMs) });

  async function viewsOf(records: readonly UserRecord[]): Promise<readonly PersonView[]> {
    const open = await sessions.list();
    return records.map((user) => {
      const own = open.filter((session) => session.user === user.name);
      const lastSeenAt = Math.max(...own.map((session) => session.lastUsedAt ?? session.createdAt));
      return { ...user, sessions: own.length, ...(own.length > 0 && { lastSeenAt }) };
    });
  }

  async function viewOf(record: UserRecord): Promise<PersonView> {
    const [view] = await viewsOf([record]);
    return view ?? { ...record, sessions: 0 };
  }

  async function known(name: string): Promise<UserRecord> {
    const user = await users.get(name);
    if (user === undefined) throw new EarshotError("NOT_FOUND", `user ${name}: there is none`);
    return user;
  }

  const refuseKeptAdmin = (name: string, role: Role, kept: UserKept) => {
    if (role === "admin" && (kept.platforms !== null || kept.terms !== null))
      throw new EarshotError("CONFLICT", `user ${name}: an admin sees all; choose another role, or no limits`);
  };
  const kept = ({ platforms, terms }: UserKept) => ({ platforms: platforms?.join(" ") ?? "all", terms: terms?.join(" ") ?? "all" });

  return {
    all: async () => viewsOf(await users.all()),

    async invite(name, role, limits, by) {
      refuseKeptAdmin(name, role, limits);
      if ((await users.get(name)) !== undefined) throw new EarshotError("CONFLICT", `user ${name}: there is one already`);
      const user = await users.put(name, role, limits);
      await note(by, "user.invite", name, { role, ...kept(limits) });
      return { person: await viewOf(user), invitation: await invitationFor(name) };
    },

    async change(name, change, by) {
      const before = await known(name);
      const role = change.role ?? before.role;
      const limits = { platforms: before.platforms ?? null, terms: before.terms ?? null, ...change.kept };
      refuseKeptAdmin(name, role, limits);
      const user = await users.put(name, role, limits);
      await note(by, "user.change", name, { role, ...kept(limits) });
      return viewOf(user);
    },

    async remove(name, by) {
      await users.remove(name);
      for (const token of await tokens.all(name)) await tokens.revoke(token.id);
      await note(by, "user.remove", name);
    },

    async link(name, by) {
      const user = await known(name);
      await note(by, "user.link", user.name);
      return invitationFor(user.name);
    },

    sessions: (by) => sessions.list(by.role === "admin" ? undefined : by.owner),
    async endSession(id, by) {
      const ended = await sessions.endById(id, by.role === "admin" ? undefined : by.owner);
      await note(by, "session.end", ended.user);
    },

    async endOtherSessions(by) {
      const others = (await sessions.list(by.owner)).filter((session) => session.id !== by.session);
      // One that ended meanwhile is what was asked for.
      const ended = await Promise.allSettled(others.map((session) => sessions.endById(session.id, by.owner)));
      const count = ended.filter(({ status }) => status === "fulfilled").length;
      await note(by, "session.end-others", by.owner, { sessions: count });
      return count;
    },

    tokens: (by) => tokens.all(by.role === "admin" ? undefined : by.owner),
    async makeToken(wish, by) {
      if (roles.indexOf(wish.role) > roles.indexOf(by.role)) throw new EarshotError("FORBIDDEN", `a token cannot have the role ${wish.role}; yours is ${by.role}`);
      // What a token may is never more than its maker: one that is kept to scopes would free itself by making another.
      if (by.scopes !== undefined && (wish.scopes.length === 0 || !wish.scopes.every((scope) => by.scopes?.includes(scope))))
        throw new EarshotError("FORBIDDEN", "a token with scopes makes tokens of its own scopes only");
      if (by.expiresAt !== undefined && (wish.expiresAt === undefined || wish.expiresAt > by.expiresAt))
        throw new EarshotError("FORBIDDEN", "a token that expires makes none that outlive it");
      const made = await tokens.make({ ...wish, createdBy: by.owner });
      await note(by, "token.make", made.token.id, { name: wish.name, role: wish.role, scopes: wish.scopes.join(" ") });
      return made;
    },
    async revokeToken(id, by) {
      const token = await tokens.revoke(id, by.role === "admin" ? undefined : by.owner);
      await note(by, "token.revoke", id, { name: token.name, of: token.createdBy });
    },

    audit: (page) => audit.list(page),
    verifyAudit: () => audit.verify(),
  };
}
