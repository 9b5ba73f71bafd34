import path from "node:path";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { lakeFormat, overlaidColumns, patchColumns, postColumns } from "./lake-columns.ts";
import { type LakeEngine, numberOf, quoted } from "./lake-engine.ts";
import { copyRows, placeFile, temporaryName, type WrittenFile } from "./lake-files.ts";
import type { LakeEdit, LakeFile, LakeState } from "./lake-manifest.ts";
import { type CompactionLimits, dateKey, lowestSeqs, packed, planSteps, spentPatches, type Step } from "./lake-plan.ts";
import { authorBuckets, bucketSql, makeView, readFiles, readList } from "./lake-view.ts";

export interface Maintenance {
  readonly engine: LakeEngine;
  readonly files: Files;
  readonly folder: string;
  readonly clock: Clock;
  readonly limits: CompactionLimits;
  readonly state: () => LakeState;
  /** An edit of undefined commits nothing. */
  readonly commit: (edit: (state: LakeState) => Omit<LakeEdit, "version"> | undefined) => Promise<LakeState>;
  readonly fileName: (seq: number) => string;
  /** Paths that a read under way still needs. */
  readonly held: () => ReadonlySet<string>;
  /** Paths of files that do not fit into memory together; until the next open. */
  readonly tooLarge: Set<string>;
  readonly report: Report;
}

/** One step: what must be forgotten first, else what compaction owes. Returns the steps left. */
export async function maintainLake(work: Maintenance, forget: boolean): Promise<{ readonly owed: number }> {
  await sweepGarbage(work, forget);
  if (forget) {
    const left = await forgetStep(work);
    if (left !== undefined) return { owed: left };
  }
  const [step] = owedSteps(work);
  if (step === undefined) return { owed: 0 };
  try {
    await rewriteBounded(work, step);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    work.report("warn", "lake: files stay apart, because joining them needs more memory than the lake may take", { files: step.inputs.length });
    for (const file of step.inputs) work.tooLarge.add(file.path);
  }
  // The bytes of what was rewritten go with the next sweep.
  return { owed: Math.max(owedSteps(work).length, forget ? 1 : 0) };
}

function owedSteps({ state, limits, tooLarge }: Maintenance): readonly Step[] {
  const now = state();
  return planSteps(tooLarge.size === 0 ? now : { ...now, files: now.files.filter((file) => !tooLarge.has(file.path)) }, limits);
}

async function sweepGarbage(work: Maintenance, all: boolean): Promise<void> {
  const { files, folder, clock, limits } = work;
  const held = work.held();
  const due = work
    .state()
    .garbage.filter((item) => !held.has(item.path))
    .filter((item) => all || item.removedAt <= clock.now() - limits.graceMs);
  if (due.length === 0) return;
  for (const item of due) {
    try {
      await files.remove(path.join(folder, item.path));
    } catch (error) {
      // A crash came between the removal and the commit.
      if (!(error instanceof EarshotError && error.code === "NOT_FOUND")) throw error;
    }
  }
  for (const within of new Set(due.map((item) => path.dirname(item.path)))) await files.syncFolder(path.join(folder, within));
  await work.commit((state) => ({ seq: state.seq, swept: due.map((item) => item.path) }));
}

/** Returns undefined when no byte of anything hidden is left. */
async function forgetStep(work: Maintenance): Promise<number | undefined> {
  const state = work.state();
  const hit = await filesWithHidden(work, state);
  if (hit.length > 0) {
    const steps = packed("posts", hit, work.limits);
    const [step] = steps;
    if (step !== undefined) await rewriteBounded(work, step);
    return steps.length + 1;
  }
  const patches = state.files.filter((file) => file.dataset === "patches");
  const purge = patches.length > 0 && (await hasGone(work, patches));
  if (!purge && state.rules.length === 0) return undefined;
  await rewrite(work, { dataset: "patches", inputs: purge ? patches : [] }, state);
  return 1;
}

