import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { type Manifest, manifestFile, manifestSchema, modelFiles, mostBytes, placeOf, sha256OfFile, type ModelFile } from "./folder.ts";
import { readOnnxHeader } from "./onnx-header.ts";
import { openSession } from "./session.ts";
import { tagOf } from "./onnx-tagger.ts";
import { openTokenizer } from "./tokenizer.ts";

export interface ImportRequest {
  /** Where the export lies: config.json, tokenizer.json, model.onnx (or onnx/model.onnx). */
  readonly from: string;
  /** The folder of models; the model becomes a folder of its name in it. */
  readonly into: string;
  readonly name: string;
  readonly task: string;
  /** In the order of the model's classes; absent: those of config.json. */
  readonly labels?: readonly string[];
  readonly licence?: string;
  readonly maxTokens?: number;
  readonly accounts?: string;
  readonly links?: string;
  readonly now: Date;
}

const configSchema = z.looseObject({
  id2label: z.record(z.string(), z.string()).optional(),
  max_position_embeddings: z.int().optional(),
  model_type: z.string().optional(),
  pad_token_id: z.int().nullish(),
  architectures: z.array(z.string()).nullish(),
});
/** What `src/models/deep/train` writes beside a model that it made. */
const trainedFile = "earshot-trained.json";

const lowestOpset = 9;
const highestOpset = 25;
const knownInputs = ["input_ids", "attention_mask", "token_type_ids"];
const knownDomains: ReadonlySet<string> = new Set(["", "ai.onnx", "ai.onnx.ml", "com.microsoft"]);
const longestText = 512;
const float = 1;
const int64 = 7;

/** Models whose positions begin after the padding's number. */
const offsetPositions: ReadonlySet<string> = new Set(["roberta", "xlm-roberta", "camembert", "mpnet"]);

/** Checks an export, tries it on one text, and keeps a copy under its name. @throws FOLDER_UNUSABLE, FORMAT_UNKNOWN, USAGE, CONFLICT, MODEL_RUNTIME_MISSING */
export async function importModel(request: ImportRequest): Promise<Manifest> {
  const found: Record<ModelFile, string> = {
    config: await placeOf(request.from, modelFiles.config, mostBytes.config),
    tokenizer: await placeOf(request.from, modelFiles.tokenizer, mostBytes.tokenizer),
    model: await placeOf(request.from, modelFiles.model, mostBytes.model).catch((thrown: unknown) =>
      placeOf(request.from, "onnx/model.onnx", mostBytes.model).catch(() => {
        throw thrown;
      }),
    ),
  };
  const config = readConfig(await readFile(found.config, "utf8"));
  const model = await readFile(found.model);
  const { opset, kind } = checkGraph(model);
  const labels = labelsOf(request, config, kind);
  const positions = (config.max_position_embeddings ?? longestText) - (offsetPositions.has(config.model_type ?? "") ? 2 : 0);
  const maxTokens = Math.min(request.maxTokens ?? longestText, Math.max(4, positions));
  const tokenizer = openTokenizer(await readFile(found.tokenizer, "utf8"), { maxTokens, ...(typeof config.pad_token_id === "number" && { padId: config.pad_token_id }) });
  await tryOnce(model, tokenizer.encode("one text"), tokenizer.padId, kind, labels.length);
  const parsed = manifestSchema.safeParse({
    format: 1,
    name: request.name,
    task: request.task,
    kind,
    labels,
    maxTokens,
    padId: tokenizer.padId,
    ...(request.accounts !== undefined && { accounts: request.accounts }),
    ...(request.links !== undefined && { links: request.links }),
    licence: request.licence ?? "not told",
    files: { config: await sha256OfFile(found.config), tokenizer: await sha256OfFile(found.tokenizer), model: await sha256OfFile(found.model) },
    sizeBytes: model.length,
    opset,
    importedAt: request.now.toISOString(),
    ...(await trainedOf(request.from, found.model)),
  });
  if (!parsed.success) throw new EarshotError("USAGE", `models import: ${z.prettifyError(parsed.error).slice(0, 300)}`);
  await keep(request, found, parsed.data);
  return parsed.data;
}

function readConfig(text: string): z.output<typeof configSchema> {
  try {
    return configSchema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new EarshotError("FORMAT_UNKNOWN", "config.json: expected the configuration of a Hugging Face model", { cause: thrown });
  }
}

