import { createReadStream } from "node:fs";
import { systemClock } from "../src/core/clock.ts";
import type { Connector, Report } from "../src/core/component.ts";
import type { Log } from "../src/core/log.ts";
import type { Raw, Source } from "../src/core/source.ts";
import { makePseudonyms } from "../src/ledger/pseudonyms.ts";
import type { KeyRing } from "../src/ledger/key-ring.ts";
import bluesky from "../src/connectors/bluesky.ts";
import mastodon from "../src/connectors/mastodon.ts";
import { type Cursors, ingest, type KeyHashes } from "../src/runtime/ingest.ts";
import type { Input } from "./input.ts";

/** The two sources of a fed system, as they stand in its configuration; nothing ever connects to them. */
export const fedSources = {
  "fed-bluesky": { use: "bluesky", keep: "everything", endpoints: ["ws://127.0.0.1:9"], simulated: true },
  "fed-mastodon": { use: "mastodon", keep: "everything", server: "http://127.0.0.1:9", simulated: true, refreshMinutes: 0 },
} as const;

/** The server under which the fed Mastodon's statuses are known. */
export const mastodonServer = "simulated.example";

export function keyHashes(ring: KeyRing): KeyHashes {
  const pseudonyms = makePseudonyms(ring);
  const words = ([high, low]: readonly [number, number]) => ({ high, low });
  return { post: (platform, id) => words(pseudonyms.keyWords(platform, id)), actor: (platform, id) => words(pseudonyms.authorWords(platform, id)) };
}

/** As many as a stream's page has at most. */
const usualPageItems = 500;
const pageBytes = 1 << 20;

interface Line {
  readonly bytes: Buffer;
  /** First byte after its line end. */
  readonly nextByte: number;
}

async function* linesOf(path: string, fromByte: number): AsyncGenerator<readonly Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let at = fromByte;
  for await (const some of createReadStream(path, { start: fromByte, highWaterMark: 512 * 1024 })) {
    const chunk: Buffer = rest.length === 0 ? some : Buffer.concat([rest, some]);
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      lines.push({ bytes: chunk.subarray(start, end), nextByte: at + end + 1 });
      start = end + 1;
    }
    at += start;
    rest = chunk.subarray(start);
    yield lines;
  }
}

export interface FedSource {
  readonly id: keyof typeof fedSources;
  readonly path: string;
  readonly lines: number;
  readonly platform: "bluesky" | "mastodon";
  readonly raws: (message: Uint8Array, receivedAt: number) => readonly Raw[];
}

function fedSource(id: keyof typeof fedSources, connector: Connector, path: string, lines: number, platform: "bluesky" | "mastodon"): FedSource {
  const { use: _use, keep: _keep, ...options } = fedSources[id];
  const parsed = connector.options.parse(options);
  if (connector.raws === undefined) throw new Error(`${connector.name}: expected raws()`);
  return { id, path, lines, platform, raws: (message, receivedAt) => connector.raws?.(parsed, message, receivedAt) ?? [] };
}

export function fedSourcesOf(input: Input): readonly FedSource[] {
  return [
    fedSource("fed-bluesky", bluesky, input.jetstream, input.lines.jetstream, "bluesky"),
    fedSource("fed-mastodon", mastodon, input.mastodon, input.lines.mastodon, "mastodon"),
  ];
}

export interface FeedOptions {
  readonly log: Log;
  readonly hashes: KeyHashes;
  readonly cursors: Cursors;
  readonly report: Report;
  /** Spreads the lines evenly over so long; absent: as fast as the log takes them. */
  readonly overMs?: number;
  /** Waits here before each page. */
  readonly mayGoOn?: () => Promise<void>;
  readonly onPage?: (source: FedSource, items: readonly Raw[]) => void;
  readonly saveEveryMs?: number;
  readonly pageItems?: number;
  readonly signal?: AbortSignal;
}

/** A file as a source: a page of lines, and the byte where the next begins as its cursor. */
function openFile(source: FedSource, options: FeedOptions): Source {
  return {
    async *read(cursor, signal) {
      const { pageItems = usualPageItems } = options;
      const startedAt = performance.now();
      let items: Raw[] = [];
      let sizeBytes = 0;
      let nextByte = Number(cursor ?? 0);
      let sent = 0;
      const page = async function* () {
        await options.mayGoOn?.();
        options.onPage?.(source, items);
        yield { items, cursor: String(nextByte) };
        items = [];
        sizeBytes = 0;
      };
      for await (const lines of linesOf(source.path, nextByte)) {
        for (const line of lines) {
          if (signal.aborted) return;
          if (options.overMs !== undefined) {
            const dueMs = (sent / source.lines) * options.overMs - (performance.now() - startedAt);
            if (dueMs > 20) {
              if (items.length > 0) yield* page();
              await systemClock.sleep(Math.max(25, dueMs));
            }
          }
          sent++;
          for (const raw of source.raws(line.bytes, Date.now())) {
            items.push(raw);
            sizeBytes += raw.bytes.length;
          }
          nextByte = line.nextByte;
          if (items.length >= pageItems || sizeBytes >= pageBytes) yield* page();
        }
      }
      if (items.length > 0) yield* page();
    },
    async [Symbol.asyncDispose]() {},
  };
}

export interface Fed {
  readonly items: number;
  readonly pages: number;
}

/** Feeds both files side by side by the way that every source takes, each from its cursor. */
export async function feed(input: Input, options: FeedOptions): Promise<Fed> {
  const counters = fedSourcesOf(input).map((source) => ({ source, counts: { items: 0, bytes: 0, pages: 0, gaps: 0, errors: 0 } }));
  const signal = options.signal ?? new AbortController().signal;
  await Promise.all(
    counters.map(({ source, counts }) =>
      ingest(
        {
          id: source.id,
          platform: source.platform,
          open: () => Promise.resolve(openFile(source, options)),
          log: options.log,
          hashes: options.hashes,
          cursors: options.cursors,
          clock: systemClock,
          report: options.report,
          onStatus: () => undefined,
          mayCollect: () => Promise.resolve(),
          ...(options.saveEveryMs !== undefined && { saveEveryMs: options.saveEveryMs }),
        },
        counts,
        signal,
      ),
    ),
  );
  return { items: counters.reduce((sum, { counts }) => sum + counts.items, 0), pages: counters.reduce((sum, { counts }) => sum + counts.pages, 0) };
}