async function filesWithHidden({ engine, folder }: Maintenance, state: LakeState): Promise<readonly LakeFile[]> {
  const posts = state.files.filter((file) => file.dataset === "posts");
  const newest = Math.max(0, ...state.rules.map((rule) => rule.seq), ...state.files.filter((file) => file.dataset === "patches").map((file) => file.seq));
  const older = posts.filter((file) => file.seq < newest);
  if (older.length === 0) return [];
  const view = makeView(state, { folder, files: older, inverted: true, withFile: true });
  const rows = await engine.rows(`${view.with} SELECT DISTINCT file FROM visible`);
  const found = new Set(rows.map((row) => String(row["file"])));
  return older.filter((file) => found.has(`${folder}/${file.path}`));
}

async function hasGone({ engine, folder }: Maintenance, patches: readonly LakeFile[]): Promise<boolean> {
  const [row] = await engine.rows(`SELECT count(gone_seq) AS gone FROM ${readList(folder, patches)}`);
  return numberOf(row?.["gone"]) > 0;
}

/** A step that needs more memory than the engine has is taken in halves; to join needs two files at least. */
async function rewriteBounded(work: Maintenance, step: Step): Promise<void> {
  try {
    await rewrite(work, step);
  } catch (error) {
    const inputs = step.inputs.slice(0, Math.ceil(step.inputs.length / 2));
    const joins = step.inputs.every((file) => file.level === 1);
    if (!isOutOfMemory(error) || inputs.length === step.inputs.length || (joins && inputs.length === 1)) throw error;
    await rewriteBounded(work, { ...step, inputs });
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof EarshotError && /Out of Memory Error/.test(error.message);
}

/** Reads files as they now stand and writes them sorted by platform, date and author bucket. @param forgotten a state in which nothing hidden is left: its rules and deletions end */
async function rewrite(work: Maintenance, step: Step, forgotten?: LakeState): Promise<void> {
  const { engine, files, folder, clock } = work;
  const state = forgotten ?? work.state();
  const seq = state.seq;
  const named = work.fileName(seq);
  const made = path.join(folder, temporaryName, named);
  const { select, buckets } =
    step.inputs.length === 0
      ? { select: "", buckets: new Map() }
      : step.dataset === "posts"
        ? await postsRewrite(work, state, step.inputs)
        : { select: patchesRewrite(folder, state, step.inputs, forgotten !== undefined), buckets: new Map() };
  const add: LakeFile[] = [];
  if (select !== "") {
    await files.makeFolder(made);
    const written = await engine.connected((connection) => copyRows(connection, select, made, ["partition_platform", "partition_date", "partition_bucket"]));
    for (const [index, one] of written.entries()) add.push(await place(work, step.dataset, one, `${named}-${index}`, seq, buckets));
    await files.removeFolder(made);
  }
  const inputs = step.inputs.map((file) => file.path);
  let done = false;
  await work.commit((now) => {
    const there = new Set(now.files.map((file) => file.path));
    // Another change (retention, say) took an input meanwhile: what was written is for nothing.
    if (!inputs.every((input) => there.has(input))) return undefined;
    done = true;
    const rest = now.files.filter((file) => !inputs.includes(file.path));
    const spent = spentPatches([...rest, ...add]).filter((spentPath) => rest.some((file) => file.path === spentPath));
    const dropRules = forgotten?.rules.map((rule) => rule.seq) ?? [];
    return { seq: now.seq, add, remove: [...inputs, ...spent], removedAt: clock.now(), dropRules };
  });
  if (!done) for (const file of add) await files.remove(path.join(folder, file.path));
}

async function place(work: Maintenance, dataset: LakeFile["dataset"], written: WrittenFile, named: string, seq: number, buckets: ReadonlyMap<string, number>): Promise<LakeFile> {
  const { partition_platform: platform = "", partition_date: date = "", partition_bucket: bucket = "0" } = written.partition;
  const within = `${dataset}/platform=${folderName(platform)}/date=${date}/${named}.parquet`;
  await placeFile(work.files, work.folder, written.path, within);
  const { rows, sizeBytes, fromMs, toMs } = written;
  return {
    path: within,
    dataset,
    level: 1,
    format: lakeFormat,
    platform,
    date,
    bucket: Number(bucket),
    buckets: buckets.get(`${platform} ${date}`) ?? 1,
    seq,
    rows,
    sizeBytes,
    fromMs,
    toMs,
  };
}

/** As Hive's readers expect it: other characters as %XX. */
function folderName(platform: string): string {
  return encodeURIComponent(platform).replaceAll(".", "%2E").replaceAll("*", "%2A");
}

async function postsRewrite(work: Maintenance, state: LakeState, inputs: readonly LakeFile[]): Promise<{ readonly select: string; readonly buckets: ReadonlyMap<string, number> }> {
  const { folder, limits } = work;
  const rowsOf = await rowsByDate(work, inputs);
  const split = new Set(inputs.filter((file) => file.buckets > 1).map(dateKey));
  const buckets = new Map([...rowsOf].map(([date, rows]) => [date, split.has(date) || rows >= limits.bucketRows ? authorBuckets : 1]));
  const wide = [...buckets].filter(([, count]) => count > 1).map(([date]) => quoted(date));
  const view = makeView(state, { folder, files: inputs });
  const columns = Object.keys(postColumns).map((column) => (column === "seq" ? `${state.seq}::BIGINT AS seq` : column));
  const bucket = wide.length === 0 ? "0" : `CASE WHEN platform || ' ' || created_at::DATE::VARCHAR IN (${wide.join(", ")}) THEN ${bucketSql} ELSE 0 END`;
  const select = `${view.with} SELECT ${columns.join(", ")}, platform AS partition_platform, created_at::DATE AS partition_date, ${bucket} AS partition_bucket
    FROM visible ORDER BY partition_platform, partition_date, partition_bucket, created_at`;
  return { select, buckets };
}

async function rowsByDate({ engine, folder }: Maintenance, inputs: readonly LakeFile[]): Promise<ReadonlyMap<string, number>> {
  const rowsOf = new Map<string, number>();
  const count = (date: string, rows: number) => rowsOf.set(date, (rowsOf.get(date) ?? 0) + rows);
  const fresh = inputs.filter((file) => file.level === 0);
  for (const file of inputs) if (file.level === 1) count(dateKey(file), file.rows);
  if (fresh.length > 0) {
    const rows = await engine.rows(`SELECT platform || ' ' || created_at::DATE::VARCHAR AS date, count(*) AS posts FROM ${readFiles(folder, fresh)} GROUP BY date`);
    for (const row of rows) count(String(row["date"]), numberOf(row["posts"]));
  }
  return rowsOf;
}

/** The last patch of each post, without those below which no row of posts is left. */
function patchesRewrite(folder: string, state: LakeState, inputs: readonly LakeFile[], forgotten: boolean): string {
  const { fresh, dates } = lowestSeqs(state.files, inputs);
  const lowest = [...dates.values()].map(({ platform, date, seq }) => `(${quoted(platform)}, ${quoted(date)}::DATE, ${seq}::BIGINT)`);
  const values =
    lowest.length === 0
      ? "SELECT NULL::VARCHAR AS platform, NULL::DATE AS date, NULL::BIGINT AS seq WHERE false"
      : `SELECT * FROM (VALUES ${lowest.join(", ")}) v(platform, date, seq)`;
  const over = overlaidColumns.map((column) => `arg_max(${column}, greatest(coalesce(seq, 0), coalesce(gone_seq, 0))) AS ${column}`);
  const gone = forgotten ? "NULL::BIGINT" : "g.gone_seq";
  const columns = Object.keys(patchColumns).map((column) => (column === "gone_seq" ? `${gone} AS gone_seq` : `g.${column}`));
  return `WITH grouped AS (SELECT id, platform, created_at, max(gone_seq) AS gone_seq, max(seq) AS seq, ${over.join(", ")}
      FROM ${readList(folder, inputs)} GROUP BY id, platform, created_at),
    lowest AS (${values})
    SELECT ${columns.join(", ")}, g.platform AS partition_platform, g.created_at::DATE AS partition_date, 0 AS partition_bucket
    FROM grouped g LEFT JOIN lowest l ON l.platform = g.platform AND l.date = g.created_at::DATE
    WHERE greatest(coalesce(g.seq, 0), ${forgotten ? "0" : "coalesce(g.gone_seq, 0)"}) > least(coalesce(l.seq, ${Number.MAX_SAFE_INTEGER}), ${fresh})
      ${forgotten ? "AND coalesce(g.seq, 0) > coalesce(g.gone_seq, 0)" : ""}
    ORDER BY partition_platform, partition_date, g.created_at`;
}
