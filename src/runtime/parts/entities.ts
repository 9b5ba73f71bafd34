import type { Report } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { EntityConfig, KnownEntity } from "../../core/linking.ts";
import type { Query } from "../../core/query.ts";
import type { Sql } from "../../core/sql.ts";
import { queryTokens } from "../../core/tokens.ts";
import type { Pseudonyms } from "../../ledger/pseudonyms.ts";
import { openAudit } from "../../registers/audit.ts";
import { type EntityChange, openEntities } from "../../registers/entities.ts";
import type { Threads } from "../boot.ts";
import type { AgainPart } from "./again.ts";
import type { EntityBook } from "../entities.ts";

export interface EntitiesOptions {
  readonly sql: Sql;
  readonly now: () => number;
  readonly threads: () => Threads;
  readonly terms: () => Promise<readonly { readonly id: string }[]>;
  readonly again: AgainPart;
  readonly report: Report;
  /** What stands in texts in the place of an account. */
  readonly pseudonyms: Pick<Pseudonyms, "mentionId">;
}

const progressEveryMs = 500;
/** Where more is asked for, all posts are looked at. */
const mostNames = 300;

/** The register of names: each refining thread has it whole, and is told of every change. */
export function makeEntitiesPart({ sql, now, threads, terms, again, report, pseudonyms }: EntitiesOptions) {
  const register = openEntities(sql, now);
  const audit = openAudit(sql, now);

  async function known(): Promise<KnownEntity[]> {
    return (await register.all()).map(({ version: _version, changedAt: _changedAt, relinked: _relinked, ...entity }) => entity);
  }
  async function tellThreads(): Promise<void> {
    const entities = await known();
    await Promise.all(threads().refine.map((thread) => thread.caller.call("setEntities", entities)));
    relink();
  }

  async function platforms(): Promise<readonly string[]> {
    const { facets } = await threads().read.caller.call("facets", { query: { kind: "all" }, filter: {}, options: { by: ["platform"], top: 200 } });
    return (facets["platform"] ?? []).map(({ value }) => value);
  }

  /** Posts that bear a name of these entries, as they are called now or were before. */
  async function queryOf(ids: readonly string[]): Promise<Query> {
    const parts: Query[] = [];
    const known = await platforms();
    for (const id of ids) {
      if (parts.length > mostNames) return { kind: "all" };
      parts.push({ kind: "field", field: "entity", value: id });
      for (const { name, aliases, handles, hashtags } of (await register.history(id)).slice(-2)) {
        const bare = handles.map((handle) => handle.replace(/^@/, "").toLowerCase());
        const masks = bare.flatMap((handle) => known.map((platform) => `@${pseudonyms.mentionId(platform, handle)}`));
        parts.push(...[name, ...aliases, ...hashtags, ...bare, ...masks].flatMap((text) => namedIn(text) ?? []));
      }
    }
    return parts.length > mostNames ? { kind: "all" } : { kind: "or", parts };
  }

  let isWanted = false;
  let linking: Promise<void> = Promise.resolve();
  /** Stored posts are linked by what the register says now; what changes meanwhile is linked right after. */
  function relink(): void {
    if (isWanted) return;
    isWanted = true;
    linking = linking.then(async () => {
      isWanted = false;
      try {
        for (let entries = await register.unlinked(); entries.length > 0; entries = await register.unlinked()) await relinkFor(entries);
      } catch (thrown) {
        if (!again.isStopping()) report("warn", `names: stored posts could not be linked again: ${toEarshotError(thrown, "STORE_UNAVAILABLE", "names").message}`);
      }
    });
  }
  async function relinkFor(entries: Awaited<ReturnType<typeof register.unlinked>>): Promise<void> {
    let toldAtMs = performance.now();
    const { changed } = await again.run(await queryOf(entries.map(({ id }) => id)), "links", async ({ looked, of }) => {
      if (performance.now() - toldAtMs < progressEveryMs) return true;
      toldAtMs = performance.now();
      await register.setRelinked(entries, Math.min(looked / Math.max(of, 1), 0.99));
      return true;
    });
    await register.setRelinked(entries, 1);
    if (changed > 0) report("info", `names: ${changed} stored posts linked again`);
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
    /** Takes up what an earlier run left undone. */
    resume: relink,
    settled: () => linking,
    countOfHandles: (handles: readonly string[]) => register.countOfHandles(handles),
    async forgetHandles(handles: readonly string[]): Promise<void> {
      if (handles.length > 0 && (await register.forgetHandles(handles)) > 0) await tellThreads();
    },
  };
}

/** What finds a text that bears a name; undefined: it has no word. */
function namedIn(text: string): Query | undefined {
  const { words, prefix } = queryTokens(text);
  const [first] = words;
  if (first === undefined) return undefined;
  if (words.length === 1) return { kind: "word", word: first, prefix };
  return { kind: "phrase", words: prefix ? words.slice(0, -1) : words };
}
