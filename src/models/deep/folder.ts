import { createReadStream } from "node:fs";
import { lstat, readFile, realpath } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";

/** What a folder of an imported model holds, by role. The names are those of Hugging Face's exports. */
export const manifestFile = "earshot-model.json";
export const modelFiles = { config: "config.json", tokenizer: "tokenizer.json", model: "model.onnx" } as const;
export type ModelFile = keyof typeof modelFiles;
export const mostBytes: Readonly<Record<ModelFile, number>> = { config: 1 << 20, tokenizer: 64 << 20, model: 2_000_000_000 };

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const word = z.string().min(1).max(100);

/** Which label set, base and code made a fine-tuned model. */
const trainedSchema = z.strictObject({ labelSet: word, labelSetHash: z.string().min(8).max(64), baseHash: sha256, code: word });

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  task: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/),
  /** text: one label a text. tokens: a tag a word (BIO). */
  kind: z.enum(["text", "tokens"]),
  labels: z.array(word).min(2).max(200),
  maxTokens: z.int().min(4).max(8_192),
  padId: z.int().min(0).optional(),
  /** What accounts and links are written as before the model reads a text; absent: as they are. */
  accounts: z.string().max(30).optional(),
  links: z.string().max(30).optional(),
  licence: word,
  files: z.strictObject({ config: sha256, tokenizer: sha256, model: sha256 }),
  sizeBytes: z.int().positive(),
  opset: z.int(),
  importedAt: z.string(),
  trained: trainedSchema.optional(),
});
export type Manifest = Readonly<z.output<typeof manifestSchema>>;

/** Changes with anything that decides an answer: `name@1f2e3d4c`. */
export function versionOf({ name, files, labels, maxTokens, accounts, links }: Manifest): string {
  const parts = [files.config, files.tokenizer, files.model, labels, maxTokens, accounts ?? "", links ?? ""];
  return `${name}@${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8)}`;
}

export async function sha256OfFile(path: string): Promise<string> {
  const sum = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), sum);
  return sum.digest("hex");
}

/** The real place of a file of the folder. @throws FOLDER_UNUSABLE: it is missing, leads out of the folder, is no plain file, or is too large */
export async function placeOf(folder: string, name: string, most: number): Promise<string> {
  let real: string;
  let root: string;
  try {
    root = await realpath(folder);
    real = await realpath(join(root, name));
  } catch (thrown) {
    throw new EarshotError("FOLDER_UNUSABLE", `${join(folder, name)}: not there, or not readable`, { cause: thrown });
  }
  if (!real.startsWith(root + sep))
    throw new EarshotError("FOLDER_UNUSABLE", `${join(folder, name)}: leads out of the folder; copy the file itself there (a cache of Hugging Face holds links: \`cp -L\`)`);
  const found = await lstat(real);
  if (!found.isFile()) throw new EarshotError("FOLDER_UNUSABLE", `${join(folder, name)}: expected a file`);
  if (found.size === 0 || found.size > most) throw new EarshotError("FOLDER_UNUSABLE", `${join(folder, name)}: expected 1 to ${most} bytes, came ${found.size}`);
  return real;
}

/** @throws FOLDER_UNUSABLE, FORMAT_UNKNOWN */
export async function readManifest(folder: string): Promise<Manifest> {
  const place = await placeOf(folder, manifestFile, 1 << 20);
  try {
    return manifestSchema.parse(JSON.parse(await readFile(place, "utf8")));
  } catch (thrown) {
    throw new EarshotError("FORMAT_UNKNOWN", `${place}: expected what \`earshot models import\` writes`, { cause: thrown });
  }
}

/** An imported model, whose files are those that were imported. @throws FOLDER_UNUSABLE, FORMAT_UNKNOWN */
export async function readImported(folder: string): Promise<{ readonly manifest: Manifest; readonly path: (file: ModelFile) => string }> {
  const manifest = await readManifest(folder);
  for (const file of ["config", "tokenizer", "model"] as const) {
    const path = await placeOf(folder, modelFiles[file], mostBytes[file]);
    if ((await sha256OfFile(path)) !== manifest.files[file]) throw new EarshotError("FOLDER_UNUSABLE", `${path}: not the file that was imported; import the model again`);
  }
  return { manifest, path: (file) => join(folder, modelFiles[file]) };
}
