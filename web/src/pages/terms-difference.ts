export interface Piece {
  readonly text: string;
  readonly is: "same" | "gone" | "new";
}

const mostWords = 400;

/** What became of a text, word by word: the longest common run of words stays (Wagner and Fischer 1974). */
export function differenceOf(before: string, after: string): readonly Piece[] {
  const a = before.split(/(\s+)/u).filter((word) => word !== "");
  const b = after.split(/(\s+)/u).filter((word) => word !== "");
  // A table of all pairs: long texts are shown whole instead.
  if (a.length > mostWords || b.length > mostWords) return joined([...(before === "" ? [] : [piece(before, "gone")]), ...(after === "" ? [] : [piece(after, "new")])]);
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const row = longest[i];
    if (row === undefined) continue;
    for (let j = b.length - 1; j >= 0; j--) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const pieces: Piece[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push(piece(a[i] ?? "", "same"));
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) pieces.push(piece(a[i++] ?? "", "gone"));
    else pieces.push(piece(b[j++] ?? "", "new"));
  }
  return joined(pieces);
}

const piece = (text: string, is: Piece["is"]): Piece => ({ text, is });

function joined(pieces: readonly Piece[]): readonly Piece[] {
  const out: Piece[] = [];
  for (const next of pieces) {
    const last = out.at(-1);
    if (last?.is === next.is) out[out.length - 1] = piece(last.text + next.text, next.is);
    else out.push(next);
  }
  return out;
}
