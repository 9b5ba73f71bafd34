import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes protobuf, as little of it as an ONNX graph needs. */
const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]);
const number = (field: number, value: number): Uint8Array => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const bytes = (field: number, value: Uint8Array | string): Uint8Array => {
  const held = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(held.length)]), held]);
};
const parts = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

const float = 1;
const int64 = 7;
const value = (name: string, type: number, dims: readonly string[]) =>
  parts(bytes(1, name), bytes(2, bytes(1, parts(number(1, type), bytes(2, parts(...dims.map((dim) => bytes(1, bytes(2, dim)))))))));
const floats = (name: string, dims: readonly number[], data: readonly number[]) =>
  parts(...dims.map((dim) => number(1, dim)), number(2, float), bytes(8, name), bytes(9, new Uint8Array(Float32Array.from(data).buffer)));
const longs = (name: string, data: readonly number[]) =>
  parts(number(1, data.length), number(2, int64), bytes(8, name), bytes(9, new Uint8Array(BigInt64Array.from(data.map(BigInt)).buffer)));
const node = (type: string, inputs: readonly string[], outputs: readonly string[], attributes: Readonly<Record<string, number>> = {}) =>
  parts(
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(4, type),
    ...Object.entries(attributes).map(([name, given]) => bytes(5, parts(bytes(1, name), number(3, given), number(20, 2)))),
  );

export interface TinyOptions {
  /** By word, one number a class: what it adds to the class's odds. */
  readonly words: Readonly<Record<string, readonly number[]>>;
  readonly labels: readonly string[];
  readonly opset?: number;
  /** One row of numbers for each token, not for the text. */
  readonly tokens?: boolean;
  readonly inputNames?: readonly [string, string];
  readonly domain?: string;
}

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];

/** A classifier that adds up what each word adds, as an ONNX file. */
export function tinyOnnx({ words, labels, opset = 13, tokens = false, inputNames = ["input_ids", "attention_mask"], domain }: TinyOptions): Uint8Array {
  const rows = [...special.map(() => labels.map(() => 0)), ...Object.values(words)];
  const [ids, mask] = inputNames;
  const body = tokens ? [node("Mul", ["rows", "wide"], ["logits"])] : [node("Mul", ["rows", "wide"], ["told"]), node("ReduceSum", ["told", "second"], ["logits"], { keepdims: 0 })];
  const graph = parts(
    ...[node("Gather", ["table", ids], ["rows"]), node("Cast", [mask], ["narrow"], { to: float }), node("Unsqueeze", ["narrow", "third"], ["wide"]), ...body].map((one) =>
      bytes(1, one),
    ),
    bytes(2, "tiny"),
    bytes(5, floats("table", [rows.length, labels.length], rows.flat())),
    bytes(5, longs("third", [2])),
    ...(tokens ? [] : [bytes(5, longs("second", [1]))]),
    ...[ids, mask].map((name) => bytes(11, value(name, int64, ["n", "t"]))),
    bytes(12, value("logits", float, tokens ? ["n", "t", "c"] : ["n", "c"])),
  );
  const opsets = [parts(bytes(1, ""), number(2, opset)), ...(domain === undefined ? [] : [parts(bytes(1, domain), number(2, 1))])];
  return parts(number(1, 8), bytes(7, graph), ...opsets.map((one) => bytes(8, one)));
}

export function tinyTokenizer(words: readonly string[]): string {
  const vocab = Object.fromEntries([...special, ...words].map((word, id) => [word, id]));
  const mark = (content: string) => ({ id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  return JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map(mark),
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "[SEP]", type_id: 0 } }],
      pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] }, "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] } },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab },
  });
}

/** An export as Hugging Face's tools write one. */
export async function writeTiny(folder: string, options: TinyOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "model.onnx"), tinyOnnx(options));
  await writeFile(join(folder, "tokenizer.json"), tinyTokenizer(Object.keys(options.words)));
  const id2label = Object.fromEntries(options.labels.map((label, i) => [String(i), label]));
  await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: "bert", id2label, max_position_embeddings: 64, pad_token_id: 0 }));
}

export const tinySentiment: TinyOptions = {
  labels: ["negative", "neutral", "positive"],
  words: { good: [0, 0, 3], bad: [3, 0, 0], day: [0, 2, 0], "@": [0, 0, 0], user: [0, 1, 0], http: [0, 1, 0], not: [1, 0, 0] },
};
