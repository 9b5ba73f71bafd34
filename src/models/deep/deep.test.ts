import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { EarshotError, type ErrorCode } from "../../core/errors.ts";
import { importModel, type ImportRequest } from "./import.ts";
import { openOnnxJudge, prepare, probabilitiesOf, runsOf } from "./onnx-judge.ts";
import { openOnnxTagger, tagOf } from "./onnx-tagger.ts";
import { fieldsOf, readOnnxHeader } from "./onnx-header.ts";
import { tinyOnnx, tinySentiment, tinyTokenizer, writeTiny } from "./tiny.fixtures.ts";
import { openTokenizer } from "./tokenizer.ts";

const root = await mkdtemp(join(tmpdir(), "earshot-deep-"));
after(() => rm(root, { recursive: true, force: true }));
let made = 0;
async function folders(options = tinySentiment): Promise<{ from: string; request: ImportRequest }> {
  const from = join(root, `from-${++made}`);
  await writeTiny(from, options);
  return { from, request: { from, into: join(root, `models-${made}`), name: "tiny", task: "sentiment", now: new Date(0) } };
}
const refuses = (code: ErrorCode, says: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof EarshotError);
  assert.equal(thrown.code, code);
  assert.match(thrown.message, says);
  return true;
};

test("an imported export judges texts of many lengths as it does each alone, and says its name and fingerprint", async () => {
  const { request } = await folders();
  const manifest = await importModel(request);
  assert.deepEqual([manifest.kind, manifest.opset, manifest.maxTokens, manifest.labels], ["text", 13, 64, ["negative", "neutral", "positive"]]);
  await using judge = await openOnnxJudge(join(request.into, "tiny"));
  const texts = ["good", "bad bad day", ...Array.from({ length: 80 }, (_, i) => `${"day ".repeat(i)}${i % 2 === 0 ? "good good good" : "bad"}`), ""];
  const together = await judge.judge(texts);
  assert.match(judge.version, /^tiny@[0-9a-f]{8}$/);
  assert.deepEqual([together[0]?.label, together[1]?.label], ["positive", "negative"]);
  for (const [i, text] of texts.entries()) assert.deepEqual([together[i]], await judge.judge([text]));
  const e = Math.exp(3);
  assert.equal(together[0]?.probabilities["positive"], Math.round((e / (e + 2)) * 1e3) / 1e3);
});

test("the fingerprint is another where the weights or what the classes are called are", async () => {
  const versionFor = async (options: typeof tinySentiment, more: Partial<ImportRequest> = {}) => {
    const { request } = await folders(options);
    await importModel({ ...request, ...more });
    await using judge = await openOnnxJudge(join(request.into, "tiny"));
    return judge.version;
  };
  const same = await versionFor(tinySentiment);
  assert.equal(await versionFor(tinySentiment), same);
  assert.notEqual(await versionFor({ ...tinySentiment, words: { ...tinySentiment.words, good: [0, 0, 4] } }), same);
  assert.notEqual(await versionFor(tinySentiment, { labels: ["positive", "neutral", "negative"] }), same);
  assert.notEqual(await versionFor(tinySentiment, { links: "http" }), same);
});

test("links out of the folder, cut files and files of another kind are refused", async () => {
  const out = await folders();
  await rename(join(out.from, "model.onnx"), join(root, "elsewhere.onnx"));
  await symlink(join(root, "elsewhere.onnx"), join(out.from, "model.onnx"));
  await assert.rejects(importModel(out.request), refuses("FOLDER_UNUSABLE", /leads out of the folder/));
  const cut = await folders();
  await truncate(join(cut.from, "model.onnx"), 90);
  await assert.rejects(importModel(cut.request), refuses("FORMAT_UNKNOWN", /expected an ONNX file/));
  const empty = await folders();
  await truncate(join(empty.from, "tokenizer.json"), 0);
  await assert.rejects(importModel(empty.request), refuses("FOLDER_UNUSABLE", /expected 1 to/));
  const other = await folders();
  await writeFile(join(other.from, "tokenizer.json"), "{}");
  await assert.rejects(importModel(other.request), refuses("FORMAT_UNKNOWN", /tokenizer.json/));
});

test("a graph of other inputs, operators or classes is refused with what was expected", async () => {
  const tried = async (options: Parameters<typeof tinyOnnx>[0], more: Partial<ImportRequest> = {}) => {
    const { request } = await folders(options);
    return importModel({ ...request, ...more });
  };
  await assert.rejects(tried({ ...tinySentiment, inputNames: ["pixels", "attention_mask"] }), refuses("FORMAT_UNKNOWN", /expected the inputs input_ids/));
  await assert.rejects(tried({ ...tinySentiment, opset: 99 }), refuses("FORMAT_UNKNOWN", /operator set 9 to/));
  await assert.rejects(tried({ ...tinySentiment, domain: "evil.ops" }), refuses("FORMAT_UNKNOWN", /operators of evil.ops/));
  await assert.rejects(tried(tinySentiment, { labels: ["positive", "negative"] }), refuses("USAGE", /expected 3/));
  await assert.rejects(tried({ ...tinySentiment, labels: ["LABEL_0", "LABEL_1", "LABEL_2"] }), refuses("USAGE", /name them in their order/));
  await assert.rejects(tried({ ...tinySentiment, labels: ["bad", "ok", "good"] }), refuses("USAGE", /negative, neutral or positive/));
  const { request, from } = await folders();
  await writeFile(join(from, "config.json"), JSON.stringify({ id2label: { 0: "negative", 1: "positive" } }));
  await assert.rejects(importModel(request), refuses("FORMAT_UNKNOWN", /expected 2 numbers/));
});

