import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readClassifier, writeClassifier } from "../src/models/classifier.ts";
import { openModels } from "../src/registers/models.ts";
import { openLabelItems } from "../src/registers/label-items.ts";
import { openLabelSets } from "../src/registers/label-sets.ts";
import type { LabelPart } from "../src/core/label-set.ts";
import { type RunningApi, until } from "./api.fixtures.ts";

const subjects = ["the heater", "my parcel", "the door", "this ticket", "the app", "our router", "the chair", "that lamp", "the battery", "my order"];
const faults = ["is broken again", "is broken", "does not work", "is broken and does not work"];
const praises = ["is lovely", "looks lovely", "is a joy", "is lovely and a joy"];
const ends = ["since monday", "at home", "for my sister", "this morning", "as always", "in the kitchen", "today"];

export type Tone = "complaint" | "praise";
/** Every second text is a complaint. */
export const toneOf = (n: number): Tone => (n % 2 === 0 ? "complaint" : "praise");

export function toneText(n: number, tone: Tone): string {
  const of = (list: readonly string[], step: number) => list[Math.floor(n / step) % list.length] ?? "";
  return `${of(subjects, 1)} ${of(tone === "complaint" ? faults : praises, 2)} ${of(ends, 3)} number ${n}`;
}

export interface SeededText {
  readonly text: string;
  readonly label: string;
  readonly part: LabelPart;
}

/** Of five texts three to learn from, one to tune by, one of gold. */
export const tones = (count: number, labelOf: (n: number) => Tone = toneOf): readonly SeededText[] =>
  Array.from({ length: count }, (_, n) => ({ text: toneText(n, toneOf(n)), label: labelOf(n), part: n % 10 < 6 ? "train" : n % 10 < 8 ? "validation" : "gold" }));

/** A frozen version of a label set, as people made it elsewhere. @returns the set's id */
export async function seedSet(api: RunningApi, name: string, classes: readonly string[], texts: readonly SeededText[]): Promise<string> {
  const { sql } = api.system.engine;
  const [sets, items] = [openLabelSets(sql, () => Date.now()), openLabelItems(sql, () => Date.now())];
  const set = (await sets.list()).find((one) => one.name === name) ?? (await sets.add({ name, kind: "classes", classes, guidelines: "", perText: 1, splitBy: "author" }, "ann"));
  await items.add(
    set.id,
    texts.map(({ text, label }, rank) => ({
      text,
      language: "en",
      platform: rank % 3 === 0 ? "board" : "forum",
      origin: { by: "import" },
      rank,
      said: { annotator: "ann", value: { label } },
    })),
  );
  const parts = new Map(texts.map(({ text, label, part }) => [text, { label, part }]));
  const frozen = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = await items.list(set.id, {}, { limit: 200, ...(cursor !== undefined && { cursor }) });
    for (const item of page.items) {
      const given = parts.get(item.text);
      if (given !== undefined) frozen.push({ ...item, ...given, isNew: item.part === undefined });
    }
    cursor = page.next;
    more = cursor !== undefined;
  }
  assert.equal(frozen.length, texts.length);
  await sets.freeze(set.id, { texts: frozen, leftOut: 0 }, "ann");
  return set.id;
}

/** Trains and waits. @returns the model's id */
export async function trainModel(api: RunningApi, set: string, more: object = {}): Promise<string> {
  const begun = await api.ask("POST", "/api/v1/models/runs", { body: { set, ...more } });
  assert.equal(begun.status, 200, begun.text);
  let model = "";
  await until(
    "the training ends",
    async () => {
      const { body } = await api.ask("GET", "/api/v1/models/runs");
      const run = (Array.isArray(body["items"]) ? body["items"] : []).find((one: Readonly<Record<string, unknown>>) => one["id"] === begun.body["id"]);
      assert.notEqual(run?.state, "failed", JSON.stringify(run));
      if (run?.state !== "done") return false;
      model = String(run.model);
      return true;
    },
    120_000,
  );
  return model;
}

const bin = fileURLToPath(new URL("../bin/earshot.mjs", import.meta.url));

/** A command beside the running system. */
export async function earshot(api: RunningApi, words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const { folder } = api.system.base;
  const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; err: string }>();
  execFile(process.execPath, [bin, ...words], { env: { ...process.env, EARSHOT_DATA: folder, NODE_TEST_CONTEXT: "" } }, (error, out, err) =>
    resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
  );
  return promise;
}

/** Puts a model in the place of another as an upgrade leaves it: built on embedded models that are not these. @returns its id */
export async function outdate(api: RunningApi, id: string): Promise<string> {
  const register = openModels(api.system.engine.sql, () => Date.now());
  const record = await register.get(id);
  const folder = join(api.system.base.folder, "classifiers", record.task);
  const bytes = writeClassifier({ ...readClassifier(readFileSync(join(folder, `${record.weightsSha256}.bin`))), stacked: ["social@00000000", "spam@00000000"] });
  const hash = createHash("sha256").update(bytes).digest("hex");
  writeFileSync(join(folder, `${hash}.bin`), bytes);
  const old = `${record.task}@${hash.slice(0, 8)}`;
  await register.add({ ...record, id: old, weightsSha256: hash, weightsBytes: bytes.length }, "ann");
  await register.move({ task: record.task, kind: "promote", model: old, ...(record.state === "promoted" && { was: id }), evidence: null }, "ann");
  return old;
}
