import { EarshotError } from "../src/core/errors.ts";
import { makeFrameBatchBuilder } from "../src/core/log.ts";
import { encodeRejected } from "../src/runtime/rejected.ts";
import type { RunningApi } from "./api.fixtures.ts";

/** Sets a message aside as a parser of old would have, which could not read what today's reads. */
export async function setAside(api: RunningApi, line: unknown, offset: number): Promise<void> {
  const builder = makeFrameBatchBuilder();
  const bytes = Buffer.from(JSON.stringify(line));
  const error = new EarshotError("PARSER_FAILED", "line: the parser of an older version failed");
  builder.add(
    { keyHigh: 0, keyLow: 0, actorHigh: 0, actorLow: 0, time: Date.now(), from: { offset, index: 0 }, generation: 0 },
    encodeRejected({ source: "import.forum", error, at: Date.now(), generation: 0, bytes }),
  );
  await api.system.base.log.append("rejected", 0, builder.take());
}
