import type { Clock } from "../../core/clock.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import type { ExpectedEntity, FieldKind } from "../../core/expected.ts";
import type { PostId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { addShape, describeShape, emptyShape, type MutableShape, type Shape } from "../../core/shape.ts";
import type { Sql } from "../../core/sql.ts";
import { openAudit } from "../../registers/audit.ts";
import { type DriftCount, type DriftHour, type DriftKey, type DriftSeen, openDrift } from "../../registers/drift.ts";
import type { Threads } from "../boot.ts";
import type { DriftBook, DriftReport, DriftRow, RenameProposal, ReplayPreview } from "../drift.ts";
import type { Engine } from "../engine.ts";
import type { Alarm } from "../failures.ts";
import { leastScore, scoreRename } from "../rename-score.ts";
import type { SourcesPart } from "./sources.ts";
import { differencesOf } from "../post-difference.ts";

const hourMs = 3_600_000;
const keptDays = 31;
const presentHours = 48;
/** Below so many messages a share says little. */
const leastMessages = 20;
const mostExamples = 10;
const mostCompared = 50;

export interface DriftOptions {
  readonly sql: Sql;
  readonly now: () => number;
  readonly threads: Threads;
  readonly log: Log;
  readonly clock: Clock;
  readonly limit: number;
  readonly sources: Pick<SourcesPart, "definitions" | "setRenames">;
  readonly storedPost: (id: PostId) => Promise<Post | undefined>;
  readonly replay: Engine["replay"];
}

const keyOf = ({ source, entity, field, change }: DriftKey): string => JSON.stringify([source, entity, field, change]);
const kindIn = (entity: ExpectedEntity | undefined, field: string): FieldKind | undefined => entity?.required[field] ?? entity?.optional[field];

interface Sum {
  readonly key: DriftKey;
  weight: number;
  recent: number;
  rejected: number;
  readonly shape: MutableShape;
}

function sumsOf(hours: readonly DriftHour[], recentFromMs: number): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const row of hours) {
    const { source, entity, field, change } = row;
    const sum = sums.get(keyOf(row)) ?? { key: { source, entity, field, change }, weight: 0, recent: 0, rejected: 0, shape: emptyShape() };
    sum.weight += row.weight;
    sum.rejected += row.rejected;
    if (row.hourMs >= recentFromMs) sum.recent += row.weight;
    addShape(sum.shape, row.shape);
    sums.set(keyOf(row), sum);
  }
  return sums;
}

