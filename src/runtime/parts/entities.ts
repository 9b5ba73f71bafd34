import { EarshotError } from "../../core/errors.ts";
import type { EntityConfig, KnownEntity } from "../../core/linking.ts";
import type { Sql } from "../../core/sql.ts";
import { openAudit } from "../../registers/audit.ts";
import { type EntityChange, openEntities } from "../../registers/entities.ts";
import type { Threads } from "../boot.ts";
import type { EntityBook } from "../entities.ts";

export interface EntitiesOptions {
  readonly sql: Sql;
  readonly now: () => number;
  readonly threads: () => Threads;
  readonly terms: () => Promise<readonly { readonly id: string }[]>;
}

/** The register of names: each refining thread has it whole, and is told of every change. */
export function makeEntitiesPart({ sql, now, threads, terms }: EntitiesOptions) {
  const register = openEntities(sql, now);
  const audit = openAudit(sql, now);

  async function known(): Promise<KnownEntity[]> {
    return (await register.all()).map(({ version: _version, changedAt: _changedAt, ...entity }) => entity);
  }
  async function tellThreads(): Promise<void> {
    const entities = await known();
    await Promise.all(threads().refine.map((thread) => thread.caller.call("setEntities", entities)));
  }
  async function refuseUnknownTerm(entities: readonly EntityConfig[]): Promise<void> {
    const ids = new Set((await terms()).map(({ id }) => id));
    const odd = entities.find(({ term }) => term !== undefined && !ids.has(term))?.term;
    if (odd !== undefined) throw new EarshotError("USAGE", `term: there is no brand or query ${odd}`);
  }
  async function history(id: string) {
    const versions = await register.history(id);
    if (versions.length === 0) throw new EarshotError("NOT_FOUND", `entity ${id}: there is none, and never was`);
    return versions;
  }
  async function put(id: string, entity: EntityConfig, by: EntityChange) {
    await refuseUnknownTerm([entity]);
    const before = (await register.history(id)).at(-1)?.version ?? 0;
    const record = await register.put(id, entity, by);
    if (record.version > before) {
      const details = { version: record.version, ...(by.restoredFrom !== undefined && { from: by.restoredFrom }) };
      await audit.append({ actor: by.actor, action: by.restoredFrom === undefined ? "entity.put" : "entity.restore", subject: id, details });
      await tellThreads();
    }
    return record;
  }

  const book: EntityBook = {
    all: () => register.all(),
    history: async (id) => (await history(id)).toReversed(),
    put: (id, entity, actor) => put(id, entity, { actor }),
    async import(entities, actor) {
      await refuseUnknownTerm(entities.map(({ entity }) => entity));
      const counts = { added: 0, changed: 0, same: 0 };
      await sql.transaction(async (inside) => {
        const within = openEntities(inside, now);
        const before = new Map((await within.all()).map(({ id, version }) => [id, version]));
        Object.assign(counts, { added: 0, changed: 0, same: 0 });
        for (const { id, entity } of entities) {
          const { version } = await within.put(id, entity, { actor });
          counts[!before.has(id) ? "added" : before.get(id) === version ? "same" : "changed"]++;
        }
      });
      await audit.append({ actor, action: "entity.import", subject: "entities", details: counts });
      await tellThreads();
      return counts;
    },
    async remove(id, actor) {
      await register.remove(id, { actor });
      await audit.append({ actor, action: "entity.remove", subject: id });
      await tellThreads();
    },
    async restore(id, version, actor) {
      const found = (await history(id)).find((one) => one.version === version);
      if (found === undefined) throw new EarshotError("NOT_FOUND", `entity ${id}: there is no version ${version}`);
      const { version: _version, removed: _removed, restoredFrom: _restoredFrom, actor: _actor, at: _at, ...entity } = found;
      return put(id, entity, { actor, restoredFrom: version });
    },
  };
  return {
    known,
    book,
    countOfHandles: (handles: readonly string[]) => register.countOfHandles(handles),
    async forgetHandles(handles: readonly string[]): Promise<void> {
      if (handles.length > 0 && (await register.forgetHandles(handles)) > 0) await tellThreads();
    },
  };
}
