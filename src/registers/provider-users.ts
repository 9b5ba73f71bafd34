import { EarshotError } from "../core/errors.ts";
import { type Sql, textIn } from "../core/sql.ts";
import { openUsers, type UserRecord, type UserRole, userIn } from "./users.ts";

/** Who vouches for whom: the pair names a person for ever (OpenID Connect Core 1.0, 2 and 5.7); no other claim does. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

export interface SignedIn {
  readonly user: UserRecord;
  /** Absent: the user was made now. */
  readonly roleBefore?: UserRole;
}

/** Users whom an OpenID Connect provider signs in; each is bound to one subject, which no name can take over. */
export interface ProviderUsers {
  /**
   * Makes the user at the first sign-in, under `name` or, where anybody has or had that, `name-2` and so on; later the role alone changes.
   * @throws SIGN_IN_REMOVED for one whom an admin removed; CONFLICT where the last admin would become less
   */
  signIn(subject: Subject, name: string, role: UserRole): Promise<SignedIn>;
  /** The provider gives no role any more: sessions end. A later sign-in with a role gives back what was. Undefined where nobody is bound. */
  withdraw(subject: Subject): Promise<string | undefined>;
}

export function openProviderUsers(sql: Sql, now: () => number): ProviderUsers {
  async function boundTo(inside: Sql, { issuer, subject }: Subject) {
    const { rows } = await inside.query('select u.* from provider_users p join users u on u.name = p."user" where p.issuer = $1 and p.subject = $2', [issuer, subject]);
    return rows[0];
  }

  async function freeName(inside: Sql, name: string): Promise<string> {
    for (let number = 1; ; number++) {
      const candidate = number === 1 ? name : `${name}-${number}`;
      const { rows } = await inside.query("select 1 from users where name = $1", [candidate]);
      if (rows.length === 0) return candidate;
    }
  }

  return {
    signIn: (subject, name, role) =>
      sql.transaction(async (inside) => {
        await inside.query("lock table users in share row exclusive mode");
        const users = openUsers(inside, now);
        const at = Math.round(now());
        const bound = await boundTo(inside, subject);
        if (bound === undefined) {
          const user = await users.put(await freeName(inside, name), role);
          await inside.query("insert into provider_users values ($1, $2, $3, $4, $4)", [subject.issuer, subject.subject, user.name, at]);
          return { user };
        }
        const before = userIn(bound);
        if (textIn(bound, "state") === "removed") throw new EarshotError("SIGN_IN_REMOVED", `user ${before.name}: an admin has removed this user`);
        const user = await users.put(before.name, role);
        await inside.query("update provider_users set signed_in_at_ms = $3 where issuer = $1 and subject = $2", [subject.issuer, subject.subject, at]);
        return { user, roleBefore: before.role };
      }),
    withdraw: (subject) =>
      sql.transaction(async (inside) => {
        const bound = await boundTo(inside, subject);
        if (bound === undefined) return undefined;
        const { name } = userIn(bound);
        if (textIn(bound, "state") !== "active") return name;
        try {
          await openUsers(inside, now).remove(name, "withdrawn");
        } catch (thrown) {
          // The last admin stays one, but comes in by a link only.
          if (!(thrown instanceof EarshotError) || thrown.code !== "CONFLICT") throw thrown;
          await inside.query('delete from sessions where "user" = $1', [name]);
        }
        return name;
      }),
  };
}