/** What platforms send against what is declared: shares, alarms, proposals for renamed fields, and what a replay would change. */
export function makeDrift(options: DriftOptions): { readonly book: DriftBook; flush(): Promise<void>; forget(source: string): Promise<void>; alarms(): Promise<readonly Alarm[]> } {
  const { clock, threads } = options;
  const { definitions, setRenames } = options.sources;
  const register = openDrift(options.sql);
  const audit = openAudit(options.sql, options.now);
  let waiting: { seen: readonly DriftSeen[]; counts: readonly DriftCount[] } | undefined;
  let expiredAt = 0;
  let writing: Promise<void> = Promise.resolve();
  const declaredOf = (source: string, entity: string): ExpectedEntity | undefined => {
    const definition = definitions.get(source);
    return definition?.connector.expected?.(definition.parsedOptions).entities[entity];
  };
  const recentFrom = () => Math.floor(clock.now() / hourMs) * hourMs - hourMs;

  async function write(): Promise<void> {
    if (waiting === undefined) {
      const taken = await Promise.all(threads.refine.map((thread) => thread.caller.call("takeDrift", undefined)));
      waiting = { seen: taken.flatMap(({ seen }) => seen), counts: taken.flatMap(({ counts }) => counts) };
    }
    const { seen, counts } = joined(waiting);
    if (seen.length > 0) await register.add(seen, counts);
    waiting = undefined;
    if (clock.now() - expiredAt < hourMs) return;
    expiredAt = clock.now();
    await register.expire(expiredAt - keptDays * 24 * hourMs, expiredAt - presentHours * hourMs);
  }

  /** One writer at a time. */
  function flush(): Promise<void> {
    writing = writing.then(write, write);
    return writing;
  }

  async function report({ source, hours: span }: { readonly source?: string; readonly hours: number }): Promise<DriftReport> {
    await flush();
    const fromMs = Math.floor(clock.now() / hourMs) * hourMs - span * hourMs;
    const filter = { fromMs, ...(source !== undefined && { source }) };
    const [hours, seen, fields, renames] = await Promise.all([register.hours(filter), register.seen(filter), register.fields(source), register.renames()]);
    const known = new Map(fields.map((field) => [keyOf(field), field]));
    const looked = new Map<string, { all: number; recent: number; source: string; entity: string }>();
    for (const row of seen) {
      const key = `${row.source} ${row.entity}`;
      const sum = looked.get(key) ?? { all: 0, recent: 0, source: row.source, entity: row.entity };
      sum.all += row.weight;
      if (row.hourMs >= recentFrom()) sum.recent += row.weight;
      looked.set(key, sum);
    }
    const rows: DriftRow[] = [];
    for (const { key, weight, recent, rejected, shape } of sumsOf(hours, recentFrom()).values()) {
      if (key.change === "present") continue;
      const all = looked.get(`${key.source} ${key.entity}`);
      const field = known.get(keyOf(key));
      const expected = kindIn(declaredOf(key.source, key.entity), key.field);
      const recentShare = all === undefined || all.recent === 0 ? 0 : Math.min(1, recent / all.recent);
      const isRenamed = renames.some((rule) => rule.source === key.source && rule.entity === key.entity && (key.change === "unknown" ? rule.from : rule.to) === key.field);
      const isAlarm = recentShare >= options.limit && (all?.recent ?? 0) >= leastMessages && field?.knownAt === undefined && !isRenamed;
      rows.push({
        ...key,
        ...(expected !== undefined && { expected }),
        share: all === undefined || all.all === 0 ? 0 : Math.min(1, weight / all.all),
        recentShare,
        messages: weight,
        rejected,
        firstAt: field?.firstAt ?? fromMs,
        lastAt: field?.lastAt ?? fromMs,
        sample: key.change === "missing" ? "" : describeShape(shape),
        isAlarm,
        ...(field?.knownAt !== undefined && { knownAt: field.knownAt }),
      });
    }
    rows.sort((a, b) => Number(b.isAlarm) - Number(a.isAlarm) || b.share - a.share || a.field.localeCompare(b.field));
    return { rows, limit: options.limit, seen: [...looked.values()].map(({ all, recent: _recent, ...rest }) => ({ ...rest, messages: all })) };
  }

  async function proposals(source?: string): Promise<readonly RenameProposal[]> {
    const { rows } = await report({ hours: 1, ...(source !== undefined && { source }) });
    const recent = recentFrom();
    const before = await register.hours({ fromMs: recent - presentHours * hourMs, ...(source !== undefined && { source }) });
    const seen = await register.seen({ fromMs: recent - presentHours * hourMs, ...(source !== undefined && { source }) });
    const past = sumsOf(before, recent);
    const renames = await register.renames();
    const found: RenameProposal[] = [];
    const entities = new Map(seen.map((row) => [`${row.source} ${row.entity}`, row]));
    for (const { source: id, entity } of entities.values()) {
      const declared = declaredOf(id, entity);
      if (declared === undefined || declared.isCopy === true) continue;
      const shape = (field: string): Shape | undefined => past.get(keyOf({ source: id, entity, field, change: "present" }))?.shape;
      const of = rows.filter((row) => row.source === id && row.entity === entity && row.share >= options.limit);
      const came = of.filter((row) => row.change === "unknown" && row.knownAt === undefined && !renames.some((rule) => rule.source === id && rule.from === row.field));
      const went = [...of.filter((row) => row.change === "missing").map(({ field, share }) => ({ field, share })), ...goneOptional(id, entity, declared, past, seen, recent)];
      for (const { field, share } of went) {
        if (renames.some((rule) => rule.source === id && rule.entity === entity && rule.to === field)) continue;
        const kind = kindIn(declared, field) ?? "any";
        const best = came
          .flatMap((row) => {
            const shapeNow = past.get(keyOf(row))?.shape;
            const score =
              shapeNow && scoreRename({ field, share, shape: shape(field), fits: (values) => fitsKind(kind, values) }, { field: row.field, share: row.share, shape: shapeNow });
            return score === undefined ? [] : [{ source: id, entity, from: row.field, to: field, share, ...score }];
          })
          .toSorted((a, b) => b.score - a.score)[0];
        if (best !== undefined && best.score >= leastScore) found.push(best);
      }
    }
    return found.toSorted((a, b) => b.score - a.score);
  }

  /** Optional fields that came often before and come no more. */
  function goneOptional(
    source: string,
    entity: string,
    declared: ExpectedEntity,
    past: ReadonlyMap<string, Sum>,
    seen: readonly { readonly source: string; readonly entity: string; readonly hourMs: number; readonly weight: number }[],
    recentFromMs: number,
  ): readonly { readonly field: string; readonly share: number }[] {
    let [earlier, now] = [0, 0];
    for (const row of seen) {
      if (row.source !== source || row.entity !== entity) continue;
      if (row.hourMs >= recentFromMs) now += row.weight;
      else earlier += row.weight;
    }
    if (now < leastMessages || earlier < leastMessages) return [];
    return Object.keys(declared.optional).flatMap((field) => {
      const sum = past.get(keyOf({ source, entity, field, change: "present" }));
      if (sum === undefined) return [];
      const [shareBefore, shareNow] = [(sum.weight - sum.recent) / earlier, sum.recent / now];
      return shareBefore >= 0.2 && shareNow < shareBefore / 2 ? [{ field, share: Math.min(1, shareBefore) - shareNow }] : [];
    });
  }

  async function previewReplay({ source, fromMs, toMs }: Parameters<DriftBook["previewReplay"]>[0]): Promise<ReplayPreview> {
    if (!definitions.has(source)) throw new EarshotError("NOT_FOUND", `source ${source}: there is none`);
    const states = await options.log.state("events");
    const parts = await Promise.all(
      states.map(({ partition, oldest, next }) => threads.refineOf(partition).caller.call("previewReplay", { partition, from: oldest, to: next, source, fromMs, toMs })),
    );
    const sum = (name: "read" | "unchanged" | "changed" | "added" | "rejected" | "other") => parts.reduce((total, part) => total + part[name], 0);
    const codes: Record<string, number> = {};
    for (const part of parts) for (const [code, count] of Object.entries(part.codes)) codes[code] = (codes[code] ?? 0) + count;
    const fields: Record<string, number> = {};
    const examples: ReplayPreview["examples"][number][] = [];
    let compared = 0;
    for (const post of parts.flatMap((part) => part.samples).slice(0, mostCompared)) {
      const stored = await options.storedPost(post.id);
      if (stored === undefined) continue;
      compared++;
      const differences = differencesOf(stored, post);
      for (const { name } of differences) fields[name] = (fields[name] ?? 0) + 1;
      if (examples.length < mostExamples) examples.push({ id: post.id, fields: differences });
    }
    return {
      read: sum("read"),
      complete: parts.every((part) => part.complete),
      unchanged: sum("unchanged"),
      changed: sum("changed"),
      added: sum("added"),
      rejected: sum("rejected"),
      other: sum("other"),
      codes,
      compared,
      fields,
      examples,
    };
  }

  return {
    flush,
    async forget(source) {
      await flush();
      await register.removeSource(source);
      await setRenames(await register.renames());
    },
    async alarms() {
      const { rows } = await report({ hours: 1 });
      return rows.flatMap((row): Alarm[] =>
        row.isAlarm && row.change !== "present"
          ? [
              {
                kind: "drift",
                source: row.source,
                entity: row.entity,
                field: row.field,
                change: row.change,
                share: row.recentShare,
                limit: options.limit,
                since: row.firstAt,
              },
            ]
          : [],
      );
    },
    book: {
      drift: report,
      renameProposals: proposals,
      setDriftKnown: (key, isKnown) => register.setKnown(key, isKnown ? clock.now() : undefined),
      renames: () => register.renames(),
      async addRename({ source, entity, from, to, actor }) {
        const declared = declaredOf(source, entity);
        if (declared === undefined) throw new EarshotError("NOT_FOUND", `source ${source}: there is none that has declared fields of ${entity}`);
        if (kindIn(declared, to) === undefined) throw new EarshotError("USAGE", `to: expected a declared field of ${entity}, came ${to}`);
        if (declared.required[from] !== undefined) throw new EarshotError("USAGE", `from: expected a field that nothing of ${entity} needs, came ${from}`);
        if (declared.isCopy === true) throw new EarshotError("USAGE", `entity: no rule reaches ${entity}; where its source has an option for names (fields), map it there`);
        if (from === to) throw new EarshotError("USAGE", "from, to: expected two fields");
        const rule = await register.addRename({ source, entity, from, to, actor, at: clock.now() });
        await audit.append({ actor, action: "rename.add", subject: `${source}.${entity}`, details: { from, to } });
        await setRenames(await register.renames());
        return rule;
      },
      async removeRename(id, actor) {
        const rule = await register.removeRename(id, clock.now());
        if (rule === undefined) throw new EarshotError("NOT_FOUND", `rule ${id}: there is none`);
        await audit.append({ actor, action: "rename.remove", subject: `${rule.source}.${rule.entity}`, details: { from: rule.from, to: rule.to } });
        await setRenames(await register.renames());
      },
      previewReplay,
      async replaySource({ source, fromMs, toMs }) {
        if (!definitions.has(source)) throw new EarshotError("NOT_FOUND", `source ${source}: there is none`);
        const aside = await options.replay({ kind: "quarantine", source });
        const raw = await options.replay({ kind: "raw", source, fromMs, toMs });
        return { read: aside.read + raw.read, kept: aside.kept + raw.kept, unchanged: aside.unchanged + raw.unchanged, rejected: raw.rejected };
      },
    },
  };
}

