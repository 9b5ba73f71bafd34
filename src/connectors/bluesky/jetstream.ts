import type { SourceContext } from "../../core/component.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { maxItemBytes } from "../json/decode.ts";
import { makePick } from "../json/pick.ts";
import { makeRotation } from "./endpoints.ts";
import { reactBluesky } from "./failures.ts";
import { blueskyKey, collections } from "./parse.ts";

export interface JetstreamOptions {
  readonly endpoints: readonly string[];
  readonly collections: readonly (keyof typeof collections)[];
  readonly dids: readonly string[];
  readonly startAt: "now" | "oldest";
}

/** Public servers (github.com/bluesky-social/jetstream, README). */
export const publicJetstreams = [
  "wss://jetstream1.us-east.bsky.network",
  "wss://jetstream2.us-east.bsky.network",
  "wss://jetstream1.us-west.bsky.network",
  "wss://jetstream2.us-west.bsky.network",
];

/** Every server gives its own arrival times: after a cut we go back so far and leave what comes twice to the ledger. */
const rewindUs = 5_000_000;
/** A server whose first message lies so far after the cursor no longer holds what was between. */
const gapUs = 600_000_000;

/** Reads Jetstream. The cursor is the `time_us` of the last message. */
export async function* readJetstream(options: JetstreamOptions, context: SourceContext, cursor: string | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const { clock, http, status } = context;
  const rotation = makeRotation(options.endpoints, clock);
  let lastUs = cursor !== undefined && /^\d{10,17}$/.test(cursor) ? Number(cursor) : undefined;
  while (!signal.aborted) {
    status({ state: "connecting", detail: new URL(rotation.endpoint).host });
    rotation.started();
    const fromUs = lastUs === undefined ? undefined : lastUs - rewindUs;
    let first = fromUs !== undefined;
    try {
      const stream = await http.webSocket(addressOf(rotation.endpoint, options, fromUs), { signal, maxMessageBytes: maxItemBytes * 4, silenceMs: 60_000, react: reactBluesky });
      status({ state: "live", detail: new URL(rotation.endpoint).host });
      for await (const batch of stream.batches({ maxItems: 500, maxBytes: 1 << 20, waitMs: 100 })) {
        const receivedAt = clock.now();
        const items: Raw[] = [];
        for (const bytes of batch) items.push({ ...blueskyKey(bytes), bytes, receivedAt });
        const lastRead = lastTime(batch);
        const firstUs = first ? firstTime(batch) : undefined;
        const gap = fromUs !== undefined && firstUs !== undefined && firstUs - fromUs > gapUs;
        if (firstUs !== undefined) first = false;
        // A redelivery after the rewind must not take the cursor back.
        if (lastRead !== undefined && (lastUs === undefined || lastRead > lastUs)) lastUs = lastRead;
        rotation.worked();
        yield {
          items,
          cursor: lastUs === undefined ? "" : String(lastUs),
          ...(gap && {
            gap: {
              fromMs: Math.floor((fromUs + rewindUs) / 1000),
              toMs: Math.floor(firstUs / 1000),
              reason: "the server holds nothing older: its first message came long after the cursor",
            },
          }),
        };
      }
      return;
    } catch (thrown) {
      if (signal.aborted) return;
      await rotation.failed(thrown, signal);
    }
  }
}

function addressOf(endpoint: string, options: JetstreamOptions, cursorUs: number | undefined): string {
  const url = new URL(endpoint);
  if (url.pathname === "/" || url.pathname === "") url.pathname = "/subscribe";
  for (const name of options.collections) url.searchParams.append("wantedCollections", collections[name]);
  for (const did of options.dids) url.searchParams.append("wantedDids", did);
  if (cursorUs !== undefined) url.searchParams.set("cursor", String(cursorUs));
  // A cursor older than the server's memory plays from its oldest message; 0 would mean none (Jetstream, README, 2025).
  else if (options.startAt === "oldest") url.searchParams.set("cursor", "1");
  return url.href;
}

const isObject = makePick({}, 0);

function timeOf(bytes: Uint8Array): number | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 400)).toString("latin1");
  const direct = /^\{"did":"[^"\\]*","time_us":(\d{10,17})\b/.exec(head)?.[1];
  const text = direct ?? timeSlowly(bytes);
  return text === undefined ? undefined : Number(text);
}

function timeSlowly(bytes: Uint8Array): string | undefined {
  if (!isObject(bytes)) return undefined;
  return /"time_us"\s*:\s*(\d{10,17})\b/.exec(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"))?.[1];
}

function lastTime(batch: readonly Uint8Array[]): number | undefined {
  for (let i = batch.length - 1; i >= 0; i--) {
    const bytes = batch[i];
    const time = bytes && timeOf(bytes);
    if (time !== undefined) return time;
  }
  return undefined;
}

function firstTime(batch: readonly Uint8Array[]): number | undefined {
  for (const bytes of batch) {
    const time = timeOf(bytes);
    if (time !== undefined) return time;
  }
  return undefined;
}
