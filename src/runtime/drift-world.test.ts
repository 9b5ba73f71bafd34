import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expected as blueskyExpected } from "../connectors/bluesky/expected.ts";
import { expected as mastodonExpected } from "../connectors/mastodon/expected.ts";
import type { ExpectedFields } from "../core/expected.ts";
import { rawsOfMessage } from "../connectors/mastodon/parse.ts";
import type { Delivery } from "../../world/delivery.ts";
import { makeEngine } from "../../world/engine.ts";
import { benchMix } from "../../world/options.ts";
import { makeOracle } from "../../world/oracle.ts";
import { makeDriftMeter, sampleEvery } from "./drift-meter.ts";

const drifted = 0.2;
const sent: Delivery[] = [];
const engine = makeEngine(
  {
    seed: "drift",
    startMs: Date.UTC(2026, 8, 1),
    mix: { ...benchMix, drifted },
    blueskyShare: 0.5,
    accounts: 500,
    postsAtMost: 24_000,
    delayFactor: 1,
    ratePerSecondAt: () => 1,
    crisesAt: () => undefined,
  },
  { ...makeOracle({ settledPostsAtMost: 0, onSettled: () => undefined }), deliver: (delivery) => void sent.push(delivery) },
);
while (engine.step());
engine.close();

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const messagesOf = (platform: string) => sent.filter((delivery) => delivery.platform === platform && delivery.kind === "post").map(({ wire }) => Buffer.from(wire));

/** The share of a field's change by the meter, and by looking at every message with a test of its own. */
function shares(
  expected: ExpectedFields | undefined,
  entity: string,
  messages: readonly Uint8Array[],
  field: string,
  change: string,
  holds: (value: Record<string, unknown>) => boolean,
) {
  assert.ok(expected !== undefined);
  const meter = makeDriftMeter();
  let [all, with_] = [0, 0];
  for (const [offset, bytes] of messages.entries()) {
    meter.see("world", expected, bytes, offset, 3_600_000, false);
    const message: unknown = JSON.parse(Buffer.from(bytes).toString());
    for (const [name, value] of isRecord(message) ? expected.find(message) : []) {
      if (name !== entity) continue;
      all++;
      if (holds({ ...value })) with_++;
    }
  }
  const { seen, counts } = meter.take();
  const weight = counts.find((count) => count.entity === entity && count.field === field && count.change === change)?.weight ?? 0;
  return { measured: weight / (seen.find((row) => row.entity === entity)?.weight ?? 1), truth: with_ / all, messages: all };
}

function assertRight(name: string, { measured, truth, messages }: ReturnType<typeof shares>): void {
  assert.ok(truth > 0.01, `${name}: the world drifts (${truth})`);
  const deviation = Math.sqrt((truth * (1 - truth)) / (messages / sampleEvery));
  assert.ok(measured > 0 && Math.abs(measured - truth) < 4 * deviation, `${name}: measured ${measured}, true ${truth} of ${messages}`);
}

describe("drift of the simulated world", () => {
  it("is found in statuses, with the field and its share", (t) => {
    const statuses = messagesOf("mastodon").flatMap((bytes) => rawsOfMessage(bytes, "simulated.example", 0).map((raw) => raw.bytes));
    const fresh = shares(mastodonExpected, "status", statuses, "simulated_field", "unknown", (value) => "simulated_field" in value);
    const typed = shares(mastodonExpected, "status", statuses, "favourites_count", "type", (value) => typeof value["favourites_count"] === "string");
    t.diagnostic(`simulated_field ${JSON.stringify(fresh)}, favourites_count ${JSON.stringify(typed)}`);
    assertRight("simulated_field", fresh);
    assertRight("favourites_count", typed);
  });

  it("is found in records of posts", (t) => {
    const fresh = shares(blueskyExpected, "post", messagesOf("bluesky"), "simulatedField", "unknown", (value) => "simulatedField" in value);
    t.diagnostic(`simulatedField ${JSON.stringify(fresh)}`);
    assertRight("simulatedField", fresh);
  });

  it("finds no unknown field where nothing drifted", () => {
    for (const [platform, expected] of [
      ["mastodon", mastodonExpected],
      ["bluesky", blueskyExpected],
    ] as const) {
      const meter = makeDriftMeter();
      for (const [i, delivery] of sent.filter((one) => one.platform === platform && one.kind === "post" && !one.drifted).entries()) {
        const bytes = Buffer.from(delivery.wire);
        for (const raw of platform === "mastodon" ? rawsOfMessage(bytes, "simulated.example", 0) : [{ bytes }]) meter.see("world", expected, raw.bytes, i, 3_600_000, false);
      }
      const odd = meter.take().counts.filter((count) => count.change === "unknown" || count.change === "missing" || count.change === "type");
      assert.deepEqual(
        odd.map(({ entity, field, change }) => [entity, field, change]),
        [],
        platform,
      );
    }
  });
});