function fitsKind(kind: FieldKind, { kinds }: Shape): boolean {
  if (kind === "any") return true;
  if (kind === "instant") return (kinds.text ?? 0) + (kinds.number ?? 0) > 0;
  return (kinds[kind] ?? 0) > 0;
}

/** Threads meet the same fields: one count each, so that one statement can write them. */
function joined({ seen, counts }: { readonly seen: readonly DriftSeen[]; readonly counts: readonly DriftCount[] }) {
  const entities = new Map<string, DriftSeen>();
  for (const row of seen) {
    const key = `${Math.floor(row.lastAt / hourMs)} ${row.source} ${row.entity}`;
    const was = entities.get(key);
    entities.set(key, was === undefined ? row : { ...row, weight: row.weight + was.weight, rejected: row.rejected + was.rejected });
  }
  const fields = new Map<string, DriftCount>();
  for (const row of counts) {
    const key = `${Math.floor(row.lastAt / hourMs)} ${keyOf(row)}`;
    const was = fields.get(key);
    if (was === undefined) fields.set(key, row);
    else {
      const shape = emptyShape();
      addShape(shape, was.shape);
      addShape(shape, row.shape);
      const { source, entity, field, change } = row;
      fields.set(key, {
        source,
        entity,
        field,
        change,
        weight: row.weight + was.weight,
        rejected: row.rejected + was.rejected,
        firstAt: Math.min(row.firstAt, was.firstAt),
        lastAt: Math.max(row.lastAt, was.lastAt),
        shape,
      });
    }
  }
  return { seen: [...entities.values()], counts: [...fields.values()] };
}