test("a name is taken once, and a model whose file was changed since is not opened", async () => {
  const { request } = await folders();
  await importModel(request);
  await assert.rejects(importModel(request), refuses("CONFLICT", /one of this name/));
  const place = join(request.into, "tiny", "model.onnx");
  const bytes = await readFile(place);
  await writeFile(
    place,
    bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
  );
  await assert.rejects(openOnnxJudge(join(request.into, "tiny")), refuses("FOLDER_UNUSABLE", /not the file that was imported/));
});

test("what a trainer noted holds for its own file alone", async () => {
  const { request, from } = await folders();
  const trained = { labelSet: "niche 3", labelSetHash: "0123456789abcdef", baseHash: "0".repeat(64), code: "train.py 1f2e" };
  await writeFile(join(from, "earshot-trained.json"), JSON.stringify({ model: "f".repeat(64), trained }));
  await assert.rejects(importModel(request), refuses("FOLDER_UNUSABLE", /another model.onnx/));
});

test("marks of the model in a post are text, and long texts are cut inside the marks", () => {
  const tokenizer = openTokenizer(tinyTokenizer(["good", "[", "]", "sep"]), { maxTokens: 6 });
  assert.deepEqual(tokenizer.encode("good [SEP] good"), [2, 4, 5, 7, 6, 3]);
  assert.deepEqual(tokenizer.encode("good ".repeat(50)), [2, 4, 4, 4, 4, 3]);
  assert.deepEqual(tokenizer.encode(""), [2, 3]);
  assert.deepEqual(tokenizer.encode("𠀀𠀁"), [2, 1, 1, 3]);
});

test("a tagger finds names of several words at their places, in texts of many lengths alike", async () => {
  const [o, begin, inside, place] = [
    [9, 0, 0, 0],
    [0, 9, 0, 0],
    [0, 0, 9, 0],
    [0, 0, 0, 9],
  ];
  const { request } = await folders({ labels: ["O", "B-PER", "I-PER", "B-LOC"], words: { ann: begin, smith: inside, paris: place, met: o, in: o, "!": o }, tokens: true });
  const manifest = await importModel({ ...request, task: "entities" });
  assert.equal(manifest.kind, "tokens");
  await using tagger = await openOnnxTagger(join(request.into, "tiny"));
  const named = async (text: string) => (await tagger.judge([text]))[0]?.spans.map(({ start, end, kind }) => `${text.slice(start, end)} ${kind}`);
  assert.deepEqual(await named("Ann Smith met 😀 Ann in Paris!"), ["Ann Smith person", "Ann person", "Paris place"]);
  assert.deepEqual(await named("Smith Paris Paris"), ["Smith person", "Paris place", "Paris place"]);
  assert.deepEqual(await named(""), []);
  const texts = Array.from({ length: 60 }, (_, i) => `${"met ".repeat(i)}Ann Smith in Paris`);
  const together = await tagger.judge(texts);
  for (const [i, text] of texts.entries()) assert.deepEqual([together[i]], await tagger.judge([text]));
  assert.deepEqual(together[30]?.spans[0], { start: 120, end: 129, kind: "person" });
  await assert.rejects(importModel({ ...request, name: "other", task: "sentiment" }), refuses("USAGE", /tags words/));
  await assert.rejects(openOnnxJudge(join(request.into, "tiny")), refuses("FORMAT_UNKNOWN", /tags words/));
});

test("tags of several fashions are read, and others are none", () => {
  assert.deepEqual(["B-PER", "I-person", "LOC", "S-ORG", "B-geo-loc", "O", "B-MISC"].map(tagOf), [
    { kind: "person", begins: true },
    { kind: "person", begins: false },
    { kind: "place", begins: false },
    { kind: "organisation", begins: true },
    { kind: "place", begins: true },
    undefined,
    undefined,
  ]);
});

test("accounts and links become what the model knows them as", () => {
  assert.equal(prepare("hi @m_abc-_1 and @ann.bsky.social, see https://x.y/z?q#f now", { accounts: "@user", links: "http" }), "hi @user and @user, see http now");
  assert.equal(prepare("hi @ann https://x.y", {}), "hi @ann https://x.y");
});

test("any bytes are read as a header or refused, never more", () => {
  const whole = tinyOnnx(tinySentiment);
  const header = readOnnxHeader(whole);
  assert.deepEqual(header, {
    opsets: { "": 13 },
    inputs: [
      { name: "input_ids", type: 7, rank: 2 },
      { name: "attention_mask", type: 7, rank: 2 },
    ],
    outputs: [{ name: "logits", type: 1, rank: 2 }],
    external: false,
  });
  const survives = (bytes: Uint8Array) => {
    try {
      readOnnxHeader(bytes);
      for (const { bytes: held } of fieldsOf(bytes)) assert.ok(held.length <= bytes.length);
    } catch (thrown) {
      assert.ok(thrown instanceof EarshotError && thrown.code === "FORMAT_UNKNOWN", String(thrown));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = Uint8Array.from(whole);
      changed[at] = byte;
      survives(changed);
    }),
  );
});

test("runs hold every text once, in few padded tokens", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(512), { maxLength: 200 }), (lengths) => {
      const runs = runsOf(lengths.map((length) => Array.from({ length }, () => 0)));
      assert.deepEqual(
        runs.flat().toSorted((a, b) => a - b),
        lengths.map((_, i) => i),
      );
      for (const run of runs) assert.ok(run.length === 1 || run.length * Math.max(...run.map((i) => lengths[i] ?? 0)) <= 2_048);
    }),
  );
  assert.deepEqual(
    probabilitiesOf(Float32Array.of(1_000, 0), 2).map((share) => Math.round(share)),
    [1, 0],
  );
  assert.throws(() => probabilitiesOf(Float32Array.of(Number.NaN, 0), 2), refuses("FORMAT_UNKNOWN", /no numbers/));
});
