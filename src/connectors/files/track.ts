import { createHash } from "node:crypto";
import type { File } from "../../core/files.ts";
import { decodeJson, isJson } from "../json/decode.ts";

/** How far a file has been read, and by what it is known again when it has grown or bears another name. */
export interface Mark {
  /** Hash of the path: where it stood last. */
  readonly path: string;
  /** Where reading goes on; Parquet: the file's size. */
  readonly atByte: number;
  /** Records read so far. */
  readonly record: number;
  /** The file's size when all of it had been read; absent: not yet. */
  readonly doneBytes?: number;
  /** Hash of the first bytes (4,096, or as many as were read), and of the last before `atByte`. */
  readonly head: string;
  readonly tail: string;
}

const edgeBytes = 4_096;
/** In the cursor, about 60 bytes each; a file whose mark is forgotten is read again, and its posts are known already. */
const mostSaved = 5_000;
/** While the source runs, so that a folder of more files than the cursor holds is not read in a circle. */
const mostMarks = 100_000;

export interface Marks {
  /** The mark of this file: of its path, or of one that is the same as far as it was read. Undefined: it has not been read. */
  find(path: string, file: File): Promise<Mark | undefined>;
  /** Of this path, whatever stands there now. */
  at(path: string): Mark | undefined;
  put(path: string, file: File, place: { readonly atByte: number; readonly record: number; readonly doneBytes?: number }): Promise<Mark>;
  format(): string;
}

export function pathKey(path: string): string {
  return createHash("sha256").update(path).digest("base64url").slice(0, 12);
}

/** What has been read, as the cursor holds it. */
export function openMarks(saved: string | undefined): Marks {
  const marks = new Map<string, Mark>();
  /** Paths by the head that their files begin with, and how many marks have a head of a length. */
  const byHead = new Map<string, Set<string>>();
  const lengths = new Map<number, number>();

  const headLength = (mark: Mark): number => Math.min(edgeBytes, mark.atByte);
  const headKey = (mark: Mark): string => `${headLength(mark)} ${mark.head}`;
  const drop = (mark: Mark): void => {
    marks.delete(mark.path);
    const paths = byHead.get(headKey(mark));
    paths?.delete(mark.path);
    if (paths?.size === 0) byHead.delete(headKey(mark));
    const left = (lengths.get(headLength(mark)) ?? 1) - 1;
    if (left === 0) lengths.delete(headLength(mark));
    else lengths.set(headLength(mark), left);
  };
  const keep = (mark: Mark): void => {
    const before = marks.get(mark.path);
    if (before !== undefined) drop(before);
    marks.set(mark.path, mark);
    const paths = byHead.get(headKey(mark)) ?? new Set();
    byHead.set(headKey(mark), paths.add(mark.path));
    lengths.set(headLength(mark), (lengths.get(headLength(mark)) ?? 0) + 1);
    const oldest = marks.size > mostMarks ? marks.values().next().value : undefined;
    if (oldest !== undefined) drop(oldest);
  };
  for (const mark of parseMarks(saved)) keep(mark);

  const hasTail = async (file: File, mark: Mark): Promise<boolean> => hashOf(await bytesOf(file, Math.max(0, mark.atByte - edgeBytes), mark.atByte)) === mark.tail;

  return {
    async find(path, file) {
      const head = await bytesOf(file, 0, Math.min(edgeBytes, file.sizeBytes));
      const own = marks.get(pathKey(path));
      if (own !== undefined && own.atByte <= file.sizeBytes && hashOf(head.subarray(0, headLength(own))) === own.head && (await hasTail(file, own))) return own;
      let best: Mark | undefined;
      for (const length of lengths.keys()) {
        if (length === 0 || length > head.length) continue;
        for (const other of byHead.get(`${length} ${hashOf(head.subarray(0, length))}`) ?? []) {
          const mark = marks.get(other);
          if (mark !== undefined && mark.atByte <= file.sizeBytes && mark.atByte > (best?.atByte ?? 0) && (await hasTail(file, mark))) best = mark;
        }
      }
      return best;
    },
    at: (path) => marks.get(pathKey(path)),
    async put(path, file, { atByte, record, doneBytes }) {
      const head = hashOf(await bytesOf(file, 0, Math.min(edgeBytes, atByte)));
      const tail = hashOf(await bytesOf(file, Math.max(0, atByte - edgeBytes), atByte));
      const mark: Mark = { path: pathKey(path), atByte, record, ...(doneBytes !== undefined && { doneBytes }), head, tail };
      keep(mark);
      return mark;
    },
    format() {
      const newest = [...marks.values()].slice(-mostSaved);
      return JSON.stringify({ files: newest.map(({ path, atByte, record, doneBytes, head, tail }) => [path, atByte, record, doneBytes ?? -1, head, tail]) });
    },
  };
}

async function bytesOf(file: File, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  return bytes.subarray(0, await file.read(bytes, from));
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url").slice(0, 11);
}

function parseMarks(saved: string | undefined): Mark[] {
  if (saved === undefined || saved === "") return [];
  try {
    const value = decodeJson(Buffer.from(saved), "cursor");
    const list: unknown[] = isJson(value) && Array.isArray(value["files"]) ? value["files"] : [];
    return list.slice(-mostSaved).flatMap((one) => {
      if (!Array.isArray(one)) return [];
      const [path, atByte, record, doneBytes, head, tail]: unknown[] = one;
      if (typeof path !== "string" || typeof head !== "string" || typeof tail !== "string") return [];
      if (!isPlace(atByte) || !isPlace(record) || typeof doneBytes !== "number") return [];
      return [{ path, atByte, record, ...(isPlace(doneBytes) && { doneBytes }), head, tail }];
    });
  } catch {
    return [];
  }
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
