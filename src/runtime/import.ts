import { importLineKey } from "../connectors/files/import-line.ts";
import type { Clock } from "../core/clock.ts";
import { EarshotError, isErrorCode } from "../core/errors.ts";
import { makeFrameBatchBuilder, type Log } from "../core/log.ts";
import type { ImportAnswer, ImportOptions } from "./engine.ts";
import { type KeyHashes, partitionOf } from "./ingest.ts";
import { encodeRaw } from "./raw-frame.ts";
import type { FrameOutcome } from "./refine.ts";

/** Imported frames bear the source `import.PLATFORM`, so that the parser knows whose ids they are. */
export const importSource = "import";
export function importSourceFor(platform: string): string {
  return `${importSource}.${platform}`;
}

const importPattern = new RegExp(`^${importSource}\\.([a-z0-9][a-z0-9-]{0,62})$`);
/** Of an imported frame's source; undefined: it is none. */
export function importPlatformOf(source: string): string | undefined {
  return importPattern.exec(source)?.[1];
}

export interface ImportDependencies {
  readonly log: Log;
  readonly hashes: KeyHashes;
  readonly clock: Clock;
  /** @throws DISK_FULL, LIMIT_REACHED */
  readonly mustCollect: () => Promise<void>;
  readonly outcomes: (partition: number, offsets: readonly number[]) => Promise<readonly FrameOutcome[]>;
  /** Why the frames at these places were rejected. */
  readonly reasons: (partition: number, offsets: readonly number[]) => Promise<ReadonlyMap<number, { readonly code: string; readonly message: string }>>;
}

const biteLines = 2_000;
const biteBytes = 2 * 1024 * 1024;
/** Bites that are appended and not yet refined. */
const mostUnderWay = 4;
const mostErrors = 100;
/** Longer lines are cut here; what is left cannot parse and is rejected with its size. */
const maxLineBytes = 10 * 1024 * 1024;

interface Place {
  readonly line: number;
  readonly offset: number;
}

/** Lines of any number of chunks. A line beyond the limit is given up to the limit, the rest of it is skipped. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let held = 0;
  const add = (part: Uint8Array) => {
    if (held < limitBytes && part.length > 0) parts.push(part.subarray(0, limitBytes - held));
    held += part.length;
  };
  const take = (): Uint8Array => {
    const line = parts.length === 1 ? (parts[0] ?? new Uint8Array()) : Buffer.concat(parts);
    parts = [];
    held = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    // The chunk's memory may be used again by who gave it.
    if (start < chunk.length) add(chunk.slice(start));
  }
  if (held > 0) yield take();
}

function isBlank(line: Uint8Array): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}

function hasByteOrderMark(line: Uint8Array): boolean {
  return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf;
}

export async function importLines(chunks: AsyncIterable<Uint8Array>, options: ImportOptions, dependencies: ImportDependencies): Promise<ImportAnswer> {
  const { log, hashes, clock } = dependencies;
  const signal = options.signal ?? new AbortController().signal;
  const keyOf = importLineKey();
  const builders = Array.from({ length: log.partitions }, () => makeFrameBatchBuilder());
  let lines: number[][] = Array.from({ length: log.partitions }, () => []);
  const total = { accepted: 0, duplicate: 0, rejected: 0, dropped: 0 };
  const errors: { line: number; code: string; message: string }[] = [];
  const underWay: Promise<void>[] = [];
  let line = 0;
  let bytes = 0;
  let count = 0;
  let nextAny = 0;

  const settle = async (partition: number, places: readonly Place[]) => {
    const offsets = places.map((place) => place.offset);
    const outcomes = await dependencies.outcomes(partition, offsets);
    const bad: Place[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome === "kept") total.accepted++;
      else if (outcome === "duplicate") total.duplicate++;
      else if (outcome === "dropped") total.dropped++;
      else {
        total.rejected++;
        const place = places[i];
        if (place !== undefined) bad.push(place);
      }
    }
    if (bad.length === 0 || errors.length >= mostErrors) return;
    const reasons = await dependencies.reasons(
      partition,
      bad.map((place) => place.offset),
    );
    for (const place of bad.slice(0, mostErrors - errors.length)) {
      const reason = reasons.get(place.offset);
      errors.push({ line: place.line, code: reason !== undefined && isErrorCode(reason.code) ? reason.code : "PARSER_FAILED", message: reason?.message ?? "could not be kept" });
    }
  };

  const bite = async () => {
    await dependencies.mustCollect();
    const taken = builders.map((builder) => (builder.count > 0 ? builder.take() : undefined));
    const takenLines = lines;
    lines = Array.from({ length: log.partitions }, () => []);
    bytes = 0;
    count = 0;
    const appended = await Promise.all(
      taken.map(async (frames, partition) => {
        if (frames === undefined) return undefined;
        const first = await log.append("events", partition, frames);
        return { partition, places: (takenLines[partition] ?? []).map((number, i): Place => ({ line: number, offset: first + i })) };
      }),
    );
    const settled = Promise.all(appended.filter((piece) => piece !== undefined).map((piece) => settle(piece.partition, piece.places))).then(() => {
      options.onProgress?.({ ...total, errors });
    });
    // A failure is met when it is awaited below; until then it must not count as unhandled.
    settled.catch(() => undefined);
    underWay.push(settled);
    if (underWay.length > mostUnderWay) await underWay.shift();
  };

  for await (const read of splitLines(chunks, maxLineBytes + 1)) {
    line++;
    const raw = line === 1 && hasByteOrderMark(read) ? read.subarray(3) : read;
    if (signal.aborted) throw new EarshotError("UPSTREAM_CUT", `import: the sender went away after line ${line}; what was accepted stays`);
    if (isBlank(raw)) continue;
    const { key, actor, platform = options.platform } = keyOf(raw);
    const post = typeof key === "string" ? hashes.post(platform, key) : { high: nextAny++, low: 0 };
    const who = actor === undefined ? { high: 0, low: 0 } : hashes.actor(platform, actor);
    const partition = partitionOf(post, log.partitions);
    const known = typeof key === "string";
    builders[partition]?.add(
      { keyHigh: known ? post.high : 0, keyLow: known ? post.low : 0, actorHigh: who.high, actorLow: who.low, time: clock.now() },
      encodeRaw("raw", importSourceFor(platform), raw),
    );
    lines[partition]?.push(line);
    bytes += raw.length;
    count++;
    if (count >= biteLines || bytes >= biteBytes) await bite();
  }
  if (count > 0) await bite();
  for (const settled of underWay) await settled;
  errors.sort((a, b) => a.line - b.line);
  return { ...total, errors };
}
