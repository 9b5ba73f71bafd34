import { isAuthorId, type PostId } from "../../core/ids.ts";
import type { LabelSpan } from "../../core/label-set.ts";
import type { LabelItems, LabelValue, NewItem } from "../../registers/label-items.ts";
import type { LabelSet } from "../../registers/label-sets.ts";
import { findPii } from "../../stages/pii.ts";
import type { Pseudonyms } from "../../ledger/pseudonyms.ts";
import { importSource } from "../import.ts";
import { readConllFile } from "../label-files/conll.ts";
import type { LabelRow } from "../label-files/row.ts";
import { readCsv, readJsonl } from "../label-files/tables.ts";
import type { LabelBook } from "../labels.ts";
import type { LabelFormat, LabelImportAnswer } from "../label-sets.ts";
import type { Viewer } from "../viewer.ts";
import { itemOfPost } from "./label-draw.ts";

export interface LabelImportOptions {
  readonly items: LabelItems;
  readonly corrections: Pick<LabelBook, "export">;
  readonly pseudonyms: Pick<Pseudonyms, "authorId" | "mentionId">;
  /** Of these posts, those that are not stored. */
  readonly gone: (posts: readonly PostId[]) => Promise<readonly PostId[]>;
}

const readers = { csv: readCsv, jsonl: readJsonl, conll: readConllFile } as const;
const batchSize = 1_000;
const mostFaults = 100;
/** Whoever said it where the file does not tell. */
const unnamed = "import";
const handle = /(?<![\w@./])@(?!m_[A-Za-z0-9_-]{22})[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]{0,98}[\p{L}\p{N}_])?/gu;

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** Puts other text in the place of pieces; a span that touches one takes all of it. `pieces`: in order, without overlap. */
export function replacePieces(text: string, pieces: readonly Piece[], spans: readonly LabelSpan[]): { readonly text: string; readonly spans: readonly LabelSpan[] } {
  let made = "";
  let at = 0;
  const placed = pieces.map((piece) => {
    made += text.slice(at, piece.start);
    const start = made.length;
    made += piece.by;
    at = piece.end;
    return { ...piece, newStart: start, newEnd: made.length };
  });
  made += text.slice(at);
  const move = (place: number, isEnd: boolean): number => {
    const inside = placed.find((piece) => (isEnd ? piece.start < place && place <= piece.end : piece.start <= place && place < piece.end));
    if (inside !== undefined) return isEnd ? inside.newEnd : inside.newStart;
    const before = placed.findLast((piece) => piece.end <= place);
    return before === undefined ? place : place - before.end + before.newEnd;
  };
  const moved: LabelSpan[] = [];
  for (const { start, end, kind } of spans) {
    const span = { start: move(start, false), end: move(end, true), kind };
    // Two that touched one piece would overlap now.
    if (span.start >= (moved.at(-1)?.end ?? 0)) moved.push(span);
  }
  return { text: made, spans: moved };
}

/** What is imported is masked as posts are: accounts by their pseudonym, personal data by its kind. */
function masked(row: LabelRow, pseudonyms: LabelImportOptions["pseudonyms"]): Pick<LabelRow, "text" | "spans"> {
  const pieces: Piece[] = findPii(row.text, "US").map(({ start, end, kind }) => ({ start, end, by: `[${kind}]` }));
  for (const match of row.text.matchAll(handle)) {
    const [start, end] = [match.index, match.index + match[0].length];
    if (pieces.every((piece) => end <= piece.start || piece.end <= start))
      pieces.push({ start, end, by: `@${pseudonyms.mentionId(row.platform ?? importSource, match[0].slice(1).toLowerCase())}` });
  }
  if (pieces.length === 0) return row;
  const { text, spans } = replacePieces(
    row.text,
    pieces.toSorted((a, b) => a.start - b.start),
    row.spans ?? [],
  );
  return { text, ...(row.spans !== undefined && { spans }) };
}

export function makeLabelImport({ items, corrections, pseudonyms, gone }: LabelImportOptions) {
  async function addAll(set: string, all: Iterable<NewItem> | AsyncIterable<NewItem>): Promise<{ readonly added: number; readonly known: number; readonly labels: number }> {
    const total = { added: 0, known: 0, labels: 0 };
    let batch: NewItem[] = [];
    const put = async () => {
      const { added, known, labels } = await items.add(set, batch);
      total.added += added;
      total.known += known;
      total.labels += labels;
      batch = [];
    };
    for await (const item of all) {
      batch.push(item);
      if (batch.length === batchSize) await put();
    }
    if (batch.length > 0) await put();
    return total;
  }

  function itemOf(row: LabelRow, place: number): NewItem {
    const { text, spans } = masked(row, pseudonyms);
    const value: LabelValue | undefined = row.label !== undefined ? { label: row.label } : spans !== undefined ? { spans } : undefined;
    const { author, post, createdAt, platform, language, part, annotator = unnamed } = row;
    return {
      text,
      ...(post !== undefined && { post }),
      ...(author !== undefined && { author: isAuthorId(author) ? author : pseudonyms.authorId(platform ?? importSource, author) }),
      ...(createdAt !== undefined && { createdAt }),
      ...(platform !== undefined && { platform }),
      ...(language !== undefined && { language }),
      ...(part !== undefined && { part }),
      origin: { by: "import" },
      rank: place,
      ...(value !== undefined && { said: { annotator, value } }),
    };
  }

  return {
    async file(set: LabelSet, file: string, format: LabelFormat): Promise<LabelImportAnswer> {
      const { rows, faults } = readers[format](file, set);
      // A text that names a post goes with it: one that is not stored here names nothing.
      const foreign = new Set(await gone(rows.flatMap(({ post }) => (post === undefined ? [] : [post]))));
      const total = await addAll(
        set.id,
        rows.map(itemOf).map(({ post, ...item }) => (post === undefined || foreign.has(post) ? item : { ...item, post })),
      );
      return { ...total, rejected: faults.length, faults: faults.slice(0, mostFaults) };
    },
    async corrections(set: LabelSet, what: "sentiment" | "language", viewer: Viewer): Promise<LabelImportAnswer> {
      let rejected = 0;
      const signal = new AbortController().signal;
      const found = async function* (): AsyncGenerator<NewItem> {
        let place = 0;
        for await (const page of corrections.export(viewer, signal)) {
          for (const { about, to, actor, current, what: kind } of page) {
            if (kind !== what || about.text.trim() === "") continue;
            // Said of another text, or of a class that this set has not.
            if (!current || !set.classes.includes(to)) rejected++;
            else yield { ...itemOfPost(about), origin: { by: "correction" }, rank: place++, said: { annotator: actor.split("/")[0] ?? actor, value: { label: to } } };
          }
        }
      };
      const total = await addAll(set.id, found());
      return { ...total, rejected, faults: [] };
    },
  };
}
