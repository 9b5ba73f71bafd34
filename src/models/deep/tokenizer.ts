import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";

/** Texts to the numbers that a transformer reads. */
export interface TextTokenizer {
  readonly padId: number;
  /** With the model's marks around; cut to `maxTokens`, marks included. */
  encode(text: string): readonly number[];
  /** Each word's numbers by themselves, without marks: a tagger judges words. */
  encodeWord(word: string): readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly maxTokens: number;
}

/** What is asked of the library, whose own types name files without their endings. */
interface Encoder {
  encode(text: string, options?: { readonly add_special_tokens: boolean }): { readonly ids: readonly number[] };
}

const schema = z.looseObject({
  model: z.looseObject({ type: z.string().optional() }),
  normalizer: z.looseObject({ type: z.string() }).nullish(),
  pre_tokenizer: z.looseObject({ type: z.string() }).nullish(),
  padding: z.looseObject({ pad_id: z.int().optional() }).nullish(),
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean().optional() })).default([]),
});

/** Ideographs outside of the basic plane, which BERT's normaliser parts and the library leaves together. */
const rareIdeographs = /[\u{20000}-\u{2FA1F}]/gu;

/** Reads a `tokenizer.json` of Hugging Face's format. @throws FORMAT_UNKNOWN */
export function openTokenizer(json: string, options: { readonly maxTokens: number; readonly padId?: number | undefined }): TextTokenizer {
  let tokenizer: Encoder;
  let told: z.output<typeof schema>;
  try {
    const parsed: unknown = JSON.parse(json);
    told = schema.parse(parsed);
    tokenizer = new Tokenizer(Object(parsed), {});
  } catch (thrown) {
    throw new EarshotError("FORMAT_UNKNOWN", `tokenizer.json: cannot be read: ${thrown instanceof Error ? thrown.message.slice(0, 200) : ""}`, { cause: thrown });
  }
  const marks = told.added_tokens.filter(({ special, content }) => special === true && content.length > 1).map(({ content }) => content);
  const isWordPiece = told.model.type === "WordPiece";
  // What somebody writes never stands for the model's own marks: "</s>" in a post is text.
  const plain = (text: string): string => {
    let safe = isWordPiece && rareIdeographs.test(text) ? text.replace(rareIdeographs, " $& ") : text;
    for (const mark of marks) if (safe.includes(mark)) safe = safe.replaceAll(mark, `${mark.slice(0, 1)} ${mark.slice(1)}`);
    return safe;
  };
  const inner = tokenizer.encode("a", { add_special_tokens: false }).ids;
  const outer = tokenizer.encode("a").ids;
  const start = outer.findIndex((_, i) => inner.every((id, j) => outer[i + j] === id));
  if (inner.length === 0 || start === -1) throw new EarshotError("FORMAT_UNKNOWN", "tokenizer.json: its marks around a text cannot be told apart from the text");
  const before = outer.slice(0, start);
  const after = outer.slice(start + inner.length);
  const room = options.maxTokens - before.length - after.length;
  const isByteLevel = JSON.stringify(told.pre_tokenizer ?? {}).includes('"ByteLevel"');
  return {
    padId: options.padId ?? told.padding?.pad_id ?? told.added_tokens.find(({ content }) => /^(?:\[PAD\]|<pad>)$/i.test(content))?.id ?? 0,
    before,
    after,
    maxTokens: options.maxTokens,
    encode(text) {
      const { ids } = tokenizer.encode(plain(text), { add_special_tokens: false });
      return [...before, ...(ids.length > room ? ids.slice(0, room) : ids), ...after];
    },
    encodeWord: (word) => tokenizer.encode(plain(isByteLevel ? ` ${word}` : word), { add_special_tokens: false }).ids,
  };
}
