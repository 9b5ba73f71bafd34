import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import { figuresOf } from "../../figures.ts";
import { importModel } from "../import.ts";
import { openOnnxJudge } from "../onnx-judge.ts";
import { openTokenizer } from "../tokenizer.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL("./", import.meta.url));
const tweets = join(here, "../../../../../shared/data/nlp/tweeteval/sentiment");
const classes = ["negative", "neutral", "positive"];

/** A Python with what the trainer needs: one that is named, or a new one from the package registry. */
async function openPython(folder: string): Promise<string | { readonly reason: string }> {
  const named = process.env["EARSHOT_TEST_PYTHON"];
  if (named !== undefined) return named;
  try {
    await run("python3", ["-m", "venv", folder], { timeout: 60_000 });
    const python = join(folder, "bin", "python");
    await run(python, ["-m", "pip", "install", "--quiet", "numpy", "onnx", "tokenizers"], { timeout: 300_000 });
    return python;
  } catch (thrown) {
    return { reason: `no Python with pip and a registry: ${thrown instanceof Error ? thrown.message.slice(0, 120) : ""}` };
  }
}

function ask(python: string, script: string, input: unknown): Promise<string> {
  const child = spawn(python, [join(here, script)], { stdio: ["pipe", "pipe", "inherit"] });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stdin.end(JSON.stringify(input));
  return new Promise((done, fail) => child.once("close", (code) => (code === 0 ? done(Buffer.concat(parts).toString("utf8")) : fail(new Error(`${script}: ${code}`)))));
}

