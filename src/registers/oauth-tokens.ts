import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { OAuthToken, OAuthTokens, StoredToken } from "../core/oauth-token.ts";
import { sealText, unsealText } from "../core/seal-text.ts";
import { type Migration, numberIn, type Sql, type SqlRow } from "../core/sql.ts";

export const oauthTokensMigrations: readonly Migration[] = [
  {
    name: "oauth-tokens-1",
    sql: `create table oauth_tokens (name text primary key, sealed bytea, version bigint not null, renewed_at_ms bigint not null)`,
  },
];

const tokenSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  scope: z.string().optional(),
  issuedAt: z.number(),
  expiresAt: z.number().optional(),
  refreshExpiresAt: z.number().optional(),
  seed: z.string().optional(),
  app: z.object({ clientId: z.string(), clientSecret: z.string().exactOptional() }).optional(),
});

export interface OAuthTokenRegister extends OAuthTokens {
  /** Replaces what is there, whoever is renewing it. */
  put(name: string, token: OAuthToken): Promise<StoredToken>;
  remove(name: string): Promise<boolean>;
}

/** Renewals that hold a connection of the catalog while a platform answers. */
const mostAtOnce = 3;
const saveTries = 5;

/**
 * Sealed with `key` under their names. The row is locked while a platform is asked, so that a refresh token that works once
 * is sent once. A process that dies between the answer and the commit loses what the answer held; nothing else can.
 * @param pause between tries to save a token while the catalog is away.
 */
export function openOAuthTokens(sql: Sql, key: Buffer, now: () => number, pause: (ms: number) => Promise<void>): OAuthTokenRegister {
  /** Got, and not stored yet: the only copy. */
  const unsaved = new Map<string, { readonly token: OAuthToken; readonly over: number }>();
  let free = mostAtOnce;
  const waiting: (() => void)[] = [];

  async function inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  }

  function storedIn(name: string, row: SqlRow | undefined): StoredToken | undefined {
    const sealed = row?.["sealed"];
    if (row === undefined || !(sealed instanceof Uint8Array)) return undefined;
    const text = unsealText(key, name, sealed);
    // Sealed under the keys of another folder: of no use, and granted anew.
    if (text === undefined) return undefined;
    const { refreshToken, scope, expiresAt, refreshExpiresAt, seed, app, ...rest } = tokenSchema.parse(JSON.parse(text));
    return {
      version: numberIn(row, "version"),
      token: {
        ...rest,
        ...(refreshToken !== undefined && { refreshToken }),
        ...(scope !== undefined && { scope }),
        ...(expiresAt !== undefined && { expiresAt }),
        ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
        ...(seed !== undefined && { seed }),
        ...(app !== undefined && { app }),
      },
    };
  }

  async function lock(inside: Sql, name: string): Promise<{ readonly stored: StoredToken | undefined; readonly version: number }> {
    await inside.query("insert into oauth_tokens values ($1, null, 0, $2) on conflict (name) do nothing", [name, Math.round(now())]);
    const { rows } = await inside.query("select * from oauth_tokens where name = $1 for update", [name]);
    const [row] = rows;
    if (row === undefined) throw new EarshotError("STORE_UNAVAILABLE", "catalog: a token was removed while it was asked for");
    return { stored: storedIn(name, row), version: numberIn(row, "version") };
  }

  async function save(inside: Sql, name: string, token: OAuthToken, over: number): Promise<StoredToken> {
    const at = Math.round(now());
    // Rises also for a name that was removed and came again.
    const version = Math.max(over + 1, at);
    await inside.query("update oauth_tokens set sealed = $2, version = $3, renewed_at_ms = $4 where name = $1", [name, sealText(key, name, JSON.stringify(token)), version, at]);
    return { token, version };
  }

  /** What another one has stored meanwhile holds. */
  async function saveUnsaved(name: string): Promise<StoredToken | undefined> {
    const kept = unsaved.get(name);
    if (kept === undefined) return undefined;
    const saved = await sql.transaction(async (inside) => {
      const { stored, version } = await lock(inside, name);
      return version === kept.over ? save(inside, name, kept.token, version) : stored;
    });
    unsaved.delete(name);
    return saved;
  }

  async function saveLate(name: string): Promise<StoredToken | undefined> {
    for (let tried = 1; ; tried++) {
      try {
        return await saveUnsaved(name);
      } catch (thrown) {
        if (tried >= saveTries) throw thrown;
        await pause(100 * 2 ** tried);
      }
    }
  }

  return {
    async get(name) {
      return storedIn(name, (await sql.query("select * from oauth_tokens where name = $1", [name])).rows[0]);
    },
    renew: (name, work) =>
      inSlot(async () => {
        await saveUnsaved(name);
        try {
          const renewed = await sql.transaction(async (inside) => {
            const { stored, version } = await lock(inside, name);
            // A transaction that is tried again does not ask the platform again.
            const kept = unsaved.get(name);
            if (kept !== undefined) return kept.over === version ? save(inside, name, kept.token, version) : stored;
            const token = await work(stored);
            if (token === undefined) return stored;
            unsaved.set(name, { token, over: version });
            return save(inside, name, token, version);
          });
          unsaved.delete(name);
          return renewed;
        } catch (thrown) {
          if (!unsaved.has(name)) throw thrown;
          return await saveLate(name);
        }
      }),
    put: (name, token) =>
      sql.transaction(async (inside) => {
        const { version } = await lock(inside, name);
        return save(inside, name, token, version);
      }),
    async remove(name) {
      unsaved.delete(name);
      return (await sql.query("delete from oauth_tokens where name = $1", [name])).count > 0;
    },
  };
}
