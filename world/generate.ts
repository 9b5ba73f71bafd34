import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeEngine } from "./engine.ts";
import { benchMix, defaultStartMs, hourMs, type Mix } from "./options.ts";
import { makeOracle, type Oracle, type Summary } from "./oracle.ts";

export interface GenerateOptions {
  readonly seed: string;
  readonly posts: number;
  /** Folder to write to; made when it is not there. */
  readonly out: string;
  /** Virtual time that the posts spread over. */
  readonly hours?: number;
  readonly startMs?: number;
  readonly mix?: Partial<Mix>;
  /** See EngineOptions. */
  readonly driven?: number;
}

export interface Generated {
  readonly seed: string;
  readonly simulated: true;
  readonly startMs: number;
  readonly hours: number;
  readonly summary: Summary;
  readonly files: Readonly<Record<string, { readonly lines: number; readonly sizeBytes: number }>>;
  readonly erasedAuthors: readonly { readonly author: string; readonly platform: string; readonly at: string; readonly how: string }[];
  readonly ambiguousIds: readonly string[];
  /** Absent where there are none. */
  readonly drivenAuthors?: Oracle["drivenAuthors"];
}

/** Writes jetstream.ndjson, mastodon.ndjson, truth.ndjson, truth-rollups.ndjson and truth-summary.json. The same options give the same bytes. */
export async function generate(options: GenerateOptions): Promise<Generated> {
  const { seed, posts, out, hours = 72, startMs = defaultStartMs } = options;
  await mkdir(out, { recursive: true });
  const jetstream = openLines(join(out, "jetstream.ndjson"));
  const mastodon = openLines(join(out, "mastodon.ndjson"));
  const truths = openLines(join(out, "truth.ndjson"));
  const rollups = openLines(join(out, "truth-rollups.ndjson"));
  const oracle = makeOracle({ settledPostsAtMost: 0, onSettled: (truth) => truths.add(JSON.stringify(truth)) });
  const crisis = { brandId: "quantrix", fromMs: startMs + hours * hourMs * 0.6, toMs: startMs + hours * hourMs * 0.7 };
  const ratePerSecond = posts / (hours * 3_600);
  const engine = makeEngine(
    {
      seed,
      startMs,
      mix: { ...benchMix, ...options.mix },
      blueskyShare: 0.7,
      postsAtMost: posts,
      ...(options.driven !== undefined && { driven: options.driven }),
      delayFactor: 1,
      accounts: Math.min(40_000, Math.max(200, Math.floor(posts / 10))),
      crisesAt: () => crisis,
      // More by day than by night.
      ratePerSecondAt: (atMs) => ratePerSecond * (1 + 0.6 * Math.sin((((atMs / hourMs) % 24) / 24) * 2 * Math.PI - Math.PI / 2)),
    },
    {
      ...oracle,
      deliver(delivery) {
        oracle.deliver(delivery);
        (delivery.platform === "bluesky" ? jetstream : mastodon).add(delivery.wire);
      },
    },
  );
  for (let steps = 0; engine.step(); steps += 1) {
    if (steps % 500 === 0) for (const lines of [jetstream, mastodon, truths]) await lines.settle();
  }
  engine.close();
  for (const row of oracle.rollups()) rollups.add(JSON.stringify(row));
  const files: Record<string, { lines: number; sizeBytes: number }> = {};
  for (const [name, lines] of Object.entries({ jetstream, mastodon, truth: truths, "truth-rollups": rollups })) files[`${name}.ndjson`] = await lines.close();
  const generated: Generated = {
    seed,
    simulated: true,
    startMs,
    hours,
    summary: oracle.summary(),
    files,
    erasedAuthors: oracle.erasedAuthors,
    ambiguousIds: oracle.ambiguousIds,
    ...(oracle.drivenAuthors.length > 0 && { drivenAuthors: oracle.drivenAuthors }),
  };
  await writeFile(join(out, "truth-summary.json"), `${JSON.stringify(generated, undefined, 1)}\n`);
  return generated;
}

interface Lines {
  add(line: string): void;
  /** Resolves when the disk has caught up. */
  settle(): Promise<void>;
  close(): Promise<{ lines: number; sizeBytes: number }>;
}

const chunkLetters = 256 * 1024;

function openLines(path: string): Lines {
  const stream: WriteStream = createWriteStream(path);
  let failure: Error | undefined;
  stream.on("error", (error) => {
    failure = error;
  });
  let chunk = "";
  let lines = 0;
  const flush = (): void => {
    if (chunk === "") return;
    stream.write(chunk);
    chunk = "";
  };
  return {
    add(line) {
      chunk += line;
      chunk += "\n";
      lines += 1;
      if (chunk.length > chunkLetters) flush();
    },
    async settle() {
      if (failure !== undefined) throw failure;
      if (stream.writableNeedDrain) await once(stream, "drain");
    },
    async close() {
      flush();
      stream.end();
      await once(stream, "close");
      if (failure !== undefined) throw failure;
      return { lines, sizeBytes: stream.bytesWritten };
    },
  };
}
