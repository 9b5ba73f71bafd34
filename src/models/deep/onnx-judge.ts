import { readFile } from "node:fs/promises";
import { EarshotError } from "../../core/errors.ts";
import type { Judgement, TextJudge } from "../../core/judgement.ts";
import { type Manifest, readImported, versionOf } from "./folder.ts";
import { openSession, type Session } from "./session.ts";
import { openTokenizer, type TextTokenizer } from "./tokenizer.ts";

/** Texts of one run: as many as fit into so many padded tokens. */
const mostTokensARun = 2_048;
const mostTextsARun = 32;

/** Opens an imported text classifier. @throws MODEL_RUNTIME_MISSING, FOLDER_UNUSABLE, FORMAT_UNKNOWN */
export async function openOnnxJudge(folder: string): Promise<TextJudge & AsyncDisposable & { readonly manifest: Manifest }> {
  const { manifest, path } = await readImported(folder);
  if (manifest.kind !== "text") throw new EarshotError("FORMAT_UNKNOWN", `model ${manifest.name}: tags words; expected one that judges texts`);
  const session = await openSession(path("model"));
  const tokenizer = openTokenizer(await readFile(path("tokenizer"), "utf8"), manifest);
  return { ...makeOnnxJudge(manifest, session, tokenizer), manifest, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
}

export function makeOnnxJudge(manifest: Manifest, session: Session, tokenizer: TextTokenizer): TextJudge {
  const { task, labels } = manifest;
  const version = versionOf(manifest);
  const judgementOf = (logits: Float32Array): Judgement => {
    const sure = probabilitiesOf(logits, labels.length);
    const best = sure.indexOf(Math.max(...sure));
    return { task, model: version, label: labels[best] ?? "", probabilities: Object.fromEntries(labels.map((label, c) => [label, Math.round((sure[c] ?? 0) * 1e3) / 1e3])) };
  };
  return {
    task,
    version,
    labels,
    async judge(texts) {
      const rows = texts.map((text) => tokenizer.encode(prepare(text, manifest)));
      const judged: Judgement[] = [];
      for (const run of runsOf(rows)) {
        const { data, shape } = await session.run(
          run.map((i) => rows[i] ?? []),
          tokenizer.padId,
        );
        const width = shape[1] ?? 0;
        if (shape.length !== 2 || (width !== labels.length && !(width === 1 && labels.length === 2)))
          throw new EarshotError("FORMAT_UNKNOWN", `model ${manifest.name}: expected ${labels.length} numbers a text, came ${shape.join(" × ")}`);
        for (const [r, i] of run.entries()) judged[i] = judgementOf(data.subarray(r * width, (r + 1) * width));
      }
      return judged;
    },
  };
}

/** Softmax; a single number is the odds of the second label. @throws FORMAT_UNKNOWN where a number is none */
export function probabilitiesOf(logits: Float32Array, classes: number): readonly number[] {
  const odds = logits.length === 1 && classes === 2 ? [0, logits[0] ?? 0] : [...logits];
  const top = Math.max(...odds);
  if (!Number.isFinite(top)) throw new EarshotError("FORMAT_UNKNOWN", "model: gives no numbers");
  const grown = odds.map((value) => Math.exp(value - top));
  const sum = grown.reduce((total, value) => total + value, 0);
  return grown.map((value) => value / sum);
}

/** Indices of rows by length, so that little is padded. */
export function runsOf(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const order = rows.map((_, i) => i).toSorted((a, b) => (rows[a]?.length ?? 0) - (rows[b]?.length ?? 0));
  const runs: number[][] = [];
  let run: number[] = [];
  for (const i of order) {
    const longest = rows[i]?.length ?? 0;
    if (run.length > 0 && (run.length >= mostTextsARun || (run.length + 1) * longest > mostTokensARun)) {
      runs.push(run);
      run = [];
    }
    run.push(i);
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

const account = /@[A-Za-z0-9_.-]*[A-Za-z0-9_-]/g;
const link = /https?:\/\/\S+/g;

/** Accounts and links as the model knows them. */
export function prepare(text: string, { accounts, links }: Pick<Manifest, "accounts" | "links">): string {
  const without = links === undefined ? text : text.replace(link, links);
  return accounts === undefined ? without : without.replace(account, accounts);
}
