import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { configSchema } from "../core/config.ts";
import type { EarshotError } from "../core/errors.ts";
import { importModel } from "../models/deep/import.ts";
import { tinySentiment, writeTiny } from "../models/deep/tiny.fixtures.ts";
import { askOver, makeDeepLine } from "./deep-line.ts";
import { startDeep } from "./deep-start.ts";

const folder = mkdtempSync(join(tmpdir(), "earshot-deep-start-"));
after(() => rmSync(folder, { recursive: true, force: true }));
await writeTiny(join(folder, "from"), tinySentiment);
await importModel({ from: join(folder, "from"), into: join(folder, "models"), name: "tiny", task: "sentiment", now: new Date(0) });
const start = (deep: object[]) =>
  startDeep({ folder, config: configSchema.parse({ models: { deep } }), count: 1, report: () => undefined, onFault: (error: EarshotError) => void error });

test("a thread that waits has the answers of the other in order, again and again", async () => {
  const { deep, lines } = await start([{ task: "sentiment", model: "tiny" }]);
  assert.ok(deep && lines[0]);
  const { ask } = askOver(lines[0]);
  for (let round = 0; round < 20; round++) {
    const texts = Array.from({ length: 40 }, (_, i) => ((i + round) % 2 === 0 ? "good" : "bad"));
    const labels = ask(0, texts).map((answer) => (typeof answer === "string" ? answer : "label" in answer ? answer.label : undefined));
    assert.deepEqual(
      labels,
      texts.map((text) => (text === "good" ? "positive" : "negative")),
    );
  }
  const [figures] = await deep.caller.call("figures", undefined);
  assert.equal(figures?.judged, 800);
  assert.ok(figures.seconds > 0);
  await deep.stop();
});

test("a model for another task, or one that is not there, is refused at the start with its reason", async () => {
  await assert.rejects(start([{ task: "hate", model: "tiny" }]), { code: "CONFIG_INVALID", message: /imported for sentiment/ });
  await assert.rejects(start([{ task: "sentiment", model: "other" }]), { code: "FOLDER_UNUSABLE", message: /other/ });
  assert.deepEqual(await start([]), { lines: [] });
});

test("nobody waits for a thread that does not answer, and no second question is put to it", () => {
  const { asking, answering } = makeDeepLine();
  const { ask } = askOver(asking, -900);
  assert.deepEqual(ask(0, ["a", "b"]), ["late", "late"]);
  const before = performance.now();
  for (let i = 0; i < 50; i++) assert.deepEqual(ask(0, ["c"]), ["late"]);
  assert.ok(performance.now() - before < 100);
  // The late answer comes at last: it is not taken for that to the next question.
  answering.port.postMessage(["budget", "budget"]);
  assert.deepEqual(ask(0, ["d", "e"]), ["late", "late"]);
  asking.port.close();
  answering.port.close();
});
