import { z } from "zod";
import type { EarshotError } from "../core/errors.ts";

/** Payload of a frame in `rejected`: what could not be kept, why, and the raw itself as far as `maxRawBytes`. */
export const rejectedSchema = z.object({
  version: z.literal(1),
  /** As its frame in `events` told it. */
  source: z.string(),
  code: z.string(),
  message: z.string(),
  at: z.number(),
  generation: z.number(),
  /** Of the whole raw message. */
  rawBytes: z.number(),
  encoding: z.enum(["utf8", "base64"]),
  raw: z.string(),
});
export type Rejected = z.output<typeof rejectedSchema>;

const sourceSchema = rejectedSchema.pick({ source: true });
/** The source of a frame's payload; undefined: it was forgotten. */
export function sourceOfRejected(payload: Uint8Array): string | undefined {
  return payload.length === 0 ? undefined : sourceSchema.parse(JSON.parse(utf8.decode(payload))).source;
}

export const maxRawBytes = 64 * 1024;
const maxMessageLength = 500;
const utf8 = new TextDecoder("utf-8", { fatal: true });

export function encodeRejected(options: {
  readonly source: string;
  readonly error: EarshotError;
  readonly at: number;
  readonly generation: number;
  readonly bytes: Uint8Array;
}): string {
  const kept = options.bytes.subarray(0, maxRawBytes);
  let encoding: "utf8" | "base64" = "utf8";
  let raw: string;
  try {
    raw = utf8.decode(kept);
  } catch {
    encoding = "base64";
    raw = Buffer.from(kept).toString("base64");
  }
  return JSON.stringify({
    version: 1,
    source: options.source,
    code: options.error.code,
    message: options.error.message.slice(0, maxMessageLength),
    at: options.at,
    generation: options.generation,
    rawBytes: options.bytes.length,
    encoding,
    raw,
  } satisfies Rejected);
}