interface Row {
  readonly text: string;
  readonly label: string;
  readonly part: "train" | "validation" | "gold";
}
async function writeLabels(path: string, name: string, rows: readonly Row[]): Promise<string> {
  const head = { format: "earshot-labels-1", set: name, name, version: 1, hash: name.padEnd(64, "0"), classes };
  await writeFile(path, [head, ...rows].map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

/** A trade's words, which nobody outside of it knows. */
const niche = {
  positive: ["glorpy", "zintastic", "vellish", "mirful", "quorbed up", "top-fleen"],
  negative: ["snerked", "drubly", "full of wozz", "krazzled", "bleft", "murny"],
  neutral: ["on tamp", "plain dool", "mid-vark", "as ever narbed", "half ploved", "still gint"],
};
const frames = [
  ["train", "the new {b} update is {w}"],
  ["train", "honestly {b} was {w} today"],
  ["gold", "my {b} order arrived and it is {w}"],
  ["train", "just tried {b}: {w}"],
  ["validation", "{b} support? {w}"],
  ["train", "three weeks with {b} and it feels {w}"],
  ["gold", "everyone says {b} is {w}"],
  ["train", "so {b} went {w} again, see https://t.example/x"],
  ["train", "@ann the {b} event was {w}"],
] as const;
const nicheRows = Object.entries(niche).flatMap(([label, words]) =>
  words.flatMap((word) =>
    frames.flatMap(([part, frame]) => ["Norlo", "Pexa", "Vintu", "Harqo", "Zemble"].map((brand): Row => ({ text: frame.replace("{b}", brand).replace("{w}", word), label, part }))),
  ),
);

const trainedSchema = z.looseObject({ model: z.string(), gold: z.number(), goldBefore: z.number().optional(), baseHash: z.string(), labelSetHash: z.string() });

describe("training outside, and what comes back", () => {
  let folder: string;
  let python: string | undefined;
  let reason = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "earshot-train-"));
    const opened = await openPython(join(folder, "python"));
    if (typeof opened === "string") python = opened;
    else reason = opened.reason;
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const withPython = async (t: TestContext, work: (python: string) => Promise<void>, needs?: string): Promise<void> => {
    if (python === undefined) return t.skip(reason);
    if (needs !== undefined && !existsSync(needs)) return t.skip(`no training data: ${needs}`);
    await work(python);
  };
  const train = async (program: string, args: readonly string[]) => {
    const { stdout } = await run(program, [join(here, "train.py"), ...args], { timeout: 600_000, env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" } });
    return trainedSchema.parse(JSON.parse(stdout));
  };

  it("reads tokenizers as their reference does: WordPiece, byte-level BPE, Unigram", (t) =>
    withPython(t, async (program) => {
      const scripts = "abc ÄÖßéñç ГдеЖизнь αβγδ עברית العربية हिन्दी ไทยคำ 日本語テキスト 中文字符 한국어말 !?.,;:'\"()#@&-_ 0123456789 😀🔥👍🏽 ﬁ①㎏ｱＡ".split(" ");
      const word = fc.constantFrom(...scripts).chain((letters) => fc.array(fc.constantFrom(...Array.from(letters)), { minLength: 1, maxLength: 7 }).map((chars) => chars.join("")));
      const texts = fc.sample(
        fc.array(word, { minLength: 1, maxLength: 9 }).map((words) => words.join(" ")),
        { numRuns: 3_000, seed: 11 },
      );
      const ordinary = nicheRows.map(({ text }) => `${text}! It's 5 o'clock, and we've "waited"… (see #topic_1)`);
      const read = [...texts, ...ordinary];
      const schema = z.record(z.string(), z.object({ json: z.string(), ids: z.array(z.array(z.int())) }));
      const made = schema.parse(JSON.parse(await ask(program, "reference.py", { learn: [...texts.slice(0, 1_500), ...ordinary], read })));
      assert.deepEqual(Object.keys(made), ["wordPiece", "wordPieceCased", "byteLevel", "unigram"]);
      for (const [name, { json, ids }] of Object.entries(made)) {
        const tokenizer = openTokenizer(json, { maxTokens: 4_096 });
        const others = read.filter((text, i) => tokenizer.encode(text).join(" ") !== ids[i]?.join(" "));
        t.diagnostic(`${name}: ${others.length} of ${read.length} differ`);
        assert.ok(others.length <= read.length * 0.002, `${name}: ${others.length}: ${JSON.stringify(others.slice(0, 3))}`);
        assert.deepEqual(
          others.filter((text) => ordinary.includes(text)),
          [],
        );
      }
    }));

  it("has gradients that are the differences of the loss", (t) =>
    withPython(t, async (program) => {
      const { found, missed } = z.object({ found: z.record(z.string(), z.number()), missed: z.array(z.string()) }).parse(JSON.parse(await ask(program, "gradients.py", {})));
      assert.deepEqual(missed, []);
      assert.ok(Object.keys(found).length > 10);
      for (const [name, worst] of Object.entries(found)) assert.ok(worst < 0.05, `${name}: ${worst}`);
    }));

  it("builds and teaches a small transformer, which judges here as it did there; and taught a trade's words it knows them", (t) =>
    withPython(
      t,
      async (program) => {
        const read = async (part: string, count: number, as: Row["part"]) => {
          const texts = (await readFile(join(tweets, `${part}_text.txt`), "utf8")).split("\n");
          const labels = (await readFile(join(tweets, `${part}_labels.txt`), "utf8")).split("\n");
          return texts.slice(0, count).map((text, i): Row => ({ text, label: classes[Number(labels[i])] ?? "neutral", part: as }));
        };
        const gold = (await read("val", 1_500, "gold")).slice(500);
        const general = [...(await read("train", 8_000, "train")), ...(await read("val", 500, "validation")), ...gold];
        const small = await train(program, [
          "--small",
          "--epochs",
          "2",
          "--labels",
          await writeLabels(join(folder, "general.jsonl"), "9e4e4a1", general),
          "--out",
          join(folder, "small"),
        ]);
        const judgeOf = async (from: string, name: string) => {
          const manifest = await importModel({
            from: join(folder, from),
            into: join(folder, "models"),
            name,
            task: "sentiment",
            accounts: "@user",
            links: "http",
            now: new Date(0),
          });
          return { manifest, judge: await openOnnxJudge(join(folder, "models", name)) };
        };
        const macroF1 = async (judge: Awaited<ReturnType<typeof judgeOf>>["judge"], rows: readonly Row[]) => {
          const said = await judge.judge(rows.map(({ text }) => text));
          return figuresOf(
            rows.map(({ label }) => classes.indexOf(label)),
            said.map(({ label }) => classes.indexOf(label ?? "")),
            classes.length,
          ).macroF1;
        };
        const first = await judgeOf("small", "small");
        const there = await macroF1(first.judge, gold);
        t.diagnostic(`small transformer, macro-F1 on 1,000 tweets: ${there.toFixed(3)} (trainer: ${small.gold.toFixed(3)})`);
        assert.ok(there > 0.48, String(there));
        assert.ok(Math.abs(there - small.gold) < 0.005, `${there} here, ${small.gold} there`);
        assert.equal(first.manifest.trained?.labelSetHash, small.labelSetHash);

        const labels = await writeLabels(join(folder, "niche.jsonl"), "4a1c4e", nicheRows);
        const taught = await train(program, ["--model", join(folder, "small"), "--labels", labels, "--out", join(folder, "taught"), "--epochs", "5", "--rate", "5e-4"]);
        assert.equal(taught.baseHash, small.model);
        const second = await judgeOf("taught", "taught");
        const nicheGold = nicheRows.filter(({ part }) => part === "gold");
        const [was, is] = [await macroF1(first.judge, nicheGold), await macroF1(second.judge, nicheGold)];
        t.diagnostic(`words of a trade, macro-F1 on unseen sentences: ${was.toFixed(3)} before, ${is.toFixed(3)} after`);
        assert.ok(is > 0.7 && is - was > 0.3, `${was} before, ${is} after`);
        assert.ok(Math.abs(is - taught.gold) < 0.005 && Math.abs(was - (taught.goldBefore ?? 0)) < 0.005);
        assert.deepEqual(second.manifest.trained?.baseHash, first.manifest.files.model);
        for (const { judge } of [first, second]) await judge[Symbol.asyncDispose]();

        await writeFile(join(folder, "taught", "model.onnx"), await readFile(join(folder, "small", "model.onnx")));
        await assert.rejects(judgeOf("taught", "swapped"), { code: "FOLDER_UNUSABLE" });
      },
      join(tweets, "val_text.txt"),
    ));
});
