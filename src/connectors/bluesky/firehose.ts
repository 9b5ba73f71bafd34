import type { SourceContext } from "../../core/component.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { makeRotation } from "./endpoints.ts";
import { failureOfFrame, reactBluesky, table } from "./failures.ts";
import { readFrame } from "./frames.ts";
import { collections } from "./parse.ts";

export interface FirehoseOptions {
  readonly endpoints: readonly string[];
  readonly collections: readonly (keyof typeof collections)[];
  readonly dids: readonly string[];
  readonly startAt: "now" | "oldest";
}

/** Frames hold up to 2 MB of blocks (lexicon com.atproto.sync.subscribeRepos) and their envelope. */
const maxFrameBytes = 8 << 20;

/** Reads com.atproto.sync.subscribeRepos of a PDS or a relay. The cursor is the `seq` of the last frame. */
export async function* readFirehose(options: FirehoseOptions, context: SourceContext, cursor: string | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const { clock, http, status } = context;
  const wanted = new Set<string>(options.collections.map((name) => collections[name]));
  const dids = new Set(options.dids);
  // Sequence numbers belong to one server: another endpoint's would mean nothing.
  const rotation = makeRotation(options.endpoints.slice(0, 1), clock);
  let seq = cursor !== undefined && /^\d{1,16}$/.test(cursor) ? Number(cursor) : options.startAt === "oldest" ? 0 : undefined;
  let lastMs: number | undefined;
  while (!signal.aborted) {
    status({ state: "connecting", detail: new URL(rotation.endpoint).host });
    rotation.started();
    try {
      const stream = await http.webSocket(addressOf(rotation.endpoint, seq), { signal, maxMessageBytes: maxFrameBytes, silenceMs: 60_000, react: reactBluesky });
      status({ state: "live", detail: new URL(rotation.endpoint).host });
      for await (const batch of stream.batches({ maxItems: 250, maxBytes: 1 << 20, waitMs: 100 })) {
        const receivedAt = clock.now();
        let items: Raw[] = [];
        let sizeBytes = 0;
        for (const bytes of batch) {
          const frame = readFrame(bytes, wanted, receivedAt);
          if (frame.error !== undefined) {
            if (items.length > 0) yield { items, cursor: String(seq ?? "") };
            items = [];
            if (frame.error === "FutureCursor") {
              // The server counts anew (it was set up again): our cursor means nothing there.
              yield {
                items: [],
                cursor: "",
                gap: { ...(lastMs !== undefined && { fromMs: lastMs }), toMs: receivedAt, reason: "the server's sequence lies before the cursor: it was set up anew" },
              };
              seq = options.startAt === "oldest" ? 0 : undefined;
            }
            const error = table.error(failureOfFrame(frame.error), `firehose: the server ended the stream: ${frame.error}`, new URL(rotation.endpoint).host);
            context.failed(error);
            throw error;
          }
          if (frame.info === "OutdatedCursor") {
            yield {
              items,
              cursor: String(seq ?? ""),
              gap: { ...(lastMs !== undefined && { fromMs: lastMs }), toMs: receivedAt, reason: "the server no longer holds what follows the cursor" },
            };
            items = [];
          }
          for (const item of frame.items) {
            if (dids.size > 0 && item.actor !== undefined && !dids.has(item.actor)) continue;
            items.push(item);
            sizeBytes += item.bytes.length;
          }
          if (frame.seq !== undefined) seq = frame.seq;
          // A cursor stands between frames only: a frame's operations stay on one page.
          if (items.length >= 500 || sizeBytes >= 1 << 20) {
            yield { items, cursor: String(seq ?? "") };
            items = [];
            sizeBytes = 0;
          }
        }
        rotation.worked();
        lastMs = receivedAt;
        yield { items, cursor: String(seq ?? "") };
      }
      return;
    } catch (thrown) {
      if (signal.aborted) return;
      await rotation.failed(thrown, signal);
    }
  }
}

function addressOf(endpoint: string, seq: number | undefined): string {
  const url = new URL(endpoint);
  if (url.pathname === "/" || url.pathname === "") url.pathname = "/xrpc/com.atproto.sync.subscribeRepos";
  if (seq !== undefined) url.searchParams.set("cursor", String(seq));
  return url.href;
}
