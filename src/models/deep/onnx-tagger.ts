import { readFile } from "node:fs/promises";
import { EarshotError } from "../../core/errors.ts";
import type { EntitySpan, TextTagger } from "../../core/judgement.ts";
import { wordsOf } from "../words.ts";
import { readImported, versionOf, type Manifest } from "./folder.ts";
import { prepare, runsOf } from "./onnx-judge.ts";
import { openSession, type Session } from "./session.ts";
import { openTokenizer, type TextTokenizer } from "./tokenizer.ts";

const kinds: Readonly<Record<string, EntitySpan["kind"]>> = {
  per: "person",
  person: "person",
  org: "organisation",
  organization: "organisation",
  organisation: "organisation",
  corporation: "organisation",
  group: "organisation",
  loc: "place",
  location: "place",
  gpe: "place",
  "geo-loc": "place",
};
/** Words of a text that are tagged. */
const mostWords = 400;

/** `B-PER`, `I-person`, `LOC`: which kind, and whether it begins. @returns undefined for O and for kinds that are not noted */
export function tagOf(label: string): { readonly kind: EntitySpan["kind"]; readonly begins: boolean } | undefined {
  const [, mark = "", name = ""] = /^(?:([BIESLU])-)?(.+)$/.exec(label) ?? [];
  const kind = kinds[name.toLowerCase()];
  return kind === undefined ? undefined : { kind, begins: mark === "B" || mark === "S" || mark === "U" };
}

/** Opens an imported tagger of names. @throws MODEL_RUNTIME_MISSING, FOLDER_UNUSABLE, FORMAT_UNKNOWN */
export async function openOnnxTagger(folder: string): Promise<TextTagger & AsyncDisposable> {
  const { manifest, path } = await readImported(folder);
  if (manifest.kind !== "tokens") throw new EarshotError("FORMAT_UNKNOWN", `model ${manifest.name}: judges texts; expected one that tags words`);
  const session = await openSession(path("model"));
  const tokenizer = openTokenizer(await readFile(path("tokenizer"), "utf8"), manifest);
  return { ...makeOnnxTagger(manifest, session, tokenizer), [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
}

export function makeOnnxTagger(manifest: Manifest, session: Session, tokenizer: TextTokenizer): TextTagger {
  const model = versionOf(manifest);
  const { before, after, maxTokens } = tokenizer;
  const tags = manifest.labels.map(tagOf);

  /** A word's tag is that of its first token; a word that no token stands for, or that is beyond the model's length, has none. */
  function rowOf(text: string) {
    const { starts, ends } = wordsOf(text);
    const row = [...before];
    const firsts: number[] = [];
    for (let w = 0; w < Math.min(mostWords, starts.length); w++) {
      const ids = tokenizer.encodeWord(prepare(text.slice(starts[w], ends[w]), manifest));
      if (row.length + ids.length + after.length > maxTokens) break;
      firsts.push(ids.length === 0 ? -1 : row.length);
      row.push(...ids);
    }
    return { row: [...row, ...after], firsts, starts, ends };
  }

  function spansOf({ firsts, starts, ends }: ReturnType<typeof rowOf>, scores: Float32Array, classes: number): readonly EntitySpan[] {
    const spans: EntitySpan[] = [];
    let open = false;
    for (const [w, first] of firsts.entries()) {
      let best = 0;
      for (let c = 1; c < classes; c++) if ((scores[first * classes + c] ?? 0) > (scores[first * classes + best] ?? 0)) best = c;
      const tag = first < 0 ? undefined : tags[best];
      const last = spans.at(-1);
      const end = ends[w] ?? 0;
      if (tag !== undefined && open && !tag.begins && last?.kind === tag.kind) spans[spans.length - 1] = { ...last, end };
      else if (tag !== undefined) spans.push({ start: starts[w] ?? 0, end, kind: tag.kind });
      open = tag !== undefined;
    }
    return spans;
  }

  return {
    task: manifest.task,
    version: model,
    async judge(texts) {
      const rows = texts.map(rowOf);
      const found: { readonly model: string; readonly spans: readonly EntitySpan[] }[] = [];
      for (const run of runsOf(rows.map(({ row }) => row))) {
        const { data, shape } = await session.run(
          run.map((i) => rows[i]?.row ?? []),
          tokenizer.padId,
        );
        const [, longest = 0, classes = 0] = shape;
        if (shape.length !== 3 || classes !== tags.length)
          throw new EarshotError("FORMAT_UNKNOWN", `model ${manifest.name}: expected ${tags.length} numbers a token, came ${shape.join(" × ")}`);
        for (const [r, i] of run.entries()) {
          const one = rows[i];
          if (one !== undefined) found[i] = { model, spans: spansOf(one, data.subarray(r * longest * classes, (r + 1) * longest * classes), classes) };
        }
      }
      return found;
    },
  };
}
