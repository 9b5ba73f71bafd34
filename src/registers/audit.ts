import { createHash } from "node:crypto";
import { numberIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const auditMigrations: readonly Migration[] = [
  {
    name: "audit-1",
    sql: `create table audit (
      number bigint primary key, at_ms bigint not null, actor text not null, action text not null, subject text not null, purpose text not null,
      details text not null, hash text not null);
    create function refuse_audit_change() returns trigger language plpgsql as $$ begin raise exception 'the audit is only ever appended to'; end $$;
    create trigger audit_is_appended_only before update or delete on audit for each row execute function refuse_audit_change();
    create trigger audit_is_never_emptied before truncate on audit for each statement execute function refuse_audit_change()`,
  },
];

export interface AuditFields {
  readonly actor: string;
  /** A verb and its object, `identity.read`. */
  readonly action: string;
  readonly subject: string;
  readonly purpose?: string;
  /** Never a personal datum, never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditEntry extends AuditFields {
  /** From 1, without a gap. */
  readonly number: number;
  readonly at: number;
  readonly hash: string;
}

export interface AuditPage {
  readonly limit: number;
  /** Entries below this number. */
  readonly before?: number;
  /** A user; what their tokens did is theirs too. */
  readonly actor?: string;
  /** `term.put`, or `term` for all about terms. */
  readonly action?: string;
  readonly subject?: string;
}

export interface AuditVerdict {
  /** Entries whose hash fits all that stands before them. */
  readonly entries: number;
  /** Of the last entry that fits: who noted it down elsewhere can tell a chain that was written anew, or cut at its end. */
  readonly hash: string;
  /** The first entry that does not fit; absent when all do. */
  readonly broken?: number;
}

/** Who did what: appended to, each entry bears the hash of the one before it. */
export interface Audit {
  append(fields: AuditFields): Promise<AuditEntry>;
  /** Newest first. */
  list(page: AuditPage): Promise<readonly AuditEntry[]>;
  /** Reads the whole chain. */
  verify(): Promise<AuditVerdict>;
}

const auditLock = 0x6175_6469;
const first = "earshot audit";
const pageRows = 1_000;

/** SHA-256 over the hash before and the fields as stored, lengths first, so that no two entries read the same. */
function hashOf(before: string, fields: readonly string[]): string {
  const hash = createHash("sha256").update(before);
  for (const field of fields) hash.update(`\n${Buffer.byteLength(field)}:`).update(field);
  return hash.digest("hex");
}

function storedFields(row: SqlRow): readonly string[] {
  return [String(numberIn(row, "number")), String(numberIn(row, "at_ms")), ...(["actor", "action", "subject", "purpose", "details"] as const).map((column) => textIn(row, column))];
}

function entryIn(row: SqlRow): AuditEntry {
  const details: unknown = JSON.parse(textIn(row, "details"));
  const purpose = textIn(row, "purpose");
  return {
    number: numberIn(row, "number"),
    at: numberIn(row, "at_ms"),
    actor: textIn(row, "actor"),
    action: textIn(row, "action"),
    subject: textIn(row, "subject"),
    ...(purpose !== "" && { purpose }),
    ...(typeof details === "object" && details !== null && { details: { ...details } }),
    hash: textIn(row, "hash"),
  };
}

export function openAudit(sql: Sql, now: () => number): Audit {
  return {
    append: (fields) =>
      sql.transaction(async (inside) => {
        await inside.query("select pg_advisory_xact_lock($1)", [auditLock]);
        const { rows } = await inside.query("select number, hash from audit order by number desc limit 1");
        const last = rows[0];
        const number = (last === undefined ? 0 : numberIn(last, "number")) + 1;
        const texts = [fields.actor, fields.action, fields.subject, fields.purpose ?? "", JSON.stringify(fields.details ?? {})].map((text) =>
          text.replaceAll("\0", "").toWellFormed(),
        );
        const at = Math.round(now());
        const hash = hashOf(last === undefined ? first : textIn(last, "hash"), [String(number), String(at), ...texts]);
        const inserted = await inside.query("insert into audit values ($1, $2, $3, $4, $5, $6, $7, $8) returning *", [number, at, ...texts, hash]);
        return inserted.rows.map(entryIn)[0] ?? { number, at, hash, ...fields };
      }),
    async list({ limit, before, actor, action, subject }) {
      const { rows } = await sql.query(
        `select * from audit where number < $1 and ($3::text is null or actor = $3 or starts_with(actor, $3 || '/'))
           and ($4::text is null or action = $4 or starts_with(action, $4 || '.')) and ($5::text is null or subject = $5) order by number desc limit $2`,
        [before ?? Number.MAX_SAFE_INTEGER, limit, actor ?? null, action ?? null, subject ?? null],
      );
      return rows.map(entryIn);
    },
    async verify() {
      let hash = first;
      for (let number = 1; ;) {
        const { rows } = await sql.query("select * from audit where number >= $1 order by number limit $2", [number, pageRows]);
        for (const row of rows) {
          const expected = hashOf(hash, storedFields(row));
          if (numberIn(row, "number") !== number || textIn(row, "hash") !== expected) return { entries: number - 1, hash, broken: number };
          hash = expected;
          number++;
        }
        if (rows.length < pageRows) return { entries: number - 1, hash };
      }
    },
  };
}
