import { type Change, contributionOf } from "../core/event.ts";
import { EarshotError } from "../core/errors.ts";
import { makePacker, makeUnpacker } from "./pack.ts";
import { packHead, type Row, unpackHead } from "./row.ts";

/** One account's reaction: to which post (first 8 bytes of its id), or withdrawn before it came. */
export interface Mark {
  /** 16 hex digits: a keyed hash. */
  readonly mark: string;
  /** Milliseconds UTC. */
  readonly at: number;
  /** Index in countNames. */
  readonly count: number;
  readonly gone: boolean;
}

/** An author whose posts are not let in again. */
export interface ErasedAuthor {
  /** 32 hex digits: the SHA-256 of the pseudonym, cut; the pseudonym itself is not kept. */
  readonly author: string;
  /** Posts made up to then, milliseconds UTC. */
  readonly upToMs: number;
  /** Later posts too. */
  readonly objection: boolean;
}

/** What a Change carries in its field `ledger`. */
export interface Note {
  /** "none": the row goes, no tombstone stays. */
  readonly row?: Row | "none";
  readonly mark?: Mark;
  readonly erased?: ErasedAuthor;
}

const format = 1;
const packer = makePacker();

export function packNote(note: Note): string {
  packer.byte(format);
  packer.byte((note.row === "none" ? 8 : note.row ? 1 : 0) | (note.mark ? 2 : 0) | (note.erased ? 4 : 0));
  if (note.row && note.row !== "none") packHead(packer, note.row);
  if (note.mark) {
    if (packer.hex(note.mark.mark) !== 8) throw new TypeError("mark: expected 16 hex digits");
    packer.byte(note.mark.count * 2 + (note.mark.gone ? 1 : 0));
    packer.varint(note.mark.at);
  }
  if (note.erased) {
    packer.hex(note.erased.author);
    packer.varint(note.erased.upToMs);
    packer.byte(note.erased.objection ? 1 : 0);
  }
  return packer.takeBase64();
}

/** The note of a change, its row whole again by `is` or `post`; nothing where the change has no note. */
export function noteOf(change: Change): Note {
  if (change.ledger === undefined) return {};
  const unpacker = makeUnpacker(Buffer.from(change.ledger, "base64url"));
  const version = unpacker.byte();
  if (version !== format) throw new EarshotError("FORMAT_UNKNOWN", `ledger note: expected version ${format}, came ${version}`);
  const parts = unpacker.byte();
  let row: Row | "none" | undefined = parts & 8 ? "none" : undefined;
  if (parts & 1) {
    const head = unpackHead(unpacker);
    if (head.status === "post") {
      const contribution = change.is ?? (change.post && contributionOf(change.post));
      if (!contribution) throw new EarshotError("LEDGER_CORRUPT", `change of ${change.id}: expected what the post is, came nothing`);
      row = { ...head, contribution };
    } else row = head;
  }
  let mark: Mark | undefined;
  if (parts & 2) {
    const hex = unpacker.hex(8);
    const flags = unpacker.byte();
    mark = { mark: hex, count: flags >> 1, gone: (flags & 1) === 1, at: unpacker.varint() };
  }
  const erased = parts & 4 ? { author: unpacker.hex(16), upToMs: unpacker.varint(), objection: unpacker.byte() === 1 } : undefined;
  return { ...(row && { row }), ...(mark && { mark }), ...(erased && { erased }) };
}
