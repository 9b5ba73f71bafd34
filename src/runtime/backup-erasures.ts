import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { type AuthorId, idBytes, isAuthorId } from "../core/ids.ts";
import { type Log, makeFrameBatchBuilder } from "../core/log.ts";
import type { Sql } from "../core/sql.ts";
import { type ErasureRecord, openErasures } from "../registers/erasures.ts";
import { type Command, encodeCommand } from "./commands.ts";
import { encodeRaw } from "./raw-frame.ts";

const authorId = z.custom<AuthorId>(isAuthorId, "expected an AuthorId");
const erasureSchema = z.strictObject({
  authors: z.array(authorId).min(1),
  upToMs: z.number(),
  at: z.number(),
  reason: z.enum(["account-deleted", "subject-request", "objection", "platform-takedown", "retention"]),
  objection: z.boolean(),
});
/** What of an erasure a restore must know. */
export type KnownErasure = Pick<ErasureRecord, "authors" | "upToMs" | "at" | "reason" | "objection">;

const fileSchema = z.strictObject({
  format: z.literal("earshot-erasures"),
  version: z.literal(1),
  /** Of the key ring that made the pseudonyms. */
  keyCheck: z.string(),
  exportedAt: z.number(),
  erasures: z.array(erasureSchema),
});

const everything = Number.MAX_SAFE_INTEGER;

/** Every erasure of the register; none where the catalog has no register yet. */
export async function readErasures(sql: Sql): Promise<readonly KnownErasure[]> {
  const { rows } = await sql.query("select to_regclass('erasures') is not null as there");
  if (rows[0]?.["there"] !== true) return [];
  const records = await openErasures(sql, () => 0).list(everything);
  return records.map(({ authors, upToMs, at, reason, objection }) => ({ authors, upToMs, at, reason, objection }));
}

export async function writeErasureFile(
  files: Files,
  path: string,
  content: { readonly keyCheck: string; readonly exportedAt: number; readonly erasures: readonly KnownErasure[] },
): Promise<void> {
  await files.replace(path, Buffer.from(`${JSON.stringify({ format: "earshot-erasures", version: 1, ...content })}\n`));
}

/** @throws FORMAT_UNKNOWN, KEY_MISSING (pseudonyms of another data folder), NOT_FOUND */
export async function readErasureFile(files: Files, path: string, keyCheck: string): Promise<readonly KnownErasure[]> {
  if ((await files.sizeBytes(path)) === undefined) throw new EarshotError("NOT_FOUND", `${path}: expected a file of erasures, there is none`);
  let json: unknown;
  try {
    json = JSON.parse((await files.read(path)).toString("utf8"));
  } catch (cause) {
    throw new EarshotError("FORMAT_UNKNOWN", `${path}: expected JSON as \`earshot backup --erasures-only\` writes it`, { cause });
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) throw new EarshotError("FORMAT_UNKNOWN", `${path}: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.keyCheck !== keyCheck) throw new EarshotError("KEY_MISSING", `${path}: its pseudonyms were made with other keys than the backup's; they cannot be applied to it`);
  return parsed.data.erasures;
}

/** Those that the register of the backup does not cover: another author, a later time, or a new objection. */
export function laterErasures(known: readonly KnownErasure[], all: readonly KnownErasure[]): readonly KnownErasure[] {
  const covered = new Map<AuthorId, { upToMs: number; objection: boolean }>();
  const cover = (erasure: KnownErasure) => {
    for (const author of erasure.authors) {
      const before = covered.get(author);
      covered.set(author, { upToMs: Math.max(before?.upToMs ?? -Infinity, erasure.upToMs), objection: (before?.objection ?? false) || erasure.objection });
    }
  };
  known.forEach(cover);
  const later: KnownErasure[] = [];
  for (const erasure of all.toSorted((a, b) => a.at - b.at)) {
    const isCovered = erasure.authors.every((author) => {
      const found = covered.get(author);
      return found !== undefined && found.upToMs >= erasure.upToMs && (found.objection || !erasure.objection);
    });
    if (isCovered) continue;
    cover(erasure);
    later.push(erasure);
  }
  return later;
}

/** To every partition of `events`, in order with all that is there; under the author, so that it goes with what it removes. */
async function appendErase(log: Log, command: Extract<Command, { command: "erase" }>, now: number): Promise<void> {
  const payload = encodeRaw("command", "earshot", encodeCommand(command));
  const bytes = idBytes(command.author);
  const actor = { actorHigh: bytes.readUInt32BE(0), actorLow: bytes.readUInt32BE(4) };
  await Promise.all(
    Array.from({ length: log.partitions }, async (_, partition) => {
      const builder = makeFrameBatchBuilder();
      builder.add({ keyHigh: 0, keyLow: 0, ...actor, time: now }, payload);
      await log.append("events", partition, builder.take());
    }),
  );
}

/**
 * Into the register (so that refining, imports, replays and the erasure job know them) and into the log (so that every store
 * forgets at the next start). Register before log: a crash between is made good by running it again.
 */
export async function applyErasures(options: {
  readonly sql: Sql;
  readonly log: Log;
  readonly erasures: readonly KnownErasure[];
  readonly now: number;
  readonly dueAt: number;
}): Promise<void> {
  const { log, now, dueAt } = options;
  const register = openErasures(options.sql, () => now);
  for (const { authors, upToMs, reason, objection } of options.erasures) {
    await register.request({ authors, upToMs, reason, objection, dueAt, actor: "restore" });
    for (const author of authors) await appendErase(log, { command: "erase", author, upToMs, objection, reason }, now);
  }
}
