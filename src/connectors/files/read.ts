import path from "node:path";
import type { SourceContext } from "../../core/component.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { File } from "../../core/files.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { derivedId, type Format, formatOf, idNamesOf, makeConverter, readLayout, rejectedLine, withId } from "./convert.ts";
import { table } from "./failures.ts";
import { importLineKey, type ImportShape } from "./import-line.ts";
import { openParquet } from "./parquet.ts";
import { readRecords } from "./records.ts";
import { type Mark, type Marks, openMarks, pathKey } from "./track.ts";

export interface FilesOptions {
  readonly paths: readonly string[];
  readonly format: "auto" | Format;
  readonly delimiter?: string;
  readonly header: boolean;
  readonly shape: ImportShape;
  readonly watch: boolean;
  readonly pollMs: number;
  /** A file whose size has not changed for so long is taken as whole. */
  readonly settleMs: number;
}

const maxPageItems = 1_000;
const maxPageBytes = 1 << 20;
const known = /\.(?:ndjson|jsonl|json|csv|tsv|txt|parquet)$/i;
const mostLooked = 20_000;

/** When a file's size was seen to change last. */
interface Look {
  readonly sizeBytes: number;
  readonly sinceMs: number;
}

/**
 * Reads files one after another, each from where the cursor stands. A file is known by its first and last bytes, so that a renamed one
 * is not read twice and one that has grown is read on. Watching, it looks again and again; a last line without an end waits until the file is still.
 */
export async function* readFiles(options: FilesOptions, context: SourceContext, cursor: string | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const { clock, status } = context;
  const marks = openMarks(cursor);
  const looked = new Map<string, Look>();
  /** Told once. */
  const unreadable = new Set<string>();
  const pager = makePager(options.shape, context, marks);
  for (;;) {
    const found = await listPaths(options, context);
    let waiting = 0;
    for (const [index, name] of found.entries()) {
      if (signal.aborted) return;
      if (!options.watch) status({ state: "backfilling", detail: `file ${index + 1} of ${found.length}` });
      const state = yield* readOne(name);
      if (state === "waiting") waiting++;
    }
    if (pager.hasNews()) yield pager.take();
    if (!options.watch) {
      status({ state: "done", detail: `${found.length} files` });
      return;
    }
    status({ state: "polling", detail: `${found.length} files${waiting > 0 ? `, ${waiting} still being written` : ""}` });
    try {
      await clock.sleep(options.pollMs, signal);
    } catch {
      return;
    }
  }

  async function* readOne(name: string): AsyncGenerator<SourcePage, "done" | "waiting"> {
    try {
      const isStill = options.watch ? await look(name) : true;
      if (isStill === "known") return "done";
      await using file = await context.files.open(name, "read");
      const mark = await marks.find(name, file);
      if (mark?.doneBytes === file.sizeBytes) {
        if (mark.path !== pathKey(name)) await marks.put(name, file, { ...mark, doneBytes: mark.doneBytes });
        return "done";
      }
      const format = options.format === "auto" ? formatOf(name) : options.format;
      try {
        return yield* format === "parquet" ? readParquet(file, name, mark, isStill) : readText(file, name, mark, isStill);
      } catch (thrown) {
        const error = toEarshotError(thrown, "FOLDER_UNUSABLE", "file");
        if (error.kind !== "reject" || error.code === "NOT_FOUND") throw thrown;
        // A file that cannot be read at all is one rejected item; the others go on.
        const atByte = file.sizeBytes;
        await marks.put(name, file, { atByte, record: 0, doneBytes: atByte });
        pager.add(rejectedLine(error.code, error.message, new Uint8Array(), 0));
        context.failed(table.error("format", error.message, `read ${format}`, error));
        return "done";
      }
    } catch (thrown) {
      const error = toEarshotError(thrown, "FOLDER_UNUSABLE", path.basename(name));
      if (error.kind === "fault") throw thrown;
      const failure = table.error(error.code === "NOT_FOUND" ? "missing" : "unreadable", error.message, "read", error);
      if (!options.watch) throw error.code === "NOT_FOUND" || error.code === "FOLDER_UNUSABLE" ? failure : thrown;
      // Taken away while it was looked at, or not ours to read: the next look may find it otherwise.
      if (error.code !== "NOT_FOUND" && !unreadable.has(name)) {
        context.report("warn", "a watched file cannot be read", { source: context.id, code: error.code });
        context.failed(failure);
      }
      if (unreadable.size < mostLooked) unreadable.add(name);
      return "waiting";
    }
  }

  /** Whether the file has not grown for a while; known: all of it was read and it is as it was. */
  async function look(name: string): Promise<boolean | "known"> {
    const sizeBytes = (await context.files.sizeBytes(name)) ?? 0;
    const before = looked.get(name);
    if (before?.sizeBytes !== sizeBytes) {
      looked.delete(name);
      looked.set(name, { sizeBytes, sinceMs: clock.monotonicMs() });
      if (looked.size > mostLooked) looked.delete(looked.keys().next().value ?? "");
      return false;
    }
    // The first look of a run holds a file of the same size against its mark.
    if (marks.at(name)?.doneBytes === sizeBytes) return "known";
    return clock.monotonicMs() - before.sinceMs >= options.settleMs;
  }

  async function* readText(file: File, name: string, mark: Mark | undefined, isStill: boolean): AsyncGenerator<SourcePage, "done" | "waiting"> {
    const layout = await readLayout(file, name, options.format, options, isStill);
    if (layout === undefined && !isStill) return "waiting";
    let atByte = mark?.atByte ?? layout?.firstByte ?? 0;
    let record = mark?.record ?? 0;
    let isHeld = false;
    /** Where the last record starts, if nothing ends it: what is appended may belong to it. */
    let open: { readonly atByte: number; readonly record: number } | undefined;
    if (layout !== undefined) {
      atByte = Math.max(atByte, layout.firstByte);
      const toBytes = makeConverter(layout, options.shape);
      for await (const next of readRecords(file, atByte, layout.delimiter?.charCodeAt(0))) {
        if (signal.aborted) return "waiting";
        isHeld = next.isOpen === true && !isStill;
        if (isHeld) break;
        if (next.isOpen === true) open = { atByte, record };
        record++;
        atByte = next.end;
        const bytes = toBytes(next, record);
        if (bytes === undefined) continue;
        if (pager.add(bytes)) {
          await marks.put(name, file, open ?? { atByte, record });
          yield pager.take();
        }
      }
    }
    // What is left behind the last record belongs to one that was too large.
    const doneBytes = isHeld ? undefined : Math.max(atByte, file.sizeBytes);
    atByte = doneBytes ?? atByte;
    await marks.put(name, file, { ...(open ?? { atByte, record }), ...(doneBytes !== undefined && { doneBytes }) });
    return isHeld ? "waiting" : "done";
  }

  async function* readParquet(file: File, name: string, mark: Mark | undefined, isStill: boolean): AsyncGenerator<SourcePage, "done" | "waiting"> {
    // The table of contents is written last.
    if (!isStill && !(await isParquet(file))) return "waiting";
    const atByte = file.sizeBytes;
    let record = mark?.atByte === atByte ? mark.record : 0;
    const { tail } = await marks.put(name, file, { atByte, record });
    const idNames = idNamesOf(options.shape);
    await using parquet = await openParquet(name);
    for await (const rows of parquet.read(record, signal)) {
      for (const { number, json, fault } of rows) {
        record = number;
        const row = json === undefined ? undefined : Buffer.from(json);
        const bytes =
          row === undefined
            ? rejectedLine(fault?.code ?? "PARQUET_INVALID", fault?.message ?? "row: unreadable", new Uint8Array(), number)
            : withId(row, idNames, () => derivedId(tail, number, row));
        if (!pager.add(bytes)) continue;
        await marks.put(name, file, { atByte, record });
        yield pager.take();
      }
    }
    if (signal.aborted) return "waiting";
    await marks.put(name, file, { atByte, record, doneBytes: atByte });
    return "done";
  }
}

