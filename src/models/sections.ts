/** A file of arrays: a magic of four letters, the length of a JSON header, the header with each section's length in bytes, then the sections, each begun at a multiple of four. */
export function writeSections(magic: string, header: Readonly<Record<string, unknown>>, sections: readonly (Uint32Array | Int8Array | Uint16Array | Float32Array)[]): Uint8Array {
  const head = new TextEncoder().encode(JSON.stringify({ ...header, lengths: sections.map((section) => section.byteLength) }));
  const bytes = new Uint8Array(sections.reduce((sum, section) => sum + padded(section.byteLength), padded(8 + head.length)));
  bytes.set(new TextEncoder().encode(magic), 0);
  new DataView(bytes.buffer).setUint32(4, head.length, true);
  bytes.set(head, 8);
  let at = padded(8 + head.length);
  for (const section of sections) {
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at);
    at += padded(section.byteLength);
  }
  return bytes;
}

const padded = (length: number): number => Math.ceil(length / 4) * 4;

export interface Sections {
  readonly header: Readonly<Record<string, unknown>>;
  readonly words: (section: number) => Uint32Array;
  readonly halves: (section: number) => Uint16Array;
  readonly bytes: (section: number) => Int8Array;
  readonly floats: (section: number) => Float32Array;
}

/** @throws TypeError for another file */
export function readSections(magic: string, file: Uint8Array): Sections {
  if (new TextDecoder().decode(file.subarray(0, 4)) !== magic) throw new TypeError(`model: expected ${magic}, came another file`);
  // A Buffer of a small file is a part of a larger one, and its `slice` copies nothing.
  const { buffer } = new Uint8Array(file);
  const length = new DataView(buffer).getUint32(4, true);
  const header: Readonly<Record<string, unknown>> = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const lengths = Array.isArray(header["lengths"]) ? header["lengths"].map(Number) : [];
  const starts: number[] = [];
  let at = padded(8 + length);
  for (const size of lengths) {
    starts.push(at);
    at += padded(size);
  }
  const place = (section: number): readonly [number, number] => [starts[section] ?? 0, lengths[section] ?? 0];
  return {
    header,
    words: (section) => new Uint32Array(buffer, place(section)[0], place(section)[1] / 4),
    halves: (section) => new Uint16Array(buffer, place(section)[0], place(section)[1] / 2),
    bytes: (section) => new Int8Array(buffer, ...place(section)),
    floats: (section) => new Float32Array(buffer, place(section)[0], place(section)[1] / 4),
  };
}
