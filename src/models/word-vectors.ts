/** Vectors of common words, eight bits a number: `words.bin` in this room's weights. Byte order is that of the machines we run on, little-endian. */
export interface WordVectors {
  readonly dimensions: number;
  /** Row of a word; undefined: not among them. */
  rowOf(word: string): number | undefined;
  /** Rows one after the other. A number times `scale` is what it was. */
  readonly values: Int8Array;
  readonly scale: number;
}

const magic = "EWV1";

export function readWordVectors(bytes: Uint8Array): WordVectors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  if (text.decode(bytes.subarray(0, 4)) !== magic) throw new TypeError(`word vectors: expected ${magic}, came another file`);
  const [count, dimensions, textBytes] = [view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
  const scale = view.getFloat32(16, true);
  const words = text.decode(bytes.subarray(20, 20 + textBytes)).split("\n");
  if (words.length !== count) throw new TypeError(`word vectors: expected ${count} words, came ${words.length}`);
  const rows = new Map(words.map((word, row) => [word, row]));
  const start = 20 + textBytes;
  return { dimensions, scale, rowOf: (word) => rows.get(word), values: new Int8Array(bytes.buffer, bytes.byteOffset + start, count * dimensions) };
}

/** @param vectors as many numbers each as the first has */
export function writeWordVectors(words: readonly string[], vectors: readonly (readonly number[])[]): Uint8Array {
  const dimensions = vectors[0]?.length ?? 0;
  const largest = vectors.reduce((most, vector) => vector.reduce((so, value) => Math.max(so, Math.abs(value)), most), 0);
  // Few numbers are large: a finer scale for all others is worth their cut.
  const scale = (largest * 0.5) / 127;
  const text = new TextEncoder().encode(words.join("\n"));
  const bytes = new Uint8Array(20 + text.length + words.length * dimensions);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(magic), 0);
  view.setUint32(4, words.length, true);
  view.setUint32(8, dimensions, true);
  view.setUint32(12, text.length, true);
  view.setFloat32(16, scale, true);
  bytes.set(text, 20);
  const values = new Int8Array(bytes.buffer, 20 + text.length);
  for (const [row, vector] of vectors.entries()) for (const [d, value] of vector.entries()) values[row * dimensions + d] = Math.max(-127, Math.min(127, Math.round(value / scale)));
  return bytes;
}