/** Collects the items of a page, of one file or of many small ones. */
function makePager(shape: ImportShape, { clock }: SourceContext, marks: Marks) {
  const keyOf = importLineKey(shape);
  let items: Raw[] = [];
  let sizeBytes = 0;
  let cursor = "";
  return {
    hasNews: () => items.length > 0 || marks.format() !== cursor,
    /** True: the page is full. */
    add(bytes: Uint8Array): boolean {
      const { key, actor } = keyOf(bytes);
      items.push({ key, ...(actor !== undefined && { actor }), bytes, receivedAt: clock.now() });
      sizeBytes += bytes.length;
      return items.length >= maxPageItems || sizeBytes >= maxPageBytes;
    },
    take(): SourcePage {
      cursor = marks.format();
      const page = { items, cursor };
      items = [];
      sizeBytes = 0;
      return page;
    },
  };
}

async function isParquet(file: File): Promise<boolean> {
  if (file.sizeBytes < 12) return false;
  const mark = Buffer.alloc(4);
  await file.read(mark, file.sizeBytes - 4);
  return mark.toString("latin1") === "PAR1" || mark.toString("latin1") === "PARE";
}

/** Files, folders (their files of known kind), and patterns with * and ? in the last part; sorted. */
async function listPaths({ paths, watch }: FilesOptions, context: SourceContext): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const given of paths) {
    const full = path.resolve(given);
    const last = path.basename(full);
    if (/[*?]/.test(last)) {
      const pattern = new RegExp(
        `^${last
          .replace(/[.+^${}()|[\]\\]/g, "\\$&")
          .replaceAll("*", ".*")
          .replaceAll("?", ".")}$`,
      );
      for (const name of await context.files.list(path.dirname(full))) if (pattern.test(name)) found.add(path.join(path.dirname(full), name));
      continue;
    }
    const names = await context.files.list(full).catch(() => undefined);
    // A watched folder may be empty, or not there yet.
    if (names === undefined || (names.length === 0 && !watch)) found.add(full);
    else for (const name of names) if (known.test(name)) found.add(path.join(full, name));
  }
  if (found.size === 0 && !watch) throw table.error("missing", "files: no file matches the configured paths", "read");
  return [...found].sort();
}