function checkGraph(model: Uint8Array): { readonly opset: number; readonly kind: "text" | "tokens" } {
  const { opsets, inputs, outputs, external } = readOnnxHeader(model);
  const opset = opsets[""] ?? opsets["ai.onnx"] ?? 0;
  if (external) throw new EarshotError("FORMAT_UNKNOWN", "model.onnx: its weights stand in another file; export it as one file");
  if (opset < lowestOpset || opset > highestOpset) throw new EarshotError("FORMAT_UNKNOWN", `model.onnx: expected operator set ${lowestOpset} to ${highestOpset}, came ${opset}`);
  const strange = Object.keys(opsets).filter((domain) => !knownDomains.has(domain));
  if (strange.length > 0) throw new EarshotError("FORMAT_UNKNOWN", `model.onnx: operators of ${strange.join(", ").slice(0, 100)} are not known`);
  const unknown = inputs.filter(({ name, type }) => !knownInputs.includes(name) || type !== int64).map(({ name }) => name);
  if (unknown.length > 0 || !inputs.some(({ name }) => name === "input_ids"))
    throw new EarshotError(
      "FORMAT_UNKNOWN",
      `model.onnx: expected the inputs ${knownInputs.join(", ")} (64-bit numbers), came ${inputs
        .map(({ name }) => name)
        .join(", ")
        .slice(0, 200)}`,
    );
  const [first] = outputs;
  if (first === undefined || first.type !== float || (first.rank !== 2 && first.rank !== 3))
    throw new EarshotError("FORMAT_UNKNOWN", "model.onnx: expected one row of numbers a text or a token; export it with its head (text-classification, token-classification)");
  return { opset, kind: first.rank === 2 ? "text" : "tokens" };
}

function labelsOf(request: ImportRequest, { id2label }: z.output<typeof configSchema>, kind: "text" | "tokens"): readonly string[] {
  const told = Object.entries(id2label ?? {})
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
  const labels = request.labels ?? (kind === "text" ? told.map((label) => label.toLowerCase()) : told);
  if (labels.length < 2 || (request.labels === undefined && labels.some((label) => /^label_\d+$/i.test(label))))
    throw new EarshotError(
      "USAGE",
      `--labels: config.json does not name the classes${told.length > 0 ? ` (${told.length} of them)` : ""}; name them in their order, such as --labels negative,neutral,positive`,
    );
  if (told.length > 0 && told.length !== labels.length) throw new EarshotError("USAGE", `--labels: expected ${told.length} as config.json has, came ${labels.length}`);
  if (new Set(labels).size !== labels.length) throw new EarshotError("USAGE", "--labels: expected each once");
  if ((kind === "tokens") !== (request.task === "entities"))
    throw new EarshotError(
      "USAGE",
      kind === "tokens" ? `--task: this model tags words; expected entities, came ${request.task}` : "--task: entities needs a model that tags words; this one judges texts",
    );
  if (kind === "tokens" && labels.every((label) => tagOf(label) === undefined))
    throw new EarshotError("USAGE", `--labels: expected tags of persons, organisations or places (B-PER, I-LOC …), came ${labels.join(", ").slice(0, 100)}`);
  if (request.task === "sentiment" && labels.some((label) => !["negative", "neutral", "positive"].includes(label)))
    throw new EarshotError("USAGE", `--labels: sentiment is negative, neutral or positive, came ${labels.join(", ").slice(0, 100)}`);
  return labels;
}

async function tryOnce(model: Uint8Array, row: readonly number[], padId: number, kind: "text" | "tokens", classes: number): Promise<void> {
  await using session = await openSession(model);
  const { shape } = await session.run([row], padId);
  const width = shape.at(-1) ?? 0;
  if (shape.length !== (kind === "text" ? 2 : 3) || (width !== classes && !(width === 1 && classes === 2 && kind === "text")))
    throw new EarshotError("FORMAT_UNKNOWN", `model.onnx: expected ${classes} numbers for each ${kind === "text" ? "text" : "token"} (the labels), came ${shape.join(" × ")}`);
}

/** A trainer's note counts only for the very file that it was written of. */
async function trainedOf(from: string, model: string): Promise<{ readonly trained?: Manifest["trained"] }> {
  const place = await placeOf(from, trainedFile, 1 << 16).catch(() => undefined);
  if (place === undefined) return {};
  const note = z.looseObject({ model: z.string(), trained: manifestSchema.shape.trained }).safeParse(JSON.parse(await readFile(place, "utf8")));
  if (!note.success) throw new EarshotError("FORMAT_UNKNOWN", `${trainedFile}: expected what the trainer writes`);
  if (note.data.model !== (await sha256OfFile(model))) throw new EarshotError("FOLDER_UNUSABLE", `${trainedFile}: tells of another model.onnx; train again, or take the note away`);
  return note.data.trained === undefined ? {} : { trained: note.data.trained };
}

async function keep({ into, name }: ImportRequest, found: Readonly<Record<ModelFile, string>>, manifest: Manifest): Promise<void> {
  await mkdir(into, { recursive: true });
  const place = join(into, name);
  const made = join(into, `.${name}.new`);
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { mode: 0o700 });
  try {
    for (const file of ["config", "tokenizer", "model"] as const) {
      const copy = join(made, modelFiles[file]);
      await copyFile(found[file], copy);
      if ((await sha256OfFile(copy)) !== manifest.files[file]) throw new EarshotError("FOLDER_UNUSABLE", `${found[file]}: changed while it was read`);
    }
    await writeFile(join(made, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rename(made, place);
  } catch (thrown) {
    await rm(made, { recursive: true, force: true });
    if (thrown instanceof Error && "code" in thrown && (thrown.code === "ENOTEMPTY" || thrown.code === "EEXIST"))
      throw new EarshotError("CONFLICT", `model ${name}: there is one of this name in ${into}; choose another name with --name, or remove it`);
    throw thrown;
  }
}
